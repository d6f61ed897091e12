package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"junban/bot/card"
	"junban/deploy"
	"junban/deploy/engine"
)

// Offering is what the configuration that counts now lets people ask for. It answers at once.
type Offering interface {
	// Services lists every service in every environment, in the configuration's order.
	Services() []Service
	// Closed says why nothing is to be asked for now, whatever it is; nil if things may be.
	Closed() error
	// Request resolves an ask. What the configuration does not know, and a ref that it does not take, is an
	// *engine.Mistake.
	Request(ask deploy.Ask) (deploy.Request, engine.Want, error)
}

const (
	// formsTable tells by envelope from where a form was opened; it is kept as long as the envelope.
	formsTable = "forms"
	// triggerLife is how long a trigger opens a form.
	triggerLife = 3 * time.Second
	// quickWorkers is how many envelopes are worked on at once whose answer is a form: they do not wait behind those
	// that wait for AWS.
	quickWorkers = 4
	// settled is the least time between the beginning of the work on a form and the next drawing of it: the
	// acknowledgement, which goes out meanwhile and draws it too, would come last otherwise.
	settled = time.Second
)

// origin is from where a form was opened: where its person can be answered.
type origin struct {
	User     string `json:"user"`
	Channel  string `json:"channel,omitempty"`
	Thread   string `json:"thread,omitempty"`
	Response string `json:"response,omitempty"`
}

// private is what a form carries unseen. Like a button's value it says what a person saw; nothing of it is trusted.
type private struct {
	From  string `json:"from,omitempty"`  // the envelope that opened it, under which its origin is noted
	What  string `json:"what,omitempty"`  // of a reason: approve, deny, unlock
	Value string `json:"value,omitempty"` // and of the button that opened it
}

func (p private) text() string {
	data, _ := json.Marshal(p) // strings: cannot fail
	return string(data)
}

func privateOf(v *Filled) (p private, err error) {
	if v == nil {
		return p, errors.New("it is no form")
	}
	return p, strictly(v.Private, &p)
}

// strictly reads what the bot wrote itself, and nothing else.
func strictly(text string, into any) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("reading what a button or a form says: %w", err)
	}
	if dec.More() {
		return errors.New("a button or a form says more than it should")
	}
	return nil
}

func fault(code deploy.Code, pairs ...any) *engine.Mistake {
	return &engine.Mistake{What: deploy.Because(code, pairs...)}
}

// quick reports whether an envelope is answered by a form, within the life of its trigger.
func (b *Bot) quick(e Envelope) bool {
	if b.Panels == nil {
		return false
	}
	switch e.Kind {
	case InputMessage:
		return true
	case InputCommand:
		return b.Offering != nil && e.Trigger != "" && alone(e)
	case InputClick:
		_, opens := card.Opens(e.Action)
		return opens && (e.Action != card.ActionRequest || b.Offering != nil) || tells(e)
	}
	return false
}

// alone reports whether a command names nothing: the form asks for the rest.
func alone(e Envelope) bool {
	text := e.Text
	if e.Kind == InputMention {
		text = withoutMention(text)
	}
	words := strings.Fields(text)
	return len(words) == 0 || len(words) == 1 && Narrow(strings.ToLower(words[0])) == "deploy"
}

// tells reports whether a click is a choice in a form, which draws it anew.
func tells(e Envelope) bool {
	return e.View != nil && e.View.Callback == card.FormRequest && e.Action == card.FieldTarget
}

// opening works on an envelope that is answered by a form.
func (b *Bot) opening(ctx context.Context, e Envelope) error {
	if err := b.here(ctx, e); err != nil {
		return err
	}
	switch what, _ := card.Opens(e.Action); {
	case e.Kind == InputMessage:
		return b.shortcut(ctx, e)
	case e.Kind == InputCommand, e.Action == card.ActionRequest:
		return b.openRequest(ctx, e)
	case tells(e):
		return b.choose(ctx, e)
	default:
		return b.openReason(ctx, e, what)
	}
}

