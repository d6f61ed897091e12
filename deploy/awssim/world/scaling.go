package world

import (
	"maps"
	"slices"
	"time"
)

// ScalingGroup is an Auto Scaling group. Zero values mean AWS's defaults.
type ScalingGroup struct {
	ARN          string // set by AddScalingGroup
	Name         string
	Min, Max     int
	Desired      int           // AttachInstances adds to it; what is missing then is launched
	TargetGroups []string      // names or ARNs; instances are registered there on the group's own port. ARNs once added
	HealthCheck  string        // EC2 (default) or ELB
	Grace        time.Duration // after an instance is in service, before its health counts
	Notice       time.Duration // how long a target or an instance is bad before the group sees it; default 10 s. AWS publishes no figure
	Zones        []string      // where it launches; default the Template's
	Tags         map[string]string
	Template     Instance // what a launched instance is like
	Suspended    []string // processes
}

// Lifecycle states of an instance in an Auto Scaling group, AWS's own names.
const (
	LifePending     = "Pending"
	LifeInService   = "InService"
	LifeEntering    = "EnteringStandby"
	LifeStandby     = "Standby"
	LifeTerminating = "Terminating"
)

// Processes are the names that SuspendProcesses takes.
var Processes = []string{
	"AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh",
	"Launch", "ReplaceUnhealthy", "ScheduledActions", "Terminate",
}

// Member is one instance of an Auto Scaling group.
type Member struct {
	Group     string // name
	Instance  string // id
	Zone      string
	Type      string
	Life      string
	Unhealthy bool
	Since     time.Time // when Life began
}

type scaling struct {
	ScalingGroup
	members []*member
}

type member struct {
	Member
	inst    *instance
	service time.Time // when it was last put in service: the grace period counts from here
	bad     time.Time // since when its health is seen as bad; zero: it is not
}

// counts says whether the instance counts towards the desired capacity.
func (m *member) counts() bool { return m.Life == LifePending || m.Life == LifeInService }

// AddScalingGroup adds a group, empty at first, and returns its ARN. It panics
// if the name or a target group of it is wrong. AttachInstances or Desired fill it.
func (w *World) AddScalingGroup(g ScalingGroup) string {
	w.enter()
	defer w.mu.Unlock()
	if w.scaling(g.Name) != nil {
		panic("world: Auto Scaling group " + g.Name + " exists")
	}
	if g.HealthCheck == "" {
		g.HealthCheck = "EC2"
	}
	if g.Notice == 0 {
		g.Notice = 10 * time.Second
	}
	groups := make([]string, 0, len(g.TargetGroups))
	for _, name := range g.TargetGroups {
		groups = append(groups, w.mustGroup(name))
	}
	g.TargetGroups, g.Tags = groups, maps.Clone(g.Tags)
	if len(g.Zones) == 0 {
		g.Zones = []string{g.Template.Zone}
	}
	id := w.hex()
	g.ARN = "arn:aws:autoscaling:" + w.region + ":" + w.account + ":autoScalingGroup:" +
		id[:8] + "-" + id[8:12] + "-4" + id[12:15] + "-8" + w.hex()[:3] + "-" + w.hex()[:12] + ":autoScalingGroupName/" + g.Name
	g.Suspended = slices.Clone(g.Suspended)
	w.scalings = append(w.scalings, &scaling{ScalingGroup: g})
	w.broadcast()
	return g.ARN
}

// ScalingGroups returns all Auto Scaling groups in the order they were added.
func (w *World) ScalingGroups() []ScalingGroup {
	w.enter()
	defer w.mu.Unlock()
	out := make([]ScalingGroup, 0, len(w.scalings))
	for _, s := range w.scalings {
		c := s.ScalingGroup
		c.TargetGroups, c.Zones, c.Suspended = slices.Clone(c.TargetGroups), slices.Clone(c.Zones), slices.Clone(c.Suspended)
		c.Tags = maps.Clone(c.Tags)
		out = append(out, c)
	}
	return out
}

// Members returns the instances of all Auto Scaling groups, group by group.
func (w *World) Members() []Member {
	w.enter()
	defer w.mu.Unlock()
	var out []Member
	for _, s := range w.scalings {
		for _, m := range s.members {
			out = append(out, m.Member)
		}
	}
	return out
}

// AttachInstances puts running instances into a group: its desired capacity
// grows by their number, and they are registered in its target groups.
// Errors: ValidationError.
func (w *World) AttachInstances(group string, ids []string) error {
	now := w.enter()
	defer w.mu.Unlock()
	s, err := w.findScaling(group)
	if err != nil {
		return err
	}
	for _, id := range ids {
		i := w.byID[id]
		if i == nil || !i.running() {
			return failf("ValidationError", "Invalid Instance ID(s): [%s] specified. They must be running.", id)
		}
		if in, _ := w.memberOf(id); in != nil {
			return failf("ValidationError", "Instance %s is already part of AutoScalingGroup:%s", id, in.Name)
		}
	}
	if s.Desired+len(ids) > s.Max {
		return s.sizes("attach", len(ids))
	}
	s.Desired += len(ids)
	for _, id := range ids {
		m := s.take(w.byID[id], now)
		w.serve(s, m, now)
	}
	w.advance(now)
	w.broadcast()
	return nil
}

