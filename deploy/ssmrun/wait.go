package ssmrun

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
	"junban/deploy/hostscript"
)

const (
	// appearing is how long GetCommandInvocation may not know a command that was just sent (boto3#2701).
	appearing = time.Minute
	// troubleFor is how long nothing but failures is borne while following a command.
	troubleFor = 2 * time.Minute
)

const doesNotExist = "InvocationDoesNotExist"

// Wait follows a command, by GetCommandInvocation, until it has ended, and answers what the guard said of the job. Where
// the guard has said nothing, the report is refused only if SSM's status proves that nothing was started, else unknown.
// A fault means that the command could not be followed, after two minutes of nothing but failures, or after one of SSM
// not knowing the command (refused, InvocationDoesNotExist); what became of it is then open.
func (r *Runner) Wait(ctx context.Context, j deploy.Job, id string) (deploy.Report, error) {
	inv, err := r.follow(ctx, j, id)
	if err != nil {
		return deploy.Report{}, err
	}
	hr, err := hostscript.Parse(aws.ToString(inv.StandardOutputContent))
	switch {
	case err != nil:
		return silent(inv, err), nil
	case hr.Token != j.Token:
		return deploy.Report{
			State: deploy.ReportUnknown, Why: fmt.Sprintf("the host's guard answered for %s instead of %s", hr.Token, j.Token),
		}, nil
	}
	return hr.Told(), nil
}

// follow looks at a command until it has ended: when the same script has ended before, and else after one part in six of
// the time that it has taken so far, so that its end is seen soon however long it takes; never more often than Poll or
// less often than twenty times that.
func (r *Runner) follow(ctx context.Context, j deploy.Job, id string) (*ssm.GetCommandInvocationOutput, error) {
	doing := "GetCommandInvocation on " + j.Instance
	in := &ssm.GetCommandInvocationInput{CommandId: aws.String(id), InstanceId: aws.String(j.Instance)}
	began, usual := time.Now(), r.paces.of(j)
	var looked time.Duration // how long after the begin the last look was
	answered := began        // the last time that SSM knew the command
	for {
		so := time.Since(began)
		pause := max(r.o.Poll, so/6)
		switch {
		case so < usual:
			pause = usual - so
		case so < 2*usual:
			pause = max(r.o.Poll, (so-usual)/2)
		}
		pause = min(pause, 20*r.o.Poll)
		if err := sleep(ctx, pause); err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		out, err := awscall.Make(ctx, r.reading(doing), func(ctx context.Context) (*ssm.GetCommandInvocationOutput, error) {
			return r.ssm.GetCommandInvocation(ctx, in)
		})
		if err == nil {
			if over(out.Status) {
				r.paces.learn(j, time.Since(began), min((time.Since(began)-looked)/16, r.o.Poll/2))
				return out, nil
			}
			answered, looked = time.Now(), time.Since(began)
			continue
		}
		if _, ok := errors.AsType[*deploy.Fault](err); !ok {
			return nil, err
		}
		patience := troubleFor
		if awscall.Code(err) == doesNotExist {
			patience = appearing
		}
		if time.Since(answered) >= patience {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// over says whether a status is a last one. A status that nobody knows is not.
func over(s types.CommandInvocationStatus) bool {
	switch s {
	case types.CommandInvocationStatusSuccess, types.CommandInvocationStatusFailed,
		types.CommandInvocationStatusTimedOut, types.CommandInvocationStatusCancelled:
		return true
	}
	return false
}

// lost says whether SSM's details prove that a command has never reached its host. They are written with and without
// spaces.
func lost(details string) bool {
	switch strings.ReplaceAll(details, " ", "") {
	case "Undeliverable", "DeliveryTimedOut", "InvalidPlatform", "AccessDenied":
		return true
	}
	return false
}

// silent is the report of a command that has ended without the guard's answer.
func silent(inv *ssm.GetCommandInvocationOutput, parse error) deploy.Report {
	details := strings.ReplaceAll(aws.ToString(inv.StatusDetails), " ", "")
	if details == "" {
		details = string(inv.Status)
	}
	cancelled := details == "Cancelled" || details == "Canceled"
	// ResponseCode -1 is what a command has that did not start, but also one that was ended while it ran; only the latter
	// has a time at which it began.
	started := inv.ResponseCode != -1 || aws.ToString(inv.ExecutionStartDateTime) != ""
	if (lost(details) || cancelled) && !started {
		return deploy.Report{State: deploy.ReportRefused, Why: "SSM did not start it: " + details}
	}
	why := fmt.Sprintf("SSM says %s, and %v", details, parse)
	if end := tail(aws.ToString(inv.StandardErrorContent)); end != "" {
		why += "; standard error ends with: " + end
	}
	return deploy.Report{State: deploy.ReportUnknown, Why: why}
}

// tail is the last lines of a text, at most three and 300 bytes.
func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	s = strings.Join(lines[max(0, len(lines)-3):], " / ")
	if len(s) > 300 {
		s = "…" + s[len(s)-300:]
	}
	return strings.ToValidUTF8(s, "")
}
