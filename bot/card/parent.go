package card

import (
	"time"

	"junban/deploy"
)

// Around is what an operation's own journal does not say of it. The zero value says nothing.
type Around struct {
	Health []deploy.GroupHealth // how healthy its groups were when they were last looked at, if anybody did
	Place  deploy.Queued        // where it stands while it waits for its turn
}

// Parent is the one message of an operation that is edited in place: what is to be done next first, then what goes on,
// who asked and who agreed.
func (w Voice) Parent(o deploy.Operation, now time.Time, a Around) Message {
	m := Message{Tone: tone(o), Text: w.titled(o)}
	if emergency(o.Plan) {
		m.Blocks = append(m.Blocks, Block{Header: w.Line("parent.emergency")}, Block{Text: w.loud(o)})
	}
	lines := append([]Text{w.where(o, a.Place)}, w.live(o, now, a.Health)...)
	m.Blocks = append(m.Blocks, Block{Text: paragraphs(append(lines, w.who(o)))})
	if o.State == deploy.StateRequested || o.State == deploy.StateApproved || o.State == deploy.StateQueued {
		m.Blocks = append(append(m.Blocks, w.changes(o.Plan)...), Block{Text: w.preview(o.Plan)})
	}
	m.Blocks = append(m.Blocks, w.buttons(o)...)
	m.Blocks = append(m.Blocks, Block{Context: w.small(o)})
	return m
}

// loud says of an emergency who wants it and why, and what it passes over.
func (w Voice) loud(o deploy.Operation) Text {
	id, reason := "parent.loud", o.Plan.Preview.Ask.Reason
	if reason != "" {
		id = "parent.loud.reason"
	}
	out := w.Say(id, "by", U(o.RequestedBy), "reason", reason)
	if !o.ApprovedAt.IsZero() && len(o.Votes) == 0 {
		out = T(out, w.gap(), w.Say("parent.unapproved"))
	}
	return out
}

func tone(o deploy.Operation) Tone {
	switch o.State {
	case deploy.StateSucceeded:
		return Good
	case deploy.StateFailed, deploy.StateAborted:
		return Bad
	case deploy.StateDenied, deploy.StateExpired, deploy.StateWithdrawn:
		return Faded
	}
	_, asks := asked(o)
	switch {
	case len(o.Undecided()) > 0, o.TurnedBack(), o.Stopped.Code != "", emergency(o.Plan):
		return Bad
	case asks, o.State == deploy.StateRequested, o.State == deploy.StatePaused:
		return Asking
	}
	return Moving
}

// headline is the state in a few plain words.
func (w Voice) headline(o deploy.Operation) string {
	q, asks := asked(o)
	done, all := progress(o)
	say := func(id string) string {
		return w.Line(id, "done", done, "all", all, "instances", w.undecided(o), "ref", w.before(o.Plan))
	}
	switch {
	case o.State.Finished() && o.Cause.Code == deploy.RolledBack:
		return w.Line("headline.rolled_back")
	case o.State.Finished():
		return w.word("state", string(o.State))
	case asks && len(o.Undecided()) == 0:
		return w.Line("headline.asks", "question", w.Line(q.id+".head"))
	case o.State == deploy.StateQueued && o.Waiting.Code == deploy.Scheduled:
		return w.Line("headline.scheduled")
	case !o.State.Rolling():
		return w.word("state", string(o.State))
	case len(o.Undecided()) > 0 && ruled(o):
		return say("headline.failed")
	case len(o.Undecided()) > 0 && still(o):
		return say("headline.decide")
	case len(o.Undecided()) > 0:
		return say("headline.decide.done")
	case o.TurnedBack():
		done, all = turning(o)
		return say("headline.back")
	case o.Stopped.Code != "":
		return w.Line("headline.stopping")
	case o.Aborting():
		return w.Line("headline.aborting")
	case o.State == deploy.StatePaused:
		return say("headline.paused")
	}
	return say("headline.done")
}

