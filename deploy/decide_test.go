package deploy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
)

// moments are operations in every state in which people may want something.
var moments = []struct {
	name string
	make func(s *tale) *tale
	acts []deploy.ActVerb // that are offered
}{
	{"requested", func(s *tale) *tale { return s }, []deploy.ActVerb{deploy.ActApprove, deploy.ActDeny, deploy.ActWithdraw}},
	{"approved", func(s *tale) *tale { return s.approved() }, []deploy.ActVerb{deploy.ActWithdraw, deploy.ActAbort}},
	{"queued", func(s *tale) *tale {
		return s.approved().then(deploy.Event{Type: deploy.EventQueued, Cause: deploy.Because(deploy.Behind, "op", "op-0")})
	}, []deploy.ActVerb{deploy.ActWithdraw, deploy.ActAbort}},
	{"rolling", func(s *tale) *tale { return s.rolling() }, []deploy.ActVerb{deploy.ActAbort, deploy.ActPause}},
	{"paused", func(s *tale) *tale { return s.rolling().paused() }, []deploy.ActVerb{deploy.ActAbort, deploy.ActResume}},
	{"asking", func(s *tale) *tale {
		return s.rolling().then(deploy.Event{Type: deploy.EventAsked, Cause: deploy.Because(deploy.FailOpen, "group", "web")})
	}, []deploy.ActVerb{deploy.ActAbort, deploy.ActPause, deploy.ActContinue}},
	{"a command runs", func(s *tale) *tale { return s.rolling().steps(0, 1).begun(0).accepted(0) }, []deploy.ActVerb{deploy.ActAbort, deploy.ActPause, deploy.ActRollback}},
	{"going back", func(s *tale) *tale {
		return s.rolling().steps(0, 1).begun(0).accepted(0).then(deploy.Event{Type: deploy.EventTurned, By: "U-2"})
	}, []deploy.ActVerb{deploy.ActAbort}},
	{"aborting, nothing in flight", func(s *tale) *tale { return s.rolling().begun(0).aborted() }, nil},
	{"aborting, a command in flight", func(s *tale) *tale { return s.rolling().steps(0, 1).begun(0).accepted(0).aborted() }, []deploy.ActVerb{deploy.ActAbort, deploy.ActRollback}},
	{"aborting, a verification in flight", func(s *tale) *tale { return s.rolling().steps(0, 2).begun(0).aborted() }, []deploy.ActVerb{deploy.ActAbort, deploy.ActRollback}},
	{"aborted twice", func(s *tale) *tale { return s.rolling().steps(0, 1).begun(0).accepted(0).aborted().aborted() }, []deploy.ActVerb{deploy.ActRollback}},
	{"a command failed", func(s *tale) *tale {
		return s.rolling().steps(0, 1).begun(0).failed(0, deploy.CommandFailed, "exit", 1)
	},
		[]deploy.ActVerb{deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut, deploy.ActAbort, deploy.ActPause, deploy.ActRollback}},
	{"a verification failed", func(s *tale) *tale { return s.rolling().steps(0, 2).begun(0).failed(0, deploy.VerifyFailed, "exit", 1) },
		[]deploy.ActVerb{deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut, deploy.ActAbort, deploy.ActPause, deploy.ActRollback}},
	{"never healthy again", func(s *tale) *tale { return s.rolling().steps(0, 3).begun(0).failed(0, deploy.HealthTimeout) },
		[]deploy.ActVerb{deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut, deploy.ActAbort, deploy.ActPause, deploy.ActRollback}},
	{"a command is unknown", func(s *tale) *tale {
		return s.rolling().steps(0, 1).begun(0).then(deploy.Event{Type: deploy.EventUnknown})
	},
		[]deploy.ActVerb{deploy.ActLooked, deploy.ActAbort, deploy.ActPause, deploy.ActRollback}},
	{"stopped", func(s *tale) *tale { return s.rolling().steps(0, 1).failed(0, deploy.InstanceGone, "state", "stopped") },
		[]deploy.ActVerb{deploy.ActRetry, deploy.ActLeaveOut, deploy.ActAbort, deploy.ActPause}},
	{"terminated", func(s *tale) *tale {
		return s.rolling().steps(0, 1).failed(0, deploy.InstanceGone, "state", "terminated")
	},
		[]deploy.ActVerb{deploy.ActLeaveOut, deploy.ActAbort, deploy.ActPause}},
	{"finished", func(s *tale) *tale {
		return s.then(deploy.Event{Type: deploy.EventFinished, State: deploy.StateWithdrawn})
	}, nil},
}

