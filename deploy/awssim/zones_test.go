package awssim

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"junban/deploy/awssim/world"
)

func TestSubnetsOfALoadBalancer(t *testing.T) {
	s := start(t, setup{options: Options{Limits: NoLimits()}})
	s.w.AddSubnet(world.Subnet{ID: "subnet-d", Zone: "ap-northeast-1d", Tags: map[string]string{"Name": "private-d"}})
	s.w.AddSubnet(world.Subnet{ID: "subnet-a2", Zone: "ap-northeast-1a"})
	lb := s.w.Balancers()[0].ARN
	s.serve(t, world.Pair{ID: "i-1", Port: 80}) // in zone a
	zones := func() string {
		out, err := s.ELB.DescribeLoadBalancers(s.ctx, &elbv2.DescribeLoadBalancersInput{LoadBalancerArns: []string{lb}})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, z := range out.LoadBalancers[0].AvailabilityZones {
			names = append(names, *z.ZoneName+" "+*z.SubnetId)
		}
		return strings.Join(names, ", ")
	}
	set := func(ids ...string) error {
		_, err := s.ELB.SetSubnets(s.ctx, &elbv2.SetSubnetsInput{LoadBalancerArn: &lb, Subnets: ids})
		return err
	}
	for _, tt := range []struct {
		name, code string
		subnets    []string
	}{
		{"one zone is too few", "ValidationError", []string{"subnet-c"}},
		{"one that is not there", "SubnetNotFound", []string{"subnet-c", "subnet-x"}},
		{"two in one zone", "InvalidConfigurationRequest", []string{"subnet-a", "subnet-a2", "subnet-c"}},
	} {
		if code, _ := said(set(tt.subnets...)); code != tt.code {
			t.Errorf("%s: %s", tt.name, code)
		}
	}
	if err := set("subnet-c", "subnet-d"); err != nil { // replaces: a is enabled no more
		t.Fatal(err)
	}
	if got := zones(); got != "ap-northeast-1c subnet-c, ap-northeast-1d subnet-d" {
		t.Error(got)
	}
	health := func() types.TargetHealth {
		out, err := s.ELB.DescribeTargetHealth(s.ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &s.group})
		if err != nil {
			t.Fatal(err)
		}
		return *out.TargetHealthDescriptions[0].TargetHealth
	}
	if h := health(); h.State != types.TargetHealthStateEnumUnused || h.Reason != types.TargetHealthReasonEnumNotInUse {
		t.Errorf("in a zone that is not enabled: %+v", h)
	}
	if _, err := s.ELB.SetSubnets(s.ctx, &elbv2.SetSubnetsInput{LoadBalancerArn: &lb, SubnetMappings: []types.SubnetMapping{{SubnetId: aws.String("subnet-a")}, {SubnetId: aws.String("subnet-c")}}}); err != nil {
		t.Fatal(err)
	}
	s.until(t, "healthy again", func() bool { return health().State == types.TargetHealthStateEnumHealthy })

	nets, err := s.EC2.DescribeSubnets(s.ctx, &awsec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: aws.String("availability-zone"), Values: []string{"ap-northeast-1d"}}}})
	if err != nil || len(nets.Subnets) != 1 || *nets.Subnets[0].SubnetId != "subnet-d" || *nets.Subnets[0].Tags[0].Value != "private-d" {
		t.Errorf("%+v %v", nets, err)
	}
	_, err = s.EC2.DescribeSubnets(s.ctx, &awsec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-x"}})
	if code, _ := said(err); code != "InvalidSubnetID.NotFound" {
		t.Error(err)
	}
}

func TestAttributesThroughTheSDK(t *testing.T) {
	s := start(t, setup{options: Options{Limits: NoLimits()}})
	modify := func(pairs ...string) error {
		in := &elbv2.ModifyTargetGroupAttributesInput{TargetGroupArn: &s.group}
		for i := 0; i < len(pairs); i += 2 {
			in.Attributes = append(in.Attributes, types.TargetGroupAttribute{Key: &pairs[i], Value: &pairs[i+1]})
		}
		_, err := s.ELB.ModifyTargetGroupAttributes(s.ctx, in)
		return err
	}
	if err := modify("stickiness.enabled", "true", "stickiness.lb_cookie.duration_seconds", "600",
		"load_balancing.cross_zone.enabled", "false", "slow_start.duration_seconds", "30"); err != nil {
		t.Fatal(err)
	}
	out, err := s.ELB.DescribeTargetGroupAttributes(s.ctx, &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: &s.group})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"stickiness.enabled": "true", "stickiness.type": "lb_cookie", "stickiness.lb_cookie.duration_seconds": "600",
		"load_balancing.cross_zone.enabled": "false", "slow_start.duration_seconds": "30", "deregistration_delay.timeout_seconds": "0",
	} {
		if got := attribute(out.Attributes, key); got != want {
			t.Errorf("%s is %q", key, got)
		}
	}
	if g, _ := s.w.Group("web"); g.Stickiness().Minutes() != 10 {
		t.Errorf("sticky for %v", g.Stickiness())
	}
	for _, bad := range [][]string{
		{"stickiness.enabled", "yes"}, {"slow_start.duration_seconds", "29"}, {"load_balancing.cross_zone.enabled", "maybe"}, {"nothing", "1"},
	} {
		if code, _ := said(modify(append([]string{"stickiness.enabled", "false"}, bad...)...)); code != "InvalidConfigurationRequest" {
			t.Errorf("%v: %s", bad, code)
		}
	}
	if g, _ := s.w.Group("web"); g.Attributes["stickiness.enabled"] != "true" {
		t.Error("a refused call changed something")
	}

	lb := s.w.Balancers()[0].ARN
	if _, err := s.ELB.ModifyLoadBalancerAttributes(s.ctx, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &lb, Attributes: []types.LoadBalancerAttribute{
		{Key: aws.String("idle_timeout.timeout_seconds"), Value: aws.String("120")},
	}}); err != nil {
		t.Fatal(err)
	}
	of, err := s.ELB.DescribeLoadBalancerAttributes(s.ctx, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &lb})
	if err != nil || !slices.ContainsFunc(of.Attributes, func(a types.LoadBalancerAttribute) bool {
		return *a.Key == "idle_timeout.timeout_seconds" && *a.Value == "120"
	}) {
		t.Errorf("%+v %v", of, err)
	}
}

