package system

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"junban/bot/slacksim"
	"junban/deploy/awssim/world"
)

func TestSevenWhoMayNotApprove(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	// The requester may approve others' requests, so that only its being the own one is refused here.
	st.slack.SetGroup("S000LEADS", lead, dev, guest, extern, gone)
	st.bot()
	ts := st.asks(dev, "web v42")
	before := st.card(ts)
	for _, c := range []struct{ name, who, says string }{
		{"the requester", dev, "somebody else has to approve"},
		{"a guest", guest, "a guest"},
		{"an external person", extern, "another organisation"},
		{"a deleted user", gone, "deactivated"},
		{"somebody outside the group", other, "not among those who may approve"},
	} {
		if said := st.refused(c.who, ts, "Approve"); !strings.Contains(said, c.says) {
			t.Errorf("%s is told: %s", c.name, said)
		}
	}
	if after := st.card(ts); after != before {
		t.Errorf("a refused approval changed the message:\n%s\nnow:\n%s", before, after)
	}

	// after the fleet changed
	id := "i-00000000000000009"
	st.w.AddInstance(world.Instance{ID: id, Name: "web-9", PrivateIP: "10.0.0.9", AgentOnline: true, Dir: st.dir})
	if err := st.w.Register(st.group, []world.Pair{{ID: id, Port: 8080}}); err != nil {
		t.Fatal(err)
	}
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "has changed since it was asked for (+"+id+")")
	if len(st.ran(0)) > 0 {
		t.Error("a command ran without an approval that counts")
	}
}

func TestAnExpiredRequestCannotBeApproved(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	data, err := os.ReadFile(st.config())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(st.config(), []byte(strings.Replace(string(data), "expires: 30m", "expires: 2s", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	st.bot()
	ts := st.asks(dev, "web v42")
	old, _ := st.slack.Message(channel, ts)
	st.shows(ts, "Nobody approved it within 2 s")
	// somebody whose screen still shows the old message presses its button
	before := len(st.slack.Ephemerals(lead))
	ctx, cancel := st.ctx()
	defer cancel()
	if err := st.slack.ClickForged(ctx, lead, channel, ts, "approve", buttonValue(t, old, "approve")); err != nil {
		t.Fatal(err)
	}
	st.await("a refusal", func() bool { return len(st.slack.Ephemerals(lead)) > before })
	if said := slacksim.Text(st.slack.Ephemerals(lead)[before]); !strings.Contains(said, "expired") {
		t.Errorf("told: %s", said)
	}
}

func TestATargetThatFlapsVoidsNothing(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{interval: 30 * time.Second})
	st.bot()
	ts := st.asks(dev, "web v42")
	for range 2 {
		st.w.Checked(st.group, world.Pair{ID: st.ids[2], Port: 8080}, false, world.ReasonTimeout)
	}
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "approved by")
}

func TestTwoRequestsForOneTargetGroupDoNotOverlap(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	mark := st.w.Mark()
	first, second := st.asks(dev, "web v42"), st.asks(dev, "web v43")
	st.clicks(lead, first, "Approve")
	st.shows(first, "Rolling")
	st.clicks(lead, second, "Approve")
	st.shows(second, "Queued")
	st.shows(first, "Succeeded")
	st.shows(second, "Succeeded")
	st.safe(mark)
	for n := range st.ids {
		if ran := st.ran(n); len(ran) != 2 || !strings.HasSuffix(ran[0], "v42") || !strings.HasSuffix(ran[1], "v43") {
			t.Errorf("instance %d ran %v", n, ran)
		}
	}
}

func TestAFailingVerificationHaltsAndAButtonIsTheWayOut(t *testing.T) {
	t.Parallel()
	broken := setup{verify: `test ! -e broken || { echo "the page says 500"; exit 3; }`}
	for _, way := range []struct {
		button, ends string
		serving      int
	}{
		{"Retry", "Succeeded", 3},
		{"Put back, go on", "Failed", 3},
		{"Leave out, go on", "Failed", 2},
		{"Abort", "Aborted", 2},
	} {
		t.Run(way.button, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, broken)
			st.breakOn(0, true)
			st.bot()
			ts := st.asks(dev, "web v42")
			st.clicks(lead, ts, "Approve")
			st.shows(ts, "Waiting for a decision")
			st.await("the thread shows the output", func() bool { return strings.Contains(st.thread(ts), "the page says 500") })
			if said := st.thread(ts); !strings.Contains(said, "exit code *3*") && !strings.Contains(said, "did not succeed within 2 s") {
				t.Errorf("the thread does not say how it failed:\n%s", st.thread(ts))
			}
			if len(st.ran(1)) > 0 {
				t.Error("the second instance was touched after the first had failed")
			}
			st.breakOn(0, false)
			st.clicks(dev, ts, way.button)
			st.shows(ts, way.ends)
			st.await("as many serve as should", func() bool { return st.serving() == way.serving })
			if way.serving == 3 {
				return
			}
			if said := st.types(dev, "status"); !strings.Contains(said, "Held") || !strings.Contains(said, st.ids[0]) {
				t.Errorf("status does not list what is held: %s", said)
			}
			restore := st.asks(dev, "restore web on web-1")
			st.clicks(lead, restore, "Approve")
			st.shows(restore, "Succeeded")
			if n := st.serving(); n != 3 {
				t.Errorf("%d serve after the restore", n)
			}
		})
	}
}

