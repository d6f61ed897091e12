package card

import (
	"fmt"
	"strings"

	"junban/deploy"
)

// said is one event in words: what changed, for whom, how long it took. code is output to show with it.
type said struct {
	text Text
	code string
	tone Tone
}

// tell is one event in words; without a text there is nothing to tell.
func tell(was, is deploy.Operation, e deploy.Event) said {
	name := is.Plan.Preview.Name
	switch e.Type {
	case deploy.EventVoted:
		return said{text: T("Approved by ", U(e.By), ".")}
	case deploy.EventQueued:
		return said{text: T("Queued. ", Because(e.Cause, name))}
	case deploy.EventStarted:
		return said{text: T("Started: ", preview(is.Plan))}
	case deploy.EventResumed:
		if !is.State.Rolling() {
			return said{}
		}
		return said{text: T("The bot was restarted, and goes on where it was.")}
	case deploy.EventFinished:
		tone := Neutral
		if is.State == deploy.StateFailed {
			tone = Bad
		}
		return said{text: T(verdict(is, ended(is)), " ", aftermath(is)), tone: tone}
	case deploy.EventNoted:
		return tellNote(is, e)
	}
	if s, ok := tellCourse(was, is, e); ok {
		return s
	}
	if e.Lane < 0 || e.Lane >= len(was.Lanes) || e.Type == deploy.EventRequested { // the request is the parent message
		return said{}
	}
	return tellLane(was, is, e)
}

// tellCourse is an event that changes where the whole operation is going.
func tellCourse(was, is deploy.Operation, e deploy.Event) (said, bool) {
	name := is.Plan.Preview.Name
	switch e.Type {
	case deploy.EventAborted:
		if len(is.Aborts) > 1 {
			return said{text: T(U(e.By), " cancelled the running command."), tone: Bad}, true
		}
		return said{text: T(U(e.By), " aborted"+because(reasonOf(e))+": "+ending(is)), tone: Bad}, true
	case deploy.EventPaused:
		return said{text: T(U(e.By), " paused it"+because(reasonOf(e))+": what has left goes on to its end, nothing more leaves."), tone: Asking}, true
	case deploy.EventContinued:
		if e.Act == nil { // the world has answered it
			if e.Cause.Code == deploy.FailOpen {
				return said{text: T("A target of ", B(e.Cause.Values["group"]), " is healthy again: it goes on by itself.")}, true
			}
			return said{text: T("That is over: it goes on by itself.")}, true
		}
		if e.Act.Verb == deploy.ActContinue {
			return said{text: T(U(e.By), " answered: ", B(questionOf(was.Asked.Code).label), because(reasonOf(e)), ".")}, true
		}
		return said{text: T(U(e.By), " resumed it"+because(reasonOf(e))+".")}, true
	case deploy.EventAsked:
		return said{text: ask(is, e.Cause), tone: Asking}, true
	case deploy.EventStopped:
		return said{text: T(B("Stopping:"), " ", Because(e.Cause, name), " What runs ends, what failed is held, nothing more leaves."), tone: Bad}, true
	case deploy.EventTurned:
		who := T(U(e.By), " ordered it"+because(reasonOf(e))+".")
		if e.By == "" {
			who = Because(e.Cause, name)
		}
		text := T(B("Rolling back to "+before(is.Plan)+":"), " ", who, " What was touched goes back in reverse order, the latest first, under the same rules.")
		if is.Migrated() {
			text = T(text, " What ran once on the first instance (a migration) is not undone.")
		}
		return said{text: text, tone: Bad}, true
	case deploy.EventGrown:
		var names []string
		for i := len(was.Lanes); i < len(is.Lanes); i++ {
			names = append(names, called(is, i))
		}
		return said{text: T("Joins the rollout: ", B(strings.Join(names, ", ")), ".")}, true
	}
	return said{}, false
}

// tellNote is an event that changes nothing and is worth telling.
func tellNote(is deploy.Operation, e deploy.Event) said {
	text := Because(e.Cause, is.Plan.Preview.Name)
	if e.Lane >= 0 && e.Lane < len(is.Lanes) && e.Cause.Code != deploy.Appeared && e.Cause.Code != deploy.Unattended && e.Cause.Values["step"] != "rollout" {
		return said{text: T(instance(is, e.Lane), text)}
	}
	if e.Cause.Code == deploy.Unattended && decides(e.Cause) {
		return said{text: text, tone: Bad}
	}
	if e.Cause.Code == deploy.Unattended {
		now := strings.TrimSuffix(capital(headline(is)), "?") + map[bool]string{true: "?", false: "."}[strings.HasSuffix(headline(is), "?")]
		return said{text: T(text, " "+now+" The buttons above are the ways out."), tone: Bad}
	}
	return said{text: text}
}

