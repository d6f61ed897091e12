package awscloud_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/awscloud/awstest"
	"junban/deploy/awssim/world"
	"junban/deploy/engine"
)

// scaled adds an Auto Scaling group with instances in service.
func (f *fixture) scaled(name string, least int, suspended []string, ids ...string) {
	g := awstest.ScalingGroup{Name: name, Min: least, Desired: len(ids), Max: 10, Suspended: suspended, Lives: map[string]string{}}
	for _, id := range ids {
		g.Lives[id] = "InService"
	}
	f.account.AddScaling(g)
}

func TestAFleetKnowsItsAutoScalingGroups(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.scaled("asg-web", 1, []string{"ReplaceUnhealthy", "AZRebalance"}, "i-1", "i-3")
		f.scaled("asg-other", 1, []string{"Launch"}, "i-99")
		got, err := f.Fleet(t.Context(), engine.Want{Groups: []string{"web", "addr"}, Besides: []string{"i-gone"}})
		must(t, err)
		for id, want := range map[string]string{"i-1": "asg-web", "i-2": "", "i-3": "asg-web", "i-gone": ""} {
			i, ok := got.Instances[id]
			if !ok || i.Scaling != want {
				t.Errorf("%s belongs to %q, want %q", id, i.Scaling, want)
			}
			suspended := []string{"AZRebalance", "ReplaceUnhealthy"}
			if want == "" {
				suspended = nil
			}
			if d := cmp.Diff(suspended, i.Suspended); d != "" {
				t.Errorf("%s: %s", id, d)
			}
		}
		for _, action := range []string{"DescribeAutoScalingInstances", "DescribeAutoScalingGroups"} {
			if n := len(f.account.Of(action)); n != 1 {
				t.Errorf("%d %s, want 1", n, action)
			}
		}
		if asked := f.account.Of("DescribeAutoScalingInstances")[0].Form; asked.Has("InstanceIds.member.4") {
			t.Errorf("it asked about an instance that is gone: %v", asked)
		}
	})
}

func TestWithoutAutoScalingOneCallMore(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.scaled("asg-other", 1, nil, "i-99")
		_, err := f.Fleet(t.Context(), engine.Want{Groups: []string{"web"}})
		must(t, err)
		_, err = f.Fleet(t.Context(), engine.Want{Groups: []string{"spare"}}) // no instance: nothing to ask
		must(t, err)
		if n, m := len(f.account.Of("DescribeAutoScalingInstances")), len(f.account.Of("DescribeAutoScalingGroups")); n != 1 || m != 0 {
			t.Errorf("%d and %d calls, want 1 and 0", n, m)
		}
	})
}

func TestManyInstancesTakeFewAutoScalingCalls(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.account.Page = 20
		var ids []string
		for n := 100; n < 220; n++ {
			id := fmt.Sprintf("i-%d", n)
			ids = append(ids, id)
			f.world.AddInstance(world.Instance{ID: id})
		}
		f.scaled("asg", 1, nil, ids...)
		got, err := f.Fleet(t.Context(), engine.Want{Groups: []string{"spare"}, Besides: ids})
		must(t, err)
		for _, id := range ids {
			if got.Instances[id].Scaling != "asg" {
				t.Errorf("%s belongs to %q", id, got.Instances[id].Scaling)
			}
		}
		if n := len(f.account.Of("DescribeAutoScalingInstances")); n != 7 { // 50, 50 and 20 ids, in pages of 20
			t.Errorf("%d calls for 120 instances, want 7", n)
		}
	})
}

func TestARoleThatMayNotReadAutoScalingIsToldWhatItLacks(t *testing.T) {
	for _, action := range []string{"DescribeAutoScalingInstances", "DescribeAutoScalingGroups"} {
		t.Run(action, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.scaled("asg-web", 1, nil, "i-1")
				f.account.Fail(action, "AccessDenied", 403, 1)
				_, err := f.Fleet(t.Context(), engine.Want{Groups: []string{"web"}})
				fault(t, err, deploy.Refused, "the role lacks autoscaling:"+action, "junban policy")
			})
		})
	}
}

