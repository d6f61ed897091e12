package world

// Route is one target that the load balancer has business with.
type Route struct {
	Pair     Pair
	ID       string // the instance behind it; empty if none is known
	Addr     string // host:port where it listens
	Draining bool   // no new requests; those in flight may finish until it is no longer listed
	State    string
}

// Routes are the targets that get new requests now, and those that drain: the
// healthy ones; if none is healthy, all that are registered and in use (ELB
// fails open: "If a target group contains only unhealthy registered targets,
// the load balancer routes requests to all those targets"). An unknown group
// has none.
func (w *World) Routes(group string) []Route {
	w.enter()
	defer w.mu.Unlock()
	g := w.group(group)
	if g == nil {
		return nil
	}
	healthy := false
	for _, r := range g.regs {
		healthy = healthy || (r.usable && r.state == Healthy)
	}
	var out []Route
	for _, r := range g.regs {
		if i := w.behind(g, r.pair.ID); i != nil && !i.running() {
			continue
		}
		draining := !r.draining.IsZero()
		if !draining && (!r.usable || (healthy && r.state != Healthy)) {
			continue
		}
		rt := Route{Pair: r.pair, Draining: draining, State: r.state}
		if draining {
			rt.State = Draining
		}
		rt.ID, rt.Addr = w.addr(g, r.pair)
		out = append(out, rt)
	}
	return out
}
