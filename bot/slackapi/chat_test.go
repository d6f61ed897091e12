package slackapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"junban/bot"
	"junban/bot/card"
	"junban/bot/slacksim"
	"junban/deploy"
)

func words(s string) card.Message { return card.Message{Text: s} }

// edit draws a message that is known already.
func edit(m card.Message) bot.Edit {
	return bot.Edit{Key: key("op1", 0), Draw: func(context.Context) (card.Message, error) { return m, nil }}
}

func key(op string, seq int) bot.Key { return bot.Key{Op: deploy.ID(op), Seq: seq} }

func TestPostUpdateAndFind(t *testing.T) {
	w := overSockets(t, slacksim.Options{})
	began := time.Now()
	ctx := t.Context()
	parent, err := w.client.Post(ctx, deploys, "", question(), key("op1", 0))
	if err != nil {
		t.Fatal(err)
	}
	reply, err := w.client.Post(ctx, deploys, parent.TS, words("web-1: drained"), key("op1", 4))
	if err != nil {
		t.Fatal(err)
	}
	if thread := w.Thread(deploys, parent.TS); len(thread) != 2 || thread[1].TS != reply.TS {
		t.Fatalf("thread %+v", thread)
	}
	shown, _ := w.Message(deploys, parent.TS)
	mustContain(t, slacksim.Text(shown), "Deploy web v42?", "[Approve]", "[Deny]")

	denied := edit(words("Denied."))
	denied.Urgent = true
	if err := w.client.Update(ctx, parent, denied); err != nil {
		t.Fatal(err)
	}
	if shown, _ = w.Message(deploys, parent.TS); slacksim.Text(shown) != "Denied." {
		t.Errorf("an update without blocks leaves %q", slacksim.Text(shown))
	}

	for _, c := range []struct {
		thread string
		k      bot.Key
		want   bot.Place
	}{
		{"", key("op1", 0), parent}, {parent.TS, key("op1", 4), reply}, {parent.TS, key("op1", 0), parent},
		{"", key("op1", 4), bot.Place{}}, {"", key("op2", 0), bot.Place{}}, {"1.000001", key("op1", 4), bot.Place{}},
	} {
		got, ok, err := w.client.Find(ctx, deploys, c.thread, c.k, began)
		if err != nil || got != c.want || ok != (c.want != bot.Place{}) {
			t.Errorf("Find(%q, %v) = %v, %v, %v; want %v", c.thread, c.k, got, ok, err, c.want)
		}
	}
	if _, ok, err := w.client.Find(ctx, deploys, "", key("op1", 0), time.Now().Add(time.Hour)); ok || err != nil {
		t.Errorf("found what is older than asked for: %v, %v", ok, err)
	}
}

func TestFindReadsOnPageByPage(t *testing.T) {
	inFakeTime(t, slacksim.Options{NoRates: true}, func(t *testing.T, w *world) {
		began := time.Now()
		place, err := w.client.Post(t.Context(), deploys, "", words("card"), key("op1", 0))
		if err != nil {
			t.Fatal(err)
		}
		chat := func(n int) {
			for i := range n {
				if _, err := w.Post(t.Context(), alice, deploys, "", fmt.Sprint(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		chat(1500)
		if got, ok, err := w.client.Find(t.Context(), deploys, "", key("op1", 0), began); got != place || !ok || err != nil {
			t.Errorf("among 1500 messages: %v, %v, %v", got, ok, err)
		}
		chat(1000)
		if _, ok, err := w.client.Find(t.Context(), deploys, "", key("op1", 0), began); ok || err == nil {
			t.Error("with more messages than are read, nobody can say that there is none")
		}
	})
}

// Only the bot's own messages count: anybody's app may write metadata.
func TestFindTakesNobodyElsesMessage(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		other := theApp(nil)
		other.AppID, other.BotToken, other.AppToken, other.BotUser = "A0OTHER001", "xoxb-other", "xapp-other", "U0OTHERBOT"
		w.AddApp(other)
		o := w.options()
		o.BotToken, o.AppToken = "xoxb-other", "xapp-other"
		if _, err := newClient(o).Post(t.Context(), deploys, "", words("card"), key("op1", 0)); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := w.client.Find(t.Context(), deploys, "", key("op1", 0), time.Now()); ok || err != nil {
			t.Errorf("Find = %v, %v, %v", got, ok, err)
		}
	})
}

// A post whose answer is lost is never sent again by itself, and Find tells whether it was sent.
func TestAPostWhoseAnswerIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		fault slacksim.Fault
		sent  bool
	}{
		"cut after":   {slacksim.Fault{Do: slacksim.CutAfter}, true},
		"garbled":     {slacksim.Fault{Do: slacksim.Garble}, true},
		"cut before":  {slacksim.Fault{Do: slacksim.CutBefore}, false},
		"http 500":    {slacksim.Fault{Do: slacksim.ServerError}, false},
		"hanging":     {slacksim.Fault{Do: slacksim.Hang, For: time.Hour}, false},
		"fatal_error": {slacksim.Fault{Do: slacksim.Refuse, Code: "fatal_error"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
				began := time.Now()
				c.fault.On = "chat.postMessage"
				inj := w.Inject(c.fault)
				_, err := w.client.Post(t.Context(), deploys, "", words("card"), key("op1", 0))
				if !errors.Is(err, bot.ErrUnclear) {
					t.Fatalf("Post: %v", err)
				}
				if inj.Hits() != 1 {
					t.Errorf("%d calls", inj.Hits())
				}
				_, ok, err := w.client.Find(t.Context(), deploys, "", key("op1", 0), began)
				if ok != c.sent || err != nil {
					t.Errorf("Find = %v, %v; want %v", ok, err, c.sent)
				}
			})
		})
	}
}

