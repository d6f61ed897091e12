package deploy

import "maps"

// gateHealthy keeps enough healthy instances in each target group of the lane (I1): those healthy in a fresh reading,
// less this one, less every one whose leave has begun, counted as distinct instances. One that is not healthy takes
// nothing away; but where none is healthy the load balancer sends requests to all of them.
func gateHealthy(m *mover, lane int, readings map[string]Reading) (Cause, bool) {
	id := m.op.Lanes[lane].Name
	for _, arn := range groupsOf(m.pairs(lane)) {
		g := m.op.Plan.Preview.Group(arn)
		up, left := m.staying(arn, g)
		if len(up) == 0 && !m.consented(lane, g.Name) {
			return Because(FailOpen, "group", g.Name), false
		}
		if !up[id] && !m.serves(lane, arn, readings[arn]) {
			continue
		}
		n := len(left)
		if left[id] {
			n--
		}
		if least := m.op.Plan.Preview.Minimum[arn]; n < least {
			return Because(GateHealthy, "group", g.Name, "healthy", n, "minimum", least, "instance", m.op.Plan.Preview.Name(id)), false
		}
	}
	return Cause{}, true
}

// staying are the instances that are healthy in the latest reading of a group, all of them and less every one whose leave
// has begun. Within one decision it is asked for many lanes.
func (m *mover) staying(arn string, g Group) (up, left map[string]bool) {
	if s, ok := m.stay[arn]; ok {
		return s[0], s[1]
	}
	up = healthy(m.seen.Groups[arn], g)
	left = maps.Clone(up)
	for i := range m.op.Lanes {
		if l := m.op.Lanes[i]; l.LeftOut || l.Out() {
			delete(left, l.Name)
		}
	}
	if m.stay == nil {
		m.stay = map[string][2]map[string]bool{}
	}
	m.stay[arn] = [2]map[string]bool{up, left}
	return up, left
}

// consented reports whether a person has decided that this very instance, which we have had out already and which did
// not become healthy again, leaves once more; or, since an instance last became healthy, that the operation goes on
// although none is.
func (m *mover) consented(lane int, group string) bool {
	l := m.op.Lanes[lane]
	again := l.Touched && l.Phase == PhaseDue || l.Again && l.Phase != PhaseDue
	if again && (l.Choice != nil || m.op.Course != CourseOn) {
		return true
	}
	return m.op.answered(func(a Answer) bool {
		if a.Cause.Code != FailOpen || a.Cause.Values["group"] != group {
			return false
		}
		for _, l := range m.op.Lanes {
			if l.Outcome == OutcomeDone && l.EndAt.After(a.At) {
				return false
			}
		}
		return true
	})
}

// serves reports whether the load balancer sends requests to some port of the lane's instance in a group.
func (m *mover) serves(lane int, arn string, r Reading) bool {
	for _, p := range m.pairs(lane) {
		if p.Group == arn && r.Of(p).State == Healthy {
			return true
		}
	}
	return false
}
