package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"junban/bot/card"
)

const (
	inboxTable = "inbox"
	askedTable = "asked" // by envelope: the operation that it is about; kept as long as the envelope
	// keepFor is how long an envelope is remembered, so that a second delivery is known as one. Slack redelivers
	// within minutes.
	keepFor = 24 * time.Hour
	// staleAfter is how old an envelope may be and still be worked on by a later life of the bot. Whoever sent an older
	// one has done something else since; they are told.
	staleAfter = 10 * time.Minute
)

// note is what the inbox keeps of an envelope.
type note struct {
	Envelope Envelope `json:"envelope"`
	Done     bool     `json:"done,omitempty"`

	Faults map[string]string `json:"faults,omitempty"` // of a form, by field: it was refused at once
	Moment bool              `json:"moment,omitempty"` // a form becomes another one until it is worked on
	why    error             // of the faults
}

// Receive records an envelope, and answers only when it is safe. A second delivery is accepted, answered as the first
// was, and comes to nothing.
func (b *Bot) Receive(ctx context.Context, e Envelope) (Reply, error) {
	select {
	case <-b.ready: // what a former life left is listed: this one is not among it
	case <-ctx.Done():
		return Reply{}, ctx.Err()
	}
	n := note{Envelope: e}
	if e.Kind == InputSubmit {
		b.judge(ctx, &n)
		n.Done = len(n.Faults) > 0
	}
	return b.keep(ctx, n)
}

// reply is what goes out with the acknowledgement.
func (b *Bot) reply(n note) Reply {
	r := Reply{Errors: n.Faults}
	if n.Moment {
		v := b.Voice.Moment()
		r.View = &v
	}
	return r
}

func (b *Bot) keep(ctx context.Context, n note) (Reply, error) {
	e, into := n.Envelope, b.inbox
	if b.quick(e) {
		into = b.forms
	}
	if len(into) == cap(into) {
		return Reply{}, errors.New("too much is waiting to be worked on; it is not taken") // Slack tells the person
	}
	if n.Done {
		n.Envelope = Envelope{ID: e.ID, At: e.At}
	}
	data, err := json.Marshal(n)
	if err != nil {
		return Reply{}, fmt.Errorf("writing the envelope down: %w", err)
	}
	fresh, err := b.Memory.Create(ctx, inboxTable, e.ID, data)
	if err != nil {
		return Reply{}, fmt.Errorf("writing the envelope down: %w", err)
	}
	if !fresh {
		return b.repeated(ctx, e)
	}
	if n.Done {
		b.refused(ctx, e, n.why)
		return b.reply(n), nil
	}
	select {
	case into <- e:
		return b.reply(n), nil
	case <-ctx.Done():
		return Reply{}, ctx.Err() // it is recorded: the next life works on it
	}
}

// repeated is the reply that an envelope had when it came first.
func (b *Bot) repeated(ctx context.Context, e Envelope) (Reply, error) {
	if e.Kind != InputSubmit {
		return Reply{}, nil
	}
	data, ok, err := b.Memory.Get(ctx, inboxTable, e.ID)
	var n note
	if err == nil && ok {
		err = json.Unmarshal(data, &n)
	}
	if err != nil {
		return Reply{}, fmt.Errorf("reading what the form was answered: %w", err)
	}
	return b.reply(n), nil
}

// work takes envelopes until the context ends.
func (b *Bot) work(ctx context.Context, from <-chan Envelope) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-from:
			b.handle(ctx, e)
			if ctx.Err() != nil {
				return // not done: the next life works on it
			}
			data, err := json.Marshal(note{Envelope: Envelope{ID: e.ID, At: e.At}, Done: true, Moment: e.Kind == InputSubmit && e.View.callback() == card.FormRequest})
			if err == nil {
				err = b.Memory.Put(ctx, inboxTable, e.ID, data)
			}
			if err != nil {
				b.Log.Error("an envelope could not be ticked off; it may be worked on again after a restart", "envelope", e.ID, "error", err)
			}
		}
	}
}

// leftovers are the envelopes that were recorded and not worked on.
func (b *Bot) leftovers(ctx context.Context) ([]Envelope, error) {
	var out []Envelope
	err := b.Memory.List(ctx, inboxTable, func(_ string, value []byte) error {
		var n note
		if err := json.Unmarshal(value, &n); err != nil {
			b.Log.Error("an envelope in the inbox cannot be read; it is left out", "error", err)
			return nil
		}
		if !n.Done {
			out = append(out, n.Envelope)
		}
		return nil
	})
	return out, err
}

// prune forgets old envelopes, now and every hour.
func (b *Bot) prune(ctx context.Context) {
	for {
		var old []string
		err := b.Memory.List(ctx, inboxTable, func(key string, value []byte) error {
			var n note
			if json.Unmarshal(value, &n) != nil || time.Since(n.Envelope.At) > keepFor {
				old = append(old, key)
			}
			return nil
		})
		for _, key := range old {
			if err == nil {
				err = errors.Join(b.Memory.Delete(ctx, askedTable, key), b.Memory.Delete(ctx, formsTable, key), b.Memory.Delete(ctx, inboxTable, key))
			}
		}
		err = errors.Join(err, b.pruneAudit(ctx, time.Now()))
		if err != nil && ctx.Err() == nil {
			b.Log.Warn("the inbox and the audit could not be tidied", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Hour):
		}
	}
}
