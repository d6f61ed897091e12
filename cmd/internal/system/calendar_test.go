package system

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"junban/deploy/awssim/world"
)

// soon is the next minute that begins in at least so long, and what a clock in the bot's zone shows then.
func soon(in time.Duration) (at time.Time, clock string) {
	at = time.Now().UTC().Add(in).Truncate(time.Minute).Add(time.Minute)
	return at, at.Format("15:04")
}

// closed is a window that opens in so long, every day, for ten minutes.
func closed(opens time.Duration) string {
	from := time.Now().UTC().Add(opens)
	return fmt.Sprintf("    windows: [{days: mon-sun, from: %q, to: %q}]\n", from.Format("15:04"), from.Add(10*time.Minute).Format("15:04"))
}

func TestWhatIsApprovedBeforeTheWindowStartsByItselfWhenItOpens(t *testing.T) {
	t.Parallel()
	at, clock := soon(15 * time.Second)
	s := setup{instances: 2, free: true}
	s.service = fmt.Sprintf("    windows: [{days: mon-sun, from: %q, to: %q}]\n", clock, at.Add(10*time.Minute).Format("15:04"))
	st := newStage(t, s)
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.shows(ts, "It is outside of the windows in which operations may start. It starts by itself at")
	st.shows(ts, "Succeeded")
	if left := st.took(0, mark); left.Before(at) || left.After(at.Add(10*time.Second)) {
		t.Errorf("the first left at %v, and the window opens at %v", left, at)
	}
}

func TestARolloutAtATimeStartsThen(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, free: true})
	st.bot()
	mark := st.w.Mark()
	at, clock := soon(10 * time.Second)
	ts := st.goes("web v42 at " + clock)
	st.shows(ts, "Deploy web v42: scheduled")
	st.says("the card", st.card(ts), "It starts at")
	st.shows(ts, "Succeeded")
	if left := st.took(0, mark); left.Before(at) || left.After(at.Add(10*time.Second)) {
		t.Errorf("the first left at %v, asked for %v", left, at)
	}
	st.safe(mark)
}

// A window too far away to wait for is said at once, and not after two hours of waiting in vain.
func TestOutsideOfTheWindowsAndInAFreezeNothingStartsAndTheNextOpeningIsNamed(t *testing.T) {
	t.Parallel()
	today := time.Now().UTC()
	for name, c := range map[string]struct{ rule, says string }{
		"window": {closed(5 * time.Hour), "The next window opens at"},
		"freeze": {fmt.Sprintf("    freeze: [{from: %s, to: %s}]\n", today.Format(time.DateOnly), today.AddDate(0, 0, 2).Format(time.DateOnly)), "It may start again at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, setup{instances: 2, free: true, service: c.rule})
			st.bot()
			mark := st.w.Mark()
			later := time.Now().UTC().Add(90 * time.Minute).Format("2006-01-02T15:04")
			st.says("a time outside", st.refusal(dev, "web v42 at "+later), c.says, "`emergency … because REASON`")
			ts := st.asks(dev, "web v42")
			st.says("the request", st.card(ts), "Nothing may start now", c.says)
			st.clicks(lead, ts, "Approve")
			st.shows(ts, "Deploy web v42: expired")
			st.says("the card", st.card(ts), c.says, "`emergency … because REASON`")
			if left := st.left(mark); left != "" {
				t.Errorf("left: %s", left)
			}
		})
	}
}

func TestAnEmergencyPassesTheWindowsForOneWhoMayApproveWithAReasonAndLoudly(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, free: true, service: closed(5 * time.Hour)})
	st.slack.SetGroup("S000LEADS", lead, other)
	st.bot()
	st.says("without a reason", st.refusal(lead, "emergency web v42"), "needs a reason")
	st.says("one who may only deploy", st.refusal(dev, "emergency web v42 because all is down"), "Only those who may approve")
	mark := st.w.Mark()
	ts := st.asks(lead, "emergency web v42 because all is down")
	st.says("the card", st.card(ts), "EMERGENCY", "<@"+lead+"> does not wait for a window or for the end of a freeze: *all is down*.")
	if left := st.left(mark); left != "" {
		t.Errorf("left before the approval: %s", left)
	}
	st.clicks(other, ts, "Approve")
	st.shows(ts, "Succeeded")
	st.says("history", st.types(dev, "history"), "v42")
	st.safe(mark)
	st.onAll("v42")
}

// alarmed is a service that an alarm guards.
func alarmed(t *testing.T, rolling string) *stage {
	t.Helper()
	st := newStage(t, setup{command: slow, free: true, service: "    alarms: [web-5xx]\n" + rolling})
	st.w.PutAlarm(world.Alarm{Name: "web-5xx", State: world.AlarmOK})
	return st
}

func (st *stage) rings(state string) {
	st.t.Helper()
	if err := st.w.SetAlarm("web-5xx", state, "the test"); err != nil {
		st.t.Fatal(err)
	}
}

func TestAnAlarmThatIsOnBeforeTheStartMustBeAcknowledgedToBegin(t *testing.T) {
	t.Parallel()
	st := alarmed(t, "")
	st.rings(world.AlarmFiring)
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.shows(ts, "An alarm is on: go on?")
	st.says("the card", st.card(ts), "The CloudWatch alarm *web-5xx* is on.")
	if left := st.left(mark); left != "" {
		t.Errorf("left: %s", left)
	}
	st.says("somebody else", st.refused(other, ts, "The alarm is known: continue"), "not among those who may")
	st.clicks(dev, ts, "The alarm is known: continue")
	st.shows(ts, "Succeeded")
	if n := strings.Count(st.thread(ts), "An alarm is on"); n > 1 {
		t.Errorf("asked %d times about an alarm that is known", n)
	}
	st.onAll("v42")
}

func TestAnAlarmBetweenTwoInstancesKeepsTheNextInService(t *testing.T) {
	t.Parallel()
	st := alarmed(t, "")
	st.put(0, "slow", "")
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.await("the first runs", func() bool { return len(st.ran(0)) > 0 })
	st.rings(world.AlarmFiring)
	st.clock(st.took(0, mark).Add(11 * time.Second)) // a reading of the alarms is good for ten seconds
	st.put(0, "go", "")
	st.shows(ts, "An alarm is on: go on?")
	if left := st.left(mark); left != "web-1" {
		t.Errorf("left: %s", left)
	}
	st.clicks(dev, ts, "Abort")
	st.shows(ts, "Aborted")
	if left := st.left(mark); left != "web-1" || st.serving() != 3 {
		t.Errorf("left: %s; %d serve", left, st.serving())
	}
}

func TestAnAlarmDuringTheBakeStopsTheRolloutByItsRule(t *testing.T) {
	t.Parallel()
	st := alarmed(t, "    rolling: {canary: {instances: 1, bake: 3m}, on_failure: rollback}\n")
	st.known()
	st.alreadyOn("v41")
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.tells(ts, "which is baking until")
	st.rings(world.AlarmFiring)
	st.shows(ts, "Deploy web v42: rolled back")
	st.says("the card", st.card(ts), "an alarm is on", "`/deploy unlock web`")
	if left := st.left(mark); left != "web-1 web-1" {
		t.Errorf("left: %s", left)
	}
	st.onAll("v41")
}
