package deploy_test

import (
	"testing"
	"time"

	"junban/deploy"
)

// joining is a rollout whose first instance has been registered again, acknowledged.
func joining(t *testing.T, groups ...string) *tale {
	t.Helper()
	return ruled(t, 1, 1, groups...).steps(0, 3).wait(time.Minute).begun(0).accepted(0)
}

// TestHealthyAgain: in each group, on every port, in a reading newer than the registration.
func TestHealthyAgain(t *testing.T) {
	for name, c := range map[string]struct {
		web, api deploy.Health
		age      time.Duration // of the reading, against the acknowledgement; negative = older
		done     bool
	}{
		"initial in both":                       {deploy.Initial, deploy.Initial, time.Second, false},
		"healthy in one":                        {deploy.Healthy, deploy.Initial, time.Second, false},
		"healthy in the other":                  {deploy.Initial, deploy.Healthy, time.Second, false},
		"healthy in one, not listed in another": {deploy.Healthy, deploy.Absent, time.Second, false},
		"healthy in both":                       {deploy.Healthy, deploy.Healthy, time.Second, true},
		"healthy before it was registered":      {deploy.Healthy, deploy.Healthy, -time.Second, false},
	} {
		s := joining(t, "web", "api").seen(0, pair("web", 1), pair("api", 1))
		at := s.now.Add(c.age)
		s.wait(2 * time.Second)
		d := s.next(seenAt(s.now, reading(at, "web", 3, states{1: c.web}), reading(at, "api", 3, states{1: c.api})))
		if done := len(d.Events) == 1 && d.Events[0].Type == deploy.EventEnded && d.Events[0].OK; done != c.done || len(d.Events) == 0 && len(d.Looks) == 0 {
			t.Errorf("%s: %s", name, told(d))
		}
	}
}

// TestOneReadingOfNotRegisteredIsNotBelieved: AWS was seen to show it 10 s after a register.
func TestOneReadingOfNotRegisteredIsNotBelieved(t *testing.T) {
	for _, c := range []struct {
		since    time.Duration
		prior    deploy.Health
		believed bool
	}{{10 * time.Second, deploy.Absent, false}, {29 * time.Second, deploy.Absent, false}, {time.Minute, deploy.Initial, false}, {time.Minute, deploy.Absent, true}} {
		s := joining(t, "web").seen(0, pair("web", 1)).wait(c.since)
		seen := seenAt(s.now, reading(s.now, "web", 3, states{1: deploy.Absent}))
		seen.Prior["arn:web"] = reading(s.now.Add(-time.Second), "web", 3, states{1: c.prior})
		d := s.next(seen)
		if said := len(d.Events) == 1 && d.Events[0].Cause.Code == deploy.TakenByOther; said != c.believed {
			t.Errorf("after %s, before %q: %s", c.since, c.prior, told(d))
		}
	}
}

// TestARegisterAfterARestart: registered already: no second call; never seen registered: called; seen and gone: asked.
func TestARegisterAfterARestart(t *testing.T) {
	at := func() *tale {
		return ruled(t, 1, 1, "web").steps(0, 3).begun(0).then(deploy.Event{Type: deploy.EventResumed}).wait(time.Second)
	}
	s := at()
	e := event(t, s.next(seenAt(s.now, reading(s.now, "web", 3, states{1: deploy.Initial}))), deploy.EventSeen)
	s.then(e)
	event(t, s.next(seenAt(s.now, reading(s.now, "web", 3, states{1: deploy.Initial}))), deploy.EventAccepted)

	s = at()
	if e, ok := ordered(s.next(seenAt(s.now, reading(s.now, "web", 3, states{1: deploy.Absent}))), deploy.DoRegister); !ok || e.Pairs[0] != pair("web", 1) {
		t.Error("what was never seen registered is not registered")
	}
	if d := s.next(seenAt(s.now, reading(s.now.Add(-time.Minute), "web", 3, states{1: deploy.Absent}))); len(d.Do) > 0 {
		t.Errorf("called on an old reading: %s", told(d))
	}

	s = joining(t, "web").seen(0, pair("web", 1)).then(deploy.Event{Type: deploy.EventResumed}).wait(time.Minute)
	seen := seenAt(s.now, reading(s.now, "web", 3, states{1: deploy.Absent}))
	seen.Prior["arn:web"] = reading(s.now.Add(-time.Second), "web", 3, states{1: deploy.Absent})
	if e := event(t, s.next(seen), deploy.EventEnded); e.Cause.Code != deploy.TakenByOther {
		t.Errorf("seen registered and now gone: %s", e.Cause)
	}
}

func TestATargetThatCannotBecomeHealthyIsSaidAtOnce(t *testing.T) {
	s := joining(t, "web").seen(0, pair("web", 1)).wait(time.Second)
	r := reading(s.now, "web", 3, states{1: deploy.Unused})
	r.Targets[0].Reason = "Target.NotInUse"
	if e := event(t, s.next(seenAt(s.now, r)), deploy.EventEnded); e.Cause.Code != deploy.NeverHealthy {
		t.Error(e.Cause)
	}
	s = joining(t, "web").seen(0, pair("web", 1)).wait(6 * time.Minute)
	if e := event(t, s.next(seenAt(s.now, reading(s.now, "web", 3, states{1: deploy.Unhealthy}))), deploy.EventEnded); e.Cause.Code != deploy.HealthTimeout {
		t.Error(e.Cause)
	}
	if e := event(t, s.next(seenAt(s.now, reading(s.now, "web", 3, nil))), deploy.EventEnded); !e.OK {
		t.Error("healthy after its deadline, and still failed")
	}
}

// TestAnAddressIsNotRegisteredWhileItDrains: an instance may be, an ip target may not.
func TestAnAddressIsNotRegisteredWhileItDrains(t *testing.T) {
	for typ, wait := range map[string]bool{"ip": true, "instance": false} {
		f := fleet(3, "web")
		f.Groups[0].Type = typ
		s := tell(t, plan(t, request(deploy.KindDeploy, ""), f)).rolling().begun(0).accepted(0).aborted()
		d := s.next(seenAt(s.now, reading(s.now, "web", 3, states{1: deploy.Draining})))
		if begun := len(d.Events) == 1 && d.Events[0].Type == deploy.EventBegun; begun == wait {
			t.Errorf("type %s: %s", typ, told(d))
		}
	}
}
