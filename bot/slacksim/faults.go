package slacksim

import (
	"math"
	"slices"
	"time"
)

// Mishap is what goes wrong.
type Mishap int

// The mishaps. The first seven happen to calls of the Web API, the last two to envelopes.
const (
	Refuse         Mishap = iota // the error code of the fault, without effect
	ServerError                  // an HTTP status with an HTML page, without effect
	RateLimited                  // 429 with Retry-After, without effect
	CutBefore                    // the connection is closed without an answer, before the effect
	CutAfter                     // the effect happens, the connection is closed without an answer
	Hang                         // the call waits until the fault is lifted or runs out, then goes on as usual
	Garble                       // the effect happens, the answer is not JSON
	DropEnvelope                 // the envelope is never sent
	RepeatEnvelope               // the envelope is sent twice, the second time to another connection if there is one
)

// Fault is a mishap and when it happens. With Times and For both zero it happens until it is lifted.
type Fault struct {
	On     string // a method, "response_url", "upload_url", "link" (the websocket), or the type of an envelope; "" is any of them
	Do     Mishap
	Code   string          // of Refuse: Slack's error code, such as edit_window_closed, token_revoked, account_inactive
	Status int             // of ServerError; 500 if zero
	After  time.Duration   // of RateLimited: Retry-After, in whole seconds; if zero, what is left of For, at least a second
	Times  int             // how many times; 0 is no limit
	For    time.Duration   // from now on; 0 is no limit
	When   func(Call) bool // of an interactive envelope, Params["type"] is the payload's: block_actions, view_submission …
}

// Injection is a fault in force.
type Injection struct {
	w      *Workspace
	fault  Fault
	until  time.Time
	hits   int
	lifted chan struct{}
}

// Inject puts a fault in force. Faults are tried in the order they came; the first that fits happens.
func (w *Workspace) Inject(f Fault) *Injection {
	w.mu.Lock()
	defer w.mu.Unlock()
	inj := &Injection{w: w, fault: f, lifted: make(chan struct{})}
	if f.For > 0 {
		inj.until = w.opt.Now().Add(f.For)
	}
	w.injections = append(w.injections, inj)
	return inj
}

// Lift takes the fault out of force and releases the calls that hang in it. A second time does nothing.
func (i *Injection) Lift() {
	i.w.mu.Lock()
	defer i.w.mu.Unlock()
	select {
	case <-i.lifted:
	default:
		close(i.lifted)
	}
	i.w.injections = slices.DeleteFunc(i.w.injections, func(x *Injection) bool { return x == i })
}

// Hits is how often the fault has happened. Changed fires at each.
func (i *Injection) Hits() int {
	i.w.mu.Lock()
	defer i.w.mu.Unlock()
	return i.hits
}

// mishap answers the fault that hits this call or envelope, counted, or nil. The caller holds mu.
func (w *Workspace) mishap(on string, envelope bool, call Call) *Injection {
	now := w.opt.Now()
	for _, i := range w.injections {
		f := i.fault
		switch {
		case (f.Do >= DropEnvelope) != envelope,
			f.On != "" && f.On != on,
			f.Times > 0 && i.hits >= f.Times,
			f.For > 0 && now.After(i.until),
			f.When != nil && !f.When(call):
			continue
		}
		i.hits++
		w.notify()
		return i
	}
	return nil
}

// remaining is how long a timed fault still lasts; ok is false if it has no end of its own.
func (i *Injection) remaining(now time.Time) (d time.Duration, ok bool) {
	if i.fault.For == 0 {
		return 0, false
	}
	return i.until.Sub(now), true
}

// retryAfter is what a refused call is told to wait, in seconds.
func (i *Injection) retryAfter(now time.Time) int {
	wait := i.fault.After
	if left, ok := i.remaining(now); ok && wait == 0 {
		wait = left
	}
	return max(1, int(math.Ceil(wait.Seconds())))
}

// SetOutage switches the whole workspace off or on. While it is off, open sockets are cut, every request ends
// without an answer, and people can do nothing.
func (w *Workspace) SetOutage(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outage = on
	if on {
		w.cutAll()
	}
	w.notify()
}

// Delete removes a message behind the app's back, as an administrator does. It answers false if there is none.
func (w *Workspace) Delete(channel, ts string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.channels[channel]
	if !ok {
		return false
	}
	m := r.find(ts)
	if m == nil {
		return false
	}
	w.remove(m)
	return true
}
