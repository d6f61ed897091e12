package bench

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot"
	"junban/bot/card"
	"junban/bot/slackapi"
	"junban/bot/slacksim"
	"junban/deploy"
	"junban/deploy/awscloud/awstest"
	"junban/deploy/engine"
)

const (
	// fewMessages is how many messages the thread of a rollout of 200 instances may hold. Nobody reads more.
	fewMessages = 60
	// editStep is the least time between two edits of one operation's messages.
	editStep = 2 * time.Second
	// perMinute is how many messages Slack takes in one channel: about one a second.
	perMinute = 60

	room = "C0DEPLOYS"
)

// chatter is what a rollout came to in Slack.
type chatter struct {
	posts, edits, thread int
	refused              int           // for want of rates
	busiest              int           // posts within one minute, at most
	closest              time.Duration // between two edits of the operation's messages but the last of each, at least; zero = there were no two
}

// told lets the bot's conversation tell a rig's rollout to a simulated Slack, until the test ends.
type told struct {
	*rig
	slack *slacksim.Workspace
	voice card.Voice
	bot   atomic.Pointer[bot.Bot]
}

func (s *told) Moved(id deploy.ID) {
	s.rig.Moved(id)
	if b := s.bot.Load(); b != nil {
		b.Moved(id)
	}
}

// Channel is where all is told.
func (*told) Channel(string, string) string { return room }

func newTold(t *testing.T, s setup) *told {
	t.Helper()
	r := &told{rig: newRig(t, s), slack: slacksim.New(slacksim.Options{}), voice: card.English()}
	r.options.Sink = r
	r.slack.AddUser(slacksim.User{ID: "U0JUNBAN", Name: "junban", IsBot: true})
	r.slack.AddChannel(slacksim.Channel{ID: room, Name: "deploys", BotIsMember: true})
	r.slack.AddApp(slacksim.App{
		AppID: "A0JUNBAN", BotToken: "xoxb-test", AppToken: "xapp-test", BotUser: "U0JUNBAN", Commands: []string{"/deploy"},
	})
	pipe, _ := awstest.Config(t, r.slack.Handler(), nil).HTTPClient.(*http.Client)
	chat := slackapi.New(slackapi.Options{
		BotToken: "xoxb-test", AppToken: "xapp-test", APIURL: "http://slack.test/api/", Command: "/deploy", Channels: []string{room}, HTTP: pipe,
	})
	var panels bot.Panels // forms, and the picture at the end
	for _, id := range s.people {
		r.slack.AddUser(slacksim.User{ID: id, Name: strings.ToLower(id)})
		r.options.Directory, panels = chat, chat
	}
	r.live()
	b := bot.New(bot.Options{Desk: r.rig.bot, Chat: chat, Panels: panels, Directory: chat, Memory: r.store, Rooms: r, NewID: engine.NewID, Slash: "/deploy", Voice: r.voice})
	r.bot.Store(b)
	ctx, cancel := context.WithCancel(context.Background())
	var ran sync.WaitGroup
	ran.Go(func() {
		if err := b.Run(ctx); err != nil {
			t.Errorf("the conversation ended: %v", err)
		}
	})
	if len(s.people) > 0 {
		ran.Go(func() {
			if err := chat.Run(ctx, b); err != nil {
				t.Errorf("the connections ended: %v", err)
			}
		})
	}
	t.Cleanup(func() { cancel(); ran.Wait(); r.slack.Close() })
	return r
}

// rolled deploys once, and counts once the card shows the end.
func (s *told) rolled(t *testing.T) chatter {
	t.Helper()
	op := s.finish(s.deploys())[0]
	if op.State != deploy.StateSucceeded {
		t.Errorf("%s %s", op.State, op.Cause)
	}
	for {
		changed := s.slack.Changed()
		if all := s.slack.Messages(room); len(all) > 0 && strings.Contains(slacksim.Text(all[0]), "Succeeded") {
			break
		}
		<-changed
	}
	s.end()
	return s.count(t)
}

func (s *told) count(t *testing.T) (c chatter) {
	t.Helper()
	var posted []time.Time
	var edits []time.Time
	for _, call := range s.slack.Calls() {
		if call.Outcome == "ratelimited" {
			c.refused++
			continue
		}
		if call.Outcome != "ok" {
			t.Errorf("%s: %s", call.Method, call.Outcome)
		}
		switch call.Method {
		case "chat.postMessage":
			c.posts++
			if call.Params["thread_ts"] != "" {
				c.thread++
			}
			posted = append(posted, call.At)
			for call.At.Sub(posted[0]) >= time.Minute {
				posted = posted[1:]
			}
			c.busiest = max(c.busiest, len(posted))
		case "chat.update":
			c.edits++
			edits = append(edits, call.At)
		}
	}
	for n := 1; n < len(edits)-2; n++ { // the end is shown at once, in the parent and in the details
		if gap := edits[n].Sub(edits[n-1]); c.closest == 0 || gap < c.closest {
			c.closest = gap
		}
	}
	return c
}

// TestAWideRolloutIsToldInFewMessages: Slack takes about a message a second in a channel, and an edit in two seconds is
// as much as anybody can follow. JUNBAN_WIDE=1 tells of a thousand instances.
func TestAWideRolloutIsToldInFewMessages(t *testing.T) {
	instances := 200
	if os.Getenv("JUNBAN_WIDE") != "" {
		instances = 1000
	}
	synctest.Test(t, func(t *testing.T) {
		s := newTold(t, wide(instances))
		before := cpu(t)
		began := time.Now()
		c := s.rolled(t)
		t.Logf("%d instances in %v: %d messages, %d of them in threads, at most %d within a minute; %d refused by Slack's rates; %d edits, at least %v apart; %v of CPU each",
			instances, time.Since(began).Round(time.Second), c.posts, c.thread, c.busiest, c.refused, c.edits, c.closest.Round(time.Millisecond),
			((cpu(t) - before) / time.Duration(instances)).Round(time.Microsecond))
		if c.thread == 0 || c.thread*200 > fewMessages*instances {
			t.Errorf("%d messages in the thread, at most %d are wanted", c.thread, fewMessages*instances/200)
		}
		if c.busiest > perMinute {
			t.Errorf("%d messages within a minute, Slack takes %d", c.busiest, perMinute)
		}
		if c.closest < editStep {
			t.Errorf("two edits were %v apart, at least %v is wanted", c.closest, editStep)
		}
	})
}
