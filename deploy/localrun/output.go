package localrun

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"junban/deploy/hostscript/direct"
)

// Script is a short text to run on the bot's host for its answer, as ref.resolve is.
type Script struct {
	Text  string
	Shell string   // sh (also when empty), bash, or an absolute path
	Env   []string // NAME=value, after Options.Env
	Limit time.Duration
}

// Answer is what a Script said.
type Answer struct {
	Stdout string // the first 64 KiB
	Stderr string // the first 4 KiB
	More   int    // how many lines of its stdout are not kept
	Exit   int    // 128 and a signal's number if one ended it
}

// ErrLimit says that a script was ended at its limit.
var ErrLimit = errors.New("it took longer than its limit")

// Output runs a script and waits for it, without the guard: it ends with its caller, and a restarted bot asks again. At its
// limit (30 s if it has none), and when ctx is done, its whole process group is killed: the error is then ErrLimit or
// ctx's own. Any other error says that it could not be run. An exit code of the script is no error.
func Output(ctx context.Context, o Options, s Script) (Answer, error) {
	if s.Limit <= 0 {
		s.Limit = 30 * time.Second
	}
	if s.Shell == "" {
		s.Shell = "sh"
	}
	limited, cancel := context.WithTimeout(ctx, s.Limit)
	defer cancel()
	out, complaint := direct.Head{Limit: 64 << 10}, direct.Head{Limit: 4 << 10}
	// By -c, so that the script's stdin is empty.
	cmd := exec.CommandContext(limited, s.Shell, "-c", s.Text)
	cmd.Dir = o.Directory
	cmd.Env = append(o.env(), s.Env...)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	detach(cmd)
	err := cmd.Run()
	a := Answer{Stdout: out.Text(), Stderr: complaint.Text(), More: out.Dropped()}
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return a, nil
	case ctx.Err() != nil:
		return a, ctx.Err()
	case limited.Err() != nil:
		return a, fmt.Errorf("%w of %v", ErrLimit, s.Limit)
	case errors.Is(err, exec.ErrWaitDelay): // it has ended with 0 and left something behind that holds its output open
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		return a, nil
	case !exited:
		return a, fmt.Errorf("the script could not be run: %w", err)
	}
	a.Exit = exit.ExitCode()
	if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		a.Exit = 128 + int(s.Signal())
	}
	return a, nil
}
