package awscloud_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/awscloud/awstest"
	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
	"junban/deploy/engine"
)

func TestFleetIsWhatAWSLists(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		// By ARN and by name, in the order asked for.
		got, err := f.Fleet(t.Context(), engine.Want{Groups: []string{f.addr, "web", "spare"}, Besides: []string{"i-4", "i-gone"}})
		must(t, err)
		at := func(group, id string, port int, h deploy.Health, reason string) deploy.Target {
			return deploy.Target{Pair: deploy.Pair{Group: group, Target: id, Port: port}, State: h, Reason: reason}
		}
		const fresh = "Elb.RegistrationInProgress"
		want := deploy.Fleet{
			Groups: []deploy.Group{
				{
					ARN: f.addr, Name: "addr", Type: "ip", Port: 8000, Delay: 7 * time.Second, Interval: 30 * time.Second, Balanced: true,
					Targets: []deploy.Target{at(f.addr, "10.0.0.3", 8000, deploy.Initial, fresh), at(f.addr, "10.9.9.9", 8000, deploy.Initial, fresh)},
					Owner:   map[string]string{"10.0.0.1": "i-1", "10.0.0.2": "i-2", "10.0.0.3": "i-3", "10.0.0.4": "i-4"},
				},
				{
					ARN: f.web, Name: "web", Type: "instance", Port: 80, Delay: 20 * time.Second, Interval: 5 * time.Second, Balanced: true,
					Targets: []deploy.Target{at(f.web, "i-1", 80, deploy.Initial, fresh), at(f.web, "i-2", 8080, deploy.Initial, fresh), at(f.web, "i-2", 8081, deploy.Initial, fresh)},
				},
				{ARN: f.spare, Name: "spare", Type: "instance", Port: 80, Interval: 30 * time.Second},
			},
			Instances: map[string]deploy.Instance{"i-gone": {ID: "i-gone", State: "terminated"}},
		}
		for n := 1; n <= 4; n++ {
			id := fmt.Sprintf("i-%d", n)
			want.Instances[id] = deploy.Instance{ID: id, Name: fmt.Sprintf("web-%d", n), IP: fmt.Sprintf("10.0.0.%d", n), Zone: "ap-northeast-1a", State: "running"}
		}
		if d := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Reason" }, cmp.Ignore())); d != "" {
			t.Error(d)
		}
		if n := f.sim.Count("DescribeTargetGroups"); n != 2 { // names and ARNs cannot be mixed in one call
			t.Errorf("%d DescribeTargetGroups, want 2", n)
		}
	})
}

func TestAFleetTakesFewCalls(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		_, err := f.Fleet(t.Context(), engine.Want{Groups: []string{"web"}})
		must(t, err)
		if n := len(f.sim.Calls()); n != 4 { // groups, attributes, health, instances
			t.Errorf("one group took %d calls, want 4", n)
		}
	})
}

func TestATargetThatIsOutKeepsItsOwner(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		must(t, f.world.Deregister("addr", []world.Pair{{ID: "10.0.0.3"}}))
		time.Sleep(8 * time.Second)
		got, err := f.Fleet(t.Context(), engine.Want{Groups: []string{"addr"}, Besides: []string{"i-3"}})
		must(t, err)
		if owner := got.Groups[0].Owner["10.0.0.3"]; owner != "i-3" {
			t.Errorf("10.0.0.3 belongs to %q, want i-3", owner)
		}
	})
}

func TestAMissingGroupIsNamed(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		_, err := f.Fleet(t.Context(), engine.Want{Groups: []string{"web", "wev", "spare", "nope"}})
		fault(t, err, deploy.Refused, "TargetGroupNotFound", "nope, wev")
		arn := f.web[:len(f.web)-16] + "0123456789abcdef"
		_, err = f.Fleet(t.Context(), engine.Want{Groups: []string{arn}})
		fault(t, err, deploy.Refused, "TargetGroupNotFound", arn)
	})
}

