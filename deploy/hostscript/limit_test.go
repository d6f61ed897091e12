package hostscript

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTimeoutEndsTheWholeGroup(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := Job{Timeout: time.Second, Env: []Var{{"CHILD", h.path("child")}},
			// The shell goes at TERM, its child ignores it and has to be killed.
			Script: "(trap '' TERM; while :; do sleep 0.05; done) &\necho $! >\"$CHILD\"\necho begun\nwait\n"}
		r := h.run(j)
		want(t, r, TimedOut, 143)
		if r.Output != "begun\n" {
			t.Errorf("output %q", r.Output)
		}
		if running(readInt(h.path("child"))) {
			t.Error("a child outlived the limit")
		}
		want(t, h.run(j), TimedOut, 143)
	})
}

func TestTheLimitHoldsWithoutASupervisor(t *testing.T) {
	h := anyShell(t)
	j := h.gated("op/lane/1/command", "0")
	j.Timeout = 2 * time.Second
	first := h.start(j)
	pid := h.waitPid()
	must(t, syscall.Kill(h.supervisor(), syscall.SIGKILL))
	want(t, first.report(), Unknown, -1)
	if running(pid) {
		t.Error("the command outlived its limit")
	}
}

func TestCancel(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := h.gated("op/lane/1/command", "0")
		want(t, h.cancel(j.Token), Absent, -1)
		want(t, h.cancel(j.Token), Cancelled, -1)
		late := h.run(j)
		want(t, late, Cancelled, -1)
		if !late.Started.IsZero() {
			t.Errorf("started %v", late.Started)
		}
		wantStarts(t, h, 0)

		living := h.gated("op/lane/2/command", "0")
		first := h.start(living)
		pid := h.waitPid()
		r := h.cancel(living.Token)
		want(t, r, Cancelled, 143)
		if r.Started.IsZero() || running(pid) {
			t.Errorf("started %v, still running %v", r.Started, running(pid))
		}
		want(t, first.report(), Cancelled, 143)
		want(t, h.run(living), Cancelled, 143)
		wantStarts(t, h, 1)

		ended := Job{Token: "op/lane/3/command", Script: "exit 3"}
		want(t, h.run(ended), Exited, 3)
		want(t, h.cancel(ended.Token), Exited, 3)
		h.wantTidy()
	})
}

func TestCancelOfACommandWithoutSupervisor(t *testing.T) {
	h := anyShell(t)
	j := h.gated("op/lane/1/command", "0")
	first := h.start(j)
	pid := h.waitPid()
	must(t, syscall.Kill(h.supervisor(), syscall.SIGKILL))
	want(t, h.cancel(j.Token), Cancelled, -1)
	if running(pid) {
		t.Error("still running")
	}
	want(t, first.report(), Cancelled, -1)
}

func TestCancelAgainstArrival(t *testing.T) {
	// Whichever is first: after the cancel's answer nothing runs, and the two never tell different stories.
	h := anyShell(t)
	for i := range 25 {
		token := fmt.Sprintf("op/lane/%d/command", i)
		script, err := Cancel(token, instance)
		must(t, err)
		job := h.start(h.gated(token, "0"))
		cancelled := h.arrive(script).report()
		after := h.starts()
		arrived := job.report()
		if arrived.State != Cancelled || (cancelled.State != Absent && cancelled.State != Cancelled) {
			t.Fatalf("cancel said %s, the arrival %s (%s)", cancelled.State, arrived.State, arrived.Why)
		}
		if cancelled.State == Absent && !arrived.Started.IsZero() {
			t.Fatal("absent, and yet it started")
		}
		wantStarts(t, h, after)
	}
}

func TestRetry(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := Job{Token: "op/1/verify", Retry: &Retry{For: time.Minute, Every: 20 * time.Millisecond},
			Script: "echo x >>\"$STARTS\"\n[ $(wc -l <\"$STARTS\") -ge 3 ]\n", Env: []Var{{"STARTS", h.path("starts")}}}
		want(t, h.run(j), Exited, 0)
		wantStarts(t, h, 3)
		want(t, h.run(j), Exited, 0)
		wantStarts(t, h, 3)

		j.Token, j.Script = "op/2/verify", "echo no; exit 4\n"
		j.Retry = &Retry{For: time.Second, Every: 100 * time.Millisecond}
		r := h.run(j)
		if r.State != Exited && r.State != TimedOut || r.State == Exited && r.Exit != 4 {
			t.Errorf("%s exit %d", r.State, r.Exit)
		}
		if strings.Count(r.Output, "no\n") < 2 {
			t.Errorf("tries: %q", r.Output)
		}

		j.Token, j.Script = "op/3/verify", "exec sleep 60\n" // hangs: each try is ended, and so is the whole
		j.Timeout, j.Retry = time.Second, &Retry{For: 8 * time.Second, Every: time.Millisecond}
		want(t, h.run(j), TimedOut, 143)
		h.wantTidy()
	})
}

func TestCancelBetweenTries(t *testing.T) {
	h := anyShell(t)
	j := Job{Token: "op/1/verify", Retry: &Retry{For: time.Hour, Every: time.Hour},
		Script: "echo x >>\"$STARTS\"\nexit 1\n", Env: []Var{{"STARTS", h.path("starts")}}}
	first := h.start(j)
	h.wait("the first try is over", func() bool { return h.starts() == 1 && !running(h.child()) })
	want(t, h.cancel(j.Token), Cancelled, 1)
	want(t, first.report(), Cancelled, 1)
	wantStarts(t, h, 1)
}

// child is the pid that the newest child published.
func (h *host) child() int {
	files, _ := filepath.Glob(filepath.Join(h.state, instance, "run", "*", "pid"))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if fields := strings.Fields(string(text)); len(fields) == 2 {
			return atoi(fields[0])
		}
	}
	return 0
}
