package deploytest

import (
	"context"
	"errors"
	"testing"
	"time"

	"junban/deploy"
)

// The parts of RunnerSuite in which a command and its bot do not live equally long.

func runnerCancelBefore(t *testing.T, h runnerHost) {
	j := h.job("op/a/1/command", "echo ran >ran")
	if got := h.cancel(h.run, j); got.State != deploy.ReportCancelled {
		t.Fatalf("cancel: %+v", got)
	}
	if got := h.outcome(j); got.State != deploy.ReportCancelled {
		t.Errorf("the late one: %+v", got)
	}
	if got := h.cancel(h.run, j); got.State != deploy.ReportCancelled {
		t.Errorf("the second cancel: %+v", got)
	}
	if h.read("ran") != "" {
		t.Error("it ran")
	}
}

func runnerCancelRunning(t *testing.T, h runnerHost) {
	j := h.gated("op/a/1/command", "0")
	id := h.send(j)
	h.begun()
	runnerIs(t, h.cancel(h.run, j), deploy.ReportCancelled, 143, "begun\n")
	runnerIs(t, h.wait(h.run, j, id), deploy.ReportCancelled, 143, "begun\n")
	runnerIs(t, h.outcome(h.job("op/a/2/command", "echo next")), deploy.ReportExited, 0, "next\n")
}

func runnerCancelEnded(t *testing.T, h runnerHost) {
	j := h.job("op/a/1/command", "echo hello; exit 5")
	h.outcome(j)
	runnerIs(t, h.cancel(h.run, j), deploy.ReportExited, 5, "hello\n")
}

// Fails on a runner whose commands end with it, or that remembers in the bot what it has sent.
func runnerAdopts(t *testing.T, h runnerHost) {
	since := time.Now()
	j := h.gated("op/a/1/command", "6")
	h.send(j)
	h.begun()
	second := h.Runner()
	for token, want := range map[string]bool{j.Token: true, "op/a/1": false, "op/a/1/command/x": false} {
		asked := j
		asked.Token = token
		id, err := second.Find(t.Context(), asked, since)
		runnerOK(t, err)
		if (id != "") != want {
			t.Errorf("found %q for %s, want one: %v", id, token, want)
		}
	}
	id, err := second.Find(t.Context(), j, since)
	runnerOK(t, err)
	h.open()
	runnerIs(t, h.wait(second, j, id), deploy.ReportExited, 6, "begun\ndone\n")
	if id, err = h.Runner().Find(t.Context(), j, since); err != nil || id == "" {
		t.Errorf("found %q after its end, %v", id, err)
	}
	runnerIs(t, h.wait(h.Runner(), j, id), deploy.ReportExited, 6, "begun\ndone\n")
}

func runnerAdoptsCancel(t *testing.T, h runnerHost) {
	j := h.gated("op/a/1/command", "0")
	h.send(j)
	h.begun()
	runnerIs(t, h.cancel(h.Runner(), j), deploy.ReportCancelled, 143, "begun\n")
}

func runnerContext(t *testing.T, h runnerHost) {
	j := h.gated("op/a/1/command", "0")
	id := h.send(j)
	h.begun()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := h.run.Wait(ctx, j, id); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's own error", err)
	}
	h.open()
	runnerIs(t, h.wait(h.run, j, id), deploy.ReportExited, 0, "begun\ndone\n")
}

// Fails on a runner that keeps what only looks in the commands' record: it would be refused, or be taken for the command.
func runnerReads(t *testing.T, h runnerHost) {
	since := time.Now()
	j := h.gated("op/a/1/command", "0")
	id := h.send(j)
	h.begun()
	read := h.job("op/a/read/1", "echo aside >&2; echo v41")
	read.Read = true
	runnerIs(t, h.outcome(read), deploy.ReportExited, 0, "v41\n")
	read.Token, read.Script = "op/a/read/2", "echo no such file >&2; exit 1"
	runnerIs(t, h.outcome(read), deploy.ReportExited, 1, "no such file\n")
	if found, err := h.run.Find(t.Context(), j, since); err != nil || found != id {
		t.Errorf("found %q, %v; want %s", found, err, id)
	}
	h.open()
	runnerIs(t, h.wait(h.run, j, id), deploy.ReportExited, 0, "begun\ndone\n")
	runnerIs(t, h.cancel(h.run, j), deploy.ReportExited, 0, "begun\ndone\n")
}

// Fails on a guard that lets one look stand in the way of the next: the bot that has sent the first may be gone.
func runnerReadsAgain(t *testing.T, h runnerHost) {
	probe := h.gated("op/a/probe/1", "0")
	probe.Read = true
	id := h.send(probe)
	h.begun()
	again := h.job("op/a/probe/2", "echo idle")
	again.Read = true
	runnerIs(t, h.outcome(again), deploy.ReportExited, 0, "idle\n")
	command := h.job("op/a/1/command", "echo deployed")
	runnerIs(t, h.outcome(command), deploy.ReportExited, 0, "deployed\n")
	if got := h.cancel(h.run, probe); got.State != deploy.ReportCancelled {
		t.Errorf("cancel: %+v", got)
	}
	if got := h.wait(h.run, probe, id); got.State != deploy.ReportCancelled {
		t.Errorf("the cancelled one: %+v", got)
	}
}
