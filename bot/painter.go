package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"junban/bot/card"
)

// painter holds the edits of one operation's parent message that are under way: one, or two when an urgent one was
// asked for while an ordinary one waited for its turn.
type painter struct {
	running sync.WaitGroup
	ended   chan painted // has room for both
	number  int          // that have not been read from ended
	urgent  bool         // one of them is
}

// painted is what has become of one edit.
type painted struct {
	place Place
	shown int // the event up to which the message shows the operation; 0 if it was not drawn
	err   error
}

// free says whether another edit would do something that those under way do not.
func (p *painter) free(urgent bool) bool { return p.number == 0 || urgent && !p.urgent }

func (p *painter) wait() { p.running.Wait() }

// edit has the parent message drawn anew. What it shows is read from the journal when the edit's turn has come.
func (t *teller) edit(ctx context.Context) {
	p := &t.painter
	if p.ended == nil {
		p.ended = make(chan painted, 2)
	}
	done, op := painted{place: t.talk.Parent}, t.op
	e := Edit{Key: Key{Op: t.id}, Urgent: t.urgent(), Draw: func(ctx context.Context) (card.Message, error) {
		more, err := t.b.Desk.EventsAfter(ctx, t.id, op.Seq)
		if err != nil {
			return card.Message{}, fmt.Errorf("reading the journal: %w", err)
		}
		if op, err = fold(op, more); err != nil {
			return card.Message{}, err
		}
		done.shown = op.Seq
		return t.b.Voice.Parent(op, time.Now()), nil
	}}
	p.number++
	p.urgent = p.urgent || e.Urgent
	p.running.Go(func() {
		done.err = t.b.Chat.Update(ctx, done.place, e)
		p.ended <- done
		t.poke()
	})
}

// painted takes in what has become of the edits. A parent message that can be edited no more is posted anew.
func (t *teller) painted(ctx context.Context) error {
	for {
		select {
		case done := <-t.painter.ended:
			t.painter.number--
			t.painter.urgent = t.painter.urgent && t.painter.number > 0
			if done.place != t.talk.Parent || errors.Is(done.err, ErrReplaced) {
				continue
			}
			if errors.Is(done.err, ErrGone) {
				return t.lost(ctx)
			}
			if done.err != nil {
				return done.err
			}
			t.talk.Shown, t.redraw, t.failures = max(t.talk.Shown, done.shown), false, 0
			if err := t.b.remember(ctx, t.id, t.talk); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}
