package lb

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// The defaults of an Application Load Balancer.
const (
	// DefaultIdleTimeout is the attribute idle_timeout.timeout_seconds.
	DefaultIdleTimeout = 60 * time.Second
	// DefaultConnectTimeout bounds the dial of a target; AWS does not let it be changed.
	DefaultConnectTimeout = 10 * time.Second
)

// Target is one place to send requests to.
type Target struct {
	// Key names the target over time, as "id:port".
	Key string
	// Addr is where it listens, as host:port.
	Addr string
	// Draining says that it finishes what it has and gets nothing new.
	Draining bool
}

// Options sets up a Balancer. The zero value behaves as AWS does by default.
type Options struct {
	// Logger gets one line for each request that failed; nil discards them.
	Logger *slog.Logger
	// IdleTimeout is how long a connection to a client or a target may lie
	// idle before it is closed, and how long a target may think before the
	// client is told 504. 0 means DefaultIdleTimeout.
	IdleTimeout time.Duration
	// ConnectTimeout bounds the dial of a target, after which the client is
	// told 504. 0 means DefaultConnectTimeout.
	ConnectTimeout time.Duration
	// Dial connects to a target; nil means TCP. Tests hand in a network in memory.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Balancer spreads requests over its targets. It is safe for concurrent use.
type Balancer struct {
	log  *slog.Logger
	opts Options // complete

	mu      sync.Mutex
	targets map[string]*target // by Key: all that the last Set listed
	open    []*target          // of these, the ones that take new requests, in Set's order
	turn    int                // whose turn it is in open
	sticky  time.Duration      // how long a cookie binds; 0: no cookies
	counts  counts
}

// New makes a Balancer that has no target yet and so answers 503.
func New(o Options) *Balancer {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = DefaultIdleTimeout
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = DefaultConnectTimeout
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{KeepAlive: -1}).DialContext // an idle connection is silent, as AWS's are
	}
	return &Balancer{
		log:     o.Logger,
		opts:    o,
		targets: map[string]*target{},
		counts:  newCounts(),
	}
}

// Set replaces the whole list of targets; the same list again changes nothing.
//
// When it returns, a target listed as draining gets no further request, while
// those it has go on. A target that is listed no more, or under another
// address, has its requests in flight cut and its connections closed; listed
// again, it starts afresh. A draining target listed without Draining, as when an
// instance is registered again before its delay is over, takes requests at once.
// Of two targets with one Key the first counts.
func (b *Balancer) Set(list []Target) {
	for _, t := range b.replace(list) {
		t.leave()
	}
}

// replace takes the new list over and returns the targets that are gone.
func (b *Balancer) replace(list []Target) map[string]*target {
	b.mu.Lock()
	defer b.mu.Unlock()
	gone := b.targets
	b.targets = make(map[string]*target, len(list))
	b.open = nil
	for _, want := range list {
		if _, twice := b.targets[want.Key]; twice {
			continue
		}
		t := gone[want.Key]
		if t != nil && t.addr == want.Addr {
			delete(gone, want.Key)
		} else {
			t = newTarget(want, b.opts)
		}
		b.targets[want.Key] = t
		if !want.Draining {
			b.open = append(b.open, t)
		}
	}
	return gone
}

// admit picks the target whose turn it is and counts the request as in flight
// there. Both happen under the lock that replace holds, so no request slips to
// a target after Set has said that it drains. It returns nil if no target takes
// requests. A client that is bound to a target by its cookie stays there, as
// long as the target takes new requests.
func (b *Balancer) admit(r *http.Request) *target {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts.requests++
	if len(b.open) == 0 {
		b.counts.ended[noTarget]++
		return nil
	}
	t := b.bound(r)
	if t == nil {
		b.turn %= len(b.open)
		t = b.open[b.turn]
		b.turn++
	}
	b.counts.byTarget[t.key]++
	b.counts.inFlight[t.key]++
	t.inFlight++
	return t
}

// settle counts the end of an admitted request.
func (b *Balancer) settle(t *target, how ending) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts.ended[how]++
	if b.counts.inFlight[t.key]--; b.counts.inFlight[t.key] == 0 {
		delete(b.counts.inFlight, t.key)
	}
	t.inFlight--
	if t.inFlight == 0 && t.left() {
		// A request that was answered just as the target left may have given
		// its connection back to the pool after leave emptied it.
		t.transport.CloseIdleConnections()
	}
}

// closeIdle closes the kept-alive connections to all targets.
func (b *Balancer) closeIdle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.targets {
		t.transport.CloseIdleConnections()
	}
}
