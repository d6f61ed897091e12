package awssim

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsasg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"junban/deploy/awssim/world"
)

// side is one of two servers that are asked the same.
type side struct {
	clients
	url       string
	group, lb string // ARNs
	listener  string
	one, two  string // instance ids
	subnet    string
	command   string
	missing   string // an ARN of a group that is not there
}

// TestTheSameProbesAgainstMoto asks moto's server, which is held to AWS by
// tests of its own, and the simulator the same questions and compares the
// shapes of the answers, and the values where moto is right.
func TestTheSameProbesAgainstMoto(t *testing.T) {
	path := tool(t, "moto_server")
	t.Parallel()
	moto := startMoto(t, path)
	ours := oursLike(t)

	newer := []string{"CloudWatchOutputConfig", "DocumentVersion", "StandardErrorUrl"}
	probes := []struct {
		service service
		name    string
		form    func(s *side) string // of the Query protocol, or a JSON body
		extra   []string             // what only moto has: AWS's features that the simulator leaves out
		own     []string             // what only the simulator has: moto leaves it out
	}{
		{elb, "DescribeTargetHealth", func(s *side) string { return "TargetGroupArn=" + s.group }, nil, []string{"AdministrativeOverride"}},
		{elb, "DescribeTargetGroups", func(s *side) string { return "TargetGroupArns.member.1=" + s.group }, nil, nil},
		{elb, "DescribeTargetGroupAttributes", func(s *side) string { return "TargetGroupArn=" + s.group }, nil, nil},
		{elb, "DescribeLoadBalancers", func(s *side) string { return "LoadBalancerArns.member.1=" + s.lb }, []string{"SecurityGroups", "AvailabilityZones/member/LoadBalancerAddresses"}, []string{"Scheme"}},
		{elb, "DescribeListeners", func(s *side) string { return "LoadBalancerArn=" + s.lb }, []string{"SslPolicy"}, []string{"ForwardConfig"}},
		{elb, "DescribeRules", func(s *side) string { return "ListenerArn=" + s.listener }, nil, []string{"ForwardConfig", "Conditions/member/Values"}},
		{elb, "DescribeTags", func(s *side) string { return "ResourceArns.member.1=" + s.group }, nil, nil},
		{elb, "RegisterTargets", func(s *side) string {
			return "Targets.member.1.Id=" + s.one + "&Targets.member.1.Port=80&TargetGroupArn=" + s.group
		}, nil, nil},
		{ec2, "DescribeInstances", func(s *side) string { return "InstanceId.1=" + s.one }, []string{
			"blockDeviceMapping", "clientToken", "ebsOptimized", "networkInterfaceSet", "platform", "sourceDestCheck", "sriovNetSupport", "metadataOptions",
		}, []string{"groupSet"}},
		{ec2, "DescribeInstanceStatus", func(s *side) string { return "InstanceId.1=" + s.one }, nil, nil},
		{elb, "DescribeLoadBalancerAttributes", func(s *side) string { return "LoadBalancerArn=" + s.lb }, nil, nil},
		{ec2, "DescribeSubnets", func(s *side) string { return "SubnetId.1=" + s.subnet }, []string{
			"assignIpv6AddressOnCreation", "availabilityZoneId", "defaultForAz", "ipv6Native", "privateDnsNameOptionsOnLaunch", "subnetArn",
		}, nil},
		{sts, "GetCallerIdentity", func(*side) string { return "" }, nil, nil},
		{autoscaling, "DescribeAutoScalingGroups", func(*side) string { return "AutoScalingGroupNames.member.1=web" }, []string{
			"CapacityRebalance", "LaunchConfigurationName", "ServiceLinkedRoleARN",
		}, []string{"SuspensionReason"}},
		{autoscaling, "DescribeAutoScalingInstances", func(*side) string { return "" }, []string{"LaunchConfigurationName"}, nil},
		{cloudwatch, "DescribeAlarms", func(*side) string { return "AlarmNames.member.1=web-5xx" }, []string{"StateReasonData"}, []string{"StateTransitionedTimestamp"}},
		{ssm, "SendCommand", func(s *side) string {
			return `{"DocumentName":"AWS-RunShellScript","InstanceIds":["` + s.one + `"],"Comment":"c","Parameters":{"commands":["true"]}}`
		}, []string{"NotificationEvents"}, newer},
		{ssm, "GetCommandInvocation", func(s *side) string { return `{"CommandId":"` + s.command + `","InstanceId":"` + s.one + `"}` }, nil, newer},
		{ssm, "ListCommands", func(s *side) string { return `{"CommandId":"` + s.command + `"}` }, []string{"NotificationEvents"}, newer},
	}
	for _, p := range probes {
		t.Run(string(p.service)+" "+p.name, func(t *testing.T) {
			want := moto.ask(t, p.service, p.name, p.form(moto))
			got := ours.ask(t, p.service, p.name, p.form(ours))
			if p.name == "SendCommand" {
				moto.command, ours.command = want.find("Command/CommandId"), got.find("Command/CommandId")
			}
			compare(t, want, got, p.extra, p.own)
		})
	}
	t.Run("errors", func(t *testing.T) { compareErrors(t, moto, ours) })
	t.Run("target health", func(t *testing.T) { compareHealth(t, moto, ours) })
	t.Run("autoscaling EnterStandby", func(t *testing.T) { // moto forgets to deregister, so it is the last
		ask := func(s *side) answer {
			return s.ask(t, autoscaling, "EnterStandby", "AutoScalingGroupName=web&ShouldDecrementDesiredCapacity=true&InstanceIds.member.1="+s.two)
		}
		compare(t, ask(moto), ask(ours), []string{"EndTime"}, []string{"Details"})
	})
}