func reasonOf(e deploy.Event) string {
	if e.Act == nil {
		return ""
	}
	return e.Act.Reason
}

func ended(o deploy.Operation) string {
	if o.StartedAt.IsZero() {
		return ""
	}
	return " after " + Duration(o.FinishedAt.Sub(o.StartedAt))
}

// tellLane is an event of one instance, or of one chore.
func tellLane(was, is deploy.Operation, e deploy.Event) said {
	before, after := was.Lanes[e.Lane], is.Lanes[e.Lane]
	who := instance(is, e.Lane)
	step, _ := before.Step()
	switch e.Type {
	case deploy.EventGated:
		return said{text: T(who, Because(e.Cause, is.Plan.Preview.Name))}
	case deploy.EventBegun:
		switch {
		case before.Chore():
			return said{text: T(who, "running", attempt(after))}
		case step.Verb != deploy.VerbLeave:
			return said{} // told when it has ended
		case after.Reverting:
			return said{text: T(who, "in service → draining, to go back to "+beforeRef(is))}
		}
		return said{text: T(who, "in service → draining", attempt(after))}
	case deploy.EventEnded:
		if !e.OK {
			return said{T(who, status(before), " → ", B(status(after)), ". ", laneCause(is, after, e.Cause), next(is, after)), e.Output, Bad}
		}
		return said{text: tellDone(is, before, after, step, who, Duration(e.At.Sub(before.Begun)))}
	case deploy.EventUnknown:
		return said{T(who, status(before), " → ", B("unknown"), ". ", laneCause(is, after, e.Cause)), e.Output, Bad}
	case deploy.EventChosen:
		return said{text: T(who, U(e.By), " ", choices[e.Act.Verb], because(e.Act.Reason))}
	}
	return said{}
}

func beforeRef(o deploy.Operation) string { return before(o.Plan) }

// tellDone is a step that ended well.
func tellDone(is deploy.Operation, before, after deploy.LaneState, step deploy.Step, who Text, took string) Text {
	if before.Chore() {
		text := T(who, "running → done in ", took)
		if step.Verb == deploy.VerbFirst {
			text = T(text, ". A rollback does not undo it.")
		}
		return text
	}
	if following, ok := after.Step(); ok && step.Verb == deploy.VerbLeave && following.Verb == deploy.VerbIdle {
		return nil // it is not drained yet
	}
	transition := transitions[step.Verb]
	if before.NotIdle { // the delay was waited out instead
		transition = transitions[deploy.VerbLeave]
	}
	text := T(who, transition, " in ", took)
	if v := version(is.Plan, after); v != "" && after.Outcome != deploy.OutcomeNone && after.Outcome != deploy.OutcomePutBack {
		text = T(text, ", "+v)
	}
	return text
}

var transitions = map[deploy.Verb]string{
	deploy.VerbLeave:   "draining → drained",
	deploy.VerbIdle:    "draining → idle",
	deploy.VerbCommand: "deploying → deployed",
	deploy.VerbRevert:  "rolling back → rolled back",
	deploy.VerbVerify:  "verifying → verified",
	deploy.VerbJoin:    "registering → healthy",
}

var choices = map[deploy.ActVerb]string{
	deploy.ActRetry:    "ordered another attempt",
	deploy.ActPutBack:  "puts it back as it is",
	deploy.ActLeaveOut: "leaves it out of service",
	deploy.ActLooked:   "looked: the command does not run there",
	deploy.ActGoOn:     "counts it as done",
}

// next says what comes of a failure: a decision, unless a rule makes it.
func next(o deploy.Operation, l deploy.LaneState) string {
	switch {
	case l.Phase != deploy.PhaseFailed, o.Aborting():
		return ""
	case !still(o):
		return fmt.Sprintf(" tolerate_failures allows %d: the others go on as far as they can, and it keeps its place among those that are out.", o.Plan.Rules.Tolerate)
	case o.TurnedBack():
		return " The way back stands still; the buttons above are the ways out."
	case ruled(o):
		return "" // the rule's own event says it
	}
	return " The rollout stands still; the buttons above are the ways out."
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " because " + reason
}

func attempt(l deploy.LaneState) string {
	if l.Attempt < 2 {
		return ""
	}
	return ", another attempt"
}

// instance names an instance with its id, as a person looks it up; a chore has a name only.
func instance(o deploy.Operation, lane int) Text {
	if o.Lanes[lane].Chore() {
		return T(B(capital(called(o, lane))), ": ")
	}
	id := o.Lanes[lane].Name
	if n := o.Plan.Preview.Name(id); n != id {
		return T(B(n), " (", C(id), "): ")
	}
	return T(C(id), ": ")
}
