package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// batchDelay is how long Create waits for others to share its sync with: short beside the 3 s that Slack gives, long beside
// the sync.
const batchDelay = 2 * time.Millisecond

// listChunk is how many entries List reads in one transaction.
const listChunk = 256

// Get answers a copy of the value at a key of a table; ok is false if there is none.
func (s *Store) Get(ctx context.Context, table, key string) (value []byte, ok bool, err error) {
	err = s.f.view(ctx, func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bucketMemory).Bucket([]byte(table)); b != nil {
			if v := b.Get([]byte(key)); v != nil {
				value, ok = bytes.Clone(v), true
			}
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("read %s %q: %w", table, key, err)
	}
	return value, ok, nil
}

// Put writes a value, whether or not there is one. The table is made if need be. Table and key are 1 to 32,768 bytes.
func (s *Store) Put(ctx context.Context, table, key string, value []byte) error {
	err := nameable(table, key)
	if err == nil {
		err = s.f.update(ctx, func(tx *bbolt.Tx) error { return put(tx, table, key, value) })
	}
	if err != nil {
		return fmt.Errorf("write %s %q: %w", table, key, err)
	}
	return nil
}

// Create writes a value if there is none yet, and reports whether it did: of all who create one key, one is told true.
// Those who call it at the same time share one sync; one caller alone waits 2 ms for others to come. Table and key as for Put.
func (s *Store) Create(ctx context.Context, table, key string, value []byte) (created bool, err error) {
	err = nameable(table, key)
	if err == nil {
		err = s.f.batch(ctx, func(tx *bbolt.Tx) error {
			created = false // bbolt may run this twice
			if b := tx.Bucket(bucketMemory).Bucket([]byte(table)); b != nil && b.Get([]byte(key)) != nil {
				return nil
			}
			created = true
			return put(tx, table, key, value)
		})
	}
	if err != nil {
		return false, fmt.Errorf("create %s %q: %w", table, key, err)
	}
	return created, nil
}

// Delete removes a key, if it is there.
func (s *Store) Delete(ctx context.Context, table, key string) error {
	err := s.f.update(ctx, func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bucketMemory).Bucket([]byte(table)); b != nil {
			return b.Delete([]byte(key))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete %s %q: %w", table, key, err)
	}
	return nil
}

// List calls fn with a copy of each entry of a table, ordered by key, until fn answers an error, which it returns. fn may
// call any method of the Reader or Store: no transaction is open. What is written meanwhile may or may not be seen.
func (s *Reader) List(ctx context.Context, table string, fn func(key string, value []byte) error) error {
	var after []byte
	for {
		chunk, err := s.chunk(ctx, table, after)
		if err != nil {
			return fmt.Errorf("list %s: %w", table, err)
		}
		for _, e := range chunk {
			if err := fn(string(e.key), e.value); err != nil {
				return err
			}
		}
		if len(chunk) < listChunk {
			return nil
		}
		after = chunk[len(chunk)-1].key
	}
}

type entry struct{ key, value []byte }

// chunk reads the entries whose keys follow after; nil = from the first.
func (s *Reader) chunk(ctx context.Context, table string, after []byte) ([]entry, error) {
	var out []entry
	err := s.f.view(ctx, func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketMemory).Bucket([]byte(table))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		k, v := c.First()
		if after != nil {
			k, v = c.Seek(append(slices.Clone(after), 0))
		}
		for ; k != nil && len(out) < listChunk; k, v = c.Next() {
			out = append(out, entry{bytes.Clone(k), bytes.Clone(v)})
		}
		return nil
	})
	return out, err
}

func put(tx *bbolt.Tx, table, key string, value []byte) error {
	b, err := tx.Bucket(bucketMemory).CreateBucketIfNotExists([]byte(table))
	if err != nil {
		return fmt.Errorf("make the table: %w", err)
	}
	return b.Put([]byte(key), value)
}

// nameable refuses what bbolt would refuse within a transaction that others may share.
func nameable(table, key string) error {
	if table == "" || key == "" || len(table) > bbolt.MaxKeySize || len(key) > bbolt.MaxKeySize {
		return errors.New("table and key are 1 to 32,768 bytes")
	}
	return nil
}
