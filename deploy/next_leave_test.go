package deploy_test

import (
	"testing"
	"time"

	"junban/deploy"
)

func (s *tale) next(seen deploy.Seen) deploy.Decision { return deploy.Next(s.op, seen, s.now) }

// ruled is a rollout that rolls under the given window and minimum, over three instances.
func ruled(t *testing.T, window, minimum int, groups ...string) *tale {
	t.Helper()
	r := request(deploy.KindDeploy, "")
	r.Rules.MaxUnavailable, r.Rules.MinHealthy = deploy.Count{N: window}, deploy.Count{N: minimum}
	return tell(t, plan(t, r, fleet(3, groups...))).rolling()
}

type states = map[int]deploy.Health

// TestTheGates: what must hold before an instance leaves service (I1).
func TestTheGates(t *testing.T) {
	two := []string{"web", "api"}
	for name, c := range map[string]struct {
		window, minimum int
		groups          []string
		web, api        states
		code            deploy.Code // "" = it may leave
		group           string
	}{
		"all well, minimum 2 of 3":         {1, 2, two, nil, nil, "", ""},
		"one other is ill, minimum 2":      {1, 2, two, states{2: deploy.Unhealthy}, nil, deploy.GateHealthy, "web"},
		"one other has gone, minimum 2":    {1, 2, two, states{3: deploy.Absent}, nil, deploy.GateHealthy, "web"},
		"one other is draining, minimum 2": {1, 2, two, states{3: deploy.Draining}, nil, deploy.GateHealthy, "web"},
		"one other starts, minimum 2":      {1, 2, two, states{3: deploy.Initial}, nil, deploy.GateHealthy, "web"},
		"ill in the second group only":     {1, 2, two, nil, states{2: deploy.Unhealthy}, deploy.GateHealthy, "api"},
		"one other is ill, minimum 1":      {1, 1, two, states{2: deploy.Unhealthy}, states{3: deploy.Unhealthy}, "", ""},
		"itself ill, takes nothing away":   {1, 2, two, states{1: deploy.Unhealthy}, states{1: deploy.Unhealthy}, "", ""},
		"itself ill in one group only":     {1, 2, two, states{1: deploy.Unhealthy, 2: deploy.Unhealthy}, nil, "", ""},
		"none is well":                     {1, 0, two, states{1: deploy.Unhealthy, 2: deploy.Unhealthy, 3: deploy.Unhealthy}, nil, deploy.FailOpen, "web"},
		"the last one, minimum 0":          {1, 0, two, states{2: deploy.Unhealthy, 3: deploy.Unhealthy}, nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := ruled(t, c.window, c.minimum, c.groups...)
			d := s.next(seenAt(s.now, reading(s.now, "web", 3, c.web), reading(s.now, "api", 3, c.api)))
			if c.code == "" {
				if e := event(t, d, deploy.EventBegun); e.Lane != 0 || e.Attempt != 1 {
					t.Fatalf("%+v", e)
				}
				return
			}
			told := deploy.EventGated
			if c.code == deploy.FailOpen {
				told = deploy.EventAsked // a person confirms
			}
			e := event(t, d, told)
			if e.Cause.Code != c.code || e.Cause.Values["group"] != c.group {
				t.Fatalf("refused by %s", e.Cause)
			}
			s.then(e)
			if d := s.next(seenAt(s.now, reading(s.now, "web", 3, c.web), reading(s.now, "api", 3, c.api))); len(d.Events) > 0 || len(d.Looks) == 0 {
				t.Fatalf("said again, or never looked at again: %v", d)
			}
		})
	}
}

// TestTwoPortsOfOneInstanceAreOneInstance: healthy targets are counted as distinct instances, each well on every port.
func TestTwoPortsOfOneInstanceAreOneInstance(t *testing.T) {
	f := fleet(3, "web")
	for k := range 3 {
		second := f.Groups[0].Targets[k]
		second.Port = 8081
		f.Groups[0].Targets = append(f.Groups[0].Targets, second)
	}
	r := request(deploy.KindDeploy, "")
	r.Rules.MinHealthy = deploy.Count{N: 2}
	s := tell(t, plan(t, r, f)).rolling()
	read := deploy.Reading{Begun: s.now, Targets: f.Groups[0].Targets}
	event(t, s.next(seenAt(s.now, read)), deploy.EventBegun)
	read.Targets[4].State = deploy.Unhealthy // web-2, second port
	event(t, s.next(seenAt(s.now, read)), deploy.EventGated)
}

