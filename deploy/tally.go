package deploy

// tally is what one walk over all lanes finds. A decision asks for it of each lane that is under way, and the operation
// does not change meanwhile: among a thousand lanes a walk each time would cost more than all else.
type tally struct {
	undecided []int // lanes that wait for a person
	out       []int // instances that count as out
	chores    []int // lanes of what is done once
	leaving   int   // their leave has begun, and AWS has not taken it yet
	touched   int   // some leave has begun
	open      bool  // something is left to do besides chores that are due
	well      bool  // no instance ended otherwise than well
}

// tallied is the operation's tally, made when it is first asked for.
func (m *mover) tallied() *tally {
	if m.tally != nil {
		return m.tally
	}
	t := &tally{well: true}
	for i, l := range m.op.Lanes {
		once := l.Chore()
		if once {
			t.chores = append(t.chores, i)
		}
		if l.Waits() {
			t.undecided = append(t.undecided, i)
		}
		if l.Out() {
			t.out = append(t.out, i)
		}
		if l.Touched {
			t.touched++
		}
		if l.Phase == PhaseBegun && l.verb() == VerbLeave {
			t.leaving++
		}
		t.open = t.open || l.Phase != PhaseDone && (!once || l.Phase != PhaseDue)
		t.well = t.well && (once || l.Outcome == OutcomeDone)
	}
	m.tally = t
	return t
}
