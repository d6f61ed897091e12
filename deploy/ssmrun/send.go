package ssmrun

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
	"junban/deploy/hostscript"
)

const (
	// delivery is TimeoutSeconds: how long SSM tries to reach the agent. It is not a limit on running.
	delivery = 60 * time.Second
	// margin is what a command may take on the host beyond the guard's own reckoning before SSM ends the guard.
	margin = 30 * time.Second
	// longest is what AWS-RunShellScript takes for executionTimeout: 48 hours.
	longest = 172800 * time.Second
)

// Send starts a job by SendCommand, in one try: it has no idempotency token, and the SDK's retryer has been seen to make
// three commands of one. No request leaves after notAfter (engine.ErrLate; the zero time sets no limit). The answer is the
// command's id. A refusal means that nothing was sent: a job that the guard cannot carry, or an instance whose agent
// SSM does not know (InvalidInstanceId).
func (r *Runner) Send(ctx context.Context, j deploy.Job, notAfter time.Time) (string, error) {
	doing := fmt.Sprintf("SendCommand to %s", j.Instance)
	if j.Instance == "" {
		return "", awscall.Refused("SendCommand", "SSM runs commands on instances, and the job is for the bot's own host")
	}
	hj, err := hostscript.Of(j)
	if err != nil {
		return "", awscall.Refused(doing, err.Error())
	}
	script, err := hostscript.Wrap(hj)
	if err != nil {
		return "", awscall.Refused(doing, err.Error())
	}
	return r.send(ctx, doing, command{j.Instance, j.Token, script, limit(j, hj)}, notAfter)
}

// command is one SendCommand.
type command struct {
	instance, comment, script string
	limit                     time.Duration // executionTimeout
}

func (r *Runner) send(ctx context.Context, doing string, c command, notAfter time.Time) (string, error) {
	in := &ssm.SendCommandInput{
		DocumentName:   aws.String(document),
		InstanceIds:    []string{c.instance},
		Comment:        aws.String(c.comment),
		TimeoutSeconds: aws.Int32(int32(delivery / time.Second)),
		Parameters: map[string][]string{
			"commands":         {c.script},
			"executionTimeout": {strconv.Itoa(int(c.limit / time.Second))},
		},
	}
	call := awscall.Call{Doing: doing, Budget: r.o.Sends, Timeout: r.o.SendTimeout, NotAfter: notAfter}
	out, err := awscall.Make(ctx, call, func(ctx context.Context) (*ssm.SendCommandOutput, error) {
		return r.ssm.SendCommand(ctx, in, func(o *ssm.Options) { o.Retryer, o.RetryMaxAttempts = aws.NopRetryer{}, 0 })
	})
	if err != nil {
		return "", explain(err)
	}
	if out.Command == nil || aws.ToString(out.Command.CommandId) == "" {
		return "", awscall.Malformed(doing, "it names no command")
	}
	return *out.Command.CommandId, nil
}

// explain adds what a person can do to the refusal that is met most.
func explain(err error) error {
	f, ok := errors.AsType[*deploy.Fault](err)
	if !ok || f.Code != "InvalidInstanceId" {
		return err
	}
	f.Message += " (is the instance's SSM agent online, and its instance profile in place?)"
	return f
}

// limit is SSM's limit on running: longer than the guard's own, or its answer would be lost. A verification may take For
// and one more try.
func limit(j deploy.Job, hj hostscript.Job) time.Duration {
	d := hj.Longest()
	if d == 0 {
		return longest
	}
	if j.For > 0 {
		d = max(d, j.For+j.Timeout)
	}
	d += margin
	return min((d + time.Second - 1).Truncate(time.Second), longest)
}
