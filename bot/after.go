package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"junban/bot/timeline"
	"junban/deploy"
)

// mostTries is how often what comes beside the conversation is tried before it is let be: a scope may be missing, or a
// channel archived, and nothing else is to wait for that.
const mostTries = 5

// after does what is still to be done once an operation has ended and everything is told: the bot that asked is
// answered, and the picture is posted. Each is done once, also over a restart; an error means to try again.
func (t *teller) after(ctx context.Context) error {
	if err := t.answer(ctx); err != nil {
		return err
	}
	if t.talk.Pictured || t.b.Panels == nil || t.op.StartedAt.IsZero() || !pictured(t.op.Plan.Kind) {
		return nil
	}
	if err := t.beside(ctx, "the picture, which `junban history --png` draws too,", t.picture(ctx)); err != nil {
		return err
	}
	t.talk.Pictured = true
	return t.b.remember(ctx, t.id, t.talk)
}

// answer tells a bot that asked what has become of its operation.
func (t *teller) answer(ctx context.Context) error {
	a, state, err := t.b.waiting(ctx, t.op)
	if err != nil || state == "" {
		return err
	}
	_, err = t.b.Chat.Post(ctx, a.Place.Channel, a.Place.TS, ended(t.b.Voice.Answer(t.op), t.id, string(state)), Key{})
	if err := t.beside(ctx, "the answer to the bot that asked", err); err != nil {
		return err
	}
	a.Told = state
	return t.b.waitsFor(ctx, t.id, a)
}

// beside answers why something that comes beside the conversation failed, as long as it is worth another try. What may
// have been sent is not sent again.
func (t *teller) beside(ctx context.Context, what string, err error) error {
	switch {
	case err == nil, errors.Is(err, ErrUnclear), errors.Is(err, ErrGone):
		return nil
	case ctx.Err() != nil, t.failures+1 < mostTries:
		return err
	}
	t.failures = 0
	t.b.Log.Error(what+" could not be sent, and is let be", "op", t.id, "error", err)
	return nil
}

// pictured reports whether there is something to see of an operation.
func pictured(k deploy.Kind) bool {
	return k.Rolls() || k == deploy.KindDrain || k == deploy.KindRestore
}

// picture posts the timeline into the thread.
func (t *teller) picture(ctx context.Context) error {
	events, err := t.b.Desk.Events(ctx, t.id)
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	title := t.b.Voice.Title(t.op)
	data, err := timeline.Draw(t.b.Voice.Picture(t.op, t.b.Zone, time.Now()), events)
	if err != nil {
		return err
	}
	return t.b.Panels.Upload(ctx, t.talk.Parent.Channel, t.talk.Parent.TS, File{
		Name: string(t.id) + ".png", Title: title, Alt: t.b.Voice.Line("picture.alt", "title", title), Data: data,
	})
}
