package system

import (
	"testing"
	"time"
)

func TestHalfOfACommandsTimeIsToldAndItsEndIsAFailure(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, command: slow, free: true})
	st.edit("timeout: 1m", "timeout: 4s")
	st.put(0, "slow", "")
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.tells(ts, "Half of the 4 s for the deploy command is over.")
	st.shows(ts, "Waiting for a decision")
	st.tells(ts, "→ deploying → *failed* after ")
	st.tells(ts, "The deploy command was stopped: it ran longer than 4 s.")
	if left := st.left(mark); left != "web-1" {
		t.Errorf("left: %s", left)
	}
	st.put(0, "go", "")
	st.clicks(dev, ts, "Retry")
	st.shows(ts, "Succeeded")
	st.onAll("v42")
}

func TestAnInstanceThatDoesNotBecomeHealthyInTimeIsAFailure(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, command: slow + "; touch sick", service: "    rolling: {healthy_timeout: 6s}\n", free: true})
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.tells(ts, "Half of the 6 s for getting healthy is over.")
	st.shows(ts, "Waiting for a decision")
	st.tells(ts, "It was not healthy in *web* within 6 s")
	if left := st.left(mark); left != "web-1" {
		t.Errorf("left: %s", left)
	}
}

// The whole rollout has a time too: told at half of it, and asked about at its end.
func TestARolloutThatTakesTooLongIsToldAtHalfOfItsTimeAndAskedAboutAtTheEnd(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, command: slow, service: "    rolling: {timeout: 1m}\n", free: true})
	st.edit("timeout: 1m", "timeout: 10m") // of the command
	st.edit("rolling: {timeout: 10m}", "rolling: {timeout: 1m}")
	st.put(0, "slow", "")
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.tells(ts, "Half of the 1 min for the whole rollout is over.")
	if took := time.Since(st.took(0, mark)); took > 45*time.Second {
		t.Errorf("told after %v", took)
	}
	st.shows(ts, "It takes too long: go on?")
	st.put(0, "go", "")
	st.tells(ts, "● *web-1*")
	if left := st.left(mark); left != "web-1" {
		t.Errorf("left without an answer: %s", left)
	}
	st.clicks(dev, ts, "Go on all the same")
	st.shows(ts, "Succeeded")
	st.onAll("v42")
}
