package awscloud

import "junban/deploy/awscloud/awscall"

// SurveyPermissions are the IAM actions that Survey calls beside those of Permissions. A bot without them works, and its
// examinations say what they could not see.
func SurveyPermissions() []awscall.Permission {
	all := []awscall.Resource{awscall.Any}
	return []awscall.Permission{
		{Action: "elasticloadbalancing:DescribeLoadBalancers", On: all, For: awscall.Balanced, Why: "see in which zones the load balancers are enabled"},
		{Action: "ssm:DescribeInstanceInformation", On: all, Why: "see whether the instances' agents answer"},
	}
}
