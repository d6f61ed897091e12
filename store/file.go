package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"junban/deploy/engine"
)

// file is the open database, opened anew when a write ended in doubt.
type file struct {
	open   func() (*bbolt.DB, error)
	commit func(*bbolt.Tx) error // (*bbolt.Tx).Commit, but for the tests of its failures
	doubt  atomic.Bool           // the file may show what is not on the disk

	mu     sync.RWMutex // read-held while db is in use
	db     *bbolt.DB    // nil if it could not be opened anew
	closed bool
}

func newFile(open func() (*bbolt.DB, error)) (*file, error) {
	db, err := open()
	if err != nil {
		return nil, err
	}
	return &file{open: open, commit: (*bbolt.Tx).Commit, db: db}, nil
}

// close waits for the transactions that are under way.
func (f *file) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	if f.db == nil {
		return nil
	}
	if err := f.db.Close(); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

// use answers the database and what to call when done with it.
func (f *file) use(ctx context.Context) (*bbolt.DB, func(), error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		f.mu.RLock()
		if f.closed {
			f.mu.RUnlock()
			return nil, nil, ErrClosed
		}
		if !f.doubt.Load() {
			return f.db, f.mu.RUnlock, nil
		}
		f.mu.RUnlock()
		if err := f.settle(); err != nil {
			return nil, nil, err
		}
	}
}

// settle ends a doubt: it opens the file anew, and opening makes what it shows durable. Until that works there is
// neither reading nor writing, for what was read could be gone after a power loss.
func (f *file) settle() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || !f.doubt.Load() {
		return nil
	}
	if f.db != nil {
		_ = f.db.Close() // it has failed already; what counts is whether it can be opened
		f.db = nil
	}
	db, err := f.open()
	if err != nil {
		return fmt.Errorf("open the store anew after a write that failed: %w", err)
	}
	f.db = db
	f.doubt.Store(false)
	return nil
}

// view runs fn in a reading transaction. Bytes that fn sees are gone when it ends.
func (f *file) view(ctx context.Context, fn func(*bbolt.Tx) error) error {
	db, done, err := f.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	return db.View(fn)
}

// update runs fn in a writing transaction of its own. If fn fails, nothing is written.
func (f *file) update(ctx context.Context, fn func(*bbolt.Tx) error) error {
	db, done, err := f.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	tx, err := db.Begin(true)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing is left of it after a commit
	id := tx.ID()
	if err := fn(tx); err != nil {
		return err
	}
	if err := f.commit(tx); err != nil {
		return f.failed(db, id, err)
	}
	return nil
}

// batch runs fn in a transaction that others may share. fn can be run more than once, and must fail for no reason of its own:
// an error is the transaction's.
func (f *file) batch(ctx context.Context, fn func(*bbolt.Tx) error) error {
	db, done, err := f.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	var id int
	err = db.Batch(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return fn(tx)
	})
	if err != nil {
		return f.failed(db, id, err)
	}
	return nil
}

// failed says what a failed commit means. bbolt writes the data first and then the page that makes it count; if that
// page can be seen, only its sync has failed, and nobody knows what the disk has. Another's transaction of the same number
// raises a doubt without need, which costs no more than a look.
func (f *file) failed(db *bbolt.DB, id int, cause error) error {
	seen := -1
	err := db.View(func(tx *bbolt.Tx) error {
		seen = tx.ID()
		return nil
	})
	if err == nil && seen < id {
		return fmt.Errorf("nothing was written: %w", cause)
	}
	f.doubt.Store(true)
	return errors.Join(engine.ErrUnknown, cause)
}
