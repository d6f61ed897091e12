package deploy_test

import (
	"testing"
	"time"

	"junban/deploy"
)

// idling is a rollout whose first instance has left; the host is asked when it is idle.
func idling(t *testing.T, settle time.Duration) *tale {
	r := request(deploy.KindDeploy, "")
	r.Rules.Drain = deploy.Drain{Idle: true, Settle: settle}
	return tell(t, plan(t, r, fleet(3, "web"))).rolling().begun(0).accepted(0)
}

// A pair whose leave has ended without having been seen draining, since it was gone at once, is drained.
func TestWhatWasGoneBeforeItWasSeenDrainingIsDrained(t *testing.T) {
	s := idling(t, 10*time.Second).wait(25 * time.Second).ended(0).begun(0).wait(time.Second)
	d := deploy.Next(s.op, seenAt(s.now, reading(s.now, "web", 3, map[int]deploy.Health{1: deploy.Absent})), s.now)
	if e := event(t, d, deploy.EventEnded); !e.OK {
		t.Errorf("it failed: %s", e.Cause)
	}
}

func TestTheHostIsNotAskedBeforeItHasSettled(t *testing.T) {
	s := idling(t, 20*time.Second).seen(0, pair("web", 1)).ended(0).begun(0)
	look := func(at time.Duration) deploy.Decision {
		now := s.now.Add(at)
		return deploy.Next(s.op, seenAt(now, reading(now, "web", 3, map[int]deploy.Health{1: deploy.Draining})), now)
	}
	if d := look(19 * time.Second); len(d.Do) != 0 {
		t.Errorf("after 19 s: %s", told(d))
	}
	e, ok := ordered(look(20*time.Second), deploy.DoSend)
	if !ok || !e.Job.Read || len(e.Job.Ports) != 1 || e.Job.Ports[0] != 8080 {
		t.Errorf("after 20 s: %+v", e)
	}
	s.wait(15 * time.Second).then(deploy.Event{Type: deploy.EventResumed}) // what is safe by time begins anew with each process
	if d := look(19 * time.Second); len(d.Do) != 0 {
		t.Errorf("19 s after a restart: %s", told(d))
	}
}

// An answer that cannot tell is told once, and the deregistration delay is waited out.
func TestAProbeThatCannotTellIsWaitedOut(t *testing.T) {
	s := idling(t, 0).seen(0, pair("web", 1)).ended(0).begun(0).wait(5 * time.Second)
	seen := seenAt(s.now, reading(s.now, "web", 3, map[int]deploy.Health{1: deploy.Draining}))
	e, ok := ordered(deploy.Next(s.op, seen, s.now), deploy.DoSend)
	if !ok {
		t.Fatal("the host is not asked")
	}
	seen.Effects[e.EffectKey] = deploy.EffectSeen{Done: true, Made: "1"}
	wait := e.EffectKey
	wait.Kind = deploy.DoWait
	seen.Effects[wait] = deploy.EffectSeen{Done: true, Report: &deploy.Report{State: deploy.ReportExited, Exit: 75, Output: "no listener on 8080\nx"}}
	n := event(t, deploy.Next(s.op, seen, s.now), deploy.EventNoted)
	if n.Cause.Code != deploy.IdleNot || n.Cause.Values["why"] != "no listener on 8080" {
		t.Errorf("it says %s", n.Cause)
	}
	s.then(n)
	if d := deploy.Next(s.op, seen, s.now); len(d.Events)+len(d.Do) != 0 {
		t.Errorf("and then %s", told(d))
	}
	s.wait(20 * time.Second)
	seen = seenAt(s.now, reading(s.now, "web", 3, map[int]deploy.Health{1: deploy.Absent}))
	if e := event(t, deploy.Next(s.op, seen, s.now), deploy.EventEnded); !e.OK {
		t.Errorf("it failed: %s", e.Cause)
	}
}

// Draining is enough for a command only where the host has been asked.
func TestNoCommandOnAnInstanceThatDrains(t *testing.T) {
	for _, asked := range []bool{false, true} {
		r := request(deploy.KindDeploy, "")
		r.Rules.Drain.Idle = asked
		s := tell(t, plan(t, r, fleet(3, "web"))).rolling().begun(0).accepted(0).seen(0, pair("web", 1)).ended(0)
		if asked {
			s.begun(0).ended(0)
		}
		s.wait(20 * time.Second)
		d := s.next(seenAt(s.now, reading(s.now, "web", 3, states{1: deploy.Draining})))
		if begun := len(d.Events) == 1 && d.Events[0].Type == deploy.EventBegun; begun != asked {
			t.Errorf("asked %t: %s", asked, told(d))
		}
	}
}
