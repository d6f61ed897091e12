package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"junban/bot/card"
	"junban/deploy"
)

const (
	// refsOffered is how many refs that were used before can be chosen.
	refsOffered = 10
	// askWithin limits the question who somebody is before a form is acknowledged; Slack waits three seconds for that.
	// Whoever cannot be asked about in time is judged behind it.
	askWithin = 1500 * time.Millisecond
)

// offeredTo are the services that a person may deploy just now, by their configured lists.
func (b *Bot) offeredTo(ctx context.Context, user string) (out []card.Target, who deploy.Person, err error) {
	if b.Offering == nil {
		return nil, who, nil
	}
	type place struct {
		card.Target
		rules deploy.Rules
	}
	var all []place
	var lists [][]string
	for _, s := range b.Offering.Services() {
		r, _, err := b.Offering.Request(deploy.Ask{Service: s.Name, Environment: s.Environment})
		if err != nil {
			b.Log.Warn("a service cannot be offered", "service", s.Name, "environment", s.Environment, "error", err)
			continue
		}
		all = append(all, place{card.Target{Value: targetValue(s), Service: s.Name, Environment: s.Environment}, r.Rules})
		lists = append(lists, r.Rules.MayDeploy, r.Rules.Approval.Allow)
	}
	if who, err = b.person(ctx, user, lists...); err == nil {
		err = member(who)
	}
	if err == nil {
		err = b.Offering.Closed()
	}
	if err != nil {
		return nil, who, err
	}
	for _, p := range all {
		if deploy.MayAsk(who, deploy.KindDeploy, p.rules) == nil {
			out = append(out, p.Target)
		}
	}
	return out, who, nil
}

// targetValue is a service in an environment as the value of an option. It is never taken apart again: what comes back
// is compared.
func targetValue(s Service) string {
	name := s.Name + "/" + s.Environment
	if r := []rune(name); len(r) > 150 { // as long as an option's value may be
		return string(r[:150])
	}
	return name
}

// openRequest opens the form that asks for a deploy.
func (b *Bot) openRequest(ctx context.Context, e Envelope) error {
	within, cancel := context.WithTimeout(ctx, triggerLife)
	defer cancel()
	f, err := b.form(within, e.User, nil)
	if err != nil {
		return err
	}
	f.Private = private{From: e.ID}.text()
	return b.show(ctx, e, b.Voice.RequestForm(f))
}

// choose draws the form anew for the service that was chosen in it.
func (b *Bot) choose(ctx context.Context, e Envelope) error {
	f, err := b.form(ctx, e.User, e.View.Values)
	if err != nil {
		return err
	}
	f.Private = e.View.Private
	if err := b.Panels.Redraw(ctx, e.View.ID, e.View.Hash, b.Voice.RequestForm(f)); err != nil && !errors.Is(err, ErrGone) {
		return fmt.Errorf("drawing the form anew: %w", err)
	}
	return nil // one that is closed, or was changed since, needs nothing
}

// form is the form that asks for a deploy as one person sees it now, with what they have filled in.
func (b *Bot) form(ctx context.Context, user string, values map[string]string) (card.RequestForm, error) {
	f := card.RequestForm{Values: values, Slash: b.Slash, Zone: b.Zone.String()}
	targets, who, err := b.offeredTo(ctx, user)
	if err != nil {
		return f, err
	}
	f.Targets = targets
	chosen := values[card.FieldTarget]
	if len(targets) == 1 {
		chosen = targets[0].Value
	}
	i := slices.IndexFunc(targets, func(t card.Target) bool { return t.Value == chosen })
	if i < 0 {
		return f, nil
	}
	t := targets[i]
	f.Chosen = t.Value
	r, _, err := b.Offering.Request(deploy.Ask{Service: t.Service, Environment: t.Environment, Emergency: true})
	if err != nil {
		return f, err
	}
	f.Outside, f.Free = deploy.MayRequest(who, r) == nil, r.Rules.Approval.None
	rows, err := b.Desk.Recent(ctx, t.Service, 5*refsOffered)
	if err != nil {
		return f, fmt.Errorf("reading what was deployed before: %w", err)
	}
	f.Refs = refsOf(rows, t.Environment)
	return f, nil
}

