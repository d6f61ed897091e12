package system

import (
	"strings"
	"testing"

	"junban/bot/slacksim"
	"junban/deploy/awssim/world"
)

func TestDoctorSaysWhatStandsAgainstADeploy(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	mark := st.w.Mark()
	if text := st.prints(0, "doctor", "web"); !strings.Contains(text, "web: Nothing ") || !strings.Contains(text, "port-override") {
		t.Errorf("a fleet that works: %s", text)
	}
	st.w.SetAgent(st.ids[1], false)
	text := st.prints(1, "doctor", "web")
	for _, says := range []string{"BLOCKS  agent-offline", "web-2 (" + st.ids[1] + ")", "Mend: ", "a deploy of web is blocked"} {
		if !strings.Contains(text, says) {
			t.Errorf("%q is not in %s", says, text)
		}
	}
	if changed := st.w.LogSince(mark); len(changed) != 0 {
		t.Errorf("doctor changed something: %v", changed)
	}
}

func TestDoctorSaysWhatSlackLacks(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{service: "    channel: C0000OTHER0\n"})
	st.slack.AddChannel(slacksim.Channel{ID: "C0000OTHER0", Name: "other"})
	text := st.prints(1, "doctor")
	for _, says := range []string{"BLOCKS  slack-not-in-channel", "the bot is not in channel C0000OTHER0 (#other): invite it there"} {
		if !strings.Contains(text, says) {
			t.Errorf("%q is not in %s", says, text)
		}
	}
}

func TestDoctorAnswersInTheChatOnlyToWhoeverAsked(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	mark := st.w.Mark()
	if said := st.types(other, "doctor web"); !strings.Contains(said, "Doctor: web") || !strings.Contains(said, "Nothing stands against a rolling deploy.") {
		t.Errorf("a fleet that works: %s", said)
	}
	st.scales("web-asg", st.ids...)
	st.w.SetAgent(st.ids[1], false)
	said := st.types(other, "doctor web")
	for _, says := range []string{"1 of its findings blocks a deploy", "agent-offline", "web-2", "systemctl restart", "auto-scaling", "aws autoscaling suspend-processes --auto-scaling-group-name web-asg"} {
		if !strings.Contains(said, says) {
			t.Errorf("%q is not in %s", says, said)
		}
	}
	if said := st.types(other, "doctor wbe"); !strings.Contains(said, "web") {
		t.Errorf("an unknown service: %s", said)
	}
	if n := len(st.parents()); n != 0 {
		t.Errorf("others read it too:\n%s", st.transcript())
	}
	for _, e := range st.w.LogSince(mark) {
		if e.Kind != world.KindScaling && e.Kind != world.KindState {
			t.Errorf("doctor changed something: %+v", e)
		}
	}
}

func TestABlockingFindingStopsADeployBeforeItsApprovalUntilItIsMended(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	st.w.SetAgent(st.ids[2], false)
	mark := st.w.Mark()
	said := st.types(dev, "web v42")
	for _, says := range []string{"agent-offline", "doctor web", "doctor.accept"} {
		if !strings.Contains(said, says) {
			t.Errorf("%q is not in %s", says, said)
		}
	}
	if n := len(st.parents()); n != 0 {
		t.Errorf("it can be approved:\n%s", st.transcript())
	}

	// Mended, it does not block any more, at once.
	st.w.SetAgent(st.ids[2], true)
	ts := st.asks(dev, "web v42")
	st.denies(lead, ts, "")
	st.shows(ts, "Denied")

	if log := st.w.LogSince(mark); len(log) > 0 {
		t.Errorf("something happened: %+v", log)
	}
}

func TestABlockingFindingThatTheTeamAcceptsIsNamedAndStopsNothing(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{service: "    doctor: {accept: {agent-offline: \"its agent comes and goes\"}}\n"})
	st.w.SetAgent(st.ids[2], false)
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.shows(ts, "Accepted: agent-offline (its agent comes and goes).")
	if said := st.types(dev, "doctor web"); !strings.Contains(said, "Accepted in deploy.yaml: agent-offline (its agent comes and goes).") {
		t.Errorf("doctor is told: %s", said)
	}
	st.w.SetAgent(st.ids[2], true)
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	st.safe(mark)
}