func TestWhatInstancesAreLike(t *testing.T) {
	made := make(chan string, 4)
	s := start(t, setup{options: Options{Limits: NoLimits()}, world: world.Options{Launch: func(i *world.Instance) { made <- i.ID }}})
	s.w.AddInstance(world.Instance{
		ID: "i-p", Zone: "ap-northeast-1a", Profile: "arn:aws:iam::123456789012:instance-profile/web", Key: "ops", Tokens: "optional",
		Security: []world.SecurityGroup{{ID: "sg-1", Name: "web"}, {ID: "sg-2", Name: "ssh"}},
	})
	one := func(id string) ec2types.Instance {
		t.Helper()
		out, err := s.EC2.DescribeInstances(s.ctx, &awsec2.DescribeInstancesInput{InstanceIds: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Reservations[0].Instances[0]
	}
	if i := one("i-p"); *i.IamInstanceProfile.Arn != "arn:aws:iam::123456789012:instance-profile/web" || *i.KeyName != "ops" ||
		i.MetadataOptions.HttpTokens != "optional" || len(i.SecurityGroups) != 2 || *i.SecurityGroups[1].GroupName != "ssh" || *i.ImageId == "" || i.InstanceType != "t3.small" {
		t.Errorf("%+v", i)
	}
	if i := one("i-1"); i.IamInstanceProfile != nil || i.MetadataOptions.HttpTokens != "required" {
		t.Errorf("%+v", i)
	}
	in := &awsec2.RunInstancesInput{
		ImageId: aws.String("ami-1"), InstanceType: "t3.large", MinCount: aws.Int32(1), MaxCount: aws.Int32(2), SubnetId: aws.String("subnet-c"), ClientToken: aws.String("once"),
		IamInstanceProfile: &ec2types.IamInstanceProfileSpecification{Name: aws.String("web")}, SecurityGroupIds: []string{"sg-1"},
		MetadataOptions:   &ec2types.InstanceMetadataOptionsRequest{HttpTokens: "required"},
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: "instance", Tags: []ec2types.Tag{{Key: aws.String("Name"), Value: aws.String("web-4")}}}},
	}
	out, err := s.EC2.RunInstances(s.ctx, in)
	if err != nil || len(out.Instances) != 2 {
		t.Fatalf("%+v %v", out, err)
	}
	id := *out.Instances[0].InstanceId
	if <-made != id {
		t.Error("Launch was told of another")
	}
	again, err := s.EC2.RunInstances(s.ctx, in)
	if err != nil || *again.Instances[0].InstanceId != id || len(s.w.Instances()) != 6 {
		t.Errorf("the same token started more: %v", err)
	}
	if i := one(id); i.State.Name != "running" || *i.Placement.AvailabilityZone != "ap-northeast-1c" || i.InstanceType != "t3.large" ||
		*i.IamInstanceProfile.Arn != "arn:aws:iam::123456789012:instance-profile/web" || *i.Tags[0].Value != "web-4" || *i.PrivateIpAddress == "" {
		t.Errorf("%+v", i)
	}
	if _, err := s.EC2.CreateTags(s.ctx, &awsec2.CreateTagsInput{Resources: []string{id}, Tags: []ec2types.Tag{{Key: aws.String("Role"), Value: aws.String("web")}}}); err != nil {
		t.Fatal(err)
	}
	if i, _ := s.w.Instance(id); i.Tags["Role"] != "web" {
		t.Errorf("%+v", i.Tags)
	}
	if _, err := s.ELB.RegisterTargets(s.ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &s.group, Targets: []types.TargetDescription{target(id, 80)}}); err != nil {
		t.Error("what was started cannot be registered: ", err)
	}
}

func TestALostAgent(t *testing.T) {
	s := start(t, setup{options: Options{Limits: NoLimits()}})
	s.w.AddInstance(world.Instance{ID: "i-none"}) // never had an agent
	s.w.SetAgent("i-2", false)
	out, err := s.SSM.DescribeInstanceInformation(s.ctx, &awsssm.DescribeInstanceInformationInput{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range out.InstanceInformationList {
		got = append(got, *i.InstanceId+" "+string(i.PingStatus))
	}
	if strings.Join(got, ", ") != "i-1 Online, i-2 ConnectionLost, i-3 Online" {
		t.Error(got)
	}
	lost, err := s.SSM.DescribeInstanceInformation(s.ctx, &awsssm.DescribeInstanceInformationInput{Filters: []ssmtypes.InstanceInformationStringFilter{{Key: aws.String("PingStatus"), Values: []string{"ConnectionLost"}}}})
	if err != nil || len(lost.InstanceInformationList) != 1 || lost.InstanceInformationList[0].LastPingDateTime.After(s.w.Now()) {
		t.Errorf("%+v %v", lost, err)
	}
	_, err = s.SSM.SendCommand(s.ctx, shellCommand("i-2", "true"))
	if code, _ := said(err); code != "InvalidInstanceId" {
		t.Error(err)
	}
}