func TestUnknownInstancesAmongManyAreFound(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		var ids []string
		for n := 100; n < 400; n++ {
			id := fmt.Sprintf("i-%d", n)
			ids = append(ids, id)
			if n != 123 && n != 399 {
				f.world.AddInstance(world.Instance{ID: id})
			}
		}
		got, err := f.Fleet(t.Context(), engine.Want{Groups: []string{"spare"}, Besides: ids})
		must(t, err)
		if len(got.Instances) != len(ids) {
			t.Fatalf("%d instances, want %d", len(got.Instances), len(ids))
		}
		for id, i := range got.Instances {
			if gone := id == "i-123" || id == "i-399"; gone != (i.State == "terminated") {
				t.Errorf("%s is %s", id, i.State)
			}
		}
		if n := f.sim.Count("DescribeInstances"); n > 40 {
			t.Errorf("%d calls for 300 instances", n)
		}
	})
}

func TestHost(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		state := func(id string) string {
			t.Helper()
			asked := time.Now()
			h, err := f.Host(t.Context(), id)
			must(t, err)
			if h.Begun.Before(asked) {
				t.Errorf("the reading of %s was begun %v before it was asked for", id, asked.Sub(h.Begun))
			}
			return h.State
		}
		must(t, f.world.Stop("i-2"))
		must(t, f.world.Terminate("i-3"))
		for id, want := range map[string]string{"i-1": "running", "i-2": "stopped", "i-3": "terminated", "i-unknown": "terminated"} {
			if got := state(id); got != want {
				t.Errorf("%s is %q, want %q", id, got, want)
			}
		}
		time.Sleep(time.Millisecond)
		must(t, f.world.Start("i-2"))
		if got := state("i-2"); got != "running" {
			t.Errorf("after a start i-2 is %q", got)
		}
	})
}

func TestAnAnswerThatLacksAnInstanceIsNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		empty := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId><reservationSet/></DescribeInstancesResponse>`))
		})
		c := awscloud.New(awstest.Config(t, empty, nil), awscloud.Options{})
		_, err := c.Host(t.Context(), "i-1")
		fault(t, err, deploy.Unsure, "malformed", "i-1")
	})
}

func TestFaultsOfAFleetSayWhatWasAsked(t *testing.T) {
	for action, words := range map[string][]string{
		"DescribeTargetGroups":          {"DescribeTargetGroups web"},
		"DescribeTargetGroupAttributes": {"DescribeTargetGroupAttributes of target group web"},
		"DescribeTargetHealth":          {"DescribeTargetHealth of target group web"},
		"DescribeInstances":             {"DescribeInstances i-1, i-2"},
	} {
		t.Run(action, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.sim.Fault(awssim.Fault{Action: action, Code: "InternalFailure"})
				_, err := f.Fleet(t.Context(), engine.Want{Groups: []string{"web"}})
				fault(t, err, deploy.Unsure, append(words, "InternalFailure")...)
				if n := f.sim.Count(action); n != 3 {
					t.Errorf("%d tries, want 3", n)
				}
			})
		})
	}
}

func TestAFleetSurvivesOneFailure(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.sim.Fault(awssim.Fault{Do: awssim.Drop, Times: 1})
		f.sim.Fault(awssim.Fault{Action: "DescribeTargetHealth", Code: "ThrottlingException", Status: 400, Times: 1})
		_, err := f.Fleet(t.Context(), engine.Want{Groups: []string{"web"}})
		must(t, err)
	})
}

func TestACancelledFleetLeavesNothingBehind(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		held := f.sim.Fault(awssim.Fault{Action: "DescribeTargetHealth", Do: awssim.Hold})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-held.Held()
			cancel()
		}()
		_, err := f.Fleet(ctx, engine.Want{Groups: []string{"web"}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the cancellation", err)
		}
		held.Discard()
	})
}
