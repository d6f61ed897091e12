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

// paragraphs puts what is not empty below each other.
func paragraphs(lines []Text) Text {
	var out Text
	for _, l := range lines {
		if len(l) == 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, Span{Value: "\n"})
		}
		out = append(out, l...)
	}
	return out
}

// sentences puts what is not empty behind each other.
func (w Voice) sentences(parts ...Text) Text {
	var out Text
	for _, t := range parts {
		if len(out) > 0 && len(t) > 0 {
			out = T(out, w.gap())
		}
		out = T(out, t)
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
