package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
)

func laneNames(p deploy.Plan) []string {
	var out []string
	for _, l := range p.Lanes {
		out = append(out, l.Name)
	}
	return out
}

func stepVerbs(l deploy.Lane) string {
	var out []string
	for _, s := range l.Steps {
		out = append(out, string(s.Verb))
	}
	return strings.Join(out, " ")
}

// TestAPlanUsesThePairsThatAreListed: an overridden port, two ports of one instance, two groups: exactly these leave
// and the same come back.
func TestAPlanUsesThePairsThatAreListed(t *testing.T) {
	f := fleet(2, "web", "api")
	f.Groups[0].Targets = append(f.Groups[0].Targets, deploy.Target{Pair: deploy.Pair{Group: "arn:web", Target: "i-1", Port: 8081}, State: deploy.Healthy})
	f.Groups[1].Targets[0].Port = 9999
	p := plan(t, request(deploy.KindDeploy, ""), f)
	want := []deploy.Pair{
		{Group: "arn:api", Target: "i-1", Port: 9999}, {Group: "arn:web", Target: "i-1", Port: 8080}, {Group: "arn:web", Target: "i-1", Port: 8081},
	}
	for _, n := range []int{0, 3} {
		if d := cmp.Diff(want, p.Lanes[0].Steps[n].Pairs); d != "" {
			t.Errorf("%s of i-1:\n%s", p.Lanes[0].Steps[n].Verb, d)
		}
	}
	if got := stepVerbs(p.Lanes[0]); got != "leave command verify join" {
		t.Errorf("the lane is %s", got)
	}
	if got := p.Needs(); !slices.Contains(got, "group:arn:api") || !slices.Contains(got, "instance:i-2") || len(got) != 4 {
		t.Errorf("it needs %v", got)
	}
}

// TestTargetsByAddress: in a group of type ip the targets are addresses, and the owner is the instance behind them.
func TestTargetsByAddress(t *testing.T) {
	f := fleet(2, "web", "api")
	g := &f.Groups[1]
	g.Type, g.Owner = "ip", map[string]string{"10.0.0.1": "i-1", "10.0.0.2": "i-2"}
	for k := range g.Targets {
		g.Targets[k].Target = f.Instances[instance(k+1)].IP
	}
	p := plan(t, request(deploy.KindDeploy, ""), f)
	if d := cmp.Diff([]string{"i-1", "i-2"}, laneNames(p)); d != "" {
		t.Fatal(d)
	}
	want := []deploy.Pair{{Group: "arn:api", Target: "10.0.0.1", Port: 8080}, {Group: "arn:web", Target: "i-1", Port: 8080}}
	if d := cmp.Diff(want, p.Lanes[0].Steps[0].Pairs); d != "" {
		t.Error(d)
	}
	if p.Preview.Healthy["arn:api"] != 2 || p.Preview.Minimum["arn:api"] != 1 {
		t.Errorf("healthy %v, minimum %v", p.Preview.Healthy, p.Preview.Minimum)
	}
	g.Targets = append(g.Targets, deploy.Target{Pair: deploy.Pair{Group: g.ARN, Target: "10.9.9.9", Port: 80}, State: deploy.Healthy})
	p = plan(t, request(deploy.KindDeploy, ""), f)
	if len(p.Preview.Skipped) != 1 || p.Preview.Skipped[0].Instance != "10.9.9.9" || p.Preview.Skipped[0].Cause.Code != deploy.ForeignTarget {
		t.Errorf("an address that is no instance's: %+v", p.Preview.Skipped)
	}
}

func hold(n int, by string) deploy.Lock {
	return deploy.Lock{Resource: "instance:" + instance(n), Op: "op-0", By: by, Since: noon, Why: "disk", Hold: true, Pairs: []deploy.Pair{pair("web", n)}}
}

func TestWhatAPlanLeavesAlone(t *testing.T) {
	f := fleet(5, "web")
	i := f.Instances["i-2"]
	i.State = "stopped"
	f.Instances["i-2"] = i
	f.Groups[0].Targets[1].State = deploy.Unused
	f.Groups[0].Targets[2].State = deploy.Draining // by another hand: it is leaving, and is no part of the fleet
	f.Groups[0].Targets = slices.Delete(f.Groups[0].Targets, 3, 4)
	f.Held = []deploy.Lock{hold(4, "U-x")}
	p := plan(t, request(deploy.KindDeploy, ""), f)
	if d := cmp.Diff([]string{"i-1", "i-5"}, laneNames(p)); d != "" {
		t.Error(d)
	}
	got := map[string]deploy.Code{}
	for _, s := range p.Preview.Skipped {
		got[s.Instance] = s.Cause.Code
	}
	if d := cmp.Diff(map[string]deploy.Code{"i-2": deploy.InstanceGone, "i-4": deploy.AlreadyHeld}, got); d != "" {
		t.Error(d)
	}
	f.Groups[0].Targets = append(f.Groups[0].Targets, deploy.Target{Pair: pair("web", 4), State: deploy.Healthy})
	if got := laneNames(plan(t, request(deploy.KindDeploy, ""), f)); slices.Contains(got, "i-4") {
		t.Error("a held instance that is in service all the same is deployed to")
	}
}

