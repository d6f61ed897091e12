package store

import (
	"errors"
	"fmt"

	"junban/deploy"
)

// ErrClosed says that the store has been closed.
var ErrClosed = errors.New("the store is closed")

// InUse says that another process has the file open. Nothing was changed.
type InUse struct{ Path string }

func (e *InUse) Error() string {
	return fmt.Sprintf("store %s is in use: another junban is running on it", e.Path)
}

// NotAStore says that what is at Path cannot be a store: a folder, an empty file, another program's, a damaged or
// truncated one. Nothing was changed.
type NotAStore struct {
	Path string
	Why  string
	Err  error // bbolt's, if it had one
}

func (e *NotAStore) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("store %s: %s: %v", e.Path, e.Why, e.Err)
	}
	return fmt.Sprintf("store %s: %s", e.Path, e.Why)
}

func (e *NotAStore) Unwrap() error { return e.Err }

// TooNew says that a later junban has written the file. Nothing was changed.
type TooNew struct {
	Path          string
	Schema, Known int
}

func (e *TooNew) Error() string {
	return fmt.Sprintf("store %s was written by a later junban: it has schema %d, this one knows up to %d", e.Path, e.Schema, e.Known)
}

// Remote says that the file would lie on a network file system, whose locks and syncs do not keep what bbolt relies on.
type Remote struct{ Path, Type string }

func (e *Remote) Error() string {
	return fmt.Sprintf("store %s is on a network file system (%s): neither its lock nor its sync can be trusted; put it on a local disk", e.Path, e.Type)
}

// Damaged says what cannot be read of one operation, or of a lock. All else can still be read.
type Damaged struct {
	Op       deploy.ID // "" if it is a lock
	Seq      int       // of the event; 0 if it is the operation's index row
	Resource string    // of the lock
	Err      error
}

func (e *Damaged) Error() string {
	switch {
	case e.Resource != "":
		return fmt.Sprintf("the lock on %s cannot be read: %v", e.Resource, e.Err)
	case e.Seq == 0:
		return fmt.Sprintf("the index row of operation %s cannot be read: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("event %d of operation %s cannot be read: %v", e.Seq, e.Op, e.Err)
}

func (e *Damaged) Unwrap() error { return e.Err }
