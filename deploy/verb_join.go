package deploy

import "time"

// join registers an instance in all its target groups, with the pairs it had, and waits until it is healthy in each.
func (m *mover) join(i int) {
	switch m.op.Lanes[i].Phase {
	case PhaseDue:
		m.joinDue(i)
	case PhaseBegun:
		m.register(i)
	case PhaseAccepted:
		m.healthyAgain(i)
	}
}

func (m *mover) joinDue(i int) {
	step, _ := m.op.Lanes[i].Step()
	if m.busy(i) || m.hosts(i) || !m.running(i) {
		return
	}
	for _, p := range m.pairs(i) {
		if m.op.Plan.Preview.Group(p.Group).Type != "ip" {
			continue // an instance target may be registered again while it drains, an address may not
		}
		r, ok := m.reading(i, p.Group, m.now.Add(-freshFor))
		if !ok {
			return
		}
		if r.Of(p).State == Draining {
			m.want(i, Look{Group: p.Group}, r.Begun.Add(healthStep(m.delay(i))))
			return
		}
	}
	m.begin(i, step.Limit, nil)
}

// register makes the call. After a restart it reads first: what another life registered needs no second call.
func (m *mover) register(i int) {
	l := m.op.Lanes[i]
	if !l.Fresh {
		if _, _, ok := m.fresh(i); !ok || m.emitted() {
			return
		}
		if m.noteRegistered(i) {
			return
		}
		if len(l.Seen) == len(m.pairs(i)) {
			m.emit(Event{Type: EventAccepted, Lane: i})
			return
		}
	}
	e := Effect{EffectKey: m.key(i, DoRegister), Pairs: m.pairs(i)}
	if s := m.try(i, e, "RegisterTargets"); s.Done && !m.emitted() {
		m.emit(Event{Type: EventAccepted, Lane: i})
	}
}

// noteRegistered journals the pairs that are registered for the first time since the intent.
func (m *mover) noteRegistered(i int) bool {
	var fresh []Pair
	for _, p := range m.pairs(i) {
		r, ok := m.seen.Groups[p.Group]
		if !ok || r.Begun.Before(m.op.Lanes[i].Begun) || m.op.Lanes[i].Seen[p] {
			continue
		}
		if state := r.Of(p).State; state == Initial || !state.Out() && m.since(i, r) {
			fresh = append(fresh, p)
		}
	}
	if len(fresh) > 0 {
		m.emit(Event{Type: EventSeen, Lane: i, Pairs: fresh})
	}
	return len(fresh) > 0
}

// since reports whether a reading is too young to show the instance as it was before it left: AWS may answer with what
// was. A target that was seen to be initial since then needs no such wait, so it costs nothing where AWS is quick.
func (m *mover) since(i int, r Reading) bool {
	l := m.op.Lanes[i]
	return l.Left.IsZero() || r.Begun.After(l.Left.Add(settle))
}

// healthyAgain waits until every pair is healthy in a reading that is newer than the registration.
func (m *mover) healthyAgain(i int) {
	l := m.op.Lanes[i]
	if m.noteRegistered(i) {
		return
	}
	well := 0
	var worst Target
	var group Group
	for _, p := range m.pairs(i) {
		g := m.op.Plan.Preview.Group(p.Group)
		r, ok := m.reading(i, p.Group, l.Accepted.Add(tick))
		if !ok {
			continue
		}
		t := r.Of(p)
		switch {
		case t.State == Healthy && (l.Seen[p] || m.since(i, r)):
			well++
			continue
		case t.State.Out() && !l.Fresh && !l.Seen[p]:
			m.register(i) // never seen registered: the former process may not have come to it
			return
		case t.State.Out() && m.twice(p, l.Accepted, l.Accepted.Add(settle), Health.Out):
			m.fail(i, Because(TakenByOther, "pair", p, "group", g.Name))
			return
		case t.Reason == "Target.NotInUse":
			m.fail(i, Because(NeverHealthy, "pair", p, "group", g.Name, "state", t.State, "reason", t.Reason))
			return
		case t.Reason == "Target.InvalidState" && !m.running(i):
			return
		}
		worst, group = t, g
		m.want(i, Look{Group: p.Group}, r.Begun.Add(m.joinStep(l, g, r)))
	}
	switch {
	case m.emitted():
	case well == len(m.pairs(i)):
		m.ended(i, "")
	case worst.Target != "" && m.past(i, l.Deadline):
		step, _ := l.Step()
		m.fail(i, Because(HealthTimeout, "pair", worst.Pair, "group", group.Name, "state", worst.State, "reason", worst.Reason, "limit", step.Limit))
	}
}

// looksEach is how many readings of a target group an instance may cost on its way out and back.
const looksEach = 6

// joinStep is the time to the next look at a target that comes back: a first check passes within one interval, so looks
// are dense then and thin out after it. There are three in the interval, and more if those who came before have needed
// fewer looks than they might.
func (m *mover) joinStep(l *LaneState, g Group, r Reading) time.Duration {
	since := r.Begun.Sub(l.Accepted)
	if since > 2*g.Interval {
		return min(max(g.Interval/2, time.Second), 15*time.Second)
	}
	step, left := g.Interval/3, g.Interval-since
	if n := m.spare(g.ARN); n > 0 && left > 0 {
		step = min(step, left/time.Duration(n))
	}
	return min(max(step, time.Second), 5*time.Second)
}

// spare is how many looks at a group are left of those that the instances so far may cost.
func (m *mover) spare(group string) int {
	return m.tallied().touched*looksEach - m.seen.Looks[group]
}
