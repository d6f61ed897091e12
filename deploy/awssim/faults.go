package awssim

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"junban/deploy/awssim/world"
)

// Do is what a fault does to a call.
type Do int

const (
	Fail   Do = iota // answers Code, Message and Status
	Break            // answers 200 with a body cut short
	Drop             // closes the connection without an answer
	Hold             // waits for Release or Discard, whether or not the caller does: a call that lands late
	Dawdle           // waits for Delay
)

// Fault is something that goes wrong on purpose. The zero values of Action,
// Times and For match every call, any number of times, for ever.
type Fault struct {
	Action string          // such as RegisterTargets
	Match  func(Call) bool // nil: every call of the action; it must not call the server
	Times  int
	For    time.Duration // counted from when the fault is switched on

	Do      Do
	After   bool   // the effect happens first: the answer is what is lost
	Code    string // of Fail; default InternalFailure
	Message string
	Status  int // of Fail; default 500
	Delay   time.Duration
}

// Active is a fault that is switched on.
type Active struct {
	Fault
	owner *faults
	until time.Time
	hits  int
	left  int // of Times
	once  sync.Once
	let   chan struct{}
	lost  bool          // Discard: held calls are dropped
	held  chan struct{} // closed when the first call is held
	first sync.Once
}

type faults struct {
	mu     sync.Mutex
	active []*Active
}

// Fault switches a fault on. Of several that match, the oldest strikes.
func (s *Server) Fault(f Fault) *Active {
	a := &Active{Fault: f, owner: &s.faults, left: f.Times, let: make(chan struct{}), held: make(chan struct{})}
	if f.For > 0 {
		a.until = s.world.Now().Add(f.For)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = append(s.faults.active, a)
	return a
}

// ClearFaults switches all faults off; held calls go on.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	active := s.faults.active
	s.faults.active = nil
	s.faults.mu.Unlock()
	for _, a := range active {
		a.Release()
	}
}

// Hits is how many calls the fault struck.
func (a *Active) Hits() int {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	return a.hits
}

// Held is closed once a call is being held.
func (a *Active) Held() <-chan struct{} { return a.held }

// Release switches the fault off and lets held calls go on, whether or not
// their callers still wait.
func (a *Active) Release() { a.end(false) }

// Discard switches the fault off and drops held calls; those held before
// their effect never have it.
func (a *Active) Discard() { a.end(true) }

func (a *Active) end(lost bool) {
	a.owner.mu.Lock()
	a.owner.active = slices.DeleteFunc(a.owner.active, func(x *Active) bool { return x == a })
	a.owner.mu.Unlock()
	a.once.Do(func() {
		a.lost = lost
		close(a.let)
	})
}

// take returns the fault that strikes a call, or nil.
func (f *faults) take(c Call, now time.Time) *Active {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active = slices.DeleteFunc(f.active, func(a *Active) bool { return !a.until.IsZero() && !now.Before(a.until) })
	for _, a := range f.active {
		if (a.Action != "" && a.Action != c.Action) || (a.Match != nil && !a.Match(c)) {
			continue
		}
		a.hits++
		if a.Times > 0 {
			if a.left--; a.left == 0 {
				f.active = slices.DeleteFunc(f.active, func(x *Active) bool { return x == a })
			}
		}
		return a
	}
	return nil
}

// suffer carries a fault out. It reports whether the call goes on.
func (s *Server) suffer(w http.ResponseWriter, req *request, call Call, a *Active) bool {
	switch a.Do {
	case Fail:
		e := &world.Error{Code: a.Code, Message: a.Message, Status: a.Status}
		if e.Code == "" {
			e.Code = "InternalFailure"
		}
		if e.Status == 0 {
			e.Status = http.StatusInternalServerError
		}
		s.reply(w, req, call, nil, e)
		return false
	case Break:
		call.Outcome = Malformed
		s.calls.end(call, s.world.Now())
		_, _ = w.Write([]byte("<" + req.action + "Response><"))
		return false
	case Hold:
		a.first.Do(func() { close(a.held) })
		select {
		case <-a.let:
		case <-s.closing:
			s.drop(call)
		}
		if a.lost {
			s.drop(call)
		}
	case Dawdle:
		t := time.NewTimer(a.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-s.closing:
		}
	case Drop:
		s.drop(call)
	}
	return true
}

// drop closes the connection without an answer. It does not return.
func (s *Server) drop(call Call) {
	call.Outcome = Dropped
	s.calls.end(call, s.world.Now())
	panic(http.ErrAbortHandler)
}
