package card

import (
	"slices"
	"strings"

	"junban/deploy"
)

// said is one event in words: what changed, for whom, how long it took. code is output to show with it.
type said struct {
	text      Text
	code      string
	tone      Tone
	broadcast bool // the channel is to see it
	rides     bool // it goes with the next message that is due
}

// tell is one event in words; without a text there is nothing to tell.
// waited says of its lane that nobody could see when it was idle.
func (w Voice) tell(was, is deploy.Operation, e deploy.Event, waited bool) said {
	switch e.Type {
	case deploy.EventVoted: // the last one goes with the start
		text := w.Say("tell.voted", "by", U(e.By), "at", e.At, "comment", w.clause("clause.comment", "comment", reasonOf(e)))
		return said{text: text, rides: is.State == deploy.StateApproved}
	case deploy.EventQueued:
		return said{text: w.Say("tell.queued", "cause", w.Because(e.Cause, is.Plan.Preview.Name))}
	case deploy.EventStarted:
		return said{text: w.Say("tell.started", "plan", w.outline(is.Plan))}
	case deploy.EventResumed:
		if !is.State.Rolling() {
			return said{}
		}
		return said{text: w.Say("tell.resumed")}
	case deploy.EventFinished:
		return w.tellEnd(is)
	case deploy.EventNoted:
		return w.tellNote(is, e)
	}
	if s, ok := w.tellCourse(was, is, e); ok {
		return s
	}
	if e.Lane < 0 || e.Lane >= len(was.Lanes) || e.Type == deploy.EventRequested { // the request is the parent message
		return said{}
	}
	return w.tellLane(was, is, e, waited)
}

// tellEnd is the end of an operation. Whoever asked for it is named, and called if it failed.
func (w Voice) tellEnd(is deploy.Operation) said {
	tone, who := Neutral, U(is.RequestedBy)
	if is.State == deploy.StateFailed {
		tone, who = Bad, P(is.RequestedBy)
	}
	return said{text: w.sentences(w.verdict(is, w.ended(is)), w.aftermath(is), w.Say("tell.for", "who", who)), tone: tone}
}

// tellCourse is an event that changes where the whole operation is going.
func (w Voice) tellCourse(was, is deploy.Operation, e deploy.Event) (said, bool) {
	name := is.Plan.Preview.Name
	because := w.because(reasonOf(e))
	switch e.Type {
	case deploy.EventAborted:
		if len(is.Aborts) > 1 {
			return said{text: w.Say("tell.cancelled", "by", U(e.By), "at", e.At), tone: Bad}, true
		}
		return said{text: w.Say("tell.aborted", "by", U(e.By), "at", e.At, "because", because, "ending", w.ending(is)), tone: Bad}, true
	case deploy.EventPaused:
		return said{text: w.Say("tell.paused", "by", U(e.By), "at", e.At, "because", because), tone: Asking}, true
	case deploy.EventContinued:
		return said{text: w.tellContinued(was, e)}, true
	case deploy.EventAsked:
		return said{text: w.sentences(w.ask(is, e.Cause), w.Say("tell.for", "who", concerned(is))), tone: Asking}, true
	case deploy.EventStopped:
		return said{text: w.Say("tell.stopped", "cause", w.Because(e.Cause, name)), tone: Bad}, true
	case deploy.EventTurned:
		cause := w.Say("tell.turned.by", "by", U(e.By), "at", e.At, "because", because)
		if e.By == "" {
			cause = w.Because(e.Cause, name)
		}
		text := w.Say("tell.turned", "ref", w.before(is.Plan), "cause", cause)
		if is.Migrated() {
			text = T(text, w.gap(), w.Say("tell.turned.migrated"))
		}
		return said{text: text, tone: Bad, broadcast: true}, true
	case deploy.EventGrown:
		var names []string
		for i := len(was.Lanes); i < len(is.Lanes); i++ {
			names = append(names, w.called(is, i))
		}
		return said{text: w.Say("tell.grown", "names", strings.Join(names, ", "))}, true
	}
	return said{}, false
}

// tellContinued is the end of a pause, or of a question: by a person, or because the world has answered it.
func (w Voice) tellContinued(was deploy.Operation, e deploy.Event) Text {
	switch {
	case e.Act == nil && e.Cause.Code == deploy.FailOpen:
		return w.Say("tell.over.fail_open", "group", e.Cause.Values["group"])
	case e.Act == nil:
		return w.Say("tell.over")
	case e.Act.Verb == deploy.ActContinue:
		label := w.Line(questionOf(was.Asked.Code).id + ".label")
		return w.Say("tell.answered", "by", U(e.By), "at", e.At, "label", label, "because", w.because(e.Act.Reason))
	}
	return w.Say("tell.continued", "by", U(e.By), "at", e.At, "because", w.because(e.Act.Reason))
}

