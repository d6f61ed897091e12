package deploytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"junban/deploy"
	"junban/deploy/engine"
)

// JournalSuite holds an engine.Journal to what engine promises of it. open makes an empty journal, which it closes when
// its test ends. Each part says which fault of a journal it is there for.
func JournalSuite(t *testing.T, open func(t *testing.T) engine.Journal) {
	parts := []struct {
		name string
		run  func(t *testing.T, j engine.Journal)
	}{
		{"an event is read back as it was written", journalReadsBack},
		{"what went in and came out is the caller's own", journalCopies},
		{"only the next event is written", journalConflict},
		{"an unknown operation is not found", journalNotFound},
		{"operations whose ids begin alike stay apart", journalPrefixes},
		{"unfinished operations, oldest first", journalUnfinished},
		{"recent operations, newest first", journalRecent},
		{"locks are taken all or none", journalTakes},
		{"locks are freed, holds are kept", journalFrees},
		{"a hold is taken over by whom it names", journalOver},
		{"a hold cannot be put over another's lock", journalKeepForeign},
		{"what belongs to nobody is refused", journalMisused},
		{"nothing happens after the context is done", journalContext},
		{"eight writers make one history", journalWriters},
		{"one of many gets a lock", journalRace},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) { p.run(t, open(t)) })
	}
}

var journalStart = time.Date(2026, 3, 1, 9, 0, 0, 123456789, time.UTC)

// journalRow is the row of an operation that was requested some minutes after the start.
func journalRow(op deploy.ID, minute, head int, s deploy.State) deploy.Row {
	return deploy.Row{
		Op: op, Kind: deploy.KindDeploy, Service: "web", Ref: "v1", State: s, By: "U1", Head: head,
		Requested: journalStart.Add(time.Duration(minute) * time.Minute),
	}
}

func journalEvent(op deploy.ID, seq int) deploy.Event {
	return deploy.Event{Version: deploy.EventVersion, Seq: seq, Op: op, At: journalStart, Type: deploy.EventResumed, Writer: "w1"}
}

// journalAppend appends an event of no consequence, with lock changes.
func journalAppend(j engine.Journal, op deploy.ID, seq int, s deploy.State, c deploy.Changes) error {
	return j.Append(context.Background(), journalEvent(op, seq), journalRow(op, 0, seq, s), c)
}

