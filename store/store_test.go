package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"junban/deploy"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
	"junban/store"
)

// TestMain is also the entry of the child processes that some tests start.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(child(role))
	}
	goleak.VerifyTestMain(m)
}

func newStore(t *testing.T) *store.Store {
	t.Helper()
	return openStore(t, filepath.Join(t.TempDir(), "junban.db"))
}

func openStore(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path, store.Options{Wait: 100 * time.Millisecond})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func openBench(b *testing.B) *store.Store {
	b.Helper()
	s, err := store.Open(filepath.Join(b.TempDir(), "junban.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestJournal(t *testing.T) {
	deploytest.JournalSuite(t, func(t *testing.T) engine.Journal { return newStore(t) })
}

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// history is an operation that really replays: requested, started with its locks, then resumed as often as is wanted.
type history struct {
	o deploy.Operation
}

// TestWhatIsKnownNeedNotBeReadAgain: what the journal holds after a seq is the rest of what it holds.
func TestWhatIsKnownNeedNotBeReadAgain(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	must(t, run(ctx, s, "op-1", "i-1", 5, false, quiet))
	must(t, run(ctx, s, "op-2", "i-2", 3, false, quiet))
	all, err := s.Load(ctx, "op-1")
	must(t, err)
	for seq := range len(all) + 1 {
		rest, err := s.LoadAfter(ctx, "op-1", seq)
		must(t, err)
		if len(rest) != len(all)-seq || len(rest) > 0 && rest[0].Seq != seq+1 {
			t.Errorf("after event %d of %d there are %d", seq, len(all), len(rest))
		}
	}
	if _, err := s.LoadAfter(ctx, "op-1", len(all)+1); err == nil {
		t.Error("a journal that is shorter than what is known of it is not refused")
	}
	if _, err := s.LoadAfter(ctx, "op-3", 0); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("of an operation that nobody knows: %v", err)
	}
}

func request(op deploy.ID, instance string) (*history, deploy.Event) {
	plan := deploy.Plan{Terms: deploy.Terms{
		Kind: deploy.KindDeploy, Service: "web", Ref: "v1",
		Lanes: []deploy.Lane{{Name: instance, Steps: []deploy.Step{{
			Verb: deploy.VerbLeave, On: instance, Pairs: []deploy.Pair{{Group: "arn:" + instance, Target: instance, Port: 80}},
		}}}},
		Rules: deploy.Rules{Approval: deploy.Approval{None: true, StartWithin: time.Hour}},
	}}
	h := &history{o: deploy.Operation{ID: op}}
	return h, deploy.Event{Type: deploy.EventRequested, By: "U1", Plan: &plan}
}

// append gives an event its place and writes it.
func (h *history) append(ctx context.Context, j engine.Journal, e deploy.Event) error {
	e.Version, e.Op, e.Seq, e.At = deploy.EventVersion, h.o.ID, h.o.Seq+1, start.Add(time.Duration(h.o.Seq)*time.Second)
	after, err := deploy.Apply(h.o, e)
	if err != nil {
		return err
	}
	if err := j.Append(ctx, e, after.Row(), deploy.LockChanges(after, e)); err != nil {
		return err
	}
	h.o = after
	return nil
}

// run writes an operation of so many events, of which the first is its request, the second its start, and the last its
// end if it is to finish. Nothing is touched, so that it may end at once.
func run(ctx context.Context, j engine.Journal, op deploy.ID, instance string, events int, finish bool, told func(seq int)) error {
	h, e := request(op, instance)
	plan := e.Plan
	for seq := 1; seq <= events; seq++ {
		switch {
		case seq == 2:
			e = deploy.Event{Type: deploy.EventStarted, Plan: plan}
		case seq == events && finish:
			e = deploy.Event{Type: deploy.EventFinished, State: deploy.StateFailed}
		case seq > 2:
			e = deploy.Event{Type: deploy.EventResumed, Writer: fmt.Sprint(seq)}
		}
		if err := h.append(ctx, j, e); err != nil {
			return fmt.Errorf("event %d of %s: %w", seq, op, err)
		}
		told(seq)
	}
	return nil
}

func quiet(int) {}

// Any sequence of writes reads the same from the disk, also after it was closed, as from the journal in memory.
func TestAsInMemory(t *testing.T) {
	n := 0
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(folder, fmt.Sprint(n, ".db"))
		s, err := store.Open(path, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		memory := deploytest.NewJournal()
		for range rapid.IntRange(1, 25).Draw(t, "writes") {
			e, row, c := draw(t, memory)
			compare(t, "Append", s.Append(t.Context(), e, row, c), memory.Append(t.Context(), e, row, c))
		}
		compareAll(t, s, memory)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := store.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		compareAll(t, r, memory)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
