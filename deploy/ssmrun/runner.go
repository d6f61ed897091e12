// Package ssmrun runs jobs on EC2 instances through AWS Systems Manager's Run Command. It implements engine.Runner.
//
// What it sends is always wrapped in the host's guard (package hostscript), since SendCommand has no idempotency token
// and a command may arrive twice or late: the guard makes that harmless. The command's Comment is the job's token, by
// which Find adopts what was sent before a crash. A job that only looks goes to the same instance and has another record
// there (hostscript.Record), so that it may run beside a command.
//
// It must never repeat a SendCommand by itself, change a job's text, or take a status of SSM for the outcome of the
// command: only the guard's answer is that.
package ssmrun

import (
	"cmp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"golang.org/x/time/rate"

	"junban/deploy/awscloud/awscall"
	"junban/deploy/engine"
)

var _ engine.Runner = (*Runner)(nil)

// document is AWS's own document for shell commands.
const document = "AWS-RunShellScript"

// Options change a Runner's limits; the zero value is right for AWS.
type Options struct {
	// Reads is the budget of GetCommandInvocation and ListCommands, Sends that of SendCommand. The defaults are 9 a second
	// with a burst of 30, and 4.5 a second with a burst of 15; AWS publishes no figures.
	Reads, Sends *rate.Limiter
	// ReadTimeout and SendTimeout limit each try. The defaults are 10 s and 15 s.
	ReadTimeout, SendTimeout time.Duration
	// Poll is the shortest pause between two looks at a command, by default 0.25 s. The longest is twenty times that.
	Poll time.Duration
}

// Runner runs jobs through the SSM of one account and region. It is safe for concurrent use.
type Runner struct {
	ssm   *ssm.Client
	o     Options
	paces paces
}

// Defaults are Options with every budget made. Runners that are made from one value of them share those budgets.
func Defaults() Options {
	return Options{Reads: rate.NewLimiter(9, 30), Sends: rate.NewLimiter(4.5, 15)}
}

// New makes a Runner from the SDK's configuration. It makes no call.
func New(cfg aws.Config, o Options) *Runner {
	own := Defaults()
	o.Reads, o.Sends = cmp.Or(o.Reads, own.Reads), cmp.Or(o.Sends, own.Sends)
	if o.ReadTimeout <= 0 {
		o.ReadTimeout = 10 * time.Second
	}
	if o.SendTimeout <= 0 {
		o.SendTimeout = 15 * time.Second
	}
	if o.Poll <= 0 {
		o.Poll = 250 * time.Millisecond
	}
	return &Runner{
		ssm: ssm.NewFromConfig(cfg, func(c *ssm.Options) {
			c.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 2 * time.Second })
			c.RetryMaxAttempts = 0
			c.APIOptions = append(c.APIOptions, awscall.Hook)
		}),
		o: o,
	}
}

func (r *Runner) reading(doing string) awscall.Call {
	return awscall.Call{Doing: doing, Budget: r.o.Reads, Timeout: r.o.ReadTimeout}
}

// Permissions are the IAM actions that this package calls.
func Permissions() []awscall.Permission {
	all, host := []awscall.Resource{awscall.Any}, []awscall.Resource{awscall.Documents, awscall.Instances}
	return []awscall.Permission{
		{Action: "ssm:SendCommand", On: host, Why: "run the deploy command on an instance"},
		{Action: "ssm:GetCommandInvocation", On: all, Why: "follow a command until it ends"},
		{Action: "ssm:ListCommands", On: all, Why: "find a command that was sent before the bot was restarted"},
	}
}
