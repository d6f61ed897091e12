package lb_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"junban/deploy/awssim/lb"
)

func TestRequestsGoRound(t *testing.T) {
	f := serve(t, lb.Options{})
	a, b, c := start(t, "a"), start(t, "b"), start(t, "c")
	f.Set([]lb.Target{{Key: "a:80", Addr: a.addr}, {Key: "b:80", Addr: b.addr}, {Key: "c:80", Addr: c.addr}})
	var order string
	for range 6 {
		got := f.get("/")
		wantStatus(t, got, http.StatusOK)
		order += got.body
	}
	if order != "abcabc" {
		t.Errorf("order %s, want abcabc", order)
	}
	eventually(t, f, "all are counted", func(s lb.Stats) bool {
		return s.Requests == 6 && s.Served == 6 && len(s.InFlight) == 0
	})
	if diff := cmp.Diff(map[string]int64{"a:80": 2, "b:80": 2, "c:80": 2}, f.Stats().ByTarget); diff != "" {
		t.Error(diff)
	}
	if n := a.opened.Load(); n != 1 {
		t.Errorf("%d connections to a for two requests, want 1 kept alive", n)
	}
}

func TestADrainingTargetFinishesWhatItHasAndGetsNothingNew(t *testing.T) {
	f := serve(t, lb.Options{})
	a, b := start(t, "a"), start(t, "b")
	both := []lb.Target{{Key: "a:80", Addr: a.addr}, {Key: "b:80", Addr: b.addr}}
	f.Set(both)
	held := f.begin("/held")
	await(t, "a to get the request", a.entered)

	both[0].Draining = true
	f.Set(both)
	f.Set(both) // the same again changes nothing
	for range 10 {
		if got := f.get("/"); got.body != "b" {
			t.Fatalf("a request went to %q while a was draining: %v", got.body, got.err)
		}
	}
	eventually(t, f, "only the held one is in flight", func(s lb.Stats) bool {
		return len(s.InFlight) == 1 && s.InFlight["a:80"] == 1
	})
	a.release <- struct{}{}
	if got := await(t, "the held request", held); got.body != "a" || got.status != http.StatusOK {
		t.Errorf("the request in flight got %+v", got)
	}
	if n := a.requests.Load(); n != 1 {
		t.Errorf("a got %d requests, want the one", n)
	}

	eventually(t, f, "nothing is in flight", func(s lb.Stats) bool { return len(s.InFlight) == 0 })

	t.Run("then it leaves and its idle connection is closed", func(t *testing.T) {
		f.Set(both[1:])
		await(t, "a's connection to close", a.closed)
		eventually(t, f, "all are counted as served", func(s lb.Stats) bool { return s.Served == 11 && s.Cut == 0 })
	})
	t.Run("then it comes back and starts afresh", func(t *testing.T) {
		both[0].Draining = false
		f.Set(both)
		if bodies := f.get("/").body + f.get("/").body; bodies != "ab" && bodies != "ba" {
			t.Errorf("bodies %q, want both targets", bodies)
		}
		if n := a.opened.Load(); n != 2 {
			t.Errorf("%d connections to a, want a second one", n)
		}
	})
}

func TestADrainingTargetRegisteredAgainKeepsItsRequests(t *testing.T) {
	f := serve(t, lb.Options{})
	a := start(t, "a")
	f.Set([]lb.Target{{Key: "a:80", Addr: a.addr}})
	held := f.begin("/held")
	await(t, "a to get the request", a.entered)
	f.Set([]lb.Target{{Key: "a:80", Addr: a.addr, Draining: true}})
	wantStatus(t, f.get("/"), http.StatusServiceUnavailable)
	f.Set([]lb.Target{{Key: "a:80", Addr: a.addr}})
	wantStatus(t, f.get("/"), http.StatusOK)
	a.release <- struct{}{}
	wantStatus(t, await(t, "the held request", held), http.StatusOK)
}

func TestATargetThatDisappearsHasItsRequestsCut(t *testing.T) {
	for name, next := range map[string][]lb.Target{
		"gone":            nil,
		"another address": {{Key: "a:80", Addr: "127.0.0.1:1"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, lb.Options{})
			a := start(t, "a")
			f.Set([]lb.Target{{Key: "a:80", Addr: a.addr}})
			held := f.begin("/held")
			await(t, "a to get the request", a.entered)
			f.Set(next)
			got := await(t, "the cut request", held)
			wantStatus(t, got, http.StatusBadGateway)
			if s := got.header.Get("Server"); s != "awselb/2.0" {
				t.Errorf("Server %q", s)
			}
			await(t, "a's connection to close", a.closed)
			eventually(t, f, "the cut is counted", func(s lb.Stats) bool {
				return s.Cut == 1 && s.BadGateway == 0 && len(s.InFlight) == 0
			})
		})
	}
}

func TestNobodyToAnswer(t *testing.T) {
	f := serve(t, lb.Options{})
	wantStatus(t, f.get("/"), http.StatusServiceUnavailable)
	f.Set([]lb.Target{{Key: "a:80", Addr: "127.0.0.1:1", Draining: true}})
	got := f.get("/")
	wantStatus(t, got, http.StatusServiceUnavailable)
	if ct := got.header.Get("Content-Type"); ct != "text/html" {
		t.Errorf("Content-Type %q", ct)
	}
	if s := f.Stats(); s.NoTarget != 2 || s.Requests != 2 || len(s.ByTarget) != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestOfTwoTargetsWithOneKeyTheFirstCounts(t *testing.T) {
	f := serve(t, lb.Options{})
	a, b := start(t, "a"), start(t, "b")
	f.Set([]lb.Target{{Key: "a:80", Addr: a.addr}, {Key: "a:80", Addr: b.addr}})
	for range 3 {
		if got := f.get("/"); got.body != "a" {
			t.Fatalf("body %q, %v", got.body, got.err)
		}
	}
}
