package deploy

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// fill reads the fleet's counts into the preview.
func (p *Preview) fill(f Fleet, r Rules) {
	p.Minimum, p.Healthy = map[string]int{}, map[string]int{}
	for _, g := range f.Groups {
		p.Minimum[g.ARN] = r.MinHealthy.AtLeast(len(f.registered(g)))
		p.Healthy[g.ARN] = len(healthy(Reading{Targets: g.Targets}, g))
	}
	p.Window = r.MaxUnavailable.AtMost(len(f.members()))
	for id, i := range f.Instances {
		p.Instances[id] = i
	}
}

// registered lists the instances that belong in a group: listed now, or out for a while.
func (f Fleet) registered(g Group) []string {
	var out []string
	for _, m := range f.members() {
		for _, p := range m.pairs {
			if p.Group == g.ARN {
				out = append(out, m.id)
				break
			}
		}
	}
	return out
}

// healthy lists the distinct instances that serve in a group: every port of theirs that the group lists is healthy.
func healthy(r Reading, g Group) map[string]bool {
	if r.up != nil {
		return r.up
	}
	out := make(map[string]bool, len(r.Targets))
	for _, t := range r.Targets {
		id := g.owner(t.Target)
		was, listed := out[id]
		out[id] = t.State == Healthy && (was || !listed)
	}
	for id, ok := range out {
		if !ok {
			delete(out, id)
		}
	}
	return out
}

// arrange puts the lanes in the order in which they are taken: chores where they belong, canaries among the healthy
// first, then zone by zone, in each first what takes no capacity away, then by name, as people count.
func (p *Plan) arrange(members []member, f Fleet) {
	sick := map[string]bool{}
	for _, m := range members {
		sick[m.id] = m.sick
	}
	var out []int
	for i := range p.Lanes {
		out = append(out, i)
	}
	rank := func(l Lane) int {
		switch {
		case !l.Chore():
			return 1
		case l.Steps[0].Verb == VerbAfter:
			return 2
		}
		return 0
	}
	sort.SliceStable(out, func(i, j int) bool {
		x, y := p.Lanes[out[i]], p.Lanes[out[j]]
		a, b := x.Name, y.Name
		if rank(x) != rank(y) {
			return rank(x) < rank(y)
		}
		if za, zb := f.Instances[a].Zone, f.Instances[b].Zone; za != zb {
			return za < zb
		}
		if sick[a] != sick[b] {
			return sick[a]
		}
		return natural(f.name(a), f.name(b))
	})
	p.Preview.Order = out
	p.canaries(sick)
}

// canaries moves healthy instances to the front: a canary that was sick before would say nothing about the release.
// Without any healthy one, the first are taken.
func (p *Plan) canaries(sick map[string]bool) {
	n := p.Rules.Canary.Instances
	var front, chosen, rest []int
	var healthy int
	for _, i := range p.Preview.Order {
		if l := p.Lanes[i]; !l.Chore() && !sick[l.Name] {
			healthy++
		}
	}
	for _, i := range p.Preview.Order {
		switch l := p.Lanes[i]; {
		case l.Chore() && l.Steps[0].Verb != VerbAfter:
			front = append(front, i)
		case !l.Chore() && len(chosen) < n && (healthy == 0 || !sick[l.Name]):
			chosen = append(chosen, i)
		default:
			rest = append(rest, i)
		}
	}
	if len(chosen) == len(p.Instances()) {
		return // all of them: nothing would come after the canary
	}
	p.Preview.Canaries = len(chosen)
	p.Preview.Order = slices.Concat(front, chosen, rest)
}

// Instances are the lanes that are instances.
func (p Plan) Instances() []Lane {
	return slices.DeleteFunc(slices.Clone(p.Lanes), Lane.Chore)
}

// natural orders names as people count: web-2 before web-10.
func natural(a, b string) bool {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, y := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if len(x) != len(y) {
				return len(x) < len(y)
			}
			if x != y {
				return x < y
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return a[0] < b[0]
		}
		a, b = a[1:], b[1:]
	}
	return a == "" && b != ""
}

// digits is how many digits a text begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// reachable refuses a minimum that this fleet can never keep while one instance is out. A group that has no healthy
// target at all is no reason to refuse: before anything leaves, a person is asked.
func (p Plan) reachable(f Fleet) error {
	for _, g := range f.Groups {
		leaves := false
		for _, l := range p.Lanes {
			for _, s := range l.Steps {
				for _, pair := range s.Pairs {
					leaves = leaves || s.Verb == VerbLeave && pair.Group == g.ARN
				}
			}
		}
		n := len(f.registered(g))
		if least := p.Preview.Minimum[g.ARN]; leaves && n-1 < least {
			return refuse(MinimumTooHigh, "group", g.Name, "minimum", least, "registered", n, "largest", max(0, n-1))
		}
	}
	return nil
}

// Estimate is how long the plan will take, without the commands: nobody can know these.
type Estimate struct {
	PerInstance time.Duration `json:"per_instance"`
	Delay       time.Duration `json:"delay"`    // of it: the longest deregistration delay
	Interval    time.Duration `json:"interval"` // of it: the longest health-check interval
	Total       time.Duration `json:"total"`
}

// quiet is how long connections must be still before the idle probe believes it, and it looks twice.
const quiet = 12 * time.Second

func estimate(p Plan) Estimate {
	var e Estimate
	for _, g := range p.Preview.Groups {
		e.Delay, e.Interval = max(e.Delay, g.Delay), max(e.Interval, g.Interval)
	}
	if p.Rules.Drain.Idle {
		e.Delay = min(e.Delay, p.Rules.Drain.Settle+quiet)
	}
	if p.Kind == KindRestore {
		e.Delay = 0
	}
	if p.Kind == KindDrain {
		e.Interval = 0
	}
	n := len(p.Instances())
	if n == 0 {
		return Estimate{}
	}
	e.PerInstance = e.Delay + e.Interval
	window, first := max(1, p.Preview.Window), p.Preview.Canaries
	rounds := first + (n-first+window-1)/window
	e.Total = time.Duration(rounds)*e.PerInstance + time.Duration(max(0, rounds-1))*p.Rules.PauseBetween
	if first > 0 {
		e.Total += p.Rules.Canary.Bake
	}
	return e
}