func journalOK(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func journalSame(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// journalFull is an event with something in every field.
func journalFull(seq int) deploy.Event {
	pair := deploy.Pair{Group: "arn:tg", Target: "i-1", Port: 8080}
	plan := deploy.Plan{
		Terms: deploy.Terms{
			Kind: deploy.KindDeploy, Service: "web", Ref: "v1",
			Lanes: []deploy.Lane{{Name: "i-1", Steps: []deploy.Step{{
				Verb: deploy.VerbLeave, On: "i-1", Pairs: []deploy.Pair{pair}, Limit: time.Minute, Args: map[string]string{"env.A": "\x00é<&>"},
			}}}},
			Scripts: map[deploy.Verb]string{deploy.VerbCommand: "./deploy.sh \"$REF\"\n"},
		},
		Preview: deploy.Preview{Order: []int{0}, Minimum: map[string]int{"arn:tg": 1}},
	}
	e := journalEvent("op-1", seq)
	e.By, e.Lane, e.Attempt, e.OK, e.State, e.Made = "U1", 1, 2, true, deploy.StateRolling, "cmd-1"
	e.Deadline, e.Cause = journalStart.Add(time.Hour), deploy.Because(deploy.CommandFailed, "exit", 3)
	e.Pairs, e.Values, e.Output, e.Plan = []deploy.Pair{pair}, map[string]string{"PREVIOUS_REF": "v0"}, "順番\n", &plan
	e.Act = &deploy.Act{Verb: deploy.ActApprove, By: deploy.Person{ID: "U2", Kind: deploy.Member, Groups: []string{"S1"}}, Hash: plan.Hash()}
	return e
}

func journalReadsBack(t *testing.T, j engine.Journal) {
	want := []deploy.Event{journalFull(1), journalFull(2)}
	row := journalRow("op-1", 0, 1, deploy.StateRolling)
	row.Started, row.Cause, row.Lanes, row.Done = journalStart, deploy.Because(deploy.Aborted, "by", "U1"), 3, 2
	journalOK(t, j.Append(t.Context(), want[0], row, deploy.Changes{}))
	row.Head = 2
	journalOK(t, j.Append(t.Context(), want[1], row, deploy.Changes{}))

	events, err := j.Load(t.Context(), "op-1")
	journalOK(t, err)
	journalSame(t, "events", want, events)
	if events[0].Plan.Hash() != want[0].Plan.Hash() {
		t.Fatal("the terms that were read hash otherwise than those that were written")
	}
	rows, err := j.Unfinished(t.Context())
	journalOK(t, err)
	journalSame(t, "rows", []deploy.Row{row}, rows)
}

// Fails on a journal that keeps or hands out its caller's maps, slices and pointers, or writes what JSON leaves out.
func journalCopies(t *testing.T, j engine.Journal) {
	in := journalFull(1)
	in.Act.Fresh = in.Plan
	lock := deploy.Lock{Resource: "instance:i-1", Op: "op-1", Pairs: []deploy.Pair{{Port: 80}}}
	journalOK(t, j.Append(t.Context(), in, journalRow("op-1", 0, 1, deploy.StateRolling), deploy.Changes{Take: []deploy.Lock{lock}}))
	spoil := func(e deploy.Event) {
		e.Values["PREVIOUS_REF"], e.Pairs[0].Port, e.Plan.Lanes[0].Steps[0].Args["env.A"], e.Act.By.Groups[0] = "spoilt", 1, "spoilt", "spoilt"
	}
	spoil(in)
	lock.Pairs[0].Port = 1
	for range 2 {
		events, err := j.Load(t.Context(), "op-1")
		journalOK(t, err)
		journalSame(t, "events", []deploy.Event{journalFull(1)}, events)
		spoil(events[0])
		locks, err := j.Locks(t.Context())
		journalOK(t, err)
		if locks[0].Pairs[0].Port != 80 {
			t.Fatalf("the lock was changed from outside: %+v", locks[0])
		}
		locks[0].Pairs[0].Port = 1
	}
}

// Fails on a journal without the check of Seq: it would overwrite an event, or leave a gap.
func journalConflict(t *testing.T, j engine.Journal) {
	journalOK(t, journalAppend(j, "op-1", 1, deploy.StateRolling, deploy.Changes{}))
	journalOK(t, journalAppend(j, "op-1", 2, deploy.StateRolling, deploy.Changes{}))
	before := journalAll(t, j)
	for _, seq := range []int{-1, 0, 1, 2, 4} {
		take := deploy.Changes{Take: []deploy.Lock{{Resource: "group:a", Op: "op-1"}}}
		if err := journalAppend(j, "op-1", seq, deploy.StateFailed, take); !errors.Is(err, engine.ErrConflict) {
			t.Fatalf("event %d after event 2: %v, want ErrConflict", seq, err)
		}
		journalSame(t, "the journal after a conflict", before, journalAll(t, j))
	}
	if err := journalAppend(j, "op-2", 2, deploy.StateRolling, deploy.Changes{}); !errors.Is(err, engine.ErrConflict) {
		t.Fatalf("event 2 of a new operation: %v, want ErrConflict", err)
	}
	journalOK(t, journalAppend(j, "op-1", 3, deploy.StateRolling, deploy.Changes{}))
}

// journalAll reads everything that a journal shows of op-1 to op-3, to compare before and after.
func journalAll(t *testing.T, j engine.Journal) []any {
	t.Helper()
	var all []any
	for _, op := range []deploy.ID{"op-1", "op-2", "op-3"} {
		events, err := j.Load(context.Background(), op)
		if !errors.Is(err, engine.ErrNotFound) {
			journalOK(t, err)
		}
		all = append(all, events)
	}
	unfinished, err := j.Unfinished(context.Background())
	journalOK(t, err)
	recent, err := j.Recent(context.Background(), "", 100)
	journalOK(t, err)
	locks, err := j.Locks(context.Background())
	journalOK(t, err)
	return append(all, unfinished, recent, locks)
}

func journalNotFound(t *testing.T, j engine.Journal) {
	journalOK(t, journalAppend(j, "op-1", 1, deploy.StateRolling, deploy.Changes{}))
	for _, op := range []deploy.ID{"op", "op-", "op-10", "nobody", ""} {
		if events, err := j.Load(t.Context(), op); !errors.Is(err, engine.ErrNotFound) || len(events) != 0 {
			t.Errorf("Load(%q) = %v, %v; want ErrNotFound", op, events, err)
		}
	}
}

// Fails on a journal that scans by an id without a separator after it.
func journalPrefixes(t *testing.T, j engine.Journal) {
	ops := []deploy.ID{"a", "a-", "a-0", "a0", "aa", "b"}
	for seq := 1; seq <= 300; seq += 150 { // more than one byte of seq, and all operations grow in turn
		for s := seq; s < seq+150; s++ {
			for _, op := range ops[:2] {
				journalOK(t, journalAppend(j, op, s, deploy.StateRolling, deploy.Changes{}))
			}
		}
	}
	for _, op := range ops[2:] {
		journalOK(t, journalAppend(j, op, 1, deploy.StateRolling, deploy.Changes{}))
	}
	for i, op := range ops {
		events, err := j.Load(t.Context(), op)
		journalOK(t, err)
		want := 1
		if i < 2 {
			want = 300
		}
		if len(events) != want {
			t.Fatalf("%s has %d events, want %d", op, len(events), want)
		}
		for k, e := range events {
			if e.Op != op || e.Seq != k+1 {
				t.Fatalf("event %d of %s is event %d of %s", k+1, op, e.Seq, e.Op)
			}
		}
	}
}

func journalOps(rows []deploy.Row) []deploy.ID {
	var ops []deploy.ID
	for _, r := range rows {
		ops = append(ops, r.Op)
	}
	return ops
}

func journalUnfinished(t *testing.T, j engine.Journal) {
	// Neither the order of the ids nor that of writing is the order of the requests; c and d are of one moment.
	at := map[deploy.ID]int{"d": 3, "c": 3, "a": 9, "e": -60 * 24 * 365 * 60, "b": 1}
	for _, op := range []deploy.ID{"d", "c", "a", "e", "b"} {
		journalOK(t, j.Append(t.Context(), journalEvent(op, 1), journalRow(op, at[op], 1, deploy.StateRequested), deploy.Changes{}))
	}
	rows, err := j.Unfinished(t.Context())
	journalOK(t, err)
	journalSame(t, "unfinished", []deploy.ID{"e", "b", "c", "d", "a"}, journalOps(rows))
	journalOK(t, j.Append(t.Context(), journalEvent("c", 2), journalRow("c", 3, 2, deploy.StateDenied), deploy.Changes{}))
	journalOK(t, j.Append(t.Context(), journalEvent("b", 2), journalRow("b", 1, 2, deploy.StateRolling), deploy.Changes{}))
	rows, err = j.Unfinished(t.Context())
	journalOK(t, err)
	journalSame(t, "unfinished after one ended", []deploy.ID{"e", "b", "d", "a"}, journalOps(rows))
	if rows[1].Head != 2 || rows[1].State != deploy.StateRolling {
		t.Fatalf("the row of b is not that of its last event: %+v", rows[1])
	}
}

func journalRecent(t *testing.T, j engine.Journal) {
	for i, op := range []deploy.ID{"f", "a", "e", "b", "d", "c"} {
		row := journalRow(op, i/2, 1, deploy.StateSucceeded)
		if i%2 == 1 {
			row.Service = "api"
		}
		journalOK(t, j.Append(t.Context(), journalEvent(op, 1), row, deploy.Changes{}))
	}
	for _, c := range []struct {
		service string
		limit   int
		want    []deploy.ID
	}{
		{"", 100, []deploy.ID{"d", "c", "e", "b", "f", "a"}},
		{"", 2, []deploy.ID{"d", "c"}},
		{"api", 100, []deploy.ID{"c", "b", "a"}},
		{"api", 1, []deploy.ID{"c"}},
		{"ap", 100, nil},
		{"", 0, nil},
		{"", -1, nil},
	} {
		rows, err := j.Recent(t.Context(), c.service, c.limit)
		journalOK(t, err)
		journalSame(t, fmt.Sprintf("Recent(%q, %d)", c.service, c.limit), c.want, journalOps(rows))
	}
}

func journalMisused(t *testing.T, j engine.Journal) {
	before := journalAll(t, j)
	for name, do := range map[string]func() error{
		"no id":          func() error { return journalAppend(j, "", 1, deploy.StateRolling, deploy.Changes{}) },
		"zero byte":      func() error { return journalAppend(j, "op\x001", 1, deploy.StateRolling, deploy.Changes{}) },
		"capital letter": func() error { return journalAppend(j, "oP-1", 1, deploy.StateRolling, deploy.Changes{}) },
		"33 bytes": func() error {
			return journalAppend(j, deploy.ID(fmt.Sprintf("%033d", 1)), 1, deploy.StateRolling, deploy.Changes{})
		},
		"another's row": func() error {
			return j.Append(t.Context(), journalEvent("op-1", 1), journalRow("op-2", 0, 1, deploy.StateRolling), deploy.Changes{})
		},
		"row of another event": func() error {
			return j.Append(t.Context(), journalEvent("op-1", 1), journalRow("op-1", 0, 2, deploy.StateRolling), deploy.Changes{})
		},
		"lock for another": func() error {
			return journalAppend(j, "op-1", 1, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{{Resource: "group:a", Op: "op-2"}}})
		},
		"hold for another": func() error {
			return journalAppend(j, "op-1", 1, deploy.StateRolling, deploy.Changes{Keep: []deploy.Lock{{Resource: "group:a", Op: "op-2"}}})
		},
		"lock on nothing": func() error {
			return journalAppend(j, "op-1", 1, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{{Op: "op-1"}}})
		},
	} {
		err := do()
		if err == nil || errors.Is(err, engine.ErrConflict) || errors.Is(err, engine.ErrUnknown) {
			t.Errorf("%s: %v, want an error of its own", name, err)
		}
	}
	journalSame(t, "the journal after refusals", before, journalAll(t, j))
}

