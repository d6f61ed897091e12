package deploy

import (
	"sort"
	"time"
)

// Fleet is what a plan is made from: what AWS lists, plus every pair that an unfinished operation has out, plus what
// is held.
type Fleet struct {
	Groups    []Group
	Instances map[string]Instance // by instance id
	Out       []Pair              // taken out by operations that have not finished
	Held      []Lock              // holds of finished operations
	Tagged    []string            // of a service behind no load balancer: its instances
}

// Group is one target group with what the engine needs of its attributes.
type Group struct {
	ARN      string            `json:"arn"`
	Name     string            `json:"name"`
	Type     string            `json:"type"`     // instance | ip
	Port     int               `json:"port"`     // the default port
	Delay    time.Duration     `json:"delay"`    // deregistration delay, 0 to 3600 s
	Interval time.Duration     `json:"interval"` // of health checks, 5 to 300 s
	Balanced bool              `json:"balanced"` // some load balancer uses the group
	Targets  []Target          `json:"-"`
	Owner    map[string]string `json:"owner,omitempty"` // type ip: target address -> instance id
}

// Instance is one EC2 instance.
type Instance struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"` // its Name tag
	IP    string `json:"ip,omitempty"`   // private address
	Zone  string `json:"zone,omitempty"`
	State string `json:"state,omitempty"` // EC2's: pending running stopping stopped shutting-down terminated

	Scaling   string   `json:"scaling,omitempty"`   // the Auto Scaling group that it belongs to
	Suspended []string `json:"suspended,omitempty"` // that group's suspended processes
}

// Health is a target's state as ELB names it, or Absent.
type Health string

const (
	Initial     Health = "initial"
	Healthy     Health = "healthy"
	Unhealthy   Health = "unhealthy"
	Unused      Health = "unused"
	Draining    Health = "draining"
	Unavailable Health = "unavailable"
	Absent      Health = "" // not listed: deregistered, or never registered
)

// Out reports whether the load balancer sends no new requests to a target in this state.
func (h Health) Out() bool { return h == Draining || h == Absent }

// Target is one listed registration.
type Target struct {
	Pair
	State  Health `json:"state"`
	Reason string `json:"reason,omitempty"` // as ELB gives it: Target.Timeout, Elb.InitialHealthChecking, …
}

// Reading is one answer to DescribeTargetHealth for a whole target group.
type Reading struct {
	Begun   time.Time // when the call was made: what it shows is at least as new as this, but for AWS's own delay
	Targets []Target

	// Of an indexed one:
	by      map[Pair]Target
	up      map[string]bool // see healthy
	unknown []Target        // of instances that were not there when it was indexed
}

// Index is the same reading of one of the plan's groups with all that is asked of it again and again, while an operation
// makes many decisions on its strength: with a thousand targets they would take longer than everything else.
func (p Preview) Index(group string, r Reading) Reading {
	g := p.Group(group)
	r.by, r.up, r.unknown = make(map[Pair]Target, len(r.Targets)), healthy(r, g), nil
	for _, t := range r.Targets {
		r.by[t.Pair] = t
		if _, ok := p.Instances[g.owner(t.Target)]; !ok {
			r.unknown = append(r.unknown, t)
		}
	}
	return r
}

// strangers are the targets whose instances may have appeared since the plan was made: of an indexed reading those that
// are not in the plan, else all.
func (r Reading) strangers() []Target {
	if r.by != nil {
		return r.unknown
	}
	return r.Targets
}

// Of gives a pair's state; Absent if the group does not list it.
func (r Reading) Of(p Pair) Target {
	if r.by != nil {
		if t, ok := r.by[p]; ok {
			return t
		}
		return Target{Pair: p}
	}
	for _, t := range r.Targets {
		if t.Pair == p {
			return t
		}
	}
	return Target{Pair: p}
}

// lane is one instance of a fleet with its registrations.
type member struct {
	id    string
	pairs []Pair
	sick  bool // some registration is not healthy
}

// members lists the fleet's instances with the pairs they have now, sorted by instance id, pairs sorted too.
func (f Fleet) members() []member {
	pairs := map[string][]Pair{}
	sick := map[string]bool{}
	seen := map[Pair]bool{}
	add := func(owner string, p Pair) {
		if !seen[p] {
			seen[p] = true
			pairs[owner] = append(pairs[owner], p)
		}
	}
	for _, g := range f.Groups {
		for _, t := range g.Targets {
			if t.State == Draining {
				continue // on its way out; if it is ours it is in Out
			}
			add(g.owner(t.Target), t.Pair)
			if t.State != Healthy {
				sick[g.owner(t.Target)] = true
			}
		}
		for _, p := range f.Out {
			if p.Group == g.ARN {
				add(g.owner(p.Target), p)
				sick[g.owner(p.Target)] = true
			}
		}
	}
	for _, id := range f.Tagged {
		pairs[id] = nil
	}
	var out []member
	for id, ps := range pairs {
		sort.Slice(ps, func(i, j int) bool { return ps[i].less(ps[j]) })
		out = append(out, member{id: id, pairs: ps, sick: sick[id]})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out
}

// owner maps a target's id to its instance.
func (g Group) owner(target string) string {
	if id := g.Owner[target]; id != "" {
		return id
	}
	return target
}

func (p Pair) less(q Pair) bool {
	if p.Group != q.Group {
		return p.Group < q.Group
	}
	if p.Target != q.Target {
		return p.Target < q.Target
	}
	return p.Port < q.Port
}

// Find looks an instance up by id or by Name tag. It answers all that match: a Name is not unique.
func (f Fleet) Find(name string) []Instance {
	if i, ok := f.Instances[name]; ok {
		return []Instance{i}
	}
	var out []Instance
	for _, i := range f.Instances {
		if i.Name == name {
			out = append(out, i)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}
