package awssim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"junban/deploy/awssim/world"
)

// Exec is one command to run on one instance.
type Exec struct {
	Instance world.Instance
	Command  string // its id
	Comment  string
	Script   string // the lines of "commands", joined
	Dir      string // workingDirectory; empty: the instance's own folder
	Timeout  time.Duration
}

// Outcome is how it ended.
type Outcome struct {
	Code           int // exit code; 128 + n for a signal n that we did not send
	Stdout, Stderr string
	Killed         bool // ended because the context was done
}

// Shell runs a command as AWS-RunShellScript does: the lines in a file, run by
// /bin/sh, in a process group of its own that is killed when ctx is done. It
// runs in the instance's folder with an environment of PATH and JUNBAN_STATE
// only: SSM gives its commands no HOME. Output goes through files, so a
// process that the script leaves behind does not hold up the answer.
func Shell(ctx context.Context, e Exec) Outcome {
	out, err := runShell(ctx, e)
	if err != nil {
		out.Code = 1
		out.Stderr += "failed to run commands: " + err.Error()
	} else if out.Code != 0 && !out.Killed {
		out.Stderr += fmt.Sprintf("failed to run commands: exit status %d", out.Code)
	}
	return out
}

func runShell(ctx context.Context, e Exec) (Outcome, error) {
	if e.Instance.Dir == "" {
		return Outcome{}, errors.New("the instance has no folder")
	}
	home, err := filepath.Abs(e.Instance.Dir)
	if err != nil {
		return Outcome{}, fmt.Errorf("finding the instance's folder: %w", err)
	}
	place := filepath.Join(home, ".ssm", e.Command)
	if err := os.MkdirAll(place, 0o700); err != nil {
		return Outcome{}, fmt.Errorf("making a folder for the script: %w", err)
	}
	defer func() { _ = os.RemoveAll(place) }()
	script := filepath.Join(place, "_script.sh")
	if err := os.WriteFile(script, []byte(e.Script), 0o700); err != nil {
		return Outcome{}, fmt.Errorf("writing the script: %w", err)
	}
	stdout, err := os.Create(filepath.Join(place, "stdout"))
	if err != nil {
		return Outcome{}, fmt.Errorf("making a file for the output: %w", err)
	}
	defer stdout.Close()
	stderr, err := os.Create(filepath.Join(place, "stderr"))
	if err != nil {
		return Outcome{}, fmt.Errorf("making a file for the errors: %w", err)
	}
	defer stderr.Close()

	cmd := exec.CommandContext(ctx, "/bin/sh", script)
	cmd.Dir = home
	if e.Dir != "" {
		cmd.Dir = e.Dir
	}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "JUNBAN_STATE=" + filepath.Join(home, "junban")}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	err = cmd.Run()
	out := Outcome{Stdout: head(stdout, keepStdout), Stderr: head(stderr, keepStderr)}
	var exit *exec.ExitError
	switch {
	case err == nil:
	case ctx.Err() != nil:
		out.Killed = true
	case errors.As(err, &exit):
		out.Code = exit.ExitCode()
		if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() {
			out.Code = 128 + int(s.Signal())
		}
	default:
		return out, err
	}
	return out, nil
}

// head is the first n characters of a file, at most four bytes each.
func head(f *os.File, n int64) string {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 4*n))
	if err != nil {
		return "reading the output: " + err.Error()
	}
	return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
}
