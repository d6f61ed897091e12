package card

import (
	"encoding/json"

	"junban/deploy"
)

// buttons are the offers, as rows of buttons: one row for each instance that waits, one for the operation.
func buttons(o deploy.Operation) []Block {
	rows := map[string][]Button{}
	var order []string
	for _, f := range deploy.Offers(o) {
		if f.Lane == "" && f.Verb == deploy.ActAbort && !o.State.Rolling() {
			continue // withdraw says the same
		}
		if _, ok := rows[f.Lane]; !ok {
			order = append(order, f.Lane)
		}
		rows[f.Lane] = append(rows[f.Lane], button(o, f))
	}
	var out []Block
	for n, lane := range order {
		if n < many || lane == "" { // whatever waits, the whole operation can still be acted on
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
	b := Button{Action: string(f.Verb), Value: string(value)}
	if f.Lane != "" {
		b.Action += ":" + f.Lane
		dressLane(&b, o, f)
		return b
	}
	dress(&b, o, f)
	return b
}

// dress gives a button on the whole operation its words.
func dress(b *Button, o deploy.Operation, f deploy.Offer) {
	switch f.Verb {
	case deploy.ActApprove:
		b.Label, b.Style = "Approve", Primary
	case deploy.ActDeny:
		b.Label, b.Style = "Deny", Danger
	case deploy.ActWithdraw:
		b.Label = "Withdraw"
	case deploy.ActPause:
		b.Label = "Pause"
		b.Confirm = &Confirm{"Pause this operation?", "Instances that have left service go on to their end. No other leaves until somebody resumes it.", "Pause"}
	case deploy.ActResume:
		b.Label, b.Style = "Resume", Primary
		b.Confirm = &Confirm{"Resume this operation?", "Instances leave service again, under the same rules as before.", "Resume"}
	case deploy.ActContinue:
		q := questionOf(o.Asked.Code)
		b.Label, b.Style = q.label, Primary
		if q.sure != "" {
			b.Style = Danger
			b.Confirm = &Confirm{"Go on?", q.sure, "Go on"}
		}
	case deploy.ActRollback:
		to := before(o.Plan)
		b.Label, b.Style = "Abort and roll back", Danger
		text := "What runs ends. Then every instance that was touched goes back to " + to + ", the latest first, under the same rules. "
		if o.Migrated() {
			text += "What ran once on the first instance stays. "
		}
		b.Confirm = &Confirm{"Roll back to " + to + "?", text + "A rollback is not rolled back.", "Roll back"}
	case deploy.ActAbort:
		b.Label, b.Style = "Abort", Danger
		b.Confirm = &Confirm{"Abort this operation?", "A command that runs is let end. Instances that have not been deployed are put back; one that failed is held out of service.", "Abort"}
		switch {
		case o.TurnedBack():
			b.Confirm.Text = "A command that runs is let end. What has not gone back yet stays as it is; one that failed is held out of service."
		case o.Aborting():
			b.Label = "Cancel the command"
			b.Confirm = &Confirm{"Cancel the running command?", "It may have done a part of its work; the instance is then held out of service.", "Cancel it"}
		}
	default:
		b.Label = capital(string(f.Verb))
	}
}

// dressLane gives a button on one instance, or on one chore, its words.
func dressLane(b *Button, o deploy.Operation, f deploy.Offer) {
	name := o.Plan.Preview.Name(f.Lane)
	if i, ok := o.Lane(f.Lane); ok {
		name = called(o, i)
	}
	on := func(label string) string {
		if len(o.Undecided()) > 1 {
			return label + " " + name
		}
		return label
	}
	switch f.Verb {
	case deploy.ActRetry:
		b.Label, b.Style = on("Retry"), Primary
	case deploy.ActPutBack:
		b.Label = on("Put back, go on")
		b.Confirm = &Confirm{"Put " + name + " back?", "It is registered as it is, without a successful deploy, and the rollout goes on with the next instance.", "Put back"}
	case deploy.ActLeaveOut:
		b.Label = on("Leave out, go on")
		b.Confirm = &Confirm{"Leave " + name + " out?", "It is held out of service until somebody restores it, and the rollout goes on with the next instance.", "Leave out"}
	case deploy.ActLooked:
		b.Label = on("I looked: it does not run")
		b.Confirm = &Confirm{"Have you looked (" + name + ")?", "Say so only if the command does not run any more.", "I have looked"}
	case deploy.ActGoOn:
		b.Label = on("Count it as done, go on")
		b.Confirm = &Confirm{"Count " + name + " as done?", "It is not run again in this rollout, whatever it has left undone, and the rollout goes on.", "Count it as done"}
	default:
		b.Label = on(capital(string(f.Verb)))
	}
}
