package system

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"junban/bot/slacksim"
)

// prints runs a verb of the real program to its end, and answers what it printed.
func (st *stage) prints(code int, args ...string) string {
	st.t.Helper()
	p := st.start(args...)
	if got := p.code(); got != code {
		st.t.Fatalf("junban %s: exit code %d\n%s", strings.Join(args, " "), got, p.log)
	}
	return p.log.String()
}

func TestStatusAndHistoryAskTheBotOrReadTheStore(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	bot := st.bot()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Rolling")
	var status struct {
		Running    bool
		Operations []struct {
			Service, Ref, State string
			Instances           []struct{ Name, Status string }
		}
	}
	if err := json.Unmarshal([]byte(st.prints(0, "status", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	if !status.Running || len(status.Operations) != 1 || status.Operations[0].State != "rolling" || len(status.Operations[0].Instances) != 3 {
		t.Errorf("%+v", status)
	}
	if mode := st.socket().Mode().Perm(); mode != 0o600 {
		t.Errorf("the control socket has mode %o", mode)
	}
	st.shows(ts, "Succeeded")
	if text := st.prints(0, "history"); !strings.Contains(text, "Deploy web v42  succeeded") {
		t.Errorf("history of a running bot: %s", text)
	}
	bot.kill()
	if text := st.prints(0, "history"); !strings.Contains(text, "Deploy web v42  succeeded") {
		t.Errorf("history without a bot: %s", text)
	}
	if text := st.prints(0, "status"); !strings.Contains(text, "No bot is running") || !strings.Contains(text, "Nothing runs") {
		t.Errorf("status without a bot: %s", text)
	}
}

func (st *stage) socket() os.FileInfo {
	st.t.Helper()
	info, err := os.Stat(st.dir + "/junban.db.sock")
	if err != nil {
		st.t.Fatal(err)
	}
	return info
}

func TestPlanTouchesNothing(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	mark := st.w.Mark()
	for name, says := range map[string]string{
		"the order":   "web-1 (i-00000000000000001, port 8080), web-2",
		"the floor":   "3 healthy now, at least 2 during it, minimum 1",
		"the ports":   "port 8080",
		"the reasons": "of 2 s per instance, 1 s is the deregistration delay",
	} {
		if text := st.prints(0, "plan", "web", "v42"); !strings.Contains(text, says) {
			t.Errorf("%s is not in the plan:\n%s", name, text)
		}
	}
	if text := st.prints(1, "plan", "web", "v42", "--on", "web-9"); !strings.Contains(text, "web-1, web-2, web-3") {
		t.Errorf("an unknown instance: %s", text)
	}
	if log := st.w.LogSince(mark); len(log) != 0 {
		t.Errorf("something happened: %+v", log)
	}
}

func TestAMentionInTheThreadAborts(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	other := st.asks(dev, "web v41")
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Rolling")
	ctx, cancel := st.ctx()
	defer cancel()
	if _, err := st.slack.Mention(ctx, dev, channel, ts, "abort"); err != nil {
		t.Fatal(err)
	}
	st.shows(ts, "Aborted")
	if card := st.card(other); !strings.Contains(card, "[Approve]") {
		t.Errorf("the other request was touched:\n%s", card)
	}
}

func TestWrongTokensAndChannelsAreNamedAtTheStart(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.slack.AddChannel(slacksim.Channel{ID: channel, Name: "deploys"}) // the bot is not in it
	bot := st.start("run")
	if code := bot.code(); code != 1 || !strings.Contains(bot.log.String(), channel) || !strings.Contains(bot.log.String(), "invite") {
		t.Errorf("exit code %d\n%s", code, bot.log)
	}
}

// Whatever the bot dies of between recording a command and working on it, the command is worked on once.
func TestACommandThatWasAcknowledgedIsNotLost(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	bot := st.bot()
	release := st.aws.HoldCommands(st.ids[0])
	defer release()
	before := len(st.slack.AckTimes())
	ctx, cancel := st.ctx()
	defer cancel()
	go func() { _, _ = st.slack.Command(ctx, dev, channel, "/deploy", "web v42") }()
	st.await("the acknowledgement", func() bool { return len(st.slack.AckTimes()) > before })
	bot.kill()
	st.bot()
	st.await("the request", func() bool { return len(st.parents()) > 0 })
	if n := len(st.parents()); n != 1 || !strings.Contains(st.transcript(), "Deploy web v42: requested") {
		t.Errorf("%d messages:\n%s", n, st.transcript())
	}
}
