package awssim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"junban/deploy/awssim/world"
)

func text(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// said is the code and message of an API error.
func said(err error) (code, message string) {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode(), e.ErrorMessage()
	}
	return "", ""
}

func TestATargetThroughTheSDK(t *testing.T) {
	s := start(t, setup{group: world.Group{Delay: 200 * time.Millisecond}})
	in := &elbv2.DescribeTargetHealthInput{TargetGroupArn: &s.group, Targets: []types.TargetDescription{target("i-1", 8080)}}
	ask := func() *types.TargetHealth {
		t.Helper()
		out, err := s.ELB.DescribeTargetHealth(s.ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		return out.TargetHealthDescriptions[0].TargetHealth
	}
	_, err := s.ELB.RegisterTargets(s.ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &s.group, Targets: in.Targets})
	if err != nil {
		t.Fatal(err)
	}
	if h := ask(); h.State != types.TargetHealthStateEnumInitial && h.State != types.TargetHealthStateEnumHealthy {
		t.Fatalf("after registering: %v", h.State)
	}
	s.until(t, "healthy by real health checks", func() bool { return s.reads(world.Pair{ID: "i-1", Port: 8080}) == world.Healthy })
	if h := ask(); h.State != types.TargetHealthStateEnumHealthy || h.Reason != "" || h.Description != nil {
		t.Fatalf("healthy: %+v", h)
	}
	dereg := func(d types.TargetDescription) {
		t.Helper()
		_, err := s.ELB.DeregisterTargets(s.ctx, &elbv2.DeregisterTargetsInput{TargetGroupArn: &s.group, Targets: []types.TargetDescription{d}})
		if err != nil {
			t.Fatal(err)
		}
	}
	dereg(target("i-1", 0)) // the port trap
	if h := ask(); h.State != types.TargetHealthStateEnumHealthy {
		t.Fatalf("the wrong port changed something: %v", h.State)
	}
	dereg(target("i-1", 8080))
	if h := ask(); h.State != types.TargetHealthStateEnumDraining || h.Reason != types.TargetHealthReasonEnumDeregistrationInProgress {
		t.Fatalf("draining: %+v", h)
	}
	s.until(t, "drained", func() bool { return s.reads(world.Pair{ID: "i-1", Port: 8080}) == world.Unused })
	if h := ask(); h.Reason != types.TargetHealthReasonEnumNotRegistered || aws.ToString(h.Description) != "Target is not registered to the target group" {
		t.Fatalf("drained: %+v", h)
	}
	all, err := s.ELB.DescribeTargetHealth(s.ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &s.group})
	if err != nil || len(all.TargetHealthDescriptions) != 0 {
		t.Fatalf("%v %v", all.TargetHealthDescriptions, err)
	}
	calls := s.Calls()
	if s.Count("DeregisterTargets") != 2 || calls[0].Action != "RegisterTargets" || calls[0].Outcome != OK || !calls[0].Effect {
		t.Fatalf("call log: %+v", calls)
	}
}

