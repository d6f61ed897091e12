package deploy

import "slices"

// failures is how many instances have failed and were not got through after all, in the whole run.
func (o Operation) failures() int {
	n := 0
	for i := range o.Lanes {
		if l := o.Lanes[i]; l.Failed && l.Outcome != OutcomeDone && !l.Reverting {
			n++
		}
	}
	return n
}

// Halts reports whether an instance or a chore that waits for a decision halts all others: then nothing more leaves. A
// failed instance within tolerate_failures waits without halting them, and keeps its place in max_unavailable.
func (o Operation) Halts() bool { return o.halts(o.Undecided()) }

func (o Operation) halts(undecided []int) bool {
	for _, i := range undecided {
		if l := o.Lanes[i]; l.Chore() || l.Phase == PhaseUnknown {
			return true
		}
	}
	return len(undecided) > 0 && (o.TurnedBack() || o.failures() > o.Plan.Rules.Tolerate)
}

// halted reports whether the operation waits for a person: then nothing more leaves.
func (m *mover) halted() bool { return m.op.Asked.Code != "" || m.op.halts(m.tallied().undecided) }

// failed lets the rules decide about failures, where they do.
func (m *mover) failed() {
	if m.op.Course != CourseOn {
		return
	}
	for _, i := range m.tallied().undecided {
		l := m.op.Lanes[i]
		if l.Phase == PhaseFailed && (l.Chore() || m.op.failures() > m.op.Plan.Rules.Tolerate || m.stuck(i) || m.last(i)) {
			m.obey(Because(FailedLane, "instance", l.Name, "why", l.Cause.Code))
			return
		}
	}
}

// stuck reports whether a lane's failure leaves nothing that could go on, whatever is tolerated: it is a canary, or what
// has failed takes all the places in the window.
func (m *mover) stuck(i int) bool {
	if slices.Contains(m.canaries(), i) {
		return true
	}
	n := 0
	for _, j := range m.tallied().undecided {
		if m.op.Lanes[j].Out() {
			n++
		}
	}
	return n >= m.window()
}

// last reports whether nothing is left to do but decide about what failed: the last instance's failure is a failure.
// One before it that was tolerated is no reason to roll back all that succeeded since.
func (m *mover) last(i int) bool {
	for _, l := range m.op.Lanes {
		if l.Phase != PhaseDone && l.Phase != PhaseFailed && (!l.Chore() || l.Phase != PhaseDue) {
			return false
		}
	}
	final := i
	for _, j := range m.sequence() {
		if !m.op.Lanes[j].Chore() {
			final = j
		}
	}
	return i == final || m.op.Plan.Rules.OnFailure != PolicyRollback
}

// obey does what on_failure says, if it is not to ask people.
func (m *mover) obey(c Cause) bool { return m.turnBy(m.op.Plan.Rules.OnFailure, c) }

// turnBy ends the operation in order, or turns it back; false if the policy leaves it to people. What has no ref before
// and what is a rollback itself is never turned back: people decide.
func (m *mover) turnBy(p Policy, c Cause) bool {
	switch {
	case m.op.Course != CourseOn:
		return false
	case p == PolicyStop:
		m.emit(Event{Type: EventStopped, Cause: c})
	case p == PolicyRollback && m.op.CanTurn():
		m.emit(Event{Type: EventTurned, Cause: c})
	default:
		return false
	}
	return true
}

// CanTurn reports whether the operation can go back to the ref before.
func (o Operation) CanTurn() bool {
	return o.State.Rolling() && o.Plan.Kind == KindDeploy && o.Turned == nil && o.Plan.Preview.Previous != ""
}
