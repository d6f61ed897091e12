package bot

import (
	"maps"
	"slices"
	"sync"

	"junban/deploy"
)

// line is how the operations that have not finished stand to each other, as their tellers know them: who waits in the
// queue is told its place in it, which no event of its own journal says.
type line struct {
	mu     sync.Mutex
	ops    map[deploy.ID]deploy.Operation
	queued map[deploy.ID]*teller
}

func newLine() *line {
	return &line{ops: map[deploy.ID]deploy.Operation{}, queued: map[deploy.ID]*teller{}}
}

// moves notes the state that an operation has come to, and pokes the tellers of those that wait for their turn.
func (l *line) moves(o deploy.Operation, t *teller) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ops[o.ID] = o
	if o.State.Finished() {
		delete(l.ops, o.ID)
	}
	delete(l.queued, o.ID)
	for _, other := range l.queued {
		other.poke()
	}
	if o.State == deploy.StateQueued {
		l.queued[o.ID] = t
	}
}

// place is where an operation stands in the queue; the zero value if it does not wait in it.
func (l *line) place(id deploy.ID) deploy.Queued {
	l.mu.Lock()
	ops := slices.Collect(maps.Values(l.ops))
	l.mu.Unlock()
	q, _ := deploy.Place(ops, id)
	return q
}