var everyAct = []deploy.ActVerb{
	deploy.ActApprove, deploy.ActDeny, deploy.ActWithdraw, deploy.ActAbort, deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut, deploy.ActLooked,
	deploy.ActPause, deploy.ActResume, deploy.ActRollback, deploy.ActContinue,
}

// mayDo says which of these people may do what, whatever the operation is at: design.md's "Who may".
var mayDo = map[string]struct {
	who  deploy.Person
	acts []deploy.ActVerb
}{
	"the requester":    {dev, []deploy.ActVerb{deploy.ActWithdraw, deploy.ActAbort, deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut, deploy.ActLooked, deploy.ActPause, deploy.ActResume, deploy.ActRollback, deploy.ActContinue}},
	"another deployer": {deploy.Person{ID: "U-2", Kind: deploy.Member, Groups: []string{"S-devs"}}, []deploy.ActVerb{deploy.ActAbort, deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut, deploy.ActLooked, deploy.ActPause, deploy.ActResume, deploy.ActRollback, deploy.ActContinue}},
	"an approver":      {lead, []deploy.ActVerb{deploy.ActApprove, deploy.ActDeny, deploy.ActAbort, deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut, deploy.ActLooked, deploy.ActPause, deploy.ActResume, deploy.ActRollback, deploy.ActContinue}},
	"an approver by group": {deploy.Person{ID: "U-3", Kind: deploy.Member, Groups: []string{"S-leads"}},
		[]deploy.ActVerb{deploy.ActApprove, deploy.ActDeny, deploy.ActAbort, deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut, deploy.ActLooked, deploy.ActPause, deploy.ActResume, deploy.ActRollback, deploy.ActContinue}},
	"anybody":            {any1, nil},
	"a guest":            {deploy.Person{ID: "U-lead", Kind: deploy.Guest, Groups: []string{"S-leads"}}, nil},
	"an external person": {deploy.Person{ID: "U-lead", Kind: deploy.External, Groups: []string{"S-leads"}}, nil},
	"a bot":              {deploy.Person{ID: "U-lead", Kind: deploy.Robot, Groups: []string{"S-leads"}}, nil},
	"the bot that asked": {deploy.Person{ID: "U-dev", Kind: deploy.Robot}, nil},
	"a deleted person":   {deploy.Person{ID: "U-lead", Kind: deploy.Deleted, Groups: []string{"S-leads"}}, nil},
	"a stranger":         {deploy.Person{ID: "U-lead", Kind: deploy.Stranger}, nil},
	"nobody":             {deploy.Person{}, nil},
}

// TestEveryActOfEverybodyAtEveryMoment: an act is done exactly if it is offered and the person may; its events fold;
// every other is refused with a cause that says which of the two it was.
func TestEveryActOfEverybodyAtEveryMoment(t *testing.T) {
	p := plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))
	for _, m := range moments {
		for who, may := range mayDo {
			for _, verb := range everyAct {
				s := m.make(tell(t, p))
				a := deploy.Act{Verb: verb, By: may.who, Hash: s.op.Hash, Fresh: &p}
				if slices.Contains([]deploy.ActVerb{deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut, deploy.ActLooked}, verb) {
					a.Lane, a.Attempt = "i-1", s.op.Lanes[0].Attempt
				}
				for _, o := range deploy.Offers(s.op) {
					if o.Verb == verb && o.Lane == "" {
						a.Attempt = o.Attempt
					}
				}
				events, err := deploy.Decide(s.op, a, s.now)
				allowed, offered := slices.Contains(may.acts, verb), slices.Contains(m.acts, verb)
				switch {
				case allowed && offered:
					if err != nil || len(events) == 0 {
						t.Errorf("%s, %s by %s: refused: %v", m.name, verb, who, err)
						continue
					}
					for _, e := range events {
						if e.By != may.who.ID {
							t.Errorf("%s, %s by %s: the journal names %q", m.name, verb, who, e.By)
						}
						s.then(e)
					}
				case may.who.Kind != deploy.Member:
					refused(t, err, deploy.NotAMember, "kind", string(may.who.Kind))
				case !allowed:
					if c, _ := deploy.RefusalOf(err); c.Code != deploy.NotAllowed && c.Code != deploy.NotYours {
						t.Errorf("%s, %s by %s: %v", m.name, verb, who, err)
					}
				default:
					refused(t, err, deploy.NotNow, "act", string(verb), "state", string(s.op.State))
				}
			}
		}
	}
}