func TestGroupsAndListenersThroughTheSDK(t *testing.T) {
	s := start(t, setup{options: Options{Limits: NoLimits()}, group: world.Group{Delay: 90 * time.Second, Interval: 10 * time.Second, Tags: map[string]string{"team": "web"}}})
	second := s.w.AddGroup(world.Group{Name: "api", Port: 8000})
	s.w.AddGroup(world.Group{Name: "lonely"})
	listener := s.w.Listeners()[0].ARN
	s.w.AddRule(listener, world.Rule{Priority: 10, Path: "/api/*", Group: second})
	lb := s.w.Balancers()[0]

	pages := elbv2.NewDescribeTargetGroupsPaginator(s.ELB, &elbv2.DescribeTargetGroupsInput{PageSize: aws.Int32(2)})
	var names []string
	count := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		count++
		for _, g := range page.TargetGroups {
			names = append(names, *g.TargetGroupName)
		}
	}
	if count != 2 || strings.Join(names, " ") != "web api lonely" {
		t.Fatalf("%d pages: %v", count, names)
	}
	of, err := s.ELB.DescribeTargetGroups(s.ctx, &elbv2.DescribeTargetGroupsInput{LoadBalancerArn: &lb.ARN})
	if err != nil || len(of.TargetGroups) != 2 {
		t.Fatalf("of the load balancer: %+v %v", of, err)
	}
	want := types.TargetGroup{
		TargetGroupArn: &s.group, TargetGroupName: aws.String("web"), Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp,
		HealthCheckIntervalSeconds: aws.Int32(10), HealthCheckTimeoutSeconds: aws.Int32(6), HealthyThresholdCount: aws.Int32(5),
		UnhealthyThresholdCount: aws.Int32(2), HealthCheckPath: aws.String("/"), HealthCheckPort: aws.String("traffic-port"),
		HealthCheckProtocol: types.ProtocolEnumHttp, HealthCheckEnabled: aws.Bool(true), Matcher: &types.Matcher{HttpCode: aws.String("200")},
		LoadBalancerArns: []string{lb.ARN}, TargetType: types.TargetTypeEnumInstance, VpcId: aws.String("vpc-0a1b2c3d"),
		ProtocolVersion: aws.String("HTTP1"), IpAddressType: types.TargetGroupIpAddressTypeEnumIpv4,
	}
	if d := cmp.Diff(want, of.TargetGroups[0], cmpopts.IgnoreUnexported(types.TargetGroup{}, types.Matcher{})); d != "" {
		t.Error(d)
	}
	_, err = s.ELB.DescribeTargetGroups(s.ctx, &elbv2.DescribeTargetGroupsInput{Names: []string{"nobody"}})
	if code, msg := said(err); code != "TargetGroupNotFound" || msg != "One or more target groups not found" {
		t.Errorf("unknown name: %v", err)
	}
	attrs, err := s.ELB.DescribeTargetGroupAttributes(s.ctx, &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: &s.group})
	if err != nil || attribute(attrs.Attributes, "deregistration_delay.timeout_seconds") != "90" {
		t.Errorf("%+v %v", attrs, err)
	}
	mod := func(v string) error {
		_, err := s.ELB.ModifyTargetGroupAttributes(s.ctx, &elbv2.ModifyTargetGroupAttributesInput{TargetGroupArn: &s.group, Attributes: []types.TargetGroupAttribute{
			{Key: aws.String("deregistration_delay.timeout_seconds"), Value: &v},
		}})
		return err
	}
	if code, _ := said(mod("3601")); code != "ValidationError" {
		t.Error("a delay of 3601 was accepted")
	}
	if err := mod("0"); err != nil || s.w.Groups()[0].Delay != 0 {
		t.Errorf("a delay of 0: %v", err)
	}
	ls, err := s.ELB.DescribeListeners(s.ctx, &elbv2.DescribeListenersInput{LoadBalancerArn: &lb.ARN})
	if err != nil || len(ls.Listeners) != 1 || *ls.Listeners[0].DefaultActions[0].TargetGroupArn != s.group {
		t.Errorf("%+v %v", ls, err)
	}
	rules, err := s.ELB.DescribeRules(s.ctx, &elbv2.DescribeRulesInput{ListenerArn: &listener})
	if err != nil || len(rules.Rules) != 2 || *rules.Rules[0].Priority != "10" || !*rules.Rules[1].IsDefault ||
		rules.Rules[0].Conditions[0].Values[0] != "/api/*" {
		t.Errorf("%+v %v", rules, err)
	}
	lbs, err := s.ELB.DescribeLoadBalancers(s.ctx, &elbv2.DescribeLoadBalancersInput{Names: []string{"front"}})
	if err != nil || len(lbs.LoadBalancers[0].AvailabilityZones) != 2 || lbs.LoadBalancers[0].State.Code != "active" || lbs.LoadBalancers[0].CreatedTime == nil {
		t.Errorf("%+v %v", lbs, err)
	}
	tags, err := s.ELB.DescribeTags(s.ctx, &elbv2.DescribeTagsInput{ResourceArns: []string{s.group, lb.ARN}})
	if err != nil || len(tags.TagDescriptions) != 2 || *tags.TagDescriptions[0].Tags[0].Value != "web" {
		t.Errorf("%+v %v", tags, err)
	}
}

