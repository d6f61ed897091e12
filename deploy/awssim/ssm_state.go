package awssim

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"junban/deploy/awssim/world"
)

// SSM's own statuses.
const (
	pending    = "Pending"
	inProgress = "InProgress"
	success    = "Success"
	failed     = "Failed"
	timedOut   = "TimedOut"
	cancelling = "Cancelling"
	cancelled  = "Cancelled"
)

// What SSM keeps of a command's output: the first characters.
const (
	keepStdout = 24000
	keepStderr = 8000
	keepPlugin = 2500 // in ListCommandInvocations
)

// Why a running command was ended.
var (
	errCancelled = errors.New("cancelled")
	errTimedOut  = errors.New("execution timed out")
	errGone      = errors.New("the instance does not run any more")
)

// command is one accepted SendCommand.
type command struct {
	id, document, comment string
	params                map[string][]string
	targets               []targetSSM
	script, dir           string
	requested             time.Time
	delivery              int // seconds
	execution             time.Duration
	invocations           []*invocation
}

// invocation is a command on one instance. Its changing fields are guarded by
// commands.mu.
type invocation struct {
	command        *command
	instance       world.Instance
	status         string
	details        string
	code           int
	stdout, stderr string
	began, ended   time.Time
	stop           context.CancelCauseFunc // while it runs or is held
}

func (i *invocation) over() bool { return !i.ended.IsZero() }

// commands are all commands, and the goroutines that run them.
type commands struct {
	mu      sync.Mutex
	list    []*command // oldest first
	held    map[string]chan struct{}
	getLag  time.Duration
	listLag time.Duration
	closed  bool
	kill    context.CancelFunc
	root    context.Context
	running sync.WaitGroup
}

func (c *commands) init() {
	c.held = map[string]chan struct{}{}
	c.root, c.kill = context.WithCancel(context.Background())
}

// close waits for the commands that run; once ctx is done it kills them.
func (c *commands) close(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	done := make(chan struct{})
	go func() {
		c.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		c.kill()
		return nil
	case <-ctx.Done():
		c.kill()
		<-done
		return ctx.Err()
	}
}

// SetInvocationLag makes GetCommandInvocation answer InvocationDoesNotExist
// for so long after a send (boto3#2701), and ListCommands and
// ListCommandInvocations not show the command.
func (s *Server) SetInvocationLag(get, list time.Duration) {
	s.ssm.mu.Lock()
	defer s.ssm.mu.Unlock()
	s.ssm.getLag, s.ssm.listLag = get, list
}

// HoldCommands keeps commands from reaching an instance until release is
// called: they stay Pending, and are TimedOut when TimeoutSeconds are over.
func (s *Server) HoldCommands(instance string) (release func()) {
	s.ssm.mu.Lock()
	defer s.ssm.mu.Unlock()
	gate := make(chan struct{})
	if old, ok := s.ssm.held[instance]; ok {
		close(old)
	}
	s.ssm.held[instance] = gate
	return func() {
		s.ssm.mu.Lock()
		defer s.ssm.mu.Unlock()
		if s.ssm.held[instance] == gate {
			delete(s.ssm.held, instance)
			close(gate)
		}
	}
}

// first is the first n characters.
func first(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// byID is a command; the caller holds the lock.
func (c *commands) byID(id string) *command {
	i := slices.IndexFunc(c.list, func(x *command) bool { return x.id == id })
	if i < 0 {
		return nil
	}
	return c.list[i]
}
