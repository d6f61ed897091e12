package deploy

import (
	"fmt"
	"slices"
	"time"
)

// Course is which way an operation goes: on, to its end in order, or back to the ref before. The latest order wins.
type Course string

const (
	CourseOn    Course = ""
	CourseAbort Course = "abort"
	CourseBack  Course = "back"
)

// Aborting reports whether the operation ends in order, because somebody aborted it or a rule stopped it.
func (o Operation) Aborting() bool { return o.Course == CourseAbort }

// TurnedBack reports whether the operation goes back to the ref before.
func (o Operation) TurnedBack() bool { return o.Course == CourseBack }

// cancelling reports whether commands in flight are to be cancelled: somebody aborted twice.
func (o Operation) cancelling() bool { return o.Aborting() && len(o.Aborts) > 1 }

// bend sets a new course and lets every lane follow it.
func (o *Operation) bend(c Course, now time.Time) {
	o.Course, o.Asked, o.AskedAt, o.Called = c, Cause{}, time.Time{}, 0
	o.State, o.Paused, o.PausedAt = StateRolling, nil, time.Time{}
	for i := range o.Lanes {
		o.follow(o.lane(i), now, true)
	}
}

// follow lets a lane follow the operation's course: when the course changes (turn), and when a step of it has ended.
func (o *Operation) follow(l *LaneState, now time.Time, turn bool) {
	switch {
	case o.Aborting():
		l.abort(now)
	case o.TurnedBack() && (turn || l.Turning || l.Chore()):
		l.turn(o.laid(l.Name), now)
	}
}

// laid are the steps that the plan has laid for an instance.
func (o *Operation) laid(name string) []Step {
	for _, l := range o.Plan.Lanes {
		if l.Name == name {
			return l.Steps
		}
	}
	return nil
}

func foldAborted(o *Operation, e Event) error {
	if e.Act == nil {
		return fmt.Errorf("it names no act")
	}
	if !o.State.Rolling() {
		return fmt.Errorf("aborted in state %s", o.State)
	}
	if len(o.Aborts) > 1 {
		return fmt.Errorf("aborted a third time")
	}
	o.Aborts = append(slices.Clone(o.Aborts), *e.Act)
	o.bend(CourseAbort, e.At)
	return nil
}

func foldStopped(o *Operation, e Event) error {
	if !o.State.Rolling() || o.Course != CourseOn {
		return fmt.Errorf("stopped in state %s, course %q", o.State, o.Course)
	}
	o.Stopped = e.Cause
	o.bend(CourseAbort, e.At)
	return nil
}

func foldTurned(o *Operation, e Event) error {
	if !o.State.Rolling() {
		return fmt.Errorf("turned back in state %s", o.State)
	}
	if o.Plan.Kind != KindDeploy || o.Turned != nil {
		return fmt.Errorf("nothing rolls back a rollback")
	}
	if o.Plan.Preview.Previous == "" {
		return fmt.Errorf("no ref before is known")
	}
	o.Turned = &Turn{By: e.By, Cause: e.Cause, At: e.At}
	o.bend(CourseBack, e.At)
	return nil
}

// abort makes of the lane what an abort makes of it: one that was never touched is skipped; one whose command has not
// begun is put back; one whose command failed is held; one whose command runs goes on, and into service if it succeeds.
func (l *LaneState) abort(now time.Time) {
	step, ok := l.Step()
	l.Turning = false
	switch {
	case l.Phase == PhaseDone || !ok || l.Leaving || l.Phase == PhaseUnknown:
	case l.Chore():
		if l.Phase == PhaseDue || l.Phase == PhaseFailed {
			l.done(OutcomeSkipped, now)
		}
	case !l.Touched:
		l.done(OutcomeSkipped, now)
	case l.Phase == PhaseFailed && (l.Ran || l.Joining || step.Verb == VerbJoin || l.Cause.Code == InstanceGone):
		l.leaveOut(now)
	case l.Joining:
	case l.Phase == PhaseFailed, step.Verb.drains(), step.Verb.deploys() && l.Phase == PhaseDue && !l.Ran:
		l.wayBack()
	case step.Verb.deploys() && l.Phase == PhaseDue, step.Verb == VerbJoin && l.At == 0 && l.Phase == PhaseDue:
		l.leaveOut(now) // a new attempt that has not begun, after one that failed; a restore that has not begun
	}
}

// turn makes of the lane what going back makes of it: one on which no command has begun is put back or skipped; one
// that was deployed to leaves once more and gets the ref before; a command that runs is let end first.
func (l *LaneState) turn(laid []Step, now time.Time) {
	step, _ := l.Step()
	running := l.Phase == PhaseBegun || l.Phase == PhaseAccepted
	switch {
	case l.Chore():
		if l.Phase == PhaseDue || l.Phase == PhaseFailed {
			l.done(OutcomeSkipped, now)
		}
	case l.Phase == PhaseDone:
		serves := l.Outcome == OutcomeDone || l.Outcome == OutcomePutBack
		if l.Ran && (serves || l.Outcome == OutcomeHeld && l.Choice == nil && l.Cause.Code != InstanceGone) { // held by an abort, and by no decision about it
			l.Touched, l.LeftOut, l.Outcome, l.EndAt = !serves, false, OutcomeNone, time.Time{}
			l.revert(laid, serves)
		}
	case l.Leaving:
	case !l.Touched:
		l.done(OutcomeSkipped, now)
	case l.Phase == PhaseUnknown, running && (step.Verb.deploys() || step.Verb == VerbVerify):
		l.Turning = true // not before it is known how that ends
	case l.Phase == PhaseFailed && l.Cause.Code == InstanceGone:
		l.leaveOut(now)
	case !l.Ran && l.Joining:
	case !l.Ran:
		l.wayBack()
	default:
		serves := step.Verb == VerbJoin && (running || l.Phase == PhaseFailed || l.Joining) || l.Cause.Code == PutBackByOther
		l.revert(laid, serves || step.Verb.drains())
	}
}

// revert replaces what is left of the lane by the way to the ref before: out of service again if it may be in service,
// the rollback command, its verification, and back.
func (l *LaneState) revert(laid []Step, serves bool) {
	l.Steps = slices.Clone(l.Steps[:min(l.At, len(l.Steps))])
	l.At = len(l.Steps)
	for _, s := range laid {
		switch {
		case s.Verb.drains() && !serves:
			continue
		case s.Verb == VerbCommand:
			s.Verb = VerbRevert
		}
		l.Steps = append(l.Steps, s)
	}
	l.Attempt++
	l.Phase, l.Choice, l.Cause = PhaseDue, nil, Cause{}
	l.Reverting, l.Turning, l.Joining, l.Leaving = true, false, false, false
}

// drains reports whether the verb takes an instance out of service.
func (v Verb) drains() bool { return v == VerbLeave || v == VerbIdle }

// deploys reports whether the verb changes what is on the host.
func (v Verb) deploys() bool { return v == VerbCommand || v == VerbRevert }

// leaves reports whether the lane's plan takes the instance out of a load balancer.
func (l *LaneState) leaves() bool {
	for i := range l.Steps {
		if l.Steps[i].Verb == VerbLeave {
			return true
		}
	}
	return false
}
