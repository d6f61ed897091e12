package deploy_test

import (
	"strings"
	"testing"
	"time"

	"junban/deploy"
)

// TestApplyRefuses: a journal that says what cannot be must not be acted on, and the operation stays as it was.
func TestApplyRefuses(t *testing.T) {
	fresh := func() *tale { return tell(t, plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))) }
	vote := func(s *tale, by deploy.Person, hash string) deploy.Event {
		return deploy.Event{Type: deploy.EventVoted, By: by.ID, Act: &deploy.Act{Verb: deploy.ActApprove, By: by, Hash: hash}}
	}
	other := plan(t, request(deploy.KindDeploy, "web-1"), fleet(3, "web"))
	for name, c := range map[string]struct {
		at    func() *tale
		event func(*tale) deploy.Event
		want  string
	}{
		"a later version":   {fresh, func(*tale) deploy.Event { return deploy.Event{Version: 2, Type: deploy.EventQueued} }, "version 2"},
		"a gap":             {fresh, func(*tale) deploy.Event { return deploy.Event{Seq: 3, Type: deploy.EventResumed} }, "gap"},
		"a repetition":      {fresh, func(*tale) deploy.Event { return deploy.Event{Seq: 1, Type: deploy.EventResumed} }, "gap"},
		"another operation": {fresh, func(*tale) deploy.Event { return deploy.Event{Op: "op-2", Type: deploy.EventResumed} }, "among those of"},
		"an unknown type":   {fresh, func(*tale) deploy.Event { return deploy.Event{Type: "exploded"} }, "unknown type"},
		"a second request": {fresh, func(s *tale) deploy.Event {
			return deploy.Event{Type: deploy.EventRequested, Plan: &s.op.Plan}
		}, "requested already"},
		"an event after the end": {
			func() *tale {
				return fresh().then(deploy.Event{Type: deploy.EventFinished, State: deploy.StateWithdrawn})
			},
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventResumed} }, "has finished",
		},
		"a vote for other terms":  {fresh, func(s *tale) deploy.Event { return vote(s, lead, "forged") }, "other terms"},
		"a vote by the requester": {fresh, func(s *tale) deploy.Event { return vote(s, dev, s.op.Hash) }, "own request"},
		"a vote without an act":   {fresh, func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventVoted} }, "names no act"},
		"a vote too late": {
			func() *tale { return fresh().approved() },
			func(s *tale) deploy.Event { return vote(s, both, s.op.Hash) }, "a vote in state approved",
		},
		"queued before the approval":  {fresh, func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventQueued} }, "queued in state requested"},
		"started before the approval": {fresh, func(s *tale) deploy.Event { return deploy.Event{Type: deploy.EventStarted, Plan: &s.op.Plan} }, "not approved"},
		"started with another plan": {
			func() *tale { return fresh().approved() },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventStarted, Plan: &other} }, "not the one that was approved",
		},
		"started with no plan": {
			func() *tale { return fresh().approved() },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventStarted} }, "not the one that was approved",
		},
		"started twice": {
			func() *tale { return fresh().rolling() },
			func(s *tale) deploy.Event { return deploy.Event{Type: deploy.EventStarted, Plan: &s.op.Plan} }, "started in state rolling",
		},
		"a step before the start": {
			func() *tale { return fresh().approved() },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventBegun, Attempt: 1} }, "a step in state approved",
		},
		"a lane that is not there": {
			func() *tale { return fresh().rolling() },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventBegun, Lane: 3, Attempt: 1} }, "lane 3 of 3",
		},
		"a negative lane": {
			func() *tale { return fresh().rolling() },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventBegun, Lane: -1, Attempt: 1} }, "lane -1 of 3",
		},
		"begun twice": {
			func() *tale { return fresh().rolling().begun(0) },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventBegun, Attempt: 1} }, "begins in phase begun",
		},
		"begun after a failure, without a person": {
			func() *tale { return fresh().rolling().begun(0).accepted(0).failed(0, deploy.DrainTimeout) },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventBegun, Attempt: 1} }, "begins in phase failed",
		},
		"an attempt nobody asked for": {
			func() *tale { return fresh().rolling() },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventBegun, Attempt: 2} }, "attempt 2",
		},
		"accepted before begun": {
			func() *tale { return fresh().rolling() },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventAccepted} }, "was not begun",
		},
		"seen before begun": {
			func() *tale { return fresh().rolling() },
			func(*tale) deploy.Event {
				return deploy.Event{Type: deploy.EventSeen, Pairs: []deploy.Pair{pair("web", 1)}}
			}, "was not begun",
		},
		"ended before begun": {
			func() *tale { return fresh().rolling() },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventEnded, OK: true} }, "was not begun",
		},
		"ended after a failure": {
			func() *tale { return fresh().rolling().begun(0).failed(0, deploy.DrainTimeout) },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventEnded, OK: true} }, "was not begun",
		},
		"unknown before begun": {
			func() *tale { return fresh().rolling() },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventUnknown} }, "was not begun",
		},
		"a lane that is done": {
			func() *tale { return fresh().rolling().steps(0, 4) },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventBegun, Attempt: 1} }, "is done",
		},
		"a choice where nothing waits": {
			func() *tale { return fresh().rolling() },
			func(*tale) deploy.Event {
				return deploy.Event{Type: deploy.EventChosen, Act: &deploy.Act{Verb: deploy.ActRetry, By: dev}}
			}, "waits for no decision",
		},
		"a choice without an act": {
			func() *tale { return fresh().rolling().begun(0).failed(0, deploy.DrainTimeout) },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventChosen} }, "names no act",
		},
		"a choice that is none": {
			func() *tale { return fresh().rolling().begun(0).failed(0, deploy.DrainTimeout) },
			func(*tale) deploy.Event {
				return deploy.Event{Type: deploy.EventChosen, Act: &deploy.Act{Verb: deploy.ActApprove, By: dev, Lane: "i-1", Attempt: 1}}
			}, "no decision about an instance",
		},
		"a retry while a command may run": {
			func() *tale {
				return fresh().rolling().steps(0, 1).begun(0).then(deploy.Event{Type: deploy.EventUnknown})
			},
			func(*tale) deploy.Event {
				return deploy.Event{Type: deploy.EventChosen, Act: &deploy.Act{Verb: deploy.ActRetry, By: dev}}
			}, "nobody has looked",
		},
		"an abort before the start": {
			fresh, func(*tale) deploy.Event {
				return deploy.Event{Type: deploy.EventAborted, Act: &deploy.Act{Verb: deploy.ActAbort, By: dev}}
			}, "aborted in state requested",
		},
		"an abort by nobody": {
			func() *tale { return fresh().rolling() },
			func(*tale) deploy.Event { return deploy.Event{Type: deploy.EventAborted} }, "names no act",
		},
		"an end that is none": {fresh, func(*tale) deploy.Event {
			return deploy.Event{Type: deploy.EventFinished, State: deploy.StateRolling}
		}, "not an end"},
		"an end while an instance is out": {
			func() *tale { return fresh().rolling().begun(0) },
			func(*tale) deploy.Event {
				return deploy.Event{Type: deploy.EventFinished, State: deploy.StateSucceeded}
			}, "still out",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.at()
			got, err := deploy.Apply(s.op, s.number(c.event(s)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("the error is %v, not about %q", err, c.want)
			}
			if d := differs(s.op, got); d != "" {
				t.Fatalf("the refused event changed the operation:\n%s", d)
			}
		})
	}
}

