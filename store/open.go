package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Options of Open. The zero value is right for a bot.
type Options struct {
	Wait   time.Duration // how long to wait for another process to let go of the file; 0 = 1 s
	Logger *slog.Logger  // nil = nothing is logged
}

const defaultWait = time.Second

// Store is the engine's journal and the bot's memory. It is safe for concurrent use.
type Store struct {
	Reader
}

// Open opens the store at path for this process alone, and makes it if there is nothing at path; its folder must exist.
// The file's mode is 0600; a wider one is tightened. Errors: *InUse, *NotAStore, *TooNew, *Remote, or the system's.
func Open(path string, o Options) (*Store, error) {
	if o.Wait <= 0 {
		o.Wait = defaultWait
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	path, err := locate(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(path, func(string) {}); err != nil {
			return nil, fmt.Errorf("make store %s: %w", path, err)
		}
	}
	f, err := newFile(func() (*bbolt.DB, error) { return openWriter(path, o.Wait) })
	if err != nil {
		return nil, err
	}
	if err := settleIn(path, o.Logger); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return &Store{Reader{f}}, nil
}

// Close waits for what is under way and lets go of the file. Closing twice is no error.
func (s *Store) Close() error { return s.f.close() }

// locate follows symbolic links to the file, which need not exist, and refuses a place where a store cannot be kept.
func locate(path string) (string, error) {
	file, err := resolve(path)
	if err != nil {
		return "", fmt.Errorf("find store %s: %w", path, err)
	}
	kind, err := remoteType(filepath.Dir(file))
	if err != nil {
		return "", fmt.Errorf("find the file system of store %s: %w", path, err)
	}
	if kind != "" {
		return "", &Remote{Path: path, Type: kind}
	}
	return file, nil
}

// resolve is filepath.EvalSymlinks for a path whose last element may be missing, also at the end of a link.
func resolve(path string) (string, error) {
	for range 40 { // as many links as Linux follows
		file, err := filepath.EvalSymlinks(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		link, err := os.Readlink(path)
		if err != nil { // nothing is there: the folder alone is resolved
			folder, err := filepath.EvalSymlinks(filepath.Dir(path))
			return filepath.Join(folder, filepath.Base(path)), err
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", errors.New("too many symbolic links")
}

// openWriter opens a store for this process alone. What is no store of ours is found out with the file opened for
// reading only, since bbolt may write to whatever it opens for writing.
func openWriter(path string, wait time.Duration) (*bbolt.DB, error) {
	if err := probe(path, wait); err != nil {
		return nil, err
	}
	db, err := openBolt(path, false, wait)
	if err != nil {
		return nil, err
	}
	db.MaxBatchDelay = batchDelay
	// This commit changes nothing, but after it all that can be seen is on the disk: a process that was killed before its
	// last sync, or whose sync failed, leaves a file that shows more than that.
	if err := db.Update(func(tx *bbolt.Tx) error { return recognise(path, tx) }); err != nil {
		return nil, errors.Join(fmt.Errorf("write to store %s: %w", path, err), db.Close())
	}
	return db, nil
}

// probe makes sure that the file at path is a whole store, and changes nothing.
func probe(path string, wait time.Duration) error {
	db, err := openReader(path, wait)
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("close store %s: %w", path, err)
	}
	return nil
}

// openReader opens a store for reading, beside other readers.
func openReader(path string, wait time.Duration) (db *bbolt.DB, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("open store %s: %w", path, err)
	case info.IsDir():
		return nil, &NotAStore{Path: path, Why: "it is a folder"}
	case !info.Mode().IsRegular():
		return nil, &NotAStore{Path: path, Why: "it is no regular file"}
	case info.Size() == 0:
		return nil, &NotAStore{Path: path, Why: "it is empty, which no store ever is; remove the file if a new store is wanted"}
	}
	if db, err = openBolt(path, true, wait); err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil { // bbolt asserts what it reads
			err = &NotAStore{Path: path, Why: "it is damaged", Err: fmt.Errorf("%v", r)}
		}
		if err != nil {
			err = errors.Join(err, db.Close())
			db = nil
		}
	}()
	err = db.View(func(tx *bbolt.Tx) error {
		// Asked again now that the file is locked. A page beyond the end would be fatal to touch.
		if info, err = os.Stat(path); err != nil {
			return fmt.Errorf("open store %s: %w", path, err)
		}
		if info.Size() < tx.Size() {
			return &NotAStore{Path: path, Why: fmt.Sprintf("it is truncated: it has %d bytes of %d", info.Size(), tx.Size())}
		}
		return recognise(path, tx)
	})
	return db, err
}

// openBolt opens an existing file and gives bbolt's errors their meaning.
func openBolt(path string, readOnly bool, wait time.Duration) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0, &bbolt.Options{
		Timeout:  wait, // zero would wait for ever
		ReadOnly: readOnly,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			return os.OpenFile(name, flag&^os.O_CREATE, mode) // an empty file would be taken for a new store
		},
	})
	if err == nil {
		return db, nil
	}
	var number syscall.Errno
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, &InUse{Path: path}
	case errors.As(err, &number):
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return nil, &NotAStore{Path: path, Why: "it is damaged or another program's file", Err: err}
}

// settleIn puts right what lies around a store that has just been opened: its mode, its name on the disk, and what
// interrupted beginnings have left. Who else begins a store here meets this one, so nothing of theirs is lost.
func settleIn(path string, log *slog.Logger) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read the mode of store %s: %w", path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(path, 0o600); err != nil {
			return fmt.Errorf("store %s can be read by others (mode %04o) and is refused, for that cannot be changed: %w", path, info.Mode().Perm(), err)
		}
		log.Warn("the store could be read by others; its mode is 0600 now", "path", path, "was", fmt.Sprintf("%04o", info.Mode().Perm()))
	}
	folder := filepath.Dir(path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("read the folder of store %s: %w", path, err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), filepath.Base(path)+unfinishedSuffix) {
			if err := os.Remove(filepath.Join(folder, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove what an interrupted beginning left: %w", err)
			}
		}
	}
	return syncFolder(folder)
}
