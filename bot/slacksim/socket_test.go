package slacksim_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"junban/bot/slacksim"
)

// A whole conversation with slack-go: the same over real sockets and over pipes in fake time.
func TestConversationOverSockets(t *testing.T) { conversation(t, overSockets(t, slacksim.Options{})) }

func TestConversationOverPipes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { conversation(t, overPipes(t, slacksim.Options{})) })
}

func conversation(t *testing.T, p *place) {
	ctx := t.Context()
	var command slack.SlashCommand
	var click slack.InteractionCallback
	bot := &app{}
	bot.onCommand = func(c slack.SlashCommand) any {
		command = c
		return map[string]any{"text": "on it"}
	}
	bot.onClick = func(c slack.InteractionCallback) {
		click = c
		_, _, _, err := bot.api.UpdateMessageContext(context.Background(), c.Channel.ID, c.Message.Timestamp, slack.MsgOptionText("approved", false),
			slack.MsgOptionAttachments(slack.Attachment{Color: "good", Text: "done"}))
		if err != nil {
			t.Errorf("update: %v", err)
		}
	}
	bot.onMention = func(m *slackevents.AppMentionEvent) {
		if _, _, err := bot.api.PostMessageContext(context.Background(), m.Channel, slack.MsgOptionText("heard", false), slack.MsgOptionTS(m.ThreadTimeStamp)); err != nil {
			t.Errorf("post: %v", err)
		}
	}
	bot.run(t, p)

	reply, err := p.Command(ctx, alice, deploys, "/deploy", "web v42 & <more>")
	if err != nil || len(reply.Ephemeral) != 1 || reply.Ephemeral[0].Text != "on it" || reply.Failure != "" {
		t.Fatalf("reply = %+v, %v", reply, err)
	}
	if command.Text != "web v42 &amp; &lt;more&gt;" || command.UserID != alice || command.ChannelName != "deploys" ||
		command.TriggerID == "" || command.APIAppID != "A0JUNBAN" || !strings.HasPrefix(command.ResponseURL, p.base+"/response/") {
		t.Errorf("command = %+v", command)
	}

	_, ts, err := bot.api.PostMessageContext(ctx, deploys, card("web v42")...)
	if err != nil {
		t.Fatalf("post: %v", err)
	}
	if err := p.Click(ctx, stranger, deploys, ts, "approve", slacksim.InBlock("acts")); err != nil {
		t.Fatalf("click: %v", err)
	}
	wait(t, p, "the card changed", func(v slacksim.View) bool {
		m, _ := v.Message(deploys, ts)
		return m.Text == "approved"
	})
	if click.User.ID != stranger || click.User.TeamID != "T0OTHER" || click.Team.ID != "T0JUNBAN" || click.Container.Type != "message_attachment" ||
		click.Container.AttachmentID != "1" || click.Container.MessageTs != ts || len(click.ActionCallback.BlockActions) != 1 {
		t.Errorf("click = %+v", click)
	} else if a := click.ActionCallback.BlockActions[0]; a.ActionID != "approve" || a.Value != "op1" || a.BlockID != "acts" {
		t.Errorf("action = %+v", a)
	}
	if err := p.Click(ctx, bob, deploys, ts, "approve"); !errors.Is(err, slacksim.ErrNotShown) {
		t.Errorf("a button that is gone: %v", err)
	}

	if _, err := p.Mention(ctx, bob, deploys, ts, "abort"); err != nil {
		t.Fatalf("mention: %v", err)
	}
	wait(t, p, "the bot answers in the thread", func(v slacksim.View) bool { return len(v.Thread(deploys, ts)) == 3 })
	thread := p.Thread(deploys, ts)
	if thread[1].Text != "<@U0JUNBAN> abort" || thread[2].Text != "heard" || thread[0].ReplyCount != 2 {
		t.Errorf("thread = %+v", thread)
	}
	wait(t, p, "three acknowledgements", func(slacksim.View) bool { return len(p.AckTimes()) == 3 })
}

func TestEachEnvelopeGoesToOneOfTheConnections(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	first, second := &app{}, &app{}
	first.run(t, p)
	second.run(t, p)
	const acts = 40
	for range acts {
		if _, err := p.Command(t.Context(), alice, deploys, "/deploy", "web v1"); err != nil {
			t.Fatal(err)
		}
	}
	a, b := len(first.received()), len(second.received())
	if a+b != acts || a == 0 || b == 0 {
		t.Errorf("the connections got %d and %d of %d", a, b, acts)
	}
}

// A connection that was told to leave gets an envelope only if there is no other.
func TestALeavingConnectionIsTheLastChoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		p.dial(t) // ignores what it is told
		p.Disconnect(slacksim.ReasonRefresh)
		if p.Connections() != 0 {
			t.Error("a leaving connection counts")
		}
		bot := &app{}
		bot.run(t, p)
		for range 10 {
			if reply, err := p.Command(t.Context(), alice, deploys, "/deploy", "x"); err != nil || reply.Failure != "" {
				t.Fatalf("%+v, %v", reply, err)
			}
		}
	})
}

