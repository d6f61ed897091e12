package deploy

// A chore is a step that is done once per rollout, in a lane of its own: before anything leaves and after everything
// is done on the bot's own host, first on the first instance that is drained. Its token names the operation and no
// attempt, so that neither a new attempt at an instance nor another instance can repeat it.

var chores = []Verb{VerbBefore, VerbFirst, VerbAfter}

// chore reports whether the verb is such a step.
func (v Verb) chore() bool { return v == VerbBefore || v == VerbFirst || v == VerbAfter }

// Chore reports whether the lane is no instance but something that is done once.
func (l Lane) Chore() bool { return len(l.Steps) > 0 && l.Steps[0].Verb.chore() }

// Chore reports whether the lane is no instance but something that is done once: its only step.
func (l *LaneState) Chore() bool { return len(l.Steps) == 1 && l.Steps[0].Verb.chore() }

// chore makes the lane of a chore.
func chore(v Verb, r Request) Lane {
	return Lane{Name: string(v), Steps: []Step{{Verb: v, On: string(v), Args: surroundings(r), Limit: r.Run.Timeout}}}
}

// chored reports whether a chore is done, or the plan has none such.
func (m *mover) chored(v Verb) bool {
	for _, i := range m.tallied().chores {
		if l := m.op.Lanes[i]; l.Steps[0].Verb == v {
			return l.Phase == PhaseDone
		}
	}
	return true
}

// Migrated reports whether the chore on the first instance has begun: going back to the ref before does not undo it.
func (o Operation) Migrated() bool {
	for _, l := range o.Lanes {
		if l.Chore() && l.Steps[0].Verb == VerbFirst && !l.StartAt.IsZero() {
			return true
		}
	}
	return false
}

// before runs once on the bot's host, and nothing leaves until it is done.
func (m *mover) before(i int) {
	if m.op.Lanes[i].Phase != PhaseDue {
		m.run(i)
		return
	}
	m.beginChore(i, "")
}

// first runs once on the first instance that is drained, before any command.
func (m *mover) first(i int) {
	if m.op.Lanes[i].Phase != PhaseDue {
		m.run(i)
		return
	}
	for _, j := range m.sequence() {
		l := m.op.Lanes[j]
		step, _ := l.Step()
		if l.Chore() || l.Phase != PhaseDue || step.Verb != VerbCommand || l.leaves() && !l.Touched {
			continue
		}
		if m.admitted(j) && m.away(j) && m.running(j) {
			m.beginChore(i, l.Name)
		}
		return
	}
}

// after runs once on the bot's host when every instance is done.
func (m *mover) after(i int) {
	if m.op.Lanes[i].Phase != PhaseDue {
		m.run(i)
		return
	}
	for _, l := range m.op.Lanes {
		if !l.Chore() && l.Outcome != OutcomeDone {
			return
		}
	}
	m.beginChore(i, "")
}

// hosts reports whether a chore runs on the lane's instance, or may: until it has ended the instance stays out.
func (m *mover) hosts(i int) bool {
	for _, j := range m.tallied().chores {
		if l := m.op.Lanes[j]; l.Phase != PhaseDue && l.Phase != PhaseFailed && l.Phase != PhaseDone && m.op.host(j) == m.op.Lanes[i].Name {
			return true
		}
	}
	return false
}

// wanted reports whether a job that was begun may still be sent, and the lane of the instance that it is sent to. A
// chore that is not known to have been sent runs no more once the operation has changed its course, nor on an instance
// that no longer waits for it: a migration in the midst of an abort would surprise everybody.
func (m *mover) wanted(i int) (on int, ok bool) {
	if !m.op.Lanes[i].Chore() {
		return i, true
	}
	id := m.op.host(i)
	if id == "" || m.op.Course != CourseOn {
		return i, m.op.Course == CourseOn
	}
	on, ok = m.op.Lane(id)
	return on, ok && m.op.Lanes[on].Phase == PhaseDue
}

// beginChore begins a chore on an instance; "" is the bot's own host.
func (m *mover) beginChore(i int, instance string) {
	step, _ := m.op.Lanes[i].Step()
	if m.halted() || m.op.State == StatePaused {
		return
	}
	values := map[string]string{"PREVIOUS_REF": m.op.Plan.Preview.Previous}
	if instance != "" {
		values = m.valuesOf(instance)
		values["INSTANCE_ID"] = instance
	}
	m.begin(i, step.Limit+grace, values)
}
