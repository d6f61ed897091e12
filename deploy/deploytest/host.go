package deploytest

import (
	"context"
	"fmt"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
	"junban/deploy/engine"
)

// host is one instance's guard: what became of each token. Its fields are guarded by World.mu.
type host struct {
	sent    []*sent
	records map[string]*record
}

type sent struct {
	id, token string
	at        time.Time
	done      chan struct{}
	report    deploy.Report
}

type record struct {
	state deploy.ReportState // "" = living
	exit  int
	over  chan struct{}
}

func newHost() *host { return &host{records: map[string]*record{}} }

// shows is how long a command that was sent stays invisible to Find.
const shows = 3 * time.Second

// Runner is the hosts as an engine sees them. Commands outlive the engine that sent them.
func (w *World) Runner() engine.Runner { return runner{w} }

type runner struct{ w *World }

func (r runner) Send(_ context.Context, j deploy.Job, notAfter time.Time) (string, error) {
	if !notAfter.IsZero() && time.Now().After(notAfter) {
		return "", engine.ErrLate
	}
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	h, ok := r.w.hosts[j.Instance]
	if i, known := r.w.Instance(j.Instance); j.Instance != "" && (!ok || !known || i.State != world.Running) {
		return "", &deploy.Fault{Class: deploy.Refused, Code: "InvalidInstanceId", Message: j.Instance}
	}
	r.w.nextID++
	s := &sent{id: fmt.Sprintf("cmd-%d", r.w.nextID), token: j.Token, at: time.Now(), done: make(chan struct{})}
	h.sent = append(h.sent, s)
	go func() { // the host's own process: it belongs to the world and ends with its command
		s.report = r.w.guard(h, j, s.id)
		close(s.done)
	}()
	return s.id, nil
}

// Halt ends everything that runs on the hosts; nothing more begins there.
func (w *World) Halt() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halted = true
	for _, h := range w.hosts {
		for _, rec := range h.records {
			if rec.state == "" {
				rec.state = deploy.ReportCancelled
				close(rec.over)
			}
		}
	}
}

// guard does what the script around a command does on the host.
func (w *World) guard(h *host, j deploy.Job, id string) deploy.Report {
	w.mu.Lock()
	rec, again := h.records[j.Token]
	if !again {
		rec = &record{over: make(chan struct{})}
		h.records[j.Token] = rec
		if w.halted {
			rec.state = deploy.ReportCancelled
			close(rec.over)
			w.mu.Unlock()
			return deploy.Report{State: rec.state}
		}
		exit, took := w.exec(j)
		w.mu.Unlock()
		tell := j.Instance != "" && !j.Read // what only looks, and what runs beside the bot, is no command on an instance
		if tell {
			w.CommandStarted(j.Instance, id, j.Token)
		}
		select {
		case <-rec.over: // cancelled
		case <-time.After(took):
			w.mu.Lock()
			if rec.state == "" {
				rec.state, rec.exit = deploy.ReportExited, exit
				close(rec.over)
			}
			w.mu.Unlock()
		}
		if tell {
			w.CommandEnded(j.Instance, id, j.Token, "Success", exit)
		}
	} else {
		w.mu.Unlock()
	}
	<-rec.over
	return deploy.Report{State: rec.state, Exit: rec.exit, Output: "output of " + j.Token}
}

func (r runner) Find(_ context.Context, j deploy.Job, since time.Time) (string, error) {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	for _, s := range r.w.hosts[j.Instance].sent {
		if s.token == j.Token && time.Since(s.at) > shows && s.at.After(since.Add(-15*time.Minute)) {
			return s.id, nil
		}
	}
	return "", nil
}

func (r runner) Wait(ctx context.Context, j deploy.Job, id string) (deploy.Report, error) {
	r.w.mu.Lock()
	var found *sent
	for _, s := range r.w.hosts[j.Instance].sent {
		if s.id == id {
			found = s
		}
	}
	r.w.mu.Unlock()
	if found == nil {
		return deploy.Report{}, &deploy.Fault{Class: deploy.Refused, Code: "InvocationDoesNotExist", Message: id}
	}
	select {
	case <-ctx.Done():
		return deploy.Report{}, ctx.Err()
	case <-found.done:
		return found.report, nil
	}
}

func (r runner) Cancel(_ context.Context, j deploy.Job) (deploy.Report, error) {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	h := r.w.hosts[j.Instance]
	rec, ok := h.records[j.Token]
	if !ok {
		rec = &record{over: make(chan struct{})}
		h.records[j.Token] = rec
	}
	if rec.state == "" {
		rec.state = deploy.ReportCancelled
		close(rec.over)
	}
	return deploy.Report{State: rec.state, Exit: rec.exit}, nil
}
