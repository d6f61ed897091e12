package slackapi_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot"
	"junban/bot/slacksim"
	"junban/deploy"
)

// ledger is a desk whose journal is in memory, and a memory, a directory and rooms to go with it.
type ledger struct {
	bot.Desk // what telling does not ask for

	mu     sync.Mutex
	events map[deploy.ID][]deploy.Event
	notes  map[string][]byte
}

func newLedger() *ledger {
	return &ledger{events: map[deploy.ID][]deploy.Event{}, notes: map[string][]byte{}}
}

func (l *ledger) add(id deploy.ID, e deploy.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Version, e.Op, e.Seq, e.At = deploy.EventVersion, id, len(l.events[id])+1, time.Now()
	l.events[id] = append(l.events[id], e)
}

func (l *ledger) EventsAfter(_ context.Context, id deploy.ID, seq int) ([]deploy.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events[id][min(seq, len(l.events[id])):]), nil
}

func (l *ledger) Unfinished(context.Context) ([]deploy.Row, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var rows []deploy.Row
	for _, events := range l.events {
		op, err := deploy.Replay(events)
		if err != nil {
			return nil, err
		}
		rows = append(rows, op.Row())
	}
	return rows, nil
}

func (l *ledger) Recent(context.Context, string, int) ([]deploy.Row, error) { return nil, nil }

func (l *ledger) Locks(context.Context) ([]deploy.Lock, error) { return nil, nil }

func (l *ledger) Health(deploy.ID) []deploy.GroupHealth { return nil }

func (l *ledger) Get(_ context.Context, table, key string) ([]byte, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.notes[table+"/"+key]
	return v, ok, nil
}

func (l *ledger) Put(_ context.Context, table, key string, v []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes[table+"/"+key] = v
	return nil
}

func (l *ledger) Create(context.Context, string, string, []byte) (bool, error) {
	return false, errors.ErrUnsupported
}

func (l *ledger) Delete(context.Context, string, string) error { return errors.ErrUnsupported }

func (l *ledger) List(context.Context, string, func(string, []byte) error) error { return nil }

func (l *ledger) Channel(string, string) string { return deploys }

// converse runs a conversation over a client of the workspace, until stop.
func (w *world) converse(t *testing.T, l *ledger) (b *bot.Bot, stop func()) {
	t.Helper()
	client := overTheSame(w)
	b = bot.New(bot.Options{Desk: l, Chat: client, Directory: client, Memory: l, Rooms: l, Slash: "/deploy"})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	synctest.Wait()
	return b, stop
}

func drainPlan(service string) *deploy.Plan {
	step := deploy.Step{Verb: deploy.VerbLeave, On: "i-1", Pairs: []deploy.Pair{{Group: "arn", Target: "i-1", Port: 80}}}
	p := deploy.Plan{Terms: deploy.Terms{
		Kind: deploy.KindDeploy, Service: service, Ref: "v42", Lanes: []deploy.Lane{{Name: "i-1", Steps: []deploy.Step{step}}},
		Rules: deploy.Rules{Approval: deploy.Approval{None: true}},
	}}
	p.Preview.Order = []int{0}
	return &p
}

// rolls is a rollout from its request to the eve of its end.
func rolls(l *ledger, b *bot.Bot, id deploy.ID, service string, pause time.Duration) {
	plan := drainPlan(service)
	for _, e := range []deploy.Event{
		{Type: deploy.EventRequested, By: alice, Plan: plan},
		{Type: deploy.EventStarted, Plan: plan},
		{Type: deploy.EventBegun, Attempt: 1},
		{Type: deploy.EventAccepted},
		{Type: deploy.EventSeen, Pairs: plan.Lanes[0].Steps[0].Pairs},
		{Type: deploy.EventEnded, OK: true},
	} {
		l.add(id, e)
		b.Moved(id)
		time.Sleep(pause)
	}
}

func succeeds(l *ledger, b *bot.Bot, id deploy.ID) {
	l.add(id, deploy.Event{Type: deploy.EventFinished, State: deploy.StateSucceeded})
	b.Moved(id)
}

// parents are the messages that begin threads, by the service that they name.
func (w *world) parents() map[string][]slacksim.Message {
	out := map[string][]slacksim.Message{}
	for _, m := range w.Messages(deploys) {
		if m.ThreadTS != "" && m.ThreadTS != m.TS {
			continue
		}
		for word := range strings.FieldsSeq(slacksim.Text(m)) {
			if strings.HasPrefix(word, "svc-") {
				out[word] = append(out[word], m)
				break
			}
		}
	}
	return out
}

func (w *world) mustAllHaveSucceeded(t *testing.T, n int) {
	t.Helper()
	parents := w.parents()
	if len(parents) != n {
		t.Errorf("%d of %d operations have a message", len(parents), n)
	}
	for service, shown := range parents {
		if text := slacksim.Text(shown[len(shown)-1]); !strings.Contains(text, "ucceeded") || len(shown) != 1 {
			t.Errorf("%s has %d messages; the last shows %s", service, len(shown), text)
		}
	}
}

