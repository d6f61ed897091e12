package ssmrun_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/ssmrun"
)

// These tests run the guard in a real sh.

func TestAJobRoundTrip(t *testing.T) {
	f := real(t)
	j := job()
	where := t.TempDir()
	value := "it's a \"value\" with $(echo no) `echo no` {{ x }} \\n\n日本\r\x01 "
	j.Directory = where
	j.Env = []string{"VALUE=" + value, "EMPTY=", "EQUALS=a=b"}
	j.Script = `printf %s "$VALUE" >value; printf '%s|%s' "$EMPTY" "$EQUALS" >more; echo out; echo err >&2; exit 3`
	got := f.run(t, j)
	if want := (deploy.Report{State: deploy.ReportExited, Exit: 3, Output: "out\nerr\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := read(t, where, "value"); got != value {
		t.Errorf("the value arrived as %q, want %q", got, value)
	}
	if got := read(t, where, "more"); got != "|a=b" {
		t.Errorf("the others arrived as %q", got)
	}
}

func TestTheEndOfTheOutputIsShown(t *testing.T) {
	f := real(t)
	j := job()
	j.Script = `i=0; while [ $i -lt 5000 ]; do echo "line $i"; i=$((i+1)); done`
	got := f.run(t, j)
	if !strings.HasSuffix(got.Output, "line 4998\nline 4999\n") || len(got.Output) > 8<<10 || strings.Contains(got.Output, "line 1\n") {
		t.Errorf("got %d bytes ending with %q", len(got.Output), got.Output[max(0, len(got.Output)-40):])
	}
}

func TestWhatIsSentTwiceRunsOnce(t *testing.T) {
	f := real(t)
	j := job()
	j.Script = "echo ran >>ran; echo hello"
	j.Directory = f.dir()
	first, second := f.send(t, j), f.send(t, j)
	for _, id := range []string{first, second} {
		// Another runner, as after a restart: the id is all that it knows.
		r, err := ssmrun.New(f.cfg, ssmrun.Options{Poll: 20 * time.Millisecond}).Wait(t.Context(), j, id)
		must(t, err)
		if want := (deploy.Report{State: deploy.ReportExited, Output: "hello\n"}); r != want {
			t.Errorf("got %+v, want %+v", r, want)
		}
	}
	if got := read(t, f.dir(), "ran"); got != "ran\n" {
		t.Errorf("it ran: %q", got)
	}
}

func TestACommandIsEndedAtItsLimit(t *testing.T) {
	f := real(t)
	j := job()
	j.Timeout = time.Second
	j.Script = "echo begun; exec sleep 60"
	got := f.run(t, j)
	if got.State != deploy.ReportTimeout || got.Output != "begun\n" {
		t.Errorf("got %+v", got)
	}
}

func TestAVerificationIsTriedUntilItSucceeds(t *testing.T) {
	f := real(t)
	j := job()
	j.Directory = f.dir()
	j.For, j.Every = time.Minute, 10*time.Millisecond
	j.Script = `echo try >>tries; [ "$(wc -l <tries)" -ge 3 ]`
	if got := f.run(t, j); got.State != deploy.ReportExited || got.Exit != 0 {
		t.Errorf("got %+v", got)
	}
	if got := read(t, f.dir(), "tries"); got != "try\ntry\ntry\n" {
		t.Errorf("tries: %q", got)
	}
}

func TestCancelEndsWhatRuns(t *testing.T) {
	f := real(t)
	j := job()
	j.Directory = f.dir()
	j.Script = "echo begun; echo $$ >pid; exec sleep 60"
	id := f.send(t, j)
	appears(t, filepath.Join(f.dir(), "pid"))
	got, err := f.Cancel(t.Context(), j)
	must(t, err)
	if got.State != deploy.ReportCancelled || got.Output != "begun\n" {
		t.Errorf("cancel: %+v", got)
	}
	got, err = f.Wait(t.Context(), j, id)
	must(t, err)
	if got.State != deploy.ReportCancelled {
		t.Errorf("wait: %+v", got)
	}
}

func TestCancelMakesALateArrivalHarmless(t *testing.T) {
	f := real(t)
	j := job()
	j.Directory = f.dir()
	j.Script = "echo ran >ran"
	got, err := f.Cancel(t.Context(), j)
	must(t, err)
	if got.State != deploy.ReportCancelled {
		t.Errorf("cancel: %+v", got)
	}
	if got := f.run(t, j); got.State != deploy.ReportCancelled {
		t.Errorf("the late one: %+v", got)
	}
	if _, err := os.Stat(filepath.Join(f.dir(), "ran")); err == nil {
		t.Error("it ran")
	}
}

func TestCancelTellsTheOutcomeOfWhatHasEnded(t *testing.T) {
	f := real(t)
	j := job()
	j.Script = "echo hello; exit 5"
	f.run(t, j)
	got, err := f.Cancel(t.Context(), j)
	must(t, err)
	if want := (deploy.Report{State: deploy.ReportExited, Exit: 5, Output: "hello\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	must(t, err)
	return string(b)
}

// appears waits for a file that has something in it.
func appears(t *testing.T, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte("\n")) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s did not appear", path)
		}
	}
}
