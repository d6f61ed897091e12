package store_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"junban/deploy"
	"junban/deploy/engine"
)

var someOps = []deploy.ID{"a", "a-", "b", "op-1"}

// draw makes a write that is often, but not always, one that the journal takes.
func draw(t *rapid.T, j engine.Journal) (deploy.Event, deploy.Row, deploy.Changes) {
	op := rapid.SampledFrom(someOps).Draw(t, "op")
	events, err := j.Load(t.Context(), op)
	if err != nil && !errors.Is(err, engine.ErrNotFound) {
		t.Fatal(err)
	}
	seq := len(events) + 1
	if rapid.IntRange(0, 5).Draw(t, "conflict") == 0 {
		seq = rapid.IntRange(-1, seq+2).Draw(t, "seq")
	}
	e := deploy.Event{Version: deploy.EventVersion, Seq: seq, Op: op, At: start, Type: deploy.EventResumed, Output: rapid.String().Draw(t, "output")}
	row := deploy.Row{
		Op: op, Head: seq, Service: rapid.SampledFrom([]string{"web", "api"}).Draw(t, "service"),
		State:     rapid.SampledFrom([]deploy.State{deploy.StateRequested, deploy.StateRolling, deploy.StateFailed}).Draw(t, "state"),
		Requested: start.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "minute")) * time.Minute),
	}
	c := deploy.Changes{Free: rapid.Bool().Draw(t, "free")}
	lock := rapid.Custom(func(t *rapid.T) deploy.Lock {
		return deploy.Lock{
			Resource: rapid.SampledFrom([]string{"group:a", "group:b", "instance:i-1"}).Draw(t, "resource"), Op: op,
			Hold: rapid.Bool().Draw(t, "hold"), Over: rapid.SampledFrom(append(slices.Clone(someOps), "")).Draw(t, "over"),
		}
	})
	c.Take = rapid.SliceOfN(lock, 0, 2).Draw(t, "take")
	c.Keep = rapid.SliceOfN(lock, 0, 1).Draw(t, "keep")
	return e, row, c
}

type journalReader interface {
	Load(ctx context.Context, op deploy.ID) ([]deploy.Event, error)
	Unfinished(ctx context.Context) ([]deploy.Row, error)
	Recent(ctx context.Context, service string, limit int) ([]deploy.Row, error)
	Locks(ctx context.Context) ([]deploy.Lock, error)
}

// compare tells apart the errors that engine knows, and the lock that is in the way.
func compare(t *rapid.T, what string, got, want error) {
	t.Helper()
	class := func(err error) any {
		if locked, ok := errors.AsType[*engine.Locked](err); ok {
			return locked.Lock
		}
		for _, known := range []error{engine.ErrConflict, engine.ErrNotFound, engine.ErrUnknown} {
			if errors.Is(err, known) {
				return known.Error()
			}
		}
		return err == nil
	}
	if diff := cmp.Diff(class(want), class(got)); diff != "" {
		t.Fatalf("%s: %v, and in memory %v", what, got, want)
	}
}

func compareAll(t *rapid.T, got, want journalReader) {
	t.Helper()
	ctx := t.Context()
	check := func(what string, got any, gotErr error, want any, wantErr error) {
		t.Helper()
		compare(t, what, gotErr, wantErr)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s (-memory +disk):\n%s", what, diff)
		}
	}
	for _, op := range someOps {
		g, gerr := got.Load(ctx, op)
		w, werr := want.Load(ctx, op)
		check("Load "+string(op), g, gerr, w, werr)
	}
	for _, service := range []string{"", "web"} {
		for _, limit := range []int{1, 100} {
			g, gerr := got.Recent(ctx, service, limit)
			w, werr := want.Recent(ctx, service, limit)
			check("Recent "+service, g, gerr, w, werr)
		}
	}
	g, gerr := got.Unfinished(ctx)
	w, werr := want.Unfinished(ctx)
	check("Unfinished", g, gerr, w, werr)
	gl, glerr := got.Locks(ctx)
	wl, wlerr := want.Locks(ctx)
	check("Locks", gl, glerr, wl, wlerr)
}