func TestTheFirstEventIsARequestWithAPlan(t *testing.T) {
	p := plan(t, request(deploy.KindDeploy, ""), fleet(2, "web", "api"))
	for name, e := range map[string]deploy.Event{
		"a vote":       {Type: deploy.EventVoted, Op: "op-1", Act: &deploy.Act{Verb: deploy.ActApprove, By: lead}},
		"no plan":      {Type: deploy.EventRequested, Op: "op-1"},
		"no operation": {Type: deploy.EventRequested, Plan: &p},
	} {
		e.Version, e.Seq, e.At = deploy.EventVersion, 1, noon
		if _, err := deploy.Apply(deploy.Operation{}, e); err == nil {
			t.Errorf("%s was accepted as the first event", name)
		}
	}
}

// TestApplyIsAValue: folding one future must not show in another that began at the same operation.
func TestApplyIsAValue(t *testing.T) {
	s := tell(t, plan(t, request(deploy.KindDeploy, ""), fleet(2, "web"))).rolling().begun(0).accepted(0).seen(0, pair("web", 1))
	before, err := deploy.Replay(s.events)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []deploy.Event{
		{Type: deploy.EventEnded, OK: true},
		{Type: deploy.EventSeen, Pairs: []deploy.Pair{{Group: "arn:web", Target: "i-9", Port: 1}}},
		{Type: deploy.EventEnded, Cause: deploy.Because(deploy.DrainTimeout)},
		{Type: deploy.EventAborted, Act: &deploy.Act{Verb: deploy.ActAbort, By: dev}},
	} {
		if _, err := deploy.Apply(s.op, s.number(e)); err != nil {
			t.Fatal(err)
		}
		if d := differs(before, s.op); d != "" {
			t.Fatalf("%s changed the operation it was applied to:\n%s", e.Type, d)
		}
	}
}

