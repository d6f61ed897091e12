package deploy

import (
	"fmt"
	"time"
)

// reading answers a reading of a group begun at since or later. Without one it asks for it, or, if AWS has failed for
// too long, fails the lane.
func (m *mover) reading(i int, group string, since time.Time) (Reading, bool) {
	if r, ok := m.seen.Groups[group]; ok && !r.Begun.Before(since) {
		return r, true
	}
	m.want(i, Look{Group: group}, since)
	return Reading{}, false
}

// fresh answers readings that are young enough to act on, of all groups of the lane, and the time until which they are.
func (m *mover) fresh(i int) (map[string]Reading, time.Time, bool) {
	out := map[string]Reading{}
	until := m.now.Add(freshFor)
	for _, g := range groupsOf(m.pairs(i)) {
		r, ok := m.seen.Groups[g]
		if !ok || r.Begun.Before(m.now.Add(-freshFor)) {
			m.want(i, Look{Group: g}, m.now.Add(-freshFor/2)) // one that somebody else has just made will do
			continue
		}
		out[g] = r
		if t := r.Begun.Add(freshFor); t.Before(until) {
			until = t
		}
	}
	return out, until, len(out) == len(groupsOf(m.pairs(i)))
}

// running reports whether the lane's instance runs. Without a fresh reading it asks for one; one that does not run
// fails the lane. Both answer false.
func (m *mover) running(i int) bool {
	id := m.op.Lanes[i].Name
	h, ok := m.seen.Hosts[id]
	if !ok || m.now.Sub(h.Begun) > hostFreshFor {
		m.want(i, Look{Instance: id}, m.now)
		return false
	}
	if h.State != "running" {
		m.fail(i, Because(InstanceGone, "instance", id, "state", h.State))
		return false
	}
	return true
}

// want asks for a look at the given time, later if looks have been failing, and fails the lane if they have for long. A
// time that has passed may be answered by a reading that was made since for somebody else.
func (m *mover) want(i int, l Look, at time.Time) {
	if t, ok := m.seen.Faults[l]; ok {
		if t.Last.Sub(t.Since) >= troubleFor {
			action := "DescribeTargetHealth"
			switch {
			case l.Instance != "":
				action = "DescribeInstances"
			case l.Alarms:
				action = "DescribeAlarms"
			}
			m.fail(i, troubled(action, t.Fault, t.Tries))
			return
		}
		if again := t.Last.Add(backoff(t.Tries)); again.After(at) {
			at = again
		}
	}
	if next := m.seen.Groups[l.Group].Begun.Add(m.apart()); l.Group != "" && at.Before(next) {
		at = next
	}
	l.At = at
	m.d.look(l)
}

// apart is the least time between two readings of a group: the more instances are out, the more wait for a reading that
// will serve them all. A reading costs by the size of the group.
func (m *mover) apart() time.Duration {
	return min(time.Duration(max(0, len(m.tallied().out)-1))*20*time.Millisecond, freshFor/2)
}

func troubled(action string, f Fault, tries int) Cause {
	return Because(CloudFault, "action", action, "class", f.Class, "code", f.Code, "message", f.Message, "tries", tries)
}

// do orders an effect.
func (m *mover) do(e Effect) { m.d.Do = append(m.d.Do, e) }

// key names an effect of the lane's present step.
func (m *mover) key(i int, kind EffectKind) EffectKey {
	l := m.op.Lanes[i]
	return EffectKey{Kind: kind, Lane: i, At: l.At, Attempt: l.Attempt}
}

// try orders an effect, with patience after failures, and answers what became of it. Refusals and failures that last
// fail the lane; an order that is not due yet wakes the engine later.
func (m *mover) try(i int, e Effect, action string) EffectSeen {
	s := m.seen.Effects[e.EffectKey]
	switch {
	case s.Done, s.Running:
		if s.Running {
			m.do(e)
		}
	case s.Late && m.now.Before(s.Began.Add(lateStep)):
		m.d.wake(s.Began.Add(lateStep))
	case s.Fault == nil:
		m.do(e)
	case s.Fault.Class == Refused, s.Last.Sub(s.First) >= troubleFor:
		m.fail(i, troubled(action, *s.Fault, s.Tries))
	default:
		m.again(s, e)
	}
	return s
}

// again repeats an effect once its patience is over.
func (m *mover) again(s EffectSeen, e Effect) {
	if at := s.Last.Add(backoff(s.Tries)); m.now.Before(at) {
		m.d.wake(at)
		return
	}
	m.do(e)
}

// busy reports whether an effect of the lane is still under way: the next one must not overtake it.
func (m *mover) busy(i int) bool {
	for k, s := range m.seen.Effects {
		if k.Lane == i && s.Running && k.Kind != DoCheck && k.Kind != DoWait && k.Kind != DoFind { // these only look
			return true
		}
	}
	return false
}

// backoff is the pause after a number of failed tries: 1 s, doubled up to 15 s.
func backoff(tries int) time.Duration {
	return min(15*time.Second, time.Second<<min(max(0, tries-1), 4))
}

// pairs are the lane's registrations.
func (m *mover) pairs(i int) []Pair {
	if lanes := m.op.Plan.Lanes; i < len(lanes) && lanes[i].Name == m.op.Lanes[i].Name { // as they are laid, and grown
		return lanes[i].pairs()
	}
	return m.op.Plan.pairs(m.op.Lanes[i].Name)
}

func groupsOf(pairs []Pair) []string {
	var out []string
	seen := map[string]bool{}
	for _, p := range pairs {
		if !seen[p.Group] {
			seen[p.Group] = true
			out = append(out, p.Group)
		}
	}
	return out
}

// twice reports whether a pair was seen so in the latest two readings of its group, both begun after what was done, the
// later after a time by which AWS shows what is: one reading alone may be an old one.
func (m *mover) twice(p Pair, done, shown time.Time, is func(Health) bool) bool {
	r, prior := m.seen.Groups[p.Group], m.seen.Prior[p.Group]
	return r.Begun.After(shown) && prior.Begun.After(done) && is(r.Of(p).State) && is(prior.Of(p).State)
}

func (p Pair) String() string { return fmt.Sprintf("%s:%d", p.Target, p.Port) }
