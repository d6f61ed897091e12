package awssim

import (
	"fmt"
	"strings"
	"time"
)

// User is an IAM user of a server's account.
type User struct {
	Name      string
	AccessKey string // whoever signs with it is the user; the secret does not matter
	Policy    string // JSON; empty: everything is allowed
}

// Role is an IAM role of a server's account.
type Role struct {
	Name   string
	Trust  string // JSON: who may assume it, and with which external id
	Policy string // JSON; empty: everything is allowed
}

// AddUser adds a user and returns its ARN. Errors: a policy that IAM would not
// take, or that uses what the simulator does not judge.
func (s *Server) AddUser(u User) (string, error) {
	arn := "arn:aws:iam::" + s.world.Account() + ":user/" + u.Name
	p, err := ownPolicy(u.Policy)
	if err != nil {
		return "", fmt.Errorf("policy of user %s: %w", u.Name, err)
	}
	who := &identity{account: s.world.Account(), name: u.Name, policy: p}
	a := s.accounts
	a.mu.Lock()
	defer a.mu.Unlock()
	a.identities[arn] = who
	a.keys[u.AccessKey] = &credential{principal: principal{
		ARN: arn, ID: "AIDA" + strings.ToUpper(fmt.Sprintf("%017x", crc(arn))), Account: who.account, of: who, as: arn,
	}}
	return arn, nil
}

// AddRole adds a role and returns its ARN. Errors: as AddUser's, also for the
// trust policy.
func (s *Server) AddRole(r Role) (string, error) {
	arn := "arn:aws:iam::" + s.world.Account() + ":role/" + r.Name
	p, err := ownPolicy(r.Policy)
	if err != nil {
		return "", fmt.Errorf("policy of role %s: %w", r.Name, err)
	}
	trust, err := parsePolicy(r.Trust)
	if err == nil {
		err = trust.trusts()
	}
	if err != nil {
		return "", fmt.Errorf("trust policy of role %s: %w", r.Name, err)
	}
	a := s.accounts
	a.mu.Lock()
	defer a.mu.Unlock()
	a.identities[arn] = &identity{account: s.world.Account(), name: r.Name, trust: trust, policy: p}
	return arn, nil
}

// SetPolicy gives a user or a role (its ARN) another policy, JSON, which also
// holds for sessions that have begun; empty: everything is allowed.
func (s *Server) SetPolicy(arn, document string) error {
	p, err := ownPolicy(document)
	if err != nil {
		return fmt.Errorf("policy of %s: %w", arn, err)
	}
	a := s.accounts
	a.mu.Lock()
	defer a.mu.Unlock()
	who := a.identities[arn]
	if who == nil {
		return fmt.Errorf("policy of %s: there is no such user or role", arn)
	}
	who.policy = p
	return nil
}

// ownPolicy is a policy that stands with a user or a role.
func ownPolicy(document string) (*policy, error) {
	if document == "" {
		return nil, nil
	}
	p, err := parsePolicy(document)
	if err != nil {
		return nil, err
	}
	return p, p.permits()
}

// policyOf is the policy that a principal's calls are judged by, or nil.
func (a *accounts) policyOf(who principal) *policy {
	a.mu.Lock()
	defer a.mu.Unlock()
	if who.of == nil {
		return nil
	}
	return who.of.policy
}

// role is a role by its ARN, or nil.
func (a *accounts) role(arn string) *identity {
	a.mu.Lock()
	defer a.mu.Unlock()
	if who := a.identities[arn]; who != nil && who.trust != nil {
		return who
	}
	return nil
}

// keep remembers the credentials of a session.
func (a *accounts) keep(key string, c *credential, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k, old := range a.keys { // those long over are forgotten, so that a long run does not pile them up
		if !old.until.IsZero() && now.Sub(old.until) > 24*time.Hour {
			delete(a.keys, k)
		}
	}
	a.keys[key] = c
}
