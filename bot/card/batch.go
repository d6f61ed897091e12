package card

import (
	"strings"

	"junban/deploy"
)

// batch gathers what goes well on the instances of a large operation: above ten instances the thread names only those
// that are done, several in one line, and of the others the exceptions.
type batch struct{ done []string }

// add takes an event into the batch; false if it has to be told by itself.
func (b *batch) add(w Voice, was, is deploy.Operation, e deploy.Event) bool {
	_, all := progress(is)
	if all <= many || e.Lane < 0 || e.Lane >= len(is.Lanes) || is.Lanes[e.Lane].Chore() {
		return false
	}
	switch {
	case e.Type == deploy.EventGated && (e.Cause.Code == deploy.GateUnavailable || e.Cause.Code == deploy.GateBetween):
		return true // as ever, between any two; the message above says it
	case e.Type == deploy.EventBegun && was.Lanes[e.Lane].Attempt < 2:
		return true
	case e.Type == deploy.EventEnded && e.OK:
		if l := is.Lanes[e.Lane]; l.Phase == deploy.PhaseDone && l.Outcome != deploy.OutcomeHeld {
			name := w.called(is, e.Lane)
			if status(l) != "healthy" {
				name = w.Line("batch.as", "name", name, "status", w.shown(l))
			}
			b.done = append(b.done, name)
		}
		return true
	}
	return false
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