// TestWhatIsOutStaysInTheFleet: what an unfinished operation has out is a lane, and counts in every percentage, or the
// plan would change while somebody else rolls.
func TestWhatIsOutStaysInTheFleet(t *testing.T) {
	whole := plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))
	for name, draining := range map[string]bool{"draining": true, "drained": false} {
		f := fleet(3, "web")
		f.Groups[0].Targets[1].State = deploy.Draining
		if !draining {
			f.Groups[0].Targets = slices.Delete(f.Groups[0].Targets, 1, 2)
		}
		f.Out = []deploy.Pair{pair("web", 2), {Group: "arn:elsewhere", Target: "i-2", Port: 1}}
		p := plan(t, request(deploy.KindDeploy, ""), f)
		if p.Hash() != whole.Hash() {
			t.Errorf("%s: %s", name, deploy.Difference(whole.Terms, p.Terms))
		}
		if p.Preview.Order[0] != 1 || p.Preview.Healthy["arn:web"] != 2 {
			t.Errorf("%s: order %v, %d healthy", name, p.Preview.Order, p.Preview.Healthy["arn:web"])
		}
	}
}

func TestOnOneInstance(t *testing.T) {
	f := fleet(4, "web")
	twin := f.Instances["i-4"]
	twin.Name = "web-3"
	f.Instances["i-4"] = twin
	f.Instances["i-9"] = deploy.Instance{ID: "i-9", Name: "db-1", State: "running"}
	f.Held = []deploy.Lock{hold(7, "U-x")}
	f.Instances["i-7"] = deploy.Instance{ID: "i-7", Name: "web-7", State: "running"}
	for _, kind := range []deploy.Kind{deploy.KindDeploy, deploy.KindDrain} {
		for on, want := range map[string]string{"web-2": "i-2", "i-2": "i-2", "i-4": "i-4"} {
			if got := laneNames(plan(t, request(kind, on), f)); len(got) != 1 || got[0] != want {
				t.Errorf("%s on %s: %v", kind, on, got)
			}
		}
		_, err := deploy.MakePlan(request(kind, "web-3"), f)
		refused(t, err, deploy.TwoInstances, "ids", "i-3 i-4")
		_, err = deploy.MakePlan(request(kind, "web-8"), f)
		refused(t, err, deploy.NoSuchInstance, "instance", "web-8", "known", "web-1, web-2, web-3, web-3")
		_, err = deploy.MakePlan(request(kind, "db-1"), f)
		refused(t, err, deploy.NoSuchInstance)
		_, err = deploy.MakePlan(request(kind, "web-7"), f)
		refused(t, err, deploy.AlreadyHeld, "by", "U-x", "why", "disk")
	}
}

func TestRestoreTakesAHoldOver(t *testing.T) {
	f := fleet(3, "web")
	f.Groups[0].Targets = f.Groups[0].Targets[:2]
	f.Held = []deploy.Lock{hold(3, "U-x")}
	for _, on := range []string{"web-3", "i-3"} {
		p := plan(t, request(deploy.KindRestore, on), f)
		if got := stepVerbs(p.Lanes[0]); got != "join" || p.Preview.Takes["instance:i-3"] != "op-0" || p.Lanes[0].Steps[0].Pairs[0] != pair("web", 3) {
			t.Errorf("on %s: %s over %s, %v", on, got, p.Preview.Takes, p.Lanes[0].Steps[0].Pairs)
		}
	}
	_, err := deploy.MakePlan(request(deploy.KindRestore, "web-1"), f)
	refused(t, err, deploy.NotHeld, "held", "web-3")
}

func TestFleetsThatAllowNoPlan(t *testing.T) {
	deployAll := request(deploy.KindDeploy, "")
	_, err := deploy.MakePlan(request("explode", ""), fleet(3, "web"))
	refused(t, err, deploy.UnknownAct)
	_, err = deploy.MakePlan(deployAll, fleet(0, "web", "api"))
	refused(t, err, deploy.NoTargets, "groups", "web, api")

	f := fleet(3, "web")
	f.Groups[0].Balanced = false
	_, err = deploy.MakePlan(deployAll, f)
	refused(t, err, deploy.NotBalanced, "group", "web")

	f = fleet(3, "web")
	for k := range f.Groups[0].Targets {
		f.Groups[0].Targets[k].State = deploy.Unhealthy
	}
	if _, err = deploy.MakePlan(deployAll, f); err != nil { // before anything leaves, a person is asked
		t.Error(err)
	}

	f = fleet(2, "web")
	f.Held = []deploy.Lock{hold(1, "U-x"), hold(2, "U-x")}
	_, err = deploy.MakePlan(deployAll, f)
	refused(t, err, deploy.AllHeld, "held", "2")

	f = fleet(1, "web")
	f.Instances = nil
	r := deployAll
	r.Rules.MinHealthy = deploy.Count{}
	_, err = deploy.MakePlan(r, f)
	refused(t, err, deploy.ForeignTarget)
}