// TestTheRequestBoundsItsApproval: expires counts from the request, start_within from the quorum.
func TestTheRequestBoundsItsApproval(t *testing.T) {
	s := tell(t, plan(t, request(deploy.KindDeploy, ""), fleet(3, "web")))
	if !s.op.Expires.Equal(after(30*time.Minute)) || !s.op.StartBy.IsZero() {
		t.Errorf("expires %s, start by %s", s.op.Expires, s.op.StartBy)
	}
	s.wait(10 * time.Minute).approved()
	if want := after(130 * time.Minute); !s.op.StartBy.Equal(want) || s.op.State != deploy.StateApproved {
		t.Errorf("start by %s in state %s, not %s", s.op.StartBy, s.op.State, want)
	}
	r := request(deploy.KindDeploy, "")
	r.Rules.Approval = deploy.Approval{None: true, StartWithin: time.Hour}
	if op := tell(t, plan(t, r, fleet(3, "web"))).op; op.State != deploy.StateApproved || !op.StartBy.Equal(after(time.Hour)) {
		t.Errorf("with no approval needed: %s, start by %s", op.State, op.StartBy)
	}
}

func TestAQuorumOfTwo(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.Rules.Approval.Required = 2
	s := tell(t, plan(t, r, fleet(3, "web"))).approved()
	if s.op.State != deploy.StateRequested {
		t.Fatalf("one of two votes makes it %s", s.op.State)
	}
	s.then(deploy.Event{Type: deploy.EventVoted, By: both.ID, Act: &deploy.Act{Verb: deploy.ActApprove, By: both, Hash: s.op.Hash}})
	if s.op.State != deploy.StateApproved {
		t.Fatalf("two of two votes make it %s", s.op.State)
	}
}

// TestARestartGrantsNothing: what another process began is not fresh, until this one has acted itself.
func TestARestartGrantsNothing(t *testing.T) {
	s := tell(t, plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))).rolling().begun(0)
	if !s.op.Lanes[0].Fresh {
		t.Fatal("what this process began is not fresh")
	}
	s.then(deploy.Event{Type: deploy.EventResumed})
	if s.op.Lanes[0].Fresh {
		t.Fatal("what another process began is fresh after the restart")
	}
	if s.accepted(0); !s.op.Lanes[0].Fresh {
		t.Fatal("what this process called is not fresh")
	}
}