func journalContext(t *testing.T, j engine.Journal) {
	journalOK(t, journalAppend(j, "op-1", 1, deploy.StateRolling, deploy.Changes{}))
	before := journalAll(t, j)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	errs := []error{j.Append(ctx, journalEvent("op-1", 2), journalRow("op-1", 0, 2, deploy.StateRolling), deploy.Changes{})}
	_, err := j.Load(ctx, "op-1")
	errs = append(errs, err)
	_, err = j.Unfinished(ctx)
	errs = append(errs, err)
	_, err = j.Recent(ctx, "", 1)
	errs = append(errs, err)
	_, err = j.Locks(ctx)
	for i, err := range append(errs, err) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: %v, want context.Canceled", i, err)
		}
	}
	journalSame(t, "the journal", before, journalAll(t, j))
}

// Fails on a journal whose check of Seq and write of the event are not one: an acknowledged event would be lost.
func journalWriters(t *testing.T, j engine.Journal) {
	const writers, each = 8, 25
	acknowledged := make([][]int, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for next := 1; len(acknowledged[w]) < each; {
				e := journalEvent("op-1", next)
				e.Writer = fmt.Sprint(w, " ", len(acknowledged[w]))
				err := j.Append(context.Background(), e, journalRow("op-1", 0, next, deploy.StateRolling), deploy.Changes{})
				switch {
				case err == nil:
					acknowledged[w] = append(acknowledged[w], next)
					next++
				case errors.Is(err, engine.ErrConflict):
					events, err := j.Load(context.Background(), "op-1")
					if err != nil {
						t.Error(err)
						return
					}
					next = len(events) + 1
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	events, err := j.Load(t.Context(), "op-1")
	journalOK(t, err)
	if len(events) != writers*each {
		t.Fatalf("%d events, want %d", len(events), writers*each)
	}
	for w, seqs := range acknowledged {
		for n, seq := range seqs {
			if want := fmt.Sprint(w, " ", n); events[seq-1].Writer != want || events[seq-1].Seq != seq {
				t.Fatalf("event %d was acknowledged to %q, and is %d of %q", seq, want, events[seq-1].Seq, events[seq-1].Writer)
			}
		}
	}
}
