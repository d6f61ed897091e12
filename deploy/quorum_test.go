package deploy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
)

func member(id string, groups ...string) deploy.Person {
	return deploy.Person{ID: id, Kind: deploy.Member, Groups: groups}
}

func party(required int, allow ...string) deploy.Party {
	return deploy.Party{Allow: allow, Required: required}
}

// seats are who fills the parties, in short: "U-a U-b | U-c of 2".
func seats(q deploy.Quorum) string {
	var out []string
	for _, p := range q.Parties {
		text := strings.Join(p.By, " ")
		if n := p.Missing(); n > 0 {
			text += fmt.Sprintf(" -%d", n)
		}
		out = append(out, strings.TrimSpace(text))
	}
	return strings.Join(out, " | ")
}

// TestTheQuorum: who fills which party, told as it fills.
func TestTheQuorum(t *testing.T) {
	leadsAndSec := deploy.Approval{Parties: []deploy.Party{party(1, "S-leads"), party(1, "S-sec")}}
	either := deploy.Approval{Parties: leadsAndSec.Parties, Any: true}
	two := deploy.Approval{Allow: []string{"S-leads", "U-x"}, Required: 2}
	for name, c := range map[string]struct {
		of     deploy.Approval
		voters []deploy.Person
		seats  string
		full   bool
	}{
		"nobody is asked":            {deploy.Approval{None: true, Allow: []string{"U-x"}}, nil, "", true},
		"nobody yet":                 {two, nil, "-2", false},
		"one of two":                 {two, []deploy.Person{member("U-x")}, "U-x -1", false},
		"the same person twice":      {two, []deploy.Person{member("U-x"), member("U-x", "S-leads")}, "U-x -1", false},
		"two of two":                 {two, []deploy.Person{member("U-x"), member("U-y", "S-leads")}, "U-x U-y", true},
		"three of two":               {two, []deploy.Person{member("U-x"), member("U-y", "S-leads"), member("U-z", "S-leads")}, "U-x U-y", true},
		"somebody not listed":        {two, []deploy.Person{member("U-x"), member("U-y", "S-devs")}, "U-x -1", false},
		"a bot":                      {two, []deploy.Person{member("U-y", "S-leads"), {ID: "U-x", Kind: deploy.Robot}}, "U-y -1", false},
		"a guest":                    {two, []deploy.Person{member("U-y", "S-leads"), {ID: "U-x", Kind: deploy.Guest}}, "U-y -1", false},
		"one in both parties":        {leadsAndSec, []deploy.Person{member("U-a", "S-leads", "S-sec")}, "U-a | -1", false},
		"each in one party":          {leadsAndSec, []deploy.Person{member("U-b", "S-sec"), member("U-a", "S-leads")}, "U-a | U-b", true},
		"two of one party":           {leadsAndSec, []deploy.Person{member("U-a", "S-leads"), member("U-b", "S-leads")}, "U-a | -1", false},
		"one makes room":             {leadsAndSec, []deploy.Person{member("U-a", "S-leads", "S-sec"), member("U-b", "S-leads")}, "U-b | U-a", true},
		"either, by the first":       {either, []deploy.Person{member("U-a", "S-leads")}, "U-a | -1", true},
		"either, by the second":      {either, []deploy.Person{member("U-b", "S-sec")}, "-1 | U-b", true},
		"either, by neither":         {either, []deploy.Person{member("U-b", "S-devs")}, "-1 | -1", false},
		"either, halves make no one": {deploy.Approval{Any: true, Parties: []deploy.Party{party(2, "S-leads"), party(2, "S-sec")}}, []deploy.Person{member("U-a", "S-leads"), member("U-b", "S-sec")}, "U-a -1 | U-b -1", false},
		"either, one helps both": {
			deploy.Approval{Any: true, Parties: []deploy.Party{party(2, "S-leads"), party(2, "S-sec")}},
			[]deploy.Person{member("U-a", "S-leads", "S-sec"), member("U-b", "S-sec")}, "U-a -1 | U-a U-b", true,
		},
		"a long way of moves": {
			deploy.Approval{Parties: []deploy.Party{party(1, "U-a", "U-b"), party(1, "U-b", "U-c"), party(1, "U-c", "U-d")}},
			[]deploy.Person{member("U-b"), member("U-c"), member("U-a")}, "U-a | U-b | U-c", true,
		},
	} {
		q := c.of.Quorum(c.voters)
		if got := seats(q); got != c.seats || q.Full() != c.full || (q.Missing() == 0) != c.full {
			t.Errorf("%s: %s, full %t, %d missing", name, got, q.Full(), q.Missing())
		}
	}
}

