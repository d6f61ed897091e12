package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

const (
	// editRest is the least time between two edits of one operation's messages, unless somebody is asked something or
	// nothing will follow: more nobody can read.
	editRest = 2 * time.Second
	// refresh is how old a message may become while something is out: it tells for how long.
	refresh = 30*time.Second - editRest
	// detailsSeq is the Key.Seq of the message with the details, which tells of no event.
	detailsSeq = -1
)

// teller tells one operation: the parent message and the details, both edited in place, and the thread. It goes on
// until everything in the journal is told and the operation has finished, however often Slack fails on the way.
type teller struct {
	b      *Bot
	id     deploy.ID
	moved  chan struct{}
	op     deploy.Operation // as the journal has it
	events []deploy.Event   // from the story to op
	story  *card.Story      // what the thread is to be told
	talk   talk

	answered        bool // whoever waits for it, if that is a bot, knows that it is asked for
	parent, details *painter
	edited          time.Time // when an edit was last made
	failures        int       // since something was told
	settles         sync.WaitGroup
	settled         chan error // what has become of the edit of an alarm
	settling        int        // its Seq; 0 = none is under way
}

func newTeller(b *Bot, id deploy.ID) *teller {
	t := &teller{b: b, id: id, moved: make(chan struct{}, 1), settled: make(chan error, 1), story: b.Voice.NewStory()}
	t.parent = newPainter(0, &t.talk.Parent, &t.talk.Shown, func(o deploy.Operation) card.Message {
		return b.Voice.Parent(o, time.Now(), card.Around{Health: b.Desk.Health(id), Place: b.line.place(id)})
	})
	t.details = newPainter(detailsSeq, &t.talk.Details, &t.talk.Detailed, b.Voice.Details)
	return t
}

func (t *teller) poke() {
	select {
	case t.moved <- struct{}{}:
	default:
	}
}

