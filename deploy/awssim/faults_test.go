package awssim

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"

	"junban/deploy/awssim/world"
)

func (s *sim) deregister(ctx context.Context, p world.Pair) error {
	_, err := s.ELB.DeregisterTargets(ctx, &elbv2.DeregisterTargetsInput{
		TargetGroupArn: &s.group, Targets: []types.TargetDescription{target(p.ID, int32(p.Port))},
	})
	return err
}

func TestFaults(t *testing.T) {
	p := world.Pair{ID: "i-1", Port: 80}
	for _, tt := range []struct {
		name   string
		fault  Fault
		code   string // of the API error; empty: no API error at all
		effect bool
		log    string
	}{
		{"an error code", Fault{Do: Fail, Code: "TargetGroupNotFound", Message: "x", Status: 400}, "TargetGroupNotFound", false, "TargetGroupNotFound"},
		{"500", Fault{Do: Fail}, "InternalFailure", false, "InternalFailure"},
		{"500 after the effect", Fault{Do: Fail, After: true}, "InternalFailure", true, "InternalFailure"},
		{"malformed", Fault{Do: Break}, "", false, Malformed},
		{"nothing happened", Fault{Do: Drop}, "", false, Dropped},
		{"the answer was lost", Fault{Do: Drop, After: true}, "", true, Dropped},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, setup{group: world.Group{Delay: time.Hour}})
			s.serve(t, p)
			tt.fault.Action, tt.fault.Times = "DeregisterTargets", 1
			f := s.Fault(tt.fault)
			err := s.deregister(s.ctx, p)
			if err == nil {
				t.Fatal("no error")
			}
			if code, _ := said(err); code != tt.code {
				t.Errorf("code %q: %v", code, err)
			}
			if (s.reads(p) == world.Draining) != tt.effect {
				t.Errorf("it reads %s", s.reads(p))
			}
			calls := s.Calls()
			if last := calls[len(calls)-1]; last.Outcome != tt.log || last.Effect != tt.effect || f.Hits() != 1 {
				t.Errorf("logged %+v", last)
			}
			if err := s.deregister(s.ctx, p); err != nil {
				t.Errorf("the fault struck twice: %v", err)
			}
		})
	}
}

func TestACallThatLandsLate(t *testing.T) {
	p := world.Pair{ID: "i-1", Port: 80}
	for _, release := range []bool{true, false} {
		s := start(t, setup{group: world.Group{Delay: time.Hour}})
		s.serve(t, p)
		f := s.Fault(Fault{Action: "DeregisterTargets", Do: Hold})
		ctx, cancel := context.WithCancel(s.ctx)
		done := make(chan error, 1)
		go func() { done <- s.deregister(ctx, p) }()
		<-f.Held()
		cancel()
		if err := <-done; err == nil {
			t.Fatal("it was answered")
		}
		ended := make(chan Call, 1)
		s.OnCall(func(c Call) {
			if c.Done {
				ended <- c
			}
		})
		if s.reads(p) != world.Healthy {
			t.Fatal("it landed early")
		}
		if release {
			f.Release()
		} else {
			f.Discard()
		}
		if c := <-ended; c.Effect != release {
			t.Errorf("logged %+v", c)
		}
		if (s.reads(p) == world.Draining) != release {
			t.Errorf("released %v: it reads %s", release, s.reads(p))
		}
		s.OnCall(nil)
	}
}

func TestFaultsForAWhileAndHooks(t *testing.T) {
	var now atomic.Int64
	now.Store(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC).UnixNano())
	s := start(t, setup{options: Options{Limits: NoLimits()}, world: world.Options{Now: func() time.Time { return time.Unix(0, now.Load()) }}})
	s.Fault(Fault{Action: "DescribeTargetGroups", For: time.Minute, Do: Fail, Match: func(c Call) bool { return c.Params.Get("Names.member.1") == "web" }})
	ask := func(names ...string) error {
		_, err := s.ELB.DescribeTargetGroups(s.ctx, &elbv2.DescribeTargetGroupsInput{Names: names})
		return err
	}
	if err := ask(); err != nil {
		t.Errorf("it does not match: %v", err)
	}
	for range 2 {
		if err := ask("web"); err == nil {
			t.Error("no fault")
		}
	}
	now.Add(int64(time.Minute))
	if err := ask("web"); err != nil {
		t.Errorf("after a minute: %v", err)
	}
	var seen []Call
	s.OnCall(func(c Call) { seen = append(seen, c) })
	if err := ask("web"); err != nil {
		t.Error(err)
	}
	if len(seen) != 2 || seen[0].Done || !seen[1].Done || seen[0].Seq != seen[1].Seq || seen[1].Outcome != OK {
		t.Errorf("hook saw %+v", seen)
	}
	s.OnCall(nil)
}