// brute tells whether voters can fill the parties, by trying every party for every voter.
func brute(parties []deploy.Party, any1 bool, voters []deploy.Person) bool {
	sits := func(p deploy.Person, list deploy.Party) bool {
		return p.Kind == deploy.Member && slices.ContainsFunc(list.Allow, func(id string) bool { return id == p.ID || slices.Contains(p.Groups, id) })
	}
	if any1 {
		return slices.ContainsFunc(parties, func(p deploy.Party) bool {
			n := 0
			for _, v := range voters {
				if sits(v, p) {
					n++
				}
			}
			return n >= max(1, p.Required)
		})
	}
	lacks := make([]int, len(parties))
	for i, p := range parties {
		lacks[i] = max(1, p.Required)
	}
	var fill func(n int) bool
	fill = func(n int) bool {
		if slices.Max(lacks) <= 0 {
			return true
		}
		if n == len(voters) {
			return false
		}
		for i, p := range parties {
			if sits(voters[n], p) {
				lacks[i]--
				ok := fill(n + 1)
				lacks[i]++
				if ok {
					return true
				}
			}
		}
		return fill(n + 1)
	}
	return fill(0)
}

// TestTheQuorumIsFullExactlyWhenItCanBe compares with a search through all assignments.
func TestTheQuorumIsFullExactlyWhenItCanBe(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's variety
	full := 0
	for range 5000 {
		a := deploy.Approval{Any: rnd.IntN(5) == 0}
		for range 1 + rnd.IntN(3) {
			p := party(1 + rnd.IntN(3))
			for _, id := range []string{"S-1", "S-2", "U-1", "U-2", "U-3"} {
				if rnd.IntN(3) == 0 {
					p.Allow = append(p.Allow, id)
				}
			}
			a.Parties = append(a.Parties, p)
		}
		var voters []deploy.Person
		for n := range rnd.IntN(6) {
			v := member(fmt.Sprintf("U-%d", n))
			for _, g := range []string{"S-1", "S-2"} {
				if rnd.IntN(2) == 0 {
					v.Groups = append(v.Groups, g)
				}
			}
			voters = append(voters, v)
		}
		q, want := a.Quorum(voters), brute(a.Parties, a.Any, voters)
		if q.Full() != want {
			t.Fatalf("%+v by %+v: full %t, not %t", a, voters, q.Full(), want)
		}
		seated := map[string]int{}
		for _, p := range q.Parties {
			for _, id := range p.By {
				seated[id]++
			}
			if len(p.By) > p.Required {
				t.Fatalf("%+v: too many in a party", q)
			}
		}
		for id, n := range seated {
			if n > 1 && !a.Any {
				t.Fatalf("%+v by %+v: the vote of %s counts %d times", a, voters, id, n)
			}
		}
		if want {
			full++
		}
	}
	if full < 500 || full > 4500 {
		t.Errorf("%d of 5000 quorums were full: this proves little", full)
	}
}

// voted is an approval by somebody.
func (s *tale) voted(p deploy.Person) *tale {
	s.t.Helper()
	fresh := s.op.Plan
	events, err := deploy.Decide(s.op, deploy.Act{Verb: deploy.ActApprove, By: p, Hash: s.op.Hash, Fresh: &fresh, Reason: "looks good"}, s.now)
	if err != nil {
		s.t.Fatalf("approval by %s: %v", p.ID, err)
	}
	return s.then(events[0])
}

// fourEyes needs one of the leads and one of security, of whom U-x is one.
func fourEyes(t testing.TB) deploy.Plan {
	t.Helper()
	r := request(deploy.KindDeploy, "")
	r.Rules.Approval.Parties = []deploy.Party{party(1, "S-leads"), party(1, "S-sec", "U-x")}
	r.Rules.Approval.Allow, r.Rules.Approval.Required = []string{"S-leads", "S-sec", "U-x"}, 0
	return plan(t, r, fleet(3, "web"))
}

