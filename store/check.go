package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"junban/deploy"
)

// Check reads the whole file: bbolt's own consistency, that every operation's events can be replayed and end where its
// index row says, that the indexes agree with the rows, and that no lock is left of an operation that has finished. It answers
// all faults together. Everybody else waits meanwhile.
func (s *Store) Check(ctx context.Context) error {
	if _, done, err := s.f.use(ctx); err != nil { // ends a doubt first
		return fmt.Errorf("check the store: %w", err)
	} else {
		done()
	}
	s.f.mu.Lock() // Tx.Check bears no writer beside it
	defer s.f.mu.Unlock()
	if s.f.closed || s.f.db == nil {
		return fmt.Errorf("check the store: %w", ErrClosed)
	}
	var faults []error
	err := s.f.db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			faults = append(faults, err)
		}
		if len(faults) > 0 {
			return nil // what stands in broken pages says nothing
		}
		rows, err := checkRows(ctx, tx, &faults)
		if err != nil {
			return err
		}
		checkEvents(tx, rows, &faults)
		checkLocks(tx, rows, &faults)
		return nil
	})
	if err = errors.Join(append(faults, err)...); err != nil {
		return fmt.Errorf("check the store: %w", err)
	}
	return nil
}

// checkRows replays every operation and compares it with its row, and the rows with the indexes.
func checkRows(ctx context.Context, tx *bbolt.Tx, faults *[]error) (map[deploy.ID]deploy.Row, error) {
	rows := map[deploy.ID]deploy.Row{}
	unfinished := 0
	err := tx.Bucket(bucketRows).ForEach(func(k, _ []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		op := deploy.ID(k)
		row, _, err := rowOf(tx, op)
		if err != nil {
			*faults = append(*faults, err)
			return nil
		}
		rows[op] = row
		key := timeKey(row.Requested, op)
		if tx.Bucket(bucketTimes).Get(key) == nil {
			*faults = append(*faults, fmt.Errorf("operation %s is missing from the index by time", op))
		}
		if !row.State.Finished() {
			unfinished++
		}
		if (tx.Bucket(bucketUnfinished).Get(key) != nil) == row.State.Finished() {
			*faults = append(*faults, fmt.Errorf("operation %s is %s, and the index of unfinished operations says otherwise", op, row.State))
		}
		if err := replay(tx, row); err != nil {
			*faults = append(*faults, err)
		}
		return nil
	})
	if n := count(tx.Bucket(bucketTimes)); n != len(rows) {
		*faults = append(*faults, fmt.Errorf("the index by time has %d entries for %d operations", n, len(rows)))
	}
	if n := count(tx.Bucket(bucketUnfinished)); n != unfinished {
		*faults = append(*faults, fmt.Errorf("the index of unfinished operations has %d entries for %d", n, unfinished))
	}
	return rows, err
}

func replay(tx *bbolt.Tx, row deploy.Row) error {
	events, err := eventsOf(tx, row.Op, 0)
	if err != nil {
		return err
	}
	o, err := deploy.Replay(events)
	if err != nil {
		return fmt.Errorf("replay %s: %w", row.Op, err)
	}
	if o.Seq != row.Head || o.State != row.State || !o.RequestedAt.Equal(row.Requested) {
		return fmt.Errorf("operation %s is %s at event %d, and %s at event %d in the index", row.Op, o.State, o.Seq, row.State, row.Head)
	}
	return nil
}

// checkEvents looks for events that belong to no operation.
func checkEvents(tx *bbolt.Tx, rows map[deploy.ID]deploy.Row, faults *[]error) {
	c := tx.Bucket(bucketEvents).Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		op, _, ok := bytes.Cut(k, []byte{0})
		if _, known := rows[deploy.ID(op)]; !ok || !known {
			*faults = append(*faults, fmt.Errorf("the event at %q belongs to no operation", k))
		}
	}
}

func checkLocks(tx *bbolt.Tx, rows map[deploy.ID]deploy.Row, faults *[]error) {
	c := tx.Bucket(bucketLocks).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		l, err := decodeLock(k, v)
		if err != nil {
			*faults = append(*faults, err)
			continue
		}
		row, known := rows[l.Op]
		if !known {
			*faults = append(*faults, fmt.Errorf("the lock on %s is of %s, which is no operation", l.Resource, l.Op))
		}
		if known && row.State.Finished() && !l.Hold {
			*faults = append(*faults, fmt.Errorf("the lock on %s is of %s, which has finished", l.Resource, l.Op))
		}
	}
}

func count(b *bbolt.Bucket) int {
	n := 0
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		n++
	}
	return n
}