// state is the paragraph that says where the operation is, what comes next, and who wants it.
func (w Voice) state(o deploy.Operation) Text {
	return w.sentences(w.where(o, deploy.Queued{}), w.who(o))
}

// who says who asked for it and why, and who approved it, when, and with which comment.
func (w Voice) who(o deploy.Operation) Text {
	because := w.because(o.Plan.Preview.Ask.Reason)
	if emergency(o.Plan) {
		because = nil // said above, louder
	}
	var votes []Text
	for _, v := range o.Votes {
		if v.OK {
			votes = append(votes, w.Say("parent.vote", "by", U(v.By), "at", v.At, "comment", w.clause("clause.comment", "comment", v.Reason)))
		}
	}
	if len(votes) == 0 {
		return w.Say("parent.asked", "by", U(o.RequestedBy), "because", because)
	}
	return w.Say("parent.asked.approved", "by", U(o.RequestedBy), "because", because, "approvers", w.clauses(votes))
}

// where says where the operation is and what comes next.
func (w Voice) where(o deploy.Operation, place deploy.Queued) Text {
	_, asks := asked(o)
	switch o.State {
	case deploy.StateRequested:
		waits := w.Say("parent.requested", "approvers", people(o.Awaited(), P), "until", o.Expires)
		if q := w.quorum(o); len(q) > 0 {
			waits = T(waits, w.gap(), q)
		}
		return T(waits, w.starts(o.Plan), w.shut(o))
	case deploy.StateApproved, deploy.StateQueued:
		switch {
		case asks:
			return w.ask(o, o.Asked)
		case o.State == deploy.StateApproved && !startAt(o.Plan).IsZero():
			return T(w.Say("parent.approved.scheduled"), w.starts(o.Plan))
		case o.State == deploy.StateApproved:
			return w.Say("parent.approved")
		}
		var nth Text
		if o.State == deploy.StateQueued && place.Of > 1 {
			nth = w.Say("parent.nth", "n", place.N, "of", place.Of)
		}
		return w.Say("parent.queued", "headline", capital(w.headline(o)), "nth", nth, "cause", w.Because(o.Waiting, o.Plan.Preview.Name))
	case deploy.StateSucceeded:
		if o.Plan.Kind == deploy.KindLock || o.Plan.Kind == deploy.KindUnlock {
			return w.aftermath(o)
		}
		return w.sentences(w.Say("parent.succeeded", "took", o.FinishedAt.Sub(o.StartedAt)), w.aftermath(o))
	case deploy.StateFailed, deploy.StateAborted, deploy.StateDenied, deploy.StateExpired, deploy.StateWithdrawn:
		return w.sentences(w.verdict(o, nil), w.aftermath(o))
	}
	return w.rolling(o)
}

// starts says when a scheduled operation starts.
func (w Voice) starts(p deploy.Plan) Text {
	at := startAt(p)
	if at.IsZero() {
		return nil
	}
	return T(w.gap(), w.Say("parent.starts", "at", at))
}

// shut says of a request that nothing may start now, and whether an approval lasts until something may.
func (w Voice) shut(o deploy.Operation) Text {
	rules := o.Plan.Rules
	why, open := rules.Calendar.Closed(o.RequestedAt)
	if open || emergency(o.Plan) || !startAt(o.Plan).IsZero() {
		return nil
	}
	opens := rules.Calendar.Opens(o.RequestedAt)
	if !opens.IsZero() && opens.Before(o.RequestedAt.Add(rules.Approval.StartWithin)) {
		return T(w.gap(), w.Because(deploy.Because(deploy.StillClosed, "opens", opens.Format(time.RFC3339)), nil))
	}
	return T(w.gap(), w.Say("parent.shut", "cause", w.Because(why, nil)))
}