func TestDisconnectAndReconnect(t *testing.T) {
	for _, reason := range []string{slacksim.ReasonWarning, slacksim.ReasonRefresh, slacksim.ReasonLinkDisabled} {
		t.Run(reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := overPipes(t, slacksim.Options{})
				bot := &app{}
				bot.run(t, p)
				p.Disconnect(reason)
				synctest.Wait()
				wait(t, p, "connected again", func(slacksim.View) bool { return p.Connections() == 1 })
				if n := len(p.CallsOf("apps.connections.open")); n != 2 {
					t.Fatalf("%d connections opened, want 2", n)
				}
				reply, err := p.Command(t.Context(), alice, deploys, "/deploy", "x")
				if err != nil || reply.Failure != "" {
					t.Errorf("after %s: %+v, %v", reason, reply, err)
				}
			})
		})
	}
}

func TestAClientThatIgnoresDisconnectIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		conn := p.dial(t)
		p.Disconnect(slacksim.ReasonRefresh)
		start := time.Now()
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				break
			}
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("closed after %v, want 10s", took)
		}
	})
}

func TestCutAndConnectionLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{ConnectionLife: time.Hour})
		bot := &app{}
		bot.run(t, p)
		p.Cut()
		wait(t, p, "connected after the cut", func(slacksim.View) bool { return len(p.CallsOf("apps.connections.open")) == 2 && p.Connections() == 1 })
		time.Sleep(time.Hour + time.Minute) // fake time
		synctest.Wait()
		if n := len(p.CallsOf("apps.connections.open")); n != 3 || p.Connections() != 1 {
			t.Errorf("%d connections opened, %d open, after the life of one; want 3 and 1", n, p.Connections())
		}
	})
}

func TestEleventhConnectionIsOneTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{PingEvery: -1})
		for range 10 {
			p.dial(t)
		}
		late := p.dialRaw(t)
		var m struct{ Type, Reason string }
		if err := late.ReadJSON(&m); err != nil || m.Type != "disconnect" || m.Reason != slacksim.ReasonTooManyWebsockets {
			t.Errorf("the eleventh reads %+v, %v", m, err)
		}
		if _, _, err := late.ReadMessage(); err == nil {
			t.Error("the eleventh stays open")
		}
		if p.Connections() != 10 {
			t.Errorf("%d connections", p.Connections())
		}
	})
}

func TestTicketIsGoodOnce(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	_, url, err := p.api().StartSocketModeContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, ok := range []bool{true, false} {
		conn, resp, err := p.dialer.DialContext(t.Context(), url, nil)
		if (err == nil) != ok {
			t.Errorf("use %d: %v, %v", i+1, resp, err)
		}
		if conn != nil {
			defer func() { _ = conn.Close() }()
		}
	}
}

// Slack pings; a client that does not answer is given up.
func TestPings(t *testing.T) {
	for name, c := range map[string]struct {
		pongs bool
		pings int
	}{"answered": {true, 6}, "unanswered": {false, 1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := overPipes(t, slacksim.Options{})
				conn := p.dial(t)
				pings := 0
				pong := conn.PingHandler()
				conn.SetPingHandler(func(data string) error {
					pings++
					if c.pongs {
						return pong(data)
					}
					return nil
				})
				done := make(chan struct{})
				go func() {
					defer close(done)
					for {
						if _, _, err := conn.ReadMessage(); err != nil {
							return
						}
					}
				}()
				time.Sleep(34 * time.Second) // fake time
				synctest.Wait()
				if open := p.Connections() == 1; pings != c.pings || open != c.pongs {
					t.Errorf("%d pings, open %v", pings, open)
				}
				_ = conn.Close()
				<-done
			})
		})
	}
}

// Close ends whatever is under way: a command without an answer, a hanging call, an event that waits for its retry.
func TestCloseReleasesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{AckTimeout: time.Hour})
		bot := &app{silent: true}
		bot.run(t, p)
		p.Inject(slacksim.Fault{On: "auth.test", Do: slacksim.Hang})
		if _, err := p.Mention(t.Context(), alice, deploys, "", "status"); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 2)
		go func() { _, err := p.Command(context.Background(), alice, deploys, "/deploy", "x"); ended <- err }()
		go func() { _, err := p.api().AuthTest(); ended <- err }()
		synctest.Wait()
		p.Close()
		for range 2 {
			if err := <-ended; err == nil {
				t.Error("something went on after Close")
			}
		}
		if len(p.Messages(deploys)) != 1 {
			t.Error("a closed workspace cannot be read")
		}
	})
}
