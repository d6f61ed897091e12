package system

import (
	"os"
	"strings"
	"testing"
)

func TestInitWritesAFirstConfigurationFromATargetGroup(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	own, err := os.ReadFile(st.config())
	if err != nil {
		t.Fatal(err)
	}
	if text := st.prints(1, "init", "--region", "ap-northeast-1", "--target-group", "web"); !strings.Contains(text, "is there already") {
		t.Errorf("it does not say that the file is there: %s", text)
	}
	if now, _ := os.ReadFile(st.config()); string(now) != string(own) {
		t.Fatal("what was there is not as it was")
	}
	st.forgetConfig()
	if text := st.prints(1, "init", "--region", "ap-northeast-1", "--target-group", "nothing"); !strings.Contains(text, "nothing") {
		t.Errorf("it does not name the group that is not there: %s", text)
	}

	text := st.prints(0, "init", "--region", "ap-northeast-1", "--target-group", "web")
	for _, hole := range []string{"THE_CHANNEL", "WHO_MAY_ASK", "WHO_MAY_APPROVE"} {
		if !strings.Contains(text, hole) {
			t.Errorf("it does not say that %s is to be filled in: %s", hole, text)
		}
	}
	faults := st.prints(1, "check")
	for _, place := range []string{"slack.channel", "deploy.allow", "approve.allow"} {
		if !strings.Contains(faults, place) {
			t.Errorf("check does not point at %s: %s", place, faults)
		}
	}
	if n := strings.Count(strings.TrimSpace(faults), "\n"); n != 2 {
		t.Errorf("check finds more than what is to be filled in: %s", faults)
	}

	st.forgetConfig()
	st.prints(0, "init", "--region", "ap-northeast-1", "--target-group", "web", "--channel", channel, "--deploy", dev, "--approve", lead)
	st.prints(0, "check")
	written, err := os.ReadFile(st.config())
	if err != nil {
		t.Fatal(err)
	}
	for _, seen := range []string{"web-1 " + st.ids[0] + " port", "healthy", "region: ap-northeast-1"} {
		if !strings.Contains(string(written), seen) {
			t.Errorf("it does not tell %q:\n%s", seen, written)
		}
	}
	if text := st.prints(0, "plan", "web", "v42"); !strings.Contains(text, "web-1, web-2") && !strings.Contains(text, "web-1 (") {
		t.Errorf("no plan can be made with it: %s", text)
	}
}

func (st *stage) forgetConfig() {
	st.t.Helper()
	if err := os.Remove(st.config()); err != nil {
		st.t.Fatal(err)
	}
}