func TestFourEyes(t *testing.T) {
	p := fourEyes(t)
	janus := member("U-janus", "S-leads", "S-sec")
	s := tell(t, p).voted(janus)
	if s.op.State != deploy.StateRequested {
		t.Fatalf("one person for two parties makes it %s", s.op.State)
	}
	if d := cmp.Diff([]string{"S-leads", "S-sec", "U-x"}, s.op.Awaited()); d != "" {
		t.Errorf("either would do, since the first vote counts for the other then: %s", d)
	}
	s.voted(member("U-ada", "S-leads"))
	if s.op.State != deploy.StateApproved || seats(s.op.Quorum()) != "U-ada | U-janus" {
		t.Fatalf("%s, %s", s.op.State, seats(s.op.Quorum()))
	}
	if v := s.op.Votes[0]; v.By != "U-janus" || v.Reason != "looks good" || !v.OK {
		t.Errorf("the vote is kept as %+v", v)
	}

	s = tell(t, p).voted(member("U-ada", "S-leads"))
	if d := cmp.Diff([]string{"S-sec", "U-x"}, s.op.Awaited()); d != "" {
		t.Errorf("who is still waited for: %s", d)
	}
	if s.voted(member("U-bob", "S-leads")); s.op.State != deploy.StateRequested {
		t.Fatalf("two of one party make it %s", s.op.State)
	}
	if s.voted(member("U-x")); s.op.State != deploy.StateApproved || s.op.Awaited() != nil {
		t.Fatalf("one of each party makes it %s, waiting for %v", s.op.State, s.op.Awaited())
	}
	if back, err := deploy.Replay(through(t, s.events)); err != nil || back.State != deploy.StateApproved || seats(back.Quorum()) != seats(s.op.Quorum()) {
		t.Errorf("the journal gives back %s, %s: %v", back.State, seats(back.Quorum()), err)
	}
}

// TestPartiesAreBound: each of these changes who must approve, so each voids what was approved.
func TestPartiesAreBound(t *testing.T) {
	base := fourEyes(t)
	for name, change := range map[string]func(*deploy.Approval){
		"fewer":       func(a *deploy.Approval) { a.Parties = a.Parties[:1] },
		"more of one": func(a *deploy.Approval) { a.Parties[0].Required = 2 },
		"others":      func(a *deploy.Approval) { a.Parties[1].Allow = []string{"S-sec"} },
		"either":      func(a *deploy.Approval) { a.Any = true },
	} {
		p := fourEyes(t)
		change(&p.Rules.Approval)
		if p.Hash() == base.Hash() || deploy.Difference(base.Terms, p.Terms) != "rules" {
			t.Errorf("%s: %s", name, deploy.Difference(base.Terms, p.Terms))
		}
	}
	if one := request(deploy.KindDeploy, "").Rules; strings.Contains(string(bytesOf(t, one)), "parties") {
		t.Error("terms without parties have other bytes than before there were any")
	}
}

