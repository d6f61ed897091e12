package awssim

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"junban/deploy/awssim/world"
)

// Run makes the health checks, each when it is due, and lets the world notice
// what time alone changes. It returns nil once ctx is done and all its checks
// have ended.
func (s *Server) Run(ctx context.Context) error {
	var checks sync.WaitGroup
	defer checks.Wait()
	for {
		changed := s.world.Changed()
		for _, c := range s.world.DueChecks(s.world.Now()) {
			if s.look != nil {
				if res, ok := s.look(c); ok {
					s.world.Answer(c, res)
					continue
				}
			}
			checks.Go(func() {
				ctx, cancel := context.WithTimeout(ctx, c.Timeout)
				defer cancel()
				res := s.probe(ctx, c)
				if !errors.Is(ctx.Err(), context.Canceled) { // our own end says nothing of the target
					s.world.Answer(c, res)
				}
			})
		}
		next := earlier(s.world.NextCheck(), s.world.NextChange())
		if !sleep(ctx, next, s.world.Now(), changed) {
			return nil
		}
	}
}

// Carry pushes the routes of a group to set, at once and whenever they
// change, until ctx is done. It returns nil then.
func Carry(ctx context.Context, w *world.World, group string, set func([]world.Route)) error {
	var last []world.Route
	for first := true; ; first = false {
		changed := w.Changed()
		if routes := w.Routes(group); first || !slices.Equal(routes, last) {
			set(slices.Clone(routes))
			last = routes
		}
		if !sleep(ctx, w.NextChange(), w.Now(), changed) {
			return nil
		}
	}
}

// sleep waits until a moment (zero: none) or a change; false when ctx is done.
func sleep(ctx context.Context, until, now time.Time, changed <-chan struct{}) bool {
	var due <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(until.Sub(now))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-due:
		return true
	case <-changed:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// HTTPProbe asks a target over HTTP, on a connection of its own, as a load
// balancer's health check does.
func HTTPProbe(ctx context.Context, c world.Check) world.Result {
	return httpProbe()(ctx, c)
}

// httpProbe is HTTPProbe for many checks.
func httpProbe() func(context.Context, world.Check) world.Result {
	t := &http.Transport{DisableKeepAlives: true}
	return func(ctx context.Context, c world.Check) world.Result {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Addr+c.Path, nil)
		if err != nil {
			return world.Result{Reason: world.ReasonFailed}
		}
		req.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
		req.Close = true
		resp, err := t.RoundTrip(req)
		if err != nil {
			return world.Result{Reason: failure(ctx, err)}
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
			return world.Result{Reason: failure(ctx, err)}
		}
		if !passes(c.Matcher, resp.StatusCode) {
			return world.Result{Reason: world.ReasonMismatch, Code: resp.StatusCode}
		}
		return world.Result{OK: true}
	}
}

func failure(ctx context.Context, err error) string {
	var n net.Error
	if ctx.Err() != nil || (errors.As(err, &n) && n.Timeout()) {
		return world.ReasonTimeout
	}
	return world.ReasonFailed
}

// passes says whether a code is in a matcher such as 200,204 or 200-299.
func passes(matcher string, code int) bool {
	for _, part := range strings.Split(matcher, ",") {
		low, high, ranged := strings.Cut(strings.TrimSpace(part), "-")
		least, err := strconv.Atoi(low)
		if err != nil {
			continue
		}
		most := least
		if ranged {
			if most, err = strconv.Atoi(high); err != nil {
				continue
			}
		}
		if code >= least && code <= most {
			return true
		}
	}
	return false
}