// answer is what came back, flattened: the path of each element to its text.
type answer struct {
	status int
	fields map[string][]string
	raw    string
}

func (a answer) find(path string) string {
	for k, v := range a.fields {
		if strings.HasSuffix(k, path) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// compare holds that the simulator has no field that moto does not know, and
// leaves none out but those named. A name covers what lies below it.
func compare(t *testing.T, moto, ours answer, extra, own []string) {
	t.Helper()
	if moto.status != ours.status {
		t.Errorf("status %d, moto %d: %s", ours.status, moto.status, moto.raw)
	}
	named := func(path string, list []string) bool {
		return slices.ContainsFunc(list, func(n string) bool { return strings.Contains(path+"/", "/"+n+"/") })
	}
	for _, k := range slices.Sorted(maps.Keys(ours.fields)) {
		if _, ok := moto.fields[k]; !ok && !named(k, own) {
			t.Errorf("only the simulator has %s = %q", k, ours.fields[k])
		}
	}
	for _, k := range slices.Sorted(maps.Keys(moto.fields)) {
		if _, ok := ours.fields[k]; !ok && !named(k, extra) {
			t.Errorf("only moto has %s = %q", k, moto.fields[k])
		}
	}
}

func (s *side) ask(t *testing.T, svc service, action, form string) answer {
	t.Helper()
	body, kind := form, "application/x-amz-json-1.1"
	for version, s := range byVersion {
		if s == svc {
			body, kind = "Action="+action+"&Version="+version+"&"+form, "application/x-www-form-urlencoded"
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if svc == ssm {
		req.Header.Set("X-Amz-Target", ssmTarget+action)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260302/ap-northeast-1/"+string(svc)+"/aws4_request, SignedHeaders=host, Signature=0")
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, fields: map[string][]string{}, raw: text(t, resp)}
	if svc == ssm {
		var v any
		if err := json.Unmarshal([]byte(a.raw), &v); err != nil {
			t.Fatalf("%v in %s", err, a.raw)
		}
		a.json("", v)
		return a
	}
	if err := a.xml(); err != nil {
		t.Fatalf("%v in %s", err, a.raw)
	}
	return a
}

func (a answer) json(path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			a.json(path+"/"+k, x)
		}
	case []any:
		for _, x := range v {
			a.json(path+"/member", x)
		}
	case nil:
	default:
		a.fields[path] = append(a.fields[path], fmt.Sprint(v))
	}
}

func (a answer) xml() error {
	d := xml.NewDecoder(strings.NewReader(a.raw))
	path, words := "", ""
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			path += "/" + tok.Name.Local
			words = ""
			if path == "/"+tok.Name.Local {
				a.fields["xmlns "+strings.TrimSuffix(tok.Name.Space, "/")] = nil // moto leaves EC2's last slash out
			}
		case xml.CharData:
			words += string(tok)
		case xml.EndElement:
			if s := strings.TrimSpace(words); s != "" {
				a.fields[path] = append(a.fields[path], s)
			}
			path, words = path[:strings.LastIndex(path, "/")], ""
		}
	}
}

