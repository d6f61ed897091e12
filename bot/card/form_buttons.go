package card

import (
	"time"

	"junban/deploy"
)

// offer is the buttons of one offer: an approval may be given with a comment, and a form asks why something is denied.
func (w Voice) offer(o deploy.Operation, f deploy.Offer) []Button {
	b := w.button(o, f)
	switch f.Verb {
	case deploy.ActDeny:
		b.Action = opens + b.Action
		return []Button{b}
	case deploy.ActApprove:
	default:
		return []Button{b}
	}
	more := b
	more.Action, more.Label, more.Style = opens+string(f.Verb), w.Line("why.button.approve"), Plain
	return []Button{b, more}
}

// why are the acts that a form asks the reason of.
var why = map[deploy.ActVerb]bool{deploy.ActApprove: true, deploy.ActDeny: true}

// Explained reports whether a form asks for the reason of an act.
func Explained(v deploy.ActVerb) bool { return why[v] }

// Mine are the offers that a person may take up now, as Decide judges them. Whether a plan that is to be approved still
// holds is not looked at.
func Mine(o deploy.Operation, p deploy.Person, now time.Time) []deploy.Offer {
	var out []deploy.Offer
	for _, f := range deploy.Offers(o) {
		if f.Lane == "" && f.Verb == deploy.ActAbort && !o.State.Rolling() {
			continue // withdraw says the same
		}
		if _, err := deploy.Decide(o, deploy.Act{Verb: f.Verb, By: p, Lane: f.Lane, Attempt: f.Attempt, Hash: f.Hash}, now); err == nil {
			out = append(out, f)
		}
	}
	return out
}