// Without a connection nothing was sent, and it needs no looking up.
func TestAPostWithoutAConnection(t *testing.T) {
	o := (&world{logs: &logs{}, url: "http://127.0.0.1:1"}).options()
	o.HTTP = nil
	_, err := newClient(o).Post(t.Context(), deploys, "", words("card"), key("op1", 0))
	if err == nil || errors.Is(err, bot.ErrUnclear) {
		t.Errorf("Post: %v", err)
	}
}

func TestARefusedRateIsWaitedOut(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		w.Inject(slacksim.Fault{On: "chat.postMessage", Do: slacksim.RateLimited, After: 30 * time.Second, Times: 2})
		began := time.Now()
		if _, err := w.client.Post(t.Context(), deploys, "", words("card"), key("op1", 0)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it took %v, want twice the Retry-After", took)
		}
		time.Sleep(time.Second) // the rate's turn is there
		w.Inject(slacksim.Fault{On: "chat.postMessage", Do: slacksim.RateLimited, After: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began = time.Now()
		_, err := w.client.Post(ctx, deploys, "", words("card"), key("op1", 1))
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, bot.ErrUnclear) {
			t.Errorf("Post: %v", err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it waited %v for a turn that would come too late", took)
		}
	})
}

func TestRefusedPostsSayWhatToDo(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		w.AddChannel(slacksim.Channel{ID: "C0OUT", Name: "out"})
		w.AddChannel(slacksim.Channel{ID: "C0OLD", Name: "old", BotIsMember: true, IsArchived: true})
		for channel, want := range map[string]string{
			"C0OUT": "not_in_channel: invite the bot", "C0OLD": "is_archived", secrets: "channel_not_found: check the channel's id",
		} {
			_, err := w.client.Post(t.Context(), channel, "", words("card"), key("op1", 0))
			if err == nil || errors.Is(err, bot.ErrUnclear) || errors.Is(err, bot.ErrGone) || !strings.Contains(err.Error(), want) {
				t.Errorf("Post to %s: %v", channel, err)
			}
		}
	})
}

func TestAMessageThatCanBeEditedNoMore(t *testing.T) {
	for _, code := range []string{"edit_window_closed", "cant_update_message", "is_inactive", "deleted"} {
		t.Run(code, func(t *testing.T) {
			inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
				place, err := w.client.Post(t.Context(), deploys, "", words("card"), key("op1", 0))
				if err != nil {
					t.Fatal(err)
				}
				if code == "deleted" {
					w.Delete(deploys, place.TS)
				} else {
					w.Inject(slacksim.Fault{On: "chat.update", Do: slacksim.Refuse, Code: code})
				}
				if err := w.client.Update(t.Context(), place, edit(words("new"))); !errors.Is(err, bot.ErrGone) {
					t.Errorf("Update: %v", err)
				}
				if n := len(w.CallsOf("chat.update")); n != 1 {
					t.Errorf("%d calls", n)
				}
			})
		})
	}
}

