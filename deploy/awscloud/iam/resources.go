package iam

import (
	"fmt"
	"slices"
	"strings"

	"junban/deploy/awscloud/awscall"
)

const allow = "Allow"

// statements are where a kind of resource is allowed, without the actions.
func (u Use) statements(r awscall.Resource) []Statement {
	one := func(sid string, resources ...string) []Statement {
		slices.Sort(resources)
		return []Statement{{Sid: sid, Effect: allow, Resource: slices.Compact(resources)}}
	}
	switch r {
	case awscall.TargetGroups:
		var arns []string
		for _, g := range u.Groups {
			arns = append(arns, u.group(g))
		}
		return one("TakeOutAndPutBack", arns...)
	case awscall.Documents:
		return one("RunThisDocument", u.arn("ssm", "", "document/AWS-RunShellScript")) // AWS's own: of no account
	case awscall.Instances:
		return u.instances()
	case awscall.ScalingGroups:
		return one("Standby", u.arn("autoscaling", u.account(), "autoScalingGroup:*:autoScalingGroupName/*"))
	case awscall.Roles:
		return one("AssumeRoles", slices.Clone(u.Roles)...)
	}
	return one("Read", "*")
}

// instances are where commands run: on any instance, or on those with some tags.
func (u Use) instances() []Statement {
	every := u.arn("ec2", u.account(), "instance/*")
	if u.Hosts || len(u.Tagged) == 0 {
		return []Statement{{Sid: "RunOnInstances", Effect: allow, Resource: []string{every}}}
	}
	var out []Statement
	var seen []string
	for _, tags := range u.Tagged {
		equal := map[string]string{}
		for k, v := range tags {
			equal["ssm:resourceTag/"+k] = plain(v)
		}
		// fmt sorts a map's keys, so this tells equal sets of tags.
		if mark := fmt.Sprint(equal); !slices.Contains(seen, mark) {
			seen = append(seen, mark)
			out = append(out, Statement{
				Sid: fmt.Sprintf("RunOnTagged%d", len(seen)), Effect: allow, Resource: []string{every},
				Condition: Condition{"StringEquals": equal},
			})
		}
	}
	return out
}

// group is a target group's ARN. Of a name, the end of the ARN is not known before the group is made.
func (u Use) group(g string) string {
	if strings.HasPrefix(g, "arn:") {
		return g
	}
	return u.arn("elasticloadbalancing", u.account(), "targetgroup/"+g+"/*")
}

func (u Use) account() string {
	if u.Account == "" {
		return "*"
	}
	return u.Account
}

func (u Use) arn(service, account, resource string) string {
	return strings.Join([]string{"arn", Partition(u.Region), service, u.Region, account, resource}, ":")
}

// Partition is the part of AWS that a region belongs to, as its ARNs begin with it.
func Partition(region string) string {
	for _, p := range []struct{ begins, partition string }{
		{"cn-", "aws-cn"},
		{"us-gov-", "aws-us-gov"},
		{"us-isob-", "aws-iso-b"},
		{"us-isof-", "aws-iso-f"},
		{"us-iso-", "aws-iso"},
		{"eu-isoe-", "aws-iso-e"},
		{"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(region, p.begins) {
			return p.partition
		}
	}
	return "aws"
}

// plain keeps a condition's value from being read as a policy variable: ${$} is a dollar sign.
func plain(value string) string { return strings.ReplaceAll(value, "$", "${$}") }
