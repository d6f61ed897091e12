package system

import (
	"strings"
	"testing"

	"junban/deploy/awssim/world"
)

// faulty is a setup whose verification fails on an instance for a ref REF while there is a file bad-REF in its folder.
func faulty(rolling string, instances int) setup {
	return setup{
		instances: instances, service: "    rolling: {" + rolling + "}\n", free: true,
		verify: `if test -e "bad-$REF"; then echo "the page says 500"; exit 3; fi; test "$(cat REVISION)" = "$REF"`,
	}
}

// With on_failure: ask, people are called while nobody decides, and at last the rule of attention decides.
func TestAFailureThatNobodyDecidesCallsPeopleAndThenStops(t *testing.T) {
	t.Parallel()
	s := faulty("on_failure: ask", 2)
	s.service += "    attention: {mention: [S000LEADS, " + other + "], after: [1s, 4s], then: stop}\n"
	st := newStage(t, s)
	st.put(0, "bad-v42", "")
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.shows(ts, "Waiting for a decision")
	st.tells(ts, "The verification")
	st.tells(ts, "the page says 500")
	st.tells(ts, "<!subteam^S000LEADS> <@"+other+">, nobody has decided for 1 s. If nobody does within 4 s, the rollout stops.")
	st.tells(ts, "nobody has decided for 4 s. So the rollout stops.")
	st.shows(ts, "Deploy web v42: failed")
	st.says("the card", st.card(ts), "*web-1* failed (the verification failed), and nobody decided within 4 s.",
		"*web-1* stays out of service until somebody restores it, as it is: mend it, then `/deploy restore web on web-1`")
	if left := st.left(mark); left != "web-1" || st.serving() != 1 {
		t.Errorf("left: %s; %d serve", left, st.serving())
	}
}

func TestWithOnFailureStopNothingMoreLeavesAndWhatFailedIsHeld(t *testing.T) {
	t.Parallel()
	st := newStage(t, faulty("on_failure: stop", 3))
	st.put(1, "bad-v42", "")
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.says("the card", st.card(ts), "A failure stops the rollout.")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Deploy web v42: failed")
	st.tells(ts, "*Stopping:* *web-2* failed (the verification failed). What runs ends, what failed is held, nothing more leaves.")
	st.says("the card", st.card(ts), "*web-2* stays out of service until somebody restores it")
	if left := st.left(mark); left != "web-1 web-2" || st.serving() != 2 {
		t.Errorf("left: %s; %d serve", left, st.serving())
	}
	st.says("status", st.types(dev, "status"), "Held", st.ids[1])
	st.safe(mark)
}

func TestWithOnFailureRollbackWhatWasTouchedGoesBackInReverseOrderAndTheServiceStaysLocked(t *testing.T) {
	t.Parallel()
	st := newStage(t, faulty("on_failure: rollback", 4))
	st.known()
	st.alreadyOn("v41")
	st.put(2, "bad-v42", "")
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.says("the card", st.card(ts), "A failure sends everything that was touched back to v41 and locks web.")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Deploy web v42: rolled back")
	st.onAll("v41")
	st.safe(mark)
	if left := st.left(mark); left != "web-1 web-2 web-3 web-2 web-1" || st.serving() != 4 { // web-3 was out still
		t.Errorf("left in the order %s; %d serve", left, st.serving())
	}
	st.tells(ts, "*Rolling back to v41:* *web-3* failed (the verification failed). What was touched goes back in reverse order")
	st.says("the card", st.card(ts), "*web* stays locked until somebody has looked: `/deploy unlock web`")
	locked := st.refusal(dev, "web v43")
	st.says("who meets the lock", locked, "It is locked", "a rollout failed and was rolled back", "until somebody unlocks it")
	st.says("status", st.types(dev, "status"), "Locked", "v41")
	unlock := st.asks(dev, "unlock web because it was the cache")
	st.shows(unlock, "Unlock web: succeeded")
	st.drop(2, "bad-v42")
	again := st.goes("web v42")
	st.shows(again, "Succeeded")
	st.onAll("v42")
}

