package slacksim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"junban/bot/slacksim"
)

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name    string
		fault   slacksim.Fault
		effect  bool
		outcome string
		is      func(error) bool
	}{
		{"error code", slacksim.Fault{Do: slacksim.Refuse, Code: "edit_window_closed"}, false, "edit_window_closed",
			func(err error) bool { return err.Error() == "edit_window_closed" }},
		{"server error", slacksim.Fault{Do: slacksim.ServerError, Status: 503}, false, "http 503",
			func(err error) bool { var s slack.StatusCodeError; return errors.As(err, &s) && s.Code == 503 }},
		{"rate limit", slacksim.Fault{Do: slacksim.RateLimited, After: 7 * time.Second}, false, "ratelimited",
			func(err error) bool {
				var r *slack.RateLimitedError
				return errors.As(err, &r) && r.RetryAfter == 7*time.Second
			}},
		{"cut before", slacksim.Fault{Do: slacksim.CutBefore}, false, "cut before",
			func(err error) bool { return errors.Is(err, io.EOF) }},
		{"cut after", slacksim.Fault{Do: slacksim.CutAfter}, true, "cut after: ok",
			func(err error) bool { return errors.Is(err, io.EOF) }},
		{"malformed", slacksim.Fault{Do: slacksim.Garble}, true, "garbled: ok",
			func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := overSockets(t, slacksim.Options{})
			c.fault.On, c.fault.Times = "chat.postMessage", 1
			inj := p.Inject(c.fault)
			_, _, err := p.api().PostMessage(deploys, slack.MsgOptionText("x", false))
			if err == nil || !c.is(err) {
				t.Errorf("error = %v", err)
			}
			if got := len(p.Messages(deploys)) == 1; got != c.effect {
				t.Errorf("effect = %v", got)
			}
			if calls := p.CallsOf("chat.postMessage"); len(calls) != 1 || calls[0].Outcome != c.outcome || calls[0].Params["token"] != "" || calls[0].Params["text"] != "x" {
				t.Errorf("calls = %+v", calls)
			}
			if _, _, err := p.api().PostMessage(deploys, slack.MsgOptionText("y", false)); err != nil || inj.Hits() != 1 {
				t.Errorf("afterwards: %v, %d hits", err, inj.Hits())
			}
		})
	}
}

func TestFaultForAWhileAndByCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{NoRates: true})
		p.Inject(slacksim.Fault{Do: slacksim.ServerError, For: time.Minute, When: func(c slacksim.Call) bool { return c.Params["thread_ts"] != "" }})
		_, parent, err := p.api().PostMessage(deploys, slack.MsgOptionText("x", false))
		if err != nil {
			t.Fatalf("a call that does not fit: %v", err)
		}
		reply := func() error {
			_, _, err := p.api().PostMessage(deploys, slack.MsgOptionText("y", false), slack.MsgOptionTS(parent))
			return err
		}
		if reply() == nil {
			t.Error("a call that fits was taken")
		}
		time.Sleep(time.Minute + time.Second)
		if err := reply(); err != nil {
			t.Errorf("after the time: %v", err)
		}
	})
}

func TestHangUntilLifted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		inj := p.Inject(slacksim.Fault{On: "auth.test", Do: slacksim.Hang})
		answered := make(chan error, 1)
		go func() { _, err := p.api().AuthTest(); answered <- err }()
		synctest.Wait()
		select {
		case err := <-answered:
			t.Fatalf("answered: %v", err)
		default:
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := p.api().AuthTestContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a client with a limit: %v", err)
		}
		inj.Lift()
		inj.Lift()
		if err := <-answered; err != nil {
			t.Errorf("after lifting: %v", err)
		}
	})
}

func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		bot := &app{}
		bot.run(t, p)
		p.SetOutage(true)
		if _, err := bot.api.AuthTest(); err == nil {
			t.Error("auth.test works in an outage")
		}
		if _, err := p.Command(t.Context(), alice, deploys, "/deploy", "x"); !errors.Is(err, slacksim.ErrOutage) {
			t.Errorf("a command in an outage: %v", err)
		}
		time.Sleep(2 * time.Minute) // fake time
		if p.Connections() != 0 {
			t.Error("connected in an outage")
		}
		p.SetOutage(false)
		time.Sleep(10 * time.Minute) // slack-go's own backoff
		if reply, err := p.Command(t.Context(), alice, deploys, "/deploy", "x"); err != nil || reply.Failure != "" {
			t.Errorf("after the outage: %+v, %v", reply, err)
		}
	})
}

func TestResponseURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		var address string
		bot := &app{onCommand: func(c slack.SlashCommand) any { address = c.ResponseURL; return nil }}
		bot.run(t, p)
		command := func() {
			t.Helper()
			if _, err := p.Command(t.Context(), alice, deploys, "/deploy", "x"); err != nil {
				t.Fatal(err)
			}
		}
		post := func(body map[string]any) (int, string) {
			t.Helper()
			data, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := p.client.Post(address, "application/json", bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			text, _ := io.ReadAll(resp.Body)
			return resp.StatusCode, string(text)
		}
		command()
		for i, body := range []map[string]any{
			{"text": "one"}, {"text": "two", "replace_original": true}, {"text": "all", "response_type": "in_channel"}, {"delete_original": true}, {"text": "last"},
		} {
			if status, text := post(body); status != http.StatusOK || text != "ok" {
				t.Errorf("post %d: %d %s", i, status, text)
			}
		}
		if status, text := post(map[string]any{"text": "six"}); status != http.StatusNotFound || text != "used_url" {
			t.Errorf("the sixth: %d %s", status, text)
		}
		var seen []string
		for _, m := range p.Ephemerals(alice) {
			seen = append(seen, m.Text)
		}
		if got := strings.Join(seen, " "); got != "last" {
			t.Errorf("alice sees %q", got)
		}
		if list := p.Messages(deploys); len(list) != 1 || list[0].Text != "all" {
			t.Errorf("the channel sees %+v", list)
		}
		command()
		if status, text := post(map[string]any{"blocks": []any{obj("type", "plan")}}); status != http.StatusBadRequest || text != "invalid_blocks" {
			t.Errorf("invalid: %d %s", status, text)
		}
		time.Sleep(30*time.Minute + time.Second)
		if status, text := post(map[string]any{"text": "late"}); status != http.StatusNotFound || text != "expired_url" {
			t.Errorf("late: %d %s", status, text)
		}
	})
}

func TestSlackGoRespondsThroughTheURL(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	var address string
	bot := &app{onCommand: func(c slack.SlashCommand) any {
		address = c.ResponseURL
		return map[string]any{"text": "all see", "response_type": "in_channel"}
	}}
	bot.run(t, p)
	if _, err := p.Command(t.Context(), alice, deploys, "/deploy", "x"); err != nil {
		t.Fatal(err)
	}
	if list := p.Messages(deploys); len(list) != 2 || list[0].Text != "/deploy x" || list[0].User != alice || list[1].Text != "all see" {
		t.Errorf("the channel sees %+v", list)
	}
	_, _, err := bot.api.PostMessage(deploys, slack.MsgOptionText("only you", false), slack.MsgOptionResponseURL(address, slack.ResponseTypeEphemeral))
	if got := p.Ephemerals(alice); err != nil || len(got) != 1 || got[0].Text != "only you" {
		t.Errorf("alice sees %+v, %v", got, err)
	}
}

// A click on an ephemeral message carries no message, and its response URL replaces it.
func TestEphemeralButtons(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	var click slack.InteractionCallback
	bot := &app{}
	bot.onClick = func(c slack.InteractionCallback) {
		click = c
		if _, _, err := bot.api.PostMessage(c.Channel.ID, slack.MsgOptionText("replaced", false), slack.MsgOptionReplaceOriginal(c.ResponseURL)); err != nil {
			t.Errorf("replace: %v", err)
		}
	}
	bot.run(t, p)
	ts, err := bot.api.PostEphemeral(deploys, alice, card("sure?")...)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Click(t.Context(), bob, deploys, ts, "approve"); !errors.Is(err, slacksim.ErrNotShown) {
		t.Errorf("somebody else's: %v", err)
	}
	if err := p.Click(t.Context(), alice, deploys, ts, "", slacksim.WithText("Deny"), slacksim.WithValue("op1")); err != nil {
		t.Fatal(err)
	}
	wait(t, p, "replaced", func(v slacksim.View) bool { return v.Ephemerals(alice)[0].Text == "replaced" })
	if !click.Container.IsEphemeral || click.Message.Timestamp != "" || click.ActionCallback.BlockActions[0].ActionID != "deny" {
		t.Errorf("click = %+v", click)
	}
}

func TestHangForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		p.Inject(slacksim.Fault{On: "auth.test", Do: slacksim.Hang, For: time.Minute})
		start := time.Now()
		if _, err := p.api().AuthTest(); err != nil || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// An app that is refused a connection keeps trying; one whose token is revoked gives up.
func TestFaultsOfConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{NoRates: true})
		p.Inject(slacksim.Fault{On: "link", Do: slacksim.CutBefore, Times: 2})
		bot := &app{}
		bot.run(t, p)
		if n := len(p.CallsOf("apps.connections.open")); n != 3 {
			t.Errorf("%d tries, want 3", n)
		}
		p.Inject(slacksim.Fault{On: "apps.connections.open", Do: slacksim.Refuse, Code: "token_revoked"})
		client := socketmode.New(p.api(), socketmode.OptionDialer(p.dialer))
		go func() {
			for range client.Events {
			}
		}()
		defer close(client.Events)
		if err := client.RunContext(t.Context()); err == nil || err.Error() != "token_revoked" {
			t.Errorf("with a revoked token: %v", err)
		}
	})
}
