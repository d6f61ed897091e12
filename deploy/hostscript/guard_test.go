package hostscript

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func readInt(path string) int {
	text, _ := os.ReadFile(path)
	return atoi(strings.TrimSpace(string(text)))
}

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }

func itoa(n int) string { return strconv.Itoa(n) }

func want(t *testing.T, r Report, state State, exit int) {
	t.Helper()
	if r.State != state || r.Exit != exit {
		t.Fatalf("got %s exit %d (%s), want %s exit %d; output %q", r.State, r.Exit, r.Why, state, exit, r.Output)
	}
}

func wantStarts(t *testing.T, h *host, n int) {
	t.Helper()
	if got := h.starts(); got != n {
		t.Fatalf("the command started %d times, want %d", got, n)
	}
}

func TestACommandRunsOnceAndIsReported(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := Job{Script: "echo x >>\"$STARTS\"\necho out; echo err >&2; cat; exit 7\n", Env: []Var{{"STARTS", h.path("starts")}}}
		r := h.run(j)
		want(t, r, Exited, 7)
		if r.Output != "out\nerr\n" || r.Truncated || r.Size != 8 {
			t.Errorf("output %q truncated %v size %d", r.Output, r.Truncated, r.Size)
		}
		if kept, err := os.ReadFile(r.OutputPath); err != nil || string(kept) != "out\nerr\n" {
			t.Errorf("kept output %q, %v", kept, err)
		}
		if r.Started.IsZero() || r.Ended.Before(r.Started) {
			t.Errorf("started %v ended %v", r.Started, r.Ended)
		}
		again := h.run(j)
		if again != r {
			t.Errorf("the second arrival was told %+v, the first %+v", again, r)
		}
		if seen := h.look("op/lane/1/command"); seen != r {
			t.Errorf("look says %+v, want %+v", seen, r)
		}
		wantStarts(t, h, 1)
		h.wantTidy()
	})
}

// wantTidy checks that only outputs and results are left, closed to others.
func (h *host) wantTidy() {
	h.t.Helper()
	info, err := os.Stat(filepath.Join(h.state, instance))
	must(h.t, err)
	if info.Mode().Perm() != 0o700 {
		h.t.Errorf("the record's mode is %v", info.Mode())
	}
	files, err := filepath.Glob(filepath.Join(h.state, instance, "run", "*", "*"))
	must(h.t, err)
	for _, f := range files {
		switch filepath.Base(f) {
		case "output", "result", "pid", "went", "over", "cut", "cancel":
		default:
			h.t.Errorf("left behind: %s", f)
		}
		info, err := os.Stat(f)
		must(h.t, err)
		if info.Mode().Perm() != 0o600 {
			h.t.Errorf("%s has mode %v", f, info.Mode())
		}
	}
}

func TestFiftyArrivalsAtOnceRunOnce(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := h.gated("op/lane/1/command", "4")
		var all []*arrival
		for range 50 {
			all = append(all, h.start(j))
		}
		h.waitPid()
		h.open()
		for _, a := range all {
			r := a.report()
			want(t, r, Exited, 4)
			if r.Output != "done\n" {
				t.Errorf("output %q", r.Output)
			}
		}
		wantStarts(t, h, 1)
	})
}

func TestManyTokensAtOnceNeverOverlap(t *testing.T) {
	h := anyShell(t)
	// mkdir fails if another of these commands is inside.
	script := "echo x >>\"$STARTS\"\nmkdir \"$INSIDE\" || exit 9\nsleep 0.05\nrmdir \"$INSIDE\"\n"
	var all []*arrival
	for i := range 30 {
		all = append(all, h.start(Job{Token: fmt.Sprintf("op/lane/%d/command", i), Script: script,
			Env: []Var{{"INSIDE", h.path("inside")}, {"STARTS", h.path("starts")}}}))
	}
	ran := 0
	for _, a := range all {
		switch r := a.report(); r.State {
		case Exited:
			want(t, r, Exited, 0)
			ran++
		case Refused:
			if r.Other == "" {
				t.Errorf("refused without the token in the way: %s", r.Why)
			}
		default:
			t.Errorf("state %s: %s", r.State, r.Why)
		}
	}
	if ran == 0 {
		t.Error("none ran")
	}
	wantStarts(t, h, ran)
}

func TestAnotherTokenIsRefusedWhileACommandLives(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		first := h.start(h.gated("op/lane/1/command", "0"))
		h.waitPid()
		other := Job{Token: "op2/lane/1/command", Script: "exit 5\n"}
		r := h.run(other)
		want(t, r, Refused, -1)
		if r.Other != "op/lane/1/command" || r.Why == "" {
			t.Errorf("other %q why %q", r.Other, r.Why)
		}
		want(t, h.look("op/lane/1/command"), Running, -1)
		want(t, h.look("op2/lane/1/command"), Absent, -1)
		h.open()
		want(t, first.report(), Exited, 0)
		want(t, h.run(other), Exited, 5)
	})
}

