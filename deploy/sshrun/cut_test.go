package sshrun_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/engine"
)

// longJob lasts until the gate in its folder is open.
func longJob(dir string) deploy.Job {
	j := job()
	j.Directory, j.Script = dir, "echo ran >>ran; until [ -e gate ] || [ ! -d . ]; do sleep 0.05; done; echo done; exit 7"
	return j
}

func appears(t *testing.T, path string) {
	t.Helper()
	tick, over := time.NewTicker(10*time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for {
		if b, _ := os.ReadFile(path); len(b) > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("%s did not appear", path)
		}
	}
}

func TestACommandSurvivesACutConnectionAndIsFollowedOnAnother(t *testing.T) {
	s := serve(t)
	link := &relay{}
	o := s.options
	o.Dial = link.dial
	r, dir := to(o), t.TempDir()
	j := longJob(dir)
	id, err := r.Send(t.Context(), j, time.Time{})
	must(t, err)
	appears(t, filepath.Join(dir, "ran"))
	type end struct {
		report deploy.Report
		err    error
	}
	ended := make(chan end, 1)
	go func() {
		got, err := r.Wait(t.Context(), j, id)
		ended <- end{got, err}
	}()
	for before := link.dials(); link.dials() < before+4; { // it is cut again and again
		link.cut()
		select {
		case e := <-ended:
			t.Fatalf("it was given up: %+v", e)
		case <-time.After(10 * time.Millisecond):
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, "gate"), nil, 0o644))
	e := <-ended
	must(t, e.err)
	if e.report.State != deploy.ReportExited || e.report.Exit != 7 || e.report.Output != "done\n" {
		t.Errorf("got %+v", e.report)
	}
	if ran, _ := os.ReadFile(filepath.Join(dir, "ran")); string(ran) != "ran\n" {
		t.Errorf("it ran: %q", ran)
	}
}

func TestAnAnswerThatIsLostLeavesItUnsureAndItIsFound(t *testing.T) {
	s := serve(t)
	link := &relay{}
	o := s.options
	o.Dial = link.dial
	dir := t.TempDir()
	j := longJob(dir)
	link.loseWhen(filepath.Join(s.path("state"), "i-1", "log")) // the guard's first trace
	sent := make(chan error, 1)
	go func() {
		_, err := to(o).Send(t.Context(), j, time.Now().Add(time.Minute))
		sent <- err
	}()
	appears(t, filepath.Join(dir, "ran"))
	link.cut()
	err := <-sent
	f, ok := errors.AsType[*deploy.Fault](err)
	if !ok || f.Class != deploy.Unsure || !strings.Contains(f.Message, "was cut") {
		t.Fatalf("got %v, want an unsure fault", err)
	}
	r := to(s.options)
	id, err := r.Find(t.Context(), j, time.Now())
	must(t, err)
	if id == "" {
		t.Fatal("it is not found")
	}
	must(t, os.WriteFile(filepath.Join(dir, "gate"), nil, 0o644))
	got, err := r.Wait(t.Context(), j, id)
	must(t, err)
	if got.Exit != 7 {
		t.Errorf("got %+v", got)
	}
}

func TestNothingLeavesAfterItsTimeHoweverLongTheConnectionTook(t *testing.T) {
	s := serve(t)
	notAfter := time.Now().Add(200 * time.Millisecond)
	o := s.options
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		<-time.After(time.Until(notAfter) + 10*time.Millisecond)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	if _, err := to(o).Send(t.Context(), job(), notAfter); !errors.Is(err, engine.ErrLate) {
		t.Errorf("got %v, want ErrLate", err)
	}
	if _, err := os.Stat(s.path("state")); err == nil {
		t.Error("something was run")
	}
}

func TestWhatALoginShellPrintsIsPassedOver(t *testing.T) {
	s := serve(t, `ForceCommand printf 'Welcome!\n\n'; eval "$SSH_ORIGINAL_COMMAND"`)
	runs(t, s.options, "op/welcome")
	got, err := to(s.options).Cancel(t.Context(), job())
	must(t, err)
	if got.State != deploy.ReportCancelled {
		t.Errorf("got %+v", got)
	}
}

func TestAHostThatDoesSomethingElseIsUnsure(t *testing.T) {
	s := serve(t, "ForceCommand echo 'This account is currently not available.'; exit 1")
	fails(t, s.options, deploy.Unsure, "not an answer of the host's guard", "This account is currently")
	_, err := to(s.options).Cancel(t.Context(), job())
	if f, ok := errors.AsType[*deploy.Fault](err); !ok || f.Class != deploy.Unsure {
		t.Errorf("cancel: %v", err)
	}
	s = serve(t, "ForceCommand echo no sh here >&2; exit 127")
	fails(t, s.options, deploy.Unsure, "gave no answer but: no sh here")
}

func TestACancellationOfAnUnreachableHostIsUnsure(t *testing.T) {
	s := serve(t)
	o := s.options
	o.Key = s.path("none")
	_, err := to(o).Cancel(t.Context(), job())
	if f, ok := errors.AsType[*deploy.Fault](err); !ok || f.Class != deploy.Unsure {
		t.Errorf("got %v, want an unsure fault", err)
	}
}
