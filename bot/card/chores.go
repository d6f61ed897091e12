package card

import (
	"junban/deploy"
)

// chores are the steps that are done once per rollout, each in a lane of its own.
var chores = map[deploy.Verb]bool{deploy.VerbBefore: true, deploy.VerbFirst: true, deploy.VerbAfter: true}

// chore is what people call such a step.
func (w Voice) chore(v deploy.Verb) string { return w.word("chore", string(v)) }

// called is the name of a lane: the instance's, or the chore's.
func (w Voice) called(o deploy.Operation, lane int) string {
	l := o.Lanes[lane]
	if l.Chore() {
		return w.chore(l.Steps[0].Verb)
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
func status(l *deploy.LaneState) string {
	if l.Chore() {
		return choreStatus(l)
	}
	return l.Status()
}

func choreStatus(l *deploy.LaneState) string {
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

// shown is the state of a lane in words. Of one that is gone it is the instance's own, as EC2 has it.
func (w Voice) shown(l *deploy.LaneState) string {
	state := status(l)
	if l.Cause.Code == deploy.InstanceGone && state == l.Cause.Values["state"] {
		return w.word("machine", state)
	}
	return w.word("status", state)
}

// laneCause is a lane's cause as a sentence: a chore and a way back have no deploy command.
func (w Voice) laneCause(o deploy.Operation, l *deploy.LaneState, c deploy.Cause) Text {
	id := "cause." + string(c.Code)
	switch {
	case l.Chore():
		id += ".chore"
	case l.Reverting:
		id += ".revert"
	}
	if (c.Code == deploy.CommandFailed || c.Code == deploy.CommandTimeout) && (l.Chore() || l.Reverting) {
		return values{w, c.Values, o.Plan.Preview.Name}.say(id)
	}
	return w.Because(c, o.Plan.Preview.Name)
}
