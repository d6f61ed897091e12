package deploy_test

import (
	"slices"
	"testing"
	"time"

	"junban/deploy"
)

// turned turns a tale's rollout back.
func (s *tale) turned() *tale {
	s.t.Helper()
	return s.then(deploy.Event{Type: deploy.EventTurned, By: dev.ID, Act: &deploy.Act{Verb: deploy.ActRollback, By: dev}})
}

// decided lets the core write what it has to until it writes nothing more, and answers its last decision.
func (s *tale) decided(seen deploy.Seen) deploy.Decision {
	s.t.Helper()
	for range 20 {
		d := s.next(seen)
		if len(d.Events) == 0 {
			return d
		}
		s.then(d.Events[0])
	}
	s.t.Fatal("it goes in circles")
	return deploy.Decision{}
}

// One that is out and has to leave once more is not kept behind those that are kept in service.
func TestWhatIsOutIsNotKeptBehindWhatIsInService(t *testing.T) {
	s := ruled(t, 2, 2, "web").begun(0).accepted(0).begun(1).accepted(1).ended(0).ended(1)
	s.steps(1, 3).steps(0, 2).begun(0).accepted(0).failed(0, deploy.HealthTimeout).turned()
	s.wait(time.Minute).decided(seenAt(s.now, reading(s.now, "web", 3, states{1: deploy.Unhealthy, 3: deploy.Unhealthy})))
	if got := s.op.Lanes[1]; got.Touched || got.Gate.Code != deploy.GateHealthy {
		t.Errorf("web-2, the last but one that is healthy: %+v", got)
	}
	if got := s.op.Lanes[0]; got.Phase != deploy.PhaseBegun {
		t.Errorf("web-1, which is not healthy: %s", got.Phase)
	}
}

// A zone that opens again for a new attempt does not keep what has begun to leave in the next one: each would wait for
// the other.
func TestAnEarlierZoneDoesNotHoldUpWhatHasBegun(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.Rules.Tolerate = 1
	f := fleet(3, "web")
	for n := 2; n <= 3; n++ {
		i := f.Instances[instance(n)]
		i.Zone = "b"
		f.Instances[i.ID] = i
	}
	s := tell(t, plan(t, r, f)).rolling().failed(0, deploy.Vanished).begun(1).wait(time.Minute).chosen(0, deploy.ActRetry)
	d := s.decided(seenAt(s.now, reading(s.now, "web", 3, nil)))
	if e, ok := ordered(d, deploy.DoDeregister); !ok || e.Lane != 1 {
		t.Errorf("decided %s", told(d))
	}
}

// Each zone is finished before the next one opens; what waits for a decision does not keep it shut.
func TestASecondZoneOpensWhenTheFirstIsFinished(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.Rules.MaxUnavailable.N, r.Rules.Tolerate = 2, 1
	f := fleet(4, "web")
	for n, zone := range []string{"a", "b", "a", "b"} {
		i := f.Instances[instance(n+1)]
		i.Zone = zone
		f.Instances[i.ID] = i
	}
	s := tell(t, plan(t, r, f)).rolling()
	left := func() string {
		s.decided(seenAt(s.now, reading(s.now, "web", 4, nil)))
		out := ""
		for _, l := range s.op.Lanes {
			if l.Touched {
				out += l.Name + " "
			}
		}
		return out
	}
	if got := left(); got != "i-1 i-3 " {
		t.Errorf("first %s", got)
	}
	s.accepted(0).ended(0).steps(0, 3)
	if got := left(); got != "i-1 i-3 " {
		t.Errorf("while web-3 is out, %s", got)
	}
	s.accepted(2).ended(2).begun(2).accepted(2).failed(2, deploy.CommandFailed)
	if got := left(); got != "i-1 i-2 i-3 " {
		t.Errorf("when web-3 has failed, %s", got)
	}
}

// A new attempt at an instance that did not come back with the ref before does not give it the new one again.
func TestARetryOnTheWayBackGoesBack(t *testing.T) {
	s := ruled(t, 1, 1, "web").steps(0, 2).begun(0).accepted(0).failed(0, deploy.VerifyFailed).turned()
	s.steps(0, 2).begun(0).accepted(0).failed(0, deploy.HealthTimeout).chosen(0, deploy.ActRetry)
	var left []deploy.Verb
	for _, step := range s.op.Lanes[0].Steps[s.op.Lanes[0].At:] {
		left = append(left, step.Verb)
	}
	if want := []deploy.Verb{deploy.VerbLeave, deploy.VerbRevert, deploy.VerbVerify, deploy.VerbJoin}; !slices.Equal(left, want) {
		t.Errorf("left to do: %v", left)
	}
	if l := s.op.Lanes[0]; l.Attempt != 3 || l.Choice == nil {
		t.Errorf("attempt %d, chosen by %v", l.Attempt, l.Choice)
	}
}

// Two that are out when a rollout with a canary turns back do not wait for each other.
func TestTheWayBackOfACanaryIsAsWideAsTheWindow(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.Rules.MaxUnavailable.N, r.Rules.Canary.Instances = 2, 1
	s := tell(t, plan(t, r, fleet(4, "web"))).rolling().steps(0, 4)
	s.begun(1).accepted(1).ended(1).begun(2).accepted(2).ended(2).steps(1, 2).steps(2, 2)
	s.begun(1).accepted(1).begun(2).accepted(2).turned()
	s.decided(seenAt(s.now, reading(s.now, "web", 4, states{2: deploy.Initial, 3: deploy.Initial})))
	for i := 1; i <= 2; i++ {
		if got := s.op.Lanes[i]; got.Phase != deploy.PhaseBegun {
			t.Errorf("%s: %s", got.Name, got.Phase)
		}
	}
}

// While a question stands nothing more leaves, though the gates that asked it would let another go.
func TestAQuestionHalts(t *testing.T) {
	s := ruled(t, 2, 1, "web").then(deploy.Event{Type: deploy.EventAsked, Cause: deploy.Because(deploy.Overdue)})
	if d := s.next(seenAt(s.now, reading(s.now, "web", 3, nil))); len(d.Events) != 0 {
		t.Errorf("decided %s", told(d))
	}
}
