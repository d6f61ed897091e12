package system

import (
	"strings"
	"testing"

	"junban/bot/slacksim"
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
