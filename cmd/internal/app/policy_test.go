package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"junban/deploy/awscloud/iam"
)

var known = map[string]account{
	"prod":    {RoleARN: "arn:aws:iam::222222222222:role/junban", ExternalID: "x-1", Region: "eu-west-1"},
	"staging": {RoleARN: "arn:aws:iam::333333333333:role/junban"},
	"unused":  {RoleARN: "arn:aws:iam::444444444444:role/junban"},
}

var everything = []demand{
	{groups: []string{"web-dev"}, ssm: true},
	{groups: []string{"web"}, account: "prod", alarms: true, ssm: true},
	{groups: []string{"web-staging"}, account: "staging"},
	{tags: map[string]string{"Role": "worker"}, account: "staging", ssm: true},
}

// allowed are the statements of a document, one a line.
func allowed(d iam.Document) string {
	var out []string
	for _, s := range d.Statement {
		line := fmt.Sprint(s.Action, " on ", s.Resource)
		if s.Condition != nil {
			line += fmt.Sprint(" if ", s.Condition)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

const reads = "ec2:DescribeInstances elasticloadbalancing:DescribeLoadBalancers elasticloadbalancing:DescribeTargetGroupAttributes elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeTargetHealth"

func TestPoliciesOfEachAccount(t *testing.T) {
	const scaling = "[autoscaling:DescribeAutoScalingGroups autoscaling:DescribeAutoScalingInstances "
	const both = "[elasticloadbalancing:DeregisterTargets elasticloadbalancing:RegisterTargets] on "
	for name, want := range map[string][]string{
		"": {
			scaling + reads + " ssm:DescribeInstanceInformation ssm:GetCommandInvocation ssm:ListCommands] on [*]",
			both + "[arn:aws:elasticloadbalancing:ap-northeast-1:*:targetgroup/web-dev/*]",
			"[ssm:SendCommand] on [arn:aws:ssm:ap-northeast-1::document/AWS-RunShellScript]",
			"[ssm:SendCommand] on [arn:aws:ec2:ap-northeast-1:*:instance/*]",
			"[sts:AssumeRole] on [arn:aws:iam::222222222222:role/junban arn:aws:iam::333333333333:role/junban]",
		},
		"prod": {
			scaling + "cloudwatch:DescribeAlarms " + reads + " ssm:DescribeInstanceInformation ssm:GetCommandInvocation ssm:ListCommands] on [*]",
			both + "[arn:aws:elasticloadbalancing:eu-west-1:222222222222:targetgroup/web/*]",
			"[ssm:SendCommand] on [arn:aws:ssm:eu-west-1::document/AWS-RunShellScript]",
			"[ssm:SendCommand] on [arn:aws:ec2:eu-west-1:222222222222:instance/*]",
		},
		"staging": {
			scaling + reads + " ssm:DescribeInstanceInformation ssm:GetCommandInvocation ssm:ListCommands] on [*]",
			both + "[arn:aws:elasticloadbalancing:ap-northeast-1:333333333333:targetgroup/web-staging/*]",
			"[ssm:SendCommand] on [arn:aws:ssm:ap-northeast-1::document/AWS-RunShellScript]",
			"[ssm:SendCommand] on [arn:aws:ec2:ap-northeast-1:333333333333:instance/*] if map[StringEquals:map[ssm:resourceTag/Role:worker]]",
		},
	} {
		got, err := policies("ap-northeast-1", known, everything, name, "")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.Join(want, "\n"), allowed(got.Policy)); d != "" {
			t.Errorf("%q:\n%s", name, d)
		}
		if (got.Trust != nil) != (name != "") {
			t.Errorf("%q trusts %v", name, got.Trust)
		}
	}
}

func TestOnlyWhatIsUsed(t *testing.T) {
	at := func(d ...demand) string {
		got, err := policies("ap-northeast-1", known, d, "", "")
		if err != nil {
			t.Fatal(err)
		}
		return allowed(got.Policy)
	}
	if s := at(demand{groups: []string{"web"}}); strings.Contains(s, "ssm") || strings.Contains(s, "cloudwatch") || strings.Contains(s, "sts") {
		t.Errorf("neither SSM nor alarms nor accounts are used:\n%s", s)
	}
	if s := at(demand{tags: map[string]string{"Role": "w"}, ssm: true}); strings.Contains(s, "elasticloadbalancing") {
		t.Errorf("no load balancer is used:\n%s", s)
	}
	if s := at(demand{groups: []string{"web"}, account: "prod", ssm: true}); s != "[sts:AssumeRole] on [arn:aws:iam::222222222222:role/junban]" {
		t.Errorf("the bot's own account holds no service:\n%s", s)
	}
	const arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/a/0123456789abcdef"
	if s := at(demand{groups: []string{arn, "b"}}); !strings.Contains(s, "["+arn+" arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/b/*]") {
		t.Errorf("an ARN says which account it is:\n%s", s)
	}
}

func TestTrust(t *testing.T) {
	trust := func(name, bot string) string {
		got, err := policies("ap-northeast-1", known, everything, name, bot)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(got.Trust.Statement[0].Principal.AWS, " ", got.Trust.Statement[0].Action, " ", got.Trust.Statement[0].Condition)
	}
	for _, c := range []struct{ name, bot, want string }{
		{"prod", "", "arn:aws:iam::BOT_ACCOUNT:role/BOT_ROLE [sts:AssumeRole] map[StringEquals:map[sts:ExternalId:x-1]]"},
		{"staging", "arn:aws:iam::111111111111:role/bot", "arn:aws:iam::111111111111:role/bot [sts:AssumeRole] map[]"},
		{"prod", "bot", `"bot" is not the ARN of a role or user; one is arn:aws:iam::123456789012:role/junban`},
		{"unused", "", "no service of deploy.yaml has account: unused, so its role needs nothing"},
		{"prdo", "", "deploy.yaml has no account prdo: aws.accounts has prod, staging, unused"},
	} {
		if got := trust(c.name, c.bot); got != c.want {
			t.Errorf("%s, %q: got %s, want %s", c.name, c.bot, got, c.want)
		}
	}
}

func TestThePolicyOfTheExample(t *testing.T) {
	got, err := Policy(filepath.Join("..", "..", "..", "deploy.yaml"), "", "")
	if err != nil {
		t.Fatal(err)
	}
	s := allowed(got.Policy)
	for _, want := range []string{"targetgroup/web-production/*", "targetgroup/web-staging/*", "AWS-RunShellScript", "RegisterTargets"} {
		if !strings.Contains(s, want) {
			t.Errorf("it lacks %s:\n%s", want, s)
		}
	}
	var back iam.Document
	if err := json.Unmarshal([]byte(got.Policy.String()), &back); err != nil || len(back.Statement) != len(got.Policy.Statement) {
		t.Errorf("%v: %s", err, got.Policy)
	}
	if _, err := Policy("nowhere.yaml", "", ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
