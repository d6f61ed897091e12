package system

import (
	"strings"
	"testing"
	"time"

	"junban/deploy/awssim/world"
)

// rolls asks for a rollout, approves it and waits until its first instance drains.
func (st *stage) rolls(text string) string {
	st.t.Helper()
	ts := st.asks(dev, text)
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "draining")
	return ts
}

func TestAnInstanceThatAppearsIsToldAndLeftAloneInAPinnedFleet(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{free: true, delay: 2 * time.Second})
	st.bot()
	ts := st.rolls("web v42")
	st.joinsAt(8080)
	st.tells(ts, "Appeared since the plan was made, and is left alone: ")
	st.shows(ts, "Succeeded")
	if ran := st.ran(3); len(ran) > 0 {
		t.Errorf("what nobody approved was deployed to: %v", ran)
	}
	if n := st.serving(); n != 4 {
		t.Errorf("%d serve", n)
	}
	if said := st.thread(ts); strings.Count(said, "Appeared since") != 1 {
		t.Errorf("not told once:\n%s", said)
	}
}

func TestAnInstanceThatAppearsJoinsADynamicFleet(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{free: true, delay: 2 * time.Second, service: "    rolling: {fleet: dynamic}\n"})
	st.bot()
	mark := st.w.Mark()
	ts := st.rolls("web v42")
	st.joinsAt(8080)
	st.tells(ts, "Appeared since the plan was made, and joins: ")
	st.tells(ts, "Joins the rollout: *web-4*")
	st.shows(ts, "Succeeded")
	for n := range st.ids {
		if ran := st.ran(n); len(ran) != 1 || !strings.HasSuffix(ran[0], " v42") {
			t.Errorf("instance %d ran %v", n, ran)
		}
	}
	if least := st.w.LeastHealthy(st.group, mark); least < 2 {
		t.Errorf("only %d were healthy at some moment", least)
	}
}

func TestAnInstanceThatStopsWhileItIsOutIsSaidAndWaitsForADecision(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{free: true, delay: 2 * time.Second})
	st.bot()
	ts := st.rolls("web v42")
	if err := st.w.Stop(st.ids[0]); err != nil {
		t.Fatal(err)
	}
	st.shows(ts, "Waiting for a decision")
	st.tells(ts, "The instance is stop")
	if len(st.ran(0)) > 0 || len(st.ran(1)) > 0 {
		t.Errorf("ran %v and %v", st.ran(0), st.ran(1))
	}
	st.clicks(dev, ts, "Leave out, go on")
	st.shows(ts, "*web-1* stays out of service until somebody restores it")
	if len(st.ran(1)) != 1 || len(st.ran(2)) != 1 || st.serving() != 2 {
		t.Errorf("ran %v and %v, %d serve", st.ran(1), st.ran(2), st.serving())
	}
}

func TestAnInstanceThatIsTerminatedIsSaidAndTheFailurePolicyDecides(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{free: true, delay: 2 * time.Second, service: "    rolling: {on_failure: stop}\n"})
	st.bot()
	ts := st.rolls("web v42")
	if err := st.w.Terminate(st.ids[0]); err != nil {
		t.Fatal(err)
	}
	st.tells(ts, "The instance is ")
	st.shows(ts, "Failed")
	if len(st.ran(1)) > 0 {
		t.Errorf("on_failure: stop went on to web-2: %v", st.ran(1))
	}
	if n := st.serving(); n != 2 {
		t.Errorf("%d serve", n)
	}
}

func TestAnInstanceThatSomebodyElseTakesOutBeforeItsTurnIsLeftAlone(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{free: true, delay: 2 * time.Second})
	st.bot()
	ts := st.rolls("web v42")
	if err := st.w.Deregister(st.group, []world.Pair{{ID: st.ids[1], Port: 8080}}); err != nil {
		t.Fatal(err)
	}
	st.tells(ts, "Somebody else took *web-2* out of *web* before its turn. It is left alone.")
	st.shows(ts, "Waiting for a decision")
	if ran := st.ran(1); len(ran) > 0 {
		t.Errorf("it was deployed to: %v", ran)
	}
}