// TestAnOldReadingOpensNoGate: neither for the intent nor for the call.
func TestAnOldReadingOpensNoGate(t *testing.T) {
	for age, fresh := range map[time.Duration]bool{0: true, 2 * time.Second: true, 2*time.Second + 1: false, time.Minute: false} {
		s := ruled(t, 1, 1, "web")
		d := s.next(seenAt(s.now, reading(s.now.Add(-age), "web", 3, nil)))
		if begun := len(d.Events) == 1 && d.Events[0].Type == deploy.EventBegun; begun != fresh {
			t.Errorf("a reading %s old: %s", age, told(d))
		}
		s.begun(0)
		d = s.next(seenAt(s.now, reading(s.now.Add(-age), "web", 3, nil)))
		e, called := ordered(d, deploy.DoDeregister)
		if called != fresh {
			t.Errorf("deregister on a reading %s old: %s", age, told(d))
		}
		if called && !e.NotAfter.Equal(s.now.Add(-age).Add(2*time.Second)) {
			t.Errorf("the call may be made until %s", e.NotAfter.Sub(s.now))
		}
		if !fresh && len(d.Looks) == 0 {
			t.Errorf("no new look: %s", told(d))
		}
	}
}

func TestMaxUnavailable(t *testing.T) {
	for window, leave := range map[int]bool{1: false, 2: true} {
		s := ruled(t, window, 0, "web").begun(0).accepted(0).seen(0, pair("web", 1))
		s.wait(time.Second)
		d := s.next(seenAt(s.now, reading(s.now, "web", 3, states{1: deploy.Draining})))
		if begun := len(d.Events) == 1 && d.Events[0].Type == deploy.EventBegun && d.Events[0].Lane == 1; begun != leave {
			t.Errorf("with max_unavailable %d: %s", window, told(d))
		}
	}
	// One that failed still counts; one that a person left out counts no longer, but is not healthy either.
	for verb, next := range map[deploy.ActVerb]deploy.Type{deploy.ActLeaveOut: deploy.EventBegun, deploy.ActRetry: ""} {
		s := ruled(t, 1, 1, "web").steps(0, 1).begun(0).failed(0, deploy.CommandFailed).chosen(0, verb).wait(time.Second)
		if verb == deploy.ActRetry {
			s.begun(0)
		}
		d := s.next(seenAt(s.now, reading(s.now, "web", 3, states{1: deploy.Absent})))
		got := deploy.Type("")
		if len(d.Events) > 0 {
			got = d.Events[0].Type
		}
		if got != next {
			t.Errorf("after %s: %s", verb, told(d))
		}
	}
	s := ruled(t, 1, 2, "web").steps(0, 1).begun(0).failed(0, deploy.CommandFailed).chosen(0, deploy.ActLeaveOut).wait(time.Second)
	d := s.next(seenAt(s.now, reading(s.now, "web", 3, nil))) // an old reading may still show it as well
	if e := event(t, d, deploy.EventGated); e.Cause.Values["healthy"] != "1" {
		t.Errorf("what is left out counts as healthy: %s", e.Cause)
	}
}

// TestEveryTryOfADeregisterPassesTheGates: also the one after a throttled one, and the one after a restart.
func TestEveryTryOfADeregisterPassesTheGates(t *testing.T) {
	key := deploy.EffectKey{Kind: deploy.DoDeregister, Attempt: 1}
	throttled := deploy.EffectSeen{Tries: 1, First: after(time.Second), Last: after(time.Second), Fault: &deploy.Fault{Class: deploy.Throttled}}
	for name, c := range map[string]struct {
		try     deploy.EffectSeen
		resumed bool
	}{"first": {}, "again": {try: throttled}, "after a restart": {resumed: true}} {
		s := ruled(t, 1, 2, "web").begun(0)
		if c.resumed {
			s.then(deploy.Event{Type: deploy.EventResumed})
		}
		s.wait(time.Minute)
		seen := seenAt(s.now, reading(s.now, "web", 3, states{3: deploy.Unhealthy}))
		seen.Effects[key] = c.try
		if e := event(t, s.next(seen), deploy.EventGated); e.Cause.Code != deploy.GateHealthy {
			t.Errorf("%s: %s", name, e.Cause)
		}
		seen.Groups["arn:web"] = reading(s.now, "web", 3, nil)
		if d := s.next(seen); len(d.Do) != 1 || d.Do[0].Kind != deploy.DoDeregister || d.Do[0].Pairs[0] != pair("web", 1) {
			t.Errorf("%s, with all well: %s", name, told(d))
		}
	}
}

