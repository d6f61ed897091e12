package ssmrun

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
	"junban/deploy/hostscript"
)

const (
	// cancelLimit is executionTimeout of a cancellation: the guard ends the process with SIGTERM, waits hostscript.Grace,
	// kills it, and waits a little for that.
	cancelLimit = 2 * time.Minute
	mark        = "/cancel"
	maxComment  = 100 // characters (SendCommand)
)

// Cancel ends the job on its host by a command of its own that asks the guard, waits for that, and answers what the
// guard found: exited or timedout if the job had ended, unknown if it had died without an exit code, else cancelled. After
// any report the job neither runs nor ever will. A host that cannot be reached, or a process that cannot be ended, is an
// Unsure fault: ask again. CancelCommand is not used: it ends the guard and not what it guards.
func (r *Runner) Cancel(ctx context.Context, j deploy.Job) (deploy.Report, error) {
	doing := "cancelling the command on " + j.Instance
	script, err := hostscript.Cancel(j.Token, hostscript.Record(j))
	if err != nil {
		return deploy.Report{}, awscall.Refused(doing, err.Error())
	}
	c := command{j.Instance, cancelComment(j.Token), script, cancelLimit}
	id, err := r.send(ctx, "SendCommand (cancel) to "+j.Instance, c, time.Time{})
	if err != nil {
		return deploy.Report{}, unsure(err)
	}
	inv, err := r.follow(ctx, deploy.Job{Instance: j.Instance}, id)
	if err != nil {
		return deploy.Report{}, unsure(err)
	}
	out, err := hostscript.Ended(j.Token, aws.ToString(inv.StandardOutputContent))
	if err != nil {
		return deploy.Report{}, &deploy.Fault{Class: deploy.Unsure, Message: doing + ": " + silent(inv, err).Why}
	}
	return out, nil
}

// unsure makes an Unsure fault of any: also a refusal of the cancellation leaves the job as it was, and may pass.
func unsure(err error) error {
	f, ok := errors.AsType[*deploy.Fault](err)
	if !ok || f.Class != deploy.Refused {
		return err
	}
	return &deploy.Fault{Class: deploy.Unsure, Code: f.Code, Message: f.Message}
}

// cancelComment is never a job's token: Find must not take a cancellation for the command.
func cancelComment(token string) string {
	return token[:min(len(token), maxComment-len(mark))] + mark
}
