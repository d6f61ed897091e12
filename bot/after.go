package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"junban/bot/timeline"
	"junban/deploy"
)

// after does what is still to be done once an operation has ended and everything is told: the bot that asked is
// answered, and the picture is posted. Each is done once, also over a restart; an error means to try again.
func (t *teller) after(ctx context.Context) error {
	if err := t.b.tellRobot(ctx, t.op); err != nil {
		return err
	}
	if t.talk.Pictured || t.b.Panels == nil || t.op.StartedAt.IsZero() || !pictured(t.op.Plan.Kind) {
		return nil
	}
	err := t.picture(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil, errors.Is(err, ErrUnclear), errors.Is(err, ErrGone):
	case t.talk.Sketches < pictureTries:
		t.talk.Sketches++
		return errors.Join(err, t.b.remember(ctx, t.id, t.talk))
	default: // a scope may be missing: the conversation ends without a picture
		t.b.Log.Error("the picture of an operation could not be posted; `junban history --png` draws it", "op", t.id, "error", err)
	}
	t.talk.Pictured = true
	return t.b.remember(ctx, t.id, t.talk)
}

// pictureTries is how often the picture is tried again.
const pictureTries = 4

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