// TestDrained: a command may follow only when every pair has been seen leaving and is gone (I3).
func TestDrained(t *testing.T) {
	web, api := pair("web", 1), pair("api", 1)
	for name, c := range map[string]struct {
		seen     []deploy.Pair // draining, since the intent
		web, api deploy.Health
		prior    bool          // the reading before shows the same
		since    time.Duration // from the acknowledgement to the latest reading
		resumed  bool
		done     bool
	}{
		"still in both groups":               {nil, deploy.Healthy, deploy.Healthy, false, time.Second, false, false},
		"draining in both":                   {[]deploy.Pair{web, api}, deploy.Draining, deploy.Draining, true, 10 * time.Second, false, false},
		"gone from one, draining in another": {[]deploy.Pair{web, api}, deploy.Absent, deploy.Draining, true, 25 * time.Second, false, false},
		"gone from both":                     {[]deploy.Pair{web, api}, deploy.Absent, deploy.Absent, false, 25 * time.Second, false, true},
		"gone early, seen draining":          {[]deploy.Pair{web, api}, deploy.Absent, deploy.Absent, false, time.Second, false, true},
		"gone, one never seen draining":      {[]deploy.Pair{web}, deploy.Absent, deploy.Absent, false, 25 * time.Second, false, false},
		"never seen draining, one reading":   {nil, deploy.Absent, deploy.Absent, false, 25 * time.Second, false, false},
		"never seen draining, too early":     {nil, deploy.Absent, deploy.Absent, true, 15 * time.Second, false, false},
		"never seen draining, two readings":  {nil, deploy.Absent, deploy.Absent, true, 25 * time.Second, false, true},
		"the same after a restart":           {nil, deploy.Absent, deploy.Absent, true, 25 * time.Second, true, false},
		"seen draining before the restart":   {[]deploy.Pair{web, api}, deploy.Absent, deploy.Absent, false, 25 * time.Second, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := ruled(t, 1, 1, "web", "api").begun(0).accepted(0)
			if len(c.seen) > 0 {
				s.seen(0, c.seen...)
			}
			if c.resumed {
				s.then(deploy.Event{Type: deploy.EventResumed})
			}
			s.wait(c.since)
			seen := seenAt(s.now, reading(s.now, "web", 3, states{1: c.web}), reading(s.now, "api", 3, states{1: c.api}))
			if c.prior {
				was := s.now.Add(-500 * time.Millisecond)
				seen.Prior["arn:web"], seen.Prior["arn:api"] = reading(was, "web", 3, states{1: c.web}), reading(was, "api", 3, states{1: c.api})
			}
			d := s.next(seen)
			if done := len(d.Events) == 1 && d.Events[0].Type == deploy.EventEnded && d.Events[0].OK; done != c.done {
				t.Fatalf("%s", told(d))
			}
			if _, again := ordered(d, deploy.DoDeregister); again != (name == "the same after a restart") {
				t.Fatalf("%s", told(d))
			}
		})
	}
}

// TestAReadingOlderThanTheAcknowledgementSaysNothingOfIt.
func TestAReadingOlderThanTheAcknowledgementSaysNothingOfIt(t *testing.T) {
	s := ruled(t, 1, 1, "web").begun(0).accepted(0)
	d := s.next(seenAt(s.now, reading(s.now.Add(-time.Second), "web", 3, states{1: deploy.Draining})))
	if len(d.Events) > 0 || len(d.Looks) == 0 {
		t.Fatal(told(d))
	}
}

