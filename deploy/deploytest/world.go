// Package deploytest is the in-process world in which the engine is tried: AWS's rules from awssim/world, hosts with a
// guard as deploy/hostscript has it, and a fuse that ends a bot's life at a chosen hook. It is for tests only, and made
// for testing/synctest: hours of rollout take milliseconds.
package deploytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
	"junban/deploy/engine"
)

// Setup says what a World looks like. Zero values: one group "web", three instances, delay 20 s, interval 5 s.
type Setup struct {
	Instances int
	Groups    []string
	Delay     time.Duration
	Interval  time.Duration
	Seed      uint64
	Stale     time.Duration // readings may be as old as this
	Zones     []string      // of the instances, in turn; none = all in "a"
	Hosts     bool          // behind no load balancer: no groups, found by their tags
}

// World is one simulated account with its hosts.
type World struct {
	*world.World
	Arns []string // of the groups
	IDs  []string // of the instances

	mu     sync.Mutex
	alarms map[string]string // by name
	sick   map[string]bool
	hosts  map[string]*host
	exec   func(j deploy.Job) (exit int, took time.Duration)
	nextID int
	halted bool
}

// NewWorld builds a world whose instances are registered and healthy.
func NewWorld(s Setup) *World {
	if s.Instances == 0 {
		s.Instances = 3
	}
	if len(s.Groups) == 0 && !s.Hosts {
		s.Groups = []string{"web"}
	}
	if len(s.Zones) == 0 {
		s.Zones = []string{"a"}
	}
	if s.Interval == 0 {
		s.Interval = 5 * time.Second
	}
	if s.Delay == 0 {
		s.Delay = 20 * time.Second
	}
	w := &World{World: world.New(world.Options{Now: time.Now, Seed: s.Seed}), sick: map[string]bool{}, hosts: map[string]*host{"": newHost()}} // "": the bot's own
	w.exec = func(deploy.Job) (int, time.Duration) { return 0, time.Second }
	lb := w.AddBalancer(world.Balancer{Name: "lb"})
	for n := range s.Instances {
		w.Launch(s.Zones[n%len(s.Zones)])
	}
	for i, name := range s.Groups {
		arn := w.AddGroup(world.Group{Name: name, Port: 80 + i, Delay: s.Delay, Interval: s.Interval})
		w.AddListener(world.Listener{Balancer: lb, Port: 80 + i, Group: arn})
		var pairs []world.Pair
		for _, id := range w.IDs {
			pairs = append(pairs, world.Pair{ID: id, Port: 8080 + i})
		}
		if err := w.Register(arn, pairs); err != nil {
			panic(err)
		}
		w.Arns = append(w.Arns, arn)
		for _, p := range pairs {
			w.Checked(arn, p, true, "")
		}
	}
	w.SetStale(s.Stale)
	return w
}

// Launch adds a running instance, the next web-N, which no group lists yet, and answers its id.
func (w *World) Launch(zone string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.IDs) + 1
	id := fmt.Sprintf("i-%017d", n)
	w.AddInstance(world.Instance{ID: id, Name: fmt.Sprintf("web-%d", n), PrivateIP: fmt.Sprintf("10.0.0.%d", n), Zone: zone, AgentOnline: true})
	w.IDs = append(w.IDs, id)
	w.hosts[id] = newHost()
	return id
}

// Exec says what jobs do: their exit code and how long they take.
func (w *World) Exec(f func(deploy.Job) (exit int, took time.Duration)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.exec = f
}

// Sick makes an instance fail or pass its health checks from now on.
func (w *World) Sick(id string, sick bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sick[id] = sick
}

// Drive makes the health checks when they are due, until the context ends.
func (w *World) Drive(ctx context.Context) {
	for {
		changed := w.Changed()
		w.Step(func(c world.Check) world.Result {
			w.mu.Lock()
			defer w.mu.Unlock()
			return world.Result{OK: !w.sick[c.ID], Reason: world.ReasonTimeout}
		})
		var due <-chan time.Time
		if at := w.NextCheck(); !at.IsZero() {
			t := time.NewTimer(max(time.Until(at), time.Millisecond))
			due = t.C
			defer t.Stop()
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-due:
		}
	}
}

