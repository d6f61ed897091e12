package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"junban/deploy"
	"junban/deploy/engine"
)

var _ engine.Journal = (*Store)(nil)

// Append writes one event, its index row and its lock changes in one transaction, which is synced before it answers.
// Free is done before Keep and Take. Errors: engine.ErrConflict if e.Seq is not the next; *engine.Locked with the lock
// that is in the way; engine.ErrUnknown if the disk failed at the moment of truth: the next call of any method then opens
// the file anew, and what it reads is what there is. After any other error nothing was written. ctx is honoured until the
// transaction begins.
func (s *Store) Append(ctx context.Context, e deploy.Event, row deploy.Row, c deploy.Changes) error {
	if err := s.append(ctx, e, row, c); err != nil {
		return fmt.Errorf("append event %d of %q: %w", e.Seq, e.Op, err)
	}
	return nil
}

func (s *Store) append(ctx context.Context, e deploy.Event, row deploy.Row, c deploy.Changes) error {
	if err := misuse(e, row, c); err != nil {
		return err
	}
	event, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode the event: %w", err)
	}
	index, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("encode the row: %w", err)
	}
	return s.f.update(ctx, func(tx *bbolt.Tx) error {
		if head := headOf(tx, e.Op); e.Seq != head+1 {
			return fmt.Errorf("the head is event %d: %w", head, engine.ErrConflict)
		}
		if err := tx.Bucket(bucketEvents).Put(eventKey(e.Op, e.Seq), event); err != nil {
			return fmt.Errorf("write the event: %w", err)
		}
		if err := putRow(tx, row, index); err != nil {
			return fmt.Errorf("write the row: %w", err)
		}
		return relock(tx, e.Op, c)
	})
}

// misuse says what may not be written at all, because it could not be found again or would belong to two operations.
func misuse(e deploy.Event, row deploy.Row, c deploy.Changes) error {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	if len(e.Op) == 0 || len(e.Op) > 32 || strings.Trim(string(e.Op), letters) != "" {
		return errors.New("the operation's id is not 1 to 32 bytes of [a-z0-9-]")
	}
	if row.Op != e.Op || row.Head != e.Seq {
		return fmt.Errorf("the row is of event %d of %q", row.Head, row.Op)
	}
	for _, l := range slices.Concat(c.Keep, c.Take) {
		if l.Op != e.Op || l.Resource == "" {
			return fmt.Errorf("the lock on %q is of %q", l.Resource, l.Op)
		}
	}
	return nil
}

// putRow writes the row and its places in the two indexes by time.
func putRow(tx *bbolt.Tx, row deploy.Row, data []byte) error {
	times, unfinished := tx.Bucket(bucketTimes), tx.Bucket(bucketUnfinished)
	old, known, err := rowOf(tx, row.Op)
	if err != nil {
		return err
	}
	key := timeKey(row.Requested, row.Op)
	if known && !old.Requested.Equal(row.Requested) {
		former := timeKey(old.Requested, row.Op)
		if err := errors.Join(times.Delete(former), unfinished.Delete(former)); err != nil {
			return err
		}
	}
	if err := tx.Bucket(bucketRows).Put([]byte(row.Op), data); err != nil {
		return err
	}
	if err := times.Put(key, []byte(row.Service)); err != nil {
		return err
	}
	if row.State.Finished() {
		return unfinished.Delete(key)
	}
	return unfinished.Put(key, nil)
}

// relock frees, keeps and takes, in this order. One lock in the way fails the transaction, and with it all of them.
func relock(tx *bbolt.Tx, op deploy.ID, c deploy.Changes) error {
	if c.Free {
		if err := free(tx, op); err != nil {
			return err
		}
	}
	for _, l := range c.Keep {
		if err := lock(tx, l, func(deploy.Lock) bool { return false }); err != nil {
			return err
		}
	}
	for _, l := range c.Take {
		if err := lock(tx, l, func(has deploy.Lock) bool { return has.Hold && has.Op == l.Over }); err != nil {
			return err
		}
	}
	return nil
}

// lock writes one lock, unless another operation has the resource and over does not let it go.
func lock(tx *bbolt.Tx, l deploy.Lock, over func(has deploy.Lock) bool) error {
	has, taken, err := lockOf(tx, l.Resource)
	if err != nil {
		return err
	}
	if taken && has.Op != l.Op && !over(has) {
		return &engine.Locked{Lock: has}
	}
	data, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode the lock on %s: %w", l.Resource, err)
	}
	if err := tx.Bucket(bucketLocks).Put([]byte(l.Resource), data); err != nil {
		return fmt.Errorf("write the lock on %s: %w", l.Resource, err)
	}
	return nil
}

// free removes all locks of an operation. One that cannot be read stays: nobody can say whose it is, and Locks tells of it.
func free(tx *bbolt.Tx, op deploy.ID) error {
	bucket := tx.Bucket(bucketLocks)
	var own [][]byte // a cursor may skip keys when one is deleted under it
	err := bucket.ForEach(func(k, v []byte) error {
		if l, err := decodeLock(k, v); err == nil && l.Op == op {
			own = append(own, slices.Clone(k))
		}
		return nil
	})
	for _, k := range own {
		err = errors.Join(err, bucket.Delete(k))
	}
	if err != nil {
		return fmt.Errorf("free the locks: %w", err)
	}
	return nil
}