// show opens a form, or draws it in place of the one in which the button was pressed.
func (b *Bot) show(ctx context.Context, e Envelope, v card.View) error {
	if err := b.remembered(ctx, e); err != nil {
		return err
	}
	var err error
	if e.View != nil && e.View.Callback != "" {
		err = b.Panels.Redraw(ctx, e.View.ID, e.View.Hash, v)
	} else {
		err = b.Panels.Open(ctx, e, v)
	}
	switch {
	case errors.Is(err, ErrGone) && v.Callback == card.FormRequest:
		b.Log.Info("a form could not be opened", "error", err)
		return &engine.Mistake{What: deploy.Because("why.gone.request"), Accept: Form(b.Slash, "deploy")}
	case errors.Is(err, ErrGone):
		b.Log.Info("a form could not be opened", "error", err)
		return fault("why.gone")
	case err != nil:
		return fmt.Errorf("opening the form: %w", err)
	}
	return nil
}

// remembered notes from where a form is opened.
func (b *Bot) remembered(ctx context.Context, e Envelope) error {
	e = b.placed(ctx, e)
	data, err := json.Marshal(origin{e.User, e.Channel, e.Thread, e.Response})
	if err == nil {
		err = b.Memory.Put(ctx, formsTable, e.ID, data)
	}
	if err != nil {
		return fmt.Errorf("writing down from where a form is opened: %w", err)
	}
	return nil
}

// placed says where the sender of an envelope from a form or a home tab can be answered: where the form was opened, or
// in the channel of the operation that it is about.
func (b *Bot) placed(ctx context.Context, e Envelope) Envelope {
	if e.Channel != "" || e.Response != "" {
		return e
	}
	p, err := privateOf(e.View)
	if err == nil && p.From != "" {
		var o origin
		data, ok, err := b.Memory.Get(ctx, formsTable, p.From)
		if err == nil && ok && json.Unmarshal(data, &o) == nil && o.User == e.User {
			e.Channel, e.Thread, e.Response = o.Channel, o.Thread, o.Response
			return e
		}
	}
	var c card.Click
	if strictly(e.Value, &c) == nil || strictly(p.Value, &c) == nil {
		if t, err := b.recall(ctx, c.Op); err == nil && t.Parent.Channel != "" {
			e.Channel = t.Parent.Channel
			return e
		}
	}
	var x card.Want
	if strictly(e.Value, &x) != nil {
		_ = strictly(p.Value, &x) // then it names no service, and the first channel is taken
	}
	e.Channel = b.Rooms.Channel(x.Service, x.Environment)
	return e
}

// submit works on a form that was sent; stranger is why its sender may send none.
func (b *Bot) submit(ctx context.Context, e Envelope, stranger error) error {
	switch callback := e.View.callback(); {
	case callback == card.FormRequest:
		return b.requested(ctx, e, stranger)
	case stranger != nil:
		return stranger
	case callback == card.FormReason:
		return b.reasoned(ctx, e)
	}
	return fault("why.nothing")
}

func (v *Filled) callback() string {
	if v == nil {
		return ""
	}
	return v.Callback
}

// judge notes at once what can be said of a form that was sent without a slow call: what is wrong, by field; and whether
// it becomes another one meanwhile.
func (b *Bot) judge(ctx context.Context, n *note) {
	var found map[string]error
	switch n.Envelope.View.callback() {
	case card.FormRequest:
		_, found = b.read(ctx, n.Envelope)
		n.Moment = len(found) == 0
	case card.FormReason:
		_, found = b.why(n.Envelope)
	}
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(found))) { // whether they may at all comes first
		if n.Faults == nil {
			n.Faults = map[string]string{}
		}
		n.Faults[id] = b.explain(found[id]).Text
		n.why = errors.Join(n.why, found[id])
	}
}

// reasonIn reads a reason out of a form.
func reasonIn(values map[string]string) (string, error) {
	words := strings.Fields(values[card.FieldReason])
	for _, w := range words {
		if strings.ContainsFunc(w, unprintable) {
			return "", fault("fault.typed")
		}
	}
	reason := strings.Join(words, " ")
	if n := len([]rune(reason)); n > card.LongestReason {
		return "", fault("fault.long", "n", n, "most", card.LongestReason)
	}
	return reason, nil
}

// foreign refuses fields that a form does not have.
func foreign(values map[string]string, known ...string) error {
	var other []string
	for id := range values {
		if !slices.Contains(known, id) {
			other = append(other, clip(id))
		}
	}
	if len(other) == 0 {
		return nil
	}
	slices.Sort(other)
	return fault("fault.fields", "fields", strings.Join(other, ", "))
}