func TestThrottling(t *testing.T) {
	var now atomic.Int64
	now.Store(1e18)
	s := start(t, setup{world: world.Options{Now: func() time.Time { return time.Unix(0, now.Load()) }}})
	health := func() error {
		_, err := s.ELB.DescribeTargetHealth(s.ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &s.group})
		return err
	}
	groups := func() error {
		_, err := s.ELB.DescribeTargetGroups(s.ctx, &elbv2.DescribeTargetGroupsInput{})
		return err
	}
	for n := range 20 {
		if err := health(); err != nil {
			t.Fatal(n, err)
		}
		if err := groups(); err != nil { // the bucket is shared by all Describe*
			t.Fatal(n, err)
		}
	}
	err := groups()
	if code, msg := said(err); code != "ThrottlingException" || msg != "Rate exceeded" {
		t.Fatalf("the 41st: %v", err)
	}
	if err := s.deregister(s.ctx, world.Pair{ID: "i-1", Port: 80}); err != nil {
		t.Fatalf("a mutating call draws from another bucket: %v", err)
	}
	now.Add(int64(time.Second))
	for n := range 10 {
		if err := health(); err != nil {
			t.Fatal("refilled", n, err)
		}
	}
	if err := health(); err == nil {
		t.Fatal("more than ten a second")
	}
	ec2 := func() error {
		_, err := s.EC2.DescribeInstances(s.ctx, &awsec2.DescribeInstancesInput{})
		return err
	}
	for range 50 {
		if err := ec2(); err != nil {
			t.Fatal(err)
		}
	}
	if code, _ := said(ec2()); code != "RequestLimitExceeded" {
		t.Fatal("EC2 was not throttled")
	}
	ssm := func() error {
		_, err := s.SSM.ListCommands(s.ctx, &awsssm.ListCommandsInput{})
		return err
	}
	for range 40 {
		if err := ssm(); err != nil {
			t.Fatal(err)
		}
	}
	if code, _ := said(ssm()); code != "ThrottlingException" {
		t.Fatal("SSM was not throttled")
	}
}

func TestStaleAnswersOverTheWire(t *testing.T) {
	s := start(t, setup{options: Options{Limits: NoLimits()}, group: world.Group{Delay: time.Hour}})
	p := world.Pair{ID: "i-1", Port: 80}
	s.serve(t, p)
	s.w.SetStale(5 * time.Minute)
	if err := s.deregister(s.ctx, p); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 50 {
		out, err := s.ELB.DescribeTargetHealth(s.ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &s.group, Targets: []types.TargetDescription{target("i-1", 80)}})
		if err != nil {
			t.Fatal(err)
		}
		seen[string(out.TargetHealthDescriptions[0].TargetHealth.State)] = true
	}
	if !seen["unused"] || s.reads(p) != world.Draining {
		t.Errorf("five minutes ago nothing was registered; seen %v, truly %s", seen, s.reads(p))
	}
}

func TestHealthChecksOverHTTP(t *testing.T) {
	s := start(t, setup{group: world.Group{Interval: 20 * time.Millisecond, Timeout: 15 * time.Millisecond, HealthyThreshold: 2, UnhealthyThreshold: 2}})
	p := world.Pair{ID: "i-1", Port: 80}
	s.serve(t, p)
	i, _ := s.w.Instance("i-1")
	old := i.Addr
	s.w.SetAddr("i-1", "127.0.0.1:1") // nobody listens
	s.until(t, "unhealthy", func() bool { return s.reads(p) == world.Unhealthy })
	out, err := s.ELB.DescribeTargetHealth(s.ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &s.group})
	if err != nil || out.TargetHealthDescriptions[0].TargetHealth.Reason != types.TargetHealthReasonEnumFailedHealthChecks ||
		aws.ToString(out.TargetHealthDescriptions[0].TargetHealth.Description) != "Health checks failed" {
		t.Errorf("%+v %v", out, err)
	}
	s.w.SetAddr("i-1", old)
	s.until(t, "healthy again", func() bool { return s.reads(p) == world.Healthy })
}

func TestMatcher(t *testing.T) {
	for _, tt := range []struct {
		matcher string
		code    int
		want    bool
	}{
		{"200", 200, true},
		{"200", 204, false},
		{"200,204", 204, true},
		{"200-299", 250, true},
		{"200-299", 300, false},
		{"x", http.StatusOK, false},
	} {
		if got := passes(tt.matcher, tt.code); got != tt.want {
			t.Errorf("%s %d: %v", tt.matcher, tt.code, got)
		}
	}
}
