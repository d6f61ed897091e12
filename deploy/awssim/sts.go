package awssim

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"junban/deploy/awssim/world"
)

type callerXML struct {
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

func (s *Server) getCallerIdentity(r *request) (any, error) {
	return callerXML{r.who.ARN, r.who.ID, r.who.Account}, nil
}

type sessionXML struct {
	User        assumedXML `xml:"AssumedRoleUser"`
	Credentials struct {
		AccessKeyID     string `xml:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      string
	}
}

type assumedXML struct {
	ID  string `xml:"AssumedRoleId"`
	ARN string `xml:"Arn"`
}

var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

// longestSession is the default of a role's maximum session duration.
const longestSession = 3600

// assumeRole gives a session of a role to whom its trust policy trusts and
// whose own policy allows it. As in AWS, a role that is not there is refused
// in the same words.
func (s *Server) assumeRole(r *request) (any, error) {
	arn, name := r.form.Get("RoleArn"), r.form.Get("RoleSessionName")
	if arn == "" {
		return nil, required("roleArn")
	}
	if !sessionName.MatchString(name) {
		return nil, invalid("1 validation error detected: Value '" + name + "' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*")
	}
	length, err := r.number("DurationSeconds", longestSession, 900, 43200)
	if err != nil {
		return nil, err
	}
	if length > longestSession {
		return nil, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	role := s.accounts.role(arn)
	if role == nil || !s.mayAssume(r, arn, role) {
		return nil, &world.Error{
			Code: "AccessDenied", Status: http.StatusForbidden,
			Message: "User: " + r.who.ARN + " is not authorized to perform: sts:AssumeRole on resource: " + arn,
		}
	}
	return s.session(role, arn, name, time.Duration(length)*time.Second), nil
}

// mayAssume asks both sides: the trust policy, and the caller's own, unless
// the trust policy of the same account names the caller itself.
func (s *Server) mayAssume(r *request, arn string, role *identity) bool {
	q := ask{action: "sts:AssumeRole", resource: arn, who: []string{r.who.ARN, r.who.as}, keys: map[string]string{
		"aws:principalarn": r.who.as, "aws:principalaccount": r.who.Account, "sts:rolesessionname": r.form.Get("RoleSessionName"),
	}}
	if id := r.form.Get("ExternalId"); id != "" {
		q.keys["sts:externalid"] = id
	}
	direct := role.trust.judge(q)
	q.who = append(q.who, r.who.Account, "arn:aws:iam::"+r.who.Account+":root")
	if role.trust.judge(q) != allowed {
		return false
	}
	p := s.accounts.policyOf(r.who)
	if p == nil {
		return true
	}
	switch own := p.judge(q); own {
	case allowed:
		return true
	case denied:
		return false
	}
	return direct == allowed && role.account == r.who.Account
}

// session makes temporary credentials of a role.
func (s *Server) session(role *identity, arn, name string, length time.Duration) sessionXML {
	now := s.world.Now()
	random := func() string { return strings.ToUpper(strings.ReplaceAll(s.uuid(), "-", "")) }
	id := "AROA" + random()[:17] + ":" + name
	c := &credential{
		principal: principal{
			ARN: "arn:aws:sts::" + role.account + ":assumed-role/" + role.name + "/" + name,
			ID:  id, Account: role.account, of: role, as: arn,
		},
		token: "FwoGZXIvYXdzE" + random() + random(), until: now.Add(length),
	}
	key := "ASIA" + random()[:16]
	s.accounts.keep(key, c, now)
	out := sessionXML{User: assumedXML{id, c.ARN}}
	out.Credentials.AccessKeyID, out.Credentials.SecretAccessKey = key, random()+random()[:8]
	out.Credentials.SessionToken, out.Credentials.Expiration = c.token, c.until.UTC().Format(time.RFC3339)
	return out
}
