package deploy

import (
	"slices"
	"strings"
	"time"
)

// Bounds of patience. They are not configuration: a person is asked when they are over.
const (
	// freshFor is how old a reading may be when an instance is taken out or a command is started on its strength (I1, I3).
	freshFor = 2 * time.Second
	// hostFreshFor is the same for EC2's state, which guards no capacity.
	hostFreshFor = 10 * time.Second
	// settle bounds AWS's own delay between an effect and what it shows: within it a contradicting reading is not
	// believed. NotRegistered was reported 10 s after a register (aws-sdk-js#1593).
	settle = 30 * time.Second
	// noticeWithin bounds the wait for a call's first sign in a reading.
	noticeWithin = 60 * time.Second
	// visible is how long a sent command may stay invisible to ListCommands.
	visible = 60 * time.Second
	// troubleFor is how long AWS may go on failing before the rollout halts and says so.
	troubleFor = 2 * time.Minute
	// absentFor is the least time after an acknowledged deregister at which absence without draining counts (I3).
	absentFor = 20 * time.Second
	// tick is the least time that makes one moment later than another: a reading that began when a call was answered
	// may show what was before it.
	tick = time.Millisecond
	// checkFor is how old the check before a start may be.
	checkFor = 5 * time.Second
	// lateStep is the least time between two tries of a call that came too late for what was checked.
	lateStep = 250 * time.Millisecond
	// grace is added to a command's own limit before its outcome counts as lost.
	grace = 2 * time.Minute
)

// Next says what time and AWS make of an operation: events to append, effects that must be under way, readings that
// are wanted, and when to ask again. It is a pure function of its arguments. It answers at most one event at a time,
// so that each rule sees the operation as it is.
func Next(o Operation, seen Seen, now time.Time) Decision {
	m := &mover{op: o, seen: seen, now: now}
	switch o.State {
	case StateRequested:
		if !o.Expires.IsZero() && !now.Before(o.Expires) {
			m.emit(Event{Type: EventFinished, State: StateExpired, Cause: Because(Expired, "after", o.Plan.Rules.Approval.Expires)})
		} else {
			m.voters()
			m.d.wake(o.Expires)
		}
	case StateApproved, StateQueued:
		m.start()
	case StateRolling, StatePaused:
		m.roll()
	}
	if len(m.d.Events) > 0 {
		return Decision{Events: m.d.Events}
	}
	return m.d
}

// mover carries one decision while it is made.
type mover struct {
	op      Operation
	seen    Seen
	now     time.Time
	d       Decision
	order   []int
	outs    *int                          // how many instances are out, once counted
	stay    map[string][2]map[string]bool // see staying
	blocked bool                          // a lane that waits to leave was refused by a gate: those behind it wait too
}

func (m *mover) emit(e Event) { m.d.Events = append(m.d.Events, e) }

func (m *mover) emitted() bool { return len(m.d.Events) > 0 }

// roll lets rules and clocks have their say, moves every lane as far as it goes, and ends the operation when all are
// done.
func (m *mover) roll() {
	for _, rule := range []func(){m.failed, m.overdue, m.attention, m.recover, m.drift} {
		if rule(); m.emitted() {
			return
		}
	}
	done := 0
	for _, i := range m.sequence() {
		switch l := &m.op.Lanes[i]; {
		case l.Phase == PhaseDone:
			done++
			continue
		case m.blocked && l.Phase == PhaseDue && !l.Touched && l.At == 0 && l.leaves():
			continue // one of many that wait for those before them
		}
		if m.lane(i); m.emitted() {
			return
		}
		if m.half(i); m.emitted() {
			return
		}
	}
	if done == len(m.op.Lanes) || m.spent() {
		m.end()
	}
}

// sequence is the order in which lanes are taken; on the way back what came last goes first.
func (m *mover) sequence() []int {
	if m.order == nil {
		m.order = m.op.Plan.Preview.Order
		if m.op.TurnedBack() {
			m.order = slices.Clone(m.order)
			slices.Reverse(m.order)
		}
	}
	return m.order
}

// spent reports whether all that is left are chores that have lost their reason: one that comes after everything went
// well, and not everything did; one on the first instance that is drained, and none is left.
func (m *mover) spent() bool {
	well := true
	for i := range m.op.Lanes {
		l := &m.op.Lanes[i]
		if l.Phase != PhaseDone && (!l.Chore() || l.Phase != PhaseDue) {
			return false
		}
		well = well && (l.Chore() || l.Outcome == OutcomeDone)
	}
	return !well
}

func (m *mover) end() {
	var missed []string
	for _, l := range m.op.Lanes {
		if !l.Chore() && l.Outcome != OutcomeDone && (m.op.Plan.Kind != KindDrain || l.Outcome != OutcomeHeld) {
			missed = append(missed, l.Name)
		}
	}
	e := Event{Type: EventFinished, State: StateSucceeded}
	switch turned := m.op.Turned; {
	case m.op.Aborting() && m.op.Stopped.Code == "":
		e.State, e.Cause = StateAborted, Because(Aborted, "by", m.op.Aborts[len(m.op.Aborts)-1].By.ID)
	case m.op.Aborting():
		e.State, e.Cause = StateFailed, m.op.Stopped
	case turned != nil:
		e.State, e.Cause = StateFailed, Because(RolledBack, "ref", m.op.Plan.Preview.Previous, "by", turned.By, "why", turned.Cause.Code,
			"instance", turned.Cause.Values["instance"], "of", turned.Cause.Values["why"], "missed", strings.Join(m.op.unreverted(), ", "))
	case len(missed) > 0:
		e.State, e.Cause = StateFailed, Because(NotDeployed, "instances", strings.Join(missed, ", "))
	case kinds[m.op.Plan.Kind].told != nil:
		e.Cause = kinds[m.op.Plan.Kind].told(m.op)
	}
	m.emit(e)
}

// unreverted are the instances that were deployed to and did not get the ref before.
func (o Operation) unreverted() []string {
	var out []string
	for _, l := range o.Lanes {
		if l.Ran && !l.Chore() && l.Outcome != OutcomeReverted {
			out = append(out, l.Name)
		}
	}
	return out
}

// lane moves one lane.
func (m *mover) lane(i int) {
	l := m.op.Lanes[i]
	step, ok := l.Step()
	if !ok || l.Phase == PhaseFailed {
		return
	}
	if l.Phase == PhaseUnknown {
		m.findOut(i)
		return
	}
	verbs[step.Verb](m, i)
}

func (m *mover) fail(i int, c Cause, output ...string) {
	e := Event{Type: EventEnded, Lane: i, Cause: c}
	if len(output) > 0 {
		e.Output = output[0]
	}
	m.emit(e)
}

func (m *mover) ended(i int, output string) {
	m.emit(Event{Type: EventEnded, Lane: i, OK: true, Output: output})
}

func (m *mover) begin(i int, limit time.Duration, values map[string]string) {
	m.emit(Event{Type: EventBegun, Lane: i, Attempt: m.op.Lanes[i].Attempt, Deadline: m.now.Add(limit), Values: values})
}
