package slacksim

import (
	"maps"
	"slices"
	"time"
)

// Call is one call of the Web API or of a response URL.
type Call struct {
	Method  string
	Params  map[string]string // as sent, JSON values as their text, without the token
	At      time.Time
	Outcome string // "ok", Slack's error code, "http 500", "cut before", "cut after: ok", "garbled: ok", "hung"
}

// keptCalls bounds the log, so that a demonstration can run for days.
const keptCalls = 20_000

// Calls lists the calls so far, oldest first; of very many, the latest 20,000.
func (w *Workspace) Calls() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls)
}

// CallsOf lists the calls of one method.
func (w *Workspace) CallsOf(method string) []Call {
	return slices.DeleteFunc(w.Calls(), func(c Call) bool { return c.Method != method })
}

// record logs a call. The caller holds mu.
func (w *Workspace) record(name string, p params, outcome string) {
	kept := maps.Clone(map[string]string(p))
	delete(kept, "token")
	w.calls = append(w.calls, Call{Method: name, Params: kept, At: w.opt.Now(), Outcome: outcome})
	if len(w.calls) > keptCalls {
		w.calls = slices.Delete(w.calls, 0, keptCalls/10)
	}
	w.notify()
}