func TestOffersAreExactlyTheLegalActs(t *testing.T) {
	for _, m := range moments {
		s := m.make(tell(t, plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))))
		var got []deploy.ActVerb
		for _, o := range deploy.Offers(s.op) {
			got = append(got, o.Verb)
			numbered := o.Lane != "" || (o.Verb == deploy.ActAbort || o.Verb == deploy.ActContinue) && s.op.State.Rolling()
			if numbered != (o.Attempt > 0) || o.Lane != "" && o.Lane != "i-1" {
				t.Errorf("%s: %+v", m.name, o)
			}
			if vote := o.Verb == deploy.ActApprove || o.Verb == deploy.ActDeny; vote && o.Hash != s.op.Hash {
				t.Errorf("%s: %s does not bind to the terms", m.name, o.Verb)
			}
		}
		slices.Sort(got)
		want := slices.Sorted(slices.Values(m.acts))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: offered (+) but not legal (-)\n%s", m.name, d)
		}
	}
}

func TestWhyAnApprovalIsRefused(t *testing.T) {
	p := plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))
	own := func(s *tale) deploy.Act {
		return deploy.Act{Verb: deploy.ActApprove, By: both, Hash: s.op.Hash, Fresh: &p}
	}
	byBoth := func() *tale {
		s := &tale{t: t, now: noon}
		return s.then(deploy.Event{Op: "op-1", Type: deploy.EventRequested, By: both.ID, Plan: &p})
	}
	s := byBoth()
	_, err := deploy.Decide(s.op, own(s), s.now)
	refused(t, err, deploy.OwnRequest)

	s = tell(t, p)
	_, err = deploy.Decide(s.op, deploy.Act{Verb: deploy.ActApprove, By: lead, Hash: "forged", Fresh: &p}, s.now)
	refused(t, err, deploy.WrongHash)
	_, err = deploy.Decide(s.op, deploy.Act{Verb: deploy.ActDeny, By: lead, Hash: "forged"}, s.now)
	refused(t, err, deploy.WrongHash)
	_, err = deploy.Decide(s.op, deploy.Act{Verb: "explode", By: lead}, s.now)
	refused(t, err, deploy.UnknownAct, "act", "explode")

	for wait, late := range map[time.Duration]bool{30*time.Minute - time.Nanosecond: false, 30 * time.Minute: true, 31 * time.Minute: true} {
		s = tell(t, p)
		_, err = deploy.Decide(s.op, deploy.Act{Verb: deploy.ActApprove, By: lead, Hash: s.op.Hash, Fresh: &p}, s.now.Add(wait))
		if c, _ := deploy.RefusalOf(err); (c.Code == deploy.Expired) != late {
			t.Errorf("approved after %s: %v", wait, err)
		}
	}

	r := request(deploy.KindDeploy, "")
	r.Rules.Approval.Required = 2
	q := plan(t, r, fleet(3, "web"))
	s = tell(t, q).approved()
	_, err = deploy.Decide(s.op, deploy.Act{Verb: deploy.ActApprove, By: lead, Hash: s.op.Hash, Fresh: &q}, s.now)
	refused(t, err, deploy.AlreadyVoted)

	r.Rules.Approval = deploy.Approval{Allow: []string{"S-leads"}, Required: 1, Self: true, Expires: time.Hour, StartWithin: time.Hour}
	p = plan(t, r, fleet(3, "web"))
	s = byBoth()
	events, err := deploy.Decide(s.op, own(s), s.now)
	if err != nil {
		t.Fatalf("self approval that the rules allow: %v", err)
	}
	s.then(events[0])
}

