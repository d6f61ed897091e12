package system

import (
	"strings"
	"testing"

	"junban/deploy/awssim/world"
)

// slow is a command that waits on an instance for a file go, where there is a file slow.
const slow = `echo "$OPERATION_ID $REF" >> ran; if test -e slow; then until test -e go; do sleep 0.1; done; fi; rm -f sick; echo "$REF" > REVISION`

// With 2 of 4 out at a time, by number or by percent, the next leaves when any one is back: nobody waits for the
// slowest of a batch.
func TestAsManyAreOutAsMaxUnavailableAllowsAndTheNextLeavesAsSoonAsOneIsBack(t *testing.T) {
	t.Parallel()
	for name, most := range map[string]string{"number": "2", "percent, rounded down": "74%"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, setup{instances: 3, command: slow, service: "    rolling: {max_unavailable: " + most + ", min_healthy: 1}\n", free: true})
			st.put(0, "slow", "")
			st.bot()
			mark := st.w.Mark()
			ts := st.goes("web v42")
			st.await("the others are done while the first still runs", func() bool {
				return !st.back(1, mark).IsZero() && !st.back(2, mark).IsZero()
			})
			if st.holds(0, "REVISION") == "v42" || st.health(0) == world.Healthy {
				t.Error("the first was done before: nothing was shown")
			}
			st.put(0, "go", "")
			st.shows(ts, "Succeeded")
			if most := st.mostOut(mark); most != 2 {
				t.Errorf("at most %d were out at once, not 2", most)
			}
			if least := st.w.LeastHealthy(st.group, mark); least < 1 {
				t.Errorf("only %d of 3 were healthy at some moment", least)
			}
			st.onAll("v42")
		})
	}
}

func TestTheGateThatKeepsAnInstanceInServiceIsNamedInTheThread(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{command: slow, service: "    rolling: {min_healthy: 60%}\n", free: true}) // 60 % of 3, rounded up: 2
	st.put(0, "slow", "")
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.await("the first runs", func() bool { return len(st.ran(0)) > 0 })
	st.falls(2)
	st.put(0, "go", "")
	st.tells(ts, "Kept in service by min_healthy: without *web-2*, 1 would be healthy in *web*, and 2 must be.")
	st.shows(ts, "Kept in service by min_healthy")
	if left := st.left(mark); left != "web-1" {
		t.Errorf("left: %s", left)
	}
	st.drop(2, "sick")
	st.shows(ts, "Succeeded")
	if n := strings.Count(st.thread(ts), "Kept in service"); n != 1 {
		t.Errorf("the gate is told %d times", n)
	}
	st.onAll("v42")
}

// What is ill already takes no capacity away; and half of two zones out is worse than all of one.
func TestUnhealthyOnesGoFirstInAZoneAndASecondZoneOpensWhenTheFirstIsFinished(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, command: slow, service: "    rolling: {max_unavailable: 2, min_healthy: 1}\n", free: true})
	st.joins("ap-northeast-1c")
	st.joins("ap-northeast-1c")
	st.falls(1, 3)
	st.put(0, "slow", "")
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.says("the card", st.card(ts), "2 of 4 at a time, in this order: *web-2*", "web: 2 healthy now, at least 1 during it, minimum 1.")
	if order := st.card(ts); strings.Index(order, "*web-4*") > strings.Index(order, "*web-3*") {
		t.Errorf("the ill one of the second zone is not its first:\n%s", order)
	}
	st.clicks(lead, ts, "Approve")
	st.await("the ill one of the first zone is back", func() bool { return !st.back(1, mark).IsZero() })
	st.await("the other one runs", func() bool { return len(st.ran(0)) > 0 })
	st.put(0, "go", "")
	st.shows(ts, "Succeeded")
	// Calls that are made at the same moment arrive at AWS in any order.
	if order := st.left(mark); !strings.HasPrefix(order, "web-2 web-1 ") && !strings.HasPrefix(order, "web-1 web-2 ") {
		t.Errorf("left in the order %s", order)
	}
	for _, second := range []int{2, 3} {
		if finished, left := st.back(0, mark), st.took(second, mark); left.Before(finished) {
			t.Errorf("the second zone opened %v before the first was finished", finished.Sub(left))
		}
	}
	if n := st.serving(); n != 4 {
		t.Errorf("%d serve", n)
	}
}

func TestAMinimumThatTheFleetCanNeverKeepIsRefusedNamingTheLargestThatWorks(t *testing.T) {
	t.Parallel()
	for most, says := range map[string]string{"3": "The largest min_healthy that works is *2*", "100%": "The largest min_healthy that works is *2*"} {
		t.Run(most, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, setup{service: "    rolling: {min_healthy: " + most + "}\n"})
			st.bot()
			st.says("the refusal", st.refusal(dev, "web v42"), says, "With 3 instances in *web*")
			st.says("the dry run", st.types(dev, "plan web v42"), says)
		})
	}
}

func TestOneServerWithMinHealthyZeroIsPlannedAsDown(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 1, service: "    rolling: {min_healthy: 0}\n"})
	st.bot()
	down := "1 healthy now, so the service is *DOWN* for about 2 s and the command."
	st.says("the dry run", st.types(dev, "plan web v42"), down)
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.says("the card", st.card(ts), down)
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	if least := st.w.LeastHealthy(st.group, mark); least != 0 {
		t.Errorf("%d of 1 were healthy while it was out", least)
	}
	st.onAll("v42")
}
