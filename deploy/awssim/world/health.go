package world

import (
	"slices"
	"strconv"
	"time"
)

// Target states and reasons, ELBv2's own names.
const (
	Initial   = "initial"
	Healthy   = "healthy"
	Unhealthy = "unhealthy"
	Unused    = "unused"
	Draining  = "draining"

	ReasonRegistering  = "Elb.RegistrationInProgress"
	ReasonChecking     = "Elb.InitialHealthChecking"
	ReasonMismatch     = "Target.ResponseCodeMismatch"
	ReasonTimeout      = "Target.Timeout"
	ReasonFailed       = "Target.FailedHealthChecks"
	ReasonNotRegister  = "Target.NotRegistered"
	ReasonNotInUse     = "Target.NotInUse"
	ReasonInvalidState = "Target.InvalidState"
	ReasonDraining     = "Target.DeregistrationInProgress"
)

// TargetHealth is what AWS tells of one target.
type TargetHealth struct {
	Pair        Pair
	Zone        string // of the instance behind it; AWS tells it for ip targets only
	State       string
	Reason      string    // empty when healthy
	Description string    // empty when healthy
	Since       time.Time // when this state began; AWS does not tell
	Until       time.Time // when draining ends; AWS does not tell
}

// point is one reading of a target, true from Since on.
type point struct {
	TargetHealth
	listed bool // in the answer that asks for no target by id
}

const maxStale = 10 * time.Minute

// Health answers as DescribeTargetHealth: with pairs, those, known or not, in
// their order; without, all that AWS lists. Once SetStale is on, it may answer
// with an older state. Errors: TargetGroupNotFound, ValidationError.
func (w *World) Health(group string, pairs []Pair) ([]TargetHealth, error) {
	now := w.enter()
	defer w.mu.Unlock()
	if w.stale > 0 {
		now = now.Add(-time.Duration(w.rng.Int64N(int64(w.stale) + 1)))
	}
	return w.read(group, pairs, now)
}

// Truth is what Health with no pairs would list now, without staleness. Tests
// and pictures use it; the product cannot.
func (w *World) Truth(group string) ([]TargetHealth, error) {
	now := w.enter()
	defer w.mu.Unlock()
	return w.read(group, nil, now)
}

// SetStale makes each later Health an answer as of a random moment up to ago
// before now, at most ten minutes. So a draining target may still read
// healthy, a registered one NotRegistered, and readings may go back in time.
func (w *World) SetStale(ago time.Duration) {
	w.enter()
	defer w.mu.Unlock()
	w.stale = min(max(ago, 0), maxStale)
}

func (w *World) read(group string, pairs []Pair, at time.Time) ([]TargetHealth, error) {
	g, err := w.find(group)
	if err != nil {
		return nil, err
	}
	var out []TargetHealth
	if len(pairs) == 0 {
		for _, p := range g.order {
			if pt := g.at(p, at); pt.listed {
				out = append(out, pt.TargetHealth)
			}
		}
		return out, nil
	}
	if pairs, err = g.resolve(pairs); err != nil {
		return nil, err
	}
	for _, p := range pairs {
		out = append(out, g.at(p, at).TargetHealth)
	}
	return out, nil
}

// at is the reading of a pair as of a moment.
func (g *group) at(p Pair, at time.Time) point {
	pts := g.seen[p]
	for _, pt := range slices.Backward(pts) {
		if !pt.Since.After(at) {
			return pt
		}
	}
	return notRegistered(p)
}

func notRegistered(p Pair) point {
	return point{TargetHealth: TargetHealth{
		Pair: p, State: Unused, Reason: ReasonNotRegister,
		Description: "Target is not registered to the target group",
	}}
}

