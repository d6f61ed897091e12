package deploytest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"junban/deploy"
	"junban/deploy/engine"
)

// Fails on a journal that writes an event whose locks were refused, or some of the locks.
func journalTakes(t *testing.T, j engine.Journal) {
	theirs := deploy.Lock{Resource: "group:b", Op: "op-1", By: "U1", Since: journalStart, Why: "because"}
	journalOK(t, journalAppend(j, "op-1", 1, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{theirs}}))
	journalOK(t, journalAppend(j, "op-2", 1, deploy.StateApproved, deploy.Changes{}))
	before := journalAll(t, j)
	want := []deploy.Lock{{Resource: "group:a", Op: "op-2"}, {Resource: "group:b", Op: "op-2"}, {Resource: "group:c", Op: "op-2"}}
	journalLocked(t, journalAppend(j, "op-2", 2, deploy.StateRolling, deploy.Changes{Take: want}), theirs)
	journalSame(t, "the journal after a refusal", before, journalAll(t, j))

	journalOK(t, journalAppend(j, "op-1", 2, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{theirs}})) // one's own again
	journalOK(t, journalAppend(j, "op-1", 3, deploy.StateSucceeded, deploy.Changes{Free: true}))
	journalOK(t, journalAppend(j, "op-2", 2, deploy.StateRolling, deploy.Changes{Take: want}))
	locks, err := j.Locks(t.Context())
	journalOK(t, err)
	journalSame(t, "locks", want, locks)
}

func journalLocked(t *testing.T, err error, holder deploy.Lock) {
	t.Helper()
	locked, ok := errors.AsType[*engine.Locked](err)
	if !ok {
		t.Fatalf("error %v, want a *Locked", err)
	}
	journalSame(t, "the holder's lock", holder, locked.Lock)
}

func journalFrees(t *testing.T, j engine.Journal) {
	other := deploy.Lock{Resource: "group:other", Op: "op-2"}
	journalOK(t, journalAppend(j, "op-2", 1, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{other}}))
	journalOK(t, journalAppend(j, "op-1", 1, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{
		{Resource: "group:a", Op: "op-1"}, {Resource: "instance:i-1", Op: "op-1"}, {Resource: "instance:i-2", Op: "op-1"},
	}}))
	hold := deploy.Lock{
		Resource: "instance:i-2", Op: "op-1", By: "U9", Since: journalStart, Hold: true, Cause: deploy.Because(deploy.CommandFailed, "exit", 1),
		Pairs: []deploy.Pair{{Group: "a", Target: "i-2", Port: 80}},
	}
	journalOK(t, journalAppend(j, "op-1", 2, deploy.StateFailed, deploy.Changes{Free: true, Keep: []deploy.Lock{hold}}))
	locks, err := j.Locks(t.Context())
	journalOK(t, err)
	journalSame(t, "locks, by resource", []deploy.Lock{other, hold}, locks)
	take := deploy.Changes{Take: []deploy.Lock{{Resource: hold.Resource, Op: "op-3"}}}
	journalLocked(t, journalAppend(j, "op-3", 1, deploy.StateRolling, take), hold)
}

// Fails on a journal that lets Over break a running operation's lock, or a third one's hold.
func journalOver(t *testing.T, j engine.Journal) {
	hold := deploy.Lock{Resource: "instance:i-1", Op: "op-1", Hold: true}
	running := deploy.Lock{Resource: "group:a", Op: "op-1"}
	journalOK(t, journalAppend(j, "op-1", 1, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{hold, running}}))
	take := func(resource string, over deploy.ID) error {
		l := deploy.Lock{Resource: resource, Op: "op-2", Over: over}
		return journalAppend(j, "op-2", 1, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{l}})
	}
	journalLocked(t, take(hold.Resource, ""), hold)
	journalLocked(t, take(hold.Resource, "op-3"), hold)
	journalLocked(t, take(running.Resource, "op-1"), running)
	journalOK(t, take(hold.Resource, "op-1"))
	locks, err := j.Locks(t.Context())
	journalOK(t, err)
	journalSame(t, "locks", []deploy.Lock{running, {Resource: "instance:i-1", Op: "op-2", Over: "op-1"}}, locks)
	journalOK(t, journalAppend(j, "op-1", 2, deploy.StateFailed, deploy.Changes{Free: true})) // no longer its own
	locks, err = j.Locks(t.Context())
	journalOK(t, err)
	journalSame(t, "locks", []deploy.Lock{{Resource: "instance:i-1", Op: "op-2", Over: "op-1"}}, locks)
}

func journalKeepForeign(t *testing.T, j engine.Journal) {
	theirs := deploy.Lock{Resource: "instance:i-1", Op: "op-1"}
	journalOK(t, journalAppend(j, "op-1", 1, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{theirs}}))
	own := deploy.Lock{Resource: "group:a", Op: "op-2"}
	journalOK(t, journalAppend(j, "op-2", 1, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{own}}))
	before := journalAll(t, j)
	keep := deploy.Changes{Free: true, Keep: []deploy.Lock{{Resource: "instance:i-1", Op: "op-2", Hold: true}}}
	journalLocked(t, journalAppend(j, "op-2", 2, deploy.StateFailed, keep), theirs)
	journalSame(t, "the journal after a refusal", before, journalAll(t, j))
}

// Fails on a journal that looks at the locks and writes them in two transactions.
func journalRace(t *testing.T, j engine.Journal) {
	for round := range 10 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		var winners []deploy.ID
		resource := fmt.Sprint("group:", round)
		for n := range 8 {
			op := deploy.ID(fmt.Sprintf("op-%d-%d", round, n))
			wg.Go(func() {
				err := journalAppend(j, op, 1, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{{Resource: resource, Op: op}}})
				if _, refused := errors.AsType[*engine.Locked](err); err != nil && !refused {
					t.Error(err)
				}
				if err == nil {
					mu.Lock()
					winners = append(winners, op)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		locks, err := j.Locks(t.Context())
		journalOK(t, err)
		i := slices.IndexFunc(locks, func(l deploy.Lock) bool { return l.Resource == resource })
		if len(winners) != 1 || i < 0 || locks[i].Op != winners[0] {
			t.Fatalf("%s was given to %v; the locks are %v", resource, winners, locks)
		}
	}
}
