package deploy

// failures is how many instances have failed and were not got through after all, in the whole run.
func (o Operation) failures() int {
	n := 0
	for _, l := range o.Lanes {
		if l.Failed && l.Outcome != OutcomeDone && !l.Reverting {
			n++
		}
	}
	return n
}

// halted reports whether the operation waits for a person: then nothing more leaves. A failed instance within
// tolerate_failures waits without halting the others, and keeps its place in max_unavailable.
func (m *mover) halted() bool {
	if m.op.Asked.Code != "" {
		return true
	}
	if len(m.op.Undecided()) == 0 {
		return false
	}
	for _, i := range m.op.Undecided() {
		if l := m.op.Lanes[i]; l.Chore() || l.Phase == PhaseUnknown {
			return true
		}
	}
	return m.op.TurnedBack() || m.op.failures() > m.op.Plan.Rules.Tolerate
}

// failed lets the rules decide about failures, where they do.
func (m *mover) failed() {
	if m.op.Course != CourseOn {
		return
	}
	for _, i := range m.op.Undecided() {
		l := m.op.Lanes[i]
		if l.Phase == PhaseFailed && (l.Chore() || m.op.failures() > m.op.Plan.Rules.Tolerate || m.last()) {
			m.obey(Because(FailedLane, "instance", l.Name, "why", l.Cause.Code))
			return
		}
	}
}

// last reports whether nothing is left to do but decide about what failed: the last instance's failure is a failure.
func (m *mover) last() bool {
	for _, l := range m.op.Lanes {
		if l.Phase != PhaseDone && l.Phase != PhaseFailed && (!l.Chore() || l.Phase != PhaseDue) {
			return false
		}
	}
	return true
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
