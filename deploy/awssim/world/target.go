package world

import (
	"slices"
	"strings"
	"time"
)

// registration is one pair in one group, from its register call until it is
// drained or its instance is terminated.
type registration struct {
	pair     Pair
	gen      uint64    // tells this registration from an earlier one of the same pair
	draining time.Time // when draining ends; zero: not draining
	usable   bool      // in use, and its instance runs: it is health-checked
	settling time.Time // when Elb.RegistrationInProgress ends; zero: it has
	next     time.Time // next health check
	state    string    // initial, healthy or unhealthy, as the checks see it
	reason   string    // of unhealthy
	desc     string
	passes   int // in a row
	fails    int // in a row
}

// Register registers targets, all of them or none, as RegisterTargets does.
// A pair that is registered already is left as it is; one of an instance that
// still drains is initial again at once.
//
// Errors: TargetGroupNotFound; InvalidTarget for an unknown instance, one that
// is not running, or an address that still drains ("a target that was
// registered by IP address: you must wait for the deregistration delay to
// complete before you can register the same IP address again", ELB user guide);
// ValidationError for a port outside 1 to 65535.
func (w *World) Register(group string, pairs []Pair) error {
	now := w.enter()
	defer w.mu.Unlock()
	g, err := w.find(group)
	if err != nil {
		return err
	}
	pairs, err = g.resolve(pairs)
	if err != nil {
		return err
	}
	if err := w.admit(g, pairs); err != nil {
		return err
	}
	for _, p := range pairs {
		w.register(g, p, now)
	}
	w.broadcast()
	return nil
}

func (w *World) register(g *group, p Pair, now time.Time) {
	old := g.reg(p)
	fresh := old == nil || !old.draining.IsZero()
	w.append(Entry{At: now, Kind: KindRegister, Group: g.Name, Pair: p, Effect: fresh})
	if !fresh {
		return
	}
	w.gen++
	r := &registration{pair: p, gen: w.gen}
	g.byPair[p] = r
	if old != nil {
		g.regs[slices.Index(g.regs, old)] = r
	} else {
		g.regs = append(g.regs, r)
	}
	delete(g.gone, p)
	w.assess(g, r, now)
}

// admit refuses what AWS refuses to register.
func (w *World) admit(g *group, pairs []Pair) error {
	var idle []string
	for _, p := range pairs {
		if g.TargetType == ipType {
			if g.draining(p.ID) {
				return failf("InvalidTarget", "The IP address '%s' is still draining and cannot be registered until its deregistration delay is over", p.ID)
			}
			continue
		}
		i := w.byID[p.ID]
		if i == nil {
			return failf("InvalidTarget", "The following targets are not valid instances: '%s'", p.ID)
		}
		if !i.running() && !slices.Contains(idle, "'"+p.ID+"'") {
			idle = append(idle, "'"+p.ID+"'")
		}
	}
	if len(idle) > 0 {
		return failf("InvalidTarget", "The following targets are not in a running state and cannot be registered: %s", strings.Join(idle, ", "))
	}
	return nil
}

// Deregister deregisters targets as DeregisterTargets does. They drain for the
// group's whole deregistration delay, idle or not, counted from the first
// call. A pair that is not registered is passed over in silence, so leaving
// out an overridden port does nothing at all (API reference: "If the specified
// target does not exist, the action returns successfully").
//
// Errors: TargetGroupNotFound, ValidationError.
func (w *World) Deregister(group string, pairs []Pair) error {
	now := w.enter()
	defer w.mu.Unlock()
	g, err := w.find(group)
	if err != nil {
		return err
	}
	pairs, err = g.resolve(pairs)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		w.deregister(g, p, now)
	}
	w.advance(now) // a delay of 0 is over already
	w.broadcast()
	return nil
}

func (w *World) deregister(g *group, p Pair, now time.Time) {
	r := g.reg(p)
	effect := r != nil && r.draining.IsZero()
	w.append(Entry{At: now, Kind: KindDeregister, Group: g.Name, Pair: p, Effect: effect})
	if effect {
		r.draining = now.Add(g.Delay)
		w.assess(g, r, now)
	}
}

// resolve fills in the default port.
func (g *group) resolve(pairs []Pair) ([]Pair, error) {
	out := make([]Pair, 0, len(pairs))
	for _, p := range pairs {
		if p.Port < 0 || p.Port > 65535 {
			return nil, failf("ValidationError", "Port '%d' is not valid: it must be between 1 and 65535", p.Port)
		}
		if p.Port == 0 {
			p.Port = g.Port
		}
		out = append(out, p)
	}
	return out, nil
}

func (g *group) reg(p Pair) *registration {
	return g.byPair[p]
}

func (g *group) draining(id string) bool {
	return slices.ContainsFunc(g.regs, func(r *registration) bool { return r.pair.ID == id && !r.draining.IsZero() })
}

func (g *group) drop(r *registration) {
	if g.byPair[r.pair] == r {
		delete(g.byPair, r.pair)
	}
	g.regs = slices.DeleteFunc(g.regs, func(x *registration) bool { return x == r })
}