func TestTaggedInstances(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		for id, tags := range map[string]map[string]string{
			"i-w3": {"Role": "worker", "Env": "prod", "Name": "worker-3"},
			"i-w1": {"Role": "worker", "Env": "prod"},
			"i-w2": {"Role": "worker", "Env": "prod"},
			"i-w4": {"Role": "worker", "Env": "staging"},
			"i-w5": {"Role": "worker"},
			"i-w6": {"Role": "worker", "Env": "prod"},
			"i-w7": {"role": "worker", "Env": "prod"},
			"i-s":  {"Role": "*"},
			"i-sx": {"Role": "*x"},
		} {
			f.world.AddInstance(world.Instance{ID: id, Name: tags["Name"], Tags: tags})
		}
		must(t, f.world.Stop("i-w2"))
		must(t, f.world.Terminate("i-w6"))
		for name, c := range map[string]struct{ tags, want string }{
			"all of them":      {"Role=worker Env=prod", "i-w1 i-w2 i-w3"},
			"one":              {"Role=worker", "i-w1 i-w2 i-w3 i-w4 i-w5"},
			"a star is a star": {"Role=*", "i-s"}, // EC2 itself would match every role
			"none":             {"Role=nobody", ""},
		} {
			got, err := f.Fleet(t.Context(), engine.Want{Tags: tagsOf(c.tags), Besides: []string{"i-4"}})
			must(t, err)
			want := words(c.want)
			if d := cmp.Diff(want, got.Tagged); d != "" {
				t.Errorf("%s: %s", name, d)
			}
			if all := slices.Sorted(maps.Keys(got.Instances)); !slices.Equal(all, slices.Sorted(slices.Values(append(want, "i-4")))) {
				t.Errorf("%s: the instances are %v", name, all)
			}
		}
		got, err := f.Fleet(t.Context(), engine.Want{Tags: tagsOf("Role=worker Env=prod")})
		must(t, err)
		if i := got.Instances["i-w3"]; i.Name != "worker-3" || got.Instances["i-w2"].State != "stopped" {
			t.Errorf("got %+v and %+v", i, got.Instances["i-w2"])
		}
		if got, err = f.Fleet(t.Context(), engine.Want{Tags: map[string]string{}}); err != nil || len(got.Tagged) != 0 {
			t.Errorf("no tags are %v, %v", got.Tagged, err)
		}
	})
}

func TestStandby(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.scaled("asg", 1, []string{"AZRebalance"}, "i-1", "i-2")
		must(t, f.SuspendProcesses(t.Context(), "asg", []string{"ReplaceUnhealthy", "AlarmNotification"}))
		must(t, f.EnterStandby(t.Context(), "i-1", "asg"))
		got, err := f.ScalingGroup(t.Context(), "asg")
		must(t, err)
		want := awscloud.ScalingGroup{Name: "asg", Min: 1, Desired: 1, Max: 10, Suspended: []string{"AZRebalance", "AlarmNotification", "ReplaceUnhealthy"}, Lives: map[string]string{"i-1": "EnteringStandby", "i-2": "InService"}}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		fault(t, f.EnterStandby(t.Context(), "i-2", "asg"), deploy.Refused, "EnterStandby of i-2 in Auto Scaling group asg", "ValidationError", "min-size=1")
		fault(t, f.ExitStandby(t.Context(), "i-2", "asg"), deploy.Refused, "ExitStandby of i-2", "not in Standby")

		must(t, f.SetMin(t.Context(), "asg", 0, 1))
		must(t, f.SetMin(t.Context(), "asg", 0, 1)) // asked again after a crash
		must(t, f.EnterStandby(t.Context(), "i-2", "asg"))
		f.account.AddScaling(awstest.ScalingGroup{Name: "asg", Min: 0, Max: 10, Lives: map[string]string{"i-1": "Standby", "i-2": "Standby"}, Suspended: got.Suspended})
		must(t, f.ExitStandby(t.Context(), "i-1", "asg"))
		must(t, f.ResumeProcesses(t.Context(), "asg", []string{"ReplaceUnhealthy", "AlarmNotification"}))
		must(t, f.SetMin(t.Context(), "asg", 1, 0))
		got, err = f.ScalingGroup(t.Context(), "asg")
		must(t, err)
		want = awscloud.ScalingGroup{Name: "asg", Min: 1, Desired: 1, Max: 10, Suspended: []string{"AZRebalance"}, Lives: map[string]string{"i-1": "Pending", "i-2": "Standby"}}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestAMinimumThatSomebodyElseChangedStays(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.scaled("asg", 2, nil, "i-1", "i-2")
		err := f.SetMin(t.Context(), "asg", 3, 1)
		fault(t, err, deploy.Refused, "its minimum is 2 and not 1")
		if len(f.account.Of("UpdateAutoScalingGroup")) != 0 {
			t.Error("it was changed")
		}
		fault(t, f.SetMin(t.Context(), "gone", 3, 1), deploy.Refused, "no Auto Scaling group has the name gone")
		fault(t, f.SetMin(t.Context(), "asg", -1, 2), deploy.Refused, "0 or more")
	})
}

func TestWhatAWSWouldTakeForAllIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.scaled("asg", 2, nil, "i-1")
		for _, err := range []error{
			f.SuspendProcesses(t.Context(), "asg", nil), f.ResumeProcesses(t.Context(), "asg", []string{}),
			f.EnterStandby(t.Context(), "", "asg"), f.ExitStandby(t.Context(), "i-1", ""),
		} {
			fault(t, err, deploy.Refused, "not named")
		}
		if n := len(f.account.Calls()); n != 0 {
			t.Errorf("%d calls were made", n)
		}
	})
}

func TestAStandbyIsOneTry(t *testing.T) {
	for action, do := range map[string]func(t *testing.T, f *fixture) error{
		"EnterStandby": func(t *testing.T, f *fixture) error { return f.EnterStandby(t.Context(), "i-1", "asg") },
		"ExitStandby":  func(t *testing.T, f *fixture) error { return f.ExitStandby(t.Context(), "i-1", "asg") },
		"SuspendProcesses": func(t *testing.T, f *fixture) error {
			return f.SuspendProcesses(t.Context(), "asg", []string{"Launch"})
		},
		"ResumeProcesses":        func(t *testing.T, f *fixture) error { return f.ResumeProcesses(t.Context(), "asg", []string{"Launch"}) },
		"UpdateAutoScalingGroup": func(t *testing.T, f *fixture) error { return f.SetMin(t.Context(), "asg", 0, 1) },
	} {
		for code, want := range map[string]struct {
			status int
			class  deploy.Class
		}{
			"InternalFailure":           {500, deploy.Unsure},
			"ResourceContention":        {500, deploy.Throttled},
			"ScalingActivityInProgress": {400, deploy.Throttled},
			"AccessDenied":              {403, deploy.Refused},
		} {
			t.Run(action+" "+code, func(t *testing.T) {
				bubble(t, func(t *testing.T, f *fixture) {
					f.scaled("asg", 1, nil, "i-1")
					f.account.Fail(action, code, want.status, 9)
					began := time.Now()
					fault(t, do(t, f), want.class, action, code, "asg")
					if n := len(f.account.Of(action)); n != 1 || time.Since(began) != 0 {
						t.Errorf("%d tries in %v", n, time.Since(began))
					}
				})
			})
		}
	}
}

func TestAPatternOfEC2FindsNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := func(id, role string) string {
			return "<item><instanceId>" + id + "</instanceId><instanceState><code>16</code><name>running</name></instanceState>" +
				"<tagSet><item><key>Role</key><value>" + role + "</value></item></tagSet></item>"
		}
		account := awstest.NewAccount(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item><instancesSet>%s%s</instancesSet></item></reservationSet></DescribeInstancesResponse>`,
				line("i-1", "*"), line("i-2", "worker"))
		}))
		c := awscloud.New(awstest.Config(t, account, nil), awscloud.Options{})
		got, err := c.Fleet(t.Context(), engine.Want{Tags: map[string]string{"Role": "*"}})
		if err != nil || len(got.Tagged) != 1 || got.Tagged[0] != "i-1" || len(got.Instances) != 1 {
			t.Errorf("got %v, %v", got, err)
		}
	})
}
