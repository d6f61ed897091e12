package world

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// Instance states, EC2's own names.
const (
	Pending      = "pending"
	Running      = "running"
	Stopping     = "stopping"
	Stopped      = "stopped"
	ShuttingDown = "shutting-down"
	Terminated   = "terminated"
)

// Instance is an EC2 instance and where its stand-in really runs.
type Instance struct {
	ID          string
	Name        string // the Name tag
	PrivateIP   string
	Zone        string // Availability Zone
	State       string // default running
	Tags        map[string]string
	AgentOnline bool      // the SSM agent is registered and answers
	AgentKnown  bool      // it has been registered at some time: without answering it reads ConnectionLost; true with AgentOnline
	AgentSeen   time.Time // when the agent that does not answer did so last; zero while it answers
	Type        string
	Image       string
	Subnet      string
	VPC         string
	Key         string // key pair, by name
	Profile     string // ARN of the instance profile; empty: none
	Security    []SecurityGroup
	Tokens      string    // of the metadata options: required (default) or optional
	HopLimit    int       // of the metadata options; default 2
	Launched    time.Time // default: when it was added

	Addr  string         // host:port where its app really listens, for the load balancer and the health checks
	Addrs map[int]string // by port, overrides Addr
	Dir   string         // its own folder, where commands run
}

// AddrOf is where the app on a port really listens: Addrs, then Addr, then the
// private address with that port.
func (i Instance) AddrOf(port int) string {
	if a, ok := i.Addrs[port]; ok {
		return a
	}
	if i.Addr != "" {
		return i.Addr
	}
	return i.PrivateIP + ":" + strconv.Itoa(port)
}

// SecurityGroup is one that an instance is in.
type SecurityGroup struct{ ID, Name string }

type instance struct {
	Instance
	until time.Time // when a passing state ends
}

func (i *instance) running() bool { return i.State == Running }
func (i *instance) dead() bool    { return i.State == Terminated || i.State == ShuttingDown }

// Instances returns the instances of these ids, or all, also terminated ones,
// in the order they were added.
func (w *World) Instances(ids ...string) []Instance {
	w.enter()
	defer w.mu.Unlock()
	out := make([]Instance, 0, len(w.instances))
	for _, i := range w.instances {
		if len(ids) == 0 || slices.Contains(ids, i.ID) {
			out = append(out, i.copy())
		}
	}
	return out
}

// Instance returns one instance by id.
func (w *World) Instance(id string) (Instance, bool) {
	w.enter()
	defer w.mu.Unlock()
	if i := w.byID[id]; i != nil {
		return i.copy(), true
	}
	return Instance{}, false
}

func (i *instance) copy() Instance {
	c := i.Instance
	c.Tags, c.Addrs, c.Security = maps.Clone(c.Tags), maps.Clone(c.Addrs), slices.Clone(c.Security)
	return c
}

// SetAgent says whether the instance's SSM agent answers. One that did and
// does so no more stays known: its connection is lost.
func (w *World) SetAgent(id string, online bool) {
	now := w.enter()
	defer w.mu.Unlock()
	if i := w.byID[id]; i != nil {
		if i.AgentSeen = (time.Time{}); !online && i.AgentKnown {
			i.AgentSeen = now
		}
		i.AgentOnline, i.AgentKnown = online, i.AgentKnown || online
		w.broadcast()
	}
}

// SetTags adds tags to an instance, or gives them other values.
// Errors: InvalidInstanceID.NotFound.
func (w *World) SetTags(id string, tags map[string]string) error {
	w.enter()
	defer w.mu.Unlock()
	i := w.byID[id]
	if i == nil {
		return failf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
	}
	maps.Copy(i.Tags, tags)
	if name, ok := tags["Name"]; ok {
		i.Name = name
	}
	w.broadcast()
	return nil
}

// SetAddr says where the instance's app really listens from now on.
func (w *World) SetAddr(id, addr string) {
	w.enter()
	defer w.mu.Unlock()
	if i := w.byID[id]; i != nil {
		i.Addr = addr
		w.broadcast()
	}
}

// Stop stops an instance. Its targets stay registered and read unused.
// Errors: InvalidInstanceID.NotFound, IncorrectInstanceState.
func (w *World) Stop(id string) error { return w.move(id, KindStop, Stopping, Stopped, "stopped") }

// Start starts a stopped instance; its targets begin anew with initial.
func (w *World) Start(id string) error { return w.move(id, KindStart, Pending, Running, "started") }

// Terminate ends an instance for good and deregisters its targets.
func (w *World) Terminate(id string) error {
	return w.move(id, KindTerminate, ShuttingDown, Terminated, "terminated")
}

func (w *World) move(id, kind, through, to, past string) error {
	now := w.enter()
	defer w.mu.Unlock()
	i := w.byID[id]
	if i == nil {
		return failf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
	}
	if i.State == to || i.State == through {
		return nil
	}
	if i.dead() || (kind == KindStart && i.State != Stopped) {
		return failf("IncorrectInstanceState", "The instance '%s' is not in a state from which it can be %s.", id, past)
	}
	w.pass(i, kind, through, to, now)
	w.advance(now)
	return nil
}

// pass brings an instance into a passing state.
func (w *World) pass(i *instance, kind, through, to string, now time.Time) {
	w.append(Entry{At: now, Kind: kind, Instance: i.ID, From: i.State, To: to})
	i.State, i.until = through, now.Add(w.change)
	if w.change > 0 {
		w.reassess(now)
	}
}

// end terminates an instance.
func (w *World) end(i *instance, now time.Time) {
	w.pass(i, KindTerminate, ShuttingDown, Terminated, now)
}

// behind is the instance behind a target of the group, or nil.
func (w *World) behind(g *group, id string) *instance {
	if g.TargetType == instanceType {
		return w.byID[id]
	}
	for _, i := range w.instances {
		if i.PrivateIP == id && i.State != Terminated {
			return i
		}
	}
	return nil
}

// settled is the state that follows a passing one.
func settled(state string) string {
	switch state {
	case Pending:
		return Running
	case Stopping:
		return Stopped
	case ShuttingDown:
		return Terminated
	}
	return state
}
