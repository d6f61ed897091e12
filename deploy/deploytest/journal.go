package deploytest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"junban/deploy"
	"junban/deploy/engine"
)

// Journal is an engine.Journal in memory, with the rules of the one on disk and none of its durability. What goes in
// and comes out is copied, so that a caller who changes it changes nothing here. It is safe for concurrent use.
type Journal struct {
	mu     sync.Mutex
	events map[deploy.ID][]deploy.Event
	rows   map[deploy.ID]deploy.Row
	locks  map[string]deploy.Lock
}

var _ engine.Journal = (*Journal)(nil)

// NewJournal makes an empty journal.
func NewJournal() *Journal {
	return &Journal{
		events: map[deploy.ID][]deploy.Event{},
		rows:   map[deploy.ID]deploy.Row{},
		locks:  map[string]deploy.Lock{},
	}
}

// Append implements engine.Journal. It never answers engine.ErrUnknown.
func (j *Journal) Append(ctx context.Context, e deploy.Event, row deploy.Row, c deploy.Changes) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := journalMisuse(e, row, c); err != nil {
		return fmt.Errorf("append event %d of %q: %w", e.Seq, e.Op, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if head := len(j.events[e.Op]); e.Seq != head+1 {
		return fmt.Errorf("append event %d of %s, which is at event %d: %w", e.Seq, e.Op, head, engine.ErrConflict)
	}
	locks, err := relocked(j.locks, e.Op, c)
	if err != nil {
		return fmt.Errorf("append event %d of %s: %w", e.Seq, e.Op, err)
	}
	j.locks = locks
	j.events[e.Op] = append(j.events[e.Op], journalWritten(e))
	j.rows[e.Op] = journalCopy(row)
	return nil
}

// relocked frees, keeps and takes, in this order, and answers the locks as they are then; those it is given stay as they are.
func relocked(before map[string]deploy.Lock, op deploy.ID, c deploy.Changes) (map[string]deploy.Lock, error) {
	if !c.Free && len(c.Keep) == 0 && len(c.Take) == 0 {
		return before, nil
	}
	locks := maps.Clone(before)
	if c.Free {
		maps.DeleteFunc(locks, func(_ string, l deploy.Lock) bool { return l.Op == op })
	}
	for i, l := range slices.Concat(c.Keep, c.Take) {
		has, ok := locks[l.Resource]
		over := i >= len(c.Keep) && has.Hold && has.Op == l.Over
		if ok && has.Op != op && !over {
			return nil, &engine.Locked{Lock: journalCopy(has)}
		}
		locks[l.Resource] = journalCopy(l)
	}
	return locks, nil
}

// Load implements engine.Journal.
func (j *Journal) Load(ctx context.Context, op deploy.ID) ([]deploy.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.events[op]) == 0 {
		return nil, fmt.Errorf("load %q: %w", op, engine.ErrNotFound)
	}
	return journalCopy(j.events[op]), nil
}

// Unfinished implements engine.Journal.
func (j *Journal) Unfinished(ctx context.Context) ([]deploy.Row, error) {
	return j.list(ctx, func(r deploy.Row) bool { return !r.State.Finished() })
}

// Recent implements engine.Journal.
func (j *Journal) Recent(ctx context.Context, service string, limit int) ([]deploy.Row, error) {
	rows, err := j.list(ctx, func(r deploy.Row) bool { return service == "" || r.Service == service })
	slices.Reverse(rows)
	return rows[:min(len(rows), max(0, limit))], err
}

// list answers the rows that match, oldest request first.
func (j *Journal) list(ctx context.Context, match func(deploy.Row) bool) ([]deploy.Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []deploy.Row
	for _, r := range j.rows {
		if match(r) {
			out = append(out, journalCopy(r))
		}
	}
	slices.SortFunc(out, func(a, b deploy.Row) int {
		if c := a.Requested.Compare(b.Requested); c != 0 {
			return c
		}
		return strings.Compare(string(a.Op), string(b.Op))
	})
	return out, nil
}

// Locks implements engine.Journal.
func (j *Journal) Locks(ctx context.Context) ([]deploy.Lock, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []deploy.Lock
	for _, l := range j.locks {
		out = append(out, journalCopy(l))
	}
	slices.SortFunc(out, func(a, b deploy.Lock) int { return strings.Compare(a.Resource, b.Resource) })
	return out, nil
}

// journalMisuse says what no journal may write, because it could not be found again or would belong to two operations.
func journalMisuse(e deploy.Event, row deploy.Row, c deploy.Changes) error {
	if len(e.Op) == 0 || len(e.Op) > 32 || strings.Trim(string(e.Op), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("the operation's id is not 1 to 32 bytes of [a-z0-9-]")
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
