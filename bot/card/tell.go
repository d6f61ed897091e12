package card

import (
	"strings"
	"time"

	"junban/deploy"
)

// said is one event in words: what changed, for whom, how long it took. code is output to show with it.
type said struct {
	text Text
	code string
	tone Tone
}

// tell is one event in words; without a text there is nothing to tell.
func (w Voice) tell(was, is deploy.Operation, e deploy.Event) said {
	switch e.Type {
	case deploy.EventVoted:
		return said{text: w.voted(e)}
	case deploy.EventQueued:
		return said{text: w.Say("tell.queued", "cause", w.Because(e.Cause, is.Plan.Preview.Name))}
	case deploy.EventStarted:
		return said{text: w.Say("tell.started", "plan", w.preview(is.Plan))}
	case deploy.EventResumed:
		if !is.State.Rolling() {
			return said{}
		}
		return said{text: w.Say("tell.resumed")}
	case deploy.EventFinished:
		tone := Neutral
		if is.State == deploy.StateFailed {
			tone = Bad
		}
		return said{text: T(w.verdict(is, w.ended(is)), w.gap(), w.aftermath(is)), tone: tone}
	case deploy.EventNoted:
		return w.tellNote(is, e)
	}
	if s, ok := w.tellCourse(was, is, e); ok {
		return s
	}
	if e.Lane < 0 || e.Lane >= len(was.Lanes) || e.Type == deploy.EventRequested { // the request is the parent message
		return said{}
	}
	return w.tellLane(was, is, e)
}

// tellCourse is an event that changes where the whole operation is going.
func (w Voice) tellCourse(was, is deploy.Operation, e deploy.Event) (said, bool) {
	name := is.Plan.Preview.Name
	because := w.because(reasonOf(e))
	switch e.Type {
	case deploy.EventAborted:
		if len(is.Aborts) > 1 {
			return said{text: w.Say("tell.cancelled", "by", U(e.By)), tone: Bad}, true
		}
		return said{text: w.Say("tell.aborted", "by", U(e.By), "because", because, "ending", w.ending(is)), tone: Bad}, true
	case deploy.EventPaused:
		return said{text: w.Say("tell.paused", "by", U(e.By), "because", because), tone: Asking}, true
	case deploy.EventContinued:
		return said{text: w.tellContinued(was, e)}, true
	case deploy.EventAsked:
		return said{text: w.ask(is, e.Cause), tone: Asking}, true
	case deploy.EventStopped:
		return said{text: w.Say("tell.stopped", "cause", w.Because(e.Cause, name)), tone: Bad}, true
	case deploy.EventTurned:
		cause := w.Say("tell.turned.by", "by", U(e.By), "because", because)
		if e.By == "" {
			cause = w.Because(e.Cause, name)
		}
		text := w.Say("tell.turned", "ref", w.before(is.Plan), "cause", cause)
		if is.Migrated() {
			text = T(text, w.gap(), w.Say("tell.turned.migrated"))
		}
		return said{text: text, tone: Bad}, true
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
		return w.Say("tell.answered", "by", U(e.By), "label", label, "because", w.because(e.Act.Reason))
	}
	return w.Say("tell.continued", "by", U(e.By), "because", w.because(e.Act.Reason))
}

// tellNote is an event that changes nothing and is worth telling.
func (w Voice) tellNote(is deploy.Operation, e deploy.Event) said {
	text := w.Because(e.Cause, is.Plan.Preview.Name)
	if e.Lane >= 0 && e.Lane < len(is.Lanes) && e.Cause.Code != deploy.Appeared && e.Cause.Code != deploy.Unattended && e.Cause.Values["step"] != "rollout" {
		return said{text: T(w.instance(is, e.Lane), text)}
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

// tellLane is an event of one instance, or of one chore.
func (w Voice) tellLane(was, is deploy.Operation, e deploy.Event) said {
	before, after := was.Lanes[e.Lane], is.Lanes[e.Lane]
	who := w.instance(is, e.Lane)
	step, _ := before.Step()
	switch e.Type {
	case deploy.EventGated:
		return said{text: T(who, w.Because(e.Cause, is.Plan.Preview.Name))}
	case deploy.EventBegun:
		switch {
		case before.Chore():
			return said{text: T(who, w.Say("tell.running", "attempt", w.attempt(after)))}
		case step.Verb != deploy.VerbLeave:
			return said{} // told when it has ended
		case after.Reverting:
			return said{text: T(who, w.Say("tell.leaves.back", "ref", w.before(is.Plan)))}
		}
		return said{text: T(who, w.Say("tell.leaves", "attempt", w.attempt(after)))}
	case deploy.EventEnded:
		if !e.OK {
			return said{T(who, w.tellFailed(is, before, after, e, w.shown(after), w.next(is, after))), e.Output, Bad}
		}
		return said{text: w.tellDone(is, before, after, step, who, e.At.Sub(before.Begun))}
	case deploy.EventUnknown:
		return said{T(who, w.tellFailed(is, before, after, e, w.Line("status.unknown"), nil)), e.Output, Bad}
	case deploy.EventChosen:
		return said{text: T(who, w.Say("tell.chosen", "by", U(e.By), "choice", w.word("choice", string(e.Act.Verb)), "because", w.because(e.Act.Reason)))}
	}
	return said{}
}

// tellFailed is a step that ended badly, or nobody knows how.
func (w Voice) tellFailed(is deploy.Operation, before, after *deploy.LaneState, e deploy.Event, now string, next Text) Text {
	return w.Say("tell.failed", "was", w.shown(before), "is", now, "cause", w.laneCause(is, after, e.Cause), "next", next)
}

// tellDone is a step that ended well.
func (w Voice) tellDone(is deploy.Operation, before, after *deploy.LaneState, step deploy.Step, who Text, took time.Duration) Text {
	if before.Chore() {
		if step.Verb == deploy.VerbFirst {
			return T(who, w.Say("tell.chore.first", "took", took))
		}
		return T(who, w.Say("tell.chore", "took", took))
	}
	if following, ok := after.Step(); ok && step.Verb == deploy.VerbLeave && following.Verb == deploy.VerbIdle {
		return nil // it is not drained yet
	}
	transition := w.word("transition", string(step.Verb))
	if before.NotIdle { // the delay was waited out instead
		transition = w.word("transition", string(deploy.VerbLeave))
	}
	var version Text
	if v := w.version(is.Plan, after); v != "" && after.Outcome != deploy.OutcomeNone && after.Outcome != deploy.OutcomePutBack {
		version = w.Say("tell.version", "version", v)
	}
	return T(who, w.Say("tell.done", "transition", transition, "took", took, "version", version))
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

func (w Voice) attempt(l *deploy.LaneState) Text {
	if l.Attempt < 2 {
		return nil
	}
	return w.Say("tell.attempt")
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
