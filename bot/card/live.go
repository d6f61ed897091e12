package card

import (
	"slices"
	"strings"
	"time"

	"junban/deploy"
)

const (
	barCells = 10              // of a bar, at most
	outShown = 5               // instances that are out and named one by one
	oldSight = time.Minute     // a reading that is older is said to be
	recount  = 3 * time.Second // an estimate is not outrun by less
)

// live is what goes on just now, one line each: how far it is and for how long, what is out and what it does, how many
// are healthy, and what was left out. Nothing if nothing has started, or all is over and done.
func (w Voice) live(o deploy.Operation, now time.Time, health []deploy.GroupHealth) []Text {
	if o.StartedAt.IsZero() || len(o.Plan.Instances()) == 0 {
		return nil
	}
	lines := []Text{w.progress(o, now)}
	if !o.State.Rolling() {
		return lines
	}
	lines = append(lines, w.outNow(o, now), w.runningNow(o, now))
	for _, h := range health {
		lines = append(lines, w.healthNow(h, now, anyOut(o)))
	}
	return append(lines, w.leftOut(o))
}

// progress is a bar, how many are done, for how long it runs, and how long that was expected to take.
func (w Voice) progress(o deploy.Operation, now time.Time) Text {
	if o.State == deploy.StateSucceeded {
		return nil // the state says how long it took
	}
	done, all := progress(o)
	if o.TurnedBack() {
		done, all = turning(o)
	}
	if o.State.Finished() {
		done = through(o)
		id := "progress.ended"
		if o.TurnedBack() {
			id = "progress.ended.back"
		}
		return w.Say(id, "bar", bar(done, all), "done", done, "all", all, "took", o.FinishedAt.Sub(o.StartedAt))
	}
	took := now.Sub(o.StartedAt).Round(time.Second)
	total, commands := expected(o)
	id := "progress"
	switch _, asks := asked(o); {
	case !anyOut(o): // nothing counts the time then: see the teller
		id = "progress.since"
	case o.State != deploy.StateRolling, asks, o.Course != deploy.CourseOn, len(o.Undecided()) > 0, total <= 0:
	case took > total+recount && !commands:
		id = "progress.late"
	case commands:
		id = "progress.of.commands"
	default:
		id = "progress.of"
	}
	return w.Say(id, "bar", bar(done, all), "done", done, "all", all, "took", took, "total", total, "since", o.StartedAt)
}

// through is how many instances came to the end that was meant.
func through(o deploy.Operation) (n int) {
	end := deploy.OutcomeDone
	switch {
	case o.TurnedBack():
		end = deploy.OutcomeReverted
	case o.Plan.Kind == deploy.KindDrain:
		end = deploy.OutcomeHeld
	}
	for _, l := range o.Lanes {
		if l.Outcome == end && !l.Chore() {
			n++
		}
	}
	return n
}

// anyOut reports whether an instance is out of service.
func anyOut(o deploy.Operation) bool {
	return slices.ContainsFunc(o.Lanes, func(l *deploy.LaneState) bool { return l.Out() })
}

// bar draws how much is done: one cell for each instance of a small operation.
func bar(done, all int) string {
	cells := min(all, barCells)
	if cells == 0 {
		return ""
	}
	full := done * cells / all
	return strings.Repeat("▰", full) + strings.Repeat("▱", cells-full)
}

// expected is how long the whole is expected to take: the plan's estimate and, once one instance has been through, the
// commands as they were. commands says that their time is not known yet.
func expected(o deploy.Operation) (total time.Duration, commands bool) {
	total = o.Plan.Preview.Estimate.Total
	if !o.Plan.Kind.Rolls() {
		return total, false
	}
	var ran time.Duration
	through := 0
	for _, l := range o.Lanes {
		if l.Outcome == deploy.OutcomeDone && !l.Chore() {
			ran += l.StepTook[deploy.VerbCommand] + l.StepTook[deploy.VerbVerify]
			through++
		}
	}
	if through == 0 {
		return total, true
	}
	_, all := progress(o)
	window := max(1, o.Plan.Preview.Window)
	waves := (all + window - 1) / window
	return (total + ran/time.Duration(through)*time.Duration(waves)).Round(time.Second), false
}