// tellNote is an event that changes nothing and is worth telling.
func (w Voice) tellNote(is deploy.Operation, e deploy.Event) said {
	text := w.Because(e.Cause, is.Plan.Preview.Name)
	if e.Lane >= 0 && e.Lane < len(is.Lanes) && e.Cause.Code != deploy.Appeared && e.Cause.Code != deploy.Unattended && e.Cause.Values["step"] != "rollout" {
		return said{text: T(w.instance(is, e.Lane), text), rides: e.Cause.Code == deploy.IdleNot}
	}
	if e.Cause.Code == deploy.Unattended && decides(e.Cause) {
		return said{text: text, tone: Bad}
	}
	if e.Cause.Code == deploy.Unattended {
		now := capital(w.headline(is))
		if !strings.HasSuffix(now, w.Line("word.question")) {
			now = w.Line("tell.unattended.now", "headline", now)
		}
		return said{text: w.Say("tell.unattended", "cause", text, "now", now), tone: Bad}
	}
	return said{text: text}
}

func reasonOf(e deploy.Event) string {
	if e.Act == nil {
		return ""
	}
	return e.Act.Reason
}

func (w Voice) ended(o deploy.Operation) Text {
	if o.StartedAt.IsZero() {
		return nil
	}
	return w.Say("verdict.after", "took", o.FinishedAt.Sub(o.StartedAt))
}

// tellLane is an event of one instance, or of one chore. What goes well is told once, when the instance is done.
func (w Voice) tellLane(was, is deploy.Operation, e deploy.Event, waited bool) said {
	before, after := was.Lanes[e.Lane], is.Lanes[e.Lane]
	who := w.instance(is, e.Lane)
	switch {
	case e.Type == deploy.EventUnknown, e.Type == deploy.EventEnded && !e.OK:
		halts := after.Waits() && !ruled(is) && (still(is) || is.TurnedBack() || after.Phase == deploy.PhaseUnknown)
		call := "tell.for"
		if after.Waits() && !ruled(is) && !is.Aborting() {
			call = "tell.decide"
		}
		text := T(who, w.sentences(w.failing(is, before, after, e, waited), w.Say(call, "who", concerned(is))))
		return said{text: text, code: e.Output, tone: Bad, broadcast: halts && !is.Aborting()}
	case e.Type == deploy.EventEnded && before.Chore():
		id := "tell.chore"
		if step, _ := before.Step(); step.Verb == deploy.VerbFirst {
			id = "tell.chore.first"
		}
		return said{text: T(who, w.Say(id, "took", e.At.Sub(before.Begun)))}
	case e.Type == deploy.EventEnded && after.Phase == deploy.PhaseDone:
		return said{text: w.through(is, e.Lane, waited)}
	case e.Type == deploy.EventChosen:
		choice := w.word("choice", string(e.Act.Verb))
		return said{text: T(who, w.Say("tell.chosen", "by", U(e.By), "at", e.At, "choice", choice, "because", w.because(e.Act.Reason)))}
	}
	return said{}
}

// concerned are those who are called when something waits for people: whoever asked for it, and whoever attention names.
func concerned(o deploy.Operation) Text {
	ids := []string{o.RequestedBy}
	for _, id := range o.Plan.Rules.Attention.Mention {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return people(ids, P)
}

// next says what comes of a failure: a decision, unless a rule makes it.
func (w Voice) next(o deploy.Operation, l *deploy.LaneState) Text {
	switch {
	case l.Phase != deploy.PhaseFailed, o.Aborting():
		return nil
	case !still(o):
		return w.Say("next.tolerated", "n", o.Plan.Rules.Tolerate)
	case o.TurnedBack():
		return w.Say("next.turned")
	case ruled(o):
		return nil // the rule's own event says it
	}
	return w.Say("next.halted")
}

// instance names an instance with its id, as a person looks it up; a chore has a name only.
func (w Voice) instance(o deploy.Operation, lane int) Text {
	if o.Lanes[lane].Chore() {
		return w.Say("tell.lane", "name", capital(w.called(o, lane)))
	}
	id := o.Lanes[lane].Name
	if n := o.Plan.Preview.Name(id); n != id {
		return w.Say("tell.lane.named", "name", n, "id", id)
	}
	return w.Say("tell.lane.id", "id", id)
}
