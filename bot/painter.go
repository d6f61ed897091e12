package bot

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

// painter keeps one message of an operation as the operation is. The edits of it that are under way are one, or two when
// an urgent one was asked for while an ordinary one waited for its turn.
type painter struct {
	seq   int    // Key.Seq of its message
	place *Place // in the talk: where it is
	shown *int   // in the talk: the event up to which it shows the operation
	draw  func(deploy.Operation) card.Message

	redraw bool         // whatever it shows
	at     time.Time    // when it was last drawn
	asked  string       // what it asked of people then
	last   card.Message // as it was drawn then

	running sync.WaitGroup
	ended   chan painted // has room for both
	number  int          // that have not been read from ended
	urgent  bool         // one of them is
}

// painted is what has become of one edit.
type painted struct {
	place   Place
	shown   int // the event up to which the message shows the operation; 0 if it was not drawn
	asked   string
	message card.Message
	err     error
}

func newPainter(seq int, place *Place, shown *int, draw func(deploy.Operation) card.Message) *painter {
	return &painter{seq: seq, place: place, shown: shown, draw: draw, redraw: true, ended: make(chan painted, 2)}
}

// stale reports whether the message is there and shows less than it should.
func (p *painter) stale(o deploy.Operation) bool {
	return p.place.TS != "" && (p.redraw || *p.shown < o.Seq)
}

// free says whether another edit would do something that those under way do not.
func (p *painter) free(urgent bool) bool { return p.number == 0 || urgent && !p.urgent }

// posted notes that the message was posted as the operation is; doubt says that it may be an older one that was found.
func (p *painter) posted(place Place, o deploy.Operation, m card.Message, doubt bool) {
	*p.place, *p.shown, p.redraw, p.at, p.asked, p.last = place, o.Seq, doubt, time.Now(), asking(o), m
	if doubt {
		*p.shown, p.asked, p.last = 0, "", card.Message{}
	}
}

// same notes that the message shows the operation already, if it would be drawn just as it was.
func (p *painter) same(o deploy.Operation) bool {
	if p.redraw || p.number > 0 || !reflect.DeepEqual(p.last, p.draw(o)) {
		return false
	}
	*p.shown, p.asked = o.Seq, asking(o)
	return true
}

// edit has a message drawn anew. What it shows is read from the journal when the edit's turn has come.
func (t *teller) edit(ctx context.Context, p *painter, urgent bool) {
	done, op := painted{place: *p.place}, t.op
	e := Edit{Key: Key{Op: t.id, Seq: p.seq}, Urgent: urgent, Draw: func(ctx context.Context) (card.Message, error) {
		more, err := t.b.Desk.EventsAfter(ctx, t.id, op.Seq)
		if err != nil {
			return card.Message{}, fmt.Errorf("reading the journal: %w", err)
		}
		if op, err = fold(op, more); err != nil {
			return card.Message{}, err
		}
		done.shown, done.asked, done.message = op.Seq, asking(op), p.draw(op)
		return done.message, nil
	}}
	p.number++
	p.urgent = p.urgent || e.Urgent
	p.running.Go(func() {
		done.err = t.b.Chat.Update(ctx, done.place, e)
		p.ended <- done
		t.poke()
	})
}

// painted takes in what has become of the edits of a message. One that can be edited no more is posted anew.
func (t *teller) painted(ctx context.Context, p *painter) error {
	for {
		select {
		case done := <-p.ended:
			p.number--
			p.urgent = p.urgent && p.number > 0
			if done.place != *p.place || errors.Is(done.err, ErrReplaced) {
				continue
			}
			if errors.Is(done.err, ErrGone) {
				return t.lost(ctx, p)
			}
			if done.err != nil {
				return done.err
			}
			if done.shown >= *p.shown {
				*p.shown, p.asked, p.last = done.shown, done.asked, done.message
			}
			p.redraw, p.at, t.edited, t.failures = false, time.Now(), time.Now(), 0
			if err := t.b.remember(ctx, t.id, t.talk); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}
