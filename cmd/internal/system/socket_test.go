package system

import (
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"junban/bot/slacksim"
)

// edit changes deploy.yaml.
func (st *stage) edit(pairs ...string) {
	st.t.Helper()
	data, err := os.ReadFile(st.config())
	if err != nil {
		st.t.Fatal(err)
	}
	text := strings.NewReplacer(pairs...).Replace(string(data))
	if text == string(data) {
		st.t.Fatalf("%q is not in deploy.yaml:\n%s", pairs, text)
	}
	if err := os.WriteFile(st.config(), []byte(text), 0o600); err != nil {
		st.t.Fatal(err)
	}
}

// operate maps the operating-system user of the test to a Slack id.
func (st *stage) operate(slackID string) {
	st.t.Helper()
	me, err := user.Current()
	if err != nil {
		st.t.Fatal(err)
	}
	st.edit("services:\n", fmt.Sprintf("operators: {%q: %s}\nservices:\n", me.Username, slackID))
}

// runs waits until the bot takes orders: with Slack away, nothing else tells.
func (st *stage) runs(p *process) {
	st.t.Helper()
	st.await("the bot listens", func() bool {
		if exited(p) {
			st.t.Fatalf("the bot has ended:\n%s", p.log)
		}
		_, err := os.Stat(st.dir + "/junban.db.sock")
		return err == nil
	})
}

var receiptLine = regexp.MustCompile(`(?m)^(\d{6}-\d{6}-\w+) (\w+)  (.*)$`)

func TestAnOperatorDeploysFromATerminal(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.operate(dev)
	st.slack.SetGroup("S000LEADS", lead, dev) // so that only its being the own request is refused
	st.bot()
	mark := st.w.Mark()
	deploys := st.start("deploy", "web", "v42", "--reason", "it is fixed", "--wait")
	st.await("the request in Slack", func() bool { return len(st.parents()) == 1 })
	ts := st.parents()[0].TS
	if card := st.card(ts); !strings.Contains(card, "Deploy web v42") || !strings.Contains(card, "[Approve]") {
		t.Errorf("the card: %s", card)
	}
	if said := st.refused(dev, ts, "Approve"); !strings.Contains(said, "somebody else has to approve") {
		t.Errorf("the operator may approve the own request: %s", said)
	}
	st.clicks(lead, ts, "Approve")
	if code := deploys.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	told := deploys.log.String()
	lines := strings.Split(strings.TrimSpace(told), "\n")
	first := receiptLine.FindStringSubmatch(lines[0])
	if first == nil || first[2] != "requested" || !strings.Contains(first[3], "Deploy web v42, waits for an approval") {
		t.Fatalf("the first line of:\n%s", told)
	}
	if last := lines[len(lines)-1]; last != "junban: "+first[1]+" succeeded" {
		t.Errorf("the last line is %q", last)
	}
	for _, says := range []string{"Approved by " + lead, "web-1 (i-00000000000000001): drained in ", "Succeeded"} {
		if !strings.Contains(told, says) {
			t.Errorf("%q is not told:\n%s", says, told)
		}
	}
	st.safe(mark)
}

func TestWaitingForWhatDoesNotSucceedFails(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.operate(dev)
	st.bot()
	deploys := st.start("deploy", "web", "v42", "--wait", "--json")
	st.await("the request in Slack", func() bool { return len(st.parents()) == 1 })
	st.denies(lead, st.parents()[0].TS, "")
	if code := deploys.code(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	var row struct{ Op, State, By string }
	if err := json.Unmarshal(deploys.log.Bytes(), &row); err != nil || row.State != "denied" || row.By != dev {
		t.Errorf("%v %+v\n%s", err, row, deploys.log)
	}
}

func TestWaitingOutlastsARestartOfTheBot(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.operate(dev)
	bot := st.bot()
	deploys := st.start("deploy", "web", "v42", "--wait")
	st.await("the request in Slack", func() bool { return len(st.parents()) == 1 })
	ts := st.parents()[0].TS
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Rolling")
	bot.kill()
	st.start("run")
	if code := deploys.code(); code != 0 || !strings.HasSuffix(strings.TrimSpace(deploys.log.String()), " succeeded") {
		t.Errorf("exit code %d\n%s", code, deploys.log)
	}
}

func TestAnOperatorAbortsDrainsAndRestoresFromATerminal(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{delay: 12 * time.Second})
	st.operate(dev)
	st.bot()
	st.prints(0, "deploy", "web", "v42", "--on", "web-1")
	st.await("the request in Slack", func() bool { return len(st.parents()) == 1 })
	ts := st.parents()[0].TS
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "draining")
	if said := st.prints(0, "abort", "web"); !strings.Contains(said, "Deploy web v42 on web-1: aborting") {
		t.Errorf("told: %s", said)
	}
	st.shows(ts, "Aborted")
	if n := st.serving(); n != 3 || len(st.ran(0)) > 0 {
		t.Errorf("%d serve; ran %v", n, st.ran(0))
	}
	if said := st.prints(1, "abort", "web"); !strings.Contains(said, "Nothing of the name web runs") {
		t.Errorf("a second abort is told: %s", said)
	}
	st.approved("drain", "web", "web-2", 2)
	st.approved("restore", "web", "web-2", 3)
}