// refsOf are the refs of some operations in an environment, newest first, each once.
func refsOf(rows []deploy.Row, environment string) []string {
	var out []string
	for _, r := range rows {
		if r.Environment == environment && r.Kind.Rolls() && r.Ref != "" && !slices.Contains(out, r.Ref) && len(out) < refsOffered {
			out = append(out, r.Ref)
		}
	}
	return out
}

// wanted is what a form asks for.
type wanted struct {
	ask     deploy.Ask
	warning string
}

// read is what a form asks for, or what is wrong with it, by field: as much of it as can be told without a slow call.
// Times are counted from the moment at which it was sent, so that the same form read again asks for the same.
func (b *Bot) read(ctx context.Context, e Envelope) (w wanted, faults map[string]error) {
	v := e.View.Values
	faults = map[string]error{}
	note := func(id string, err error) {
		if err != nil && faults[id] == nil {
			faults[id] = err
		}
	}
	note(card.FieldTarget, foreign(v, card.FieldTarget, card.FieldRef, card.FieldRecent, card.FieldWhen, card.FieldReason, card.FieldWindow))
	w.ask.Kind = deploy.KindDeploy
	note(card.FieldTarget, b.readTarget(&w.ask, v[card.FieldTarget]))
	note(card.FieldRef, b.readRef(&w.ask, v))
	var err error
	w.ask.Reason, err = reasonIn(v)
	note(card.FieldReason, err)
	w.warning, err = b.readTime(&w.ask, v[card.FieldWhen], e.At)
	note(card.FieldWhen, err)
	switch v[card.FieldWindow] {
	case "", card.WindowInside:
	case card.WindowOutside:
		if w.ask.Emergency = true; w.ask.Reason == "" {
			note(card.FieldReason, fault("fault.reason"))
		}
	default:
		note(card.FieldTarget, fault("fault.fields", "fields", card.FieldWindow))
	}
	if faults[card.FieldTarget] == nil {
		b.readAsk(ctx, e.User, w.ask, note)
	}
	return w, faults
}

func (b *Bot) readTarget(ask *deploy.Ask, value string) error {
	if value == "" {
		return fault("fault.target")
	}
	if b.Offering != nil {
		for _, s := range b.Offering.Services() {
			if targetValue(s) == value {
				ask.Service, ask.Environment = s.Name, s.Environment
				return nil
			}
		}
	}
	return fault("fault.target.unknown")
}

// readRef takes the ref that was typed, or the one that was chosen; never one of two.
func (b *Bot) readRef(ask *deploy.Ask, v map[string]string) error {
	typed, chosen := strings.TrimSpace(v[card.FieldRef]), v[card.FieldRecent]
	if chosen == card.RecentTyped {
		chosen = ""
	}
	switch {
	case typed == "" && chosen == "":
		return fault("fault.ref")
	case typed != "" && chosen != "" && typed != chosen:
		return fault("fault.ref.both", "ref", clip(typed), "chosen", clip(chosen), "above", b.Voice.Line("form.recent.typed"))
	case typed == "":
		typed = chosen
	}
	if strings.ContainsFunc(typed, unicode.IsSpace) || strings.ContainsFunc(typed, unprintable) || quoted(b.Slash, "deploy", []string{typed}) != nil {
		return fault("fault.ref.words")
	}
	ask.Ref = typed
	return nil
}

func (b *Bot) readTime(ask *deploy.Ask, text string, now time.Time) (warning string, err error) {
	text = strings.TrimSpace(text)
	if n := len([]rune(text)); n > longestTime {
		return "", fault("fault.long", "n", n, "most", longestTime)
	}
	if word := strings.ToLower(Narrow(text)); text == "" || word == "now" || text == b.Voice.Line("form.when.now") {
		return "", nil
	}
	ask.At, warning, err = b.moment(text, now)
	return warning, err
}

// longestTime is how many characters a time may have.
const longestTime = 60

