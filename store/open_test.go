package store_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"junban/store"
)

// A second process on the file is told so at once, whichever of them reads or writes, and nothing hangs. It fails if bbolt
// is opened without a timeout, or a bot's store with the readers' shared lock.
func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junban.db")
	open := func() error {
		s, err := store.Open(path, store.Options{})
		if err == nil {
			err = s.Close()
		}
		return err
	}
	read := func() error {
		r, err := store.OpenReader(path)
		if err == nil {
			err = r.Close()
		}
		return err
	}
	if err := read(); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a reader with no store: %v", err)
	}
	p := begin(t, "hold", path, "")
	p.hear(t)
	began := time.Now()
	wantInUse(t, open(), path)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v to be told", took)
	}
	wantInUse(t, read(), path)
	p.end(t)
	must(t, open())

	p = begin(t, "read", path, "")
	p.hear(t)
	must(t, read())
	wantInUse(t, open(), path)
	p.end(t)
	must(t, open())
}

func wantInUse(t *testing.T, err error, path string) {
	t.Helper()
	used, ok := errors.AsType[*store.InUse](err)
	if !ok || used.Path != path || !strings.Contains(err.Error(), "another junban is running on it") {
		t.Fatalf("error %v, want *InUse of %s", err, path)
	}
}

// Of many who make one store at the same time one gets it, and what it writes stays. It fails if a store is renamed to its
// place instead of linked: then two would have a file each.
func TestCreateTogether(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "junban.db")
		stores := make(chan *store.Store, 8)
		var wg sync.WaitGroup
		for range cap(stores) {
			wg.Go(func() {
				s, err := store.Open(path, store.Options{Wait: 250 * time.Millisecond})
				if _, used := errors.AsType[*store.InUse](err); err != nil && !used {
					t.Error(err)
				}
				if err == nil {
					stores <- s
				}
			})
		}
		wg.Wait()
		close(stores)
		if len(stores) != 1 {
			t.Fatalf("%d have it open, want one", len(stores))
		}
		for s := range stores {
			must(t, s.Put(t.Context(), "t", "k", []byte("v")))
			must(t, s.Close())
		}
		s := openStore(t, path)
		if v, _, err := s.Get(t.Context(), "t", "k"); err != nil || string(v) != "v" {
			t.Fatalf("it reads %q, %v", v, err)
		}
	}
}

// What is no store is refused with its reason, by bot and reader, and stays as it was to the byte.
func TestNotAStore(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole.db")
	s := openStore(t, whole)
	must(t, run(t.Context(), s, "op-1", "i-1", 40, false, quiet))
	must(t, s.Close())
	data, err := os.ReadFile(whole)
	must(t, err)
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	db, err := bbolt.Open(foreign, 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("meta")); return err }))
	must(t, db.Close())
	other, err := os.ReadFile(foreign)
	must(t, err)

	for name, c := range map[string]struct {
		content []byte
		why     string
	}{
		"empty":           {nil, "it is empty"},
		"text":            {[]byte(strings.Repeat("slack:\n", 5000)), "another program's file"},
		"one byte":        {[]byte("x"), "another program's file"},
		"cut in the meta": {data[:100], "another program's file"},
		"cut after meta":  {data[:8192], "it is truncated"},
		"cut by a page":   {data[:len(data)/2], "it is truncated"},
		"zeros":           {make([]byte, 65536), "another program's file"},
		"another's bbolt": {other, "another program's bbolt file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "junban.db")
			must(t, os.WriteFile(path, c.content, 0o644))
			_, err := store.Open(path, store.Options{})
			wantNotAStore(t, err, c.why)
			_, err = store.OpenReader(path)
			wantNotAStore(t, err, c.why)
			after, err := os.ReadFile(path)
			must(t, err)
			info, err := os.Stat(path)
			must(t, err)
			if !bytes.Equal(after, c.content) || info.Mode().Perm() != 0o644 {
				t.Fatal("it was changed")
			}
		})
	}
	_, err = store.Open(t.TempDir(), store.Options{})
	wantNotAStore(t, err, "it is a folder")
	pipe := filepath.Join(t.TempDir(), "junban.db")
	must(t, syscall.Mkfifo(pipe, 0o600))
	_, err = store.Open(pipe, store.Options{})
	wantNotAStore(t, err, "it is no regular file")
	if _, err = store.Open(filepath.Join(t.TempDir(), "no", "junban.db"), store.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("in a folder that is missing: %v", err)
	}
}

func wantNotAStore(t *testing.T, err error, why string) {
	t.Helper()
	if _, ok := errors.AsType[*store.NotAStore](err); !ok || !strings.Contains(err.Error(), why) {
		t.Fatalf("error %v, want *NotAStore: %s", err, why)
	}
}

// A later junban's store is left alone.
func TestTooNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junban.db")
	s := openStore(t, path)
	must(t, s.Raw(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte("2")) }))
	must(t, s.Close())
	before, err := os.ReadFile(path)
	must(t, err)
	_, err = store.Open(path, store.Options{})
	newer, ok := errors.AsType[*store.TooNew](err)
	if !ok || newer.Schema != 2 || newer.Known != store.Schema {
		t.Fatalf("error %v, want *TooNew", err)
	}
	_, err = store.OpenReader(path)
	if _, ok := errors.AsType[*store.TooNew](err); !ok {
		t.Fatalf("error %v, want *TooNew", err)
	}
	after, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Fatal("it was changed")
	}
}

func TestMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junban.db")
	mode := func() fs.FileMode {
		info, err := os.Stat(path)
		must(t, err)
		return info.Mode().Perm()
	}
	old := syscall.Umask(0)
	s, err := store.Open(path, store.Options{})
	syscall.Umask(old)
	must(t, err)
	must(t, s.Close())
	if mode() != 0o600 {
		t.Fatalf("it was made with mode %04o", mode())
	}
	must(t, os.Chmod(path, 0o644))
	var log bytes.Buffer
	s, err = store.Open(path, store.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	must(t, err)
	must(t, s.Close())
	if mode() != 0o600 || !strings.Contains(log.String(), "was=0644") {
		t.Fatalf("mode %04o, log %q", mode(), log.String())
	}
}

// The store lies where its link points, also before there is one: the link stays a link.
func TestSymlink(t *testing.T) {
	far, near := t.TempDir(), t.TempDir()
	link := filepath.Join(near, "junban.db")
	must(t, os.Symlink(far, filepath.Join(near, "folder")))
	must(t, os.Symlink("folder/real.db", link))
	for range 2 {
		s, err := store.Open(link, store.Options{})
		must(t, err)
		must(t, s.Close())
	}
	info, err := os.Lstat(link)
	must(t, err)
	file, err := os.Lstat(filepath.Join(far, "real.db"))
	must(t, err)
	if info.Mode().Type() != fs.ModeSymlink || !file.Mode().IsRegular() {
		t.Fatalf("the link is %v, the file %v", info.Mode(), file.Mode())
	}
	must(t, os.Symlink("b", filepath.Join(near, "a")))
	must(t, os.Symlink("a", filepath.Join(near, "b")))
	if _, err := store.Open(filepath.Join(near, "a"), store.Options{}); err == nil {
		t.Fatal("a link to itself was opened")
	}
}

func TestClose(t *testing.T) {
	s := newStore(t)
	must(t, s.Close())
	must(t, s.Close())
	if _, err := s.Locks(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Locks after Close: %v", err)
	}
	if err := s.Put(t.Context(), "t", "k", nil); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Put after Close: %v", err)
	}
	if err := s.Check(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Check after Close: %v", err)
	}
}
