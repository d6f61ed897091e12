package awscall

// Resource is what an IAM permission can be narrowed to.
type Resource string

// The resources that the bot's permissions name.
const (
	Any          Resource = "*"           // the action knows no narrower one
	TargetGroups Resource = "targetgroup" // the ARNs of the target groups in deploy.yaml
	Instances    Resource = "instance"    // the EC2 instances behind them
	Documents    Resource = "document"    // the SSM document that runs the command
)

// Permission is one IAM action that a package needs, beside the file that calls it.
type Permission struct {
	Action string     // as IAM spells it: elasticloadbalancing:DeregisterTargets
	On     []Resource // all of them are needed
	Why    string     // one English sentence without a full stop
}
