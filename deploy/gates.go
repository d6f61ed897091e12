package deploy

import (
	"slices"
	"strings"
	"time"
)

// gate is one thing that must hold before an instance is taken. One that refuses without a cause has not seen enough
// yet, and has said what it wants to see.
type gate struct {
	needs bool // fresh readings of the lane's target groups
	quiet bool // its refusal is the ordinary course of a rollout, and is not told
	holds func(m *mover, lane int, readings map[string]Reading) (Cause, bool)
}

// gates is the table of gates, in the order in which they are asked. A cause that stands in the table of questions is
// asked of people; any other is told once, and the gate opens by itself.
var gates = []gate{
	{quiet: true, holds: gatePaused},
	{quiet: true, holds: gateChore},
	{quiet: true, holds: gateUnavailable},
	{quiet: true, holds: gateCalls},
	{quiet: true, holds: gateZone},
	{holds: gateCanary},
	{quiet: true, holds: gateBetween},
	{holds: gateAlarms},
	{needs: true, holds: gateHealthy},
}

// admit reports whether the gates let the lane's instance be taken now, on readings that are fresh until the time given.
func (m *mover) admit(i int) (map[string]Reading, time.Time, bool) {
	var readings map[string]Reading
	until := m.now.Add(freshFor)
	for _, g := range gates {
		if g.needs && readings == nil {
			var ok bool
			if readings, until, ok = m.fresh(i); !ok || m.emitted() {
				return nil, time.Time{}, false
			}
		}
		if cause, ok := g.holds(m, i, readings); !ok {
			m.refuse(i, g, cause)
			return nil, time.Time{}, false
		}
	}
	return readings, until, !m.emitted()
}

// refuse tells of a refusal once, so that the thread names the gate, and goes on looking until it opens.
func (m *mover) refuse(i int, g gate, c Cause) {
	for _, arn := range groupsOf(m.pairs(i)) {
		if r, ok := m.seen.Groups[arn]; g.needs && ok {
			m.want(i, Look{Group: arn}, r.Begun.Add(healthStep(m.op.Plan.Preview.Group(arn).Interval)))
		}
	}
	was := m.op.Lanes[i].Gate
	told := was.Code == c.Code && was.Values["group"] == c.Values["group"] // counts may flap
	_, asks := questions[c.Code]
	switch {
	case c.Code == "":
	case asks:
		m.ask(c)
	case !g.quiet && !told:
		m.emit(Event{Type: EventGated, Lane: i, Cause: c})
	}
}

// gatePaused keeps everything in service while somebody has paused the rollout. A leave that has begun goes on: the pause
// is at an instance's boundary.
func gatePaused(m *mover, lane int, _ map[string]Reading) (Cause, bool) {
	if m.op.Paused == nil || m.op.Lanes[lane].Phase != PhaseDue {
		return Cause{}, true
	}
	return Because(GatePaused, "by", m.op.Paused.By.ID), false
}

// gateChore keeps everything in service until what is done once before is done.
func gateChore(m *mover, _ int, _ map[string]Reading) (Cause, bool) {
	if m.op.TurnedBack() || m.chored(VerbBefore) {
		return Cause{}, true
	}
	return Because(GateChore, "chore", VerbBefore), false
}

// gateUnavailable keeps the number of instances that are out at once within max_unavailable (I1), and at one until the
// canary is done. One that is out already takes no new place.
func gateUnavailable(m *mover, lane int, _ map[string]Reading) (Cause, bool) {
	if m.op.Lanes[lane].Out() {
		return Cause{}, true
	}
	window := m.window()
	out := m.tallied().out
	if len(out) >= window {
		var names []string
		for _, i := range out {
			names = append(names, m.op.Plan.Preview.Name(m.op.Lanes[i].Name))
		}
		return Because(GateUnavailable, "out", len(out), "max", window, "names", strings.Join(names, ", ")), false
	}
	return Cause{}, true
}

// atOnce is how many instances may be on their way to being deregistered: what AWS takes in the time for which a reading
// is fresh. More would only wait until what was checked for them is too old.
const atOnce = 8

// gateCalls lets no more instances leave at the same moment than AWS takes calls for.
func gateCalls(m *mover, lane int, _ map[string]Reading) (Cause, bool) {
	if m.op.Lanes[lane].Phase != PhaseDue {
		return Cause{}, true
	}
	return Cause{}, m.tallied().leaving < atOnce
}

// window is how many instances may be out at once now.
func (m *mover) window() int {
	if len(m.canaries()) > 0 && !m.canaried() && !m.op.TurnedBack() {
		return 1
	}
	return max(1, m.op.Plan.Preview.Window)
}

// gateZone opens a zone only when those before it are finished: half of two zones out is worse than all of one. What is
// out already may go on: those of the zone before may wait for it.
func gateZone(m *mover, lane int, _ map[string]Reading) (Cause, bool) {
	if m.op.Lanes[lane].Touched {
		return Cause{}, true
	}
	zone := func(i int) string { return m.op.Plan.Preview.Instances[m.op.Lanes[i].Name].Zone }
	for _, i := range m.sequence() {
		l := m.op.Lanes[i]
		if i == lane {
			break
		}
		if !l.Chore() && l.Phase != PhaseDone && !l.Waits() && zone(i) != zone(lane) {
			return Because(GateZone, "zone", zone(lane), "before", zone(i)), false
		}
	}
	return Cause{}, true
}

// gateBetween keeps the pause between one instance's end and the next one's leave.
func gateBetween(m *mover, _ int, _ map[string]Reading) (Cause, bool) {
	pause := m.op.Plan.Rules.PauseBetween
	if pause == 0 || m.op.TurnedBack() {
		return Cause{}, true
	}
	var last time.Time
	for _, l := range m.op.Lanes {
		if !l.Chore() && l.Ran && l.EndAt.After(last) {
			last = l.EndAt
		}
	}
	if until := last.Add(pause); m.now.Before(until) {
		m.d.wake(until)
		return Because(GateBetween, "until", stamp(until)), false
	}
	return Cause{}, true
}

// alarmsFreshFor is how old a reading of the alarms may be when an instance is taken on its strength.
const alarmsFreshFor = 10 * time.Second

// gateAlarms keeps everything in service while an alarm rings that nobody has said they know of.
func gateAlarms(m *mover, lane int, _ map[string]Reading) (Cause, bool) {
	if len(m.op.Plan.Rules.Alarms) == 0 || m.op.TurnedBack() {
		return Cause{}, true
	}
	if m.now.Sub(m.seen.Alarms.Begun) > alarmsFreshFor {
		m.want(lane, Look{Alarms: true}, m.now)
		return Cause{}, false
	}
	if ringing := m.ringing(); len(ringing) > 0 {
		return Because(AlarmOn, "alarms", strings.Join(ringing, ", ")), false
	}
	return Cause{}, true
}

// ringing are the alarms in ALARM that nobody has acknowledged in this operation.
func (m *mover) ringing() []string {
	known := map[string]bool{}
	for _, a := range m.op.Answers {
		if a.Cause.Code == AlarmOn {
			for _, name := range strings.Split(a.Cause.Values["alarms"], ", ") {
				known[name] = true
			}
		}
	}
	var out []string
	for name, state := range m.seen.Alarms.States {
		if state == "ALARM" && !known[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// healthStep is the time between two looks at a group whose targets are being checked every interval.
func healthStep(interval time.Duration) time.Duration {
	return min(max(interval/3, time.Second), 5*time.Second)
}
