package bot

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

// reviewDesk is a desk whose journal is a list.
type reviewDesk struct {
	mu         sync.Mutex
	events     map[deploy.ID][]deploy.Event
	requests   []deploy.ID
	aborted    []deploy.ID
	unfinished error
	acted      func(deploy.ID)
}

func (d *reviewDesk) add(id deploy.ID, e deploy.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e.Version, e.Op, e.Seq, e.At = deploy.EventVersion, id, len(d.events[id])+1, time.Now()
	d.events[id] = append(d.events[id], e)
}

func (d *reviewDesk) Plan(context.Context, deploy.Ask) (deploy.Plan, error) {
	return deploy.Plan{}, nil
}

func (d *reviewDesk) Request(_ context.Context, id deploy.ID, ask deploy.Ask, by string) (deploy.Operation, error) {
	d.mu.Lock()
	d.requests = append(d.requests, id)
	d.mu.Unlock()
	d.add(id, requested(by))
	return d.Operation(context.Background(), id)
}

func requested(by string) deploy.Event {
	p := deploy.Plan{Terms: deploy.Terms{Kind: deploy.KindDeploy, Service: "web", Ref: "v1", Lanes: []deploy.Lane{{Name: "i-1", Steps: []deploy.Step{{Verb: deploy.VerbLeave, On: "i-1", Pairs: []deploy.Pair{{Group: "arn", Target: "i-1", Port: 80}}}}}},
		Rules: deploy.Rules{Approval: deploy.Approval{Allow: []string{"U-lead"}, Required: 1, Expires: time.Hour}}}}
	p.Preview.Order = []int{0}
	return deploy.Event{Type: deploy.EventRequested, By: by, Plan: &p}
}

func (d *reviewDesk) Act(_ context.Context, id deploy.ID, a deploy.Act) (deploy.Operation, error) {
	d.mu.Lock()
	d.aborted = append(d.aborted, id)
	d.mu.Unlock()
	d.add(id, deploy.Event{Type: deploy.EventFinished, State: deploy.StateAborted, Act: &a, Cause: deploy.Because(deploy.Aborted, "by", a.By.ID)})
	if d.acted != nil {
		d.acted(id)
	}
	return d.Operation(context.Background(), id)
}

func (d *reviewDesk) Operation(_ context.Context, id deploy.ID) (deploy.Operation, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return deploy.Replay(d.events[id])
}

func (d *reviewDesk) Events(_ context.Context, id deploy.ID) ([]deploy.Event, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.events[id]), nil
}

func (d *reviewDesk) EventsAfter(ctx context.Context, id deploy.ID, seq int) ([]deploy.Event, error) {
	events, err := d.Events(ctx, id)
	return events[min(seq, len(events)):], err
}

func (d *reviewDesk) Recent(context.Context, string, int) ([]deploy.Row, error) { return nil, nil }

func (d *reviewDesk) Unfinished(context.Context) ([]deploy.Row, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var rows []deploy.Row
	for _, events := range d.events {
		if op, _ := deploy.Replay(events); !op.State.Finished() {
			rows = append(rows, op.Row())
		}
	}
	return rows, d.unfinished
}

func (d *reviewDesk) Health(deploy.ID) []deploy.GroupHealth { return nil }

func (d *reviewDesk) Locks(context.Context) ([]deploy.Lock, error) { return nil, nil }

// reviewMemory is a memory that outlives its bot.
type reviewMemory struct {
	mu      sync.Mutex
	m       map[string][]byte
	deleted func(table string)
}

func (m *reviewMemory) Get(_ context.Context, table, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.m[table+"/"+key]
	return v, ok, nil
}

func (m *reviewMemory) Put(ctx context.Context, table, key string, v []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	m.m[table+"/"+key] = v
	return nil
}

func (m *reviewMemory) Create(_ context.Context, table, key string, v []byte) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.m[table+"/"+key]; ok {
		return false, nil
	}
	m.m[table+"/"+key] = v
	return true, nil
}

func (m *reviewMemory) Delete(_ context.Context, table, key string) error {
	m.mu.Lock()
	delete(m.m, table+"/"+key)
	m.mu.Unlock()
	if m.deleted != nil {
		m.deleted(table)
	}
	return nil
}

