package world

import (
	"maps"
	"strconv"
	"time"
)

// Group is a target group. Zero values mean AWS's defaults, but for Delay,
// where 0 is a legal delay: DefaultDelay is AWS's.
type Group struct {
	ARN                string // set by AddGroup
	Name               string
	Port               int           // default 80
	Protocol           string        // default HTTP
	VPC                string        // default vpc-0a1b2c3d
	TargetType         string        // instance (default) or ip
	Delay              time.Duration // deregistration delay, 0 to 3600 s
	Interval           time.Duration // between health checks; default 30 s. AWS takes 5 to 300 s, the simulator anything positive
	Timeout            time.Duration // of one health check; default 6 s
	HealthyThreshold   int           // passes that bring an unhealthy target back; default 5
	UnhealthyThreshold int           // fails that make a target unhealthy; default 2
	Path               string        // of the health check; default /
	Matcher            string        // HTTP codes that pass; default 200
	Tags               map[string]string
	Attributes         map[string]string // beside deregistration_delay.timeout_seconds, which is Delay
	Balancers          []string          // ARNs of the load balancers that forward to it; set by Groups
}

// DefaultDelay is AWS's default deregistration delay.
const DefaultDelay = 300 * time.Second

const (
	maxDelay      = 3600 * time.Second
	delayKey      = "deregistration_delay.timeout_seconds"
	instanceType  = "instance"
	ipType        = "ip"
	defaultVPC    = "vpc-0a1b2c3d"
	memoryOfDead  = 15 * time.Minute // how long a terminated target reads draining by id; AWS: "ten minutes and more"
	registeringAt = 2 * time.Second  // Elb.RegistrationInProgress lasts at most this long
)

type group struct {
	Group
	regs    []*registration
	byPair  map[Pair]*registration // the same, by pair
	order   []Pair                 // every pair ever registered, in the order of first registration
	seen    map[Pair][]point       // the readings of each target through time, oldest first
	healthy map[string]int         // healthy targets by id: distinct instances are what counts
	gone    map[Pair]time.Time     // targets whose instance was terminated, and when
}

func (g *Group) fill() {
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	def(&g.Protocol, "HTTP")
	def(&g.VPC, defaultVPC)
	def(&g.TargetType, instanceType)
	def(&g.Path, "/")
	def(&g.Matcher, "200")
	if g.Port == 0 {
		g.Port = 80
	}
	if g.Interval == 0 {
		g.Interval = 30 * time.Second
	}
	if g.Timeout == 0 {
		g.Timeout = 6 * time.Second
	}
	if g.HealthyThreshold == 0 {
		g.HealthyThreshold = 5
	}
	if g.UnhealthyThreshold == 0 {
		g.UnhealthyThreshold = 2
	}
	g.Attributes = attributesOf(groupAttributes, g.Attributes)
	g.Tags = maps.Clone(g.Tags)
}

// AddGroup adds a target group and returns its ARN. It panics on a delay
// outside 0 to 3600 s or a name that exists: both are faults of the test.
func (w *World) AddGroup(g Group) string {
	w.enter()
	defer w.mu.Unlock()
	if g.Delay < 0 || g.Delay > maxDelay {
		panic("world: deregistration delay outside 0 to 3600 s")
	}
	if w.group(g.Name) != nil {
		panic("world: target group " + g.Name + " exists")
	}
	g.fill()
	g.ARN = w.arn("targetgroup/" + g.Name + "/" + w.hex())
	w.groups = append(w.groups, &group{Group: g, byPair: map[Pair]*registration{}, seen: map[Pair][]point{}, healthy: map[string]int{}, gone: map[Pair]time.Time{}})
	return g.ARN
}

// Group returns one target group.
func (w *World) Group(nameOrARN string) (Group, bool) {
	w.enter()
	defer w.mu.Unlock()
	if g := w.group(nameOrARN); g != nil {
		return w.copyOf(g), true
	}
	return Group{}, false
}

// Groups returns all target groups in the order they were added.
func (w *World) Groups() []Group {
	w.enter()
	defer w.mu.Unlock()
	out := make([]Group, 0, len(w.groups))
	for _, g := range w.groups {
		out = append(out, w.copyOf(g))
	}
	return out
}

func (w *World) copyOf(g *group) Group {
	c := g.Group
	c.Tags, c.Attributes = maps.Clone(c.Tags), maps.Clone(c.Attributes)
	c.Attributes[delayKey] = strconv.Itoa(int(c.Delay / time.Second))
	for _, b := range w.balancers {
		if b.forwardsTo(g.ARN) {
			c.Balancers = append(c.Balancers, b.ARN)
		}
	}
	return c
}

// SetDelay changes the deregistration delay, also to fractions of a second.
func (w *World) SetDelay(group string, d time.Duration) error {
	w.enter()
	defer w.mu.Unlock()
	g, err := w.find(group)
	if err != nil {
		return err
	}
	if d < 0 || d > maxDelay {
		return failf("ValidationError", "Deregistration delay timeout value must be between 0 and 3600 seconds inclusive")
	}
	g.Delay = d
	w.broadcast()
	return nil
}

func (w *World) group(nameOrARN string) *group {
	for _, g := range w.groups {
		if g.ARN == nameOrARN || g.Name == nameOrARN {
			return g
		}
	}
	return nil
}

func (w *World) find(nameOrARN string) (*group, error) {
	if g := w.group(nameOrARN); g != nil {
		return g, nil
	}
	return nil, failf("TargetGroupNotFound", "One or more target groups not found")
}