// Two may be out and one may fail: it keeps its place among those that are out, so the others go on one by one.
func TestAFailureThatIsToleratedKeepsItsPlaceAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	st := newStage(t, faulty("max_unavailable: 2, tolerate_failures: 1", 4))
	st.put(0, "bad-v42", "")
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.says("the card", st.card(ts), "Up to 1 may fail while the others go on (tolerate_failures)")
	st.clicks(lead, ts, "Approve")
	st.tells(ts, "tolerate_failures allows 1: the others go on as far as they can, and it keeps its place among those that are out.")
	st.tells(ts, "● *web-4*")
	st.shows(ts, "Deploy web v42: waiting for a decision about web-1") // nothing else is left to do
	if most := st.mostOut(mark); most != 2 {
		t.Errorf("%d were out at once, not 2", most)
	}
	if st.serving() != 3 || len(st.ran(3)) != 1 {
		t.Errorf("%d serve; the last ran %v", st.serving(), st.ran(3))
	}
	alone := st.back(1, mark) // from here on there was one place left
	for n := 2; n < 4; n++ {
		if st.took(n, mark).Before(alone) {
			t.Errorf("%s left before a place was free", st.name(n))
		}
	}
	st.drop(0, "bad-v42")
	st.clicks(dev, ts, "Retry")
	st.shows(ts, "Succeeded")
	st.onAll("v42")
}

func TestOneFailureMoreThanIsToleratedHaltsTheRollout(t *testing.T) {
	t.Parallel()
	st := newStage(t, faulty("max_unavailable: 2, min_healthy: 1, tolerate_failures: 1", 4))
	st.put(0, "bad-v42", "")
	st.put(1, "bad-v42", "")
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.shows(ts, "waiting for a decision about web-1, web-2")
	st.says("the card", st.card(ts), "[Retry web-1]", "[Leave out, go on web-2]", "nothing else leaves service meanwhile")
	if left := st.left(mark); strings.Contains(left, "web-3") || strings.Contains(left, "web-4") {
		t.Errorf("left: %s", left)
	}
}

// After the last instance nothing is left that a tolerance could be for.
func TestTheLastInstanceFailingIsAFailureHoweverManyAreTolerated(t *testing.T) {
	t.Parallel()
	st := newStage(t, faulty("max_unavailable: 2, tolerate_failures: 1, on_failure: rollback", 3))
	st.known()
	st.alreadyOn("v41")
	st.put(2, "bad-v42", "")
	st.bot()
	ts := st.goes("web v42")
	st.shows(ts, "Deploy web v42: rolled back")
	st.onAll("v41")
	if n := st.serving(); n != 3 {
		t.Errorf("%d serve", n)
	}
}

func TestARollbackThatFailsHaltsAndNothingRollsItBack(t *testing.T) {
	t.Parallel()
	st := newStage(t, faulty("on_failure: rollback", 3))
	st.known()
	st.alreadyOn("v41")
	st.put(1, "bad-v42", "")
	st.put(0, "bad-v41", "")
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.shows(ts, "waiting for a decision about web-1")
	st.says("the card", st.card(ts), "The way back stands still meanwhile: nothing rolls back a rollback.")
	if st.button(ts, "Abort and roll back") || !st.button(ts, "Retry") {
		t.Errorf("the wrong buttons:\n%s", st.card(ts))
	}
	st.says("the refusal", st.refusal(dev, "rollback web"), "web")
	if st.holds(1, "REVISION") != "v41" || st.serving() != 2 || st.health(0) == world.Healthy {
		t.Errorf("the second has %q; %d serve", st.holds(1, "REVISION"), st.serving())
	}
	st.drop(0, "bad-v41")
	st.clicks(dev, ts, "Retry")
	st.shows(ts, "Deploy web v42: rolled back")
	st.onAll("v41")
	st.safe(mark)
}