func TestTheCommandSurvivesItsWrapper(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := h.gated("op/lane/1/command", "6")
		first := h.start(j)
		h.waitPid()
		first.kill()
		<-first.done
		second := h.start(j)
		h.open()
		r := second.report()
		want(t, r, Exited, 6)
		if r.Output != "done\n" {
			t.Errorf("output %q", r.Output)
		}
		wantStarts(t, h, 1)
	})
}

func TestACommandWhoseSupervisorDiedIsWaitedForAndUnknown(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := h.gated("op/lane/1/command", "0")
		first := h.start(j)
		pid := h.waitPid()
		must(t, syscall.Kill(h.supervisor(), syscall.SIGKILL))
		want(t, h.look(j.Token), Running, -1)
		want(t, h.run(Job{Token: "op2", Script: "exit 0"}), Refused, -1)
		h.open()
		want(t, first.report(), Unknown, -1)
		want(t, h.run(j), Unknown, -1)
		wantStarts(t, h, 1)
		if running(pid) {
			t.Error("answered while the command lives")
		}
		want(t, h.run(Job{Token: "op3", Script: "exit 0"}), Exited, 0)
		h.wantTidy()
	})
}

func TestACommandKilledWithItsSupervisorIsUnknown(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := h.gated("op/lane/1/command", "0")
		first := h.start(j)
		pid := h.waitPid()
		must(t, syscall.Kill(h.supervisor(), syscall.SIGKILL))
		must(t, syscall.Kill(-pid, syscall.SIGKILL))
		first.kill()
		r := h.run(j)
		want(t, r, Unknown, -1)
		if r.Why == "" {
			t.Error("no why")
		}
		want(t, h.cancel(j.Token), Unknown, -1)
		wantStarts(t, h, 1)
	})
}

func TestAKilledCommandHasAnExitCode(t *testing.T) {
	h := anyShell(t)
	first := h.start(h.gated("op/lane/1/command", "0"))
	must(t, syscall.Kill(h.waitPid(), syscall.SIGKILL))
	want(t, first.report(), Exited, 137)
}

func TestAnotherBootOrAReusedPidIsNotTheProcess(t *testing.T) {
	// The record is changed as a restart, or a pid given out again, would make it look.
	for name, field := range map[string]int{"boot": 5, "start": 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := anyShell(t)
			j := h.gated("op/lane/1/command", "0")
			first := h.start(j)
			pid := h.waitPid()
			entry := filepath.Join(h.state, instance, "log", "10000001")
			text, err := os.ReadFile(entry)
			must(t, err)
			f := strings.Fields(string(text))
			f[field] = "1"
			must(t, os.WriteFile(entry, []byte(strings.Join(f, " ")+"\n"), 0o600))
			if name == "start" { // and the same for the command's own pid
				pidFile := filepath.Join(h.state, instance, "run", f[2], "pid")
				must(t, os.WriteFile(pidFile, []byte(itoa(pid)+" 1\n"), 0o600))
			}
			r := h.run(j)
			want(t, r, Unknown, -1)
			if got := strings.Contains(r.Why, "restarted"); got != (name == "boot") {
				t.Errorf("why %q", r.Why)
			}
			want(t, h.run(Job{Token: "op2", Script: "exit 0"}), Exited, 0)
			wantStarts(t, h, 1)
			h.open()
			first.report()
		})
	}
}

func TestALostStartTimeIsNoLivingProcess(t *testing.T) {
	// The child was killed while it read its own start time, and its pid file says nothing of it.
	h := anyShell(t)
	j := h.gated("op/lane/1/command", "0")
	first := h.start(j)
	pid := h.waitPid()
	must(t, syscall.Kill(h.supervisor(), syscall.SIGKILL))
	must(t, syscall.Kill(-pid, syscall.SIGKILL))
	files, err := filepath.Glob(filepath.Join(h.state, instance, "run", "*", "pid"))
	must(t, err)
	must(t, os.WriteFile(files[0], []byte(itoa(pid)+" \n"), 0o600))
	want(t, first.report(), Unknown, -1)
	want(t, h.run(j), Unknown, -1)
	want(t, h.run(Job{Token: "op2", Script: "exit 0"}), Exited, 0)
}

func TestNothingStartsWhenTheHostCannotBeRead(t *testing.T) {
	cat, err := exec.LookPath("cat")
	must(t, err)
	for name, hidden := range map[string]string{"boot": "*/boot_id", "start": "*/stat"} {
		h := anyShell(t)
		text := "#!/bin/sh\ncase $1 in " + hidden + ") exit 1 ;; esac\nexec " + cat + " \"$@\"\n"
		must(t, os.WriteFile(filepath.Join(h.dir, "bin", "cat"), []byte(text), 0o755))
		// Where there is no /proc, ps and sysctl say nothing either.
		for _, tool := range []string{"ps", "sysctl"} {
			must(t, os.WriteFile(filepath.Join(h.dir, "bin", tool), []byte("#!/bin/sh\nexit 1\n"), 0o755))
		}
		r := h.run(Job{Script: "echo x >>\"$STARTS\"", Env: []Var{{"STARTS", h.path("starts")}}})
		if r.State != Refused || !strings.Contains(r.Why, "cannot read") {
			t.Errorf("%s: %s, why %q", name, r.State, r.Why)
		}
		wantStarts(t, h, 0)
	}
}

