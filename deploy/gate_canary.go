package deploy

import (
	"strings"
	"time"
)

// alarmStep is the time between two looks at the alarms while the canary is baking.
const alarmStep = 30 * time.Second

// canaries are the lanes that come first.
func (m *mover) canaries() []int {
	var out []int
	for _, i := range m.op.Plan.Preview.Order {
		if len(out) < m.op.Plan.Preview.Canaries && !m.op.Lanes[i].Chore() {
			out = append(out, i)
		}
	}
	return out
}

// canaried reports whether all canaries are done, baked, and confirmed where somebody has to.
func (m *mover) canaried() bool {
	_, done := m.bakedAt()
	return done && !m.now.Before(m.baked()) && (!m.op.Plan.Rules.Canary.Confirm || m.confirmed())
}

// bakedAt is when the last canary came back, if all have.
func (m *mover) bakedAt() (last time.Time, done bool) {
	for _, i := range m.canaries() {
		l := m.op.Lanes[i]
		if l.Phase != PhaseDone {
			return last, false
		}
		if l.EndAt.After(last) {
			last = l.EndAt
		}
	}
	return last, true
}

// baked is when the canaries are baked. It counts from the journal, so that a restart does not prolong it.
func (m *mover) baked() time.Time {
	last, _ := m.bakedAt()
	return last.Add(m.op.Plan.Rules.Canary.Bake)
}

func (m *mover) confirmed() bool {
	return m.op.answered(func(a Answer) bool { return a.Cause.Code == CanaryBaked })
}

// gateCanary keeps all others in service until the canaries are back, have been healthy for the time of the bake without
// an alarm, and somebody has said that they are good, where that is asked for.
func gateCanary(m *mover, lane int, _ map[string]Reading) (Cause, bool) {
	canaries := m.canaries()
	if len(canaries) == 0 || m.op.TurnedBack() {
		return Cause{}, true
	}
	for _, i := range canaries {
		if i == lane {
			return Cause{}, true
		}
	}
	last, done := m.bakedAt()
	if !done {
		return Cause{}, false
	}
	baked := m.baked()
	if c, ok := m.wellBaked(lane, canaries, last, baked); !ok {
		return c, false
	}
	if m.op.Plan.Rules.Canary.Confirm && !m.confirmed() {
		return Because(CanaryBaked, "instances", strings.Join(m.names(canaries), ", "), "bake", m.op.Plan.Rules.Canary.Bake), false
	}
	return Cause{}, true
}

// wellBaked watches alarms and canaries while they bake, and once more when it is over.
func (m *mover) wellBaked(lane int, canaries []int, last, baked time.Time) (Cause, bool) {
	if m.op.Plan.Rules.Canary.Bake == 0 {
		return Cause{}, true
	}
	over := !m.now.Before(baked)
	if !over {
		m.d.wake(baked)
	}
	if len(m.op.Plan.Rules.Alarms) > 0 && !over {
		if ringing := m.ringing(); len(ringing) > 0 && m.seen.Alarms.Begun.After(last) {
			return Because(AlarmOn, "alarms", strings.Join(ringing, ", ")), false
		}
		m.want(lane, Look{Alarms: true}, m.seen.Alarms.Begun.Add(alarmStep))
	}
	if m.confirmed() || m.op.answered(func(a Answer) bool { return a.Cause.Code == CanarySick }) {
		return Cause{}, true
	}
	for _, i := range canaries {
		if c, ok := m.stillWell(lane, i, last, baked, over); !ok {
			return c, false
		}
	}
	if !over {
		return Because(GateCanary, "until", stamp(baked)), false
	}
	return Cause{}, true
}

// stillWell reports whether a canary that came back healthy has stayed so; after the bake, by a reading begun since.
func (m *mover) stillWell(lane, canary int, last, baked time.Time, over bool) (Cause, bool) {
	if m.op.Lanes[canary].Outcome != OutcomeDone {
		return Cause{}, true // somebody has decided about it
	}
	since := last
	if over {
		since = baked
	}
	for _, p := range m.pairs(canary) {
		g := m.op.Plan.Preview.Group(p.Group)
		r, ok := m.reading(lane, p.Group, since.Add(tick))
		if !ok {
			if over {
				return Cause{}, false
			}
			continue
		}
		sick := func(h Health) bool { return h == Unhealthy || h.Out() }
		t := r.Of(p)
		if m.twice(p, last, last, sick) {
			return Because(CanarySick, "instance", m.op.Lanes[canary].Name, "group", g.Name, "state", t.State, "reason", t.Reason), false
		}
		step := g.Interval
		if sick(t.State) {
			step = healthStep(g.Interval)
		}
		if !over || sick(t.State) {
			m.want(lane, Look{Group: p.Group}, r.Begun.Add(step))
		}
		if over && sick(t.State) {
			return Cause{}, false
		}
	}
	return Cause{}, true
}

func (m *mover) names(lanes []int) []string {
	var out []string
	for _, i := range lanes {
		out = append(out, m.op.Lanes[i].Name)
	}
	return out
}
