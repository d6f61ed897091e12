package awscloud

import "junban/deploy/awscloud/awscall"

// Permissions are the IAM actions that this package calls. What can be narrowed to a resource is in the service
// authorization reference; a Describe* without one there must be allowed on "*".
func Permissions() []awscall.Permission {
	all, groups := []awscall.Resource{awscall.Any}, []awscall.Resource{awscall.TargetGroups}
	scaling := []awscall.Resource{awscall.ScalingGroups}
	return []awscall.Permission{
		{Action: "elasticloadbalancing:DescribeTargetGroups", On: all, For: awscall.Balanced, Why: "find the target groups"},
		{Action: "elasticloadbalancing:DescribeTargetGroupAttributes", On: all, For: awscall.Balanced, Why: "read the deregistration delay"},
		{Action: "elasticloadbalancing:DescribeTargetHealth", On: all, For: awscall.Balanced, Why: "see which targets are in service"},
		{Action: "elasticloadbalancing:DeregisterTargets", On: groups, For: awscall.Balanced, Why: "take an instance out of service"},
		{Action: "elasticloadbalancing:RegisterTargets", On: groups, For: awscall.Balanced, Why: "put an instance back into service"},
		{Action: "ec2:DescribeInstances", On: all, Why: "read the instances' names, addresses, tags and states"},
		{Action: "autoscaling:DescribeAutoScalingInstances", On: all, Why: "see which instances belong to an Auto Scaling group"},
		{Action: "autoscaling:DescribeAutoScalingGroups", On: all, Why: "read which of that group's processes are suspended"},
		// A composite alarm is only described to who may describe them all.
		{Action: "cloudwatch:DescribeAlarms", On: all, For: awscall.Alarms, Why: "read the alarms that stop a rollout"},
		{Action: "autoscaling:EnterStandby", On: scaling, For: awscall.Standby, Why: "keep an instance that is out from being replaced"},
		{Action: "autoscaling:ExitStandby", On: scaling, For: awscall.Standby, Why: "give an instance back to its Auto Scaling group"},
		{Action: "autoscaling:SuspendProcesses", On: scaling, For: awscall.Standby, Why: "keep the Auto Scaling group still meanwhile"},
		{Action: "autoscaling:ResumeProcesses", On: scaling, For: awscall.Standby, Why: "let the Auto Scaling group work again"},
		{Action: "autoscaling:UpdateAutoScalingGroup", On: scaling, For: awscall.Standby, Why: "lower the group's minimum by the one that is out, and put it right"},
	}
}