func compareErrors(t *testing.T, moto, ours *side) {
	for _, p := range []struct {
		service      service
		name, action string
		form         func(*side) string
		wrong        []string // where moto differs from what operators report of AWS
	}{
		{elb, "a group that is not there", "DescribeTargetHealth", func(s *side) string { return "TargetGroupArn=" + s.missing }, nil},
		{elb, "a group's name that is not there", "DescribeTargetGroups", func(*side) string { return "Names.member.1=nobody" }, nil},
		{elb, "a balancer that is not there", "DescribeLoadBalancers", func(*side) string { return "Names.member.1=nobody" }, []string{"Error/Message"}},
		{ec2, "an instance that is not there", "DescribeInstances", func(*side) string { return "InstanceId.1=i-0123456789abcdef0" }, nil},
		{ec2, "an id that is none", "DescribeInstances", func(*side) string { return "InstanceId.1=web" }, []string{"Error/Code", "Error/Message"}},
		{ssm, "a command that is not there", "GetCommandInvocation", func(s *side) string {
			return `{"CommandId":"7c3e0de5-65c6-4a3c-9a06-9d4d7b8d4a11","InstanceId":"` + s.one + `"}`
		}, []string{"__type"}},
	} {
		want, got := moto.ask(t, p.service, p.action, p.form(moto)), ours.ask(t, p.service, p.action, p.form(ours))
		if want.status != got.status {
			t.Errorf("%s: status %d, moto %d", p.name, got.status, want.status)
		}
		for _, f := range []string{"Error/Code", "Error/Message", "__type"} {
			if want.find(f) != got.find(f) && !slices.Contains(p.wrong, f) {
				t.Errorf("%s: %s is %q, moto %q", p.name, f, got.find(f), want.find(f))
			}
		}
	}
}

// compareHealth asks both for the readings that are verified against AWS.
func compareHealth(t *testing.T, moto, ours *side) {
	read := func(s *side, id string) string {
		t.Helper()
		in := &elbv2.DescribeTargetHealthInput{TargetGroupArn: &s.group}
		if id != "" {
			in.Targets = []types.TargetDescription{{Id: &id, Port: aws.Int32(80)}}
		}
		out, err := s.ELB.DescribeTargetHealth(t.Context(), in)
		if err != nil {
			return "error " + err.Error()
		}
		var rows []string
		for _, d := range out.TargetHealthDescriptions {
			name := map[string]string{s.one: "one", s.two: "two"}[*d.Target.Id]
			rows = append(rows, fmt.Sprintf("%s:%d %s %s %s", name, *d.Target.Port, d.TargetHealth.State, d.TargetHealth.Reason, aws.ToString(d.TargetHealth.Description)))
		}
		slices.Sort(rows)
		return strings.Join(rows, "; ")
	}
	same := func(when string) {
		t.Helper()
		for _, id := range []func(*side) string{
			func(*side) string { return "" },
			func(s *side) string { return s.one },
			func(*side) string { return "i-12345678901234567" },
		} {
			if want, got := read(moto, id(moto)), read(ours, id(ours)); want != got {
				t.Errorf("%s: %q, moto %q", when, got, want)
			}
		}
	}
	both := func(what string, do func(*side) error) {
		t.Helper()
		m, o := do(moto), do(ours)
		mc, mm := said(m)
		oc, om := said(o)
		if mc != oc || strings.ReplaceAll(mm, moto.one, "X") != strings.ReplaceAll(om, ours.one, "X") {
			t.Errorf("%s: %v, moto %v", what, o, m)
		}
	}
	same("at rest")
	both("stop", func(s *side) error {
		_, err := s.EC2.StopInstances(t.Context(), &awsec2.StopInstancesInput{InstanceIds: []string{s.one}})
		return err
	})
	same("stopped")
	both("register a stopped one", func(s *side) error {
		_, err := s.ELB.RegisterTargets(t.Context(), &elbv2.RegisterTargetsInput{TargetGroupArn: &s.group, Targets: []types.TargetDescription{{Id: &s.one}}})
		return err
	})
	both("terminate", func(s *side) error {
		_, err := s.EC2.TerminateInstances(t.Context(), &awsec2.TerminateInstancesInput{InstanceIds: []string{s.one}})
		return err
	})
	same("terminated")
}

