package system

import (
	"strings"
	"testing"
	"time"
)

func TestAnOperatorPausesAndResumesFromATerminal(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{delay: 2 * time.Second})
	st.operate(dev)
	st.bot()
	mark := st.w.Mark()
	ts := st.rolls("web v42")
	if said := st.prints(0, "pause", "web", "--reason", "a look at the graphs"); !strings.Contains(said, "Deploy web v42: pausing") && !strings.Contains(said, "paused") {
		t.Errorf("told: %s", said)
	}
	st.shows(ts, "Paused")
	st.tells(ts, "paused it at ")
	st.tells(ts, " because a look at the graphs: what has left goes on to its end, nothing more leaves.")
	st.await("what has left goes on to its end", func() bool { return st.serving() == 3 && len(st.ran(0)) == 1 })
	if said := st.prints(1, "pause"); !strings.Contains(said, "paused") {
		t.Errorf("a second pause is told: %s", said)
	}
	if len(st.ran(1)) > 0 {
		t.Error("a second instance left during the pause")
	}
	st.prints(0, "resume", "web")
	st.shows(ts, "Succeeded")
	st.safe(mark)
}

func TestAnOperatorRollsBackFromATerminal(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.operate(dev)
	st.bot()
	if said := st.prints(1, "rollback", "web"); !strings.Contains(said, "No earlier ref of web is known") || !strings.Contains(said, "rollback web REF") {
		t.Errorf("without a ref before: %s", said)
	}
	for _, ref := range []string{"v41", "v42"} {
		ts := st.asks(dev, "web "+ref)
		st.clicks(lead, ts, "Approve")
		st.shows(ts, "Succeeded")
	}
	mark := st.w.Mark()
	rolls := st.start("rollback", "web", "--reason", "the basket is empty", "--wait")
	st.await("the request in Slack", func() bool { return len(st.parents()) == 3 })
	ts := st.parents()[2].TS
	st.shows(ts, "Back to v41")
	st.shows(ts, "the basket is empty")
	st.clicks(lead, ts, "Approve")
	if code := rolls.code(); code != 0 {
		t.Errorf("exit code %d\n%s", code, rolls.log)
	}
	st.safe(mark)
	for n := range st.ids {
		if ran := st.ran(n); len(ran) != 3 || !strings.HasSuffix(ran[2], " v41") {
			t.Errorf("instance %d ran %v", n, ran)
		}
	}
}

func TestAnOperatorAbortsAndRollsBackFromATerminal(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.operate(dev)
	st.bot()
	first := st.asks(dev, "web v41")
	st.clicks(lead, first, "Approve")
	st.shows(first, "Succeeded")
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.await("the first has it", func() bool { return len(st.ran(0)) == 2 && st.serving() == 3 })
	st.prints(0, "abort", "web", "--roll-back", "--reason", "the basket is empty")
	st.tells(ts, "Rolling back to v41")
	st.shows(ts, "went back to *v41*")
	st.await("all serve", func() bool { return st.serving() == 3 })
	st.safe(mark)
	for n := range st.ids {
		if ran := st.ran(n); !strings.HasSuffix(ran[len(ran)-1], " v41") {
			t.Errorf("instance %d ran %v", n, ran)
		}
	}
}

func TestAnOperatorLocksAndUnlocksFromATerminal(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.operate(dev)
	st.bot()
	if said := st.prints(1, "lock", "web"); !strings.Contains(said, "add --reason REASON") {
		t.Errorf("without a reason: %s", said)
	}
	st.prints(0, "lock", "web", "--reason", "the sale runs", "--wait")
	if said := st.types(lead, "status"); !strings.Contains(said, "Locked") || !strings.Contains(said, "the sale runs") {
		t.Errorf("status: %s", said)
	}
	if said := st.prints(1, "deploy", "web", "v42"); !strings.Contains(said, "the sale runs") {
		t.Errorf("a deploy is told: %s", said)
	}
	if said := st.prints(0, "status"); !strings.Contains(said, "the sale runs") {
		t.Errorf("status in a terminal: %s", said)
	}
	st.prints(0, "unlock", "web", "--wait")
	st.await("both in Slack", func() bool { return len(st.parents()) == 2 })
	ts := st.asks(dev, "web v42")
	st.shows(ts, "[Approve]")
}
