package deploy

import "time"

// leave takes an instance out of all its target groups and waits until it is drained.
func (m *mover) leave(i int) {
	switch m.op.Lanes[i].Phase {
	case PhaseDue:
		m.leaveDue(i)
	case PhaseBegun:
		m.deregister(i)
	case PhaseAccepted:
		m.drained(i)
	}
}

func (m *mover) leaveDue(i int) {
	l := m.op.Lanes[i]
	if m.busy(i) || !l.Touched && (m.blocked || m.halted()) { // one that is out may be what those before it wait for
		return
	}
	readings, _, ok := m.admit(i)
	if !ok {
		m.blocked = true
		return
	}
	if m.vanished(i) {
		return
	}
	for _, p := range m.pairs(i) {
		if t := readings[p.Group].Of(p); t.Reason == "Target.InvalidState" && !m.running(i) {
			m.blocked = true // EC2 says what became of it
			return
		}
	}
	m.begin(i, m.delay(i)+grace, nil)
}

// deregister makes the call, or makes it again. Every try passes the gates anew while some pair is still in service.
func (m *mover) deregister(i int) {
	key := m.key(i, DoDeregister)
	s := m.seen.Effects[key]
	if s.Done {
		m.emit(Event{Type: EventAccepted, Lane: i, Deadline: m.now.Add(m.delay(i) + grace)})
		return
	}
	e := Effect{EffectKey: key, Pairs: m.pairs(i)}
	if s.Running {
		m.do(e)
		return
	}
	if again := s.Began.Add(lateStep * time.Duration(m.tallied().leaving)); s.Late && m.now.Before(again) {
		m.d.wake(again)
		return
	}
	readings, _, ok := m.fresh(i)
	if !ok || m.emitted() {
		return
	}
	if m.serving(i, readings) {
		_, until, ok := m.admit(i)
		if !ok {
			return
		}
		e.NotAfter = until
	}
	m.try(i, e, "DeregisterTargets")
}

// serving reports whether some pair of the lane is listed and not draining.
func (m *mover) serving(i int, readings map[string]Reading) bool {
	for _, p := range m.pairs(i) {
		if !readings[p.Group].Of(p).State.Out() {
			return true
		}
	}
	return false
}

// drained waits until no pair is listed any more (I3): draining must have been seen since the intent, or else absence
// counts only in two readings, the later well after an acknowledged deregister of this process.
func (m *mover) drained(i int) {
	l := m.op.Lanes[i]
	var fresh []Pair
	left := 0
	for _, p := range m.pairs(i) {
		r, ok := m.reading(i, p.Group, l.Accepted.Add(tick))
		if !ok {
			left++
			continue
		}
		switch state := r.Of(p).State; {
		case state == Draining && !l.Seen[p]:
			fresh = append(fresh, p)
			left++
		case state == Absent && (l.Seen[p] || m.gone(i, p)):
			continue
		case state == Draining && l.Seen[p] && m.asksHost(i):
			continue // the next step finds out when it is idle
		case !state.Out() && m.twice(p, l.Accepted, l.Accepted.Add(settle), func(h Health) bool { return !h.Out() }):
			code := PutBackByOther
			if !l.Seen[p] {
				code = StillInService
			}
			m.fail(i, Because(code, "pair", p, "state", state))
		default:
			left++
		}
		m.lookDrain(i, p, r, l.Accepted)
	}
	switch {
	case m.emitted():
	case len(fresh) > 0:
		m.emit(Event{Type: EventSeen, Lane: i, Pairs: fresh})
	case left == 0:
		m.ended(i, "")
	case !l.Fresh && m.unacknowledged(i):
		m.deregister(i)
	case m.past(i, l.Deadline):
		m.fail(i, Because(DrainTimeout, "after", m.now.Sub(l.Begun).Round(time.Second)))
	}
}

// gone is the second way to have been drained: see drained.
func (m *mover) gone(i int, p Pair) bool {
	l := m.op.Lanes[i]
	g := m.op.Plan.Preview.Group(p.Group)
	return l.Fresh && m.twice(p, l.Accepted, l.Accepted.Add(max(g.Delay, absentFor)), func(h Health) bool { return h == Absent })
}

// unacknowledged reports whether some pair is absent without having been seen draining: after a restart the wait for
// it must count from a new acknowledgement.
func (m *mover) unacknowledged(i int) bool {
	l := m.op.Lanes[i]
	for _, p := range m.pairs(i) {
		if r := m.seen.Groups[p.Group]; !l.Seen[p] && r.Of(p).State != Draining {
			return true
		}
	}
	return false
}

// past reports whether every group was read after the deadline: what is read then wins over the deadline.
func (m *mover) past(i int, deadline time.Time) bool {
	if m.now.Before(deadline) {
		m.d.wake(deadline)
		return false
	}
	for _, g := range groupsOf(m.pairs(i)) {
		if _, ok := m.reading(i, g, deadline); !ok {
			return false
		}
	}
	return true
}

// asksHost reports whether the lane's next step asks the host when it is idle.
func (m *mover) asksHost(i int) bool {
	l := m.op.Lanes[i]
	return l.At+1 < len(l.Steps) && l.Steps[l.At+1].Verb == VerbIdle
}

// vanished reports whether somebody else has taken the lane's instance out of all its groups before its turn. That fails
// the lane; one reading alone may be wrong, and is only looked at again.
func (m *mover) vanished(i int) bool {
	l := m.op.Lanes[i]
	if l.Touched || len(m.pairs(i)) == 0 {
		return false
	}
	sure := true
	for _, p := range m.pairs(i) {
		r := m.seen.Groups[p.Group]
		if !r.Of(p).State.Out() {
			return false
		}
		if !m.twice(p, time.Time{}, time.Time{}, Health.Out) {
			sure = false
			m.want(i, Look{Group: p.Group}, r.Begun.Add(time.Second))
		}
	}
	m.blocked = true
	if sure {
		g := m.op.Plan.Preview.Group(m.pairs(i)[0].Group)
		m.fail(i, Because(Vanished, "instance", l.Name, "group", g.Name))
	}
	return true
}

// lookDrain plans the next look at a pair that drains since accepted: soon, until draining shows; then not before the
// delay is over.
func (m *mover) lookDrain(i int, p Pair, r Reading, accepted time.Time) {
	l := m.op.Lanes[i]
	g := m.op.Plan.Preview.Group(p.Group)
	over := accepted.Add(g.Delay)
	if !l.Seen[p] && r.Of(p).State == Absent {
		over = accepted.Add(max(g.Delay, absentFor) + time.Second)
	}
	next := over
	switch since := r.Begun.Sub(accepted); {
	case r.Of(p).State != Draining && r.Of(p).State != Absent:
		next = r.Begun.Add(min(max(since, time.Second), 10*time.Second))
	case !r.Begun.Before(over.Add(10 * time.Second)):
		next = r.Begun.Add(5 * time.Second)
	case !r.Begun.Before(over):
		next = r.Begun.Add(time.Second)
	}
	m.want(i, Look{Group: p.Group}, next)
}

// delay is the longest deregistration delay among the lane's groups.
func (m *mover) delay(i int) time.Duration {
	var d time.Duration
	for _, g := range groupsOf(m.pairs(i)) {
		d = max(d, m.op.Plan.Preview.Group(g).Delay)
	}
	return d
}
