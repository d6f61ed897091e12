package card

import (
	"strings"

	"junban/deploy"
)

const (
	batches    = 20 // of one operation, at most: what more are, nobody reads
	leastBatch = 3  // instances in one, unless something else is to be told
)

// batch gathers what goes well on the instances of a large operation: above ten instances the thread names only those
// that are done, several in one line, and of the others the exceptions.
type batch struct{ done []string }

// add takes an event into the batch; false if it has to be told by itself.
func (b *batch) add(w Voice, is deploy.Operation, e deploy.Event) bool {
	_, all := progress(is)
	if all <= many || e.Lane < 0 || e.Lane >= len(is.Lanes) || is.Lanes[e.Lane].Chore() {
		return false
	}
	l := is.Lanes[e.Lane]
	if e.Type != deploy.EventEnded || !e.OK || l.Phase != deploy.PhaseDone || l.Outcome == deploy.OutcomeHeld {
		return false
	}
	name := w.called(is, e.Lane)
	if status(l) != "healthy" {
		name = w.Line("batch.as", "name", name, "status", w.shown(l))
	}
	b.done = append(b.done, name)
	return true
}

// full reports whether enough has come together for a message of its own.
func (b *batch) full(o deploy.Operation) bool {
	if len(b.done) == 0 {
		return false
	}
	_, all := progress(o)
	return len(b.done) >= max(leastBatch, (all+batches-1)/batches)
}

// take is what was gathered, as one line; nothing if that is nothing.
func (b *batch) take(w Voice, o deploy.Operation) Text {
	if len(b.done) == 0 {
		return nil
	}
	done, all := progress(o)
	text := w.Say("batch.done", "names", strings.Join(b.done, ", "), "done", done, "all", all)
	b.done = nil
	return text
}
