package slackapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"junban/bot"
	"junban/bot/card"
	"junban/bot/slacksim"
)

func question() card.Message {
	return card.Message{Text: "Deploy web v42?", Tone: card.Asking, Blocks: []card.Block{
		{Buttons: []card.Button{{Action: "approve", Label: "Approve", Value: "op1|hash"}, {Action: "deny", Label: "Deny", Value: "op1"}}},
	}}
}

// What people do arrives as they did it, over real sockets.
func TestEnvelopesOfEachKind(t *testing.T) {
	w := overSockets(t, slacksim.Options{})
	r := &receiver{}
	w.start(t, r)
	w.connected(t, 2)
	place, err := w.client.Post(t.Context(), deploys, "", question(), bot.Key{})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := w.client.Post(t.Context(), deploys, place.TS, question(), bot.Key{})
	if err != nil {
		t.Fatal(err)
	}

	answer, err := w.Command(t.Context(), alice, deploys, "/deploy", "web v42 & <b> for @bob")
	if err != nil || answer.Failure != "" {
		t.Fatalf("command: %+v, %v", answer, err)
	}
	for _, ts := range []string{place.TS, reply.TS} {
		if err := w.Click(t.Context(), bob, deploys, ts, "approve"); err != nil {
			t.Fatal(err)
		}
	}
	mention, err := w.Mention(t.Context(), alice, deploys, place.TS, "abort a<b")
	if err != nil {
		t.Fatal(err)
	}
	received(t, w, r, 4)

	want := []bot.Envelope{
		{Kind: bot.InputCommand, Team: "T0JUNBAN", User: alice, Channel: deploys, Command: "/deploy", Text: "web v42 & <b> for <@U0BOB>"},
		{Kind: bot.InputClick, Team: "T0JUNBAN", User: bob, Channel: deploys, Action: "approve", Value: "op1|hash", Message: place.TS},
		{Kind: bot.InputClick, Team: "T0JUNBAN", User: bob, Channel: deploys, Action: "approve", Value: "op1|hash", Message: reply.TS, Thread: place.TS},
		{Kind: bot.InputMention, Team: "T0JUNBAN", User: alice, Channel: deploys, Thread: place.TS, Message: mention, Text: "<@U0JUNBAN> abort a<b"},
	}
	got := r.envelopes()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(bot.Envelope{}, "ID", "At", "Response", "Trigger")); diff != "" {
		t.Errorf("envelopes (-want +got):\n%s", diff)
	}
	ids := map[string]bool{}
	for _, e := range got {
		ids[e.ID] = true
		if e.ID == "" || time.Since(e.At) > time.Minute || e.Kind != bot.InputMention && (!strings.HasPrefix(e.Response, w.url) || e.Trigger == "") {
			t.Errorf("incomplete: %+v", e)
		}
	}
	if len(ids) != len(got) {
		t.Errorf("ids are not unique: %v", ids)
	}
}

func received(t *testing.T, w *world, r *receiver, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := w.Wait(ctx, func(slacksim.View) bool { return len(w.AckTimes()) >= n }); err != nil {
		t.Fatalf("%d envelopes: %v; there are %d", n, err, len(r.envelopes()))
	}
}

func TestAnEnvelopeIsAcknowledgedOnlyWhenItIsTaken(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		release := make(chan struct{})
		r := &receiver{answer: func(context.Context, bot.Envelope) error { <-release; return nil }}
		w.start(t, r)
		w.connected(t, 2)
		replies := make(chan slacksim.Reply, 1)
		go func() {
			reply, _ := w.Command(t.Context(), alice, deploys, "/deploy", "web v42")
			replies <- reply
		}()
		synctest.Wait()
		if len(r.envelopes()) != 1 || len(w.AckTimes()) != 0 {
			t.Fatalf("%d received, %d acknowledged before the receiver had answered", len(r.envelopes()), len(w.AckTimes()))
		}
		close(release)
		if reply := <-replies; reply.Failure != "" || len(w.AckTimes()) != 1 {
			t.Errorf("reply %+v, %d acknowledged", reply, len(w.AckTimes()))
		}
	})
}

func TestAnEnvelopeThatIsNotTakenIsNotAcknowledged(t *testing.T) {
	for name, answer := range map[string]func(context.Context, bot.Envelope) error{
		"an error": func(context.Context, bot.Envelope) error { return errors.New("disk full") },
		"too slow": func(ctx context.Context, _ bot.Envelope) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
				took := make(chan time.Duration, 1)
				r := &receiver{}
				r.answer = func(ctx context.Context, e bot.Envelope) error {
					began := time.Now()
					err := answer(ctx, e)
					took <- time.Since(began)
					return err
				}
				w.start(t, r)
				w.connected(t, 2)
				reply, err := w.Command(t.Context(), alice, deploys, "/deploy", "web v42")
				if err != nil || reply.Failure != "operation_timeout" {
					t.Errorf("reply %+v, %v", reply, err)
				}
				if d := <-took; d > 2500*time.Millisecond {
					t.Errorf("the receiver was given %v", d)
				}
				mustContain(t, w.logs.String(), "not taken")
			})
		})
	}
}

