package traffic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// The defaults of Options.
const (
	DefaultClients = 16
	DefaultRate    = 100.0
	DefaultTimeout = 10 * time.Second
)

// maxRate is far above what one process can send.
const maxRate = 1e5

// Options sets up Clients. Only URL is needed.
type Options struct {
	// URL is the service, as http://127.0.0.1:8703.
	URL string
	// Clients is how many requests may be under way at once. 0 means DefaultClients.
	Clients int
	// Rate is how many requests are sent a second, by all clients together.
	// 0 means DefaultRate; 100,000 is the most.
	Rate float64
	// Path returns the path and query of the next request, beginning with a
	// slash. It is called by one goroutine at a time. nil means "/" always.
	Path func() string
	// Timeout bounds one request until its answer is read whole; longer is a
	// failure. 0 means DefaultTimeout.
	Timeout time.Duration
}

// Clients sends requests while Run runs and counts them. It is safe for
// concurrent use.
type Clients struct {
	opts Options
	seen *counter
}

// New checks the options. Nothing is sent before Run.
func New(o Options) (*Clients, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("the URL of the service: %w", err)
	}
	if u.Scheme != "http" || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return nil, fmt.Errorf("the URL of the service is %q, want http://HOST:PORT", o.URL)
	}
	o.URL = "http://" + u.Host
	if o.Clients == 0 {
		o.Clients = DefaultClients
	}
	if o.Rate == 0 {
		o.Rate = DefaultRate
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Clients < 0 || o.Rate < 0 || o.Timeout < 0 {
		return nil, errors.New("clients, rate and timeout cannot be negative")
	}
	if o.Rate > maxRate {
		return nil, fmt.Errorf("a rate of %g requests a second is above %g", o.Rate, maxRate)
	}
	if o.Path == nil {
		o.Path = func() string { return "/" }
	}
	return &Clients{opts: o, seen: newCounter()}, nil
}

// Run sends requests until ctx is done, and returns when all clients have
// stopped. What is under way then is cut and not counted. The rate does not
// depend on how fast answers come: a request that is due while every client is
// busy and as many again are waiting is not sent, and counted as Missed.
//
// Run again to go on counting.
func (c *Clients) Run(ctx context.Context) {
	transport := &http.Transport{
		MaxIdleConnsPerHost: c.opts.Clients,
		// Below the load balancer's minute, so that it is always we who close
		// an idle connection, and none is closed as a request goes out on it.
		IdleConnTimeout: 30 * time.Second,
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport:     transport,
		Timeout:       c.opts.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	due := make(chan string, c.opts.Clients)
	var all sync.WaitGroup
	for range c.opts.Clients {
		all.Go(func() {
			for path := range due {
				c.send(ctx, client, path)
			}
		})
	}
	c.pace(ctx, due)
	close(due)
	all.Wait()
}

// Snapshot returns the counts as of now; the caller owns the map and the slice.
func (c *Clients) Snapshot() Snapshot { return c.seen.at(time.Now()) }

// pace puts each request into due at its time.
func (c *Clients) pace(ctx context.Context, due chan<- string) {
	gap := time.Duration(float64(time.Second) / c.opts.Rate)
	next := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		// All that are due by now, so that a late timer does not lower the rate.
		for now := time.Now(); !next.After(now); next = next.Add(gap) {
			select {
			case due <- c.opts.Path():
			default:
				c.seen.missed()
			}
		}
		timer.Reset(time.Until(next))
	}
}
