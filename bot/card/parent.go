package card

import (
	"fmt"
	"strings"
	"time"

	"junban/deploy"
)

// Parent is the one message of an operation that is edited in place.
func Parent(o deploy.Operation, now time.Time) Message {
	m := Message{Tone: tone(o), Text: Title(o) + ": " + headline(o)}
	if emergency(o.Plan) {
		m.Blocks = append(m.Blocks, Block{Header: "EMERGENCY"}, Block{Text: loud(o)})
	}
	m.Blocks = append(m.Blocks, Block{Text: state(o)})
	lines := preview(o.Plan)
	if o.State != deploy.StateRequested && o.State != deploy.StateApproved && o.State != deploy.StateQueued {
		lines = instances(o)
		if o.StartedAt.IsZero() {
			lines = nil
		}
	}
	if len(lines) > 0 {
		m.Blocks = append(m.Blocks, Block{Text: lines})
	}
	if b := buttons(o); len(b) > 0 {
		m.Blocks = append(m.Blocks, b...)
	}
	m.Blocks = append(m.Blocks, Block{Context: small(o, now)})
	return m
}

// loud says of an emergency who wants it and why, and what it passes over.
func loud(o deploy.Operation) Text {
	out := T(U(o.RequestedBy), " does not wait for a window or for the end of a freeze")
	if r := o.Plan.Preview.Ask.Reason; r != "" {
		out = T(out, ": ", B(r))
	}
	out = T(out, ".")
	if !o.ApprovedAt.IsZero() && len(o.Votes) == 0 {
		out = T(out, " ", B("Nobody has approved it."))
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
func headline(o deploy.Operation) string {
	q, asks := asked(o)
	done, all := progress(o)
	switch {
	case o.State.Finished() && o.Cause.Code == deploy.RolledBack:
		return "rolled back"
	case o.State.Finished():
		return string(o.State)
	case asks && len(o.Undecided()) == 0:
		return "asks: " + q.head
	case o.State == deploy.StateQueued && o.Waiting.Code == deploy.Scheduled:
		return "scheduled"
	case !o.State.Rolling():
		return string(o.State)
	case len(o.Undecided()) > 0 && ruled(o):
		return undecided(o) + " failed"
	case len(o.Undecided()) > 0 && still(o):
		return "waiting for a decision about " + undecided(o)
	case len(o.Undecided()) > 0:
		return fmt.Sprintf("%d of %d done, waiting for a decision about %s", done, all, undecided(o))
	case o.TurnedBack():
		back, all := turning(o)
		return fmt.Sprintf("rolling back to %s, %d of %d back", before(o.Plan), back, all)
	case o.Stopped.Code != "":
		return "stopping"
	case o.Aborting():
		return "aborting"
	case o.State == deploy.StatePaused:
		return fmt.Sprintf("paused, %d of %d done", done, all)
	}
	return fmt.Sprintf("%d of %d done", done, all)
}

// state is the paragraph that says where the operation is and what comes next.
func state(o deploy.Operation) Text {
	name := o.Plan.Preview.Name
	reason := because(o.Plan.Preview.Ask.Reason)
	if emergency(o.Plan) {
		reason = "" // said above, louder
	}
	who := T("Asked for by ", U(o.RequestedBy), reason, ". ")
	if a := o.Approvers(); len(a) > 0 {
		who = T("Asked for by ", U(o.RequestedBy), reason, ", approved by ", people(a, U), ". ")
	}
	_, asks := asked(o)
	switch o.State {
	case deploy.StateRequested:
		return T(who, B("Waiting for approval"), " by ", people(o.Plan.Rules.Approval.Allow, P), " until ", At(o.Expires), ".", starts(o.Plan), shut(o))
	case deploy.StateApproved, deploy.StateQueued:
		switch {
		case asks:
			return T(who, ask(o, o.Asked))
		case o.State == deploy.StateApproved && !startAt(o.Plan).IsZero():
			return T(who, B("Approved"), ".", starts(o.Plan))
		case o.State == deploy.StateApproved:
			return T(who, B("Approved"), ", about to start.")
		}
		return T(who, B(capital(headline(o))), ". ", Because(o.Waiting, name))
	case deploy.StateSucceeded:
		if o.Plan.Kind == deploy.KindLock || o.Plan.Kind == deploy.KindUnlock {
			return T(who, aftermath(o))
		}
		return T(who, B("Succeeded"), " in ", Duration(o.FinishedAt.Sub(o.StartedAt)), ". ", aftermath(o))
	case deploy.StateFailed, deploy.StateAborted, deploy.StateDenied, deploy.StateExpired, deploy.StateWithdrawn:
		return T(who, verdict(o, ""), " ", aftermath(o))
	}
	return T(who, rolling(o))
}

// starts says when a scheduled operation starts.
func starts(p deploy.Plan) Text {
	at := startAt(p)
	if at.IsZero() {
		return nil
	}
	return T(" It starts at ", At(at), ", when it is approved by then.")
}

// shut says of a request that nothing may start now, and whether an approval lasts until something may.
func shut(o deploy.Operation) Text {
	rules := o.Plan.Rules
	why, open := rules.Calendar.Closed(o.RequestedAt)
	if open || emergency(o.Plan) || !startAt(o.Plan).IsZero() {
		return nil
	}
	opens := rules.Calendar.Opens(o.RequestedAt)
	if !opens.IsZero() && opens.Before(o.RequestedAt.Add(rules.Approval.StartWithin)) {
		return T(" ", Because(deploy.Because(deploy.StillClosed, "opens", opens.Format(time.RFC3339)), nil))
	}
	return T(" ", B("Nothing may start now"), ", and an approval does not last until then. ", Because(why, nil))
}

// verdict is the end of an operation and its reason; after is how long it took, if it began.
func verdict(o deploy.Operation, after string) Text {
	state := capital(string(o.State))
	switch o.Cause.Code {
	case "":
		return T(B(state), after, ".")
	case deploy.Denied, deploy.Withdrawn, deploy.Aborted: // the sentence says the state
		why := o.Cause.Values["reason"]
		if why != "" {
			why = ": " + why
		}
		return T(B(state), after, " by ", U(o.Cause.Values["by"]), why, ".")
	}
	return T(B(state), after, ". ", Because(o.Cause, o.Plan.Preview.Name))
}

// rolling says what goes on, what is in the way and what to do about it.
func rolling(o deploy.Operation) Text {
	name := o.Plan.Preview.Name
	var out Text
	for _, i := range o.Undecided() {
		l := o.Lanes[i]
		out = append(out, T(B(called(o, i)+" "+status(l)), ". ", laneCause(o, l, l.Cause), " ")...)
	}
	if len(out) > 0 {
		rest := "The others serve; nothing else leaves service meanwhile."
		switch {
		case onlyChores(o):
			rest = "Nothing leaves service meanwhile."
		case !still(o):
			rest = fmt.Sprintf("The others go on as far as they can: tolerate_failures allows %d.", o.Plan.Rules.Tolerate)
		case o.TurnedBack():
			rest = "The way back stands still meanwhile: nothing rolls back a rollback."
		}
		return T(B("Waiting for a decision:"), " ", out, rest)
	}
	if _, asks := asked(o); asks {
		return T("Waiting since ", At(o.AskedAt), ". ", ask(o, o.Asked))
	}
	head := course(o)
	said := map[string]bool{}
	for _, l := range o.Lanes {
		if l.Gate.Code == "" || l.Gate.Code == deploy.GatePaused || l.Phase != deploy.PhaseDue || said[l.Gate.String()] { // who paused it is said already
			continue
		}
		said[l.Gate.String()] = true
		head = append(head, T(Because(l.Gate, name), " ")...)
	}
	return head
}

// ending is what an abort makes of an operation.
func ending(o deploy.Operation) string {
	if o.Turned != nil {
		return "what runs ends, what has not gone back yet stays as it is."
	}
	return "what runs ends, what has not run is put back."
}

// course is where a rollout is going.
func course(o deploy.Operation) Text {
	name := o.Plan.Preview.Name
	done, all := progress(o)
	switch {
	case o.TurnedBack() && o.Turned != nil:
		back, touched := turning(o)
		who, why := T(" for ", U(o.Turned.By)), Text{}
		if o.Turned.By == "" {
			who, why = T(" by the rule on_failure"), T(Because(o.Turned.Cause, name), " ")
		}
		return T(B("Rolling back to "+before(o.Plan)), who, fmt.Sprintf(", %d of %d back. ", back, touched), why,
			"What was touched goes back in reverse order, the latest first, under the same rules. ")
	case o.Aborting() && len(o.Aborts) > 0:
		return T(B("Aborting"), " for ", U(o.Aborts[len(o.Aborts)-1].By.ID), ": ", ending(o), " ")
	case o.Stopped.Code != "":
		return T(B("Stopping"), ": ", Because(o.Stopped, name), " What runs ends, what failed is held, nothing more leaves. ")
	case o.State == deploy.StatePaused && o.Paused != nil:
		since := Text{}
		if !o.PausedAt.IsZero() {
			since = T(" since ", At(o.PausedAt))
		}
		return T(B("Paused"), " by ", U(o.Paused.By.ID), since, because(o.Paused.Reason), fmt.Sprintf(", %d of %d done. ", done, all),
			"What has left goes on to its end; nothing more leaves until somebody resumes it. ")
	case o.State == deploy.StatePaused:
		return T(B("Paused"), fmt.Sprintf(", %d of %d done. ", done, all))
	}
	return T(B("Rolling"), fmt.Sprintf(", %d of %d done. ", done, all))
}

// aftermath says what an ended operation has left out of service, and locked.
func aftermath(o deploy.Operation) Text {
	var held []string
	for _, l := range o.Lanes {
		if l.Outcome == deploy.OutcomeHeld {
			held = append(held, o.Plan.Preview.Name(l.Name))
		}
	}
	var out Text
	if len(held) > 0 {
		out = T(B(strings.Join(held, ", ")), " stays out of service until somebody restores it: ", C(restore(o.Plan.Terms, held[0])), ".")
	}
	switch {
	case o.State == deploy.StateSucceeded && o.Plan.Kind == deploy.KindLock:
		out = T(out, B(service(o.Plan.Terms)), " is locked until somebody unlocks it: ", C(unlock(o.Plan.Terms)), ".")
	case o.State == deploy.StateSucceeded && o.Plan.Kind == deploy.KindUnlock:
		out = T(out, B(service(o.Plan.Terms)), " may be deployed to again.")
	case o.State.Finished() && locked(o):
		out = T(out, space(out), B(service(o.Plan.Terms)), " stays locked until somebody has looked: ", C(unlock(o.Plan.Terms)), ".")
	}
	return out
}

// locked reports whether the operation's end leaves a lock on its service.
func locked(o deploy.Operation) bool {
	for _, l := range deploy.LockChanges(o, deploy.Event{Type: deploy.EventFinished, At: o.FinishedAt}).Keep {
		if l.Instance() == "" {
			return true
		}
	}
	return false
}

func space(t Text) string {
	if len(t) == 0 {
		return ""
	}
	return " "
}

func unlock(t deploy.Terms) string {
	line := "unlock " + t.Service
	if t.Environment != "" {
		line += " to " + t.Environment
	}
	return line
}

func restore(t deploy.Terms, instance string) string {
	line := "restore " + t.Service + " on " + instance
	if t.Environment != "" {
		line += " to " + t.Environment
	}
	return line
}

// small is the small print: what to quote, and what it was before.
func small(o deploy.Operation, now time.Time) Text {
	out := T("Operation ", C(string(o.ID)))
	if r := o.Plan.Revision; r != "" {
		out = append(out, T(" · revision: ", C(short(r)))...)
	}
	if p := o.Plan.Preview.Previous; p != "" && o.Plan.Kind == deploy.KindDeploy {
		out = append(out, T(" · before: ", C(p))...)
	}
	if o.State.Rolling() && o.Plan.Kind.Rolls() {
		out = append(out, T(" · running for ", Duration(now.Sub(o.StartedAt).Round(time.Second)), ", about ",
			Duration(o.Plan.Preview.Estimate.Total), " and the commands in all")...)
	}
	return out
}

// people names people and groups: with U as what they are, with P as a call, since they have to act.
func people(ids []string, as func(string) Span) Text {
	var out Text
	for i, id := range ids {
		if i > 0 {
			out = append(out, T(", ")...)
		}
		out = append(out, as(id))
	}
	return out
}