// TestAnApprovalOfAChangedPlanVoidsTheRequest: nobody has seen what would be done now.
func TestAnApprovalOfAChangedPlanVoidsTheRequest(t *testing.T) {
	s := tell(t, plan(t, request(deploy.KindDeploy, ""), fleet(3, "web")))
	changed := plan(t, request(deploy.KindDeploy, ""), fleet(4, "web"))
	for name, c := range map[string]struct {
		act  deploy.Act
		code deploy.Code
		what string
	}{
		"another instance":   {deploy.Act{Fresh: &changed}, deploy.PlanChanged, "+i-4"},
		"no plan can be had": {deploy.Act{Changed: deploy.Because(deploy.NoTargets, "groups", "web")}, deploy.NoTargets, ""},
	} {
		c.act.Verb, c.act.By, c.act.Hash = deploy.ActApprove, lead, s.op.Hash
		events, err := deploy.Decide(s.op, c.act, s.now)
		if err != nil || len(events) != 1 || events[0].State != deploy.StateExpired || events[0].Cause.Code != c.code || events[0].Cause.Values["what"] != c.what {
			t.Errorf("%s: %v %+v", name, err, events)
		}
	}
}

func TestActsOnAnInstanceNameWhatTheySaw(t *testing.T) {
	s := tell(t, plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))).rolling().steps(0, 1).begun(0).failed(0, deploy.CommandFailed)
	retry := deploy.Act{Verb: deploy.ActRetry, By: dev, Lane: "i-1", Attempt: 1}
	_, err := deploy.Decide(s.op, deploy.Act{Verb: deploy.ActRetry, By: dev, Lane: "i-9", Attempt: 1}, s.now)
	refused(t, err, deploy.NoSuchLane, "instance", "i-9")
	_, err = deploy.Decide(s.op, deploy.Act{Verb: deploy.ActRetry, By: dev, Lane: "i-2", Attempt: 1}, s.now)
	refused(t, err, deploy.NotNow)

	events, err := deploy.Decide(s.op, retry, s.now)
	if err != nil {
		t.Fatal(err)
	}
	s.then(events[0]) // a second click on the same button
	_, err = deploy.Decide(s.op, retry, s.now)
	refused(t, err, deploy.NotNow, "by", dev.ID, "did", "retry")
	s.begun(0).failed(0, deploy.CommandFailed)
	_, err = deploy.Decide(s.op, retry, s.now)
	refused(t, err, deploy.OldButton)
}

func TestWhoMayAsk(t *testing.T) {
	rules := request(deploy.KindDeploy, "").Rules
	for who, c := range map[string]struct {
		p    deploy.Person
		code deploy.Code
	}{
		"a deployer":         {dev, ""},
		"an approver":        {lead, ""},
		"by group":           {both, ""},
		"anybody":            {any1, deploy.NotAllowed},
		"a guest":            {deploy.Person{ID: "U-dev", Kind: deploy.Guest}, deploy.NotAMember},
		"an external person": {deploy.Person{ID: "U-dev", Kind: deploy.External}, deploy.NotAMember},
		"somebody deleted":   {deploy.Person{ID: "U-dev", Kind: deploy.Deleted}, deploy.NotAMember},
		"unknown":            {deploy.Person{}, deploy.NotAMember},
	} {
		if got, _ := deploy.RefusalOf(deploy.MayAsk(c.p, deploy.KindDeploy, rules)); got.Code != c.code {
			t.Errorf("%s: %q, not %q", who, got.Code, c.code)
		}
	}
}

// TestADoubleClickOnAbortIsNotASecondAbort: the second one would cancel a running command.
func TestADoubleClickOnAbortIsNotASecondAbort(t *testing.T) {
	s := tell(t, plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))).rolling().steps(0, 1).begun(0)
	first := deploy.Act{ID: "envelope-1", Verb: deploy.ActAbort, By: dev, Attempt: 1}
	events, err := deploy.Decide(s.op, first, s.now)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v %v", events, err)
	}
	s.then(events[0])
	if events, err := deploy.Decide(s.op, first, s.now); err != nil || len(events) != 0 {
		t.Errorf("the same message again: %v %v", events, err)
	}
	first.ID = "envelope-2"
	if events, err := deploy.Decide(s.op, first, s.now); err == nil {
		t.Errorf("a click on the old button: %v", events)
	}
	first.Attempt = 2
	if events, err := deploy.Decide(s.op, first, s.now); err != nil || len(events) != 1 {
		t.Errorf("a click on the new one: %v %v", events, err)
	}
}
