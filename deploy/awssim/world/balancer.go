package world

import (
	"maps"
	"slices"
	"strconv"
)

// Zone is one Availability Zone that a load balancer is enabled in.
type Zone struct{ Name, Subnet string }

// Balancer is an Application Load Balancer.
type Balancer struct {
	ARN     string // set by AddBalancer
	Name    string
	DNSName string // set by AddBalancer if empty
	Scheme  string // default internet-facing
	VPC     string
	Zones   []Zone // empty: every zone is enabled
	Tags    map[string]string
	// Attributes differ from AWS's defaults; what Balancers returns is complete.
	Attributes map[string]string
}

// Listener forwards one port of a load balancer to a group.
type Listener struct {
	ARN      string // set by AddListener
	Balancer string // ARN or name
	Port     int    // default 80
	Protocol string // default HTTP
	Group    string // ARN or name; empty: a fixed 404
	Rules    []Rule // beside the default one; set by AddRule
}

// Rule forwards what matches a path to a group.
type Rule struct {
	ARN      string // set by AddRule
	Priority int
	Path     string // a path pattern such as /api/*
	Group    string // ARN or name
}

type balancer struct {
	Balancer
	id        string
	listeners []*Listener
}

func (b *balancer) forwardsTo(group string) bool {
	return slices.ContainsFunc(b.listeners, func(l *Listener) bool {
		return l.Group == group || slices.ContainsFunc(l.Rules, func(r Rule) bool { return r.Group == group })
	})
}

func (b *balancer) enabled(zone string) bool {
	return len(b.Zones) == 0 || slices.ContainsFunc(b.Zones, func(z Zone) bool { return z.Name == zone })
}

// AddBalancer adds a load balancer and returns its ARN.
func (w *World) AddBalancer(b Balancer) string {
	w.enter()
	defer w.mu.Unlock()
	id := w.hex()
	b.ARN = w.arn("loadbalancer/app/" + b.Name + "/" + id)
	if b.DNSName == "" {
		b.DNSName = b.Name + "-" + strconv.Itoa(1000000000+w.rng.IntN(1000000000)) + "." + w.region + ".elb.amazonaws.com"
	}
	if b.Scheme == "" {
		b.Scheme = "internet-facing"
	}
	if b.VPC == "" {
		b.VPC = defaultVPC
	}
	b.Zones = slices.Clone(b.Zones)
	for _, z := range b.Zones {
		w.imply(z, b.VPC)
	}
	b.Attributes = attributesOf(balancerAttributes, b.Attributes)
	w.balancers = append(w.balancers, &balancer{Balancer: b, id: id})
	return b.ARN
}

// AddListener adds a listener and returns its ARN. From now on the targets of
// its group are in use, so their health checks begin. It panics if the load
// balancer or the group does not exist.
func (w *World) AddListener(l Listener) string {
	now := w.enter()
	defer w.mu.Unlock()
	b := w.mustBalancer(l.Balancer)
	l.Balancer = b.ARN
	l.Group = w.mustGroup(l.Group)
	if l.Port == 0 {
		l.Port = 80
	}
	if l.Protocol == "" {
		l.Protocol = "HTTP"
	}
	l.Rules = nil
	l.ARN = w.arn("listener/app/" + b.Name + "/" + b.id + "/" + w.hex())
	b.listeners = append(b.listeners, &l)
	w.reassess(now)
	return l.ARN
}

// AddRule adds a rule to a listener (its ARN) and returns the rule's ARN. It
// panics if the listener or the group does not exist.
func (w *World) AddRule(listener string, r Rule) string {
	now := w.enter()
	defer w.mu.Unlock()
	for _, b := range w.balancers {
		for _, l := range b.listeners {
			if l.ARN != listener {
				continue
			}
			r.Group = w.mustGroup(r.Group)
			r.ARN = w.arn("listener-rule/app/" + b.Name + "/" + b.id + "/" + l.ARN[len(l.ARN)-16:] + "/" + w.hex())
			l.Rules = append(l.Rules, r)
			w.reassess(now)
			return r.ARN
		}
	}
	panic("world: no listener " + listener)
}

// SetZones replaces the zones that a load balancer (ARN or name) is enabled in.
func (w *World) SetZones(lb string, zones []Zone) {
	now := w.enter()
	defer w.mu.Unlock()
	b := w.mustBalancer(lb)
	b.Zones = slices.Clone(zones)
	for _, z := range zones {
		w.imply(z, b.VPC)
	}
	w.reassess(now)
}

// RemoveListener takes a listener (its ARN) away; groups that no listener
// forwards to any more are not in use.
func (w *World) RemoveListener(listener string) {
	now := w.enter()
	defer w.mu.Unlock()
	for _, b := range w.balancers {
		b.listeners = slices.DeleteFunc(b.listeners, func(l *Listener) bool { return l.ARN == listener })
	}
	w.reassess(now)
}

// Balancers returns all load balancers in the order they were added.
func (w *World) Balancers() []Balancer {
	w.enter()
	defer w.mu.Unlock()
	out := make([]Balancer, 0, len(w.balancers))
	for _, b := range w.balancers {
		c := b.Balancer
		c.Zones, c.Attributes = slices.Clone(c.Zones), maps.Clone(c.Attributes)
		out = append(out, c)
	}
	return out
}

// Listeners returns the listeners of all load balancers.
func (w *World) Listeners() []Listener {
	w.enter()
	defer w.mu.Unlock()
	var out []Listener
	for _, b := range w.balancers {
		for _, l := range b.listeners {
			c := *l
			c.Rules = slices.Clone(c.Rules)
			out = append(out, c)
		}
	}
	return out
}

func (w *World) balancer(nameOrARN string) (*balancer, error) {
	for _, b := range w.balancers {
		if b.ARN == nameOrARN || b.Name == nameOrARN {
			return b, nil
		}
	}
	return nil, failf("LoadBalancerNotFound", "One or more load balancers not found")
}

func (w *World) mustBalancer(nameOrARN string) *balancer {
	b, err := w.balancer(nameOrARN)
	if err != nil {
		panic("world: no load balancer " + nameOrARN)
	}
	return b
}

func (w *World) mustGroup(nameOrARN string) string {
	if nameOrARN == "" {
		return ""
	}
	g := w.group(nameOrARN)
	if g == nil {
		panic("world: no target group " + nameOrARN)
	}
	return g.ARN
}
