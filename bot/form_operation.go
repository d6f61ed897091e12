package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

// shortcut shows the operation of a message.
func (b *Bot) shortcut(ctx context.Context, e Envelope) error {
	if e.Action != card.FormOperation {
		return fault("mistake.button")
	}
	id, err := b.postedAt(ctx, e)
	if err != nil {
		return err
	}
	if id == "" {
		return fault("view.foreign")
	}
	v, err := b.operationView(ctx, e.User, id, nil)
	if err != nil {
		return err
	}
	return b.show(ctx, e, v)
}

// postedAt is the operation whose message, or whose thread's, an envelope is about; "" if it is none of the bot's.
func (b *Bot) postedAt(ctx context.Context, e Envelope) (deploy.ID, error) {
	var id deploy.ID
	err := b.Memory.List(ctx, talkTable, func(key string, value []byte) error {
		var t talk
		if json.Unmarshal(value, &t) == nil && t.Parent.TS != "" && t.Parent.Channel == e.Channel && (t.Parent.TS == e.Message || t.Parent.TS == e.Thread) {
			id = deploy.ID(key)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("looking for the message: %w", err)
	}
	return id, nil
}

// operationView is one operation as one person sees it now.
func (b *Bot) operationView(ctx context.Context, user string, id deploy.ID, refusal card.Text) (card.View, error) {
	op, err := b.Desk.Operation(ctx, id)
	if err != nil {
		return card.View{}, err
	}
	who, err := b.personFor(ctx, user, op)
	if err != nil {
		return card.View{}, err
	}
	if err := member(who); err != nil {
		return card.View{}, err
	}
	return b.Voice.OperationView(op, card.Mine(op, who, time.Now()), refusal), nil
}

// clickedIn draws a form that shows an operation anew, after an act in it; refused is why the act came to nothing. A form
// that is closed leaves the refusal to its caller.
func (b *Bot) clickedIn(ctx context.Context, e Envelope, id deploy.ID, refused error) error {
	if b.Panels == nil || e.View.callback() != card.FormOperation {
		return refused
	}
	var why card.Text
	if refused != nil {
		why = refusalText(b.explain(refused))
	}
	v, err := b.operationView(ctx, e.User, id, why)
	if err == nil {
		err = b.Panels.Redraw(ctx, e.View.ID, "", v)
	}
	switch {
	case err == nil && refused != nil:
		b.refused(ctx, e, refused)
		return nil
	case err != nil && !errors.Is(err, ErrGone):
		b.Log.Warn("a form could not be drawn anew", "user", e.User, "error", err)
	}
	return refused
}
