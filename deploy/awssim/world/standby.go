package world

import (
	"slices"
	"time"
)

// EnterStandby puts instances of a group on standby. With decrement the
// desired capacity shrinks by their number, which must leave it at the minimum
// at least; without, the group launches others in their place. Instances are
// deregistered from the target groups that the group is attached to, and stay
// EnteringStandby until they are drained there.
//
// Errors, for all of them before the first is touched: ValidationError.
func (w *World) EnterStandby(group string, ids []string, decrement bool) ([]Activity, error) {
	now := w.enter()
	defer w.mu.Unlock()
	s, members, err := w.named(group, ids, LifeInService)
	if err != nil {
		return nil, err
	}
	before := s.Desired
	if decrement {
		if s.Desired-len(members) < s.Min {
			return nil, s.sizes("place into standby", len(members))
		}
		s.Desired -= len(members)
	}
	var out []Activity
	for _, m := range members {
		w.live(s, m, LifeEntering, now)
		w.withdraw(s, m, now)
		out = append(out, Activity{Group: s.Name, Member: m.Member, Before: before, After: s.Desired, At: now, ID: w.hex()})
	}
	w.advance(now)
	w.broadcast()
	return out, nil
}

// ExitStandby puts instances back in service: the desired capacity grows by
// their number, and they are registered in the group's target groups. Their
// health counts after the grace period. Errors: ValidationError.
func (w *World) ExitStandby(group string, ids []string) ([]Activity, error) {
	now := w.enter()
	defer w.mu.Unlock()
	s, members, err := w.named(group, ids, LifeStandby)
	if err != nil {
		return nil, err
	}
	before := s.Desired
	if s.Desired+len(members) > s.Max {
		return nil, s.sizes("exit standby", len(members))
	}
	s.Desired += len(members)
	var out []Activity
	for _, m := range members {
		w.live(s, m, LifePending, now)
		out = append(out, Activity{Group: s.Name, Member: m.Member, Before: before, After: s.Desired, At: now, ID: w.hex()})
	}
	w.advance(now)
	w.broadcast()
	return out, nil
}

// Activity is one instance's move into or out of standby.
type Activity struct {
	ID            string
	Group         string
	Member        Member
	Before, After int // desired capacity
	At            time.Time
}

// named are members of a group that are in a state.
func (w *World) named(group string, ids []string, life string) (*scaling, []*member, error) {
	s, err := w.findScaling(group)
	if err != nil {
		return nil, nil, err
	}
	if len(ids) == 0 {
		return nil, nil, failf("ValidationError", "1 validation error detected: Value null at 'instanceIds' failed to satisfy constraint: Member must not be null")
	}
	var out []*member
	for _, id := range ids {
		i := slices.IndexFunc(s.members, func(m *member) bool { return m.Instance == id })
		if i < 0 {
			return nil, nil, failf("ValidationError", "The instance %s is not part of Auto Scaling group %s.", id, s.Name)
		}
		if s.members[i].Life != life {
			return nil, nil, failf("ValidationError", "The instance %s is not in %s.", id, life)
		}
		out = append(out, s.members[i])
	}
	return s, out, nil
}

// live moves a member to another lifecycle state.
func (w *World) live(s *scaling, m *member, life string, at time.Time) {
	w.append(Entry{At: at, Kind: KindScaling, Scaling: s.Name, Instance: m.Instance, From: m.Life, To: life, Effect: true})
	m.Life, m.Since, m.bad, m.Unhealthy = life, at, time.Time{}, false
	w.broadcast()
}

// serve puts a member in service: registered in the group's target groups.
func (w *World) serve(s *scaling, m *member, at time.Time) {
	w.live(s, m, LifeInService, at)
	m.service = at
	if s.suspended("AddToLoadBalancer") {
		return
	}
	for _, arn := range s.TargetGroups {
		g := w.group(arn)
		w.register(g, s.pair(g, m), at)
	}
}

// withdraw deregisters a member from the group's target groups.
func (w *World) withdraw(s *scaling, m *member, at time.Time) {
	for _, arn := range s.TargetGroups {
		g := w.group(arn)
		w.deregister(g, s.pair(g, m), at)
	}
}

// pair is how the group registers an instance: on the target group's own port.
func (s *scaling) pair(g *group, m *member) Pair {
	if g.TargetType == ipType {
		return Pair{m.inst.PrivateIP, g.Port}
	}
	return Pair{m.Instance, g.Port}
}

// drainedFrom says whether a member is gone from the group's target groups.
func (w *World) drainedFrom(s *scaling, m *member) bool {
	return !slices.ContainsFunc(s.TargetGroups, func(arn string) bool {
		g := w.group(arn)
		return g.reg(s.pair(g, m)) != nil
	})
}
