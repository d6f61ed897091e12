package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"junban/deploy"
	"junban/deploy/engine"
	"junban/store"
)

// sound is a store of three operations: op-1 and op-3 roll, op-2 has finished.
func sound(t *testing.T) *store.Store {
	s := newStore(t)
	must(t, run(t.Context(), s, "op-1", "i-1", 4, false, quiet))
	must(t, run(t.Context(), s, "op-2", "i-2", 4, true, quiet))
	must(t, run(t.Context(), s, "op-3", "i-3", 4, false, quiet))
	must(t, s.Check(t.Context()))
	return s
}

func eventKey(op string, seq byte) []byte { return append([]byte(op), 0, 0, 0, 0, 0, 0, 0, 0, seq) }

// Damage to one operation is told with its name and number; the others can be read and go on. Check finds each.
func TestDamagedEvents(t *testing.T) {
	for name, c := range map[string]struct {
		do  func(events, rows *bbolt.Bucket) error
		seq int
	}{
		"not JSON":        {func(e, _ *bbolt.Bucket) error { return e.Put(eventKey("op-1", 2), []byte("{")) }, 2},
		"gap":             {func(e, _ *bbolt.Bucket) error { return e.Delete(eventKey("op-1", 3)) }, 3},
		"first missing":   {func(e, _ *bbolt.Bucket) error { return e.Delete(eventKey("op-1", 1)) }, 1},
		"last missing":    {func(e, _ *bbolt.Bucket) error { return e.Delete(eventKey("op-1", 4)) }, 4},
		"one too many":    {func(e, _ *bbolt.Bucket) error { return e.Put(eventKey("op-1", 5), []byte(`{"seq":5,"op":"op-1"}`)) }, 5},
		"another's event": {func(e, _ *bbolt.Bucket) error { return e.Put(eventKey("op-1", 2), e.Get(eventKey("op-3", 2))) }, 2},
		"odd key":         {func(e, _ *bbolt.Bucket) error { return e.Put([]byte("op-1\x00\x01"), nil) }, 5},
		"no row":          {func(_, r *bbolt.Bucket) error { return r.Delete([]byte("op-1")) }, 0},
		"row not JSON":    {func(_, r *bbolt.Bucket) error { return r.Put([]byte("op-1"), []byte("[")) }, 0},
		"another's row":   {func(_, r *bbolt.Bucket) error { return r.Put([]byte("op-1"), r.Get([]byte("op-3"))) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := sound(t)
			must(t, s.Raw(func(tx *bbolt.Tx) error { return c.do(tx.Bucket([]byte("events")), tx.Bucket([]byte("rows"))) }))
			_, err := s.Load(t.Context(), "op-1")
			damaged, ok := errors.AsType[*store.Damaged](err)
			if !ok || damaged.Op != "op-1" || damaged.Seq != c.seq {
				t.Fatalf("Load: %v, want *Damaged of op-1 at %d", err, c.seq)
			}
			if err := s.Check(t.Context()); err == nil {
				t.Fatal("Check has found nothing")
			}
			if events, err := s.Load(t.Context(), "op-3"); err != nil || len(events) != 4 {
				t.Fatalf("op-3: %d events, %v", len(events), err)
			}
			rows, err := s.Unfinished(t.Context())
			if _, damaged := errors.AsType[*store.Damaged](err); damaged != (c.seq == 0) || len(rows) == 0 || rows[len(rows)-1].Op != "op-3" {
				t.Fatalf("Unfinished: %v, %v", rows, err)
			}
			rows, err = s.Recent(t.Context(), "web", 10)
			if _, damaged := errors.AsType[*store.Damaged](err); damaged != (c.seq == 0) || len(rows) < 2 || rows[0].Op != "op-3" {
				t.Fatalf("Recent: %v, %v", rows, err)
			}
			must(t, run(t.Context(), s, "op-4", "i-4", 3, true, quiet))
		})
	}
}

// A lock that cannot be read stays, and stands in the way of those who want it, and of nobody else.
func TestDamagedLock(t *testing.T) {
	s := sound(t)
	must(t, s.Raw(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("locks")).Put([]byte("instance:i-1"), []byte("?")) }))
	locks, err := s.Locks(t.Context())
	if damaged, ok := errors.AsType[*store.Damaged](err); !ok || damaged.Resource != "instance:i-1" || len(locks) != 3 {
		t.Fatalf("Locks: %v, %v", locks, err)
	}
	err = run(t.Context(), s, "op-4", "i-1", 2, false, quiet)
	if damaged, ok := errors.AsType[*store.Damaged](err); !ok || damaged.Resource != "instance:i-1" {
		t.Fatalf("taking it: %v", err)
	}
	must(t, run(t.Context(), s, "op-5", "i-5", 3, true, quiet))
	if err := s.Check(t.Context()); err == nil {
		t.Fatal("Check has found nothing")
	}
}

