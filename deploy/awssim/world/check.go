package world

import (
	"container/heap"
	"time"
)

// Check is one health check that is due.
type Check struct {
	Group   string // ARN
	Pair    Pair
	ID      string // the instance behind the target; empty if none is known
	Addr    string // host:port to ask
	Path    string
	Matcher string // HTTP codes that pass, such as 200 or 200-299,301
	Timeout time.Duration

	gen uint64
}

// Result is what a health check found.
type Result struct {
	OK     bool
	Reason string // why not: ReasonMismatch, ReasonTimeout or ReasonFailed
	Code   int    // the HTTP status, for ReasonMismatch
}

// checks are the health checks to come, the next one first. One whose target
// has another plan by now, or is checked no more, is left in until its turn.
type checks []planned

type planned struct {
	at time.Time
	g  *group
	r  *registration
}

func (c checks) Len() int           { return len(c) }
func (c checks) Less(i, j int) bool { return c[i].at.Before(c[j].at) }
func (c checks) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *checks) Push(x any)        { *c = append(*c, x.(planned)) }
func (c *checks) Pop() any {
	last := len(*c) - 1
	x := (*c)[last]
	*c = (*c)[:last]
	return x
}

// plan puts a target's next check among them.
func (c *checks) plan(g *group, r *registration) { heap.Push(c, planned{r.next, g, r}) }

// first is the next check that will be made.
func (c *checks) first() (planned, bool) {
	for len(*c) > 0 {
		p := (*c)[0]
		if p.r.usable && p.r.next.Equal(p.at) && p.g.reg(p.r.pair) == p.r {
			return p, true
		}
		heap.Pop(c)
	}
	return planned{}, false
}

// NextCheck is when the next health check is due; zero if none will be.
func (w *World) NextCheck() time.Time {
	w.enter()
	defer w.mu.Unlock()
	p, _ := w.checks.first()
	return p.at
}

// DueChecks returns the health checks that are due at now and plans each
// target's next one, an interval later. The caller makes them and answers each
// with Answer.
func (w *World) DueChecks(now time.Time) []Check {
	w.enter()
	defer w.mu.Unlock()
	var out []Check
	for {
		p, ok := w.checks.first()
		if !ok || p.at.After(now) {
			return out
		}
		g, r := p.g, p.r
		heap.Pop(&w.checks)
		if r.next = r.next.Add(g.Interval); !r.next.After(now) {
			r.next = now.Add(g.Interval)
		}
		w.checks.plan(g, r)
		c := Check{Group: g.ARN, Pair: r.pair, Path: g.Path, Matcher: g.Matcher, Timeout: g.Timeout, gen: r.gen}
		c.ID, c.Addr = w.addr(g, r.pair)
		out = append(out, c)
	}
}

// Answer tells the result of a health check. One that was asked of an earlier
// registration of the same pair is dropped.
func (w *World) Answer(c Check, res Result) {
	now := w.enter()
	defer w.mu.Unlock()
	g := w.group(c.Group)
	if g == nil {
		return
	}
	r := g.reg(c.Pair)
	if r == nil || !r.usable || (c.gen != 0 && c.gen != r.gen) {
		return
	}
	r.count(&g.Group, res)
	w.note(g, r.pair, now)
}

// Checked answers a health check of a target as it is registered now. A Port
// of 0 is the group's default port; reason is why it failed.
func (w *World) Checked(group string, p Pair, ok bool, reason string) {
	if p.Port == 0 {
		w.mu.Lock()
		if g := w.group(group); g != nil {
			p.Port = g.Port
		}
		w.mu.Unlock()
	}
	w.Answer(Check{Group: group, Pair: p}, Result{OK: ok, Reason: reason})
}

// Step makes all health checks that are due now, asking probe in turn. It is
// for tests without a driver.
func (w *World) Step(probe func(Check) Result) {
	for _, c := range w.DueChecks(w.now()) {
		w.Answer(c, probe(c))
	}
}

// count applies the thresholds. "After your target is registered, it must pass
// one health check to be considered healthy" (ELB user guide): the healthy
// threshold is for those that come back from unhealthy.
func (r *registration) count(g *Group, res Result) {
	if res.OK {
		r.passes, r.fails = r.passes+1, 0
		if r.state == Initial || (r.state == Unhealthy && r.passes >= g.HealthyThreshold) {
			r.state, r.settling = Healthy, time.Time{}
		}
		return
	}
	r.passes, r.fails = 0, r.fails+1
	if r.state != Unhealthy && r.fails < g.UnhealthyThreshold {
		return
	}
	r.state, r.settling = Unhealthy, time.Time{}
	if r.reason = res.Reason; r.reason == "" {
		r.reason = ReasonFailed
	}
	r.desc = describe(r.reason, res.Code)
}

// addr is the instance behind a target and where its app listens.
func (w *World) addr(g *group, p Pair) (id, addr string) {
	if i := w.behind(g, p.ID); i != nil {
		return i.ID, i.AddrOf(p.Port)
	}
	return "", p.String()
}
