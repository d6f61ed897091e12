package awssim

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"junban/deploy/awssim/world"
)

// verdict is what a policy says of one action on one resource.
type verdict int

const (
	notAllowed verdict = iota
	allowed
	denied
)

// ask is one question to a policy.
type ask struct {
	action   string            // service:Action
	resource string            // an ARN, or *
	who      []string          // the principal by its names, for a trust policy
	keys     map[string]string // condition keys in small letters
}

func (p *policy) judge(q ask) verdict {
	out := notAllowed
	for _, st := range p.Statements {
		if !st.applies(q) {
			continue
		}
		if st.Effect == "Deny" {
			return denied
		}
		out = allowed
	}
	return out
}

func (st statement) applies(q ask) bool {
	if len(st.Principal) > 0 && !slices.ContainsFunc(st.Principal, func(p string) bool { return p == "*" || slices.Contains(q.who, p) }) {
		return false
	}
	action := func(a string) bool { return wild(strings.ToLower(a), strings.ToLower(q.action)) }
	resource := func(r string) bool { return wild(r, q.resource) }
	switch {
	case len(st.Action) > 0 && !slices.ContainsFunc(st.Action, action),
		slices.ContainsFunc(st.NotAction, action),
		len(st.Resource) > 0 && !slices.ContainsFunc(st.Resource, resource),
		slices.ContainsFunc(st.NotResource, resource):
		return false
	}
	for op, keys := range st.Condition {
		for key, want := range keys {
			if !holds(op, want, q.keys, strings.ToLower(key)) {
				return false
			}
		}
	}
	return true
}

// operators judge one value against one wanted.
var operators = map[string]func(want, have string) bool{
	"StringEquals":           func(w, h string) bool { return w == h },
	"StringEqualsIgnoreCase": strings.EqualFold,
	"StringLike":             wild,
	"ArnEquals":              wild, // IAM: ArnEquals and ArnLike behave the same
	"ArnLike":                wild,
	"Bool":                   strings.EqualFold,
	"Null":                   nil,
}

// operator is the operator's plain form, and whether it is negated.
func operator(op string) (plain string, not, ok bool) {
	op = strings.TrimSuffix(op, "IfExists")
	for _, kind := range []string{"String", "Arn"} {
		if rest, found := strings.CutPrefix(op, kind+"Not"); found {
			op, not = kind+rest, true
		}
	}
	_, ok = operators[op]
	return op, not, ok
}

// holds judges one key of a condition: any of the wanted values will do; a key
// that the call does not have fits no wanted value, so only negations and
// ...IfExists hold then.
func holds(op string, want []string, keys map[string]string, key string) bool {
	plain, not, _ := operator(op)
	have, there := keys[key]
	if plain == "Null" {
		return slices.ContainsFunc(want, func(w string) bool { return (w == "true") != there })
	}
	if !there {
		return not || strings.HasSuffix(op, "IfExists")
	}
	fits := slices.ContainsFunc(want, func(w string) bool { return operators[plain](w, have) })
	return fits != not
}

// wild matches with * for any characters and ? for one.
func wild(pattern, s string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '*':
			for n := range len(s) + 1 {
				if wild(pattern[1:], s[n:]) {
					return true
				}
			}
			return false
		case '?':
			if s == "" {
				return false
			}
		default:
			if s == "" || s[0] != pattern[0] {
				return false
			}
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}

// judge refuses a call that the caller's policy does not allow on everything
// that it touches.
func (s *Server) judge(r *request) error {
	p := s.accounts.policyOf(r.who)
	if p == nil || r.action == "GetCallerIdentity" || r.action == "AssumeRole" { // the first needs no permission, the second asks two policies
		return nil
	}
	touched, err := s.touches(r)
	if err != nil {
		return err
	}
	action := r.service.prefix() + ":" + r.action
	for _, t := range touched {
		keys := map[string]string{"aws:requestedregion": s.world.Region(), "aws:principalarn": r.who.as, "aws:principalaccount": r.who.Account}
		maps.Copy(keys, t.keys())
		if v := p.judge(ask{action: action, resource: t.arn, keys: keys}); v != allowed {
			return refusal(r.service, r.who.ARN, action, t.arn, v)
		}
	}
	return nil
}

// refusal is how a service says that the caller may not.
func refusal(svc service, who, action, resource string, v verdict) *world.Error {
	msg := "User: " + who + " is not authorized to perform: " + action
	if resource != "*" {
		msg += " on resource: " + resource
	}
	if v == denied {
		msg += " with an explicit deny in an identity-based policy"
	} else {
		msg += " because no identity-based policy allows the " + action + " action"
	}
	switch svc {
	case ec2:
		return &world.Error{Code: "UnauthorizedOperation", Message: "You are not authorized to perform this operation. " + msg, Status: http.StatusForbidden}
	case ssm:
		return badRequest("AccessDeniedException", msg)
	}
	return &world.Error{Code: "AccessDenied", Message: msg, Status: http.StatusForbidden}
}