// verdict is the end of an operation and its reason; after is how long it took, if it began.
func (w Voice) verdict(o deploy.Operation, after Text) Text {
	state := w.word("state", string(o.State))
	if o.Cause.Code == deploy.RolledBack {
		state = w.Line("headline.rolled_back")
	}
	pairs := []any{"state", capital(state), "after", after}
	switch o.Cause.Code {
	case "":
		return w.Say("verdict", pairs...)
	case deploy.Denied, deploy.Withdrawn, deploy.Aborted: // the sentence says the state
		return w.Say("verdict.by", append(pairs, "by", U(o.Cause.Values["by"]), "at", o.FinishedAt, "reason", w.reason(o.Cause.Values["reason"]))...)
	}
	return w.Say("verdict.cause", append(pairs, "cause", w.Because(o.Cause, o.Plan.Preview.Name))...)
}

// rolling says what goes on, what is in the way and what to do about it.
func (w Voice) rolling(o deploy.Operation) Text {
	if waits := w.deciding(o); len(waits) > 0 {
		return waits
	}
	if _, asks := asked(o); asks {
		return w.Say("decide.asked", "since", o.AskedAt, "question", w.ask(o, o.Asked))
	}
	head := w.course(o)
	said := map[string]bool{}
	for _, l := range o.Lanes {
		switch {
		case l.Gate.Code == "", l.Phase != deploy.PhaseDue, said[l.Gate.String()]:
		case l.Gate.Code == deploy.GatePaused, l.Gate.Code == deploy.GateUnavailable: // who paused it is said already, and what is out below
		default:
			said[l.Gate.String()] = true
			head = T(head, w.gap(), w.Because(l.Gate, o.Plan.Preview.Name))
		}
	}
	return head
}

// deciding says which lanes wait for a decision, and what becomes of the others; nothing if none does.
func (w Voice) deciding(o deploy.Operation) Text {
	var lanes Text
	waiting := o.Undecided()
	for n, i := range waiting {
		if n == many {
			lanes = T(lanes, w.Say("decide.more", "n", len(waiting)-many))
			break
		}
		l := o.Lanes[i]
		lanes = append(lanes, w.Say("decide.lane", "name", w.called(o, i), "status", w.shown(l), "cause", w.laneCause(o, l, l.Cause))...)
	}
	if len(lanes) == 0 {
		return nil
	}
	rest := "decide.rest"
	switch {
	case onlyChores(o):
		rest = "decide.rest.chores"
	case !still(o):
		rest = "decide.rest.tolerated"
	case o.TurnedBack():
		rest = "decide.rest.turned"
	}
	return w.Say("decide", "lanes", lanes, "rest", w.Say(rest, "n", o.Plan.Rules.Tolerate))
}

// ending is what an abort makes of an operation.
func (w Voice) ending(o deploy.Operation) string {
	if o.Turned != nil {
		return w.Line("ending.turned")
	}
	return w.Line("ending")
}

// course is where a rollout is going.
func (w Voice) course(o deploy.Operation) Text {
	done, all := progress(o)
	pairs := []any{"done", done, "all", all}
	switch {
	case o.TurnedBack() && o.Turned != nil:
		back, touched := turning(o)
		pairs = []any{"ref", w.before(o.Plan), "done", back, "all", touched}
		if o.Turned.By == "" {
			return w.Say("course.back.rule", append(pairs, "cause", w.Because(o.Turned.Cause, o.Plan.Preview.Name))...)
		}
		return w.Say("course.back", append(pairs, "by", U(o.Turned.By))...)
	case o.Aborting() && len(o.Aborts) > 0:
		return w.Say("course.aborting", "by", U(o.Aborts[len(o.Aborts)-1].By.ID), "ending", w.ending(o))
	case o.Stopped.Code != "":
		return w.Say("course.stopping", "cause", w.Because(o.Stopped, o.Plan.Preview.Name))
	case o.State == deploy.StatePaused && o.Paused != nil:
		var since Text
		if !o.PausedAt.IsZero() {
			since = w.Say("clause.since", "since", o.PausedAt)
		}
		return w.Say("course.paused.by", append(pairs, "by", U(o.Paused.By.ID), "since", since, "because", w.because(o.Paused.Reason))...)
	case o.State == deploy.StatePaused:
		return w.Say("course.paused", pairs...)
	}
	return w.Say("course.rolling", pairs...)
}