func startMoto(t *testing.T, path string) *side {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil { // moto listens there now
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-H", "127.0.0.1", "-p", port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	s := &side{url: "http://127.0.0.1:" + port}
	hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	s.clients = dial(s.url, hc)
	for late := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		resp, err := hc.Get(s.url + "/moto-api/data.json")
		if err == nil {
			_ = resp.Body.Close()
			break
		}
		if time.Now().After(late) {
			t.Fatal("moto does not answer: ", err)
		}
	}
	if err := s.build(t.Context()); err != nil {
		t.Fatal("setting moto up: ", err)
	}
	s.alarm(t)
	return s
}

// build makes in moto, through its API, what oursLike makes in a world.
func (s *side) build(ctx context.Context) error {
	vpc, err := s.EC2.CreateVpc(ctx, &awsec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})
	if err != nil {
		return err
	}
	var subnets []string
	for n, zone := range []string{"ap-northeast-1a", "ap-northeast-1c"} {
		sub, err := s.EC2.CreateSubnet(ctx, &awsec2.CreateSubnetInput{VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String(fmt.Sprintf("10.9.%d.0/24", n)), AvailabilityZone: &zone})
		if err != nil {
			return err
		}
		subnets = append(subnets, *sub.Subnet.SubnetId)
	}
	run, err := s.EC2.RunInstances(ctx, &awsec2.RunInstancesInput{
		ImageId: aws.String("ami-12c6146b"), MinCount: aws.Int32(2), MaxCount: aws.Int32(2), SubnetId: &subnets[0],
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: "instance", Tags: []ec2types.Tag{{Key: aws.String("Name"), Value: aws.String("web")}}}},
	})
	if err != nil {
		return err
	}
	s.one, s.two = *run.Instances[0].InstanceId, *run.Instances[1].InstanceId
	lb, err := s.ELB.CreateLoadBalancer(ctx, &elbv2.CreateLoadBalancerInput{Name: aws.String("front"), Subnets: subnets})
	if err != nil {
		return err
	}
	s.lb = *lb.LoadBalancers[0].LoadBalancerArn
	g, err := s.ELB.CreateTargetGroup(ctx, &elbv2.CreateTargetGroupInput{
		Name: aws.String("web"), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: vpc.Vpc.VpcId,
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("web")}},
	})
	if err != nil {
		return err
	}
	s.group = *g.TargetGroups[0].TargetGroupArn
	s.missing = s.group[:len(s.group)-4] + "0000"
	l, err := s.ELB.CreateListener(ctx, &elbv2.CreateListenerInput{
		LoadBalancerArn: &s.lb, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp,
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &s.group}},
	})
	if err != nil {
		return err
	}
	s.listener = *l.Listeners[0].ListenerArn
	_, err = s.ELB.CreateRule(ctx, &elbv2.CreateRuleInput{
		ListenerArn: &s.listener, Priority: aws.Int32(10),
		Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: []string{"/api/*"}}}},
		Actions:    []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &s.group}},
	})
	if err != nil {
		return err
	}
	_, err = s.ELB.RegisterTargets(ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &s.group, Targets: []types.TargetDescription{{Id: &s.one}, {Id: &s.two}}})
	if err != nil {
		return err
	}
	return s.watch(ctx, subnets[0])
}

