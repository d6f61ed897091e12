package ssmrun_test

import (
	"fmt"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/awssim"
)

func find(t *testing.T, f *fixture, j deploy.Job, since time.Time) string {
	t.Helper()
	id, err := f.Find(t.Context(), j, since)
	must(t, err)
	return id
}

func TestFindAdoptsByTheWholeToken(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		since := time.Now()
		other := job()
		other.Token += "/x"
		f.send(t, other)
		if id := find(t, f, job(), since); id != "" {
			t.Errorf("found %s, which has another token", id)
		}
		want := f.send(t, job())
		if id := find(t, f, job(), since); id != want {
			t.Errorf("found %q, want %s", id, want)
		}
		elsewhere := job()
		elsewhere.Instance = "i-2"
		if id := find(t, f, elsewhere, since); id != "" {
			t.Errorf("found %s, which is another instance's", id)
		}
	})
}

func TestFindLooksFifteenMinutesBack(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		want := f.send(t, job())
		at := time.Now()
		if id := find(t, f, job(), at.Add(14*time.Minute)); id != want {
			t.Errorf("14 minutes later found %q, want %s", id, want)
		}
		if id := find(t, f, job(), at.Add(16*time.Minute)); id != "" {
			t.Errorf("16 minutes later found %s", id)
		}
	})
}

func TestFindReadsAllPages(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		since := time.Now()
		want := f.send(t, job())
		for n := range 120 { // newer ones come first
			j := job()
			j.Token = fmt.Sprintf("op2/i-1/%d/command", n)
			f.send(t, j)
		}
		before := f.sim.Count("ListCommands")
		if id := find(t, f, job(), since); id != want {
			t.Errorf("found %q, want %s", id, want)
		}
		if n := f.sim.Count("ListCommands") - before; n != 3 {
			t.Errorf("%d pages, want 3", n)
		}
	})
}

func TestFindTakesTheOldestThatCanHaveArrived(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		since := time.Now()
		release := f.sim.HoldCommands("i-1")
		f.send(t, job())
		time.Sleep(2 * time.Minute) // it is never delivered
		release()
		want := f.send(t, job())
		time.Sleep(time.Second)
		f.send(t, job())
		if id := find(t, f, job(), since); id != want {
			t.Errorf("found %q, want %s", id, want)
		}
	})
}

func TestACancellationIsNotTakenForTheCommand(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		since := time.Now()
		for _, tok := range []string{token, fmt.Sprintf("%0100d", 1)} {
			j := job()
			j.Token = tok
			_, _ = f.Cancel(t.Context(), j) // what it answers is not the matter here
			sent := f.sent(t)
			if c := sent[len(sent)-1].Comment; len(c) > 100 {
				t.Errorf("a comment of %d characters", len(c))
			}
			if id := find(t, f, j, since); id != "" {
				t.Errorf("the cancellation of %s was found as the command", tok)
			}
		}
	})
}

func TestFindSaysWhenItCannotLook(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.sim.Fault(awssim.Fault{Action: "ListCommands", Code: "InternalServerError"})
		_, err := f.Find(t.Context(), job(), time.Now())
		fault(t, err, deploy.Unsure, "ListCommands of i-1", "InternalServerError")
	})
}
