package slackapi_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot"
	"junban/bot/card"
	"junban/bot/slacksim"
)

// drawn is an edit that counts how often it was drawn.
func drawn(n *atomic.Int32, urgent bool, text func() string) bot.Edit {
	return bot.Edit{Key: key("op1", 0), Urgent: urgent, Draw: func(context.Context) (card.Message, error) {
		n.Add(1)
		return words(text()), nil
	}}
}

func (w *world) posted(t *testing.T, n int) []bot.Place {
	t.Helper()
	var places []bot.Place
	for i := range n {
		place, err := w.client.Post(t.Context(), deploys, "", words("card"), key(fmt.Sprint("op", i), 0))
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, place)
	}
	return places
}

// perMinute is the most calls of a method in any minute.
func (w *world) perMinute(method string) int {
	calls, most := w.CallsOf(method), 0
	for i := range calls {
		n := 0
		for _, c := range calls[i:] {
			if c.At.Sub(calls[i].At) < time.Minute {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// Of the edits of one message that wait, the newest is made, in the place of the first, and the others say so.
func TestEditsOfOneMessageComeToOne(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		place := w.posted(t, 1)[0]
		var draws, state atomic.Int32
		results := make(chan error, 10)
		for range 10 { // within the two seconds after the post
			go func() {
				results <- w.client.Update(t.Context(), place, drawn(&draws, false, func() string { return fmt.Sprint("state ", state.Load()) }))
			}()
			synctest.Wait()
			state.Add(1)
		}
		replaced := 0
		for range 10 {
			if err := <-results; errors.Is(err, bot.ErrReplaced) {
				replaced++
			} else if err != nil {
				t.Error(err)
			}
		}
		shown, _ := w.Message(deploys, place.TS)
		if replaced != 9 || draws.Load() != 1 || len(w.CallsOf("chat.update")) != 1 || shown.Text != "state 10" {
			t.Errorf("%d replaced, %d drawn, %d calls, shown %q", replaced, draws.Load(), len(w.CallsOf("chat.update")), shown.Text)
		}
	})
}

// An edit that is under way is not replaced, and the next one does not overtake it.
func TestEditsOfOneMessageDoNotOvertakeEachOther(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		place := w.posted(t, 1)[0]
		slow := w.Inject(slacksim.Fault{On: "chat.update", Do: slacksim.Hang, Times: 1})
		var draws atomic.Int32
		var both sync.WaitGroup
		for _, text := range []string{"older", "newer"} {
			both.Go(func() {
				if err := w.client.Update(t.Context(), place, drawn(&draws, true, func() string { return text })); err != nil {
					t.Error(text, err)
				}
			})
			synctest.Wait()
		}
		if draws.Load() != 1 {
			t.Errorf("%d edits of one message are under way", draws.Load())
		}
		time.Sleep(5 * time.Second)
		slow.Lift()
		both.Wait()
		if shown, _ := w.Message(deploys, place.TS); shown.Text != "newer" {
			t.Errorf("shown %q", shown.Text)
		}
	})
}

// Two edits of one message are two seconds apart; one that somebody waits for is not held back.
func TestHowOftenAMessageIsEdited(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		place := w.posted(t, 1)[0]
		began := time.Now()
		var draws atomic.Int32
		for i, urgent := range []bool{false, false, true} {
			if err := w.client.Update(t.Context(), place, drawn(&draws, urgent, func() string { return fmt.Sprint(i) })); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("two edits and an urgent one took %v", took)
		}
	})
}

