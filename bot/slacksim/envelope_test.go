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

func TestEnvelopeFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		bot := &app{}
		bot.run(t, p)
		p.Inject(slacksim.Fault{On: "slash_commands", Do: slacksim.DropEnvelope, Times: 1})
		reply, err := p.Command(t.Context(), alice, deploys, "/deploy", "lost")
		if err != nil || reply.Failure != "operation_timeout" || len(bot.received()) != 0 {
			t.Errorf("dropped: %+v, %v, received %d", reply, err, len(bot.received()))
		}
		p.Inject(slacksim.Fault{On: "slash_commands", Do: slacksim.RepeatEnvelope, Times: 1})
		if _, err := p.Command(t.Context(), alice, deploys, "/deploy", "twice"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got := bot.received()
		if len(got) != 2 || got[0].EnvelopeID != got[1].EnvelopeID || len(p.AckTimes()) != 1 {
			t.Errorf("repeated: %v, acknowledged %v", got, p.AckTimes())
		}
	})
}

func TestEventIsRetriedUntilAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		bot := &app{silent: true}
		bot.run(t, p)
		if _, err := p.Mention(t.Context(), alice, deploys, "", "status"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute) // fake time
		synctest.Wait()
		got := bot.received()
		if len(got) != 4 {
			t.Fatalf("%d deliveries, want 4", len(got))
		}
		for i, r := range got {
			if r.RetryAttempt != i || (i > 0) != (r.RetryReason == "timeout") || string(r.Payload) != string(got[0].Payload) {
				t.Errorf("delivery %d: attempt %d, reason %q", i, r.RetryAttempt, r.RetryReason)
			}
		}
	})
}

func TestNoEventWithoutSubscriptionMembershipOrMention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		bot := &app{}
		bot.run(t, p)
		for channel, text := range map[string]string{deploys: "nothing for @junbanana", secrets: "@junban status"} {
			if _, err := p.Post(t.Context(), alice, channel, "", text); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if got := bot.received(); len(got) != 0 {
			t.Errorf("received %d envelopes", len(got))
		}
	})
}

func TestForgedClickAndCancelledPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		var value string
		bot := &app{onClick: func(c slack.InteractionCallback) { value = c.ActionCallback.BlockActions[0].Value }}
		bot.run(t, p)
		if err := p.ClickForged(t.Context(), guest, deploys, "1.000000", "approve", "op999"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if value != "op999" {
			t.Errorf("value = %q", value)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Command(ctx, alice, deploys, "/deploy", "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("a person who left: %v", err)
		}
	})
}

func TestMessageEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		p.AddApp(slacksim.App{AppID: "A0JUNBAN", BotToken: botToken, AppToken: appToken, BotUser: "U0JUNBAN", Events: []string{"message"}})
		p.AddChannel(slacksim.Channel{ID: secrets, Name: "secrets", Private: true, Members: []string{alice}, BotIsMember: true})
		bot := &app{}
		bot.run(t, p)
		if _, err := p.Post(t.Context(), alice, secrets, "", "@junban hello"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got := bot.received()
		if len(got) != 1 || !strings.Contains(string(got[0].Payload), `"channel_type":"group"`) || strings.Contains(string(got[0].Payload), "app_mention") {
			t.Errorf("received %v", got)
		}
	})
}

func TestOversizedAckIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		conn := p.dial(t)
		sizes := make(chan int, 2)
		sizes <- 20<<10 - 200
		sizes <- 20 << 10
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				var in struct {
					EnvelopeID string `json:"envelope_id"`
				}
				if conn.ReadJSON(&in) != nil {
					return
				}
				payload := map[string]any{"text": strings.Repeat("x", <-sizes)}
				_ = conn.WriteJSON(map[string]any{"envelope_id": in.EnvelopeID, "payload": payload})
			}
		}()
		for _, want := range []string{"", "operation_timeout"} {
			reply, err := p.Command(t.Context(), alice, deploys, "/deploy", "web v1")
			if err != nil || reply.Failure != want {
				t.Errorf("failure %q, %v; want %q", reply.Failure, err, want)
			}
		}
		_ = conn.Close()
		<-done
	})
}

func TestNoClientAndNoAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		reply, err := p.Command(t.Context(), alice, deploys, "/deploy", "web v1")
		if err != nil || reply.Failure != "dispatch_failed" {
			t.Fatalf("without a client: %+v, %v", reply, err)
		}
		bot := &app{silent: true}
		bot.run(t, p)
		start := time.Now()
		reply, err = p.Command(t.Context(), alice, deploys, "/deploy", "web v1")
		if err != nil || reply.Failure != "operation_timeout" || time.Since(start) != 3*time.Second {
			t.Errorf("without an ack: %+v, %v after %v", reply, err, time.Since(start))
		}
		if got := slacksim.Text(reply.Ephemeral[0]); got != `/deploy failed with the error "operation_timeout"` {
			t.Errorf("the caller sees %q", got)
		}
		if _, _, err := p.api().PostMessage(deploys, card("x")...); err != nil {
			t.Fatal(err)
		}
		ts := p.Messages(deploys)[0].TS
		if err := p.Click(t.Context(), bob, deploys, ts, "deny"); !errors.Is(err, slacksim.ErrNotAcknowledged) {
			t.Errorf("click without an ack: %v", err)
		}
		if len(p.AckTimes()) != 0 {
			t.Errorf("acks = %v", p.AckTimes())
		}
	})
}
