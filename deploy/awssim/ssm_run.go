package awssim

import (
	"context"
	"errors"
	"time"

	"junban/deploy/awssim/world"
)

// launch keeps a new command, starts it on its instances, in goroutines that
// Close waits for (a command outlives whoever sent it), and returns how SSM
// describes it.
func (s *Server) launch(cmd *command) (map[string]any, error) {
	c := &s.ssm
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, &world.Error{Code: "InternalServerError", Message: "the server is shutting down", Status: 500}
	}
	c.list = append(c.list, cmd)
	for _, inv := range cmd.invocations {
		ctx, stop := context.WithCancelCause(c.root)
		inv.stop = stop
		gate := c.held[inv.instance.ID]
		c.running.Go(func() {
			defer stop(nil)
			s.deliver(ctx, inv, gate)
		})
	}
	return cmd.describe(), nil
}

// deliver waits until the command reaches its instance, then runs it.
func (s *Server) deliver(ctx context.Context, inv *invocation, gate <-chan struct{}) {
	if gate != nil {
		late := time.NewTimer(time.Duration(inv.command.delivery) * time.Second)
		defer late.Stop()
		select {
		case <-gate:
		case <-late.C:
			s.finish(inv, timedOut, "Delivery Timed Out", Outcome{Code: -1})
			return
		case <-ctx.Done():
		case <-s.closing:
			inv.stop(errCancelled)
		}
	}
	if !s.begin(ctx, inv) {
		s.finish(inv, cancelled, cancelled, Outcome{Code: -1})
		return
	}
	s.run(ctx, inv)
}

// begin marks a command as running; false if it was cancelled before.
func (s *Server) begin(ctx context.Context, inv *invocation) bool {
	s.ssm.mu.Lock()
	defer s.ssm.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	inv.status, inv.details, inv.began = inProgress, inProgress, s.world.Now()
	s.world.CommandStarted(inv.instance.ID, inv.command.id, inv.command.comment)
	return true
}

// run runs a command and tells how it ended. When its instance goes away the
// process dies with it and nobody reports: SSM learns of the end by the
// execution timeout only.
func (s *Server) run(ctx context.Context, inv *invocation) {
	cmd := inv.command
	limit, end := context.WithTimeoutCause(ctx, cmd.execution, errTimedOut)
	defer end()
	alive, die := context.WithCancelCause(limit)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.watch(alive, inv.instance.ID, die)
	}()
	out := s.exec(alive, Exec{
		Instance: inv.instance, Command: cmd.id, Comment: cmd.comment,
		Script: cmd.script, Dir: cmd.dir, Timeout: cmd.execution,
	})
	why := context.Cause(alive)
	die(nil)
	<-watched
	if out.Killed && errors.Is(why, errGone) {
		select {
		case <-limit.Done():
		case <-s.closing:
		}
		why = errTimedOut
	}
	status, details := success, success
	switch {
	case out.Killed && errors.Is(why, errTimedOut):
		status, details, out.Code = timedOut, "Execution Timed Out", -1
	case out.Killed:
		status, details, out.Code = cancelled, cancelled, -1
	case out.Code != 0:
		status, details = failed, failed
	}
	s.finish(inv, status, details, out)
}

// watch ends ctx through die when the instance stops running.
func (s *Server) watch(ctx context.Context, id string, die context.CancelCauseFunc) {
	for {
		changed := s.world.Changed()
		if i, _ := s.world.Instance(id); i.State != world.Running {
			die(errGone)
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) finish(inv *invocation, status, details string, out Outcome) {
	s.ssm.mu.Lock()
	defer s.ssm.mu.Unlock()
	inv.status, inv.details, inv.code, inv.ended = status, details, out.Code, s.world.Now()
	inv.stdout, inv.stderr = first(out.Stdout, keepStdout), first(out.Stderr, keepStderr)
	s.world.CommandEnded(inv.instance.ID, inv.command.id, inv.command.comment, status, out.Code)
}