// An event that was not taken comes again, and has the same id then.
func TestAnEventKeepsItsIDWhenItComesAgain(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		var tries atomic.Int32
		r := &receiver{answer: func(context.Context, bot.Envelope) error {
			if tries.Add(1) < 3 {
				return errors.New("disk full")
			}
			return nil
		}}
		w.start(t, r)
		w.connected(t, 2)
		if _, err := w.Mention(t.Context(), alice, deploys, "", "status"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		got := r.envelopes()
		if len(got) != 3 || got[0].ID != got[1].ID || got[1].ID != got[2].ID || !strings.HasPrefix(got[0].ID, "Ev") {
			t.Errorf("received %+v", got)
		}
	})
}

func TestOwnMentionsAreNotHeard(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		r := &receiver{}
		w.start(t, r)
		w.connected(t, 2)
		if _, err := w.Mention(t.Context(), botUser, deploys, "", "status"); err != nil {
			t.Fatal(err)
		}
		received(t, w, r, 1)
		if got := r.envelopes(); len(got) != 0 {
			t.Errorf("received %+v", got)
		}
	})
}

// A receiver that is stuck must not keep the connections from being read: pings would go unanswered.
func TestManyEnvelopesAtOnce(t *testing.T) {
	inFakeTime(t, slacksim.Options{AckTimeout: 3 * time.Second}, func(t *testing.T, w *world) {
		var freed atomic.Bool
		r := &receiver{answer: func(ctx context.Context, _ bot.Envelope) error {
			if freed.Load() {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		w.start(t, r)
		w.connected(t, 2)
		opened := len(w.CallsOf("apps.connections.open"))
		var wg sync.WaitGroup
		for round := range 8 {
			for i := range 50 {
				wg.Go(func() { _, _ = w.Command(t.Context(), alice, deploys, "/deploy", fmt.Sprint(round, i)) })
			}
			synctest.Wait()
		}
		wg.Wait()
		if n := len(r.envelopes()); n != 256 {
			t.Errorf("%d of 400 were handled at once, want 256", n)
		}
		mustContain(t, w.logs.String(), "too many envelopes")
		freed.Store(true)
		if reply, err := w.Command(t.Context(), alice, deploys, "/deploy", "web v42"); err != nil || reply.Failure != "" {
			t.Errorf("afterwards: %+v, %v", reply, err)
		}
		if n := len(w.CallsOf("apps.connections.open")); n != opened {
			t.Errorf("%d connections were opened meanwhile", n-opened)
		}
	})
}

// Slack renews connections; while one is away the other hears what people say.
func TestNothingIsLostAsConnectionsAreRenewed(t *testing.T) {
	inFakeTime(t, slacksim.Options{ConnectionLife: 10 * time.Minute}, func(t *testing.T, w *world) {
		r := &receiver{}
		w.start(t, r)
		w.connected(t, 2)
		const times = 1000
		time.Sleep(time.Second) // what Slack sends in the very instant in which it ends a connection, it loses itself
		for i := range times {
			if reply, err := w.Command(t.Context(), alice, deploys, "/deploy", fmt.Sprint(i)); err != nil || reply.Failure != "" {
				t.Fatalf("command %d: %+v, %v", i, reply, err)
			}
			time.Sleep(6 * time.Second)
		}
		if n := len(r.envelopes()); n != times {
			t.Errorf("%d of %d arrived", n, times)
		}
		if opened := len(w.CallsOf("apps.connections.open")); opened < 18 || opened > 24 {
			t.Errorf("%d connections were opened in 100 minutes of lives of 10", opened)
		}
	})
}

// With the ten connections of an app taken, Slack disconnects at once. slack-go would open connections as fast as it can.
func TestTooManyConnectionsAreNoHotLoop(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		for range 5 {
			other := overTheSame(w)
			ctx, cancel := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			wg.Go(func() { _ = other.Run(ctx, &receiver{}) })
			t.Cleanup(func() { cancel(); wg.Wait() })
		}
		w.connected(t, 10)
		before := len(w.CallsOf("apps.connections.open"))
		w.start(t, &receiver{})
		time.Sleep(10 * time.Minute)
		opened := len(w.CallsOf("apps.connections.open")) - before
		if opened < 20 || opened > 70 {
			t.Errorf("%d connections were opened in ten minutes", opened)
		}
		mustContain(t, w.logs.String(), "before its hello")
	})
}

func TestAStormOfDisconnects(t *testing.T) {
	inFakeTime(t, slacksim.Options{ConnectionLife: 200 * time.Millisecond}, func(t *testing.T, w *world) {
		w.start(t, &receiver{})
		time.Sleep(10 * time.Minute)
		if opened := len(w.CallsOf("apps.connections.open")); opened < 20 || opened > 70 {
			t.Errorf("%d connections were opened in ten minutes", opened)
		}
	})
}

func TestAnOutageIsSatOut(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		ended, _ := w.start(t, &receiver{})
		w.connected(t, 2)
		w.SetOutage(true)
		time.Sleep(time.Hour)
		w.SetOutage(false)
		began := time.Now()
		w.connected(t, 2)
		if took := time.Since(began); took > 31*time.Second {
			t.Errorf("connected %v after the outage", took)
		}
		select {
		case err := <-ended:
			t.Errorf("Run ended: %v", err)
		default:
		}
	})
}

