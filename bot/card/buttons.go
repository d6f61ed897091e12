package card

import (
	"encoding/json"
	"strings"

	"junban/deploy"
)

// buttons are the offers, as rows of buttons: one row for each instance that waits, one for the operation.
func (w Voice) buttons(o deploy.Operation) []Block {
	rows := map[string][]Button{}
	var order []string
	for _, f := range deploy.Offers(o) {
		if f.Lane == "" && f.Verb == deploy.ActAbort && !o.State.Rolling() {
			continue // withdraw says the same
		}
		if _, ok := rows[f.Lane]; !ok {
			order = append(order, f.Lane)
		}
		rows[f.Lane] = append(rows[f.Lane], w.offer(o, f)...)
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

func (w Voice) button(o deploy.Operation, f deploy.Offer) Button {
	value, _ := json.Marshal(Click{o.ID, f.Verb, f.Lane, f.Attempt, f.Hash}) // strings and a number: cannot fail
	b := Button{Action: string(f.Verb), Value: string(value)}
	if f.Lane != "" {
		b.Action += ":" + f.Lane
		w.dressLane(&b, o, f)
		return b
	}
	w.dress(&b, o, f)
	return b
}

// styles are how much the buttons of acts stand out; any other is plain.
var styles = map[deploy.ActVerb]Style{
	deploy.ActApprove: Primary, deploy.ActDeny: Danger, deploy.ActResume: Primary, deploy.ActContinue: Primary,
	deploy.ActRollback: Danger, deploy.ActAbort: Danger, deploy.ActRetry: Primary,
}

// label is a button's label; an act that has none is named.
func (w Voice) label(id string) string {
	if w.lang.Has(id) {
		return w.Line(id)
	}
	return capital(strings.TrimPrefix(id, "button."))
}

// confirm is the question before an act, from the words id.title, id.text and id.ok; nil where the catalogue has none.
func (w Voice) confirm(id string, pairs ...any) *Confirm {
	if !w.lang.Has(id + ".title") {
		return nil
	}
	return &Confirm{w.Line(id+".title", pairs...), w.Line(id+".text", pairs...), w.Line(id+".ok", pairs...), w.Line("button.back")}
}

// dress gives a button on the whole operation its words.
func (w Voice) dress(b *Button, o deploy.Operation, f deploy.Offer) {
	id := "button." + string(f.Verb)
	b.Style = styles[f.Verb]
	switch f.Verb {
	case deploy.ActContinue:
		w.dressAnswer(b, questionOf(o.Asked.Code))
		return
	case deploy.ActRollback:
		b.Label = w.Line(id)
		b.Confirm = w.confirm(id, "ref", w.before(o.Plan))
		if o.Migrated() {
			b.Confirm.Text = w.Line("button.rollback.text.migrated", "ref", w.before(o.Plan))
		}
		return
	case deploy.ActAbort:
		if o.Aborting() && !o.TurnedBack() {
			id = "button.cancel"
		}
	}
	b.Label, b.Confirm = w.label(id), w.confirm(id)
	if f.Verb == deploy.ActAbort && o.TurnedBack() {
		b.Confirm.Text = w.Line("button.abort.text.turned")
	}
}

// dressAnswer gives the button that answers a question its words.
func (w Voice) dressAnswer(b *Button, q question) {
	b.Label = w.Line(q.id + ".label")
	if sure := q.id + ".sure"; w.lang.Has(sure) {
		b.Style = Danger
		b.Confirm = &Confirm{w.Line("button.continue.title"), w.Line(sure), w.Line("button.continue.ok"), w.Line("button.back")}
	}
}

// dressLane gives a button on one instance, or on one chore, its words.
func (w Voice) dressLane(b *Button, o deploy.Operation, f deploy.Offer) {
	name := o.Plan.Preview.Name(f.Lane)
	if i, ok := o.Lane(f.Lane); ok {
		name = w.called(o, i)
	}
	b.Label, b.Style = w.label("button."+string(f.Verb)), styles[f.Verb]
	if len(o.Undecided()) > 1 {
		b.Label = w.Line("button.of", "label", b.Label, "name", name)
	}
	b.Confirm = w.confirm("button."+string(f.Verb), "name", name)
}
