package store

import (
	"go.etcd.io/bbolt"
)

// Create makes a store's file and tells each step.
var Create = create

// SetCommit replaces how transactions of the journal are committed.
func (s *Store) SetCommit(commit func(*bbolt.Tx) error) { s.f.commit = commit }

// Raw lets a test change the file behind the store's back.
func (s *Store) Raw(fn func(*bbolt.Tx) error) error { return s.f.db.Update(fn) }
