package direct

import (
	"context"
	"fmt"
	"time"

	"junban/deploy"
	"junban/deploy/hostscript"
)

// Wait asks the record on the host until the job has ended, and answers what the guard says of it. It keeps one connection
// and makes a new one when that breaks. A fault means that the job could not be followed, after Options.Trouble of nothing
// but failures; what became of it is then open. A host whose record does not know the job any more makes it unknown.
func (r *Runner) Wait(ctx context.Context, j deploy.Job, _ string) (deploy.Report, error) {
	doing := r.doing("following the command", j)
	script, err := hostscript.Look(j.Token, hostscript.Record(j))
	if err != nil {
		return deploy.Report{}, fault(deploy.Refused, doing, err.Error())
	}
	w := &watch{Runner: r, job: j, doing: doing, script: script}
	defer w.close()
	began := time.Now()
	answered := began // the last time that the host answered
	for {
		hr, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return deploy.Report{}, fmt.Errorf("%s: %w", doing, ctx.Err())
		case err != nil:
			if time.Since(answered) >= r.o.Trouble {
				return deploy.Report{}, err
			}
		case hr.State == hostscript.Absent:
			return deploy.Report{State: deploy.ReportUnknown, Exit: -1, Why: "the host's record does not know this command any more"}, nil
		case hr.State == hostscript.Running:
			answered = time.Now()
		default:
			return hr.Told(), nil
		}
		pause := min(max(r.o.Poll, time.Since(began)/8), 10*r.o.Poll)
		if err := sleep(ctx, pause); err != nil {
			return deploy.Report{}, fmt.Errorf("%s: %w", doing, err)
		}
	}
}

// watch is one job being followed.
type watch struct {
	*Runner
	job           deploy.Job
	doing, script string
	host          Host
}

// look asks once. After any trouble the next look makes a new connection.
func (w *watch) look(ctx context.Context) (hostscript.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, w.o.Ask)
	defer cancel()
	if w.host == nil {
		h, err := w.way.Open(ctx, w.job)
		if err != nil {
			return hostscript.Report{}, said(w.doing, err)
		}
		w.host = h
	}
	answer, err := w.host.Run(ctx, w.script, nil)
	if err != nil {
		w.close()
		return hostscript.Report{}, said(w.doing, err)
	}
	hr, err := read(w.doing, w.job, answer)
	if err == nil && hr.Undone() {
		err = fault(deploy.Unsure, w.doing, hr.Why)
	}
	return hr, err
}

func (w *watch) close() {
	if w.host != nil {
		_ = w.host.Close()
		w.host = nil
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
