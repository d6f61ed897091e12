package awssim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsasg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"junban/deploy/awssim/world"
)

// fleet starts a simulator whose instances i-1 to i-3 are in the Auto Scaling
// group "web", which is attached to the target group.
func fleet(t *testing.T, g world.ScalingGroup, delay time.Duration) *sim {
	t.Helper()
	s := start(t, setup{options: Options{Limits: NoLimits()}, group: world.Group{Delay: delay}})
	g.Name, g.TargetGroups = "web", []string{s.group}
	one, _ := s.w.Instance("i-1")
	g.Template = world.Instance{Name: "web", Zone: one.Zone, Addr: one.Addr}
	s.w.AddScalingGroup(g)
	_, err := s.ASG.AttachInstances(s.ctx, &awsasg.AttachInstancesInput{AutoScalingGroupName: aws.String("web"), InstanceIds: []string{"i-1", "i-2", "i-3"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"i-1", "i-2", "i-3"} {
		s.until(t, id+" healthy", func() bool { return s.reads(world.Pair{ID: id, Port: 80}) == world.Healthy })
	}
	return s
}

// lives are the group's instances with their lifecycle states, as the API tells them.
func (s *sim) lives(t *testing.T) string {
	t.Helper()
	out, err := s.ASG.DescribeAutoScalingGroups(s.ctx, &awsasg.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"web", "nobody"}})
	if err != nil || len(out.AutoScalingGroups) != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	var rows []string
	for _, i := range out.AutoScalingGroups[0].Instances {
		id := *i.InstanceId
		if len(id) > 10 {
			id = "new"
		}
		rows = append(rows, id+" "+string(i.LifecycleState))
	}
	return strings.Join(rows, ", ")
}

func (s *sim) enter(ids []string, decrement bool) error {
	_, err := s.ASG.EnterStandby(s.ctx, &awsasg.EnterStandbyInput{AutoScalingGroupName: aws.String("web"), InstanceIds: ids, ShouldDecrementDesiredCapacity: &decrement})
	return err
}

func (s *sim) desired() (least, desired int) {
	g := s.w.ScalingGroups()[0]
	return g.Min, g.Desired
}

func TestStandbyTakesAnInstanceOutAndBack(t *testing.T) {
	s := fleet(t, world.ScalingGroup{Min: 2, Max: 3}, 50*time.Millisecond)
	if err := s.enter([]string{"i-1"}, true); err != nil {
		t.Fatal(err)
	}
	if _, n := s.desired(); n != 2 {
		t.Errorf("desired %d", n)
	}
	if got := s.reads(world.Pair{ID: "i-1", Port: 80}); got != world.Draining && got != world.Unused {
		t.Errorf("the target reads %s", got)
	}
	s.until(t, "standby", func() bool { return strings.HasPrefix(s.lives(t), "i-1 Standby") })
	if got := s.reads(world.Pair{ID: "i-1", Port: 80}); got != world.Unused {
		t.Errorf("on standby, the target reads %s", got)
	}
	one, err := s.ASG.DescribeAutoScalingInstances(s.ctx, &awsasg.DescribeAutoScalingInstancesInput{InstanceIds: []string{"i-1", "i-404"}})
	if err != nil || len(one.AutoScalingInstances) != 1 || *one.AutoScalingInstances[0].LifecycleState != "Standby" ||
		*one.AutoScalingInstances[0].AutoScalingGroupName != "web" || *one.AutoScalingInstances[0].HealthStatus != "HEALTHY" {
		t.Fatalf("%+v %v", one, err)
	}
	out, err := s.ASG.ExitStandby(s.ctx, &awsasg.ExitStandbyInput{AutoScalingGroupName: aws.String("web"), InstanceIds: []string{"i-1"}})
	if err != nil || len(out.Activities) != 1 || !strings.Contains(*out.Activities[0].Cause, "increasing the capacity from 2 to 3") {
		t.Fatalf("%+v %v", out, err)
	}
	s.until(t, "healthy again", func() bool { return s.reads(world.Pair{ID: "i-1", Port: 80}) == world.Healthy })
	if got := s.lives(t); got != "i-1 InService, i-2 InService, i-3 InService" {
		t.Error(got)
	}
}

