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
		o.follow(l, e.At, false)
	case ActGoOn:
		if !l.Chore() || l.Phase != PhaseFailed {
			return fmt.Errorf("%s is no chore that failed", l.Name)
		}
		l.done(OutcomeDone, e.At)
	case ActRetry:
		if step, _ := l.Step(); l.Reverting && !l.Joining && (step.Verb == VerbJoin || l.Cause.Code == PutBackByOther) {
			l.revert(o.laid(l.Name), true) // the leave before this one led to the new ref
			l.Choice = &act
			break
		}
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
	case VerbCommand, VerbRevert, VerbVerify:
		l.At = l.last(Verb.deploys)
	case VerbJoin:
		if i := l.last(func(v Verb) bool { return v == VerbLeave }); i >= 0 && !l.Joining {
			l.At = i
		}
	}
	l.Attempt++
	l.Phase = PhaseDue
}

// last is the index of the last step up to the present one whose verb is such; -1 if there is none.
func (l *LaneState) last(is func(Verb) bool) int {
	for i := min(l.At, len(l.Steps)-1); i >= 0; i-- {
		if is(l.Steps[i].Verb) {
			return i
		}
	}
	return -1
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

// finish ends a lane none of whose steps is left.
func (l *LaneState) finish(now time.Time, kind Kind) {
	switch {
	case l.Leaving, kind == KindDrain && !l.Joining:
		l.LeftOut = true
		l.done(OutcomeHeld, now)
	case l.Joining:
		l.done(OutcomePutBack, now)
	case l.Reverting:
		l.done(OutcomeReverted, now)
	default:
		l.done(OutcomeDone, now)
	}
}
