package system

import (
	"strings"
	"testing"
)

func TestARollbackGoesToTheLastRefThatSucceededWhenItIsApproved(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, command: `echo "$REF after${PREVIOUS_REF:+ $PREVIOUS_REF}" >> ran; echo "$REF" > REVISION`, free: true})
	st.bot()
	st.says("with nothing before", st.refusal(dev, "rollback web"), "No earlier ref of *web* is known that succeeded", "`rollback web REF`")
	for _, ref := range []string{"v41", "v42"} {
		st.shows(st.goes("web "+ref), "Succeeded")
	}
	mark := st.w.Mark()
	ts := st.asks(dev, "rollback web because the basket is empty")
	st.says("the card", st.card(ts), "Roll back web to v41", "because the basket is empty", "Waiting for approval")
	if left := st.left(mark); left != "" {
		t.Errorf("left before the approval: %s", left)
	}
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	st.onAll("v41")
	st.safe(mark)
	for n := range st.ids {
		if ran := strings.Join(st.ran(n), ", "); ran != "v41 after, v42 after v41, v41 after v42" {
			t.Errorf("%s ran %s", st.name(n), ran)
		}
	}
}

// With approve.rollback: none nobody is asked, and run.rollback is what runs.
func TestARollbackByItsOwnCommandNeedsNoApprovalWhereTheConfigurationSaysSo(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, free: true})
	st.edit("    run:\n", "    run:\n      rollback: echo \"back to $REF\" >> ran; echo \"$REF\" > REVISION\n", "expires: 30m", "expires: 30m, rollback: none")
	st.bot()
	for _, ref := range []string{"v41", "v42"} {
		st.shows(st.goes("web "+ref), "Succeeded")
	}
	mark := st.w.Mark()
	st.says("somebody who may not deploy", st.refusal(other, "rollback web"), "deploy.allow")
	ts := st.asks(dev, "rollback web")
	st.shows(ts, "Succeeded")
	st.onAll("v41")
	st.safe(mark)
	for n := range st.ids {
		if ran := st.ran(n); len(ran) != 3 || ran[2] != "back to v41" {
			t.Errorf("%s ran %v", st.name(n), ran)
		}
	}
	if strings.Contains(st.thread(ts), "Approved by") {
		t.Errorf("somebody approved it:\n%s", st.thread(ts))
	}
}

// run.current is asked on every host when the plan is made.
func TestThePlanShowsWhatIsOnEachInstanceAndAMixedFleet(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{free: true})
	st.known()
	st.alreadyOn("v41")
	st.bot()
	st.says("the dry run", st.types(dev, "plan web v42"), "v41 → v42", "Now on all of them: `v41`.")
	st.put(1, "REVISION", "v40\n")
	ts := st.asks(dev, "web v42")
	st.says("the card", st.card(ts), "v41 → v42", "v40 → v42", "*Not all have the same now:* `v41` on web-1, web-3; `v40` on web-2.")
	if len(st.ran(0)) > 0 {
		t.Error("a plan ran the command")
	}
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	st.tells(ts, "v40 → v42")
	st.onAll("v42")
}
