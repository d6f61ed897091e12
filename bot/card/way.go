package card

import (
	"time"

	"junban/deploy"
)

// stations are the steps of an instance in the order in which it comes through them.
var stations = []deploy.Verb{deploy.VerbLeave, deploy.VerbIdle, deploy.VerbCommand, deploy.VerbRevert, deploy.VerbVerify, deploy.VerbJoin}

// way is what an instance has been through, with the time that each step took: in service → drained in 5 min → deployed
// in 12 s. Of steps that were done more than once it is the last time. waited says that the deregistration delay was
// waited out, since nobody could see when it was idle.
func (w Voice) way(o deploy.Operation, l *deploy.LaneState, waited bool) Text {
	var out Text
	add := func(t Text) {
		if len(out) > 0 {
			out = T(out, w.Line("way.then"))
		}
		out = T(out, t)
	}
	switch _, left := l.StepTook[deploy.VerbLeave]; {
	case left:
		out = w.Say("way.in_service")
	case o.Plan.Kind == deploy.KindRestore:
		out = w.Say("way.held")
	}
	back := l.Reverting || l.Outcome == deploy.OutcomeReverted
	idle, probed := l.StepTook[deploy.VerbIdle]
	for _, verb := range stations {
		took, went := l.StepTook[verb]
		switch {
		case !went, verb == deploy.VerbCommand && back, verb == deploy.VerbRevert && !back:
			continue
		case verb == deploy.VerbIdle:
			continue // it is a part of the drain
		case verb == deploy.VerbLeave && probed && !waited:
			verb, took = deploy.VerbIdle, took+idle
		case verb == deploy.VerbLeave:
			took += idle
		case verb == deploy.VerbVerify && l.Outcome == deploy.OutcomePutBack, verb == deploy.VerbCommand && l.Outcome == deploy.OutcomePutBack:
			continue // of an attempt before
		case verb == deploy.VerbJoin && l.Outcome == deploy.OutcomeNone:
			continue // of the way before it left again
		}
		add(w.Say("way."+string(verb), "took", took))
	}
	return out
}

// through is an instance that is done: its whole way, and what is on it now.
func (w Voice) through(o deploy.Operation, lane int, waited bool) Text {
	l := o.Lanes[lane]
	var version Text
	if v := w.version(o.Plan, l); v != "" && l.Outcome != deploy.OutcomePutBack {
		version = w.Say("tell.version", "version", v)
	}
	id := "tell.through"
	switch l.Outcome {
	case deploy.OutcomePutBack:
		id = "tell.through.putback"
	case deploy.OutcomeHeld:
		id = "tell.through.held"
	}
	return T(w.instance(o, lane), w.Say(id, "way", w.way(o, l, waited), "version", version))
}

// failing is a step that ended badly, or nobody knows how: the way to it, the step, and for how long it was tried.
func (w Voice) failing(o deploy.Operation, before, after *deploy.LaneState, e deploy.Event, waited bool) Text {
	way := w.way(o, before, waited)
	doing := before.Chore() || under(before) || len(way) == 0
	if len(way) > 0 && doing {
		way = T(way, w.Line("way.then"))
	}
	was := ""
	if doing {
		was = w.shown(before)
	}
	var took Text
	if d := e.At.Sub(before.Begun); under(before) && d >= time.Second {
		took = w.Say("tell.failed.after", "took", d)
	}
	return w.Say("tell.failed", "way", T(way, was), "is", w.shown(after), "after", took, "cause", w.laneCause(o, after, e.Cause), "next", w.next(o, after))
}