// TestAMinimumThatCannotBeKept: the refusal names the largest minimum that works, and that one does work.
// A host behind no load balancer has nothing to leave.
func TestNothingToDrainBehindNoLoadBalancer(t *testing.T) {
	f := fleet(2)
	f.Tagged = []string{instance(1), instance(2)}
	_, err := deploy.MakePlan(request(deploy.KindDrain, "web-1"), f)
	refused(t, err, deploy.NothingToLeave)
}

func TestAMinimumThatCannotBeKept(t *testing.T) {
	for _, c := range []struct {
		registered int
		min        deploy.Count
		minimum    string // "" = it can be kept
		largest    string
	}{
		{3, deploy.Count{N: 2}, "", ""},
		{3, deploy.Count{N: 3}, "3", "2"},
		{3, deploy.Count{N: 9}, "9", "2"},
		{1, deploy.Count{N: 1}, "1", "0"},
		{1, deploy.Count{}, "", ""},
		{3, deploy.Count{N: 66, Percent: true}, "", ""}, // 1.98, so 2
		{3, deploy.Count{N: 67, Percent: true}, "3", "2"},
		{4, deploy.Count{N: 75, Percent: true}, "", ""},
		{4, deploy.Count{N: 100, Percent: true}, "4", "3"},
		{2, deploy.Count{N: 1, Percent: true}, "", ""},
	} {
		r := request(deploy.KindDeploy, "")
		r.Rules.MinHealthy = c.min
		_, err := deploy.MakePlan(r, fleet(c.registered, "web"))
		if c.minimum == "" {
			if err != nil {
				t.Errorf("%s of %d: %v", c.min, c.registered, err)
			}
			continue
		}
		refused(t, err, deploy.MinimumTooHigh, "group", "web", "minimum", c.minimum, "largest", c.largest)
	}
	two := fleet(3, "web", "api") // the smaller group binds
	two.Groups[1].Targets = two.Groups[1].Targets[:1]
	_, err := deploy.MakePlan(request(deploy.KindDeploy, ""), two)
	refused(t, err, deploy.MinimumTooHigh, "group", "api", "registered", "1", "largest", "0")
	if _, err := deploy.MakePlan(request(deploy.KindDeploy, "web-2"), two); err != nil {
		t.Errorf("an instance that is in no small group: %v", err)
	}
}

// TestOrder: first what takes no capacity away, then zone by zone, then by name.
func TestOrder(t *testing.T) {
	f := fleet(6, "web")
	for id, zone := range map[string]string{"i-1": "c", "i-2": "b", "i-4": "c"} {
		i := f.Instances[id]
		i.Zone = zone
		f.Instances[id] = i
	}
	f.Groups[0].Targets[4].State = deploy.Unhealthy
	i := f.Instances["i-6"]
	i.Name = "web-0"
	f.Instances["i-6"] = i
	p := plan(t, request(deploy.KindDeploy, ""), f)
	if d := cmp.Diff([]int{4, 5, 2, 1, 0, 3}, p.Preview.Order); d != "" {
		t.Error(d)
	}
	if !slices.IsSorted(laneNames(p)) {
		t.Errorf("the lanes are not sorted by instance: %v", laneNames(p))
	}
}

// TestTheWindowCountsTheWholeFleet: also what is out now, and never less than one.
func TestTheWindowCountsTheWholeFleet(t *testing.T) {
	f := fleet(4, "web")
	f.Out = []deploy.Pair{pair("web", 4)}
	f.Groups[0].Targets = f.Groups[0].Targets[:3]
	r := request(deploy.KindDeploy, "")
	for _, c := range []struct {
		max  deploy.Count
		want int
	}{{deploy.Count{N: 50, Percent: true}, 2}, {deploy.Count{N: 49, Percent: true}, 1}, {deploy.Count{N: 1, Percent: true}, 1}, {deploy.Count{N: 3}, 3}} {
		r.Rules.MaxUnavailable = c.max
		if p := plan(t, r, f); p.Preview.Window != c.want {
			t.Errorf("%s of 4: %d", c.max, p.Preview.Window)
		}
	}
}

func TestEstimate(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.Rules.MaxUnavailable = deploy.Count{N: 2}
	for kind, want := range map[deploy.Kind]string{deploy.KindDeploy: "25s 1m15s", deploy.KindDrain: "20s 20s", deploy.KindRestore: "5s 5s"} {
		f, q := fleet(6, "web"), r
		q.Kind = kind
		if kind != deploy.KindDeploy {
			q.On = "web-6"
		}
		if kind == deploy.KindRestore {
			f.Held = []deploy.Lock{hold(6, "U-x")}
		}
		if kind == deploy.KindDeploy {
			f = fleet(5, "web") // three rounds of at most two
		}
		if e := plan(t, q, f).Preview.Estimate; e.PerInstance.String()+" "+e.Total.String() != want {
			t.Errorf("%s: %+v, not %s", kind, e, want)
		}
	}
}
