package doctor

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"junban/deploy"
)

// exam is one examination: a survey, what is asked for, and what several rules read off them.
type exam struct {
	Survey
	r deploy.Request
}

func newExam(s Survey, r deploy.Request) *exam { return &exam{s, r} }

// runs reports whether something is run on the hosts through SSM.
func (x *exam) runs() bool {
	ssm := x.r.Run.Via == "" || x.r.Run.Via == "ssm"
	return ssm && (x.r.Kind == "" || x.r.Kind == deploy.KindDeploy || x.r.Kind == deploy.KindRollback)
}

// listed are the instances that a group lists and that are not on their way out, sorted.
func (g Group) listed() []string {
	out := map[string]bool{}
	for _, t := range g.Targets {
		if t.State != deploy.Draining {
			out[g.owner(t.Target)] = true
		}
	}
	return slices.Sorted(maps.Keys(out))
}

// registered are the instances that belong in a group: listed, or out for a while.
func (x *exam) registered(g Group) []string {
	out := append(g.listed(), x.Away...)
	slices.Sort(out)
	return slices.Compact(out)
}

// healthy are the instances all of whose ports in a group are healthy, sorted.
func (g Group) healthy() []string {
	out := map[string]bool{}
	for _, t := range g.Targets {
		id := g.owner(t.Target)
		was, seen := out[id]
		out[id] = t.State == deploy.Healthy && (was || !seen)
	}
	maps.DeleteFunc(out, func(_ string, ok bool) bool { return !ok })
	return slices.Sorted(maps.Keys(out))
}

// fleet are the service's instances that EC2 knows and that have not ended, in the order of their names.
func (x *exam) fleet() []Instance {
	ids := map[string]bool{}
	for _, g := range x.Groups {
		for _, id := range x.registered(g) {
			ids[id] = true
		}
	}
	for _, id := range x.Tagged {
		ids[id] = true
	}
	var out []Instance
	for id := range ids {
		if i, ok := x.Instances[id]; ok && i.State != "terminated" && i.State != "shutting-down" {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b Instance) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	return out
}

// chosen reports whether the request concerns an instance: all of them, or the one that it names.
func (x *exam) chosen(i Instance) bool { return x.r.On == "" || x.r.On == i.ID || x.r.On == i.Name }

// label is an instance for people: its name and its id.
func (i Instance) label() string {
	if i.Name == "" {
		return i.ID
	}
	return i.Name + " (" + i.ID + ")"
}

func labels(all []Instance) []string {
	out := make([]string, 0, len(all))
	for _, i := range all {
		out = append(out, i.label())
	}
	return out
}

func (x *exam) label(id string) string {
	if i, ok := x.Instances[id]; ok {
		return i.label()
	}
	return id
}

// zones counts a group's registered instances by zone. ok is false if the zone of one of them is not known.
func (x *exam) zones(g Group) (by map[string][]Instance, ok bool) {
	by, ok = map[string][]Instance{}, true
	for _, id := range x.registered(g) {
		i, known := x.Instances[id]
		if !known || i.Zone == "" {
			ok = false
			continue
		}
		by[i.Zone] = append(by[i.Zone], i)
	}
	return by, ok
}

// balancers are the load balancers that use a group, as far as they were read.
func (x *exam) balancers(g Group) []Balancer {
	var out []Balancer
	for _, b := range x.Balancers {
		if slices.Contains(g.Balancers, b.ARN) {
			out = append(out, b)
		}
	}
	return out
}

func (b Balancer) enabled(zone string) bool {
	return slices.ContainsFunc(b.Zones, func(z Zone) bool { return z.Name == zone })
}

// alike groups instances by one of their properties. usual is the value that more instances have than any other; "" if
// none does.
func alike(all []Instance, of func(Instance) string) (by map[string][]Instance, usual string) {
	by = map[string][]Instance{}
	for _, i := range all {
		by[of(i)] = append(by[of(i)], i)
	}
	most, tie := 0, false
	for v, some := range by {
		switch {
		case len(some) > most:
			most, usual, tie = len(some), v, false
		case len(some) == most:
			tie = true
		}
	}
	if tie {
		usual = ""
	}
	return by, usual
}

// spread is the same for people: "t3.small: web-1 (i-1), web-2 (i-2); t3.large: web-3 (i-3)", the most frequent first.
func spread(by map[string][]Instance) string {
	values := slices.Collect(maps.Keys(by))
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(by[b]), len(by[a])), strings.Compare(a, b))
	})
	parts := make([]string, 0, len(values))
	for _, v := range values {
		name := v
		if v == "" {
			name = "none"
		}
		parts = append(parts, name+": "+strings.Join(labels(by[v]), ", "))
	}
	return strings.Join(parts, "; ")
}