func (t *teller) run(ctx context.Context) {
	defer func() {
		t.parent.running.Wait()
		t.details.running.Wait()
		t.settles.Wait()
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
	for ctx.Err() == nil {
		next, err := t.turn(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			pause := min(30*time.Second, time.Second<<min(t.failures, 5))
			t.failures++
			t.b.Log.Warn("Slack does not take what is to be told; the operation goes on without it", "op", t.id, "error", err, "again in", pause)
			wait(ctx, nil, pause)
		case next == 0:
		case t.talk.Closed:
			return
		default:
			wait(ctx, t.moved, next)
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

// turn does the next thing: post the parent or the details, tell the thread, have a message edited. An edit may wait
// long for its turn at Slack's rates, and what is posted goes on meanwhile. next is when there may be more to do: 0 = at
// once; poke tells when it is sooner.
func (t *teller) turn(ctx context.Context) (next time.Duration, err error) {
	if err := errors.Join(t.catchUp(ctx), t.painted(ctx, t.parent), t.painted(ctx, t.details)); err != nil {
		return 0, err
	}
	finished := t.op.State.Finished()
	switch {
	case t.talk.Parent.TS == "":
		return 0, t.postParent(ctx)
	case !finished && t.parent.stale(t.op) && t.presses() && t.parent.free(true):
		t.edit(ctx, t.parent, true)
		return 0, nil
	case !t.answered: // a bot that asked, now that there is something to look at
		if err := t.answer(ctx); err != nil {
			return 0, err
		}
		t.answered = true
		return 0, nil
	}
	var busy bool
	if !finished { // nobody waits for all that is told to see how it stands
		next, busy = t.paint(ctx, time.Now())
	}
	switch {
	case t.talk.Posting > 0: // what may have been sent comes first
		return 0, t.thread(ctx)
	case t.talk.Details.TS == "" && card.Detailed(t.op):
		return 0, t.postDetails(ctx)
	case t.story.Due(), finished && t.talk.Told < t.op.Seq:
		return 0, t.thread(ctx)
	}
	if finished {
		next, busy = t.paint(ctx, time.Now())
	}
	next, settling, err := t.settle(ctx, next)
	if err != nil {
		return 0, err
	}
	if busy || settling || !finished || t.talk.Closed {
		return next, nil
	}
	if err := t.after(ctx); err != nil {
		return 0, err
	}
	t.talk.Closed = true
	return next, t.b.remember(ctx, t.id, t.talk)
}

// paint has whatever shows too little edited: what was drawn longest ago first, one at a time and with a rest between
// two; at the end at once. It answers when to look again, and whether anything is still to be shown.
func (t *teller) paint(ctx context.Context, now time.Time) (next time.Duration, busy bool) {
	both := []*painter{t.parent, t.details}
	if t.details.at.Before(t.parent.at) {
		both = []*painter{t.details, t.parent}
	}
	if old := now.Sub(t.parent.at) >= refresh; old && out(t.op) {
		t.parent.redraw = true
	}
	if t.op.State == deploy.StateQueued && t.parent.place.TS != "" && t.parent.number == 0 && !t.parent.same(t.op) {
		t.parent.redraw = true // its place has changed: no event of its own says so
	}
	finished, rest := t.op.State.Finished(), t.edited.Add(editRest).Sub(now)
	quiet := t.parent.number+t.details.number == 0
	for _, p := range both {
		ripe := finished || quiet && rest <= 0
		if !p.stale(t.op) || ripe && p == t.details && p.same(t.op) {
			busy = busy || p.number > 0
			continue
		}
		busy = true
		switch {
		case ripe && p.free(finished):
			t.edit(ctx, p, finished)
			quiet = false
		case quiet:
			return rest, true
		} // else an edit is under way, which pokes when it has ended
	}
	if out(t.op) {
		return max(editRest, t.parent.at.Add(refresh).Sub(now)), true
	}
	return time.Hour, busy
}

// out reports whether any instance is out of service, for as long as the operation goes on.
func out(o deploy.Operation) bool {
	for i := range o.Lanes {
		if o.Lanes[i].Out() {
			return !o.State.Finished()
		}
	}
	return false
}

// catchUp reads what the journal has grown by, and goes on with the story: up to a message that may have been sent, so
// that it stays the same one.
func (t *teller) catchUp(ctx context.Context) error {
	more, err := t.b.Desk.EventsAfter(ctx, t.id, t.op.Seq)
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	op, err := fold(t.op, more)
	if err != nil {
		return err
	}
	if op.State != t.op.State || op.Waiting.Code != t.op.Waiting.Code {
		t.b.line.moves(op, t)
	}
	t.op, t.events = op, append(t.events, more...)
	for len(t.events) > 0 && (t.talk.Posting <= 1 || t.events[0].Seq < t.talk.Posting) {
		if err := t.story.Add(t.events[0]); err != nil {
			return err
		}
		if seq := t.events[0].Seq; seq <= t.talk.Told && !t.talk.inAlarm(seq) {
			t.story.Told()
		}
		t.events = t.events[1:]
	}
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

// presses reports whether what is asked of people has changed since they were shown it: whoever has to act does not wait
// for what is told, and whoever has acted sees the buttons go.
func (t *teller) presses() bool { return asking(t.op) != t.parent.asked }

// asking is what an operation asks of people; "" if it asks nothing.
func asking(o deploy.Operation) string {
	switch {
	case o.State.Finished():
		return string(o.State)
	case o.State == deploy.StateRequested:
		return fmt.Sprintf("%s %d", o.State, len(o.Votes))
	}
	var what strings.Builder
	if o.State == deploy.StatePaused {
		what.WriteString("paused ")
	}
	what.WriteString(string(o.Asked.Code))
	for _, i := range o.Undecided() {
		fmt.Fprintf(&what, " %d.%d", i, o.Lanes[i].Attempt)
	}
	return what.String()
}

// postParent posts the one message of the operation.
func (t *teller) postParent(ctx context.Context) error {
	channel := t.b.Rooms.Channel(t.op.Plan.Service, t.op.Plan.Environment)
	if err := t.begin(ctx, channel, "", t.parent); err != nil {
		return err
	}
	t.talk.Told = max(1, t.talk.Told) // the request is the parent message
	return t.b.remember(ctx, t.id, t.talk)
}

// postDetails posts the message with a row for each instance, as a reply.
func (t *teller) postDetails(ctx context.Context) error {
	err := t.begin(ctx, t.talk.Parent.Channel, t.talk.Parent.TS, t.details)
	if errors.Is(err, ErrGone) {
		return t.lost(ctx, t.parent)
	}
	if err != nil {
		return err
	}
	return t.b.remember(ctx, t.id, t.talk)
}

// begin posts a message that is edited from then on.
func (t *teller) begin(ctx context.Context, channel, thread string, p *painter) error {
	doubt := t.talk.Posting == posting(p.seq) // it may be there already, and show what was then
	m := p.draw(t.op)
	place, err := t.post(ctx, channel, thread, m, p.seq)
	if err != nil {
		return err
	}
	p.posted(place, t.op, m, doubt)
	t.failures = 0
	return nil
}

// thread tells what has been gathered, as one message.
func (t *teller) thread(ctx context.Context) error {
	head := t.story.Operation().Seq
	if m, ok := t.story.Message(); ok {
		place, err := t.post(ctx, t.talk.Parent.Channel, t.talk.Parent.TS, m, head)
		if errors.Is(err, ErrGone) {
			return t.lost(ctx, t.parent)
		}
		if err != nil {
			return err
		}
		if t.story.Alarmed() {
			t.talk.Alarms = append(t.talk.Alarms, alarmed{place, t.talk.Told, head})
		}
	}
	t.story.Told()
	t.talk.Told, t.talk.Posting, t.failures = head, 0, 0
	return t.b.remember(ctx, t.id, t.talk)
}

// posting is how the talk notes that a post with this Key.Seq was begun: never 0.
func posting(seq int) int {
	if seq < 0 {
		return seq
	}
	return seq + 1
}

// post sends a message once: the intent is noted first, and a post whose answer was lost is looked up before it is
// repeated.
func (t *teller) post(ctx context.Context, channel, thread string, m card.Message, seq int) (Place, error) {
	key := Key{Op: t.id, Seq: seq}
	if t.talk.Posting == posting(seq) {
		place, found, err := t.b.Chat.Find(ctx, channel, thread, key, t.talk.Since)
		if err != nil || found {
			t.talk.Posting = 0
			if err != nil {
				t.talk.Posting = posting(seq)
			}
			return place, err
		}
	} else {
		t.talk.Posting, t.talk.Since = posting(seq), time.Now()
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

// lost forgets a message that is gone, so that the next turn posts it anew. With the parent its thread is gone, and the
// details in it.
func (t *teller) lost(ctx context.Context, p *painter) error {
	t.b.Log.Warn("the message is gone; posting it anew", "op", t.id, "details", p == t.details)
	t.talk.Details, t.talk.Posting = Place{}, 0
	if p == t.parent {
		t.talk.Parent = Place{}
	}
	return t.b.remember(ctx, t.id, t.talk)
}