func TestStandbyIsRefusedInAWSsWords(t *testing.T) {
	s := fleet(t, world.ScalingGroup{Min: 3, Max: 3}, 0)
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"below the minimum", s.enter([]string{"i-1"}, true), "AutoScalingGroup web has min-size=3, max-size=3, and desired-size=3. To place into standby 1 instance, please update the AutoScalingGroup sizes appropriately."},
		{"another's instance", s.enter([]string{"i-9"}, true), "The instance i-9 is not part of Auto Scaling group web."},
		{"nobody", s.enter(nil, true), "Value null at 'instanceIds'"},
	} {
		if code, msg := said(tt.err); code != "ValidationError" || !strings.Contains(msg, tt.want) {
			t.Errorf("%s: %v", tt.name, tt.err)
		}
	}
	// What AWS's own script does: lower the minimum, and put it back after.
	update := func(in awsasg.UpdateAutoScalingGroupInput) error {
		in.AutoScalingGroupName = aws.String("web")
		_, err := s.ASG.UpdateAutoScalingGroup(s.ctx, &in)
		return err
	}
	if err := update(awsasg.UpdateAutoScalingGroupInput{MinSize: aws.Int32(2)}); err != nil {
		t.Fatal(err)
	}
	if err := s.enter([]string{"i-1"}, true); err != nil {
		t.Fatal(err)
	}
	if code, msg := said(s.enter([]string{"i-1"}, true)); code != "ValidationError" || !strings.Contains(msg, "is not in InService") {
		t.Errorf("twice: %s %s", code, msg)
	}
	if _, msg := said(update(awsasg.UpdateAutoScalingGroupInput{MinSize: aws.Int32(4)})); msg != "Max bound, 3, must be greater than or equal to min bound, 4" {
		t.Error(msg)
	}
	if _, msg := said(update(awsasg.UpdateAutoScalingGroupInput{DesiredCapacity: aws.Int32(1)})); msg != "Desired capacity:1 must be between the specified min size:2 and max size:3" {
		t.Error(msg)
	}
	// Too early: with the minimum back while one is on standby, another is launched, and then there is no room.
	if err := update(awsasg.UpdateAutoScalingGroupInput{MinSize: aws.Int32(3)}); err != nil {
		t.Fatal(err)
	}
	s.until(t, "one launched", func() bool { return strings.HasSuffix(s.lives(t), "new InService") })
	_, err := s.ASG.ExitStandby(s.ctx, &awsasg.ExitStandbyInput{AutoScalingGroupName: aws.String("web"), InstanceIds: []string{"i-1"}})
	if _, msg := said(err); !strings.Contains(msg, "To exit standby 1 instance") {
		t.Error(err)
	}
}

func TestStandbyWithoutDecrementLaunchesAnother(t *testing.T) {
	s := fleet(t, world.ScalingGroup{Min: 3, Max: 4}, 0)
	if err := s.enter([]string{"i-2"}, false); err != nil {
		t.Fatal(err)
	}
	s.until(t, "another in service", func() bool { return s.lives(t) == "i-1 InService, i-2 Standby, i-3 InService, new InService" })
	i := s.w.Instances()[3]
	s.until(t, "and healthy", func() bool { return s.reads(world.Pair{ID: i.ID, Port: 80}) == world.Healthy })
	if i.Tags["aws:autoscaling:groupName"] != "web" {
		t.Errorf("%+v", i.Tags)
	}
}

