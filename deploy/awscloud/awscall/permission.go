package awscall

// Resource is what an IAM permission can be narrowed to.
type Resource string

// The resources that the bot's permissions name.
const (
	Any           Resource = "*"                // the action knows no narrower one
	TargetGroups  Resource = "targetgroup"      // the ARNs of the target groups in deploy.yaml
	Instances     Resource = "instance"         // the EC2 instances that are deployed to
	Documents     Resource = "document"         // the SSM document that runs the command
	ScalingGroups Resource = "autoScalingGroup" // the Auto Scaling groups that the instances belong to
	Roles         Resource = "role"             // the roles of aws.accounts
)

// Feature is something that a deploy.yaml may use or not.
type Feature string

// The features that some permissions are for.
const (
	Always    Feature = ""              // whatever deploy.yaml says
	Balanced  Feature = "target groups" // a service with target_groups
	Alarms    Feature = "alarms"        // a service with alarms
	Standby   Feature = "standby"       // instances of Auto Scaling groups are put into standby
	OtherRole Feature = "accounts"      // a service in one of aws.accounts
)

// Permission is one IAM action that a package needs, beside the file that calls it.
type Permission struct {
	Action string     // as IAM spells it: elasticloadbalancing:DeregisterTargets
	On     []Resource // all of them are needed
	For    Feature    // needed only where it is used
	Why    string     // one English sentence without a full stop
}
