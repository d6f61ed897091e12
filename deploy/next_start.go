package deploy

import "time"

// start begins an approved operation, or says why it cannot begin yet or any more.
func (m *mover) start() {
	o := m.op
	end := func(c Cause) { m.emit(Event{Type: EventFinished, State: StateExpired, Cause: c}) }
	if !o.StartBy.IsZero() && !m.now.Before(o.StartBy) {
		within := o.Plan.Rules.Approval.StartWithin
		if !o.Plan.StartAt.IsZero() {
			within = scheduledWithin
		}
		end(Because(StartLate, "after", within, "waited", o.Waiting.Code))
		return
	}
	m.d.wake(o.StartBy)
	if at := o.Plan.StartAt; m.now.Before(at) {
		m.queue(Because(Scheduled, "at", at.UTC().Format(time.RFC3339)))
		m.d.wake(at)
		return
	}
	if !o.Plan.Emergency {
		switch opens := o.Plan.Rules.Calendar.Opens(m.now); {
		case opens.Equal(m.now):
		case opens.IsZero() || !o.StartBy.IsZero() && !opens.Before(o.StartBy):
			why, _ := o.Plan.Rules.Calendar.Closed(m.now)
			end(why) // nobody should wait for an approval to run out
			return
		default:
			m.queue(Because(StillClosed, "opens", stamp(opens)))
			m.d.wake(opens)
			return
		}
	}
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

// Idles reports whether a queued operation waits for a time of its own: others need not wait behind it.
func (o Operation) Idles() bool {
	return o.State == StateQueued && (o.Waiting.Code == Scheduled || o.Waiting.Code == StillClosed)
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
	if m.op.Plan.Unasked() {
		return Cause{}, false // nobody could be asked; it is loud, and journalled with who and why
	}
	rules := m.op.Plan.Rules
	if err := MayAsk(c.People[m.op.RequestedBy], m.op.Plan.Kind, rules); err != nil {
		why, _ := RefusalOf(err)
		return Because(NoStanding, "who", m.op.RequestedBy, "why", why.Code), true
	}
	cause, ok := m.op.agreed(c.People)
	return cause, !ok
}

// Unasked reports whether this is an emergency that came in by the operator's socket: no approval, and nobody in the
// chat to be asked about.
func (t Terms) Unasked() bool { return t.Emergency && t.Local }

// startBy is until when an operation that is approved now may start.
func (o Operation) startBy(now time.Time) time.Time {
	if at := o.Plan.StartAt; !at.IsZero() {
		return at.Add(scheduledWithin)
	}
	return now.Add(o.Plan.Rules.Approval.StartWithin)
}

// scheduledWithin bounds how late a scheduled operation may start.
const scheduledWithin = 30 * time.Minute

// stamp writes a moment, or nothing for never.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