// TestPutBackByAnotherHand: back in service after it was seen draining is said once two late readings agree.
func TestPutBackByAnotherHand(t *testing.T) {
	for seen, code := range map[bool]deploy.Code{true: deploy.PutBackByOther, false: deploy.StillInService} {
		for _, c := range []struct {
			since time.Duration
			prior deploy.Health
			said  bool
		}{{5 * time.Second, deploy.Healthy, false}, {40 * time.Second, deploy.Absent, false}, {40 * time.Second, deploy.Healthy, true}} {
			s := ruled(t, 1, 1, "web").begun(0).accepted(0)
			if seen {
				s.seen(0, pair("web", 1))
			}
			s.wait(c.since)
			was := seenAt(s.now, reading(s.now, "web", 3, nil))
			was.Prior["arn:web"] = reading(s.now.Add(-time.Second), "web", 3, states{1: c.prior})
			d := s.next(was)
			if said := len(d.Events) == 1 && !d.Events[0].OK && d.Events[0].Cause.Code == code; said != c.said {
				t.Errorf("after %s, before %q: %s", c.since, c.prior, told(d))
			}
		}
	}
}

// TestADrainThatNeverEnds fails only on a reading newer than its deadline: what is read then wins.
func TestADrainThatNeverEnds(t *testing.T) {
	s := ruled(t, 1, 1, "web").begun(0).accepted(0).seen(0, pair("web", 1)).wait(5 * time.Minute)
	seen := seenAt(s.now, reading(s.now.Add(-time.Minute), "web", 3, states{1: deploy.Draining}))
	if d := s.next(seen); len(d.Events) > 0 || len(d.Looks) == 0 {
		t.Fatalf("on a reading older than the deadline: %s", told(d))
	}
	seen.Groups["arn:web"] = reading(s.now, "web", 3, states{1: deploy.Draining})
	if e := event(t, s.next(seen), deploy.EventEnded); e.Cause.Code != deploy.DrainTimeout {
		t.Fatalf("%s", e.Cause)
	}
	seen.Groups["arn:web"] = reading(s.now, "web", 3, states{1: deploy.Absent})
	if e := event(t, s.next(seen), deploy.EventEnded); !e.OK {
		t.Fatalf("drained after its deadline: %s", e.Cause)
	}
}

// TestWhatIsOutIsNotHealthyWhateverAReadingShows: AWS may go on showing a target healthy after its deregister.
func TestWhatIsOutIsNotHealthyWhateverAReadingShows(t *testing.T) {
	s := ruled(t, 2, 2, "web").begun(0).wait(time.Second)
	seen := seenAt(s.now, reading(s.now, "web", 3, nil))
	seen.Effects[deploy.EffectKey{Kind: deploy.DoDeregister, Attempt: 1}] = deploy.EffectSeen{Running: true}
	if e := event(t, s.next(seen), deploy.EventGated); e.Lane != 1 || e.Cause.Code != deploy.GateHealthy || e.Cause.Values["healthy"] != "1" {
		t.Fatalf("lane %d: %s", e.Lane, e.Cause)
	}
}

// TestOneThatSomebodyElseTookOutIsLeftAlone: a lane whose instance is out before its turn takes a second look, and fails.
func TestOneThatSomebodyElseTookOutIsLeftAlone(t *testing.T) {
	for _, out := range []deploy.Health{deploy.Draining, deploy.Absent} {
		s := ruled(t, 1, 1, "web")
		seen := seenAt(s.now, reading(s.now, "web", 3, states{1: out}))
		d := s.next(seen)
		if len(d.Events) > 0 || len(d.Do) > 0 || len(d.Looks) != 1 {
			t.Fatalf("%q in one reading: decided %s", out, told(d))
		}
		seen.Prior["arn:web"] = reading(s.now.Add(-time.Second), "web", 3, nil)
		if d := s.next(seen); len(d.Events) > 0 || len(d.Looks) != 1 {
			t.Fatalf("%q after a reading in which it was well: decided %s", out, told(d))
		}
		seen.Prior["arn:web"] = reading(s.now.Add(-time.Second), "web", 3, states{1: deploy.Draining})
		if e := event(t, s.next(seen), deploy.EventEnded); e.Lane != 0 || e.OK || e.Cause.Code != deploy.Vanished {
			t.Fatalf("%q in two readings: %+v", out, e)
		}
	}
}
