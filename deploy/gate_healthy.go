package deploy

// gateHealthy keeps enough healthy instances in each target group of the lane (I1): those healthy in a fresh reading,
// less this one, less every one whose leave has begun, counted as distinct instances. One that is not healthy takes
// nothing away; but where none is healthy the load balancer sends requests to all of them, so a person must have
// decided.
func gateHealthy(m *mover, lane int, readings map[string]Reading) (Cause, bool) {
	id := m.op.Lanes[lane].Name
	for _, arn := range groupsOf(m.pairs(lane)) {
		g := m.op.Plan.Preview.Group(arn)
		up := healthy(readings[arn], g)
		if len(up) == 0 && m.op.Lanes[lane].Choice == nil && !m.op.Aborting() {
			return Because(FailOpen, "group", g.Name), false
		}
		if !up[id] {
			continue
		}
		delete(up, id)
		for _, l := range m.op.Lanes {
			if l.LeftOut || l.Out() {
				delete(up, l.Name)
			}
		}
		if least := m.op.Plan.Preview.Minimum[arn]; len(up) < least {
			return Because(GateHealthy, "group", g.Name, "healthy", len(up), "minimum", least, "instance", m.op.Plan.Preview.Name(id)), false
		}
	}
	return Cause{}, true
}
