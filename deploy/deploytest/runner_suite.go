package deploytest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/engine"
)

// RunnerHost is one host, with sh and a guard's record, and the runners that reach it.
type RunnerHost struct {
	// Runner makes another runner, which remembers nothing of those before it: as a restarted bot has.
	Runner func() engine.Runner
	// Job has what every job to this host has, as Instance and Address.
	Job deploy.Job
	// Dir is an empty folder which this test and the host's commands both see.
	Dir string
}

// RunnerSuite holds an engine.Runner to what engine promises of it, by real commands on a real host. open makes a host of
// its own for each part. Each part says which fault of a runner it is there for.
func RunnerSuite(t *testing.T, open func(t *testing.T) RunnerHost) {
	parts := []struct {
		name string
		run  func(t *testing.T, h runnerHost)
	}{
		{"an exit code and the output come back", runnerExits},
		{"what is sent arrives byte for byte", runnerBytes},
		{"the end of a long output comes back", runnerLong},
		{"what is sent twice runs once", runnerTwice},
		{"another command is refused while one runs", runnerOther},
		{"what the host cannot do is refused and runs nothing", runnerRefuses},
		{"a command is ended at its limit", runnerLimit},
		{"a verification is tried until it succeeds", runnerTries},
		{"nothing is sent late", runnerLate},
		{"a cancelled command never starts", runnerCancelBefore},
		{"a cancel ends what runs", runnerCancelRunning},
		{"a cancel tells the outcome of what has ended", runnerCancelEnded},
		{"another bot finds what runs and waits for it", runnerAdopts},
		{"another bot cancels what runs", runnerAdoptsCancel},
		{"a wait ends with its caller, the command does not", runnerContext},
		{"what only looks runs beside a command", runnerReads},
		{"what only looks is asked again at any time", runnerReadsAgain},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			p.run(t, runnerHost{h, h.Runner(), t})
		})
	}
}

// runnerHost is a host with the first runner to it.
type runnerHost struct {
	RunnerHost
	run engine.Runner
	t   *testing.T
}

// job is a command for this host. Whatever a part sends is given a limit, so that a failed test leaves nothing behind.
func (h runnerHost) job(token, script string) deploy.Job {
	j := h.Job
	j.Token, j.Script, j.Directory, j.Timeout = token, script, h.Dir, time.Minute
	return j
}

// gated is a command that says that it has started, and ends with a code once the gate is open.
func (h runnerHost) gated(token, code string) deploy.Job {
	return h.job(token, "echo ran >>ran; echo begun; until [ -e gate ] || [ ! -d . ]; do sleep 0.05; done; echo done; exit "+code)
}

func (h runnerHost) open() {
	h.t.Helper()
	runnerOK(h.t, os.WriteFile(filepath.Join(h.Dir, "gate"), nil, 0o644))
}

func (h runnerHost) read(name string) string {
	b, _ := os.ReadFile(filepath.Join(h.Dir, name))
	return string(b)
}

// begun waits until a gated command has started.
func (h runnerHost) begun() {
	h.t.Helper()
	tick, over := time.NewTicker(10*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for !strings.Contains(h.read("ran"), "\n") {
		select {
		case <-tick.C:
		case <-over:
			h.t.Fatal("the command has not started within a minute")
		}
	}
}

func (h runnerHost) send(j deploy.Job) string {
	h.t.Helper()
	id, err := h.run.Send(h.t.Context(), j, time.Time{})
	runnerOK(h.t, err)
	if id == "" {
		h.t.Fatal("Send answered no id")
	}
	return id
}

func (h runnerHost) wait(r engine.Runner, j deploy.Job, id string) deploy.Report {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Minute)
	defer cancel()
	got, err := r.Wait(ctx, j, id)
	runnerOK(h.t, err)
	return got
}

func (h runnerHost) cancel(r engine.Runner, j deploy.Job) deploy.Report {
	h.t.Helper()
	got, err := r.Cancel(h.t.Context(), j)
	runnerOK(h.t, err)
	return got
}

// outcome is what becomes of a job. A runner may learn of a refusal when it sends or when it waits.
func (h runnerHost) outcome(j deploy.Job) deploy.Report {
	h.t.Helper()
	id, err := h.run.Send(h.t.Context(), j, time.Time{})
	if f, ok := errors.AsType[*deploy.Fault](err); ok && f.Class == deploy.Refused {
		return deploy.Report{State: deploy.ReportRefused, Exit: -1, Why: f.Message}
	}
	runnerOK(h.t, err)
	return h.wait(h.run, j, id)
}

