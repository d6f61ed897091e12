package world

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// AddInstance adds an instance. It panics if its id exists.
func (w *World) AddInstance(i Instance) {
	now := w.enter()
	defer w.mu.Unlock()
	w.place(i, now)
	w.broadcast()
}

// Launch starts an instance like the one given, as RunInstances does, and
// returns it: it gets an id and an address of its own if it has none, is
// pending as long as Options.StateChange says, and is completed by
// Options.Launch.
func (w *World) Launch(like Instance) Instance {
	now := w.enter()
	defer w.mu.Unlock()
	i := w.launch(like, now)
	w.advance(now)
	w.broadcast()
	return i.copy()
}

func (w *World) launch(like Instance, now time.Time) *instance {
	i := like
	if i.ID == "" {
		i.ID = "i-0" + w.hex()
	}
	if i.PrivateIP == "" {
		i.PrivateIP = w.freeIP()
	}
	i.State, i.Launched, i.AgentOnline = Pending, now, true
	i.Tags = maps.Clone(i.Tags)
	if w.complete != nil {
		w.complete(&i)
	}
	in := w.place(i, now)
	in.until = now.Add(w.change)
	w.append(Entry{At: now, Kind: KindLaunch, Instance: i.ID, To: Running, Effect: true})
	return in
}

// freeIP is an address that no instance has.
func (w *World) freeIP() string {
	for n := len(w.instances); ; n++ {
		ip := fmt.Sprintf("10.1.%d.%d", n/250%250, n%250+4)
		if !slices.ContainsFunc(w.instances, func(i *instance) bool { return i.PrivateIP == ip }) {
			return ip
		}
	}
}

// place fills in what is not given and adds the instance.
func (w *World) place(i Instance, now time.Time) *instance {
	if w.byID[i.ID] != nil {
		panic("world: instance " + i.ID + " exists")
	}
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	def(&i.State, Running)
	def(&i.Type, "t3.small")
	def(&i.Image, "ami-0abcdef1234567890")
	def(&i.VPC, defaultVPC)
	def(&i.Subnet, w.subnetOf(i.Zone))
	def(&i.Tokens, "required")
	if i.HopLimit == 0 {
		i.HopLimit = 2
	}
	i.AgentKnown = i.AgentKnown || i.AgentOnline
	if i.AgentKnown && !i.AgentOnline && i.AgentSeen.IsZero() {
		i.AgentSeen = now
	}
	if i.Security = slices.Clone(i.Security); i.Security == nil {
		i.Security = []SecurityGroup{{"sg-0a1b2c3d", "default"}}
	}
	if i.Launched.IsZero() {
		i.Launched = now
	}
	i.Tags = maps.Clone(i.Tags)
	if i.Tags == nil {
		i.Tags = map[string]string{}
	}
	if i.Name != "" {
		i.Tags["Name"] = i.Name
	}
	i.Addrs = maps.Clone(i.Addrs)
	in := &instance{Instance: i}
	w.instances = append(w.instances, in)
	w.byID[i.ID] = in
	w.imply(Zone{i.Zone, i.Subnet}, i.VPC)
	return in
}
