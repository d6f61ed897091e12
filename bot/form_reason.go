package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

// whyNeeded is a refusal that a reason would lift; its answer offers the form that asks for one.
type whyNeeded struct {
	refusal error
	want    card.Want
}

func (w *whyNeeded) Error() string { return w.refusal.Error() }
func (w *whyNeeded) Unwrap() error { return w.refusal }

// unlocking makes an offer of a refusal, if a reason is all that is missing.
func (b *Bot) unlocking(err error, ask deploy.Ask) error {
	cause, ok := deploy.RefusalOf(err)
	if !ok || cause.Code != deploy.LockOfAnother || b.Panels == nil || ask.Kind != deploy.KindUnlock {
		return err
	}
	return &whyNeeded{err, card.Want{Kind: ask.Kind, Service: ask.Service, Environment: ask.Environment}}
}

// offer adds to an answer the button that opens a form, if one would help.
func (b *Bot) offer(err error, m card.Message) card.Message {
	if w, ok := errors.AsType[*whyNeeded](err); ok {
		m.Blocks = append(slices.Clone(m.Blocks), card.Block{Buttons: []card.Button{b.Voice.UnlockButton(w.want)}})
	}
	return m
}

// reason is what a form that asks why says: the act, or what is asked for.
type reason struct {
	what  string
	click card.Click
	want  card.Want
	text  string
}

// reasonFor reads what a reason is asked for. What it says is what a button showed, and is judged as such.
func reasonFor(what, value string) (r reason, err error) {
	r.what = what
	switch {
	case what == string(deploy.KindUnlock):
		if err = strictly(value, &r.want); err == nil && (r.want.Kind != deploy.KindUnlock || r.want.Service == "" || r.want.On != "") {
			err = errors.New("it asks for something else")
		}
	case card.Explained(deploy.ActVerb(what)):
		if err = strictly(value, &r.click); err == nil && (r.click.Op == "" || string(r.click.Verb) != what) {
			err = errors.New("it is about something else")
		}
	default:
		err = errors.New("no form asks for that reason")
	}
	if err != nil {
		return r, fmt.Errorf("%w: %w", fault("mistake.button"), err)
	}
	return r, nil
}

func (r reason) act(e Envelope) deploy.Act {
	c := r.click
	return deploy.Act{ID: e.ID, Verb: c.Verb, By: deploy.Person{ID: e.User}, Lane: c.Lane, Attempt: c.Attempt, Hash: c.Hash, Reason: r.text}
}

// openReason opens the form that asks why. What would be refused whatever the reason is refused at once.
func (b *Bot) openReason(ctx context.Context, e Envelope, what string) error {
	r, err := reasonFor(what, e.Value)
	if err != nil {
		return err
	}
	p := private{From: e.ID, What: what, Value: e.Value}.text()
	if what == string(deploy.KindUnlock) {
		return b.show(ctx, e, b.Voice.UnlockForm(r.want, p))
	}
	op, err := b.Desk.Operation(ctx, r.click.Op)
	if err != nil {
		return err
	}
	act := r.act(e)
	if act.By, err = b.personFor(ctx, e.User, op); err != nil {
		return err
	}
	if _, err := deploy.Decide(op, act, time.Now()); err != nil {
		return err
	}
	return b.show(ctx, e, b.Voice.ReasonForm(what, b.Voice.About(op), false, p))
}

// personFor is who somebody is, as the rules of an operation ask it.
func (b *Bot) personFor(ctx context.Context, user string, ops ...deploy.Operation) (deploy.Person, error) {
	var lists [][]string
	for _, op := range ops {
		lists = append(lists, op.Plan.Rules.MayDeploy, op.Plan.Rules.Approval.Allow)
	}
	return b.person(ctx, user, lists...)
}

// why reads a form that asks for a reason, or says what is wrong with it.
func (b *Bot) why(e Envelope) (reason, map[string]error) {
	p, err := privateOf(e.View)
	if err != nil {
		return reason{}, map[string]error{card.FieldReason: fault("why.nothing")}
	}
	r, err := reasonFor(p.What, p.Value)
	if err != nil {
		return r, map[string]error{card.FieldReason: fault("why.nothing")}
	}
	if err = foreign(e.View.Values, card.FieldReason); err == nil {
		r.text, err = reasonIn(e.View.Values)
	}
	if err == nil && r.text == "" && p.What == string(deploy.KindUnlock) {
		err = fault("fault.reason.lock")
	}
	if err != nil {
		return r, map[string]error{card.FieldReason: err}
	}
	return r, nil
}

// reasoned does what a form that asked why is about. It is judged now, whatever was so when the form was opened.
func (b *Bot) reasoned(ctx context.Context, e Envelope) error {
	r, faults := b.why(e)
	if err := faults[card.FieldReason]; err != nil {
		return err
	}
	if r.what == string(deploy.KindUnlock) {
		_, err := b.place(ctx, e, deploy.Ask{Kind: r.want.Kind, Service: r.want.Service, Environment: r.want.Environment, Reason: r.text})
		return err
	}
	return b.do(ctx, r.click.Op, r.act(e))
}

// do acts on an operation, as it was asked for by a button.
func (b *Bot) do(ctx context.Context, id deploy.ID, a deploy.Act) error {
	_, err := b.Desk.Act(ctx, id, a)
	if err == nil {
		b.Moved(id)
	}
	return err
}

// asking asks for the operation that a button names.
func (b *Bot) asking(ctx context.Context, e Envelope) error {
	var x card.Want
	if err := strictly(e.Value, &x); err != nil || x.Service == "" || x.Kind != deploy.KindRestore && x.Kind != deploy.KindUnlock {
		return fault("mistake.button")
	}
	_, err := b.place(ctx, e, deploy.Ask{Kind: x.Kind, Service: x.Service, Environment: x.Environment, On: x.On})
	return err
}
