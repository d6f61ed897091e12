package awscloud_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
	"junban/deploy/doctor"
	"junban/deploy/engine"
)

func TestASurveyIsWhatAWSSays(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		must(t, f.world.SetAttributes("web", map[string]string{
			"stickiness.enabled": "true", "load_balancing.cross_zone.enabled": "false", "slow_start.duration_seconds": "45",
		}))
		f.world.SetZones("lb", []world.Zone{{Name: "ap-northeast-1c", Subnet: "subnet-c"}, {Name: "ap-northeast-1a", Subnet: "subnet-a"}})
		f.world.SetAgent("i-1", true)
		s, err := f.Survey(t.Context(), awscloud.Subject{Want: engine.Want{Groups: []string{"web"}}, Agents: true})
		must(t, err)
		if len(s.Groups) != 1 || len(s.Balancers) != 1 {
			t.Fatalf("%+v", s)
		}
		g := s.Groups[0]
		if !g.Attributes || !g.Sticky || g.CrossZone != "false" || g.SlowStart != 45*time.Second || g.Delay != 20*time.Second || len(g.Targets) != 3 ||
			len(g.Balancers) != 1 || g.Balancers[0] != s.Balancers[0].ARN {
			t.Errorf("%+v", g)
		}
		want := doctor.Balancer{
			ARN: s.Balancers[0].ARN, Name: "lb", Type: "application", Scheme: "internet-facing", Others: []string{"addr"}, OthersOK: true,
			Zones: []doctor.Zone{{Name: "ap-northeast-1a", Subnet: "subnet-a"}, {Name: "ap-northeast-1c", Subnet: "subnet-c"}},
		}
		if d := cmp.Diff(want, s.Balancers[0]); d != "" {
			t.Error(d)
		}
		i := s.Instances["i-1"]
		if len(s.Instances) != 2 || i.Name != "web-1" || i.Zone != "ap-northeast-1a" || i.Type != "t3.small" || i.Image == "" || i.Subnet == "" || i.Tokens != "required" {
			t.Errorf("%+v", s.Instances)
		}
		if s.Region != "ap-northeast-1" || s.Agents["i-1"] != doctor.Online || s.Agents["i-2"] == doctor.Online || s.Denied != nil || s.Unread != nil {
			t.Errorf("%+v", s)
		}
	})
}

// TestASurveyTakesFewCalls: what a plan has read a moment ago is not read again.
func TestASurveyTakesFewCalls(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		of := awscloud.Subject{Want: engine.Want{Groups: []string{"web"}}, Agents: true}
		_, err := f.Fleet(t.Context(), of.Want)
		must(t, err)
		time.Sleep(time.Second)
		before := len(f.sim.Calls())
		_, err = f.Survey(t.Context(), of)
		must(t, err)
		if n := len(f.sim.Calls()) - before; n != 6 { // groups, attributes, balancers, groups of the balancer, instances, agents
			t.Errorf("%d calls, want 6", n)
		}
		if n := f.sim.Count("DescribeTargetHealth"); n != 1 {
			t.Errorf("%d DescribeTargetHealth, want the plan's one", n)
		}
	})
}

func TestASurveyOfAddressesAndTags(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.world.AddInstance(world.Instance{ID: "i-10", Zone: "ap-northeast-1a", PrivateIP: "10.0.0.10", Tags: map[string]string{"Role": "worker"}})
		f.world.AddInstance(world.Instance{ID: "i-11", Zone: "ap-northeast-1a", PrivateIP: "10.0.0.11", Tags: map[string]string{"Role": "worker", "aws:autoscaling:groupName": "asg"}})
		f.world.AddInstance(world.Instance{ID: "i-12", Zone: "ap-northeast-1a", PrivateIP: "10.0.0.12", Tags: map[string]string{"Role": "works"}})
		s, err := f.Survey(t.Context(), awscloud.Subject{Want: engine.Want{Groups: []string{"addr"}}})
		must(t, err)
		if s.Groups[0].Owner["10.0.0.3"] != "i-3" || len(s.Instances) != 1 || s.Agents != nil {
			t.Errorf("%+v", s)
		}
		s, err = f.Survey(t.Context(), awscloud.Subject{Want: engine.Want{Tags: map[string]string{"Role": "worker"}}, Others: map[string]engine.Want{
			"same": {Tags: map[string]string{"aws:autoscaling:groupName": "asg"}},
		}})
		must(t, err)
		if d := cmp.Diff([]string{"i-10", "i-11"}, s.Tagged); d != "" || s.Instances["i-11"].Scaling != "asg" || s.Instances["i-10"].Scaling != "" {
			t.Errorf("%s\n%+v", d, s)
		}
		if d := cmp.Diff(map[string][]string{"i-11": {"same"}}, s.Shared); d != "" {
			t.Error(d)
		}
	})
}

