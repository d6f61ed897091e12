package slacksim_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"junban/bot/slacksim"
)

func TestFormsUnderFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{ConnectionLife: time.Second, NoRates: true})
		f := &former{}
		f.start(t, p)
		f.open(t, p)
		f.fill(t, p, "service", "web", "ref", "v42")
		p.Inject(slacksim.Fault{Do: slacksim.DropEnvelope, Times: 1, When: func(c slacksim.Call) bool { return c.Params["type"] == "view_submission" }})
		p.Inject(slacksim.Fault{Do: slacksim.RepeatEnvelope})
		synctest.Wait()
		before := f.count()
		for range 5 { // between the renewals: one that meets an envelope may lose it, as Slack's do
			time.Sleep(10*time.Second + 300*time.Millisecond)
			if sent, err := p.Submit(t.Context(), alice, ""); err != nil {
				t.Fatal(err)
			} else if sent.Closed {
				break
			}
		}
		synctest.Wait()
		if len(p.Modals(alice)) != 0 || f.count() != before+2 {
			t.Errorf("%d open, %d received", len(p.Modals(alice)), f.count()-before)
		}
		if n := len(p.CallsOf("apps.connections.open")); n < 5 {
			t.Errorf("%d connections, want one a second", n)
		}
		p.Inject(slacksim.Fault{Do: slacksim.RateLimited, For: time.Minute})
		var limited *slack.RateLimitedError
		_, err := f.api.OpenViewContext(context.Background(), f.trigger, slack.ModalViewRequest{})
		if !errors.As(err, &limited) || limited.RetryAfter != time.Minute {
			t.Errorf("views.open: %v", err)
		}
		time.Sleep(time.Minute + time.Second)
		if _, err := f.api.AuthTest(); err != nil {
			t.Errorf("after the minute: %v", err)
		}
	})
}

func TestExternalIdsAndClearOnClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{NoRates: true})
		f := &former{form: with(modal(actions(button("action_id", "more"))), "external_id", "one")}
		f.start(t, p)
		f.open(t, p)
		publish := func(external string) string {
			return errorOf(p.call(t, "views.publish", map[string]string{"user_id": bob, "view": text(with(home("x"), "external_id", external))}))
		}
		if a, b := publish("one"), publish("two"); a != "duplicate_external_id" || b != "ok" {
			t.Errorf("published: %s, %s", a, b)
		}
		body := p.call(t, "views.update", map[string]string{"external_id": "two", "view": text(home("three"))})
		if s, _ := p.Home(bob); errorOf(body) != "ok" || !strings.Contains(string(s.Blocks), "three") {
			t.Errorf("a home tab's update: %v, %s", body, s.Blocks)
		}
		if err := p.ClickIn(t.Context(), alice, "", "more"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		clears := with(modal(), "clear_on_close", true)
		if body := p.call(t, "views.push", map[string]string{"trigger_id": f.last().TriggerID, "view": text(clears)}); errorOf(body) != "ok" {
			t.Fatalf("push: %v", body)
		}
		before := f.count()
		if err := p.Dismiss(t.Context(), alice, ""); err != nil || len(p.Modals(alice)) != 0 {
			t.Errorf("closing: %v, %d are left", err, len(p.Modals(alice)))
		}
		synctest.Wait()
		if f.count() != before {
			t.Errorf("told of closing unasked: %+v", f.last())
		}
	})
}

// Views and files have the rates of tier 4: a hundred calls in a minute.
func TestRatesOfViewsAndFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		for method, args := range map[string]map[string]string{
			"views.publish":              {"user_id": alice, "view": text(home("x"))},
			"views.open":                 {},
			"views.push":                 {},
			"views.update":               {},
			"files.getUploadURLExternal": {"filename": "a", "length": "1"},
		} {
			for range 100 {
				if got := errorOf(p.call(t, method, args)); got == "ratelimited" {
					t.Fatalf("%s: refused too early", method)
				}
			}
			if got := errorOf(p.call(t, method, args)); got != "ratelimited" {
				t.Errorf("%s: call 101: %s", method, got)
			}
		}
		time.Sleep(time.Minute)
		if body := p.call(t, "views.publish", map[string]string{"user_id": alice, "view": text(home("x"))}); errorOf(body) != "ok" {
			t.Errorf("a minute later: %v", body)
		}
	})
}

// A message that people delete can be updated no more, with or without replies.
func TestDeletedByPeople(t *testing.T) {
	p := overSockets(t, slacksim.Options{NoRates: true})
	for _, replies := range []int{0, 1} {
		_, ts, err := p.api().PostMessage(deploys, card("web")...)
		if err != nil {
			t.Fatal(err)
		}
		for range replies {
			if _, err := p.Post(t.Context(), alice, deploys, ts, "reply"); err != nil {
				t.Fatal(err)
			}
		}
		if !p.Delete(deploys, ts) {
			t.Fatal("not deleted")
		}
		if got := errorOf(p.call(t, "chat.update", map[string]string{"channel": deploys, "ts": ts, "text": "x"})); got != "message_not_found" {
			t.Errorf("with %d replies: %s", replies, got)
		}
		if err := p.UseShortcut(t.Context(), alice, deploys, ts, "deploy_this"); !errors.Is(err, slacksim.ErrNotShown) {
			t.Errorf("its shortcut: %v", err)
		}
	}
}