func runnerOK(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func runnerIs(t *testing.T, got deploy.Report, state deploy.ReportState, exit int, output string) {
	t.Helper()
	if got.State != state || got.Exit != exit || got.Output != output {
		t.Fatalf("got %s exit %d %q (%s), want %s exit %d %q", got.State, got.Exit, got.Output, got.Why, state, exit, output)
	}
}

func runnerExits(t *testing.T, h runnerHost) {
	runnerIs(t, h.outcome(h.job("op/a/1/command", "echo out; echo err >&2; exit 3")), deploy.ReportExited, 3, "out\nerr\n")
	runnerIs(t, h.outcome(h.job("op/a/2/command", "cat; pwd >where")), deploy.ReportExited, 0, "")
	runnerIs(t, h.outcome(h.job("op/a/3/command", "kill -KILL $$")), deploy.ReportExited, 137, "")
	if got := strings.TrimSpace(h.read("where")); got != h.Dir {
		t.Errorf("it ran in %q, want %q", got, h.Dir)
	}
}

// Fails on a runner that splices, trims or re-encodes.
func runnerBytes(t *testing.T, h runnerHost) {
	value := "it's a \"value\" with $(echo no) `echo no` {{ x }} \\n\n\n日本\r\x01 \xff\t-n "
	j := h.job("op/a/1/command", "printf %s \"$VALUE\" >value; printf '%s|%s' \"$EMPTY\" \"$EQUALS\" >more; cat \"$0\" >script; exit 0\n'\"日本{{ }}\r\x01\\")
	j.Env = []string{"EMPTY=", "EQUALS=a=b", "VALUE=" + value}
	runnerIs(t, h.outcome(j), deploy.ReportExited, 0, "")
	for name, want := range map[string]string{"value": value, "more": "|a=b", "script": j.Script} {
		if got := h.read(name); got != want {
			t.Errorf("%s arrived as %q, want %q", name, got, want)
		}
	}
}

func runnerLong(t *testing.T, h runnerHost) {
	got := h.outcome(h.job("op/a/1/command", `i=0; while [ $i -lt 5000 ]; do echo "line $i"; i=$((i+1)); done`))
	if !strings.HasSuffix(got.Output, "line 4998\nline 4999\n") || len(got.Output) > 8<<10 || len(got.Output) < 8<<9 {
		t.Errorf("got %d bytes ending with %q", len(got.Output), got.Output[max(0, len(got.Output)-40):])
	}
}

// Fails on a runner without the guard, and on one that forgets it for a repeated send.
func runnerTwice(t *testing.T, h runnerHost) {
	j := h.gated("op/a/1/command", "4")
	first := h.send(j)
	h.begun()
	second := h.send(j)
	h.open()
	for _, id := range []string{first, second, h.send(j)} {
		runnerIs(t, h.wait(h.Runner(), j, id), deploy.ReportExited, 4, "begun\ndone\n")
	}
	if got := h.read("ran"); got != "ran\n" {
		t.Errorf("it ran: %q", got)
	}
}

func runnerOther(t *testing.T, h runnerHost) {
	j := h.gated("op/a/1/command", "0")
	id := h.send(j)
	h.begun()
	other := h.job("op2/a/1/command", "echo ran >other")
	if got := h.outcome(other); got.State != deploy.ReportRefused || !strings.Contains(got.Why, j.Token) {
		t.Errorf("got %+v, want a refusal that names %s", got, j.Token)
	}
	h.open()
	runnerIs(t, h.wait(h.run, j, id), deploy.ReportExited, 0, "begun\ndone\n")
	if got := h.read("other"); got != "" {
		t.Error("the refused one ran")
	}
}

func runnerRefuses(t *testing.T, h runnerHost) {
	for word, change := range map[string]func(*deploy.Job){
		"no such user":             func(j *deploy.Job) { j.User = "no-such-user" },
		"directory does not exist": func(j *deploy.Job) { j.Directory = "/no/such/folder" },
		"shell does not exist":     func(j *deploy.Job) { j.Shell = "/no/such/shell" },
		"NAME=value":               func(j *deploy.Job) { j.Env = []string{"A"} },
		"NUL":                      func(j *deploy.Job) { j.Script += "\x00" },
		"token":                    func(j *deploy.Job) { j.Token = "a b" },
	} {
		j := h.job("op/a/1/command", "echo ran >"+filepath.Join(h.Dir, "ran"))
		change(&j)
		if got := h.outcome(j); got.State != deploy.ReportRefused || !strings.Contains(got.Why, word) {
			t.Errorf("got %+v, want a refusal that says %q", got, word)
		}
	}
	if got := h.read("ran"); got != "" {
		t.Error("something ran")
	}
}

func runnerLimit(t *testing.T, h runnerHost) {
	j := h.job("op/a/1/command", "echo begun; exec sleep 60")
	j.Timeout = time.Second
	runnerIs(t, h.outcome(j), deploy.ReportTimeout, 143, "begun\n")
}

func runnerTries(t *testing.T, h runnerHost) {
	j := h.job("op/a/1/verify", `echo try >>tries; [ "$(wc -l <tries)" -ge 3 ]`)
	j.For, j.Every = time.Minute, 10*time.Millisecond
	runnerIs(t, h.outcome(j), deploy.ReportExited, 0, "")
	if got := h.read("tries"); got != "try\ntry\ntry\n" {
		t.Errorf("tries: %q", got)
	}
}

// Fails on a runner that looks at the clock too early, or not at all.
func runnerLate(t *testing.T, h runnerHost) {
	j := h.job("op/a/1/command", "echo ran >ran")
	since := time.Now()
	if _, err := h.run.Send(t.Context(), j, since.Add(-time.Millisecond)); !errors.Is(err, engine.ErrLate) {
		t.Fatalf("got %v, want ErrLate", err)
	}
	id, err := h.run.Find(t.Context(), j, since)
	runnerOK(t, err)
	if id != "" || h.read("ran") != "" {
		t.Errorf("found %q, ran %q", id, h.read("ran"))
	}
	if id, err = h.run.Send(t.Context(), j, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	runnerIs(t, h.wait(h.run, j, id), deploy.ReportExited, 0, "")
}
