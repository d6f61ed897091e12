package awssim

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	awsasg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	awscw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"junban/deploy/awssim/world"
)

const trustWithID = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/bot"},
	"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x-1"}}}]}`

// as are the clients of an access key.
func (s *sim) as(key string) clients {
	return dialAs(s.url, s.http, credentials.NewStaticCredentialsProvider(key, "secret", ""))
}

// user adds a user "bot" with a policy and returns its clients.
func (s *sim) user(t *testing.T, policy string) clients {
	t.Helper()
	if _, err := s.AddUser(User{Name: "bot", AccessKey: "AKIABOT", Policy: policy}); err != nil {
		t.Fatal(err)
	}
	return s.as("AKIABOT")
}

func TestARoleOfAnotherAccount(t *testing.T) {
	s := start(t, setup{options: Options{Limits: NoLimits()}})
	there := world.New(world.Options{Account: "210987654321"})
	there.AddGroup(world.Group{Name: "web-prod"})
	prod := s.AddAccount(Options{World: there, Limits: NoLimits()})
	t.Cleanup(func() { must(0, prod.Close(context.Background())) })
	role, err := prod.AddRole(Role{Name: "deploy", Trust: trustWithID})
	if err != nil {
		t.Fatal(err)
	}
	bot := s.user(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"`+role+`"}]}`)

	assume := func(c clients, id *string) error {
		_, err := c.STS.AssumeRole(s.ctx, &awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("junban"), ExternalId: id})
		return err
	}
	refused := "User: arn:aws:iam::123456789012:user/bot is not authorized to perform: sts:AssumeRole on resource: " + role
	for name, err := range map[string]error{
		"no external id": assume(bot, nil), "another external id": assume(bot, aws.String("x-2")),
	} {
		if code, msg := said(err); code != "AccessDenied" || msg != refused {
			t.Errorf("%s: %v", name, err)
		}
	}
	if code, _ := said(assume(s.clients, aws.String("x-1"))); code != "AccessDenied" {
		t.Error("the role was given to whom it does not trust")
	}

	inRole := dialAs(s.url, s.http, aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(bot.STS, role, func(o *stscreds.AssumeRoleOptions) {
		o.ExternalID, o.RoleSessionName = aws.String("x-1"), "junban"
	})))
	who, err := inRole.STS.GetCallerIdentity(s.ctx, &awssts.GetCallerIdentityInput{})
	if err != nil || *who.Account != "210987654321" || *who.Arn != "arn:aws:sts::210987654321:assumed-role/deploy/junban" {
		t.Fatalf("%+v %v", who, err)
	}
	groups, err := inRole.ELB.DescribeTargetGroups(s.ctx, &elbv2.DescribeTargetGroupsInput{})
	if err != nil || len(groups.TargetGroups) != 1 || *groups.TargetGroups[0].TargetGroupName != "web-prod" {
		t.Fatalf("%+v %v", groups, err)
	}
	if s.Count("DescribeTargetGroups") != 0 || prod.Count("DescribeTargetGroups") != 1 {
		t.Error("the call is not in the log of the account that answered it")
	}
	if err := s.SetPolicy("arn:aws:iam::123456789012:user/bot", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"elasticloadbalancing:*","Resource":"*"}]}`); err != nil {
		t.Fatal(err)
	}
	if code, _ := said(assume(bot, aws.String("x-1"))); code != "AccessDenied" {
		t.Error("a role of another account was given to whom the own account does not let go there")
	}
}

func TestASessionEnds(t *testing.T) {
	now := time.Now()
	var later atomic.Int64
	s := start(t, setup{options: Options{Limits: NoLimits()}, group: world.Group{Interval: time.Hour}, world: world.Options{
		Now: func() time.Time { return now.Add(time.Duration(later.Load())) },
	}})
	role, err := s.AddRole(Role{Name: "r", Trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}]}`})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.STS.AssumeRole(s.ctx, &awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("junban"), DurationSeconds: aws.Int32(900)})
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Credentials.Expiration.Sub(now); got < 899*time.Second || got > 900*time.Second {
		t.Errorf("it lasts %v", got)
	}
	dialled := func(token string) clients {
		return dialAs(s.url, s.http, credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, token))
	}
	ask := func(c clients) string {
		_, err := c.ELB.DescribeTargetGroups(s.ctx, &elbv2.DescribeTargetGroupsInput{})
		code, _ := said(err)
		return code
	}
	if got := ask(dialled(*out.Credentials.SessionToken)); got != "" {
		t.Error(got)
	}
	if got := ask(dialled("another")); got != "InvalidClientTokenId" {
		t.Error(got)
	}
	later.Store(int64(901 * time.Second))
	c := dialled(*out.Credentials.SessionToken)
	if got := ask(c); got != "ExpiredToken" {
		t.Error(got)
	}
	_, err = c.EC2.DescribeInstances(s.ctx, &awsec2.DescribeInstancesInput{})
	if code, _ := said(err); code != "RequestExpired" {
		t.Error(err)
	}
}

