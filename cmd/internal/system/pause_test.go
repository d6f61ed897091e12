package system

import (
	"strings"
	"sync"
	"testing"
	"time"

	"junban/deploy/awssim/world"
)

// ways are the four ways in which somebody does something to a rollout that runs.
var ways = map[string]func(st *stage, ts, word, button string){
	"card": func(st *stage, ts, _, button string) {
		st.shows(ts, "["+button+"]")
		st.clicks(dev, ts, button)
	},
	"command": func(st *stage, _, word, _ string) { st.types(dev, word+" web") },
	"mention": func(st *stage, ts, word, _ string) { st.mentions(dev, ts, word) },
	"socket": func(st *stage, _, word, _ string) {
		args := []string{word, "web"}
		if word == "rollback" {
			args = []string{"abort", "web", "--roll-back"}
		}
		st.prints(0, args...)
	},
}

// eachWay runs a test once for each of them.
func eachWay(t *testing.T, test func(*testing.T, func(st *stage, ts, word, button string))) {
	t.Helper()
	t.Parallel()
	for name, way := range ways {
		t.Run("by "+name, func(t *testing.T) {
			t.Parallel()
			test(t, way)
		})
	}
}

// With a pause, what has left goes on to its end, and nothing more leaves until somebody resumes it.
func TestAPauseStopsAtAnInstancesBoundaryUntilItIsResumed(t *testing.T) {
	eachWay(t, func(t *testing.T, does func(st *stage, ts, word, button string)) {
		st := newStage(t, setup{instances: 2, command: slow, free: true})
		st.operate(dev)
		st.put(0, "slow", "")
		st.bot()
		mark := st.w.Mark()
		ts := st.goes("web v42")
		st.await("the first runs", func() bool { return len(st.ran(0)) > 0 })
		does(st, ts, "pause", "Pause")
		st.shows(ts, "Paused")
		st.put(0, "go", "")
		st.shows(ts, "paused, 1 of 2 done")
		st.clock(st.back(0, mark).Add(2500 * time.Millisecond)) // it would have left at once
		if left := st.left(mark); left != "web-1" {
			t.Errorf("left during the pause: %s", left)
		}
		st.says("the card", st.card(ts), "Paused* by <@"+dev+">", "nothing more leaves until somebody resumes it")
		if st.button(ts, "Pause") || !st.button(ts, "Resume") {
			t.Errorf("the wrong buttons:\n%s", st.card(ts))
		}
		does(st, ts, "resume", "Resume")
		st.shows(ts, "Succeeded")
		st.tells(ts, "resumed it")
		st.safe(mark)
		st.onAll("v42")
	})
}

func TestAnAbortLetsTheRunningCommandEndAndPutsTheInstanceBack(t *testing.T) {
	eachWay(t, func(t *testing.T, does func(st *stage, ts, word, button string)) {
		st := newStage(t, setup{instances: 2, command: slow, free: true})
		st.operate(dev)
		st.put(0, "slow", "")
		st.bot()
		mark := st.w.Mark()
		ts := st.goes("web v42")
		st.await("the first runs", func() bool { return len(st.ran(0)) > 0 })
		does(st, ts, "abort", "Abort")
		st.shows(ts, "Aborting")
		if st.health(0) == world.Healthy {
			t.Error("it is in service while its command runs")
		}
		st.put(0, "go", "")
		st.shows(ts, "Aborted")
		if st.serving() != 2 || st.holds(0, "REVISION") != "v42" || len(st.ran(1)) > 0 {
			t.Errorf("%d serve, the first has %q, the second ran %v", st.serving(), st.holds(0, "REVISION"), st.ran(1))
		}
		st.safe(mark)
	})
}

func TestASecondAbortCancelsTheRunningCommandAndHoldsTheInstance(t *testing.T) {
	eachWay(t, func(t *testing.T, does func(st *stage, ts, word, button string)) {
		st := newStage(t, setup{instances: 2, command: slow, free: true})
		st.operate(dev)
		st.put(0, "slow", "")
		st.bot()
		ts := st.goes("web v42")
		st.await("the first runs", func() bool { return len(st.ran(0)) > 0 })
		does(st, ts, "abort", "Abort")
		st.shows(ts, "[Cancel the command]")
		does(st, ts, "abort", "Cancel the command")
		st.shows(ts, "Aborted")
		st.tells(ts, "cancelled the running command")
		st.says("the card", st.card(ts), "*web-1* stays out of service until somebody restores it, as it is: mend it, then `/deploy restore web on web-1`")
		if st.serving() != 1 || st.holds(0, "REVISION") != "" || len(st.ran(1)) > 0 {
			t.Errorf("%d serve, the first has %q, the second ran %v", st.serving(), st.holds(0, "REVISION"), st.ran(1))
		}
	})
}

// known makes run.current say what is on an instance, so that the ref before is known from the first rollout on.
func (st *stage) known() { st.edit("    run:\n", "    run:\n      current: cat REVISION\n") }

func TestAbortAndRollBackPutsTheRefBeforeOnWhatWasTouched(t *testing.T) {
	eachWay(t, func(t *testing.T, does func(st *stage, ts, word, button string)) {
		st := newStage(t, setup{command: slow, free: true})
		st.operate(dev)
		st.known()
		st.alreadyOn("v41")
		st.put(1, "slow", "")
		st.bot()
		mark := st.w.Mark()
		ts := st.goes("web v42")
		st.await("the second runs", func() bool { return len(st.ran(1)) > 0 })
		does(st, ts, "rollback", "Abort and roll back")
		st.shows(ts, "Rolling back to v41")
		st.put(1, "go", "")
		st.shows(ts, "Deploy web v42: rolled back")
		st.onAll("v41")
		st.safe(mark)
		if len(st.ran(2)) > 0 || st.serving() != 3 {
			t.Errorf("the third ran %v; %d serve", st.ran(2), st.serving())
		}
		if left := st.left(mark); left != "web-1 web-2 web-1" { // the second was still out
			t.Errorf("left in the order %s", left)
		}
	})
}

// One presses Abort while another presses Abort and roll back: whichever arrives first, it is rolled back, and the one
// who is late is told.
func TestAnAbortAndARollBackAtTheSameMomentRollBack(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, command: slow, free: true})
	st.known()
	st.alreadyOn("v41")
	st.put(0, "slow", "")
	st.bot()
	ts := st.goes("web v42")
	st.await("the first runs", func() bool { return len(st.ran(0)) > 0 })
	st.shows(ts, "[Abort and roll back]")
	abort, back := st.value(ts, "abort"), st.value(ts, "rollback")
	var both sync.WaitGroup
	both.Go(func() {
		if err := st.presses(lead, ts, "abort", abort); err != nil {
			t.Error(err)
		}
	})
	both.Go(func() {
		if err := st.presses(dev, ts, "rollback", back); err != nil {
			t.Error(err)
		}
	})
	both.Wait()
	st.shows(ts, "Rolling back to v41")
	st.put(0, "go", "")
	st.shows(ts, "Deploy web v42: rolled back")
	st.onAll("v41")
	if thread := st.thread(ts); !strings.Contains(thread, "<@"+lead+"> aborted") && len(st.slack.Ephemerals(lead)) == 0 {
		t.Errorf("the abort was neither done nor refused:\n%s", thread)
	}
}
