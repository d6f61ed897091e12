package card

import (
	"junban/deploy"
)

// chore is what people call a step that is done once per rollout.
type chore string

// chores are the steps that are done once per rollout, each in a lane of its own.
var chores = map[deploy.Verb]chore{
	deploy.VerbBefore: "once before",
	deploy.VerbFirst:  "once first",
	deploy.VerbAfter:  "once after",
}

// or is the chore's name, or what is given if it is none.
func (c chore) or(other string) string {
	if c == "" {
		return other
	}
	return string(c)
}

// called is the name of a lane: the instance's, or the chore's.
func called(o deploy.Operation, lane int) string {
	l := o.Lanes[lane]
	if l.Chore() {
		return string(chores[l.Steps[0].Verb])
	}
	return o.Plan.Preview.Name(l.Name)
}

// onlyChores reports whether no instance waits for a decision, but a chore does.
func onlyChores(o deploy.Operation) bool {
	for _, i := range o.Undecided() {
		if !o.Lanes[i].Chore() {
			return false
		}
	}
	return true
}

// status is the state of a lane that people see.
func status(l deploy.LaneState) string {
	if l.Chore() {
		return choreStatus(l)
	}
	return l.Status()
}

func choreStatus(l deploy.LaneState) string {
	switch {
	case l.Outcome == deploy.OutcomeDone, l.Phase == deploy.PhaseDone && l.Outcome == deploy.OutcomeNone:
		return "done"
	case l.Phase == deploy.PhaseDone:
		return "skipped"
	case l.Phase == deploy.PhaseUnknown:
		return "unknown"
	case l.Phase == deploy.PhaseFailed:
		return "failed"
	case l.Phase == deploy.PhaseDue:
		return "waiting"
	}
	return "running"
}

// laneCause is a lane's cause as a sentence: a chore and a way back have no deploy command.
func laneCause(o deploy.Operation, l deploy.LaneState, c deploy.Cause) Text {
	what := ""
	switch {
	case l.Chore():
		what = "It"
	case l.Reverting:
		what = "The rollback command"
	}
	v := values{v: c.Values, name: o.Plan.Preview.Name}
	switch {
	case what != "" && c.Code == deploy.CommandFailed:
		return T(what+" exited ", B(v.get("exit")), ".")
	case what != "" && c.Code == deploy.CommandTimeout:
		return T(what+" was stopped: it ran longer than ", v.duration("limit"), ".")
	}
	return Because(c, o.Plan.Preview.Name)
}
