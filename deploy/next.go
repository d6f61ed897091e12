package deploy

import "time"

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
			m.d.wake(o.Expires)
		}
	case StateApproved, StateQueued:
		m.start()
	case StateRolling:
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
	blocked bool // a lane that waits to leave was refused by a gate: those behind it wait too
}

func (m *mover) emit(e Event) { m.d.Events = append(m.d.Events, e) }

func (m *mover) emitted() bool { return len(m.d.Events) > 0 }

// start begins an approved operation, or says why it cannot begin yet or any more.
func (m *mover) start() {
	o := m.op
	end := func(c Cause) { m.emit(Event{Type: EventFinished, State: StateExpired, Cause: c}) }
	if !o.StartBy.IsZero() && !m.now.Before(o.StartBy) {
		end(Because(StartLate, "after", o.Plan.Rules.Approval.StartWithin))
		return
	}
	m.d.wake(o.StartBy)
	if m.seen.Ahead != "" {
		m.queue(Because(Behind, "op", m.seen.Ahead))
		return
	}
	if l := m.seen.Locked; l != nil {
		m.queue(Because(LockedBy, "resource", l.Resource, "op", l.Op, "by", l.By, "since", l.Since.UTC().Format(time.RFC3339), "why", l.Why))
		return
	}
	check := m.seen.Check
	if check == nil {
		m.do(Effect{EffectKey: EffectKey{Kind: DoCheck}})
		return
	}
	switch cause, void := m.judge(check); {
	case check.Fault != "":
		m.queue(Because(AskFailed, "why", check.Fault))
		m.recheck(check.At.Add(15 * time.Second))
	case void:
		end(cause)
	case m.now.Sub(check.At) > checkFor:
		m.recheck(m.now)
	default:
		m.emit(Event{Type: EventStarted, Plan: check.Plan})
	}
}

func (m *mover) recheck(at time.Time) {
	if m.now.Before(at) {
		m.d.wake(at)
		return
	}
	m.do(Effect{EffectKey: EffectKey{Kind: DoCheck}})
}

func (m *mover) queue(c Cause) {
	same := m.op.Waiting.equal(c) || c.Code == AskFailed && m.op.Waiting.Code == AskFailed // whose words may change
	if m.op.State != StateQueued || !same {
		m.emit(Event{Type: EventQueued, Cause: c})
	}
}

// judge says whether an approved request still stands: the same terms, and people who still may.
func (m *mover) judge(c *Check) (Cause, bool) {
	if c.Fault != "" {
		return Cause{}, false
	}
	if c.Plan == nil {
		return c.Gone, true
	}
	if c.Plan.Hash() != m.op.Hash {
		return Because(PlanChanged, "what", Difference(m.op.Plan.Terms, c.Plan.Terms)), true
	}
	rules := m.op.Plan.Rules
	if err := MayAsk(c.People[m.op.RequestedBy], rules); err != nil {
		why, _ := RefusalOf(err)
		return Because(NoStanding, "who", m.op.RequestedBy, "why", why.Code), true
	}
	for _, id := range m.op.Approvers() {
		if why, ok := stands(c.People[id], rules.Approval.Allow); !ok {
			return Because(NoStanding, "who", id, "why", why), true
		}
	}
	return Cause{}, false
}

// roll moves every lane as far as it goes, and ends the operation when all are done.
func (m *mover) roll() {
	done := 0
	for _, i := range m.op.Plan.Preview.Order {
		if m.op.Lanes[i].Phase == PhaseDone {
			done++
			continue
		}
		m.lane(i)
		if m.emitted() {
			return
		}
	}
	if done == len(m.op.Lanes) {
		m.end()
	}
}

func (m *mover) end() {
	var missed []string
	for _, l := range m.op.Lanes {
		if l.Outcome != OutcomeDone && (m.op.Plan.Kind != KindDrain || l.Outcome != OutcomeHeld) {
			missed = append(missed, l.Name)
		}
	}
	e := Event{Type: EventFinished, State: StateSucceeded}
	switch {
	case m.op.Aborting():
		e.State, e.Cause = StateAborted, Because(Aborted, "by", m.op.Aborts[0].By.ID)
	case len(missed) > 0:
		e.State, e.Cause = StateFailed, Because(NotDeployed, "instances", join(missed))
	}
	m.emit(e)
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

// halted reports whether some instance waits for a person: then no other leaves service.
func (m *mover) halted() bool { return len(m.op.Undecided()) > 0 }

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

func join(names []string) string {
	out := ""
	for i, n := range names {
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}