func attribute(attrs []types.TargetGroupAttribute, key string) string {
	for _, a := range attrs {
		if *a.Key == key {
			return *a.Value
		}
	}
	return ""
}

func TestInstancesThroughTheSDK(t *testing.T) {
	s := start(t, setup{options: Options{Limits: NoLimits()}})
	for n := range 5 {
		s.w.AddInstance(world.Instance{ID: "i-x" + string(rune('a'+n)), Name: "spare/" + string(rune('a'+n)), Zone: "ap-northeast-1c", PrivateIP: "10.0.1." + string(rune('1'+n))})
	}
	list := func(in *awsec2.DescribeInstancesInput) []string {
		t.Helper()
		var ids []string
		pages := awsec2.NewDescribeInstancesPaginator(s.EC2, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(s.ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Reservations {
				for _, i := range r.Instances {
					ids = append(ids, *i.InstanceId)
				}
			}
		}
		return ids
	}
	by := func(name string, values ...string) *awsec2.DescribeInstancesInput {
		return &awsec2.DescribeInstancesInput{Filters: []ec2types.Filter{{Name: &name, Values: values}}}
	}
	if err := s.w.Stop("i-2"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		in   *awsec2.DescribeInstancesInput
		want string
	}{
		{"all, in pages", &awsec2.DescribeInstancesInput{MaxResults: aws.Int32(5)}, "i-1 i-2 i-3 i-xa i-xb i-xc i-xd i-xe"},
		{"by id", &awsec2.DescribeInstancesInput{InstanceIds: []string{"i-3", "i-1"}}, "i-1 i-3"},
		{"by tag", by("tag:Role", "worker"), "i-1 i-2 i-3"},
		{"by name with a wildcard", by("tag:Name", "spare*"), "i-xa i-xb i-xc i-xd i-xe"},
		{"by one of several values", by("private-ip-address", "10.0.0.1", "10.0.1.1"), "i-1 i-xa"},
		{"by state", by("instance-state-name", "stopped"), "i-2"},
		{"no match", by("tag:Role", "work"), ""},
	} {
		if got := strings.Join(list(tt.in), " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	out, err := s.EC2.DescribeInstances(s.ctx, &awsec2.DescribeInstancesInput{InstanceIds: []string{"i-1"}})
	if err != nil {
		t.Fatal(err)
	}
	i := out.Reservations[0].Instances[0]
	if i.State.Name != "running" || *i.State.Code != 16 || *i.PrivateIpAddress != "10.0.0.1" || *i.Placement.AvailabilityZone != "ap-northeast-1a" || len(i.Tags) != 2 || i.LaunchTime == nil {
		t.Errorf("%+v", i)
	}
	for _, tt := range []struct{ id, code, message string }{
		{"i-404", "InvalidInstanceID.NotFound", "The instance ID 'i-404' does not exist"},
		{"web-1", "InvalidInstanceID.Malformed", `Invalid id: "web-1"`},
	} {
		_, err := s.EC2.DescribeInstances(s.ctx, &awsec2.DescribeInstancesInput{InstanceIds: []string{tt.id}})
		if code, msg := said(err); code != tt.code || msg != tt.message {
			t.Errorf("%s: %v", tt.id, err)
		}
	}
	st, err := s.EC2.DescribeInstanceStatus(s.ctx, &awsec2.DescribeInstanceStatusInput{InstanceIds: []string{"i-1", "i-2"}})
	if err != nil || len(st.InstanceStatuses) != 1 || st.InstanceStatuses[0].SystemStatus.Status != "ok" {
		t.Errorf("%+v %v", st, err)
	}
	tags, err := s.EC2.DescribeTags(s.ctx, &awsec2.DescribeTagsInput{Filters: []ec2types.Filter{{Name: aws.String("resource-id"), Values: []string{"i-1"}}}})
	if err != nil || len(tags.Tags) != 2 {
		t.Errorf("%+v %v", tags, err)
	}
	moved, err := s.EC2.StartInstances(s.ctx, &awsec2.StartInstancesInput{InstanceIds: []string{"i-2"}})
	if err != nil || moved.StartingInstances[0].PreviousState.Name != "stopped" || moved.StartingInstances[0].CurrentState.Name != "running" {
		t.Errorf("%+v %v", moved, err)
	}
	ended, err := s.EC2.TerminateInstances(s.ctx, &awsec2.TerminateInstancesInput{InstanceIds: []string{"i-2"}})
	if err != nil || ended.TerminatingInstances[0].CurrentState.Name != "terminated" {
		t.Errorf("%+v %v", ended, err)
	}
	_, err = s.EC2.StartInstances(s.ctx, &awsec2.StartInstancesInput{InstanceIds: []string{"i-2"}})
	if code, _ := said(err); code != "IncorrectInstanceState" {
		t.Errorf("starting the dead: %v", err)
	}
}

// TestErrorsInEachProtocol holds the errors' real shapes, as raw bytes.
func TestErrorsInEachProtocol(t *testing.T) {
	s := start(t, setup{})
	for _, tt := range []struct {
		name, form string
		status     int
		want       []string
	}{
		{"ELB: unknown action", "Action=Nonsense&Version=2015-12-01", 400, []string{
			"<ErrorResponse xmlns=", "<Type>Sender</Type><Code>InvalidAction</Code>", "The action Nonsense is not valid for this web service.", "<RequestId>",
		}},
		{"EC2: unknown action", "Action=Nonsense&Version=2016-11-15", 400, []string{"<Response><Errors><Error><Code>InvalidAction</Code>", "<RequestID>"}},
		{"no action", "Version=2015-12-01", 400, []string{"MissingAction"}},
		{"no group", "Action=DescribeTargetHealth&Version=2015-12-01", 400, []string{
			"<Code>ValidationError</Code>", "Value null at 'targetGroupArn' failed to satisfy constraint: Member must not be null",
		}},
		{"a name is not an ARN", "Action=DescribeTargetHealth&Version=2015-12-01&TargetGroupArn=web", 400, []string{"'web' is not a valid target group ARN"}},
		{"a group that is not there", "Action=RegisterTargets&Version=2015-12-01&Targets.member.1.Id=i-1&TargetGroupArn=" + s.group[:len(s.group)-16] + "0000000000000000", 400, []string{"<Code>TargetGroupNotFound</Code>"}},
		{"no targets", "Action=DeregisterTargets&Version=2015-12-01&TargetGroupArn=" + s.group, 400, []string{"Value null at &#39;targets&#39;"}},
		{"a port out of range", "Action=RegisterTargets&Version=2015-12-01&Targets.member.1.Id=i-1&Targets.member.1.Port=70000&TargetGroupArn=" + s.group, 400, []string{"ValidationError"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := s.post(t, tt.form)
			if status != tt.status {
				t.Errorf("status %d", status)
			}
			for _, w := range tt.want {
				if !strings.Contains(body, w) && !strings.Contains(strings.ReplaceAll(body, "&#39;", "'"), w) {
					t.Errorf("%q is not in %s", w, body)
				}
			}
		})
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "AmazonSSM.Nonsense")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if body := text(t, resp); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, `"__type":"UnknownOperationException"`) || resp.Header.Get("X-Amzn-Requestid") == "" {
		t.Errorf("SSM: %d %s", resp.StatusCode, body)
	}
	http.DefaultClient.CloseIdleConnections()
	_, err = s.SSM.GetCommandInvocation(s.ctx, &awsssm.GetCommandInvocationInput{CommandId: aws.String("x"), InstanceId: aws.String("i-1")})
	if code, _ := said(err); code != "InvocationDoesNotExist" {
		t.Errorf("unknown command: %v", err)
	}
}
