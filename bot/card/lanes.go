package card

import (
	"strings"

	"junban/deploy"
)

// many is the number of instances above which a message names only exceptions.
const many = 10

func (w Voice) undecided(o deploy.Operation) string {
	var names []string
	for _, i := range o.Undecided() {
		names = append(names, w.called(o, i))
	}
	return strings.Join(names, ", ")
}

// still reports whether the rollout stands still until somebody decides: more has failed, in the whole run, than it
// tolerates, or it is not an instance's failure that waits.
func still(o deploy.Operation) bool {
	for _, l := range o.Lanes {
		if !l.Chore() && l.Phase != deploy.PhaseDone && l.Phase != deploy.PhaseFailed {
			return o.Halts()
		}
	}
	return true
}

// ruled reports whether on_failure decides about what has failed: its own event follows at once.
func ruled(o deploy.Operation) bool {
	if o.Course != deploy.CourseOn || !still(o) {
		return false
	}
	for _, i := range o.Undecided() {
		if o.Lanes[i].Phase == deploy.PhaseUnknown {
			return false
		}
	}
	rule := o.Plan.Rules.OnFailure
	return rule == deploy.PolicyStop || rule == deploy.PolicyRollback && o.CanTurn()
}

// progress is how many instances are done, of how many.
func progress(o deploy.Operation) (done, all int) {
	for _, l := range o.Lanes {
		if l.Chore() {
			continue
		}
		all++
		if l.Phase == deploy.PhaseDone {
			done++
		}
	}
	return done, all
}

// turning is how many of the touched instances are back with the ref before, of how many that go back.
func turning(o deploy.Operation) (back, all int) {
	for _, l := range o.Lanes {
		if l.Outcome == deploy.OutcomeReverted {
			back++
		}
		if l.Reverting || l.Turning || l.Outcome == deploy.OutcomeReverted {
			all++
		}
	}
	return back, all
}

// instances is one line per instance, or, above ten, counts and exceptions; and one line per chore.
func (w Voice) instances(o deploy.Operation) Text {
	var lines, sums []string
	var out []Text
	counts := map[string]int{}
	_, all := progress(o)
	for _, i := range o.Plan.Preview.Order {
		l := o.Lanes[i]
		if l.Chore() {
			continue
		}
		now := w.shown(l)
		if counts[now]++; counts[now] == 1 {
			lines = append(lines, now)
		}
		if all > many && !l.Waits() && l.Outcome != deploy.OutcomeHeld && !l.Out() {
			continue
		}
		sign := mark(status(l))
		if o.Plan.Kind == deploy.KindDrain && l.Outcome == deploy.OutcomeHeld {
			sign = mark("skipped") // that it is held is what was asked for
		}
		out = append(out, T(sign+" ", B(o.Plan.Preview.Name(l.Name)), "  "+commas(w.version(o.Plan, l), now, w.took(l))))
	}
	if all > many {
		for _, k := range lines {
			sums = append(sums, w.Line("lane.count", "n", counts[k], "status", k))
		}
		out = append([]Text{T(strings.Join(sums, ", "))}, out...)
	}
	return paragraphs(append(out, w.choreLines(o)...))
}

// choreLines is one line per chore, in the order in which they are done.
func (w Voice) choreLines(o deploy.Operation) []Text {
	var out []Text
	for _, verb := range []deploy.Verb{deploy.VerbBefore, deploy.VerbFirst, deploy.VerbAfter} {
		for _, l := range o.Lanes {
			if !l.Chore() || l.Steps[0].Verb != verb {
				continue
			}
			on := ""
			if id := l.Values["INSTANCE_ID"]; verb == deploy.VerbFirst && id != "" {
				on = w.Line("lane.on", "instance", o.Plan.Preview.Name(id))
			}
			out = append(out, T(mark(status(l))+" ", B(w.chore(verb)), "  "+commas(w.shown(l), w.took(l), on)))
		}
	}
	if o.Migrated() {
		out = append(out, w.Say("parent.migrated"))
	}
	return out
}

func paragraphs(lines []Text) Text {
	var out Text
	for i, l := range lines {
		if i > 0 {
			out = append(out, Span{Value: "\n"})
		}
		out = append(out, l...)
	}
	return out
}

// commas joins what is not empty.
func commas(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}

func mark(status string) string {
	switch status {
	case "healthy", "rolled back", "done":
		return "●"
	case "waiting", "skipped":
		return "○"
	case "failed", "unknown", "stopped", "terminated", "held":
		return "✕"
	}
	return "◐"
}

func (w Voice) took(l *deploy.LaneState) string {
	if l.Phase != deploy.PhaseDone || l.StartAt.IsZero() || l.EndAt.IsZero() {
		return ""
	}
	return w.Duration(l.EndAt.Sub(l.StartAt))
}