// take makes an instance a member, pending.
func (s *scaling) take(i *instance, now time.Time) *member {
	m := &member{inst: i, Member: Member{
		Group: s.Name, Instance: i.ID, Zone: i.Zone, Type: i.Type, Life: LifePending, Since: now,
	}}
	i.Tags["aws:autoscaling:groupName"] = s.Name
	s.members = append(s.members, m)
	return m
}

// Sizes are new values for a group; nil leaves one as it is.
type Sizes struct {
	Min, Max, Desired *int
	HealthCheck       *string
	Grace             *time.Duration
}

// UpdateScalingGroup changes a group as UpdateAutoScalingGroup does; a desired
// capacity that is not given follows a minimum or maximum that leaves it out.
// Errors: ValidationError.
func (w *World) UpdateScalingGroup(group string, z Sizes) error {
	now := w.enter()
	defer w.mu.Unlock()
	s, err := w.findScaling(group)
	if err != nil {
		return err
	}
	least, most, desired := s.Min, s.Max, s.Desired
	set := func(to *int, from *int) {
		if from != nil {
			*to = *from
		}
	}
	set(&least, z.Min)
	set(&most, z.Max)
	if least > most {
		return failf("ValidationError", "Max bound, %d, must be greater than or equal to min bound, %d", most, least)
	}
	desired = min(max(desired, least), most)
	set(&desired, z.Desired)
	if desired < least || desired > most {
		return failf("ValidationError", "Desired capacity:%d must be between the specified min size:%d and max size:%d", desired, least, most)
	}
	s.Min, s.Max, s.Desired = least, most, desired
	if z.HealthCheck != nil {
		s.HealthCheck = *z.HealthCheck
	}
	if z.Grace != nil {
		s.Grace = *z.Grace
	}
	w.append(Entry{At: now, Kind: KindScaling, Scaling: s.Name, Effect: true})
	w.advance(now)
	w.broadcast()
	return nil
}

// SuspendProcesses suspends processes of a group, all of them if none is named.
// Errors: ValidationError.
func (w *World) SuspendProcesses(group string, names []string) error {
	return w.processes(group, names, func(s *scaling, name string) {
		if !s.suspended(name) {
			s.Suspended = append(s.Suspended, name)
		}
	})
}

// ResumeProcesses resumes them. Errors: ValidationError.
func (w *World) ResumeProcesses(group string, names []string) error {
	return w.processes(group, names, func(s *scaling, name string) {
		s.Suspended = slices.DeleteFunc(s.Suspended, func(x string) bool { return x == name })
	})
}

func (w *World) processes(group string, names []string, each func(*scaling, string)) error {
	now := w.enter()
	defer w.mu.Unlock()
	s, err := w.findScaling(group)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = Processes
	}
	for _, n := range names {
		if !slices.Contains(Processes, n) {
			return failf("ValidationError", "1 validation error detected: '%s' is not a valid scaling process type", n)
		}
	}
	for _, n := range names {
		each(s, n)
	}
	w.append(Entry{At: now, Kind: KindScaling, Scaling: s.Name, Effect: true})
	w.advance(now)
	w.broadcast()
	return nil
}

func (s *scaling) suspended(process string) bool { return slices.Contains(s.Suspended, process) }

// sizes is AWS's refusal of what would leave the bounds.
func (s *scaling) sizes(what string, n int) error {
	noun := "instances"
	if n == 1 {
		noun = "instance"
	}
	return failf("ValidationError", "AutoScalingGroup %s has min-size=%d, max-size=%d, and desired-size=%d. To %s %d %s, please update the AutoScalingGroup sizes appropriately.",
		s.Name, s.Min, s.Max, s.Desired, what, n, noun)
}

// scaling is a group by name or ARN, or nil.
func (w *World) scaling(nameOrARN string) *scaling {
	for _, s := range w.scalings {
		if s.Name == nameOrARN || s.ARN == nameOrARN {
			return s
		}
	}
	return nil
}

func (w *World) findScaling(name string) (*scaling, error) {
	if s := w.scaling(name); s != nil {
		return s, nil
	}
	return nil, failf("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup '%s' not found", name)
}

// memberOf is the group that an instance is in, and it as a member; or nil.
func (w *World) memberOf(id string) (*scaling, *member) {
	for _, s := range w.scalings {
		for _, m := range s.members {
			if m.Instance == id {
				return s, m
			}
		}
	}
	return nil, nil
}
