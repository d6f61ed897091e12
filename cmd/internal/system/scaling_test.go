package system

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"junban/deploy/awssim/world"
)

// scales puts instances into an Auto Scaling group that watches over the stage's target group.
func (st *stage) scales(name string, ids ...string) {
	st.t.Helper()
	st.w.AddScalingGroup(world.ScalingGroup{Name: name, Max: len(ids) + 2, Min: len(ids)})
	if err := st.w.AttachInstances(name, ids); err != nil {
		st.t.Fatal(err)
	}
}

var suspendLine = regexp.MustCompile(`aws autoscaling suspend-processes --auto-scaling-group-name (\S+) --scaling-processes ([A-Za-z ]+)`)

func TestAnInstanceThatItsAutoScalingGroupWouldReplaceIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{free: true})
	st.scales("web-asg", st.ids...)
	st.bot()
	mark := st.w.Mark()
	said := st.types(dev, "web v42")
	line := suspendLine.FindStringSubmatch(said)
	if line == nil || line[1] != "web-asg" || !strings.Contains(said, "would replace it as soon as it leaves") {
		t.Fatalf("told: %s", said)
	}
	if said := st.types(dev, "drain web on web-1 because new disk"); !strings.Contains(said, "web-asg") {
		t.Errorf("a drain is told: %s", said)
	}
	if log := st.w.LogSince(mark); len(log) > 0 || len(st.parents()) > 0 {
		t.Errorf("something happened: %+v\n%s", log, st.transcript())
	}

	// What it says is enough.
	if err := st.w.SuspendProcesses("web-asg", strings.Fields(line[2])); err != nil {
		t.Fatal(err)
	}
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	st.safe(mark)
	for _, m := range st.w.Members() {
		if !slices.Contains(st.ids, m.Instance) || m.Life != world.LifeInService {
			t.Errorf("%s is %s: the group has replaced it", m.Instance, m.Life)
		}
	}
	for n := range st.ids {
		if ran := st.ran(n); len(ran) != 1 {
			t.Errorf("instance %d ran %v", n, ran)
		}
	}
}

// Two services of one Auto Scaling group: what one does to the group, the other would see.
func TestRolloutsOfTwoServicesOfOneAutoScalingGroupDoNotOverlap(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{free: true, more: services(1)})
	st.addGroup("svc0", time.Second)
	ids := slices.Clone(st.ids)
	for n := range 3 {
		ids = append(ids, fmt.Sprintf("i-abc0%013d", n+1))
	}
	st.scales("both", ids...)
	if err := st.w.SuspendProcesses("both", []string{"ReplaceUnhealthy", "Terminate", "AZRebalance"}); err != nil {
		t.Fatal(err)
	}
	st.bot()
	first, second := st.asks(dev, "web v42"), st.asks(dev, "svc0 v42")
	st.clicks(lead, first, "Approve")
	st.shows(first, "Rolling")
	st.clicks(lead, second, "Approve")
	st.shows(second, "Queued")
	st.shows(second, "the Auto Scaling group both")
	st.shows(first, "Succeeded")
	st.shows(second, "Succeeded")
	began, ended := 0, 0
	for _, e := range st.w.Log() {
		switch {
		case e.Kind == world.KindRegister && e.Group == "web":
			ended = e.Seq
		case e.Kind == world.KindDeregister && e.Group == "svc0" && began == 0:
			began = e.Seq
		}
	}
	if began < ended {
		t.Errorf("svc0 began (%d) before web had ended (%d)", began, ended)
	}
}
