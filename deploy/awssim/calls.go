package awssim

import (
	"net/url"
	"slices"
	"sync"
	"time"
)

// Outcomes of a call other than AWS's error codes.
const (
	OK        = "ok"
	Dropped   = "dropped"   // the connection was closed instead of an answer
	Malformed = "malformed" // the answer was cut short and made no sense
)

// Call is one API call as it arrived and, once answered, as it ended.
type Call struct {
	Seq     int // from 1
	At      time.Time
	Service string     // elasticloadbalancing, ec2, ssm, sts, autoscaling or monitoring
	Action  string     // such as DeregisterTargets
	Params  url.Values // of the Query protocol
	Body    string     // of JSON
	Caller  string     // ARN of the user, role session or account that signed it

	Done    bool // false: it has only arrived
	Took    time.Duration
	Outcome string // OK, AWS's error code, Dropped or Malformed
	Effect  bool   // it did what it asked for, whatever the caller was told
}

// keep bounds the call log: a demo may run for days.
const keep = 20000

type calls struct {
	mu    sync.Mutex
	seq   int
	log   []Call
	count map[string]int
	hook  func(Call)
}

// OnCall makes the server call f when a call has arrived, before anything is
// done (Done is false), and when its answer is about to be written (Done is
// true). f runs in the call's own goroutine and may hold it up; nil ends it.
func (s *Server) OnCall(f func(Call)) {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	s.calls.hook = f
}

// Calls returns the last 20,000 calls that ended, in the order of their ends.
func (s *Server) Calls() []Call {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return slices.Clone(s.calls.log)
}

// Count is how many calls of an action have arrived.
func (s *Server) Count(action string) int {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return s.calls.count[action]
}

func (c *calls) begin(req *request, now time.Time) Call {
	c.mu.Lock()
	c.seq++
	c.count[req.action]++
	call := Call{Seq: c.seq, At: now, Service: string(req.service), Action: req.action, Params: req.form, Caller: req.who.ARN}
	if req.wire != query && req.wire != cborRPC {
		call.Body = string(req.body)
	}
	hook := c.hook
	c.mu.Unlock()
	if hook != nil {
		hook(call)
	}
	return call
}

func (c *calls) end(call Call, now time.Time) {
	call.Done, call.Took = true, now.Sub(call.At)
	c.mu.Lock()
	if len(c.log) >= keep {
		c.log = slices.Delete(c.log, 0, keep/10)
	}
	c.log = append(c.log, call)
	hook := c.hook
	c.mu.Unlock()
	if hook != nil {
		hook(call)
	}
}
