package awssim

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"junban/deploy/awssim/world"
)

func TestAlarmsThroughTheSDK(t *testing.T) {
	s := start(t, setup{options: Options{Limits: NoLimits()}})
	_, err := s.CW.PutMetricAlarm(s.ctx, &awscw.PutMetricAlarmInput{
		AlarmName: aws.String("web-5xx"), Namespace: aws.String("AWS/ApplicationELB"), MetricName: aws.String("HTTPCode_Target_5XX_Count"),
		Statistic: cwtypes.StatisticSum, Period: aws.Int32(60), EvaluationPeriods: aws.Int32(2), Threshold: aws.Float64(1.5),
		ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.w.PutAlarm(world.Alarm{Name: "web-latency", State: world.AlarmOK})
	_, err = s.CW.SetAlarmState(s.ctx, &awscw.SetAlarmStateInput{AlarmName: aws.String("web-5xx"), StateValue: cwtypes.StateValueAlarm, StateReason: aws.String("a test")})
	if err != nil {
		t.Fatal(err)
	}
	names := func(in *awscw.DescribeAlarmsInput) string {
		t.Helper()
		var out []string
		pages := awscw.NewDescribeAlarmsPaginator(s.CW, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(s.ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page.MetricAlarms {
				out = append(out, *a.AlarmName+" "+string(a.StateValue))
			}
		}
		return strings.Join(out, ", ")
	}
	for _, tt := range []struct {
		name string
		in   awscw.DescribeAlarmsInput
		want string
	}{
		{"all, in pages", awscw.DescribeAlarmsInput{MaxRecords: aws.Int32(1)}, "web-5xx ALARM, web-latency OK"},
		{"by name; an unknown one is left out", awscw.DescribeAlarmsInput{AlarmNames: []string{"web-latency", "nobody"}}, "web-latency OK"},
		{"by state", awscw.DescribeAlarmsInput{StateValue: cwtypes.StateValueAlarm}, "web-5xx ALARM"},
		{"by prefix", awscw.DescribeAlarmsInput{AlarmNamePrefix: aws.String("web-l")}, "web-latency OK"},
		{"composite ones", awscw.DescribeAlarmsInput{AlarmTypes: []cwtypes.AlarmType{cwtypes.AlarmTypeCompositeAlarm}}, ""},
	} {
		if got := names(&tt.in); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
	out, err := s.CW.DescribeAlarms(s.ctx, &awscw.DescribeAlarmsInput{AlarmNames: []string{"web-5xx"}})
	if err != nil {
		t.Fatal(err)
	}
	a := out.MetricAlarms[0]
	if *a.AlarmArn != "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:web-5xx" || *a.StateReason != "a test" || *a.Threshold != 1.5 ||
		*a.EvaluationPeriods != 2 || a.StateUpdatedTimestamp == nil || s.w.Now().Sub(*a.StateUpdatedTimestamp).Hours() > 1 {
		t.Errorf("%+v", a)
	}
	_, err = s.CW.SetAlarmState(s.ctx, &awscw.SetAlarmStateInput{AlarmName: aws.String("nobody"), StateValue: cwtypes.StateValueOk, StateReason: aws.String("r")})
	if code, msg := said(err); code != "ResourceNotFound" || msg != "Unknown alarm: nobody" {
		t.Error(err)
	}
	s.Fault(Fault{Action: "DescribeAlarms", Times: 1, Code: "Throttling", Message: "Rate exceeded", Status: 400})
	_, err = s.CW.DescribeAlarms(s.ctx, &awscw.DescribeAlarmsInput{})
	if code, msg := said(err); code != "Throttling" || msg != "Rate exceeded" {
		t.Error(err)
	}
	s.Fault(Fault{Action: "DescribeAlarms", Times: 1, Do: Break})
	if _, err = s.CW.DescribeAlarms(s.ctx, &awscw.DescribeAlarmsInput{}); err == nil {
		t.Error("an answer that makes no sense was understood")
	}
}

// TestAlarmsInTheOlderProtocol is what older CLIs and SDKs send.
func TestAlarmsInTheOlderProtocol(t *testing.T) {
	s := start(t, setup{})
	s.w.PutAlarm(world.Alarm{Name: "a", State: world.AlarmFiring, Reason: "<why>"})
	s.w.PutAlarm(world.Alarm{Name: "b"})
	status, body := s.post(t, "Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=a&AlarmNames.member.2=nobody")
	for _, want := range []string{
		"<DescribeAlarmsResult><CompositeAlarms></CompositeAlarms><MetricAlarms><member>", "<StateValue>ALARM</StateValue>", "<StateReason>&lt;why&gt;</StateReason>",
	} {
		if status != 200 || !strings.Contains(body, want) {
			t.Errorf("%d: no %s in %s", status, want, body)
		}
	}
	if strings.Contains(body, "<AlarmName>b<") {
		t.Error(body)
	}
}

// TestTheCLISetsAnAlarmAndAGroup drives the new services as an operator would.
func TestTheCLISetsAnAlarmAndAGroup(t *testing.T) {
	path := tool(t, "aws")
	t.Parallel()
	s := start(t, setup{options: Options{Limits: NoLimits()}})
	s.w.AddScalingGroup(world.ScalingGroup{Name: "web", Min: 0, Max: 3, TargetGroups: []string{s.group}})
	c := cli{path, s.url}
	c.run(t, "cloudwatch", "put-metric-alarm", "--alarm-name", "web-5xx", "--namespace", "AWS/ApplicationELB", "--metric-name", "HTTPCode_Target_5XX_Count",
		"--statistic", "Sum", "--period", "60", "--evaluation-periods", "1", "--threshold", "5", "--comparison-operator", "GreaterThanThreshold")
	c.run(t, "cloudwatch", "set-alarm-state", "--alarm-name", "web-5xx", "--state-value", "ALARM", "--state-reason", "a test")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"cloudwatch", "describe-alarms", "--alarm-names", "web-5xx", "nobody", "--query", "MetricAlarms[].[AlarmName,StateValue]"}, "web-5xx ALARM"},
		{[]string{"sts", "get-caller-identity"}, "123456789012 arn:aws:iam::123456789012:root 123456789012"},
		{[]string{"autoscaling", "attach-instances", "--auto-scaling-group-name", "web", "--instance-ids", "i-1", "i-2"}, ""},
		{[]string{"autoscaling", "enter-standby", "--auto-scaling-group-name", "web", "--instance-ids", "i-1", "--should-decrement-desired-capacity", "--query", "Activities[].Description"}, "Moving EC2 instance to Standby: i-1"},
		{[]string{"autoscaling", "describe-auto-scaling-instances", "--query", "AutoScalingInstances[].[InstanceId,LifecycleState]"}, "i-1 Standby i-2 InService"},
		{[]string{"ec2", "describe-subnets", "--query", "Subnets[].[SubnetId,AvailabilityZone]"}, "subnet-a ap-northeast-1a subnet-c ap-northeast-1c"},
		{[]string{"elbv2", "describe-load-balancer-attributes", "--load-balancer-arn", s.w.Balancers()[0].ARN, "--query", "Attributes[?Key=='idle_timeout.timeout_seconds'].Value"}, "60"},
	} {
		out := c.run(t, append(tt.args, "--output", "text")...)
		if got := strings.Join(strings.Fields(out), " "); got != tt.want {
			t.Errorf("aws %s: %s, want %s", strings.Join(tt.args, " "), got, tt.want)
		}
	}
}
