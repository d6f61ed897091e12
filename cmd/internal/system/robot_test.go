package system

import (
	"os"
	"strings"
	"testing"

	"junban/bot/slacksim"
)

const pipeline = "U0000PIPE0" // another app's bot

// robots installs the pipeline's app, and one that deploy.allow does not name.
func (st *stage) robots() {
	st.slack.AddUser(slacksim.User{ID: pipeline, Name: "pipeline", IsBot: true})
	st.slack.AddApp(slacksim.App{AppID: "A0000PIPELN", Name: "pipeline", BotToken: "xoxb-pipe-token", BotUser: pipeline})
	st.slack.AddUser(slacksim.User{ID: "U000STRAY0", Name: "stray", IsBot: true})
	st.slack.AddApp(slacksim.App{AppID: "A00000STRAY", Name: "stray", BotToken: "xoxb-stray-token", BotUser: "U000STRAY0"})
}

// robotSays posts a mention as another app's bot and answers its timestamp.
func (st *stage) robotSays(app, thread, text string) string {
	st.t.Helper()
	ctx, cancel := st.ctx()
	defer cancel()
	ts, err := st.slack.PostAsBot(ctx, app, channel, thread, "<@U0000BOT00> "+text)
	if err != nil {
		st.t.Fatal(err)
	}
	return ts
}

// lastLine is the last line of the latest reply in a thread, as a script reads it.
func (st *stage) lastLine(ts string) string {
	all := st.slack.Thread(channel, ts)
	if len(all) < 2 {
		return ""
	}
	text := all[len(all)-1].Text
	return text[strings.LastIndex(text, "\n")+1:]
}

func TestAPipelinesBotAsksAndReadsTheOutcomeInItsThread(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.rewrite("deploy: {allow: [S0000DEVS]}", "deploy: {allow: [S0000DEVS, "+pipeline+"]}")
	st.robots()
	st.bot()
	ts := st.robotSays("A0000PIPELN", "", "deploy web v42")
	st.await("it is told that it is asked for", func() bool { return strings.HasSuffix(st.lastLine(ts), " requested") })
	id := strings.Fields(st.lastLine(ts))[1]
	card := st.cardOf(id)

	for _, refusedAct := range []string{"abort web", "pause web", "lock web because I can", "status"} {
		asked := st.robotSays("A0000PIPELN", "", refusedAct)
		st.await("the bot is refused "+refusedAct, func() bool { return st.lastLine(asked) == "junban: - refused" })
	}
	stray := st.robotSays("A00000STRAY", "", "deploy web v43")
	st.await("a bot that is not listed is refused", func() bool { return st.lastLine(stray) == "junban: - refused" })

	st.clicks(lead, card, "Approve")
	st.await("it is told the end", func() bool { return st.lastLine(ts) == "junban: "+id+" succeeded" })
	for n := range st.ids {
		if got := st.ran(n); len(got) != 1 || !strings.HasSuffix(got[0], " v42") {
			t.Errorf("%s ran %v", st.ids[n], got)
		}
	}
	if audit := st.prints(0, "history", "--refused"); strings.Count(audit, "robot_only_asks") < 4 || !strings.Contains(audit, "not_a_member(kind=bot)") {
		t.Errorf("the audit lacks refusals of bots:\n%s", audit)
	}
}

// cardOf is the timestamp of an operation's message.
func (st *stage) cardOf(id string) string {
	st.t.Helper()
	ts := ""
	st.await("the message of "+id, func() bool {
		for _, m := range st.parents() {
			if strings.Contains(slacksim.Text(m), id) {
				ts = m.TS
			}
		}
		return ts != ""
	})
	return ts
}

// rewrite changes the configuration, which must have the words.
func (st *stage) rewrite(old, with string) {
	st.t.Helper()
	yaml, err := os.ReadFile(st.config())
	if err != nil || !strings.Contains(string(yaml), old) {
		st.t.Fatalf("%q is not in the configuration: %v\n%s", old, err, yaml)
	}
	if err := os.WriteFile(st.config(), []byte(strings.Replace(string(yaml), old, with, 1)), 0o600); err != nil {
		st.t.Fatal(err)
	}
}

func TestNothingIsTakenInASharedChannelUnlessItIsNamed(t *testing.T) {
	t.Parallel()
	const shared, private = "C000SHARED0", "C0000OTHER0"
	begin := func(channels string) (in func(where, text string) string) {
		st := newStage(t, setup{})
		st.slack.AddChannel(slacksim.Channel{ID: shared, Name: "with-a-partner", BotIsMember: true, IsExtShared: true})
		st.slack.AddChannel(slacksim.Channel{ID: private, Name: "other", BotIsMember: true})
		st.rewrite("channel: "+channel, "channel: "+channel+channels)
		st.bot()
		return func(where, text string) string {
			ctx, cancel := st.ctx()
			defer cancel()
			before := len(st.slack.Ephemerals(dev))
			if _, err := st.slack.Command(ctx, dev, where, "/deploy", text); err != nil {
				t.Fatal(err)
			}
			st.await("an answer in "+where, func() bool { return len(st.slack.Ephemerals(dev)) > before })
			return slacksim.Text(st.slack.Ephemerals(dev)[before])
		}
	}
	in := begin("")
	if said := in(shared, "status"); !strings.Contains(said, "shared with another organisation") || !strings.Contains(said, shared) {
		t.Errorf("in a shared channel: %s", said)
	}
	if said := in(private, "status"); strings.Contains(said, "shared") {
		t.Errorf("in a channel of our own: %s", said)
	}

	in = begin(", channels: [" + channel + ", " + shared + "]")
	if said := in(shared, "status"); strings.Contains(said, "another organisation") {
		t.Errorf("in a shared channel that is named: %s", said)
	}
	if said := in(private, "status"); !strings.Contains(said, "Nothing is taken in this channel") {
		t.Errorf("in a channel that is not named: %s", said)
	}
}

func TestThePictureOfARolloutIsPostedInItsThread(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	var file slacksim.File
	st.await("a picture in the thread", func() bool {
		for _, m := range st.slack.Thread(channel, ts) {
			for _, f := range m.Files {
				file = f
			}
		}
		return file.ID != ""
	})
	_, data, ok := st.slack.File(file.ID)
	if !ok || !strings.HasPrefix(string(data), "\x89PNG") {
		t.Errorf("it is no PNG: %t, %d bytes", ok, len(data))
	}
	if !strings.Contains(st.thread(ts), "(Timeline of: Deploy web v42)") {
		t.Errorf("the thread does not say what it shows:\n%s", st.thread(ts))
	}
	if !strings.Contains(file.Alt+file.Title, "Deploy web v42") {
		t.Errorf("it does not say what it shows: %+v", file)
	}
}