// A long line of edits keeps nobody waiting who has to act: the urgent edit comes next, a whisper and a post have lines
// of their own, and a request's card comes before the replies to what runs.
func TestUrgentThingsPassALongLine(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		places := w.posted(t, 60)
		time.Sleep(time.Minute)
		var draws atomic.Int32
		var all sync.WaitGroup
		for _, place := range places[1:] {
			all.Go(func() {
				if err := w.client.Update(t.Context(), place, drawn(&draws, false, func() string { return "moving" })); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				if _, err := w.client.Post(t.Context(), deploys, place.TS, words("drained"), key("op1", 2)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		took := func(what string, most time.Duration, do func() error) {
			t.Helper()
			began := time.Now()
			if err := do(); err != nil || time.Since(began) > most {
				t.Errorf("%s: %v after %v", what, err, time.Since(began))
			}
		}
		took("an urgent edit", 2*time.Second, func() error {
			return w.client.Update(t.Context(), places[0], drawn(&draws, true, func() string { return "which?" }))
		})
		took("a request's card", time.Second, func() error {
			_, err := w.client.Post(t.Context(), deploys, "", words("card"), key("op2", 0))
			return err
		})
		took("a whisper", 0, func() error {
			return w.client.Whisper(t.Context(), bot.Envelope{User: alice, Channel: deploys}, words("not you"))
		})
		all.Wait()
		if n := draws.Load(); n != 60 {
			t.Errorf("%d of 60 edits were drawn", n)
		}
		if edits := w.perMinute("chat.update"); edits > 50 {
			t.Errorf("%d edits in a minute", edits)
		}
	})
}

// The replies to one thread come in the order in which they were sent, whatever Slack refuses meanwhile.
func TestRepliesKeepTheirOrder(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		parent := w.posted(t, 1)[0]
		w.Inject(slacksim.Fault{On: "chat.postMessage", Do: slacksim.RateLimited, After: 20 * time.Second, Times: 3})
		var all sync.WaitGroup
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprint("event ", i))
			all.Go(func() {
				if _, err := w.client.Post(t.Context(), deploys, parent.TS, words(want[i]), key("op1", i+1)); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		var got []string
		for _, m := range w.Thread(deploys, parent.TS)[1:] {
			got = append(got, m.Text)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the thread reads %q", got)
		}
	})
}

// While Slack refuses a rate, nobody asks again; afterwards the line goes on at the usual rate, not all at once.
func TestARefusedRateHoldsTheWholeLine(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		places := w.posted(t, 40)
		time.Sleep(time.Minute)
		limited := w.Inject(slacksim.Fault{On: "chat.update", Do: slacksim.RateLimited, After: time.Minute, Times: 1})
		began := time.Now()
		var draws atomic.Int32
		var all sync.WaitGroup
		for _, place := range places {
			all.Go(func() {
				if err := w.client.Update(t.Context(), place, drawn(&draws, false, func() string { return "moving" })); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait() // the first is refused before the others have their turn
		}
		all.Wait()
		calls := w.CallsOf("chat.update")
		if limited.Hits() != 1 || len(calls) != 41 || draws.Load() != 41 {
			t.Errorf("%d refusals, %d calls, %d drawn", limited.Hits(), len(calls), draws.Load())
		}
		for i, c := range calls {
			if at := c.At.Sub(began); i > 0 && at < time.Minute {
				t.Errorf("call %d was made after %v", i, at)
			} else if i > 1 && c.At.Sub(calls[i-1].At) < time.Second {
				t.Errorf("call %d came %v after the one before", i, c.At.Sub(calls[i-1].At))
			}
		}
	})
}

// Whoever gives up leaves the line, and the next one is not forgotten.
func TestWhoeverGivesUpLeavesTheLine(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		places := w.posted(t, 30)
		time.Sleep(time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		var draws atomic.Int32
		var all sync.WaitGroup
		for i, place := range places {
			mine := t.Context()
			if i < 29 {
				mine = ctx
			}
			all.Go(func() {
				err := w.client.Update(mine, place, drawn(&draws, false, func() string { return "moving" }))
				if i == 29 && err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		began := time.Now()
		cancel()
		all.Wait()
		if took := time.Since(began); took > 2*time.Second || draws.Load() != 6 {
			t.Errorf("the last waited %v, %d were drawn", took, draws.Load())
		}
	})
}

// What cannot be drawn is not tried again.
func TestAnEditThatCannotBeDrawn(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		place := w.posted(t, 1)[0]
		broken, draws := errors.New("the journal is away"), 0
		err := w.client.Update(t.Context(), place, bot.Edit{Draw: func(context.Context) (card.Message, error) {
			draws++
			return card.Message{}, broken
		}})
		if !errors.Is(err, broken) || errors.Is(err, bot.ErrGone) || draws != 1 || len(w.CallsOf("chat.update")) != 0 {
			t.Errorf("%v after %d tries", err, draws)
		}
	})
}
