// Package direct is what localrun and sshrun have in common: it runs jobs on hosts that answer at once, through any Way to
// run a script there. Its Runner is an engine.Runner.
//
// Send has the host's guard (package hostscript) start the job and waits only until the record on the host knows it; the
// connection may then be cut and the bot be killed. Wait asks the record until the job has ended, Find asks it once,
// Cancel has the guard end the job. The id of a job is its token: there is no other memory than the host's.
//
// It must never send a job twice by itself, and know no transport.
package direct

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"junban/deploy"
	"junban/deploy/engine"
	"junban/deploy/hostscript"
)

var _ engine.Runner = (*Runner)(nil)

// Way is how hosts are reached. It is safe for concurrent use.
type Way interface {
	// Open reaches the host of a job, without running anything there. Errors are *deploy.Fault, Refused or Throttled.
	Open(ctx context.Context, j deploy.Job) (Host, error)
}

// Host is one connection to a host, used by one caller at a time.
type Host interface {
	// Run runs a script with sh and answers what it printed on stdout when it ends, however it ends. Not before the script
	// can leave, and for the last time there, ready is asked: its error is then Run's, and nothing is run. Other errors are
	// *deploy.Fault: Unsure if the script may have been run.
	Run(ctx context.Context, script string, ready func() error) (string, error)
	// Close ends the connection, and nothing that was started through it.
	Close() error
}

// Options change a Runner's limits; the zero value is right.
type Options struct {
	// Poll is the shortest pause between two looks at a job, by default 0.5 s. The longest is ten times that.
	Poll time.Duration
	// Ask limits one question to the host and its answer, from the connection to the end; the default is 30 s.
	Ask time.Duration
	// Trouble is how long nothing but failures is borne while a job is followed; the default is two minutes.
	Trouble time.Duration
}

// cancelLimit is how long a cancellation may take: the guard ends the process with SIGTERM, waits hostscript.Grace, kills
// it, and waits a little for that.
const cancelLimit = time.Minute

// Runner runs jobs by a Way. It is safe for concurrent use.
type Runner struct {
	way  Way
	name string
	o    Options
}

// New makes a Runner. name is the way's, for people: "ssh". It reaches no host.
func New(name string, way Way, o Options) *Runner {
	if o.Poll <= 0 {
		o.Poll = 500 * time.Millisecond
	}
	if o.Ask <= 0 {
		o.Ask = 30 * time.Second
	}
	if o.Trouble <= 0 {
		o.Trouble = 2 * time.Minute
	}
	return &Runner{way: way, name: name, o: o}
}

// Send has the job started, in one try, and answers its token once the record on the host knows it. It does not leave after
// notAfter (engine.ErrLate; the zero time sets no limit). What the guard refuses is a Refused fault: it was not run.
func (r *Runner) Send(ctx context.Context, j deploy.Job, notAfter time.Time) (string, error) {
	doing := r.doing("the command", j)
	hj, err := hostscript.Of(j)
	if err != nil {
		return "", fault(deploy.Refused, doing, err.Error())
	}
	script, err := hostscript.Start(hj)
	if err != nil {
		return "", fault(deploy.Refused, doing, err.Error())
	}
	ready := func() error {
		if !notAfter.IsZero() && time.Now().After(notAfter) {
			return fmt.Errorf("%s: %w", doing, engine.ErrLate)
		}
		return nil
	}
	if err := ready(); err != nil {
		return "", err
	}
	hr, err := r.ask(ctx, r.o.Ask, doing, j, script, ready)
	if err != nil {
		return "", err
	}
	if hr.State == hostscript.Refused {
		return "", fault(deploy.Refused, doing, hr.Told().Why)
	}
	return j.Token, nil
}