// Check finds an index or a lock that disagrees with the events.
func TestCheckFinds(t *testing.T) {
	in := func(bucket string, do func(b *bbolt.Bucket) error) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error { return do(tx.Bucket([]byte(bucket))) }
	}
	first := func(b *bbolt.Bucket) []byte { k, _ := b.Cursor().First(); return k }
	for name, c := range map[string]struct {
		do   func(*bbolt.Tx) error
		want string
	}{
		"not in times":        {in("times", func(b *bbolt.Bucket) error { return b.Delete(first(b)) }), "missing from the index by time"},
		"too much in times":   {in("times", func(b *bbolt.Bucket) error { return b.Put([]byte("x"), nil) }), "4 entries for 3 operations"},
		"not unfinished":      {in("unfinished", func(b *bbolt.Bucket) error { return b.Delete(first(b)) }), "says otherwise"},
		"too much unfinished": {in("unfinished", func(b *bbolt.Bucket) error { return b.Put([]byte("x"), nil) }), "3 entries for 2"},
		"row behind": {in("rows", func(b *bbolt.Bucket) error {
			return b.Put([]byte("op-1"), []byte(strings.Replace(string(b.Get([]byte("op-1"))), `"head":4`, `"head":3`, 1)))
		}), "at event 3 in the index"},
		"stray event": {in("events", func(b *bbolt.Bucket) error { return b.Put(eventKey("op-9", 1), []byte("{}")) }), "belongs to no operation"},
		"stray lock":  {in("locks", func(b *bbolt.Bucket) error { return b.Put([]byte("r"), []byte(`{"resource":"r","op":"op-9"}`)) }), "is no operation"},
		"left lock":   {in("locks", func(b *bbolt.Bucket) error { return b.Put([]byte("r"), []byte(`{"resource":"r","op":"op-2"}`)) }), "has finished"},
		"bad history": {in("events", func(b *bbolt.Bucket) error {
			return b.Put(eventKey("op-1", 3), []byte(`{"v":1,"seq":3,"op":"op-1","type":"requested"}`))
		}), "replay op-1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sound(t)
			must(t, s.Raw(c.do))
			if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Check: %v, want %q", err, c.want)
			}
		})
	}
	s := sound(t)
	hold := []byte(`{"resource":"r","op":"op-2","hold":true}`)
	must(t, s.Raw(in("locks", func(b *bbolt.Bucket) error { return b.Put([]byte("r"), hold) })))
	must(t, s.Check(t.Context()))
}

var errDisk = errors.New("input/output error")

// A commit that fails before it counts has written nothing, and the store goes on.
func TestCommitFails(t *testing.T) {
	s := sound(t)
	s.SetCommit(func(tx *bbolt.Tx) error { _ = tx.Rollback(); return errDisk })
	err := run(t.Context(), s, "op-4", "i-4", 1, false, quiet)
	if !errors.Is(err, errDisk) || errors.Is(err, engine.ErrUnknown) {
		t.Fatalf("error %v, want the disk's alone", err)
	}
	if _, err := s.Load(t.Context(), "op-4"); !errors.Is(err, engine.ErrNotFound) {
		t.Fatalf("Load: %v", err)
	}
	s.SetCommit((*bbolt.Tx).Commit)
	must(t, run(t.Context(), s, "op-4", "i-4", 3, false, quiet))
	must(t, s.Check(t.Context()))
}

// A commit whose last sync fails is unknown, and what is read after it is what the file has, made durable by a commit that
// went well: the file is opened anew. It fails if the doubt is not noticed (no ErrUnknown), or if the reopened file cannot be
// used.
func TestCommitUnknown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junban.db")
	s := openStore(t, path)
	s.SetCommit(func(tx *bbolt.Tx) error { return errors.Join(tx.Commit(), errDisk) })
	err := run(t.Context(), s, "op-4", "i-4", 1, false, quiet)
	if !errors.Is(err, engine.ErrUnknown) || !errors.Is(err, errDisk) {
		t.Fatalf("error %v, want ErrUnknown", err)
	}
	s.SetCommit((*bbolt.Tx).Commit)
	must(t, os.Rename(path, path+".away"))
	for range 2 { // while it cannot be opened, nothing is said of it
		if _, err := s.Load(t.Context(), "op-4"); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("Load of a file that is not there: %v", err)
		}
	}
	must(t, os.Rename(path+".away", path))
	events, err := s.Load(t.Context(), "op-4")
	if err != nil || len(events) != 1 {
		t.Fatalf("the head is read back: %v, %v", events, err)
	}
	e := deploy.Event{Version: deploy.EventVersion, Op: "op-4", Seq: 2, At: start, Type: deploy.EventResumed}
	o, err := deploy.Replay(append(events, e))
	must(t, err)
	must(t, s.Append(t.Context(), e, o.Row(), deploy.Changes{}))
	must(t, s.Check(t.Context()))
}
