package world

import (
	"slices"
	"time"
)

// What an Auto Scaling group does by itself, as things that become due. Each
// changes the state so that it is not due any more.

// offerScaling offers the next thing of each group.
func (w *World) offerScaling(offer func(time.Time, func(time.Time))) {
	for _, s := range w.scalings {
		active := 0
		for _, m := range s.members {
			if m.counts() {
				active++
			}
			w.offerMember(s, m, offer)
		}
		switch {
		case active < s.Desired && !s.suspended("Launch"):
			offer(w.at, func(at time.Time) { w.scaleOut(s, at) })
		case active > s.Desired && !s.suspended("Terminate"):
			offer(w.at, func(at time.Time) { w.retire(s, s.spare(), at) })
		}
	}
}

func (w *World) offerMember(s *scaling, m *member, offer func(time.Time, func(time.Time))) {
	switch m.Life {
	case LifePending:
		if m.inst.running() {
			offer(w.at, func(at time.Time) { w.serve(s, m, at) })
		} else if m.inst.dead() {
			offer(w.at, func(time.Time) { s.forget(m) })
		}
	case LifeEntering:
		if w.drainedFrom(s, m) {
			offer(w.at, func(at time.Time) { w.live(s, m, LifeStandby, at) })
		}
	case LifeTerminating:
		if m.inst.dead() {
			offer(w.at, func(time.Time) { s.forget(m) })
		} else if w.drainedFrom(s, m) {
			offer(w.at, func(at time.Time) {
				w.end(m.inst, at)
				s.forget(m)
			})
		}
	case LifeStandby: // "the group does not perform health checks on instances that are on standby"
		if m.inst.dead() {
			offer(w.at, func(time.Time) { s.forget(m) })
		}
	case LifeInService:
		w.offerHealth(s, m, offer)
	}
}

// offerHealth follows the health of a member in service: bad for Notice, and
// not within the grace period, makes it unhealthy, and unhealthy ones are
// replaced.
func (w *World) offerHealth(s *scaling, m *member, offer func(time.Time, func(time.Time))) {
	bad := w.looksBad(s, m)
	switch {
	case m.Unhealthy:
		if !s.suspended("ReplaceUnhealthy") && !s.suspended("Terminate") {
			offer(w.at, func(at time.Time) { w.retire(s, m, at) })
		}
	case bad && m.bad.IsZero():
		offer(w.at, func(at time.Time) { m.bad = at })
	case !bad && !m.bad.IsZero():
		offer(w.at, func(time.Time) { m.bad = time.Time{} })
	case bad && !s.suspended("HealthCheck"):
		due := m.bad.Add(s.Notice)
		if grace := m.service.Add(s.Grace); grace.After(due) {
			due = grace
		}
		offer(due, func(at time.Time) {
			m.Unhealthy = true
			w.append(Entry{At: at, Kind: KindScaling, Scaling: s.Name, Instance: m.Instance, From: m.Life, To: m.Life, Reason: "Unhealthy", Effect: true})
			w.broadcast()
		})
	}
}

// looksBad says whether EC2, or a load balancer that the group listens to,
// tells of a bad instance: one that drains or is not registered is out of
// service for it as an unhealthy one is.
func (w *World) looksBad(s *scaling, m *member) bool {
	if !m.inst.running() {
		return true
	}
	if s.HealthCheck != "ELB" {
		return false
	}
	return slices.ContainsFunc(s.TargetGroups, func(arn string) bool {
		g := w.group(arn)
		r := g.reg(s.pair(g, m))
		return r == nil || !r.draining.IsZero() || (r.usable && r.state == Unhealthy)
	})
}

// scaleOut launches one instance, in the zone that has the fewest.
func (w *World) scaleOut(s *scaling, at time.Time) {
	like := s.Template
	like.ID, like.PrivateIP = "", ""
	like.Zone = slices.MinFunc(s.Zones, func(a, b string) int { return s.inZone(a) - s.inZone(b) })
	if like.Zone != s.Template.Zone {
		like.Subnet = ""
	}
	s.take(w.launch(like, at), at)
	w.broadcast()
}

func (s *scaling) inZone(zone string) int {
	n := 0
	for _, m := range s.members {
		if m.counts() && m.Zone == zone {
			n++
		}
	}
	return n
}

// spare is the member to end when there are too many: the oldest in the
// fullest zone, as AWS's default policy does when all are alike.
func (s *scaling) spare() *member {
	var found *member
	for _, m := range s.members {
		if m.counts() && (found == nil || s.inZone(m.Zone) > s.inZone(found.Zone)) {
			found = m
		}
	}
	return found
}

// retire begins to end a member: it is drained first.
func (w *World) retire(s *scaling, m *member, at time.Time) {
	w.live(s, m, LifeTerminating, at)
	w.withdraw(s, m, at)
}

func (s *scaling) forget(m *member) {
	s.members = slices.DeleteFunc(s.members, func(x *member) bool { return x == m })
}
