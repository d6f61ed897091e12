package hostscript

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"junban/deploy"
)

// bot is the name of the record of what runs for the bot itself, on its own host.
const bot = "bot"

// Record is the name of the record that a job belongs to: its instance's, or, on the bot's own host, one of its service
// and environment, since rollouts of several services go on at once. What only looks has another, NAME.read, so that it
// neither waits for a command nor stands in the way of one.
func Record(j deploy.Job) string {
	name := j.Instance
	if name == "" {
		name = bot
		if j.Service != "" {
			sum := sha256.Sum256([]byte(j.Service + "\x00" + j.Environment)) // names may hold any letters
			name = fmt.Sprintf("%s-%x", bot, sum[:6])
		}
	}
	if j.Read {
		name += ".read"
	}
	return name
}

// Of is the core's job as the guard takes it: every text byte for byte; ports without a script are the idle probe's. The error says what is no environment variable.
func Of(j deploy.Job) (Job, error) {
	out := Job{
		Token: j.Token, Instance: Record(j), Script: j.Script, Shell: j.Shell, User: j.User, Directory: j.Directory,
		Timeout: j.Timeout, Read: j.Read,
	}
	if out.Script == "" && len(j.Ports) > 0 {
		out.Script = IdleScript(j.Ports)
	}
	for _, e := range j.Env {
		name, value, ok := strings.Cut(e, "=")
		if !ok {
			return Job{}, fmt.Errorf("environment %q is not NAME=value", e)
		}
		out.Env = append(out.Env, Var{Name: name, Value: value})
	}
	if j.For > 0 {
		out.Retry = &Retry{For: j.For, Every: j.Every}
	}
	return out, nil
}

// Told is the guard's answer in the core's words. What was cancelled before it had come is cancelled; what still runs is
// unknown here, since the core's reports are of what has ended.
func (r Report) Told() deploy.Report {
	out := deploy.Report{Exit: r.Exit, Output: r.Output, Why: r.Why}
	switch r.State {
	case Exited:
		out.State = deploy.ReportExited
	case TimedOut:
		out.State = deploy.ReportTimeout
	case Cancelled, Absent:
		out.State = deploy.ReportCancelled
	case Refused:
		out.State = deploy.ReportRefused
		if r.Other != "" {
			out.Why += ": " + r.Other
		}
	default:
		out.State = deploy.ReportUnknown
	}
	return out
}

// Undone says that the guard could not do what it was asked, such as read its record, so that nothing is known of the
// token. (A run that was entered and then refused has its time.)
func (r Report) Undone() bool { return r.State == Refused && r.Started.IsZero() }

// Ended reads the answer to a cancellation of a token, and what it means for the core. An error says that the command may
// still run, or that nobody knows.
func Ended(token, stdout string) (deploy.Report, error) {
	r, err := Parse(stdout)
	switch {
	case err != nil:
		return deploy.Report{}, err
	case r.Token != token:
		return deploy.Report{}, fmt.Errorf("the host's guard answered for %s", r.Token)
	case r.State == Running, r.Undone():
		return deploy.Report{}, fmt.Errorf("it may still run: %s", r.Why)
	}
	return r.Told(), nil
}
