package engine_test

import (
	"context"
	"sort"
	"sync"

	"junban/deploy"
	"junban/deploy/engine"
)

type memJournal struct {
	mu     sync.Mutex
	events map[deploy.ID][]deploy.Event
	rows   map[deploy.ID]deploy.Row
	locks  map[string]deploy.Lock
}

func newMem() *memJournal {
	return &memJournal{events: map[deploy.ID][]deploy.Event{}, rows: map[deploy.ID]deploy.Row{}, locks: map[string]deploy.Lock{}}
}

func (m *memJournal) Append(_ context.Context, e deploy.Event, row deploy.Row, c deploy.Changes) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.Seq != len(m.events[e.Op])+1 {
		return engine.ErrConflict
	}
	for _, l := range c.Take {
		if have, ok := m.locks[l.Resource]; ok && have.Op != l.Op && (!have.Hold || have.Op != l.Over) {
			return &engine.Locked{Lock: have}
		}
	}
	for _, l := range c.Take {
		m.locks[l.Resource] = l
	}
	if c.Free {
		for r, l := range m.locks {
			if l.Op == e.Op {
				delete(m.locks, r)
			}
		}
		for _, l := range c.Keep {
			m.locks[l.Resource] = l
		}
	}
	m.events[e.Op] = append(m.events[e.Op], e)
	m.rows[e.Op] = row
	return nil
}
func (m *memJournal) Load(_ context.Context, op deploy.ID) ([]deploy.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.events[op]) == 0 {
		return nil, engine.ErrNotFound
	}
	return append([]deploy.Event(nil), m.events[op]...), nil
}
func (m *memJournal) Unfinished(context.Context) ([]deploy.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []deploy.Row
	for _, r := range m.rows {
		if !r.State.Finished() {
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Op < out[j].Op })
	return out, nil
}
func (m *memJournal) Recent(context.Context, string, int) ([]deploy.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []deploy.Row
	for _, r := range m.rows {
		out = append(out, r)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Op > out[j].Op })
	return out, nil
}
func (m *memJournal) Locks(context.Context) ([]deploy.Lock, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []deploy.Lock
	for _, l := range m.locks {
		out = append(out, l)
	}
	return out, nil
}