// TestADrainedTargetIsReplaced is the trap: a hand that deregisters a target
// of a group with ELB health checks has the instance terminated, unless the
// group is told beforehand to leave it alone.
func TestADrainedTargetIsReplaced(t *testing.T) {
	s := fleet(t, world.ScalingGroup{Min: 1, Max: 4, HealthCheck: "ELB", Notice: time.Millisecond}, 0)
	in := &awsasg.SuspendProcessesInput{AutoScalingGroupName: aws.String("web"), ScalingProcesses: []string{"ReplaceUnhealthy"}}
	if _, err := s.ASG.SuspendProcesses(s.ctx, in); err != nil {
		t.Fatal(err)
	}
	if err := s.deregister(s.ctx, world.Pair{ID: "i-1", Port: 80}); err != nil {
		t.Fatal(err)
	}
	s.until(t, "noticed", func() bool { return s.w.Members()[0].Unhealthy })
	if i, _ := s.w.Instance("i-1"); i.State != world.Running {
		t.Fatal("the instance is ", i.State)
	}
	// Resumed too early: what was noticed is acted on.
	if _, err := s.ASG.ResumeProcesses(s.ctx, &awsasg.ResumeProcessesInput{AutoScalingGroupName: in.AutoScalingGroupName, ScalingProcesses: in.ScalingProcesses}); err != nil {
		t.Fatal(err)
	}
	s.until(t, "replaced", func() bool { return s.lives(t) == "i-2 InService, i-3 InService, new InService" })
	if i, _ := s.w.Instance("i-1"); i.State != world.Terminated {
		t.Fatal("the instance is ", i.State)
	}
}

func TestScalingGroupsAndProcessesAsTheyAreTold(t *testing.T) {
	s := fleet(t, world.ScalingGroup{Min: 1, Max: 4, HealthCheck: "ELB", Grace: time.Minute, Tags: map[string]string{"env": "prod"}}, 0)
	s.w.AddScalingGroup(world.ScalingGroup{Name: "other"})
	_, err := s.ASG.SuspendProcesses(s.ctx, &awsasg.SuspendProcessesInput{AutoScalingGroupName: aws.String("web"), ScalingProcesses: []string{"Sleep"}})
	if code, _ := said(err); code != "ValidationError" {
		t.Error("a process that is none was suspended")
	}
	if _, err := s.ASG.SuspendProcesses(s.ctx, &awsasg.SuspendProcessesInput{AutoScalingGroupName: aws.String("web"), ScalingProcesses: []string{"AZRebalance", "Launch"}}); err != nil {
		t.Fatal(err)
	}
	pages := awsasg.NewDescribeAutoScalingGroupsPaginator(s.ASG, &awsasg.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(1)})
	var names []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range page.AutoScalingGroups {
			names = append(names, *g.AutoScalingGroupName)
		}
	}
	if !slices.Equal(names, []string{"web", "other"}) {
		t.Error(names)
	}
	out, err := s.ASG.DescribeAutoScalingGroups(s.ctx, &awsasg.DescribeAutoScalingGroupsInput{Filters: []asgtypes.Filter{{Name: aws.String("tag:env"), Values: []string{"prod"}}}})
	if err != nil || len(out.AutoScalingGroups) != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	g := out.AutoScalingGroups[0]
	if *g.MinSize != 1 || *g.MaxSize != 4 || *g.DesiredCapacity != 3 || *g.HealthCheckType != "ELB" || *g.HealthCheckGracePeriod != 60 ||
		len(g.TargetGroupARNs) != 1 || len(g.SuspendedProcesses) != 2 || *g.SuspendedProcesses[0].ProcessName != "AZRebalance" ||
		g.AvailabilityZones[0] != "ap-northeast-1a" || len(g.Tags) != 1 || *g.Instances[0].HealthStatus != "Healthy" {
		t.Errorf("%+v", g)
	}
	_, err = s.ASG.EnterStandby(s.ctx, &awsasg.EnterStandbyInput{AutoScalingGroupName: aws.String("nobody"), InstanceIds: []string{"i-1"}, ShouldDecrementDesiredCapacity: aws.Bool(true)})
	if code, _ := said(err); code != "ValidationError" {
		t.Error(err)
	}
}
