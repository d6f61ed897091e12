package card

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"junban/deploy"
)

// many is the number of instances above which a message names only exceptions.
const many = 10

// Parent is the one message of an operation that is edited in place.
func Parent(o deploy.Operation, now time.Time) Message {
	m := Message{Tone: tone(o), Text: Title(o) + ": " + headline(o)}
	m.Blocks = append(m.Blocks, Block{Text: state(o)})
	if o.State == deploy.StateRequested {
		m.Blocks = append(m.Blocks, Block{Text: preview(o.Plan)})
	} else if !o.StartedAt.IsZero() {
		m.Blocks = append(m.Blocks, Block{Text: instances(o)})
	}
	if b := buttons(o); len(b) > 0 {
		m.Blocks = append(m.Blocks, b...)
	}
	m.Blocks = append(m.Blocks, Block{Context: small(o, now)})
	return m
}

// Title says what is asked for: Deploy web v42 to production, Drain web-2 of web.
func Title(o deploy.Operation) string { return RowTitle(o.Row()) }

// RowTitle is Title for a line of the index.
func RowTitle(r deploy.Row) string {
	out := capital(string(r.Kind))
	if r.Kind == deploy.KindDeploy {
		out += " " + r.Service + " " + r.Ref
		if r.Environment != "" {
			out += " to " + r.Environment
		}
		if r.On != "" {
			out += " on " + r.On
		}
		return out
	}
	out += " " + r.On + " of " + r.Service
	if r.Environment != "" {
		out += " in " + r.Environment
	}
	return out
}

func tone(o deploy.Operation) Tone {
	switch o.State {
	case deploy.StateRequested:
		return Asking
	case deploy.StateSucceeded:
		return Good
	case deploy.StateFailed, deploy.StateAborted:
		return Bad
	case deploy.StateDenied, deploy.StateExpired, deploy.StateWithdrawn:
		return Faded
	}
	if len(o.Undecided()) > 0 {
		return Bad
	}
	return Moving
}

// headline is the state in a few plain words.
func headline(o deploy.Operation) string {
	if o.State != deploy.StateRolling {
		return string(o.State)
	}
	if o.Aborting() {
		return "aborting"
	}
	if names := undecided(o); names != "" {
		return "waiting for a decision about " + names
	}
	done, all := progress(o)
	return fmt.Sprintf("%d of %d done", done, all)
}

func undecided(o deploy.Operation) string {
	var names []string
	for _, i := range o.Undecided() {
		names = append(names, o.Plan.Preview.Name(o.Lanes[i].Name))
	}
	return strings.Join(names, ", ")
}

func progress(o deploy.Operation) (done, all int) {
	for _, l := range o.Lanes {
		if l.Phase == deploy.PhaseDone {
			done++
		}
	}
	return done, len(o.Lanes)
}

