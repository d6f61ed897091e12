package world

import (
	"slices"
	"time"
)

// Kinds of entries.
const (
	KindRegister   = "register"   // one pair of a RegisterTargets call
	KindDeregister = "deregister" // one pair of a DeregisterTargets call
	KindState      = "state"      // a target reads something new
	KindAttributes = "attributes"
	KindStop       = "stop"
	KindStart      = "start"
	KindTerminate  = "terminate"
	KindLaunch     = "launch"  // an instance was started by a call or by a group
	KindScaling    = "scaling" // an Auto Scaling group, or an instance in it, changed
	KindCommand    = "command" // a command started on an instance
	KindAlarm      = "alarm"   // an alarm was given a state
	KindEnded      = "ended"   // a command ended
)

// Entry is one thing that happened. Tests judge by the log.
type Entry struct {
	Seq    int // from 0, without gaps
	At     time.Time
	Kind   string
	Group  string // name
	Pair   Pair
	Effect bool   // false: the call was accepted and did nothing
	From   string // state before
	To     string // state after
	Reason string // of the new state

	Alarm     string   // by name
	Scaling   string   // Auto Scaling group, by name
	Instance  string   // of commands, stop, start, terminate
	Command   string   // command id
	Comment   string   // of the command
	Status    string   // how the command ended
	Code      int      // its exit code
	InService []string // groups that still sent requests to the instance when the command started, by name

	Healthy int // distinct healthy targets of Group after this entry
}

// Mark is a place in the log.
type Mark int

// Mark is the end of the log as it is now.
func (w *World) Mark() Mark {
	w.enter()
	defer w.mu.Unlock()
	return Mark(len(w.log))
}

// Log returns everything that happened so far.
func (w *World) Log() []Entry { return w.LogSince(0) }

// LogSince returns what happened after a mark.
func (w *World) LogSince(since Mark) []Entry {
	w.enter()
	defer w.mu.Unlock()
	return slices.Clone(w.log[min(int(since), len(w.log)):])
}

// LeastHealthy is the smallest number of healthy targets, counted as distinct
// instances, that the group had at any moment since a mark.
func (w *World) LeastHealthy(group string, since Mark) int {
	w.enter()
	defer w.mu.Unlock()
	g := w.group(group)
	if g == nil {
		return 0
	}
	at := min(int(since), len(w.log))
	least := 0
	for _, e := range w.log[:at] {
		if e.Group == g.Name {
			least = e.Healthy
		}
	}
	for _, e := range w.log[at:] {
		if e.Group == g.Name {
			least = min(least, e.Healthy)
		}
	}
	return least
}

// Commands is how many commands were started on an instance since a mark.
func (w *World) Commands(instance string, since Mark) int {
	n := 0
	for _, e := range w.LogSince(since) {
		if e.Kind == KindCommand && e.Instance == instance {
			n++
		}
	}
	return n
}

// InService names the groups whose load balancer sends the instance new
// requests now, or will once it is healthy: registered and not draining.
func (w *World) InService(instance string) []string {
	w.enter()
	defer w.mu.Unlock()
	return w.inService(instance)
}

func (w *World) inService(id string) []string {
	var out []string
	for _, g := range w.groups {
		for _, r := range g.regs {
			i := w.behind(g, r.pair.ID)
			if i != nil && i.ID == id && r.usable {
				out = append(out, g.Name)
				break
			}
		}
	}
	return out
}

// CommandStarted logs that a command was started on an instance.
func (w *World) CommandStarted(instance, command, comment string) {
	now := w.enter()
	defer w.mu.Unlock()
	w.append(Entry{
		At: now, Kind: KindCommand, Instance: instance, Command: command, Comment: comment,
		Effect: true, InService: w.inService(instance),
	})
	w.broadcast()
}

// CommandEnded logs how a command ended; code is its exit code.
func (w *World) CommandEnded(instance, command, comment, status string, code int) {
	now := w.enter()
	defer w.mu.Unlock()
	w.append(Entry{
		At: now, Kind: KindEnded, Instance: instance, Command: command, Comment: comment,
		Effect: true, Status: status, Code: code,
	})
	w.broadcast()
}

func (w *World) append(e Entry) {
	e.Seq = len(w.log)
	if g := w.group(e.Group); g != nil {
		e.Healthy = len(g.healthy)
	}
	w.log = append(w.log, e)
	w.planned = false
}
