package card

import (
	"fmt"
	"strings"

	"junban/deploy"
)

// batch gathers what goes well on the instances of a large operation: above ten instances the thread names only those
// that are done, several in one line, and of the others the exceptions.
type batch struct{ done []string }

// add takes an event into the batch; false if it has to be told by itself.
func (b *batch) add(was, is deploy.Operation, e deploy.Event) bool {
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
			b.done = append(b.done, called(is, e.Lane)+map[bool]string{true: " (" + status(l) + ")"}[status(l) != "healthy"])
		}
		return true
	}
	return false
}

// take is what was gathered, as one line; nothing if that is nothing.
func (b *batch) take(o deploy.Operation) Text {
	if len(b.done) == 0 {
		return nil
	}
	done, all := progress(o)
	text := T("Healthy: ", B(strings.Join(b.done, ", ")), fmt.Sprintf(". %d of %d done.", done, all))
	b.done = nil
	return text
}