// view works out what a target reads now.
func (w *World) view(g *group, p Pair) point {
	r := g.reg(p)
	if r == nil {
		if _, ok := g.gone[p]; ok { // terminated: not listed, but draining by id
			return point{TargetHealth: TargetHealth{Pair: p, State: Draining, Reason: ReasonDraining, Description: "Target deregistration is in progress"}}
		}
		return notRegistered(p)
	}
	h := TargetHealth{Pair: p}
	i := w.behind(g, p.ID)
	if i != nil {
		h.Zone = i.Zone
	}
	switch {
	case !r.draining.IsZero():
		h.State, h.Reason, h.Description = Draining, ReasonDraining, "Target deregistration is in progress"
		h.Until = r.draining
	case i != nil && !i.running():
		h.State, h.Reason, h.Description = Unused, ReasonInvalidState, "Target is in the "+i.State+" state"
	case !w.inUse(g):
		h.State, h.Reason, h.Description = Unused, ReasonNotInUse, "Target group is not configured to receive traffic from the load balancer"
	case !w.zoneEnabled(g, h.Zone):
		h.State, h.Reason, h.Description = Unused, ReasonNotInUse, "Target is in an Availability Zone that is not enabled for the load balancer"
	case r.state == Initial && !r.settling.IsZero():
		h.State, h.Reason, h.Description = Initial, ReasonRegistering, "Target registration is in progress"
	case r.state == Initial:
		h.State, h.Reason, h.Description = Initial, ReasonChecking, "Initial health checks in progress"
	case r.state == Unhealthy:
		h.State, h.Reason, h.Description = Unhealthy, r.reason, r.desc
	default:
		h.State = Healthy
	}
	return point{TargetHealth: h, listed: true}
}

func (w *World) inUse(g *group) bool {
	return slices.ContainsFunc(w.balancers, func(b *balancer) bool { return b.forwardsTo(g.ARN) })
}

func (w *World) zoneEnabled(g *group, zone string) bool {
	return zone == "" || slices.ContainsFunc(w.balancers, func(b *balancer) bool {
		return b.forwardsTo(g.ARN) && b.enabled(zone)
	})
}

// reassess looks at every target after something around it has changed.
func (w *World) reassess(now time.Time) {
	for _, g := range w.groups {
		for _, r := range slices.Clone(g.regs) {
			w.assess(g, r, now)
		}
	}
	w.broadcast()
}

// assess begins or ends a target's health checks and notes what it now reads.
func (w *World) assess(g *group, r *registration, now time.Time) {
	i := w.behind(g, r.pair.ID)
	zone := ""
	if i != nil {
		zone = i.Zone
	}
	usable := r.draining.IsZero() && (i == nil || i.running()) && w.inUse(g) && w.zoneEnabled(g, zone)
	if usable && !r.usable {
		phase := 1 + time.Duration(w.rng.Int64N(int64(g.Interval)))
		r.state, r.passes, r.fails = Initial, 0, 0
		r.next = now.Add(phase)
		r.settling = now.Add(min(phase/2, registeringAt))
		w.checks.plan(g, r)
	}
	r.usable, w.planned = usable, false
	w.note(g, r.pair, now)
}

// note records what a target reads if that has changed.
func (w *World) note(g *group, p Pair, at time.Time) {
	was, is := g.at(p, at), w.view(g, p)
	is.Since = at
	if was.State == is.State && was.Reason == is.Reason && was.Description == is.Description &&
		was.listed == is.listed && was.Until.Equal(is.Until) {
		return
	}
	pts, known := g.seen[p]
	if !known {
		g.order = append(g.order, p)
	}
	// Stale reads go back maxStale at most: the last older point is enough.
	for len(pts) > 1 && at.Sub(pts[1].Since) > maxStale {
		pts = pts[1:]
	}
	if last := len(pts) - 1; last >= 0 && pts[last].State == Healthy {
		if g.healthy[p.ID]--; g.healthy[p.ID] == 0 {
			delete(g.healthy, p.ID)
		}
	}
	if is.State == Healthy {
		g.healthy[p.ID]++
	}
	g.seen[p] = append(pts, is)
	w.append(Entry{
		At: at, Kind: KindState, Group: g.Name, Pair: p,
		From: was.State, To: is.State, Reason: is.Reason, Effect: true,
	})
	w.broadcast()
}

// describe is AWS's text for an unhealthy reason.
func describe(reason string, code int) string {
	switch reason {
	case ReasonMismatch:
		return "Health checks failed with these codes: [" + strconv.Itoa(code) + "]"
	case ReasonTimeout:
		return "Request timed out"
	}
	return "Health checks failed"
}
