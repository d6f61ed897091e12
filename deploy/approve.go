package deploy

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// stands reports whether somebody is a member and on a list; else why not.
func stands(p Person, list []string) (Code, bool) {
	if p.Kind != Member {
		return NotAMember, false
	}
	if !p.In(list) {
		return NotAllowed, false
	}
	return "", true
}

// MayAsk refuses a request of some kind from somebody who may not deploy. A bot that is on the list by its id, as a CI's
// is, may ask for what puts a ref on instances, and for nothing else.
func MayAsk(p Person, k Kind, r Rules) error {
	if p.Kind == Robot && p.In(r.MayDeploy) {
		if !kinds[k].robots {
			return refuse(RobotOnlyAsks, "act", k)
		}
		return nil
	}
	if p.Kind != Member {
		return refuse(NotAMember, "kind", p.Kind)
	}
	if !p.In(r.MayDeploy) && !p.In(r.Approval.Allow) {
		return refuse(NotAllowed, "list", "deploy")
	}
	return nil
}

// Difference lists what differs between two terms, as codes: +i-… -i-… of instances, steps:i-…, scripts, rules, ref, ask.
// Words are made of them where people read.
func Difference(was, is Terms) string {
	var out []string
	before, after := lanes(was), lanes(is)
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[name]; !ok {
			out = append(out, "+"+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		now, ok := after[name]
		switch {
		case !ok:
			out = append(out, "-"+name)
		case !same(before[name], now):
			out = append(out, "steps:"+name)
		}
	}
	for _, d := range []struct {
		what   string
		differ bool
	}{
		{"scripts", !maps.Equal(was.Scripts, is.Scripts)},
		{"rules", !same(was.Rules, is.Rules)},
		{"ref", was.Ref != is.Ref || was.Revision != is.Revision},
		{"ask", was.Kind != is.Kind || was.Service != is.Service || was.Environment != is.Environment},
	} {
		if d.differ {
			out = append(out, d.what)
		}
	}
	return strings.Join(out, ", ")
}

func lanes(t Terms) map[string][]Step {
	out := map[string][]Step{}
	for _, l := range t.Lanes {
		out[l.Name] = l.Steps
	}
	return out
}

// same compares by the bytes that the hash is made of: a nil map and an empty one are the same terms.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// MayRequest refuses a request from somebody who may not ask for it. What goes past windows and freezes only those who
// may approve may ask for.
func MayRequest(p Person, r Request) error {
	if err := MayAsk(p, r.Kind, r.Rules); err != nil {
		return err
	}
	if r.Emergency && p.Kind == Robot {
		return refuse(RobotOnlyAsks, "act", "emergency")
	}
	if r.Emergency && !r.Rules.Approval.None && !p.In(r.Rules.Approval.Allow) {
		return refuse(NeedApprover, "act", "emergency")
	}
	return nil
}
