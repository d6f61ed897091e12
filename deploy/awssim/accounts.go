package awssim

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"junban/deploy/awssim/world"
)

// accounts are the servers behind one endpoint and who may call them.
type accounts struct {
	mu         sync.Mutex
	servers    []*Server // the first is the endpoint's own
	keys       map[string]*credential
	identities map[string]*identity // users and roles by ARN
}

// identity is a user or a role.
type identity struct {
	account string
	name    string
	trust   *policy // of a role: who may assume it
	policy  *policy // nil: everything is allowed
}

// credential is an access key. Those of a role's session end.
type credential struct {
	principal
	token string    // needed with the key; empty: none
	until time.Time // zero: for good
}

// principal is who calls.
type principal struct {
	ARN     string // as GetCallerIdentity tells it
	ID      string
	Account string
	of      *identity // nil: the account itself, which may do everything
	as      string    // ARN of of
}

// scope is what a signed call says of itself.
type scope struct {
	key, region string
	service     service
	token       string
}

var credentialScope = regexp.MustCompile(`Credential=([^/,]+)/[0-9]{8}/([^/,]*)/([^/,]+)/aws4_request`)

func scopeOf(r *http.Request) scope {
	m := credentialScope.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return scope{}
	}
	return scope{key: m[1], region: m[2], service: service(m[3]), token: r.Header.Get("X-Amz-Security-Token")}
}

// AddAccount makes a server for another account, or for another region of one,
// that answers at the same endpoint: calls go to the account of the credentials
// that sign them, and there to the region that they are signed for, if it was
// added. The new server has its own limits, faults and call log. Its health
// checks are made by its own Run, its commands end with its own Close.
func (s *Server) AddAccount(o Options) *Server {
	other := New(o)
	a := s.accounts
	a.mu.Lock()
	defer a.mu.Unlock()
	other.accounts = a
	a.servers = append(a.servers, other)
	return other
}

// identify finds out who signed a call, and the server that answers it. An
// access key that was never added is the asked account's own, which may do
// everything; so is a call without a signature.
func (a *accounts) identify(asked *Server, by scope) (principal, *Server, badCredentials) {
	a.mu.Lock()
	defer a.mu.Unlock()
	account := asked.world.Account()
	root := principal{ARN: "arn:aws:iam::" + account + ":root", ID: account, Account: account}
	c := a.keys[by.key]
	if c == nil {
		if strings.HasPrefix(by.key, "ASIA") {
			return root, asked, invalidToken
		}
		return root, a.home(asked, account, by.region), ""
	}
	home := a.home(asked, c.Account, by.region)
	switch {
	case c.token != by.token:
		return c.principal, home, invalidToken
	case !c.until.IsZero() && !home.world.Now().Before(c.until):
		return c.principal, home, expiredToken
	}
	return c.principal, home, ""
}

// home is the server of an account and region, or of the account alone.
func (a *accounts) home(asked *Server, account, region string) *Server {
	var found *Server
	for _, s := range a.servers {
		if s.world.Account() != account {
			continue
		}
		if s.world.Region() == region {
			return s
		}
		if found == nil {
			found = s
		}
	}
	if found == nil || asked.world.Account() == account {
		return asked
	}
	return found
}

// badCredentials is what is wrong with a call's credentials; empty: nothing.
type badCredentials string

const (
	invalidToken badCredentials = "The security token included in the request is invalid"
	expiredToken badCredentials = "The security token included in the request is expired"
)

// in is how a service says it.
func (b badCredentials) in(svc service) *world.Error {
	code, status := "InvalidClientTokenId", http.StatusForbidden
	switch {
	case b == expiredToken && svc == ec2:
		code, status = "RequestExpired", http.StatusBadRequest
	case b == expiredToken && svc == ssm:
		code, status = "ExpiredTokenException", http.StatusBadRequest
	case b == expiredToken:
		code = "ExpiredToken"
	case svc == ec2:
		code = "AuthFailure"
	case svc == ssm:
		code, status = "UnrecognizedClientException", http.StatusBadRequest
	}
	return &world.Error{Code: code, Message: string(b) + ".", Status: status}
}