// Cloud is the world as an engine sees it.
func (w *World) Cloud() engine.Cloud { return cloud{w} }

type cloud struct{ w *World }

func fault(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*world.Error](err); ok {
		return &deploy.Fault{Class: deploy.Refused, Code: e.Code, Message: e.Message}
	}
	return err
}

func (c cloud) Fleet(_ context.Context, want engine.Want) (deploy.Fleet, error) {
	f := deploy.Fleet{Instances: map[string]deploy.Instance{}}
	for _, i := range c.w.Instances() {
		f.Instances[i.ID] = deploy.Instance{ID: i.ID, Name: i.Name, IP: i.PrivateIP, Zone: i.Zone, State: i.State}
	}
	if len(want.Tags) > 0 { // every instance bears them
		for _, i := range c.w.Instances() {
			f.Tagged = append(f.Tagged, i.ID)
		}
	}
	for _, name := range want.Groups {
		found := false
		for _, g := range c.w.Groups() {
			if g.Name != name && g.ARN != name {
				continue
			}
			found = true
			targets, err := c.targets(g.ARN)
			if err != nil {
				return f, err
			}
			f.Groups = append(f.Groups, deploy.Group{
				ARN: g.ARN, Name: g.Name, Type: g.TargetType, Port: g.Port, Delay: g.Delay, Interval: g.Interval,
				Balanced: len(g.Balancers) > 0, Targets: targets,
			})
		}
		if !found {
			return f, &deploy.Fault{Class: deploy.Refused, Code: "TargetGroupNotFound", Message: name}
		}
	}
	return f, nil
}

// Alarms says what SetAlarm said; an alarm that nobody set is OK.
func (c cloud) Alarms(_ context.Context, names []string) (deploy.Alarms, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	a := deploy.Alarms{Begun: time.Now(), States: map[string]string{}}
	for _, n := range names {
		a.States[n] = "OK"
		if s := c.w.alarms[n]; s != "" {
			a.States[n] = s
		}
	}
	return a, nil
}

// SetAlarm puts a CloudWatch alarm into a state.
func (w *World) SetAlarm(name, state string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.alarms == nil {
		w.alarms = map[string]string{}
	}
	w.alarms[name] = state
}

func (c cloud) targets(group string) ([]deploy.Target, error) {
	list, err := c.w.Health(group, nil)
	if err != nil {
		return nil, fault(err)
	}
	var out []deploy.Target
	for _, t := range list {
		out = append(out, deploy.Target{
			Pair: deploy.Pair{Group: group, Target: t.Pair.ID, Port: t.Pair.Port}, State: deploy.Health(t.State), Reason: t.Reason,
		})
	}
	return out, nil
}

func (c cloud) Health(_ context.Context, group string, _ time.Time) (deploy.Reading, error) {
	begun := time.Now()
	targets, err := c.targets(group)
	return deploy.Reading{Begun: begun, Targets: targets}, err
}

func (c cloud) Host(_ context.Context, instance string) (deploy.Host, error) {
	i, ok := c.w.Instance(instance)
	if !ok {
		return deploy.Host{Begun: time.Now(), State: "terminated"}, nil
	}
	return deploy.Host{Begun: time.Now(), State: i.State}, nil
}

func (c cloud) Deregister(_ context.Context, group string, pairs []deploy.Pair, notAfter time.Time) error {
	if !notAfter.IsZero() && time.Now().After(notAfter) {
		return engine.ErrLate
	}
	return fault(c.w.Deregister(group, worldPairs(pairs)))
}

func (c cloud) Register(_ context.Context, group string, pairs []deploy.Pair) error {
	return fault(c.w.Register(group, worldPairs(pairs)))
}

func worldPairs(pairs []deploy.Pair) []world.Pair {
	var out []world.Pair
	for _, p := range pairs {
		out = append(out, world.Pair{ID: p.Target, Port: p.Port})
	}
	return out
}