func TestAbortByCommandPutsTheInstanceBack(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{delay: 3 * time.Second})
	st.bot()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "draining")
	if said := st.types(dev, "abort web"); !strings.Contains(said, "Aborting") {
		t.Errorf("told: %s", said)
	}
	st.shows(ts, "Aborted")
	if n := st.serving(); n != 3 || len(st.ran(0)) > 0 {
		t.Errorf("%d serve; ran %v", n, st.ran(0))
	}
}

func TestAForgedOrReplayedButtonChangesNothing(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	ts := st.asks(dev, "web v42")
	message, _ := st.slack.Message(channel, ts)
	good := buttonValue(t, message, "approve")
	ctx, cancel := st.ctx()
	defer cancel()
	for name, value := range map[string]string{
		"empty": "", "no JSON": "approve", "another operation": strings.Replace(good, `"op":"`, `"op":"x`, 1),
		"another hash": good[:len(good)-6] + `0000"}`, "an unknown act": strings.Replace(good, "approve", "destroy", 1),
		"a field too many": strings.Replace(good, "{", `{"by":"U0000ALICE",`, 1), "two values": good + good,
	} {
		before := len(st.slack.Ephemerals(lead))
		if err := st.slack.ClickForged(ctx, lead, channel, ts, "approve", value); err != nil {
			t.Fatal(err)
		}
		st.await("a refusal of "+name, func() bool { return len(st.slack.Ephemerals(lead)) > before })
	}
	if !strings.Contains(st.card(ts), "[Approve]") {
		t.Fatalf("a forged button changed something:\n%s", st.card(ts))
	}
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	before := len(st.slack.Ephemerals(lead))
	if err := st.slack.ClickForged(ctx, lead, channel, ts, "approve", good); err != nil {
		t.Fatal(err)
	}
	st.await("a refusal of the replay", func() bool { return len(st.slack.Ephemerals(lead)) > before })
}

func TestASlackOutageStallsNothing(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.await("the first command", func() bool { return len(st.ran(0)) > 0 })
	st.slack.SetOutage(true)
	st.await("the last command", func() bool { return len(st.ran(2)) > 0 })
	st.await("everything serves", func() bool { return st.serving() == 3 })
	st.slack.SetOutage(false)
	st.shows(ts, "Succeeded")
	st.await("the thread tells the end", func() bool { return strings.Contains(st.thread(ts), "Succeeded") })
}

func TestAPostWhoseAnswerWasLostIsNotRepeated(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	st.slack.Inject(slacksim.Fault{On: "chat.postMessage", Do: slacksim.CutAfter, Times: 1})
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	if n := len(st.parents()); n != 1 {
		t.Errorf("%d messages:\n%s", n, st.transcript())
	}
}

func TestAMessageThatWasDeletedIsPostedAnew(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Rolling")
	st.slack.Delete(channel, ts)
	st.await("a new message tells the end", func() bool {
		for _, m := range st.parents() {
			if m.TS != ts && strings.Contains(slacksim.Text(m), "Succeeded") {
				return true
			}
		}
		return false
	})
}

// breakOn makes the verification fail on an instance, or not.
func (st *stage) breakOn(n int, is bool) {
	st.t.Helper()
	path := filepath.Join(st.dir, st.ids[n], "broken")
	var err error
	if is {
		err = os.WriteFile(path, nil, 0o600)
	} else {
		err = os.Remove(path)
	}
	if err != nil {
		st.t.Fatal(err)
	}
}

// serving is how many targets are healthy now.
func (st *stage) serving() int {
	n := 0
	truth, _ := st.w.Truth(st.group)
	for _, target := range truth {
		if target.State == world.Healthy {
			n++
		}
	}
	return n
}