// readAsk judges an ask by the configuration, and its person by the lists in it.
func (b *Bot) readAsk(ctx context.Context, user string, ask deploy.Ask, note func(string, error)) {
	whole := ask
	if whole.Ref == "" {
		whole.Kind = "" // which is judged above; the rest is judged all the same
	}
	r, _, err := b.Offering.Request(whole)
	if err != nil {
		if narrow := Narrow(ask.Ref); narrow != ask.Ref {
			whole.Ref = narrow
			if _, _, wrong := b.Offering.Request(whole); wrong == nil {
				err = fault("fault.ref.wide", "ref", narrow)
			}
		}
		note(card.FieldRef, err)
		whole.Kind, whole.Ref = "", ""
		if r, _, err = b.Offering.Request(whole); err != nil {
			return
		}
	}
	within, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	who, err := b.person(within, user, r.Rules.MayDeploy, r.Rules.Approval.Allow)
	if err != nil {
		return // the desk asks again, and grants nothing before it knows
	}
	note(card.FieldTarget, deploy.MayRequest(who, r))
}

// requested works on a form that asks for a deploy: the plan is made, and the form says what has come of it. stranger is
// why its sender may ask for nothing.
func (b *Bot) requested(ctx context.Context, e Envelope, stranger error) error {
	began := time.Now()
	var op deploy.Operation
	w, err := wanted{}, stranger
	if err == nil {
		op, w, err = b.asked(ctx, e)
	}
	wait(ctx, nil, settled-time.Since(began))
	if ctx.Err() == nil {
		b.answer(ctx, e, op, w.warning, err)
	}
	return nil
}

// asked asks for what a form says, or finds what was asked for by it before a crash.
func (b *Bot) asked(ctx context.Context, e Envelope) (op deploy.Operation, w wanted, err error) {
	w, faults := b.read(ctx, e)
	known, again, err := b.Memory.Get(ctx, askedTable, e.ID)
	if err == nil && again { // what it asked for is what it asked for then
		if op, err = b.Desk.Operation(ctx, deploy.ID(known)); err == nil && op.RequestedBy == e.User {
			return op, w, nil
		}
	}
	for _, id := range []string{card.FieldTarget, card.FieldRef, card.FieldWhen, card.FieldReason} {
		if faults[id] != nil { // it has become wrong since it was acknowledged
			return op, w, faults[id]
		}
	}
	op, err = b.place(ctx, e, w.ask)
	return op, w, err
}

// place asks for an operation. Its id is noted under the envelope first, so that the same envelope, worked on again
// after a crash, comes to the same operation.
func (b *Bot) place(ctx context.Context, e Envelope, ask deploy.Ask) (deploy.Operation, error) {
	id, err := b.meant(ctx, e, b.NewID())
	if err != nil {
		return deploy.Operation{}, err
	}
	op, err := b.Desk.Request(ctx, id, ask, e.User)
	if err != nil {
		return op, b.unlocking(err, ask)
	}
	b.Moved(id)
	return op, nil
}

// answer draws the form that was sent anew: with what it has come to, or, refused, with what was filled in. A form that
// is closed by then is answered beside it.
func (b *Bot) answer(ctx context.Context, e Envelope, op deploy.Operation, warning string, refused error) {
	var v card.View
	var said card.Message
	if refused == nil {
		text := b.Voice.Asked(op, b.Rooms.Channel(op.Plan.Service, op.Plan.Environment))
		v, said = b.Voice.AskedForm(text, card.T(warning)), card.Refusal(card.T(text, " ", warning), "")
	} else {
		b.refused(ctx, e, refused)
		said = b.explain(refused)
		f, err := b.form(ctx, e.User, e.View.Values)
		if err != nil {
			f.Targets = nil // whoever cannot be asked about is offered nothing
		}
		f.Refusal, f.Private = refusalText(said), e.View.Private
		v = b.Voice.RequestForm(f)
	}
	err := ErrGone
	if b.Panels != nil {
		err = b.Panels.Redraw(ctx, e.View.ID, "", v)
	}
	if err != nil && ctx.Err() == nil {
		if !errors.Is(err, ErrGone) {
			b.Log.Warn("a form could not be drawn anew; its person is told beside it", "user", e.User, "error", err)
		}
		b.whisper(ctx, e, said)
	}
}

// refusalText is a message in one text.
func refusalText(m card.Message) card.Text {
	var out card.Text
	for i, block := range m.Blocks {
		if i > 0 {
			out = append(out, card.Span{Value: "\n"})
		}
		out = append(out, block.Text...)
		for line := range strings.SplitSeq(block.Code, "\n") {
			if line != "" {
				out = append(out, card.C(line), card.Span{Value: "\n"})
			}
		}
	}
	return out
}