// Forty operations in one channel at once: Slack is asked no faster than it lets anybody, and each message and each
// thread ends as its operation did.
func TestFortyOperationsInOneChannel(t *testing.T) {
	for name, hit := range map[string]func(*world){
		"as usual": func(*world) {},
		"with a minute's refusal": func(w *world) {
			w.Inject(slacksim.Fault{On: "chat.update", Do: slacksim.RateLimited, After: time.Minute, Times: 1})
			w.Inject(slacksim.Fault{On: "chat.postMessage", Do: slacksim.RateLimited, After: time.Minute, Times: 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
				l := newLedger()
				b, _ := w.converse(t, l)
				hit(w)
				const n = 40
				var all sync.WaitGroup
				for i := range n {
					all.Go(func() {
						id := deploy.ID(fmt.Sprintf("op-%02d", i))
						rolls(l, b, id, fmt.Sprintf("svc-%02d", i), 5*time.Second)
						succeeds(l, b, id)
					})
				}
				all.Wait()
				time.Sleep(10 * time.Minute)
				w.mustAllHaveSucceeded(t, n)
				for service, shown := range w.parents() {
					thread := w.Thread(deploys, shown[0].TS)
					if text := slacksim.Text(thread[len(thread)-1]); len(thread) < 2 || !strings.Contains(text, "ucceeded") {
						t.Errorf("the thread of %s ends with %s", service, text)
					}
				}
				edits, posts := w.perMinute("chat.update"), w.perMinute("chat.postMessage")
				if edits > 50 || posts > 63 {
					t.Errorf("%d edits and %d posts in a minute", edits, posts)
				}
				refused := 0
				for _, c := range w.Calls() {
					if c.Outcome == "ratelimited" {
						refused++
					}
				}
				if refused > 2 {
					t.Errorf("Slack refused %d calls for their rate", refused)
				}
			})
		})
	}
}

// A message that somebody deletes is posted anew, and shows how things are.
func TestADeletedMessageIsPostedAnew(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		l := newLedger()
		b, _ := w.converse(t, l)
		rolls(l, b, "op-00", "svc-00", 10*time.Second)
		w.Delete(deploys, w.parents()["svc-00"][0].TS)
		succeeds(l, b, "op-00")
		time.Sleep(time.Minute)
		w.mustAllHaveSucceeded(t, 1)
	})
}

// What is posted into the thread does not wait for the edits that wait for their turn.
func TestTheThreadDoesNotWaitForAnEdit(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		l := newLedger()
		b, _ := w.converse(t, l)
		rolls(l, b, "op-00", "svc-00", 0)
		time.Sleep(10 * time.Second)
		w.Inject(slacksim.Fault{On: "chat.update", Do: slacksim.RateLimited, After: time.Hour, Times: 1})
		noted := func() { l.add("op-00", deploy.Event{Type: deploy.EventResumed}); b.Moved("op-00") }
		noted()
		time.Sleep(5 * time.Second) // its edit waits for an hour
		succeeds(l, b, "op-00")
		time.Sleep(5 * time.Second)
		thread := w.Thread(deploys, w.parents()["svc-00"][0].TS)
		mustContain(t, slacksim.Text(thread[len(thread)-1]), "ucceeded")
		time.Sleep(time.Hour)
		w.mustAllHaveSucceeded(t, 1)
	})
}

// A bot that ends while edits wait leaves nothing unsaid: the next one shows it, and posts nothing twice.
func TestWhatWaitsIsShownByTheNextLife(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		l := newLedger()
		b, stop := w.converse(t, l)
		for i := range 10 {
			rolls(l, b, deploy.ID(fmt.Sprint("op-", i)), fmt.Sprint("svc-", i), 0)
		}
		time.Sleep(time.Minute)
		w.Inject(slacksim.Fault{On: "chat.update", Do: slacksim.RateLimited, After: time.Hour, Times: 1})
		for i := range 10 {
			succeeds(l, b, deploy.ID(fmt.Sprint("op-", i)))
		}
		time.Sleep(3 * time.Second)
		stop()
		_, _ = w.converse(t, l)
		time.Sleep(2 * time.Minute)
		w.mustAllHaveSucceeded(t, 10)
		for service, shown := range w.parents() {
			ends := 0
			for _, m := range w.Thread(deploys, shown[0].TS)[1:] {
				if text := slacksim.Text(m); strings.Contains(text, "ucceeded") && !strings.Contains(text, "Instances") {
					ends++
				}
			}
			if ends != 1 {
				t.Errorf("the thread of %s tells its end %d times", service, ends)
			}
		}
	})
}
