// Package localrun runs jobs on the bot's own host: a service's command for tools that reach the instances themselves
// (Capistrano, Deployer, Ansible; it then runs once per instance, with INSTANCE_* in its environment), what runs once per
// rollout, and what resolves a ref. Its Runner is an engine.Runner.
//
// A job runs in the host's guard (package hostscript), in a session of its own: it goes on when the bot is killed, and the
// next bot finds it. Each instance has its own record, so jobs for several run side by side; what is for no instance has
// one of its service. The record is under ${JUNBAN_STATE:-/var/lib/junban} or, for a bot that is not root and cannot write
// there, under ${XDG_STATE_HOME:-~/.local/state}/junban. Two things end jobs with the bot, and the guard then answers that
// the outcome is unknown: a systemd unit without KillMode=process, and a container that is restarted.
//
// The package must never hand the bot's Slack tokens to a job, or end a job because the bot ends.
package localrun

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"junban/deploy"
	"junban/deploy/hostscript/direct"
)

// Options say how jobs run here; the zero value is right.
type Options struct {
	// Directory is where a job without one starts; "" is the bot's own.
	Directory string
	// State is JUNBAN_STATE of the jobs' guard, an absolute path; "" leaves it to the environment.
	State string
	// Env is the environment of the jobs, before what each brings; nil is Environment(os.Environ()).
	Env []string
	// Poll is the shortest pause between two looks at a job, by default 0.2 s. The longest is ten times that.
	Poll time.Duration
}

// New makes the bot's host a runner. It starts nothing.
func New(o Options) *direct.Runner {
	if o.Poll <= 0 {
		o.Poll = 200 * time.Millisecond
	}
	return direct.New("local", way{o}, direct.Options{Poll: o.Poll})
}

// Environment is what of the bot's environment a job may see: all but Slack's tokens and what systemd gave to the bot alone.
func Environment(env []string) []string {
	out := []string{}
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		switch {
		case strings.HasPrefix(name, "SLACK_"), strings.HasPrefix(name, "LISTEN_"), name == "NOTIFY_SOCKET", name == "WATCHDOG_PID", name == "WATCHDOG_USEC":
		default:
			out = append(out, e)
		}
	}
	return out
}

// env is the environment of a job, a new slice each time.
func (o Options) env() []string {
	env := o.Env
	if env == nil {
		env = Environment(os.Environ())
	}
	env = slices.Clone(env)
	if o.State != "" {
		env = append(env, "JUNBAN_STATE="+o.State)
	}
	return env
}

type way struct{ o Options }

// Open reaches no further than this process's own host.
func (w way) Open(context.Context, deploy.Job) (direct.Host, error) { return host(w), nil }

type host struct{ o Options }

func (host) Close() error { return nil }

func (h host) Run(ctx context.Context, script string, ready func() error) (string, error) {
	if ready != nil {
		if err := ready(); err != nil {
			return "", err
		}
	}
	out, complaint := direct.Head{Limit: direct.AnswerLimit}, direct.Head{Limit: 1 << 10}
	cmd := command(ctx, h.o, script)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Start(); err != nil {
		return "", &deploy.Fault{Class: deploy.Refused, Message: "the shell could not be started on the bot's host: " + err.Error()}
	}
	err := cmd.Wait()
	if ctx.Err() != nil && out.Len() == 0 {
		return "", &deploy.Fault{Class: deploy.Unsure, Message: "the guard did not answer in time"}
	}
	_, exit := errors.AsType[*exec.ExitError](err) // the guard may end itself by a kill; its answer tells
	if err != nil && !exit && out.Len() == 0 {
		return "", &deploy.Fault{Class: deploy.Unsure, Message: fmt.Sprintf("the guard's answer was lost: %v", err)}
	}
	if out.Len() == 0 && complaint.Len() > 0 {
		return "", &deploy.Fault{Class: deploy.Unsure, Message: "the guard gave no answer but: " + strings.TrimSpace(complaint.Text())}
	}
	return out.String(), nil
}

// command is sh with the script on its stdin, in a session of its own. When ctx is done, that session is killed.
func command(ctx context.Context, o Options, script string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-s")
	cmd.Dir, cmd.Env = o.Directory, o.env()
	cmd.Stdin = strings.NewReader(script)
	detach(cmd)
	return cmd
}

// detach makes the command a session of its own, so that no signal to the bot's group reaches it, and has a done context
// kill all of its process group. Whoever is left with its output open holds nobody up for more than a second.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	cmd.WaitDelay = time.Second
}
