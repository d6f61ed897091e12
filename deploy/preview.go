package deploy

import (
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
	out := map[string]bool{}
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

// order is the sequence in which lanes are taken: first what takes no capacity away, then zone by zone, then by name, as people count.
func order(lanes []Lane, members []member, f Fleet) []int {
	sick := map[string]bool{}
	for _, m := range members {
		sick[m.id] = m.sick
	}
	out := make([]int, len(lanes))
	for i := range out {
		out[i] = i
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := lanes[out[i]].Name, lanes[out[j]].Name
		if sick[a] != sick[b] {
			return sick[a]
		}
		if za, zb := f.Instances[a].Zone, f.Instances[b].Zone; za != zb {
			return za < zb
		}
		return natural(f.name(a), f.name(b))
	})
	return out
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

// reachable refuses a minimum that this fleet can never keep while one instance is out, and a group that serves
// through targets none of which is healthy: there the load balancer sends requests to all of them, so each counts.
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
		if !leaves {
			continue
		}
		n := len(f.registered(g))
		if least := p.Preview.Minimum[g.ARN]; n-1 < least {
			return refuse(MinimumTooHigh, "group", g.Name, "minimum", least, "registered", n, "largest", max(0, n-1))
		}
		if p.Preview.Healthy[g.ARN] == 0 {
			return refuse(FailOpen, "group", g.Name)
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

func estimate(p Plan) Estimate {
	var e Estimate
	for _, g := range p.Preview.Groups {
		e.Delay, e.Interval = max(e.Delay, g.Delay), max(e.Interval, g.Interval)
	}
	if p.Kind == KindRestore {
		e.Delay = 0
	}
	if p.Kind == KindDrain {
		e.Interval = 0
	}
	e.PerInstance = e.Delay + e.Interval
	rounds := (len(p.Lanes) + max(1, p.Preview.Window) - 1) / max(1, p.Preview.Window)
	e.Total = time.Duration(rounds) * e.PerInstance
	return e
}
