package awscloud

import "junban/deploy/awscloud/awscall"

// Permissions are the IAM actions that this package calls.
func Permissions() []awscall.Permission {
	all, groups := []awscall.Resource{awscall.Any}, []awscall.Resource{awscall.TargetGroups}
	return []awscall.Permission{
		{Action: "elasticloadbalancing:DescribeTargetGroups", On: all, Why: "find the target groups"},
		{Action: "elasticloadbalancing:DescribeTargetGroupAttributes", On: all, Why: "read the deregistration delay"},
		{Action: "elasticloadbalancing:DescribeTargetHealth", On: all, Why: "see which targets are in service"},
		{Action: "elasticloadbalancing:DeregisterTargets", On: groups, Why: "take an instance out of service"},
		{Action: "elasticloadbalancing:RegisterTargets", On: groups, Why: "put an instance back into service"},
		{Action: "ec2:DescribeInstances", On: all, Why: "read the instances' names, addresses and states"},
	}
}
