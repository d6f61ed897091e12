package traffic

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// keptFailures is how many failures a Snapshot shows.
const keptFailures = 20

// window is how many whole seconds the rates are taken over.
const window = 5

// Failure is one request that did not get what it wanted.
type Failure struct {
	At     time.Time
	Path   string
	Status int    // 0: no answer came
	Error  string // why it counts as failed, for people
}

// Snapshot is what has been counted so far.
type Snapshot struct {
	// Requests counts those that ended, failed ones included.
	Requests int64
	// Failed counts the transport errors, broken bodies, timeouts and all
	// statuses but 200.
	Failed int64
	// Missed counts requests that were due but not sent, as every client was
	// busy. They are in neither of the two above.
	Missed int64
	// ByVersion counts the requests that succeeded by the answer's X-Version;
	// answers without one are left out.
	ByVersion map[string]int64
	// Failures are the last 20, oldest first.
	Failures []Failure
	// Rate and FailedRate are how many requests ended and failed a second,
	// over the last five whole seconds, or fewer at the beginning.
	Rate, FailedRate float64
}

// counter counts results; newCounter makes one.
type counter struct {
	mu      sync.Mutex
	total   Snapshot
	first   time.Time           // when the first result came
	seconds [window + 1]tallied // a ring by second since first
}

// tallied counts the results of one second.
type tallied struct {
	second           int64 // since first
	requests, failed int64
}

func newCounter() *counter {
	return &counter{total: Snapshot{ByVersion: map[string]int64{}}}
}

func (c *counter) missed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total.Missed++
}

func (c *counter) count(at time.Time, r result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.total.Requests == 0 {
		c.first = at
	}
	c.total.Requests++
	now := c.second(at)
	slot := &c.seconds[now%(window+1)]
	if slot.second != now {
		*slot = tallied{second: now}
	}
	slot.requests++
	if r.problem == "" && r.status == http.StatusOK {
		if r.version != "" {
			c.total.ByVersion[r.version]++
		}
		return
	}
	slot.failed++
	c.total.Failed++
	if r.problem == "" {
		r.problem = fmt.Sprintf("%d %s", r.status, http.StatusText(r.status))
	}
	if len(c.total.Failures) == keptFailures {
		c.total.Failures = slices.Delete(c.total.Failures, 0, 1)
	}
	c.total.Failures = append(c.total.Failures, Failure{At: at, Path: r.path, Status: r.status, Error: r.problem})
}

// second is the number of the second at which t lies; 0 is the first. Clock
// readings of several goroutines may come in a little out of order.
func (c *counter) second(t time.Time) int64 { return max(0, int64(t.Sub(c.first)/time.Second)) }

// at returns the counts as of t.
func (c *counter) at(t time.Time) Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.total
	s.ByVersion = maps.Clone(s.ByVersion)
	s.Failures = slices.Clone(s.Failures)
	now := c.second(t)
	whole := min(now, window) // seconds that are over
	if whole == 0 {
		return s
	}
	for _, slot := range c.seconds {
		if slot.second >= now-whole && slot.second < now {
			s.Rate += float64(slot.requests)
			s.FailedRate += float64(slot.failed)
		}
	}
	s.Rate /= float64(whole)
	s.FailedRate /= float64(whole)
	return s
}