// state is the paragraph that says where the operation is and what comes next.
func state(o deploy.Operation) Text {
	name := o.Plan.Preview.Name
	who := T("Asked for by ", U(o.RequestedBy), why(o), ". ")
	if a := o.Approvers(); len(a) > 0 {
		who = T("Asked for by ", U(o.RequestedBy), why(o), ", approved by ", people(a, U), ". ")
	}
	switch o.State {
	case deploy.StateRequested:
		return T(who, B("Waiting for approval"), " by ", people(o.Plan.Rules.Approval.Allow, P), " until ", At(o.Expires), ".")
	case deploy.StateApproved:
		return T(who, B("Approved"), ", about to start.")
	case deploy.StateQueued:
		return T(who, B("Queued"), ". ", Because(o.Waiting, name))
	case deploy.StateSucceeded:
		return T(who, B("Succeeded"), " in ", Duration(o.FinishedAt.Sub(o.StartedAt)), ". ", aftermath(o))
	case deploy.StateFailed, deploy.StateAborted, deploy.StateDenied, deploy.StateExpired, deploy.StateWithdrawn:
		return T(who, verdict(o, ""), " ", aftermath(o))
	}
	return T(who, rolling(o))
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

func rolling(o deploy.Operation) Text {
	name := o.Plan.Preview.Name
	var out Text
	for _, i := range o.Undecided() {
		l := o.Lanes[i]
		out = append(out, T(B(name(l.Name)+" "+l.Status()), ". ", Because(l.Cause, name), " ")...)
	}
	if len(out) > 0 {
		return T(B("Waiting for a decision:"), " ", out, "The others serve; nothing else leaves service meanwhile.")
	}
	done, all := progress(o)
	head := T(B("Rolling"), fmt.Sprintf(", %d of %d done. ", done, all))
	if o.Aborting() {
		head = T(B("Aborting"), " for ", U(o.Aborts[0].By.ID), ": what runs ends, what has not run is put back. ")
	}
	for _, l := range o.Lanes {
		if l.Gate.Code != "" && l.Phase == deploy.PhaseDue {
			head = append(head, Because(l.Gate, name)...)
		}
	}
	return head
}

// aftermath says what an ended operation has left out of service.
func aftermath(o deploy.Operation) Text {
	var held []string
	for _, l := range o.Lanes {
		if l.Outcome == deploy.OutcomeHeld {
			held = append(held, o.Plan.Preview.Name(l.Name))
		}
	}
	if len(held) == 0 {
		return nil
	}
	return T(B(strings.Join(held, ", ")), " stays out of service until somebody restores it: ", C(restore(o.Plan.Terms, held[0])), ".")
}

func restore(t deploy.Terms, instance string) string {
	line := "restore " + t.Service + " on " + instance
	if t.Environment != "" {
		line += " to " + t.Environment
	}
	return line
}

// instances is one line per instance, or, above ten, counts and exceptions.
func instances(o deploy.Operation) Text {
	var out Text
	counts := map[string]int{}
	var kinds []string
	for n, i := range o.Plan.Preview.Order {
		l := o.Lanes[i]
		status := l.Status()
		if counts[status]++; counts[status] == 1 {
			kinds = append(kinds, status)
		}
		if len(o.Lanes) > many && !l.Waits() && l.Outcome != deploy.OutcomeHeld && !l.Out() {
			continue
		}
		if n > 0 && len(out) > 0 {
			out = append(out, T("\n")...)
		}
		out = append(out, T(mark(status)+" ", B(o.Plan.Preview.Name(l.Name)), "  "+status, took(l))...)
	}
	if len(o.Lanes) > many {
		var sums []string
		for _, k := range kinds {
			sums = append(sums, fmt.Sprintf("%d %s", counts[k], k))
		}
		out = T(strings.Join(sums, ", "), T("\n"), out)
	}
	return out
}

func mark(status string) string {
	switch status {
	case "healthy":
		return "●"
	case "waiting", "skipped":
		return "○"
	case "failed", "unknown", "stopped", "terminated", "held":
		return "✕"
	}
	return "◐"
}

func took(l deploy.LaneState) string {
	if l.Phase != deploy.PhaseDone || l.StartAt.IsZero() || l.EndAt.IsZero() {
		return ""
	}
	return ", " + Duration(l.EndAt.Sub(l.StartAt))
}

// small is the small print: what to quote, and what it was before.
func small(o deploy.Operation, now time.Time) Text {
	out := T("Operation ", C(string(o.ID)))
	if p := o.Plan.Preview.Previous; p != "" && o.Plan.Kind == deploy.KindDeploy {
		out = append(out, T(" · before: ", C(p))...)
	}
	if o.State == deploy.StateRolling && o.Plan.Kind == deploy.KindDeploy {
		out = append(out, T(" · running for ", Duration(now.Sub(o.StartedAt).Round(time.Second)), ", about ",
			Duration(o.Plan.Preview.Estimate.Total), " and the commands in all")...)
	}
	return out
}

// buttons are the offers, as rows of buttons: one row for each instance that waits, one for the operation.
func buttons(o deploy.Operation) []Block {
	rows := map[string][]Button{}
	var order []string
	for _, f := range deploy.Offers(o) {
		if f.Lane == "" && f.Verb == deploy.ActAbort && o.State != deploy.StateRolling {
			continue // withdraw says the same
		}
		if _, ok := rows[f.Lane]; !ok {
			order = append(order, f.Lane)
		}
		rows[f.Lane] = append(rows[f.Lane], button(o, f))
	}
	var out []Block
	for _, lane := range order {
		if len(out) < many {
			out = append(out, Block{Buttons: rows[lane]})
		}
	}
	return out
}

// Click is what a button's value says: what the person saw.
type Click struct {
	Op      deploy.ID      `json:"op"`
	Verb    deploy.ActVerb `json:"verb"`
	Lane    string         `json:"lane,omitempty"`
	Attempt int            `json:"attempt,omitempty"`
	Hash    string         `json:"hash,omitempty"`
}

func button(o deploy.Operation, f deploy.Offer) Button {
	value, _ := json.Marshal(Click{o.ID, f.Verb, f.Lane, f.Attempt, f.Hash}) // strings and a number: cannot fail
	name := o.Plan.Preview.Name(f.Lane)
	b := Button{Action: string(f.Verb), Value: string(value)}
	if f.Lane != "" {
		b.Action += ":" + f.Lane
	}
	many := len(o.Undecided()) > 1
	on := func(label string) string {
		if many {
			return label + " " + name
		}
		return label
	}
	switch f.Verb {
	case deploy.ActApprove:
		b.Label, b.Style = "Approve", Primary
	case deploy.ActDeny:
		b.Label, b.Style = "Deny", Danger
	case deploy.ActWithdraw:
		b.Label = "Withdraw"
	case deploy.ActAbort:
		b.Label, b.Style = "Abort", Danger
		b.Confirm = &Confirm{"Abort this operation?", "A command that runs is let end. Instances that have not been deployed are put back; one that failed is held out of service.", "Abort"}
		if o.Aborting() {
			b.Label = "Cancel the command"
			b.Confirm = &Confirm{"Cancel the running command?", "It may have done a part of its work; the instance is then held out of service.", "Cancel it"}
		}
	case deploy.ActRetry:
		b.Label, b.Style = on("Retry"), Primary
	case deploy.ActPutBack:
		b.Label = on("Put back, go on")
		b.Confirm = &Confirm{"Put " + name + " back?", "It is registered as it is, without a successful deploy, and the rollout goes on with the next instance.", "Put back"}
	case deploy.ActLeaveOut:
		b.Label = on("Leave out, go on")
		b.Confirm = &Confirm{"Leave " + name + " out?", "It is held out of service until somebody restores it, and the rollout goes on with the next instance.", "Leave out"}
	case deploy.ActLooked:
		b.Label = "I looked: it does not run"
		b.Confirm = &Confirm{"Have you looked on " + name + "?", "Say so only if the command does not run there any more.", "I have looked"}
	}
	return b
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

func why(o deploy.Operation) string {
	if r := o.Plan.Preview.Ask.Reason; r != "" {
		return " because " + r
	}
	return ""
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