func TestAnUpdateIsTriedAgain(t *testing.T) {
	for name, fault := range map[string]slacksim.Fault{
		"cut after": {Do: slacksim.CutAfter}, "cut before": {Do: slacksim.CutBefore}, "garbled": {Do: slacksim.Garble},
		"http 503": {Do: slacksim.ServerError, Status: 503}, "internal_error": {Do: slacksim.Refuse, Code: "internal_error"},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
				place, err := w.client.Post(t.Context(), deploys, "", words("card"), key("op1", 0))
				if err != nil {
					t.Fatal(err)
				}
				fault.On, fault.Times = "chat.update", 3
				w.Inject(fault)
				if err := w.client.Update(t.Context(), place, edit(words("new"))); err != nil {
					t.Errorf("Update: %v", err)
				}
				fault.Times = 0
				inj := w.Inject(fault)
				err = w.client.Update(t.Context(), place, edit(words("new")))
				if err == nil || errors.Is(err, bot.ErrGone) || inj.Hits() != 4 {
					t.Errorf("with Slack away: %v after %d tries", err, inj.Hits())
				}
			})
		})
	}
}

// Slack counts calls; the client stays below what Slack counts, so that hardly anything is refused.
func TestRates(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		began := time.Now()
		var places []bot.Place
		for i := range 60 {
			place, err := w.client.Post(t.Context(), deploys, "", words("card"), key("op1", i))
			if err != nil {
				t.Fatal(err)
			}
			places = append(places, place)
		}
		if took := time.Since(began); took < 50*time.Second || took > 75*time.Second {
			t.Errorf("60 posts to one channel took %v", took)
		}
		if n := len(w.CallsOf("chat.postMessage")); n > 63 {
			t.Errorf("%d calls for 60 posts", n)
		}
		if _, err := w.client.Post(t.Context(), private, "", words("card"), key("op1", 0)); err != nil {
			t.Errorf("another channel: %v", err)
		}
		began = time.Now()
		for i := range 150 {
			if err := w.client.Update(t.Context(), places[i%60], edit(words("card"))); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(w.CallsOf("chat.update")); n != 150 {
			t.Errorf("%d calls for 150 updates", n)
		}
		if took := time.Since(began); took > 4*time.Minute {
			t.Errorf("150 updates took %v", took)
		}
	})
}

func TestWhisper(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		r := &receiver{}
		w.start(t, r)
		w.connected(t, 2)
		if _, err := w.Command(t.Context(), alice, deploys, "/deploy", "web"); err != nil {
			t.Fatal(err)
		}
		e := r.envelopes()[0]
		whisper := func(want int, by string) {
			t.Helper()
			if err := w.client.Whisper(t.Context(), e, words("which ref?")); err != nil {
				t.Fatal(err)
			}
			if n := len(w.Ephemerals(alice)); n != want {
				t.Errorf("%d ephemerals, want %d", n, want)
			}
			if calls := w.Calls(); calls[len(calls)-1].Method != by || calls[len(calls)-1].Outcome != "ok" {
				t.Errorf("answered by %+v, want %s", calls[len(calls)-1], by)
			}
		}
		for i := range 5 {
			whisper(i+1, "response_url")
		}
		whisper(6, "chat.postEphemeral") // the five uses are over
		uses := len(w.CallsOf("response_url"))
		e.At = time.Now().Add(-30 * time.Minute)
		whisper(7, "chat.postEphemeral")
		if len(w.CallsOf("response_url")) != uses {
			t.Error("an expired response URL was used")
		}
		e.Response = ""
		whisper(8, "chat.postEphemeral")
		e.User = "U0GONE"
		if err := w.client.Whisper(t.Context(), e, words("which ref?")); err == nil {
			t.Error("a whisper to nobody")
		}
	})
}

// A whisper about a click must not replace the message that was clicked.
func TestAWhisperLeavesTheClickedMessage(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		r := &receiver{}
		w.start(t, r)
		w.connected(t, 2)
		place, err := w.client.Post(t.Context(), deploys, "", question(), key("op1", 0))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Click(t.Context(), bob, deploys, place.TS, "deny"); err != nil {
			t.Fatal(err)
		}
		if err := w.client.Whisper(t.Context(), r.envelopes()[0], words("not you")); err != nil {
			t.Fatal(err)
		}
		shown, _ := w.Message(deploys, place.TS)
		mustContain(t, slacksim.Text(shown), "Deploy web v42?", "[Deny]")
		if got := w.Ephemerals(bob); len(got) != 1 || got[0].Text != "not you" {
			t.Errorf("whispered %+v", got)
		}
	})
}
