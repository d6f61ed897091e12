package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"junban/deploy"
	"junban/deploy/engine"
)

// Reader reads the journal. It is safe for concurrent use.
type Reader struct{ f *file }

// OpenReader opens the store at path for reading only, beside other readers. While a bot has it, the error is *InUse:
// then the bot is to be asked. Others as for Open; if there is no file at path, the error is fs.ErrNotExist.
func OpenReader(path string) (*Reader, error) {
	path, err := locate(path)
	if err != nil {
		return nil, err
	}
	f, err := newFile(func() (*bbolt.DB, error) { return openReader(path, defaultWait) })
	if err != nil {
		return nil, err
	}
	return &Reader{f}, nil
}

// Close waits for what is under way and lets go of the file. Closing twice is no error.
func (r *Reader) Close() error { return r.f.close() }

// Load answers all events of an operation, in order; engine.ErrNotFound if there are none, *Damaged if one is missing or
// cannot be read.
func (r *Reader) Load(ctx context.Context, op deploy.ID) ([]deploy.Event, error) {
	return r.LoadAfter(ctx, op, 0)
}

// LoadAfter is Load without the events up to a seq, from 0 on. It reads no more than it answers.
func (r *Reader) LoadAfter(ctx context.Context, op deploy.ID, seq int) ([]deploy.Event, error) {
	var events []deploy.Event
	err := r.f.view(ctx, func(tx *bbolt.Tx) error {
		row, known, err := rowOf(tx, op)
		if err != nil {
			return err
		}
		if events, err = eventsOf(tx, op, seq); err != nil {
			return err
		}
		head := seq + len(events)
		switch {
		case !known && len(events) == 0:
			return engine.ErrNotFound
		case !known:
			return &Damaged{Op: op, Err: errors.New("it is missing")}
		case row.Head != head:
			return &Damaged{Op: op, Seq: min(row.Head, head) + 1, Err: fmt.Errorf("there are %d events, and %d in the index", head, row.Head)}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load %q: %w", op, err)
	}
	return events, nil
}

// eventsOf reads the events of an operation after a seq, without gaps.
func eventsOf(tx *bbolt.Tx, op deploy.ID, after int) ([]deploy.Event, error) {
	var events []deploy.Event
	prefix := eventPrefix(op)
	c := tx.Bucket(bucketEvents).Cursor()
	for k, v := c.Seek(eventKey(op, after+1)); bytes.HasPrefix(k, prefix); k, v = c.Next() {
		want := after + len(events) + 1
		if !bytes.Equal(k, eventKey(op, want)) {
			return nil, &Damaged{Op: op, Seq: want, Err: errors.New("it is missing")}
		}
		var e deploy.Event
		if err := json.Unmarshal(v, &e); err != nil {
			return nil, &Damaged{Op: op, Seq: want, Err: err}
		}
		if e.Op != op || e.Seq != want {
			return nil, &Damaged{Op: op, Seq: want, Err: fmt.Errorf("it is event %d of %q", e.Seq, e.Op)}
		}
		events = append(events, e)
	}
	return events, nil
}

// headOf answers the seq of an operation's last event; 0 if it has none.
func headOf(tx *bbolt.Tx, op deploy.ID) int {
	c := tx.Bucket(bucketEvents).Cursor()
	k, _ := c.Seek(append([]byte(op), 1)) // the first key after all of the operation's
	if k == nil {
		k, _ = c.Last()
	} else {
		k, _ = c.Prev()
	}
	seq, ok := bytes.CutPrefix(k, eventPrefix(op))
	if !ok || len(seq) != 8 {
		return 0
	}
	return int(binary.BigEndian.Uint64(seq))
}

// Unfinished lists the operations that have not finished, oldest request first. It answers all rows that can be read,
// together with a *Damaged for each of the others.
func (r *Reader) Unfinished(ctx context.Context) ([]deploy.Row, error) {
	var rows []deploy.Row
	var damage []error
	err := r.f.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucketUnfinished).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			row, err := indexed(tx, opOfTimeKey(k))
			if err != nil {
				damage = append(damage, err)
				continue
			}
			rows = append(rows, row)
		}
		return nil
	})
	if err = errors.Join(append(damage, err)...); err != nil {
		return rows, fmt.Errorf("list the unfinished operations: %w", err)
	}
	return rows, nil
}

// Recent lists at most limit operations, newest request first; service "" = of all services. It answers all rows that
// can be read, together with a *Damaged for each of the others.
func (r *Reader) Recent(ctx context.Context, service string, limit int) ([]deploy.Row, error) {
	var rows []deploy.Row
	var damage []error
	err := r.f.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucketTimes).Cursor()
		for k, v := c.Last(); k != nil && len(rows) < limit; k, v = c.Prev() {
			if service != "" && string(v) != service {
				continue
			}
			row, err := indexed(tx, opOfTimeKey(k))
			if err != nil {
				damage = append(damage, err)
				continue
			}
			rows = append(rows, row)
		}
		return nil
	})
	if err = errors.Join(append(damage, err)...); err != nil {
		return rows, fmt.Errorf("list the recent operations: %w", err)
	}
	return rows, nil
}

// indexed reads a row that an index says is there.
func indexed(tx *bbolt.Tx, op deploy.ID) (deploy.Row, error) {
	row, ok, err := rowOf(tx, op)
	if err == nil && !ok {
		err = &Damaged{Op: op, Err: errors.New("it is missing")}
	}
	return row, err
}

// Locks lists all locks and holds, by resource. It answers all that can be read, together with a *Damaged for each of
// the others.
func (r *Reader) Locks(ctx context.Context) ([]deploy.Lock, error) {
	var locks []deploy.Lock
	var damage []error
	err := r.f.view(ctx, func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketLocks).ForEach(func(k, v []byte) error {
			lock, err := decodeLock(k, v)
			if err != nil {
				damage = append(damage, err)
				return nil
			}
			locks = append(locks, lock)
			return nil
		})
	})
	if err = errors.Join(append(damage, err)...); err != nil {
		return locks, fmt.Errorf("list the locks: %w", err)
	}
	return locks, nil
}
