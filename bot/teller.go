package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

// teller tells one operation: the parent message, edited in place, and the thread. It goes on until everything in the
// journal is told and the operation has finished, however often Slack fails on the way.
type teller struct {
	b      *Bot
	id     deploy.ID
	moved  chan struct{}
	op     deploy.Operation // as the journal has it
	told   deploy.Operation // as the thread has it, or earlier
	events []deploy.Event   // from told to op
	talk   talk

	redraw   bool // the parent is drawn anew, whatever it shows
	painter  painter
	failures int // since something was told
}

func (t *teller) poke() {
	select {
	case t.moved <- struct{}{}:
	default:
	}
}

func (t *teller) run(ctx context.Context) {
	defer func() {
		t.painter.wait()
		t.b.mu.Lock()
		delete(t.b.tellers, t.id)
		t.b.mu.Unlock()
	}()
	var err error
	for tries := 0; ; tries++ {
		if t.talk, err = t.b.recall(ctx, t.id); err == nil || ctx.Err() != nil {
			break
		}
		t.b.Log.Error("the conversation cannot be remembered; nothing is told meanwhile", "op", t.id, "error", err)
		wait(ctx, nil, min(30*time.Second, time.Second<<min(tries, 5)))
	}
	t.redraw = true // what another life showed may be out of date
	for ctx.Err() == nil {
		more, err := t.turn(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			pause := min(30*time.Second, time.Second<<min(t.failures, 5))
			t.failures++
			t.b.Log.Warn("Slack does not take what is to be told; the operation goes on without it", "op", t.id, "error", err, "again in", pause)
			wait(ctx, nil, pause)
		case more:
		case t.talk.Closed:
			return
		default:
			wait(ctx, t.moved, time.Hour)
		}
	}
}

func wait(ctx context.Context, moved <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-moved:
	case <-timer.C:
	}
}

// turn does the next thing: post the parent, tell the thread, have the parent edited. An edit may wait long for its
// turn at Slack's rates, and what is posted goes on meanwhile. more says that there may be more to do at once; if not,
// poke tells when there is.
func (t *teller) turn(ctx context.Context) (more bool, err error) {
	if err := t.catchUp(ctx); err != nil {
		return false, err
	}
	if err := t.painted(ctx); err != nil {
		return false, err
	}
	stale := t.redraw || t.talk.Shown < t.op.Seq
	switch {
	case t.talk.Parent.TS == "":
		return true, t.parent(ctx)
	case stale && t.asks() && t.painter.free(true): // whoever has to act does not wait for what is told
		t.edit(ctx)
		return true, nil
	case t.talk.Told < t.op.Seq:
		return true, t.thread(ctx)
	case stale && t.painter.free(t.urgent()):
		t.edit(ctx)
	case t.op.State.Finished() && !stale && t.painter.free(false) && !t.talk.Closed:
		t.talk.Closed = true
		return false, t.b.remember(ctx, t.id, t.talk)
	}
	return false, nil
}

// catchUp reads what the journal has grown by.
func (t *teller) catchUp(ctx context.Context) error {
	more, err := t.b.Desk.EventsAfter(ctx, t.id, t.op.Seq)
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	op, err := fold(t.op, more)
	if err != nil {
		return err
	}
	t.op, t.events = op, append(t.events, more...)
	n := min(t.talk.Told-t.told.Seq, len(t.events))
	if n <= 0 {
		return nil
	}
	told, err := fold(t.told, t.events[:n])
	if err != nil {
		return err
	}
	t.told, t.events = told, t.events[n:]
	return nil
}

// fold is an operation some events later.
func fold(o deploy.Operation, events []deploy.Event) (deploy.Operation, error) {
	if o.Seq == 0 {
		return deploy.Replay(events)
	}
	for _, e := range events {
		after, err := deploy.Apply(o, e)
		if err != nil {
			return o, err
		}
		o = after
	}
	return o, nil
}

// urgent: a state in which somebody is asked, or nothing will follow, is shown at once.
func (t *teller) urgent() bool { return t.op.State.Finished() || t.asks() }

func (t *teller) asks() bool {
	return t.op.State == deploy.StateRequested || t.op.State == deploy.StatePaused || t.op.Asked.Code != "" || len(t.op.Undecided()) > 0
}

// parent posts the one message of the operation.
func (t *teller) parent(ctx context.Context) error {
	channel := t.b.Rooms.Channel(t.op.Plan.Service, t.op.Plan.Environment)
	doubt := t.talk.Posting == 1 // it may be there already, and show what was then
	place, err := t.post(ctx, channel, "", t.b.Voice.Parent(t.op, time.Now()), 0)
	if err != nil {
		return err
	}
	t.talk.Parent, t.talk.Shown, t.talk.Told = place, t.op.Seq, max(1, t.talk.Told)
	t.redraw, t.failures = doubt, 0
	if doubt {
		t.talk.Shown = 0
	}
	return t.b.remember(ctx, t.id, t.talk)
}

// thread tells all events that are not told yet, as one message.
func (t *teller) thread(ctx context.Context) error {
	head := t.op.Seq
	if t.talk.Posting > 1 {
		head = min(head, t.talk.Posting-1) // the same message as the one that may have been sent
	}
	m, _, ok, err := t.b.Voice.Thread(t.told, t.events[:head-t.told.Seq])
	if err != nil {
		return err
	}
	if ok {
		_, err = t.post(ctx, t.talk.Parent.Channel, t.talk.Parent.TS, m, head)
	}
	if errors.Is(err, ErrGone) {
		return t.lost(ctx)
	}
	if err != nil {
		return err
	}
	t.talk.Told, t.talk.Posting, t.failures = head, 0, 0
	return t.b.remember(ctx, t.id, t.talk)
}

// post sends a message once: the intent is noted first, and a post whose answer was lost is looked up before it is
// repeated.
func (t *teller) post(ctx context.Context, channel, thread string, m card.Message, seq int) (Place, error) {
	key := Key{Op: t.id, Seq: seq}
	if t.talk.Posting == seq+1 {
		place, found, err := t.b.Chat.Find(ctx, channel, thread, key, t.talk.Since)
		if err != nil || found {
			t.talk.Posting = 0
			if err != nil {
				t.talk.Posting = seq + 1
			}
			return place, err
		}
	} else {
		t.talk.Posting, t.talk.Since = seq+1, time.Now()
		if err := t.b.remember(ctx, t.id, t.talk); err != nil {
			return Place{}, err
		}
	}
	place, err := t.b.Chat.Post(ctx, channel, thread, m, key)
	if err == nil {
		t.talk.Posting = 0
	}
	return place, err
}

// lost forgets a message that is gone, so that the next turn posts it anew.
func (t *teller) lost(ctx context.Context) error {
	t.b.Log.Warn("the message is gone; posting it anew", "op", t.id)
	t.talk.Parent, t.talk.Posting = Place{}, 0
	return t.b.remember(ctx, t.id, t.talk)
}
