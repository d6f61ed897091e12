package system

import (
	"strings"
	"testing"
)

// With Slack down nobody can approve. Somebody who could have approved goes without, says why, and everybody reads it
// when Slack is back.
func TestAnEmergencyGoesThroughWithoutSlackAndIsPostedWhenItIsBack(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.operate(lead)
	st.edit("approve: {allow: [S000LEADS]", "approve: {allow: [S000LEADS, "+lead+"]")
	st.slack.SetOutage(true)
	bot := st.start("run")
	st.runs(bot)
	mark := st.w.Mark()
	deploys := st.start("deploy", "web", "v42", "--emergency", "all is down", "--wait")
	if code := deploys.code(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, deploys.log)
	}
	if told := strings.TrimSpace(deploys.log.String()); !strings.HasSuffix(told, " succeeded") || strings.Contains(told, "waits for an approval") {
		t.Errorf("told:\n%s", told)
	}
	st.safe(mark)
	if n := len(st.parents()); n != 0 {
		t.Fatalf("Slack is down, and shows %d messages", n)
	}
	st.slack.SetOutage(false)
	st.await("it is posted when Slack is back", func() bool { return len(st.parents()) == 1 })
	ts := st.parents()[0].TS
	st.shows(ts, "Succeeded")
	for _, says := range []string{"Deploy web v42", lead, "all is down"} {
		if card := st.card(ts); !strings.Contains(card, says) {
			t.Errorf("%q is not on the card:\n%s", says, card)
		}
	}
	if !strings.Contains(strings.ToLower(st.card(ts)), "emergency") {
		t.Errorf("the card does not call it an emergency:\n%s", st.card(ts))
	}
	st.await("the thread tells it", func() bool { return strings.Contains(st.thread(ts), "→ drained in") })
}
