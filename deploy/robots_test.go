package deploy_test

import (
	"testing"

	"junban/deploy"
)

var ci = deploy.Person{ID: "B-ci", Kind: deploy.Robot}

// withCI are the fixture's rules, with a bot among those who may deploy.
func withCI(kind deploy.Kind) deploy.Request {
	r := request(kind, "")
	r.Rules.MayDeploy = append(r.Rules.MayDeploy, ci.ID)
	return r
}

// TestWhatABotMayAskFor: a deploy and a rollback, if it is listed by its id; no group and no list of approvers helps it.
func TestWhatABotMayAskFor(t *testing.T) {
	for kind, want := range map[deploy.Kind]deploy.Code{
		deploy.KindDeploy: "", deploy.KindRollback: "", deploy.KindDrain: deploy.RobotOnlyAsks, deploy.KindRestore: deploy.RobotOnlyAsks,
		deploy.KindLock: deploy.RobotOnlyAsks, deploy.KindUnlock: deploy.RobotOnlyAsks,
	} {
		if c, _ := deploy.RefusalOf(deploy.MayRequest(ci, withCI(kind))); c.Code != want {
			t.Errorf("%s: %q, not %q", kind, c.Code, want)
		}
	}
	for name, who := range map[string]deploy.Person{
		"not listed":              {ID: "B-other", Kind: deploy.Robot},
		"in a group that may":     {ID: "B-other", Kind: deploy.Robot, Groups: []string{"S-devs"}},
		"among those who approve": {ID: "U-lead", Kind: deploy.Robot, Groups: []string{"S-leads"}},
	} {
		refused(t, deploy.MayRequest(who, withCI(deploy.KindDeploy)), deploy.NotAMember, "kind", "bot")
		if _, ok := deploy.RefusalOf(deploy.MayRequest(who, withCI(deploy.KindDeploy))); !ok {
			t.Errorf("%s: it may ask", name)
		}
	}
	for _, nobodyAsked := range []bool{false, true} {
		r := withCI(deploy.KindDeploy)
		r.Emergency, r.Reason, r.Rules.Approval.None = true, "down", nobodyAsked
		refused(t, deploy.MayRequest(ci, r), deploy.RobotOnlyAsks, "act", "emergency")
	}
}

// TestABotThatAskedStandsAtTheStart, as long as it is on the list and is a bot or a member.
func TestABotThatAskedStandsAtTheStart(t *testing.T) {
	p := plan(t, withCI(deploy.KindDeploy), fleet(3, "web"))
	asked := func() *tale {
		s := &tale{t: t, now: noon}
		return s.then(deploy.Event{Op: "op-1", Type: deploy.EventRequested, By: ci.ID, Plan: &p}).approved()
	}
	for name, c := range map[string]struct {
		is   deploy.Person
		code deploy.Code
	}{
		"still there": {ci, ""},
		"removed":     {deploy.Person{ID: ci.ID, Kind: deploy.Deleted}, deploy.NoStanding},
		"unknown":     {deploy.Person{ID: ci.ID, Kind: deploy.Stranger}, deploy.NoStanding},
	} {
		d := asked().next(deploy.Seen{Check: &deploy.Check{At: noon, Plan: &p, People: map[string]deploy.Person{ci.ID: c.is, lead.ID: lead}}})
		if c.code == "" {
			event(t, d, deploy.EventStarted)
		} else if e := event(t, d, deploy.EventFinished); e.Cause.Code != c.code || e.Cause.Values["who"] != ci.ID {
			t.Errorf("%s: %s", name, e.Cause)
		}
	}
	s := asked()
	for _, o := range deploy.Offers(s.op) {
		_, err := deploy.Decide(s.op, deploy.Act{Verb: o.Verb, By: ci}, s.now)
		refused(t, err, deploy.NotAMember, "kind", "bot")
	}
}

// TestABotsVoteIsNoVote, wherever it is listed: neither Decide nor Apply nor the count at the start takes it.
func TestABotsVoteIsNoVote(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.Rules.Approval.Allow = append(r.Rules.Approval.Allow, ci.ID)
	s := tell(t, plan(t, r, fleet(3, "web")))
	act := deploy.Act{Verb: deploy.ActApprove, By: ci, Hash: s.op.Hash, Fresh: &s.op.Plan}
	_, err := deploy.Decide(s.op, act, s.now)
	refused(t, err, deploy.NotAMember, "kind", "bot")
	if _, err := deploy.Apply(s.op, s.number(deploy.Event{Type: deploy.EventVoted, By: ci.ID, Act: &act})); err == nil {
		t.Error("a journal with a bot's vote is believed")
	}
	act.By = any1
	if _, err := deploy.Apply(s.op, s.number(deploy.Event{Type: deploy.EventVoted, By: any1.ID, Act: &act})); err == nil {
		t.Error("a journal with a vote of somebody who may not is believed")
	}
}
