package deploy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// note journals something that is worth telling and changes nothing; lane -1 is the whole operation.
func (m *mover) note(lane int, c Cause) { m.emit(Event{Type: EventNoted, Lane: lane, Cause: c}) }

func foldNoted(o *Operation, e Event) error {
	if !o.State.Rolling() && (o.State != StateRequested || e.Cause.Code != VotesMissing) {
		return fmt.Errorf("a note in state %s", o.State)
	}
	switch e.Cause.Code {
	case VotesMissing:
		o.Reminded = true
	case Unattended:
		o.Called++
	case Appeared:
		o.Appeared = append(slices.Clone(o.Appeared), strings.Split(e.Cause.Values["instances"], ", ")...)
	}
	if e.Lane < 0 {
		o.Half = o.Half || e.Cause.Code == HalfTime
		return nil
	}
	if e.Lane >= len(o.Lanes) {
		return fmt.Errorf("lane %d of %d", e.Lane, len(o.Lanes))
	}
	l := &o.Lanes[e.Lane]
	l.Half = l.Half || e.Cause.Code == HalfTime
	l.NotIdle = l.NotIdle || e.Cause.Code == IdleNot
	return nil
}

// voters calls those who may still approve, once, when half of the time for it is over.
func (m *mover) voters() {
	if m.op.Reminded || m.op.Expires.IsZero() {
		return
	}
	after := m.op.Expires.Sub(m.op.RequestedAt) / 2
	if at := m.op.RequestedAt.Add(after); m.now.Before(at) {
		m.d.wake(at)
		return
	}
	q := m.op.Quorum()
	m.note(-1, Because(VotesMissing, "mention", strings.Join(m.op.Awaited(), " "), "missing", q.Missing(), "parties", q.lacks(), "any", q.Any,
		"after", after, "until", stamp(m.op.Expires)))
}

// half tells once that half of a step's time is over. A drain takes its whole time by nature, and is not told.
func (m *mover) half(i int) {
	l := m.op.Lanes[i]
	step, ok := l.Step()
	running := l.Phase == PhaseBegun || l.Phase == PhaseAccepted
	if !ok || !running || l.Half || step.Verb.drains() || step.Limit <= 0 {
		return
	}
	if at := l.Begun.Add(step.Limit / 2); m.now.Before(at) {
		m.d.wake(at)
		return
	}
	m.note(i, Because(HalfTime, "step", step.Verb, "limit", step.Limit))
}

// overdue watches the time of the whole rollout: told at half of it; at its end people are asked.
func (m *mover) overdue() {
	limit := m.op.Plan.Rules.Within
	asked := m.op.Asked.Code == Overdue || m.op.answered(func(a Answer) bool { return a.Cause.Code == Overdue })
	if limit == 0 || m.op.Course != CourseOn || asked {
		return
	}
	switch half, over := m.op.StartedAt.Add(limit/2), m.op.StartedAt.Add(limit); {
	case !m.now.Before(over):
		m.ask(Because(Overdue, "limit", limit))
	case m.op.Half:
		m.d.wake(over)
	case !m.now.Before(half):
		m.note(-1, Because(HalfTime, "step", "rollout", "limit", limit))
	default:
		m.d.wake(half)
	}
}

// WaitsSince is when the operation began to wait for a person's decision; zero if it does not.
func (o Operation) WaitsSince() time.Time {
	since := o.AskedAt
	for i := range o.Lanes {
		if l := &o.Lanes[i]; l.Waits() && (since.IsZero() || l.FailedAt.Before(since)) {
			since = l.FailedAt
		}
	}
	return since
}

// attention calls people while nobody decides, and after the last call does what the rules say.
func (m *mover) attention() {
	a := m.op.Plan.Rules.Attention
	if len(a.After) == 0 {
		return
	}
	since := m.op.WaitsSince()
	if since.IsZero() {
		return
	}
	if m.op.Called < len(a.After) {
		after := a.After[m.op.Called]
		if at := since.Add(after); m.now.Before(at) {
			m.d.wake(at)
			return
		}
		m.note(-1, Because(Unattended, "after", after, "mention", strings.Join(a.Mention, " "), "then", a.Then, "within", a.After[len(a.After)-1]))
		return
	}
	if m.op.Course == CourseOn && (a.Then == PolicyStop || a.Then == PolicyRollback) {
		m.turnBy(a.Then, m.unattended(a.After[len(a.After)-1]))
	}
}

// unattended says what nobody has decided about.
func (m *mover) unattended(after time.Duration) Cause {
	if waiting := m.op.Undecided(); len(waiting) > 0 {
		l := m.op.Lanes[waiting[0]]
		return Because(Unattended, "after", after, "instance", l.Name, "why", l.Cause.Code)
	}
	return Because(Unattended, "after", after, "why", m.op.Asked.Code)
}