// TestWhatAPolicyAllows judges calls of every service: with the policy given
// they pass, with one action less they are refused in the service's words.
func TestWhatAPolicyAllows(t *testing.T) {
	s := start(t, setup{options: Options{Limits: NoLimits()}, group: world.Group{Tags: map[string]string{"Junban": "yes"}}})
	s.w.AddScalingGroup(world.ScalingGroup{Name: "web", Max: 3, Tags: map[string]string{"Junban": "yes"}})
	scaling := s.w.ScalingGroups()[0].ARN
	bot := s.user(t, "")
	calls := []struct {
		action, resource, condition string
		code, on                    string // how it is refused
		call                        func() error
	}{
		{"elasticloadbalancing:DescribeTargetHealth", "*", "", "AccessDenied", "", func() error {
			_, err := bot.ELB.DescribeTargetHealth(s.ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &s.group})
			return err
		}},
		{"elasticloadbalancing:RegisterTargets", "arn:aws:elasticloadbalancing:*:123456789012:targetgroup/web/*", `"StringEquals":{"aws:ResourceTag/Junban":"yes"}`, "AccessDenied", s.group, func() error {
			_, err := bot.ELB.RegisterTargets(s.ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &s.group, Targets: []types.TargetDescription{target("i-1", 80)}})
			return err
		}},
		{"ec2:StopInstances", "arn:aws:ec2:ap-northeast-1:123456789012:instance/*", `"StringLike":{"ec2:ResourceTag/Role":["web","work*"]}`, "UnauthorizedOperation", "arn:aws:ec2:ap-northeast-1:123456789012:instance/i-2", func() error {
			_, err := bot.EC2.StopInstances(s.ctx, &awsec2.StopInstancesInput{InstanceIds: []string{"i-2"}})
			return err
		}},
		{"ssm:SendCommand", `arn:aws:ssm:ap-northeast-1::document/AWS-RunShellScript","arn:aws:ec2:ap-northeast-1:123456789012:instance/i-1`, "", "AccessDeniedException", "arn:aws:ssm:ap-northeast-1::document/AWS-RunShellScript", func() error {
			_, err := bot.SSM.SendCommand(s.ctx, shellCommand("i-1", "true"))
			return err
		}},
		{"ssm:ListCommands", "*", "", "AccessDeniedException", "", func() error {
			_, err := bot.SSM.ListCommands(s.ctx, &awsssm.ListCommandsInput{})
			return err
		}},
		{"autoscaling:SuspendProcesses", scaling, `"StringEquals":{"autoscaling:ResourceTag/Junban":"yes"}`, "AccessDenied", scaling, func() error {
			_, err := bot.ASG.SuspendProcesses(s.ctx, &awsasg.SuspendProcessesInput{AutoScalingGroupName: aws.String("web")})
			return err
		}},
		{"autoscaling:DescribeAutoScalingInstances", "*", "", "AccessDenied", "", func() error {
			_, err := bot.ASG.DescribeAutoScalingInstances(s.ctx, &awsasg.DescribeAutoScalingInstancesInput{})
			return err
		}},
		{"cloudwatch:DescribeAlarms", "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:*", "", "AccessDenied", "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:*", func() error {
			_, err := bot.CW.DescribeAlarms(s.ctx, &awscw.DescribeAlarmsInput{AlarmNames: []string{"web-5xx"}})
			return err
		}},
	}
	policy := func(leaveOut int) string {
		var all []string
		for n, c := range calls {
			if n != leaveOut {
				all = append(all, `{"Effect":"Allow","Action":"`+c.action+`","Resource":["`+c.resource+`"],"Condition":{`+c.condition+`}}`)
			}
		}
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(all, ",") + `]}`
	}
	arn := "arn:aws:iam::123456789012:user/bot"
	for n, c := range calls {
		if err := s.SetPolicy(arn, policy(-1)); err != nil {
			t.Fatal(err)
		}
		if err := c.call(); err != nil {
			t.Errorf("%s is allowed: %v", c.action, err)
		}
		if err := s.SetPolicy(arn, policy(n)); err != nil {
			t.Fatal(err)
		}
		code, msg := said(c.call())
		want := "User: " + arn + " is not authorized to perform: " + c.action
		if c.on != "" {
			want += " on resource: " + c.on
		}
		want += " because no identity-based policy allows the " + c.action + " action"
		if code != c.code || !strings.HasSuffix(msg, want) {
			t.Errorf("%s is not allowed: %s %q, want %q", c.action, code, msg, want)
		}
	}
	if err := s.SetPolicy(arn, policy(-1)); err != nil {
		t.Fatal(err)
	}
	_, err := bot.SSM.SendCommand(s.ctx, shellCommand("i-3", "true"))
	if code, msg := said(err); code != "AccessDeniedException" || !strings.Contains(msg, "instance/i-3 because") {
		t.Errorf("another instance than the policy names: %v", err)
	}
	if _, err := bot.STS.GetCallerIdentity(s.ctx, &awssts.GetCallerIdentityInput{}); err != nil {
		t.Error("everybody may ask who they are: ", err)
	}
}