func TestWithoutProc(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		// What macOS's sysctl answers; the clock was set between the two calls for boottime.
		sysctl := "#!/bin/sh\ncase $2 in kern.bootsessionuuid) echo 1B2C-3D ;; *) exit 1 ;; esac\n"
		must(t, os.WriteFile(filepath.Join(h.dir, "bin", "sysctl"), []byte(sysctl), 0o755))
		h.env = append(h.env, "JUNBAN_PROC="+h.path("none"))
		j := h.gated("op/lane/1/command", "2")
		first := h.start(j)
		h.waitPid()
		text, err := os.ReadFile(filepath.Join(h.state, instance, "log", "10000001"))
		must(t, err)
		if f := strings.Fields(string(text)); len(f) != 7 || f[5] != "1B2C-3D" || strings.Count(f[4], "_") != 4 {
			t.Errorf("entry %q", text)
		}
		want(t, h.run(Job{Token: "op2", Script: "exit 0"}), Refused, -1)
		want(t, h.look(j.Token), Running, -1)
		first.kill()
		second := h.start(j)
		h.open()
		want(t, second.report(), Exited, 2)
		want(t, h.cancel(j.Token), Exited, 2)
		wantStarts(t, h, 1)
	})
}

func TestBoottimeOfAnOlderMac(t *testing.T) {
	h := anyShell(t)
	sysctl := "#!/bin/sh\ncase $2 in kern.boottime) echo '{ sec = 1700000000, usec = 5 } Tue Nov 14 22:13:20 2023' ;; *) exit 1 ;; esac\n"
	must(t, os.WriteFile(filepath.Join(h.dir, "bin", "sysctl"), []byte(sysctl), 0o755))
	h.env = append(h.env, "JUNBAN_PROC="+h.path("none"))
	want(t, h.run(Job{Script: "exit 0"}), Exited, 0)
	text, err := os.ReadFile(filepath.Join(h.state, instance, "log", "10000001"))
	must(t, err)
	if f := strings.Fields(string(text)); len(f) != 7 || f[5] != "1700000000" {
		t.Errorf("entry %q", text)
	}
}

func TestOldOutputsGoAndOldResultsStay(t *testing.T) {
	h := anyShell(t)
	for i := range 25 {
		want(t, h.run(Job{Token: fmt.Sprintf("op/%d", i), Script: fmt.Sprintf("echo out; exit %d", i)}), Exited, i)
	}
	outputs, err := filepath.Glob(filepath.Join(h.state, instance, "run", "*", "output"))
	must(t, err)
	if len(outputs) != 20 {
		t.Errorf("%d outputs are kept", len(outputs))
	}
	old := h.run(Job{Token: "op/0", Script: "exit 99"})
	want(t, old, Exited, 0)
	if old.Output != "" {
		t.Errorf("output %q", old.Output)
	}
	if young := h.look("op/24"); young.Output != "out\n" {
		t.Errorf("output %q", young.Output)
	}
}

func TestAgedEntriesGoButTheNewestFiftyStay(t *testing.T) {
	h := anyShell(t)
	want(t, h.run(Job{Token: "op/first", Script: "exit 0"}), Exited, 0)
	log := filepath.Join(h.state, instance, "log")
	old := time.Now().Add(-100 * 24 * time.Hour)
	for i := 2; i <= 60; i++ {
		name := filepath.Join(log, fmt.Sprintf("100000%02d", i))
		must(t, os.WriteFile(name, []byte(fmt.Sprintf("cancel old/%d\n", i)), 0o600))
		must(t, os.Chtimes(name, old, old))
	}
	must(t, os.Chtimes(filepath.Join(log, "10000001"), old, old))
	stray := filepath.Join(h.state, instance, "run", "stray.1")
	must(t, os.Mkdir(stray, 0o700))
	must(t, os.Chtimes(stray, old, old))
	want(t, h.run(Job{Token: "op/last", Script: "exit 0"}), Exited, 0)
	left, err := os.ReadDir(log)
	must(t, err)
	if len(left) != 50 || left[0].Name() != "10000012" || left[49].Name() != "10000061" {
		t.Errorf("%d entries from %s", len(left), left[0].Name())
	}
	runs, err := os.ReadDir(filepath.Join(h.state, instance, "run"))
	must(t, err)
	if len(runs) != 1 {
		t.Errorf("folders left: %v", runs)
	}
}

func TestADaemonLeftBehindBlocksNobody(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := Job{Script: "(while [ ! -e \"$GATE\" ] && [ -d \"${GATE%/*}\" ]; do sleep 0.02; done) &\necho $! >\"$PIDFILE\"\nexit 0\n",
			Env: []Var{{"GATE", h.path("gate")}, {"PIDFILE", h.path("pid")}}}
		want(t, h.run(j), Exited, 0)
		if !running(h.waitPid()) {
			t.Error("the daemon was ended")
		}
		want(t, h.run(Job{Token: "op2", Script: "exit 1"}), Exited, 1)
		h.open()
	})
}