func TestTransientRefusalsAreSatOut(t *testing.T) {
	for name, fault := range map[string]slacksim.Fault{
		"fatal_error": {Do: slacksim.Refuse, Code: "fatal_error", Times: 5},
		"http 503":    {Do: slacksim.ServerError, Status: 503, Times: 5},
		"rate":        {Do: slacksim.RateLimited, After: 90 * time.Second, Times: 2},
		"hanging":     {Do: slacksim.Hang, For: 3 * time.Minute},
		"garbled":     {Do: slacksim.Garble, Times: 5},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
				fault.On = "apps.connections.open"
				w.Inject(fault)
				ended, _ := w.start(t, &receiver{})
				time.Sleep(5 * time.Minute)
				if n := w.Connections(); n != 2 {
					t.Errorf("%d connections after five minutes\n%s", n, w.logs)
				}
				select {
				case err := <-ended:
					t.Errorf("Run ended: %v", err)
				default:
				}
			})
		})
	}
}

func TestRunEndsWhenSlackRefusesForGood(t *testing.T) {
	for code, advice := range map[string]string{
		"invalid_auth": "copy the tokens", "not_authed": "copy the tokens", "token_revoked": "copy the tokens",
		"token_expired": "copy the tokens", "account_inactive": "install it again", "missing_scope": "connections:write",
		"not_allowed_token_type": "xapp-", "link_disabled": "switch it on", "team_disabled": "owner",
	} {
		t.Run(code, func(t *testing.T) {
			inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
				w.Inject(slacksim.Fault{On: "apps.connections.open", Do: slacksim.Refuse, Code: code})
				ended, _ := w.start(t, &receiver{})
				err := within(t, 10*time.Second, "the end", ended)
				if err == nil {
					t.Fatal("Run ended without an error")
				}
				mustContain(t, err.Error(), code, advice)
			})
		})
	}
}

// Slack has refused good tokens in the middle of an incident before. Once is not believed, twice is.
func TestARefusalInTheMiddleOfWork(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		ended, _ := w.start(t, &receiver{})
		w.connected(t, 2)
		time.Sleep(2 * time.Minute)
		once := w.Inject(slacksim.Fault{On: "apps.connections.open", Do: slacksim.Refuse, Code: "account_inactive", Times: 2})
		w.Cut()
		time.Sleep(time.Minute)
		if once.Hits() != 2 || w.Connections() != 2 {
			t.Fatalf("%d refusals, then %d connections", once.Hits(), w.Connections())
		}
		w.Inject(slacksim.Fault{On: "apps.connections.open", Do: slacksim.Refuse, Code: "token_revoked"})
		time.Sleep(2 * time.Minute)
		w.Cut()
		if err := within(t, time.Minute, "the end", ended); err == nil || !strings.Contains(err.Error(), "token_revoked") {
			t.Errorf("Run ended with %v", err)
		}
	})
}

// What was begun is finished: the receiver's context does not end with Run's.
func TestRunWaitsForWhatItStarted(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		began, release := make(chan struct{}), make(chan struct{})
		var seen error
		r := &receiver{answer: func(ctx context.Context, _ bot.Envelope) error {
			close(began)
			<-release
			seen = ctx.Err()
			return nil
		}}
		ended, cancel := w.start(t, r)
		w.connected(t, 2)
		go func() { _, _ = w.Command(t.Context(), alice, deploys, "/deploy", "web v42") }()
		<-began
		cancel()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("Run ended (%v) while an envelope was being received", err)
		default:
		}
		close(release)
		if err := <-ended; err != nil || seen != nil {
			t.Errorf("Run: %v; the receiver's context: %v", err, seen)
		}
	})
}
