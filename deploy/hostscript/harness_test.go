package hostscript

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const instance = "i-0abc"

// host is one machine's record in a temporary folder, with sh being the shell under test.
type host struct {
	t     *testing.T
	dir   string
	state string
	env   []string
	cred  *syscall.Credential
}

// shells are the ones that exist here; each is linked as sh, so that the guard's own sh is that one too.
func shells(t *testing.T) map[string]string {
	found := map[string]string{}
	for _, name := range []string{"dash", "bash", "busybox", "mksh"} {
		if path, err := exec.LookPath(name); err == nil {
			found[name] = path
		}
	}
	if len(found) == 0 {
		path, err := exec.LookPath("sh")
		if err != nil {
			t.Fatal("no shell to test with")
		}
		found["sh"] = path
	}
	return found
}

func eachShell(t *testing.T, test func(t *testing.T, h *host)) {
	t.Parallel()
	for name, path := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newHost(t, path))
		})
	}
}

// anyShell is the host for tests that are about the record and not about the shell.
func anyShell(t *testing.T) *host {
	path, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	return newHost(t, path)
}

func newHost(t *testing.T, shell string) *host {
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	must(t, os.Mkdir(bin, 0o755))
	must(t, os.Symlink(shell, filepath.Join(bin, "sh")))
	h := &host{t: t, dir: dir, state: filepath.Join(dir, "state")}
	h.env = append(os.Environ(), "JUNBAN_STATE="+h.state, "PATH="+bin+":"+os.Getenv("PATH"))
	return h
}

// path of a file of the test's own on the host.
func (h *host) path(name string) string { return filepath.Join(h.dir, name) }

// arrival is one script that came to the host.
type arrival struct {
	h    *host
	cmd  *exec.Cmd
	out  bytes.Buffer
	errs bytes.Buffer
	done chan struct{}
	err  error
}

// arrive starts a script as a transport does; extra environment comes last.
func (h *host) arrive(script string, env ...string) *arrival {
	h.t.Helper()
	f, err := os.CreateTemp(h.dir, "sent")
	must(h.t, err)
	_, err = f.WriteString(script)
	must(h.t, err)
	must(h.t, f.Chmod(0o644))
	must(h.t, f.Close())
	a := &arrival{h: h, cmd: exec.Command(filepath.Join(h.dir, "bin", "sh"), f.Name()), done: make(chan struct{})}
	a.cmd.Env = append(append([]string{}, h.env...), env...)
	a.cmd.Dir = h.dir
	a.cmd.Stdout, a.cmd.Stderr = &a.out, &a.errs
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: h.cred}
	must(h.t, a.cmd.Start())
	go func() { a.err = a.cmd.Wait(); close(a.done) }()
	h.t.Cleanup(func() { a.kill(); <-a.done })
	return a
}

// kill ends the wrapper as an agent does: its whole process group.
func (a *arrival) kill() {
	select {
	case <-a.done:
	default:
		_ = syscall.Kill(-a.cmd.Process.Pid, syscall.SIGKILL)
	}
}

// report waits for the answer.
func (a *arrival) report() Report {
	a.h.t.Helper()
	select {
	case <-a.done:
	case <-time.After(2 * time.Minute):
		a.h.t.Fatal("no answer within two minutes")
	}
	if a.err != nil {
		a.h.t.Errorf("the guard ended with %v, want 0", a.err)
	}
	r, err := Parse(a.out.String())
	if err != nil {
		a.h.t.Fatalf("%v\nstderr: %s", err, a.errs.String())
	}
	if a.errs.Len() > 0 {
		a.h.t.Errorf("the guard wrote to stderr: %s", a.errs.String())
	}
	return r
}

func (h *host) start(j Job, env ...string) *arrival {
	h.t.Helper()
	return h.arrive(h.wrapped(j), env...)
}

// wrapped fills in what a test does not say, and shortens the grace.
func (h *host) wrapped(j Job) string {
	h.t.Helper()
	if j.Token == "" {
		j.Token = "op/lane/1/command"
	}
	j.Instance = instance
	script, err := wrap("arrive", j, time.Second)
	must(h.t, err)
	return script
}

func (h *host) run(j Job) Report { h.t.Helper(); return h.start(j).report() }

func (h *host) cancel(token string) Report { h.t.Helper(); return h.ask(Cancel, token) }

func (h *host) look(token string) Report { h.t.Helper(); return h.ask(Look, token) }

func (h *host) ask(make func(token, instance string) (string, error), token string) Report {
	h.t.Helper()
	script, err := make(token, instance)
	must(h.t, err)
	return h.arrive(script).report()
}

// gated is a job that counts its starts in the file "starts", says its pid, and ends with the code once "gate" exists
// (or the test's folder is gone: a failed test leaves nothing running).
func (h *host) gated(token, code string) Job {
	return Job{
		Token:  token,
		Script: "echo x >>\"$STARTS\"\necho $$ >\"$PIDFILE\"\nwhile [ ! -e \"$GATE\" ] && [ -d \"${GATE%/*}\" ]; do sleep 0.02; done\necho done\nexit " + code + "\n",
		Env:    []Var{{"STARTS", h.path("starts")}, {"PIDFILE", h.path("pid")}, {"GATE", h.path("gate")}},
	}
}

func (h *host) open() { h.t.Helper(); must(h.t, os.WriteFile(h.path("gate"), nil, 0o644)) }

func (h *host) starts() int {
	text, _ := os.ReadFile(h.path("starts"))
	return strings.Count(string(text), "x")
}

// wait polls until the condition holds.
func (h *host) wait(what string, holds func() bool) {
	h.t.Helper()
	ticks := time.NewTicker(5 * time.Millisecond)
	defer ticks.Stop()
	deadline := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-ticks.C:
		case <-deadline:
			h.t.Fatalf("timed out waiting until %s", what)
		}
	}
}

// waitPid waits until the gated command runs, and returns its pid.
func (h *host) waitPid() int {
	h.t.Helper()
	pid := 0
	h.wait("the command runs", func() bool {
		pid = readInt(h.path("pid"))
		return pid > 0
	})
	return pid
}

// supervisor is the pid in the newest run's entry.
func (h *host) supervisor() int {
	h.t.Helper()
	entries, err := filepath.Glob(filepath.Join(h.state, instance, "log", "1*"))
	must(h.t, err)
	for i := len(entries) - 1; i >= 0; i-- {
		text, err := os.ReadFile(entries[i])
		must(h.t, err)
		if f := strings.Fields(string(text)); f[0] == "run" {
			return atoi(f[3])
		}
	}
	h.t.Fatal("nothing has run")
	return 0
}

func running(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func countX(path string) int {
	text, _ := os.ReadFile(path)
	return bytes.Count(text, []byte("x"))
}
