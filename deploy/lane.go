package deploy

import (
	"fmt"
	"slices"
	"time"
)

// foldChosen carries out a person's decision about an instance that failed or whose command nobody can speak for.
func foldChosen(o *Operation, l *LaneState, e Event) error {
	if e.Act == nil {
		return fmt.Errorf("it names no act")
	}
	if !l.Waits() {
		return fmt.Errorf("%s waits for no decision", l.Name)
	}
	if l.Phase == PhaseUnknown && e.Act.Verb != ActLooked {
		return fmt.Errorf("nobody has looked whether the command still runs on %s", l.Name)
	}
	if e.Act.Lane != l.Name || e.Act.Attempt != l.Attempt {
		return fmt.Errorf("a decision about attempt %d on %s, for attempt %d on %s", e.Act.Attempt, e.Act.Lane, l.Attempt, l.Name)
	}
	act := *e.Act
	l.Choice = &act
	switch act.Verb {
	case ActLooked:
		l.Phase, l.Cause = PhaseFailed, Because(SomebodyLooked, "by", act.By.ID)
		if o.Aborting() {
			l.abort(e.At)
		}
	case ActRetry:
		l.retry()
	case ActPutBack:
		l.wayBack()
	case ActLeaveOut:
		l.leaveOut(e.At)
	default:
		return fmt.Errorf("%q is no decision about an instance", act.Verb)
	}
	return nil
}

// retry goes back to the step that a new attempt begins with: the command while the instance is still out, else the
// way out of service. A new attempt has a person's name on it (I2).
func (l *LaneState) retry() {
	step, _ := l.Step()
	from := step.Verb
	if l.Cause.Code == PutBackByOther {
		from = VerbJoin // it is in service: it has to leave again
	}
	switch from {
	case VerbCommand, VerbVerify:
		l.At = slices.IndexFunc(l.Steps, func(s Step) bool { return s.Verb == VerbCommand })
	case VerbJoin:
		if !l.Joining {
			if i := slices.IndexFunc(l.Steps, func(s Step) bool { return s.Verb == VerbLeave }); i >= 0 {
				l.At = i
			}
		}
	}
	l.Attempt++
	l.Phase = PhaseDue
}

// wayBack replaces what is left of the lane by the way back of what was begun: for a leave, to join again.
func (l *LaneState) wayBack() {
	l.replace(VerbJoin)
	l.Joining, l.Leaving = true, false
}

// replace puts one step in the place of all that are left, with the lane's own pairs.
func (l *LaneState) replace(verb Verb) {
	step := Step{Verb: verb, On: l.Name}
	for _, s := range l.Steps {
		if len(s.Pairs) > 0 {
			step.Pairs, step.Limit = s.Pairs, s.Limit
		}
	}
	l.Steps = append(slices.Clone(l.Steps[:l.At]), step)
	l.Phase = PhaseDue
}

// leaveOut ends the lane with the instance out of service; the finish of the operation makes a hold of it. One that
// may be in service leaves once more, under the same gates as ever.
func (l *LaneState) leaveOut(now time.Time) {
	step, _ := l.Step()
	switch {
	case l.Cause.Code == InstanceGone && l.Cause.Values["state"] == "terminated":
		l.done(OutcomeGone, now)
	case !l.Touched:
		l.done(OutcomeSkipped, now)
	case l.Cause.Code == InstanceGone:
		l.LeftOut = true
		l.done(OutcomeHeld, now)
	case l.Cause.Code == PutBackByOther, step.Verb == VerbLeave, step.Verb == VerbJoin && !l.Begun.IsZero():
		l.replace(VerbLeave)
		l.Leaving, l.Joining = true, false
	default:
		l.LeftOut = true
		l.done(OutcomeHeld, now)
	}
}

func (l *LaneState) done(outcome Outcome, now time.Time) {
	l.Phase, l.Outcome, l.EndAt = PhaseDone, outcome, now
}

// abort makes of the lane what an abort makes of it: one that was never touched is skipped; one whose command has not
// begun is put back; one whose command failed is held; one whose command runs goes on, and into service if it succeeds.
func (l *LaneState) abort(now time.Time) {
	step, ok := l.Step()
	switch {
	case l.Phase == PhaseDone || !ok || l.Leaving || l.Phase == PhaseUnknown:
	case !l.Touched:
		l.done(OutcomeSkipped, now)
	case l.Phase == PhaseFailed && (l.Ran || l.Joining || step.Verb == VerbJoin || l.Cause.Code == InstanceGone):
		l.leaveOut(now)
	case l.Joining:
	case l.Phase == PhaseFailed, step.Verb == VerbLeave, step.Verb == VerbCommand && l.Phase == PhaseDue && !l.Ran:
		l.wayBack()
	case step.Verb == VerbCommand && l.Phase == PhaseDue, step.Verb == VerbJoin && l.At == 0 && l.Phase == PhaseDue:
		l.leaveOut(now) // a new attempt that has not begun, after one that failed; a restore that has not begun
	}
}

// finish ends a lane none of whose steps is left.
func (l *LaneState) finish(now time.Time, kind Kind) {
	switch {
	case l.Leaving, kind == KindDrain && !l.Joining:
		l.LeftOut = true
		l.done(OutcomeHeld, now)
	case l.Joining:
		l.done(OutcomePutBack, now)
	default:
		l.done(OutcomeDone, now)
	}
}