// approved orders a drain or a restore and approves it.
func (st *stage) approved(verb, service, instance string, serving int) {
	st.t.Helper()
	before := len(st.parents())
	st.prints(0, verb, service, instance, "--reason", "new disk")
	st.await("the request in Slack", func() bool { return len(st.parents()) > before })
	ts := st.parents()[before].TS
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	if n := st.serving(); n != serving {
		st.t.Errorf("%d serve after %s, not %d", n, verb, serving)
	}
}

func TestOrdersThatAreRefusedSayWhatWouldBeAccepted(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	bot := st.bot()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if said := st.prints(1, "deploy", "web", "v42"); !strings.Contains(said, "operators: {"+me.Username+": U0123456789}") {
		t.Errorf("somebody without a mapping is told: %s", said)
	}
	st.operate(other)
	st.prints(0, "reload")
	for says, args := range map[string][]string{
		"deploy.allow":           {"deploy", "web", "v42"},
		"approve.allow":          {"deploy", "web", "v42", "--emergency", "all is down"},
		"known: web":             {"deploy", "wbe", "v42"},
		"junban deploy web REF":  {"deploy", "web", "$(reboot)"},
		"no environment":         {"deploy", "web", "v42", "--to", "staging"},
		"is no time of the day":  {"deploy", "web", "v42", "--at", "noon"},
		"Nothing runs or waits":  {"pause"},
		"of the name web":        {"resume", "web"},
		"characters":             {"drain", "web", "web-1", "--reason", strings.Repeat("x", 600)},
		"nobody listens":         {"abort", "--socket", st.dir + "/none"},
		"can't be used together": {"deploy", "web", "v42", "--reason", "a", "--emergency", "b"},
	} {
		code := 1
		if strings.Contains(says, "together") {
			code = 2
		}
		if said := st.prints(code, args...); !strings.Contains(said, says) {
			t.Errorf("%v is told: %s", args, said)
		}
	}
	if n := len(st.parents()); n != 0 {
		t.Errorf("something was asked for after all:\n%s", st.transcript())
	}
	bot.kill()
	if said := st.prints(1, "deploy", "web", "v42"); !strings.Contains(said, "no bot is running") {
		t.Errorf("without a bot: %s", said)
	}
}

// A request that is made while Slack is down is journalled at once and posted when Slack is back.
func TestWithoutSlackAnOperatorIsKnownByTheConfiguration(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.operate(dev)
	st.slack.SetOutage(true)
	bot := st.start("run")
	st.runs(bot)
	if said := st.prints(1, "deploy", "web", "v42"); !strings.Contains(said, "deploy.allow") || !strings.Contains(said, "you count as "+dev+" in no group") {
		t.Errorf("by a group that nobody can ask for: %s", said)
	}
	st.edit("deploy: {allow: [S0000DEVS]}", "deploy: {allow: [S0000DEVS, "+dev+"]}")
	st.prints(0, "reload")
	if said := st.prints(0, "deploy", "web", "v42"); !strings.Contains(said, " requested  Deploy web v42") {
		t.Errorf("told: %s", said)
	}
	if said := st.prints(0, "status"); !strings.Contains(said, "Deploy web v42") {
		t.Errorf("status: %s", said)
	}
	if ran := st.ran(0); len(ran) != 0 {
		t.Errorf("ran without an approval: %v", ran)
	}
	st.slack.SetOutage(false)
	st.await("it is posted when Slack is back", func() bool { return len(st.parents()) == 1 })
	ts := st.parents()[0].TS
	st.connected()
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
}

func TestAHangupReadsTheConfigurationAgain(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	bot := st.bot()
	if said := st.types(other, "web v42"); !strings.Contains(said, "deploy.allow") {
		t.Fatalf("told: %s", said)
	}
	hangup := func() {
		t.Helper()
		if err := bot.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	running := st.asks(dev, "web v41")
	st.edit("deploy: {allow: [S0000DEVS]}", "deploy: {allow: [S0000DEVS, "+other+"]}")
	hangup()
	st.await("the new rules count", func() bool { return st.types(other, "web v42") == "" })
	// What was asked for under the old rules was agreed to by nobody under the new ones.
	st.clicks(lead, running, "Approve")
	st.shows(running, "has changed since it was asked for (the rules)")

	st.edit("allow: [S000LEADS]", "allow: [S000LEADS, lead]", "channel: "+channel, "channel: deploys")
	hangup()
	said := ""
	st.await("the faults are said", func() bool {
		said = st.prints(1, "reload", "--socket", st.dir+"/junban.db.sock")
		return strings.Contains(said, "goes on with the old one")
	})
	if !strings.Contains(said, "slack.channel") || !strings.Contains(said, "approve.allow") {
		t.Errorf("not every fault: %s", said)
	}
	st.edit("[S000LEADS, lead]", "[S000LEADS]", "channel: deploys", "channel: "+channel)

	// A channel that the bot is not in would swallow what is asked for.
	st.slack.AddChannel(slacksim.Channel{ID: "C0000OTHER0", Name: "others"})
	st.edit("    target_groups:", "    channel: C0000OTHER0\n    target_groups:")
	if said := st.prints(1, "reload"); !strings.Contains(said, "invite it there") {
		t.Errorf("a channel without the bot: %s", said)
	}
	if exited(bot) {
		t.Error("the bot has ended")
	}
}

// exited reports whether a process has ended.
func exited(p *process) bool {
	select {
	case <-p.end:
		return true
	default:
		return false
	}
}