func TestWhatOtherServicesShare(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		must(t, f.world.Register("spare", []world.Pair{{ID: "i-2"}, {ID: "i-4"}}))
		must(t, f.world.Register("addr", []world.Pair{{ID: "10.0.0.1"}}))
		of := awscloud.Subject{Want: engine.Want{Groups: []string{"web"}}, Others: map[string]engine.Want{
			"twin": {Groups: []string{f.web}}, // the same target group: an instance leaves it in any case
			"ips":  {Groups: []string{"addr"}},
			"rest": {Groups: []string{"spare"}},
		}}
		want := map[string][]string{"i-1": {"ips"}, "i-2": {"rest"}}
		s, err := f.Survey(t.Context(), of)
		must(t, err)
		if d := cmp.Diff(want, s.Shared); d != "" {
			t.Error(d)
		}
		of.Others["gone"] = engine.Want{Groups: []string{"nowhere"}} // their own matter
		s, err = f.Survey(t.Context(), of)
		must(t, err)
		if d := cmp.Diff(want, s.Shared); d != "" {
			t.Error(d)
		}
	})
}

// TestAccessDeniedIsAFact: IAM may refuse each read, and the others are still made.
func TestAccessDeniedIsAFact(t *testing.T) {
	const who = "arn:aws:sts::123456789012:assumed-role/junban/i-0"
	for _, c := range []struct {
		action, iam, code string
		needed            bool
	}{
		{"DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroups", "AccessDenied", true},
		{"DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroupAttributes", "AccessDenied", true},
		{"DescribeTargetHealth", "elasticloadbalancing:DescribeTargetHealth", "AccessDenied", true},
		{"DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers", "AccessDenied", false},
		{"DescribeInstances", "ec2:DescribeInstances", "UnauthorizedOperation", true},
		{"DescribeInstanceInformation", "ssm:DescribeInstanceInformation", "AccessDeniedException", false},
	} {
		t.Run(c.action, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.sim.Fault(awssim.Fault{
					Action: c.action, Do: awssim.Fail, Code: c.code, Status: 403, Message: "User: " + who + " is not authorized to perform: " + c.iam + " because no identity-based policy allows it",
				})
				s, err := f.Survey(t.Context(), awscloud.Subject{
					Want: engine.Want{Groups: []string{"web"}}, Agents: true, Others: map[string]engine.Want{"rest": {Groups: []string{"spare"}}},
				})
				must(t, err)
				want := []doctor.Denial{{Action: c.iam, Principal: who, Needed: c.needed}}
				if d := cmp.Diff(want, s.Denied); d != "" || s.Unread != nil {
					t.Errorf("%s\n%v", d, s.Unread)
				}
				var names []string
				for _, found := range doctor.Examine(s, deploy.Request{}) {
					names = append(names, found.Name)
				}
				if len(names) == 0 || names[0] != doctor.PermissionMissing && c.needed {
					t.Errorf("found %v", names)
				}
			})
		})
	}
}

func TestOtherFailuresOfASurvey(t *testing.T) {
	of := awscloud.Subject{Want: engine.Want{Groups: []string{"web"}}, Agents: true, Others: map[string]engine.Want{"rest": {Groups: []string{"spare"}}}}
	t.Run("of what only it reads are told", func(t *testing.T) {
		bubble(t, func(t *testing.T, f *fixture) {
			f.sim.Fault(awssim.Fault{Action: "DescribeInstanceInformation", Do: awssim.Fail})
			f.sim.Fault(awssim.Fault{Action: "DescribeLoadBalancers", Do: awssim.Fail, Code: "InvalidAction", Status: 400})
			s, err := f.Survey(t.Context(), of)
			must(t, err)
			if len(s.Unread) != 2 || s.Unread[0].Action != "elasticloadbalancing:DescribeLoadBalancers" || s.Agents != nil || s.Denied != nil {
				t.Errorf("%+v", s)
			}
		})
	})
	t.Run("of what a plan reads too are errors", func(t *testing.T) {
		bubble(t, func(t *testing.T, f *fixture) {
			_, err := f.Survey(t.Context(), awscloud.Subject{Want: engine.Want{Groups: []string{"wbe"}}})
			fault(t, err, deploy.Refused, "TargetGroupNotFound", "wbe")
			f.sim.Fault(awssim.Fault{Action: "DescribeTargetHealth", Do: awssim.Fail})
			_, err = f.Survey(t.Context(), of)
			fault(t, err, deploy.Unsure, "DescribeTargetHealth")
		})
	})
}

// TestThePermissionsOfASurveyAreListed: each call that a survey makes stands in one of the two tables.
func TestThePermissionsOfASurveyAreListed(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		_, err := f.Survey(t.Context(), awscloud.Subject{
			Want: engine.Want{Groups: []string{"web", "addr"}}, Agents: true, Others: map[string]engine.Want{"rest": {Groups: []string{"spare"}}},
		})
		must(t, err)
		listed := map[string]bool{}
		for _, p := range append(awscloud.Permissions(), awscloud.SurveyPermissions()...) {
			_, action, _ := strings.Cut(p.Action, ":")
			listed[action] = true
		}
		for _, c := range f.sim.Calls() {
			if !listed[c.Action] {
				t.Errorf("%s is called and not listed", c.Action)
			}
		}
	})
}
