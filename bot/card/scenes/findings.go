package scenes

import (
	"junban/deploy"
	"junban/deploy/doctor"
)

// Findings are some of each name, with values as doctor gives them.
func Findings() []deploy.Finding {
	return []deploy.Finding{
		{Name: doctor.PermissionMissing, Severity: deploy.Blocks, Values: map[string]string{"action": "ec2:DescribeInstances", "principal": "arn:aws:iam::123456789012:user/junban"}},
		{Name: doctor.GroupUnused, Severity: deploy.Blocks, Values: map[string]string{"group": "web"}},
		{Name: doctor.NoHealthyTarget, Severity: deploy.Warns, Values: map[string]string{"group": "web", "registered": "2"}},
		{Name: doctor.NoHealthyTarget, Severity: deploy.Blocks, Values: map[string]string{"group": "web", "registered": "0"}},
		{Name: doctor.OneHealthyTarget, Severity: deploy.Blocks, Values: map[string]string{"group": "web", "instance": "web-1 (i-1)", "registered": "1", "minimum": "1"}},
		{Name: doctor.OneHealthyTarget, Severity: deploy.Warns, Values: map[string]string{"group": "web", "instance": "web-1 (i-1)", "registered": "1", "minimum": "0"}},
		{Name: doctor.OneHealthyTarget, Severity: deploy.Warns, Values: map[string]string{"group": "web", "instance": "web-1 (i-1)", "registered": "3", "minimum": "1"}},
		{Name: doctor.MinimumTooHigh, Severity: deploy.Blocks, Values: map[string]string{"group": "web", "registered": "2", "minimum": "2", "largest": "1"}},
		{
			Name: doctor.TargetInDisabledZone, Severity: deploy.Warns, Fix: "aws elbv2 set-subnets …",
			Values: map[string]string{"group": "web", "balancer": "front", "instances": "web-1 (i-1)", "zones": "d", "enabled": "a, c", "scheme": "internet-facing"},
		},
		{Name: doctor.AgentOffline, Severity: deploy.Blocks, Values: map[string]string{"instances": "web-1 (i-1)", "ping": "ConnectionLost"}},
		{Name: doctor.AgentOffline, Severity: deploy.Blocks, Values: map[string]string{"instances": "web-2 (i-2)", "ping": doctor.Never}},
		{Name: doctor.SlackSetup, Severity: deploy.Blocks, Values: map[string]string{"problems": "SLACK_APP_TOKEN is not set"}},
		{Name: doctor.SlackScopeMissing, Severity: deploy.Blocks, Values: map[string]string{"scopes": "chat:write (posting)"}},
		{Name: doctor.SlackNotInChannel, Severity: deploy.Blocks, Values: map[string]string{"channel": "C0WEB", "why": "the bot is not in channel C0WEB (#web): invite it there"}},
		{Name: doctor.SessionsNotSticky, Severity: deploy.Warns, Values: map[string]string{"group": "web", "registered": "2"}},
		{Name: doctor.StickyWithoutCross, Severity: deploy.Warns, Values: map[string]string{"group": "web"}},
		{Name: doctor.ZoneWithoutTarget, Severity: deploy.Warns, Values: map[string]string{"group": "web", "balancer": "front", "zones": "d", "cross_zone": "false"}},
		{Name: doctor.ZoneWithoutTarget, Severity: deploy.Warns, Values: map[string]string{"group": "web", "balancer": "front", "zones": "d", "others": "api"}},
		{Name: doctor.ZoneWithOneTarget, Severity: deploy.Warns, Values: map[string]string{"group": "web", "zones": "c", "instances": "web-2 (i-2)"}},
		{Name: doctor.ProfileMissing, Severity: deploy.Warns, Values: map[string]string{"instances": "web-2 (i-2)"}},
		{Name: doctor.ProfilesDiffer, Severity: deploy.Warns, Values: map[string]string{"profiles": "web: web-1 (i-1); web2: web-2 (i-2)"}},
		{Name: doctor.FleetDiffers, Severity: deploy.Warns, Values: map[string]string{"what": "type", "seen": "t3.small: web-1 (i-1); t3.large: web-2 (i-2)"}},
		{Name: doctor.FleetDiffers, Severity: deploy.Warns, Values: map[string]string{"what": "image", "seen": "ami-1: web-1 (i-1); ami-2: web-2 (i-2)"}},
		{Name: doctor.FleetDiffers, Severity: deploy.Warns, Values: map[string]string{"what": "metadata_tokens", "seen": "required: web-1 (i-1); optional: web-2 (i-2)"}},
		{Name: doctor.InAutoScaling, Severity: deploy.Warns, Values: map[string]string{"scaling": "asg", "instances": "web-1 (i-1)"}},
		{Name: doctor.InAutoScaling, Severity: deploy.Notes, Values: map[string]string{"scaling": "asg", "instances": "web-1 (i-1)", "suspended": "ReplaceUnhealthy"}},
		{Name: doctor.SharedInstance, Severity: deploy.Warns, Values: map[string]string{"instances": "web-1 (i-1)", "services": "api, cron in production"}},
		{Name: doctor.DeregistrationZero, Severity: deploy.Warns, Fix: "aws one\naws two", Values: map[string]string{"group": "web"}},
		{Name: doctor.DeregistrationDefault, Severity: deploy.Notes, Values: map[string]string{"group": "web", "delay": "5m0s", "instances": "4", "estimate": "22m0s"}},
		{Name: doctor.SlowStart, Severity: deploy.Notes, Values: map[string]string{"group": "web", "slow_start": "1m0s", "pause_between": "0s"}},
		{Name: doctor.PortOverride, Severity: deploy.Notes, Values: map[string]string{"group": "web", "port": "80", "targets": "web-2 (i-2):8080"}},
		{Name: doctor.NotChecked, Severity: deploy.Notes, Values: map[string]string{"action": "ssm:DescribeInstanceInformation", "why": "status 500"}},
		{Name: doctor.FleetDiffers, Severity: deploy.Warns, Accepted: "pets", Values: map[string]string{"what": "type", "seen": "t3.small: web-1 (i-1); t3.large: web-2 (i-2)"}},
	}
}
