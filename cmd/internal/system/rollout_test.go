package system

import (
	"strings"
	"testing"
)

func TestFromASlashCommandToTheLastHealthyInstance(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.shows(ts, "[Approve]")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	st.safe(mark)
	for n := range st.ids {
		if ran := st.ran(n); len(ran) != 1 || !strings.HasSuffix(ran[0], " v42") {
			t.Errorf("instance %d ran %v", n, ran)
		}
	}
	if strings.Contains(st.card(ts), "[Approve]") || strings.Contains(st.card(ts), "[Abort]") {
		t.Errorf("an ended operation has buttons:\n%s", st.card(ts))
	}
	t.Log("\n" + st.transcript())
}