// watch makes an Auto Scaling group of one instance.
func (s *side) watch(ctx context.Context, subnet string) error {
	s.subnet = subnet
	_, err := s.ASG.CreateAutoScalingGroup(ctx, &awsasg.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("web"), MinSize: aws.Int32(0), MaxSize: aws.Int32(2), DesiredCapacity: aws.Int32(0), InstanceId: &s.two,
		VPCZoneIdentifier: &subnet, TargetGroupARNs: []string{s.group}, HealthCheckType: aws.String("ELB"), HealthCheckGracePeriod: aws.Int32(60),
		Tags: []asgtypes.Tag{{Key: aws.String("team"), Value: aws.String("web"), PropagateAtLaunch: aws.Bool(true)}},
	})
	if err != nil {
		return err
	}
	_, err = s.ASG.AttachInstances(ctx, &awsasg.AttachInstancesInput{AutoScalingGroupName: aws.String("web"), InstanceIds: []string{s.two}})
	if err != nil {
		return err
	}
	_, err = s.ASG.SuspendProcesses(ctx, &awsasg.SuspendProcessesInput{AutoScalingGroupName: aws.String("web"), ScalingProcesses: []string{"AZRebalance"}})
	return err
}

// alarm puts an alarm in the Query protocol: moto knows no newer one.
func (s *side) alarm(t *testing.T) {
	t.Helper()
	if a := s.ask(t, cloudwatch, "PutMetricAlarm", "AlarmName=web-5xx&AlarmDescription=errors&Namespace=AWS/ApplicationELB&MetricName=HTTPCode_Target_5XX_Count"+
		"&Statistic=Sum&Period=60&EvaluationPeriods=1&Threshold=5&ComparisonOperator=GreaterThanThreshold"); a.status != http.StatusOK {
		t.Fatal(a.raw)
	}
}

func oursLike(t *testing.T) *side {
	t.Helper()
	s := start(t, setup{
		options: Options{Limits: NoLimits(), Exec: func(context.Context, Exec) Outcome { return Outcome{Stdout: "x"} }},
		group:   world.Group{Delay: world.DefaultDelay, Interval: 30 * time.Second, Tags: map[string]string{"team": "web"}},
	})
	s.serveNow(t, "i-1", "i-2")
	o := &side{clients: s.clients, url: s.url, group: s.group, lb: s.w.Balancers()[0].ARN, listener: s.w.Listeners()[0].ARN, one: "i-1", two: "i-2"}
	o.missing = s.group[:len(s.group)-4] + "0000"
	s.w.AddRule(o.listener, world.Rule{Priority: 10, Path: "/api/*", Group: s.group})
	o.subnet = "subnet-a"
	s.w.AddScalingGroup(world.ScalingGroup{
		Name: "web", Max: 2, TargetGroups: []string{s.group}, HealthCheck: "ELB", Grace: time.Minute,
		Tags: map[string]string{"team": "web"}, Template: world.Instance{Zone: "ap-northeast-1a"}, Suspended: []string{"AZRebalance"},
	})
	if err := s.w.AttachInstances("web", []string{"i-2"}); err != nil {
		t.Fatal(err)
	}
	o.alarm(t)
	return o
}

// serveNow registers instances and answers their first health check at once.
func (s *sim) serveNow(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := s.w.Register(s.group, []world.Pair{{ID: id}}); err != nil {
			t.Fatal(err)
		}
		s.w.Checked(s.group, world.Pair{ID: id}, true, "")
	}
}
