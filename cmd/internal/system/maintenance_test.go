package system

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"junban/deploy/awssim/world"
)

func TestADrainedInstanceIsHeldListedAndPassedOverUntilItIsRestored(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	mark := st.w.Mark()
	drain := st.asks(dev, "drain web on web-2 because new disk")
	st.clicks(lead, drain, "Approve")
	st.shows(drain, "Succeeded")
	if n := st.serving(); n != 2 {
		t.Fatalf("%d serve", n)
	}
	if n := st.w.Commands(st.ids[1], mark); n > 0 {
		t.Errorf("%d commands ran on it", n)
	}
	said := st.types(other, "status")
	for _, says := range []string{"Held", st.ids[1], dev, "new disk"} {
		if !strings.Contains(said, says) {
			t.Errorf("status does not say %q: %s", says, said)
		}
	}
	if said := st.types(dev, "drain web on web-2"); !strings.Contains(said, "held out of service by") || !strings.Contains(said, "new disk") {
		t.Errorf("a second drain is told: %s", said)
	}
	deploys := st.asks(dev, "web v42")
	st.shows(deploys, "Skipped: *web-2*")
	if card := st.card(deploys); !strings.Contains(card, "new disk") {
		t.Errorf("the request does not say why it is passed over:\n%s", card)
	}
	st.clicks(lead, deploys, "Approve")
	st.shows(deploys, "Succeeded")
	if ran := st.ran(1); len(ran) > 0 {
		t.Errorf("what is held was deployed to: %v", ran)
	}
	restore := st.asks(dev, "restore web on web-2")
	st.clicks(lead, restore, "Approve")
	st.shows(restore, "Succeeded")
	if n := st.serving(); n != 3 {
		t.Errorf("%d serve", n)
	}
	if said := st.types(other, "status"); !strings.Contains(said, "Nothing runs, nothing waits, nothing is held.") {
		t.Errorf("status after the restore: %s", said)
	}
}

func TestALockedServiceTellsWhoeverMeetsItByWhomSinceWhenAndWhy(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	waits := st.asks(dev, "web v41")
	mark := st.w.Mark()
	lock := st.asks(dev, "lock web because the sale runs")
	st.shows(lock, "Lock web: succeeded")
	for name, said := range map[string]string{
		"a deploy":      st.types(dev, "web v42"),
		"a plan":        st.types(other, "plan web v42"),
		"status":        st.types(other, "status"),
		"a second lock": st.types(dev, "lock web because of me"),
	} {
		if !strings.Contains(said, "ocked") || !strings.Contains(said, dev) || !strings.Contains(said, "the sale runs") {
			t.Errorf("%s is told: %s", name, said)
		}
	}
	// What was asked for before meets it at the approval.
	st.clicks(lead, waits, "Approve")
	st.shows(waits, "*Expired*. It is locked by")
	st.shows(waits, "the sale runs")
	if log := st.w.LogSince(mark); len(log) > 0 {
		t.Errorf("something happened: %+v", log)
	}
	unlock := st.asks(dev, "unlock web because it is over")
	st.shows(unlock, "Unlock web: succeeded")
	if said := st.types(dev, "unlock web"); !strings.Contains(said, "is not locked") {
		t.Errorf("a second unlock is told: %s", said)
	}
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
}

// Hosts behind no load balancer are chosen by their tags: nothing is drained, and the rest of a rollout is the same.
func TestInstancesByTagsAreDeployedToInTurnWithoutALoadBalancer(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.edit("    target_groups: [web]\n", "    instances: {tags: {Role: worker}}\n")
	ids := st.workers(2)
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	for _, id := range ids {
		data, err := os.ReadFile(filepath.Join(st.dir, id, "REVISION"))
		if err != nil || strings.TrimSpace(string(data)) != "v42" {
			t.Errorf("%s has %q (%v)", id, data, err)
		}
	}
	var running string
	for _, e := range st.w.LogSince(mark) {
		switch {
		case e.Kind == world.KindRegister || e.Kind == world.KindDeregister:
			t.Errorf("a target group was touched: %+v", e)
		case e.Kind == world.KindCommand && strings.Contains(strings.Join(st.ids, " "), e.Instance):
			t.Errorf("%s does not bear the tag", e.Instance)
		case e.Kind == world.KindCommand && running != "" && running != e.Command:
			t.Errorf("%s began while %s ran", e.Command, running)
		case e.Kind == world.KindCommand:
			running = e.Command
		case e.Kind == world.KindEnded:
			running = ""
		}
	}
	if said := st.types(dev, "drain web on worker-1"); !strings.Contains(said, "behind no load balancer") || !strings.Contains(said, "lock web because REASON") {
		t.Errorf("a drain is told: %s", said)
	}
	lock := st.asks(dev, "lock web because new disks")
	st.shows(lock, "Lock web: succeeded")
	if said := st.types(dev, "web v43"); !strings.Contains(said, "new disks") {
		t.Errorf("a locked service is told: %s", said)
	}
}

// workers adds instances that are in no target group and bear the tag Role: worker.
func (st *stage) workers(n int) []string {
	st.t.Helper()
	var ids []string
	for k := range n {
		id := fmt.Sprintf("i-aaa%014d", k+1)
		st.instance(id, fmt.Sprintf("worker-%d", k+1))
		if err := st.w.SetTags(id, map[string]string{"Role": "worker"}); err != nil {
			st.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}