// outNow names what is out of service, what each does and since when.
func (w Voice) outNow(o deploy.Operation, now time.Time) Text {
	var list []Text
	more := 0
	for _, i := range o.Plan.Preview.Order {
		l := o.Lanes[i]
		switch {
		case l.Chore() || !l.Out():
		case len(list) == outShown:
			more++
		default:
			list = append(list, w.doingNow(o, i, now))
		}
	}
	if len(list) == 0 {
		return nil
	}
	var rest Text
	if more > 0 {
		rest = w.Say("live.more", "n", more)
	}
	return w.Say("live.out", "list", w.clauses(list), "more", rest)
}

// runningNow names what is done once per rollout and runs now.
func (w Voice) runningNow(o deploy.Operation, now time.Time) Text {
	var list []Text
	for i, l := range o.Lanes {
		if l.Chore() && choreStatus(l) == "running" {
			list = append(list, w.doingNow(o, i, now))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return w.Say("live.running", "list", w.clauses(list))
}

// doingNow is what one lane does, and for how long: of a drain also how long it is expected to take.
func (w Voice) doingNow(o deploy.Operation, lane int, now time.Time) Text {
	l := o.Lanes[lane]
	step, _ := l.Step()
	id, pairs := "live.lane", []any{"name", w.called(o, lane), "status", w.shown(l), "took", now.Sub(since(l)).Round(time.Second)}
	if since(l).IsZero() {
		return w.Say("live.lane.only", pairs...)
	}
	if delay := o.Plan.Preview.Estimate.Delay; step.Verb == deploy.VerbLeave && under(l) && delay > 0 {
		id, pairs = "live.lane.of", append(pairs, "delay", delay)
	}
	return w.Say(id, pairs...)
}

// under reports whether the lane's present step is under way.
func under(l *deploy.LaneState) bool {
	return l.Phase == deploy.PhaseBegun || l.Phase == deploy.PhaseAccepted
}

// since is when a lane came to the state that it is in.
func since(l *deploy.LaneState) time.Time {
	switch {
	case l.Waits():
		return l.FailedAt
	case under(l):
		return l.Begun
	}
	return l.EndedAt
}

// healthNow is how healthy a group is. With nothing out nobody draws this anew, so that it says of which time it is.
func (w Voice) healthNow(h deploy.GroupHealth, now time.Time, redrawn bool) Text {
	id := "live.health"
	if h.Healthy < h.Minimum {
		id = "live.health.low"
	}
	var seen Text
	switch age := now.Sub(h.At).Round(time.Second); {
	case !redrawn:
		seen = w.Say("live.health.at", "at", h.At)
	case age > oldSight:
		seen = w.Say("live.health.old", "age", age)
	}
	return w.Say(id, "group", h.Group, "healthy", h.Healthy, "minimum", h.Minimum, "seen", seen)
}

// leftOut names the instances that the rollout goes on without.
func (w Voice) leftOut(o deploy.Operation) Text {
	var names []string
	if o.Plan.Kind == deploy.KindDrain {
		return nil
	}
	for i, l := range o.Lanes {
		if l.Outcome == deploy.OutcomeHeld || l.Outcome == deploy.OutcomeGone {
			names = append(names, w.Line("live.left.lane", "name", w.called(o, i), "status", w.shown(l)))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return w.Say("live.left", "names", w.some(names))
}

// some is a list of names that stays short.
func (w Voice) some(names []string) string {
	if len(names) <= many {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:many], ", ") + w.Line("live.more", "n", len(names)-many)
}

func (w Voice) clauses(list []Text) Text {
	var out Text
	for i, t := range list {
		if i > 0 {
			out = T(out, w.Line("plan.clauses"))
		}
		out = T(out, t)
	}
	return out
}
