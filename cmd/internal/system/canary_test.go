package system

import (
	"testing"
	"time"

	"junban/deploy/awssim/world"
)

func TestTheCanaryIsAHealthyInstanceGoesAloneBakesAndWaitsForSomebodyWhoMayApprove(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 4, command: slow, service: "    rolling: {max_unavailable: 2, canary: {instances: 1, bake: 3s, confirm: true}}\n", free: true})
	st.falls(0)
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.says("the card", st.card(ts), "Canary: *web-2*, alone; it bakes for 3 s; then somebody who may approve says whether it is good.")
	st.clicks(lead, ts, "Approve")
	st.tells(ts, "Kept in service by the canary, which is baking until")
	st.shows(ts, "Is the canary good?")
	if baked := time.Since(st.back(1, mark)); baked < 3*time.Second {
		t.Errorf("asked %v after the canary was healthy", baked)
	}
	if left := st.left(mark); left != "web-2" {
		t.Errorf("left before the canary was confirmed: %s", left)
	}
	st.says("the card", st.card(ts), "The canary *web-2* has baked for 3 s and is healthy. Nothing more leaves service meanwhile.")
	for _, who := range []string{dev, other} { // one who may deploy, one who may nothing
		st.says("the refusal", st.refused(who, ts, "The canary is good: continue"), "Only those who may approve")
	}
	st.clicks(lead, ts, "The canary is good: continue")
	st.shows(ts, "Succeeded")
	st.tells(ts, "<@"+lead+"> answered at ")
	st.tells(ts, ": *The canary is good: continue*.")
	if left := st.left(mark); left != "web-2 web-1 web-3 web-4" && left != "web-2 web-3 web-1 web-4" { // two at once
		t.Errorf("left in the order %s", left)
	}
	if most := st.mostOut(mark); most != 2 {
		t.Errorf("%d were out at once after the canary, not 2", most)
	}
	st.onAll("v42")
}

func TestABotKilledDuringTheBakeKeepsItsDeadline(t *testing.T) {
	t.Parallel()
	const bake = 9 * time.Second
	st := newStage(t, setup{instances: 2, service: "    rolling: {canary: {instances: 1, bake: 9s}}\n", free: true})
	bot := st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.tells(ts, "which is baking until")
	healthy := st.back(0, mark)
	st.clock(healthy.Add(bake / 2))
	bot.kill()
	if left := st.left(mark); left != "web-1" {
		t.Fatalf("left before the bake was over: %s", left)
	}
	st.bot()
	st.shows(ts, "Succeeded")
	st.tells(ts, "The bot was restarted, and goes on where it was.")
	if baked := st.took(1, mark).Sub(healthy); baked < bake || baked > bake+bake/2 {
		t.Errorf("the second left %v after the canary was healthy, with a bake of %v", baked, bake)
	}
	st.safe(mark)
}

func TestACanaryThatFallsIllWhileItBakesIsAskedAbout(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{service: "    rolling: {canary: {instances: 1, bake: 20s}}\n", free: true})
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.tells(ts, "which is baking until")
	st.falls(0)
	st.shows(ts, "The canary is not well: go on?")
	st.says("the card", st.card(ts), "The canary *web-1* was deployed and is not well in *web*: unhealthy, Target.Timeout.")
	if left := st.left(mark); left != "web-1" {
		t.Errorf("left: %s", left)
	}
	st.clicks(dev, ts, "Abort")
	st.shows(ts, "Aborted")
	if left := st.left(mark); left != "web-1" || len(st.ran(1)) > 0 {
		t.Errorf("left after the abort: %s", left)
	}
}

// A load balancer sends requests to all targets when none is healthy: even an ill one that leaves may be missed.
func TestWithNoHealthyTargetAPersonConfirmsBeforeAnythingLeaves(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, command: slow, service: "    rolling: {canary: {instances: 1}}\n", free: true})
	st.falls(0, 1)
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.says("the card", st.card(ts), "none healthy now")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "No target is healthy: take one out?")
	if left := st.left(mark); left != "" || len(st.ran(0)) > 0 {
		t.Errorf("left before somebody confirmed: %s", left)
	}
	st.says("the refusal", st.refused(other, ts, "Take it out although none is healthy"), "not among those who may")
	st.clicks(dev, ts, "Take it out although none is healthy")
	st.shows(ts, "Succeeded")
	if n := st.serving(); n != 2 {
		t.Errorf("%d serve", n)
	}
	for _, e := range st.w.LogSince(mark) {
		if e.Kind == world.KindDeregister && e.Pair.ID == st.ids[1] && st.back(0, mark).After(e.At) {
			t.Error("the second left before the first was healthy")
		}
	}
	st.onAll("v42")
}