// Find asks the record on the host for the job's token. since does not matter: a token is never given twice. "" means that
// the host does not know it; it may still be on its way.
func (r *Runner) Find(ctx context.Context, j deploy.Job, _ time.Time) (string, error) {
	doing := r.doing("looking for the command", j)
	script, err := hostscript.Look(j.Token, hostscript.Record(j))
	if err != nil {
		return "", fault(deploy.Refused, doing, err.Error())
	}
	hr, err := r.ask(ctx, r.o.Ask, doing, j, script, nil)
	switch {
	case err != nil:
		return "", err
	case hr.Undone():
		return "", fault(deploy.Unsure, doing, hr.Why)
	case hr.State == hostscript.Absent:
		return "", nil
	}
	return j.Token, nil
}

// Cancel has the guard end the job, or see to it that it never starts, and answers what it found: exited or timedout if the
// job had ended, unknown if it had died without an exit code, else cancelled. After any report the job neither runs nor ever
// will. All faults are Unsure: ask again.
func (r *Runner) Cancel(ctx context.Context, j deploy.Job) (deploy.Report, error) {
	doing := r.doing("cancelling the command", j)
	script, err := hostscript.Cancel(j.Token, hostscript.Record(j))
	if err != nil {
		return deploy.Report{}, fault(deploy.Refused, doing, err.Error())
	}
	answer, err := r.run(ctx, cancelLimit, doing, j, script, nil)
	if f, ok := errors.AsType[*deploy.Fault](err); ok {
		return deploy.Report{}, &deploy.Fault{Class: deploy.Unsure, Code: f.Code, Message: f.Message}
	}
	if err != nil {
		return deploy.Report{}, err
	}
	out, err := hostscript.Ended(j.Token, trim(answer))
	if err != nil {
		return deploy.Report{}, fault(deploy.Unsure, doing, err.Error())
	}
	return out, nil
}

// ask runs a script on the job's host, on a connection of its own, and reads the guard's answer about the job.
func (r *Runner) ask(ctx context.Context, limit time.Duration, doing string, j deploy.Job, script string, ready func() error) (hostscript.Report, error) {
	answer, err := r.run(ctx, limit, doing, j, script, ready)
	if err != nil {
		return hostscript.Report{}, err
	}
	return read(doing, j, answer)
}

func (r *Runner) run(ctx context.Context, limit time.Duration, doing string, j deploy.Job, script string, ready func() error) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	h, err := r.way.Open(ctx, j)
	if err != nil {
		return "", said(doing, err)
	}
	defer func() { _ = h.Close() }()
	answer, err := h.Run(ctx, script, ready)
	if err != nil {
		return "", said(doing, err)
	}
	return answer, nil
}

// trim takes away what a login shell's start-up files printed before the guard's answer.
func trim(answer string) string {
	if i := strings.Index("\n"+answer, "\n"+hostscript.Magic); i > 0 {
		return answer[i:]
	}
	return answer
}

func read(doing string, j deploy.Job, answer string) (hostscript.Report, error) {
	hr, err := hostscript.Parse(trim(answer))
	if err != nil {
		return hostscript.Report{}, fault(deploy.Unsure, doing, err.Error())
	}
	if hr.Token != j.Token {
		return hostscript.Report{}, fault(deploy.Unsure, doing, fmt.Sprintf("the host's guard answered for %s instead of %s", hr.Token, j.Token))
	}
	return hr, nil
}

// doing is what is done, for people: "cancelling the command on i-1 by ssh".
func (r *Runner) doing(what string, j deploy.Job) string {
	if j.Instance == "" {
		return fmt.Sprintf("%s on the bot's host", what)
	}
	return fmt.Sprintf("%s on %s by %s", what, j.Instance, r.name)
}

func fault(class deploy.Class, doing, why string) *deploy.Fault {
	return &deploy.Fault{Class: class, Message: doing + ": " + why}
}

// said puts what was done before the text of a way's error.
func said(doing string, err error) error {
	if f, ok := errors.AsType[*deploy.Fault](err); ok {
		return &deploy.Fault{Class: f.Class, Code: f.Code, Message: doing + ": " + f.Message}
	}
	return err
}