func (m *reviewMemory) List(_ context.Context, table string, f func(string, []byte) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range slices.Sorted(maps.Keys(m.m)) {
		if key, ok := cutTable(k, table); ok {
			if err := f(key, m.m[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

func cutTable(k, table string) (string, bool) {
	if len(k) > len(table) && k[:len(table)+1] == table+"/" {
		return k[len(table)+1:], true
	}
	return "", false
}

// reviewChat keeps what the parent message shows.
type reviewChat struct {
	mu     sync.Mutex
	parent card.Message
	posts  int
	posted func(n int) error // what the answer to the nth post is
}

func (c *reviewChat) Post(_ context.Context, channel, thread string, m card.Message, _ Key) (Place, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts++
	if thread == "" {
		c.parent = m
	}
	if c.posted != nil {
		if err := c.posted(c.posts); err != nil {
			return Place{}, err
		}
	}
	return Place{channel, "1.1"}, nil
}

func (c *reviewChat) Update(ctx context.Context, _ Place, e Edit) error {
	m, err := e.Draw(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parent = m
	return nil
}

func (c *reviewChat) Find(_ context.Context, channel, _ string, k Key, _ time.Time) (Place, bool, error) {
	return Place{channel, "1.1"}, k.Seq == 0, nil
}

func (c *reviewChat) Whisper(context.Context, Envelope, card.Message) error { return nil }

type reviewPeople struct{}

func (reviewPeople) Person(_ context.Context, id string, _ []string) (deploy.Person, error) {
	return deploy.Person{ID: id, Kind: deploy.Member}, nil
}

type reviewRooms struct{}

func (reviewRooms) Channel(string, string) string { return "C1" }

func reviewBot(d *reviewDesk, m *reviewMemory, c *reviewChat) *Bot {
	n := 0
	return New(Options{Desk: d, Chat: c, Directory: reviewPeople{}, Memory: m, Rooms: reviewRooms{}, Slash: "/deploy", NewID: func() deploy.ID {
		n++
		return deploy.ID("op-" + string(rune('a'+len(d.requests))))
	}})
}

// run runs a bot until stop.
func (b *Bot) reviewRun(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the conversation ended: %v", err)
		}
	}
}

// I7: a parent message whose post was in doubt shows the end, also when the end came before it was found.
func TestReviewAFoundParentShowsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m, c := &reviewDesk{events: map[deploy.ID][]deploy.Event{}}, &reviewMemory{m: map[string][]byte{}}, &reviewChat{}
		d.add("op-a", requested("U-dev"))
		c.posted = func(n int) error {
			if n == 1 { // Slack has it; the answer is lost; and somebody denies at once
				d.add("op-a", deploy.Event{Type: deploy.EventFinished, State: deploy.StateDenied, By: "U-lead", Cause: deploy.Because(deploy.Denied, "by", "U-lead", "reason", "")})
				return ErrUnclear
			}
			return nil
		}
		b := reviewBot(d, m, c)
		stop := b.reviewRun(t)
		time.Sleep(2 * time.Hour)
		stop()
		for _, bl := range c.parent.Blocks {
			if len(bl.Buttons) > 0 {
				t.Fatalf("the operation was denied; its message still has the button %q", bl.Buttons[0].Label)
			}
		}
	})
}

// One damaged operation does not silence all others.
func TestReviewADamagedRowSilencesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m, c := &reviewDesk{events: map[deploy.ID][]deploy.Event{}, unfinished: errors.New("operation x is damaged")}, &reviewMemory{m: map[string][]byte{}}, &reviewChat{}
		d.add("op-a", requested("U-dev"))
		stop := reviewBot(d, m, c).reviewRun(t)
		time.Sleep(time.Minute)
		stop()
		if c.posts == 0 {
			t.Error("op-a was never posted")
		}
	})
}

// The same envelope, worked on again after a crash, comes to the same operation, whenever the crash was.
func TestReviewACrashAfterTheNoteWasRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m, c := &reviewDesk{events: map[deploy.ID][]deploy.Event{}}, &reviewMemory{m: map[string][]byte{}}, &reviewChat{}
		ctx, cancel := context.WithCancel(t.Context())
		m.deleted = func(string) { cancel() }
		b := reviewBot(d, m, c)
		done := make(chan error, 1)
		go func() { done <- b.Run(ctx) }()
		synctest.Wait()
		if _, err := b.Receive(ctx, Envelope{ID: "e1", Kind: InputCommand, User: "U-dev", Channel: "C1", Text: "web v1", At: time.Now()}); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		cancel()
		<-done
		m.deleted = nil
		stop := reviewBot(d, m, c).reviewRun(t)
		time.Sleep(time.Minute)
		stop()
		if distinct := slices.Compact(slices.Sorted(slices.Values(d.requests))); len(distinct) != 1 {
			t.Errorf("one command became %v", distinct)
		}
	})
}

// A typed abort, worked on again after a crash, does not end another operation than the first time.
func TestReviewATypedAbortWorkedOnAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m, c := &reviewDesk{events: map[deploy.ID][]deploy.Event{}}, &reviewMemory{m: map[string][]byte{}}, &reviewChat{}
		d.add("op-a", requested("U-dev"))
		ctx, cancel := context.WithCancel(t.Context())
		d.acted = func(deploy.ID) { cancel() } // and dies before it is ticked off
		b := reviewBot(d, m, c)
		done := make(chan error, 1)
		go func() { done <- b.Run(ctx) }()
		synctest.Wait()
		_, _ = b.Receive(ctx, Envelope{ID: "e1", Kind: InputCommand, User: "U-dev", Channel: "C1", Text: "abort web", At: time.Now()})
		synctest.Wait()
		<-done
		d.acted = nil
		d.add("op-b", requested("U-dev")) // meanwhile the next one is asked for
		stop := reviewBot(d, m, c).reviewRun(t)
		time.Sleep(time.Minute)
		stop()
		if slices.Contains(d.aborted, "op-b") {
			t.Errorf("the abort of op-a was worked on again and ended %v", d.aborted)
		}
	})
}