func TestADenialIsKeptWithItsReason(t *testing.T) {
	s := tell(t, fourEyes(t)).voted(member("U-x"))
	events, err := deploy.Decide(s.op, deploy.Act{Verb: deploy.ActDeny, By: member("U-ada", "S-leads"), Hash: s.op.Hash, Reason: "not on a Friday"}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	s.then(events[0])
	if v := s.op.Votes[len(s.op.Votes)-1]; s.op.State != deploy.StateDenied || v.By != "U-ada" || v.OK || v.Reason != "not on a Friday" {
		t.Errorf("%s %+v", s.op.State, s.op.Votes)
	}
	if got := s.op.Approvers(); !slices.Equal(got, []string{"U-x"}) {
		t.Errorf("approved by %v", got)
	}
}

// TestThoseWhoAgreedMustStillStand: at the start the votes are counted again, with everybody as they are now.
func TestThoseWhoAgreedMustStillStand(t *testing.T) {
	p := fourEyes(t)
	ada, bob, x := member("U-ada", "S-leads"), member("U-bob", "S-leads"), member("U-x")
	gone := func(p deploy.Person) deploy.Person { p.Kind = deploy.Deleted; return p }
	for name, c := range map[string]struct {
		votes []deploy.Person
		now   []deploy.Person
		code  deploy.Code
		who   string
	}{
		"all stand":                       {[]deploy.Person{ada, x}, []deploy.Person{ada, x}, "", ""},
		"one has left":                    {[]deploy.Person{ada, x}, []deploy.Person{ada, gone(x)}, deploy.NoStanding, "U-x"},
		"one has left the group":          {[]deploy.Person{ada, x}, []deploy.Person{member("U-ada"), x}, deploy.NoStanding, "U-ada"},
		"one has left, others are enough": {[]deploy.Person{ada, bob, x}, []deploy.Person{gone(ada), bob, x}, "", ""},
		"one has gone to the other group": {[]deploy.Person{ada, x}, []deploy.Person{member("U-ada", "S-sec"), x}, deploy.QuorumLost, ""},
		"two have changed places":         {[]deploy.Person{ada, member("U-sec", "S-sec")}, []deploy.Person{member("U-ada", "S-sec"), member("U-sec", "S-leads")}, "", ""},
	} {
		s := tell(t, p)
		for _, v := range c.votes {
			if s.op.State == deploy.StateRequested {
				s.voted(v)
			}
		}
		people := map[string]deploy.Person{dev.ID: dev}
		for _, v := range c.now {
			people[v.ID] = v
		}
		d := s.next(deploy.Seen{Check: &deploy.Check{At: s.now, Plan: &p, People: people}})
		if c.code == "" {
			event(t, d, deploy.EventStarted)
			continue
		}
		e := event(t, d, deploy.EventFinished)
		if e.State != deploy.StateExpired || e.Cause.Code != c.code || e.Cause.Values["who"] != c.who || e.Cause.Values["missing"] != "1" {
			t.Errorf("%s: %s %s", name, e.State, e.Cause)
		}
		s.then(e)
	}
}

// TestThoseWhoMayStillApproveAreCalledOnce: at half of the time, by the journal's clock, whoever lives then.
func TestThoseWhoMayStillApproveAreCalledOnce(t *testing.T) {
	s := tell(t, fourEyes(t)).wait(5 * time.Minute).voted(member("U-ada", "S-leads"))
	half := after(15 * time.Minute)
	if d := s.next(deploy.Seen{}); len(d.Events) > 0 || !d.Wake.Equal(half) {
		t.Fatalf("before: %s", told(d))
	}
	s.then(deploy.Event{Type: deploy.EventResumed}) // a restart changes nothing about it
	s.wait(10 * time.Minute)
	e := event(t, s.next(deploy.Seen{}), deploy.EventNoted)
	want := map[string]string{
		"mention": "S-sec U-x", "missing": "1", "parties": "1 of S-sec U-x", "any": "false", "after": "15m0s", "until": after(30 * time.Minute).Format(time.RFC3339),
	}
	if d := cmp.Diff(want, e.Cause.Values); e.Lane != -1 || e.Cause.Code != deploy.VotesMissing || d != "" {
		t.Fatalf("lane %d, %s: %s", e.Lane, e.Cause, d)
	}
	s.then(e).then(deploy.Event{Type: deploy.EventResumed})
	if d := s.next(deploy.Seen{}); len(d.Events) > 0 || !d.Wake.Equal(s.op.Expires) {
		t.Fatalf("called twice: %s", told(d))
	}
	if s.voted(member("U-x")); s.op.State != deploy.StateApproved {
		t.Fatalf("after the call a vote makes it %s", s.op.State)
	}
	late := tell(t, fourEyes(t)).wait(30 * time.Minute)
	if e := event(t, late.next(deploy.Seen{}), deploy.EventFinished); e.Cause.Code != deploy.Expired {
		t.Errorf("a bot that wakes after the end: %s", e.Cause)
	}
}

// TestOnlyWhoMayBringItOnIsCalled leaves out the requester and whoever has voted.
func TestOnlyWhoMayBringItOnIsCalled(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.Rules.Approval.Allow, r.Rules.Approval.Required = []string{"U-dev", "U-lead", "U-x"}, 2
	s := tell(t, plan(t, r, fleet(3, "web")))
	if d := cmp.Diff([]string{"U-lead", "U-x"}, s.op.Awaited()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"U-x"}, s.voted(lead).op.Awaited()); d != "" {
		t.Error(d)
	}
	r.Rules.Approval.Self = true
	if d := cmp.Diff([]string{"U-dev", "U-lead", "U-x"}, tell(t, plan(t, r, fleet(3, "web"))).op.Awaited()); d != "" {
		t.Error(d)
	}
}

func bytesOf(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
