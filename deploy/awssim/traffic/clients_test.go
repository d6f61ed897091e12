package traffic_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"junban/deploy/awssim/traffic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func service(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	return srv.URL
}

// send runs clients until the test ends or stop is called, which waits for them.
func send(t *testing.T, o traffic.Options) (c *traffic.Clients, stop func()) {
	t.Helper()
	c, err := traffic.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return c, stop
}

// until waits until the counts are as wanted.
func until(t *testing.T, c *traffic.Clients, what string, ok func(traffic.Snapshot) bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for !ok(c.Snapshot()) {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited 30 s in vain until %s: %+v", what, c.Snapshot())
		}
	}
}

func TestRequestsAreCountedByVersion(t *testing.T) {
	var n, paths, conns atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RequestURI() == "/item?n=1" {
			paths.Add(1)
		}
		if len(r.TransferEncoding) > 0 || r.ContentLength != 0 {
			t.Errorf("a GET came with a body: %v, %d", r.TransferEncoding, r.ContentLength)
		}
		w.Header().Set("X-Version", []string{"v41", "v42"}[n.Add(1)%2])
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	c, stop := send(t, traffic.Options{URL: srv.URL, Clients: 4, Rate: 1000, Path: func() string { return "/item?n=1" }})
	until(t, c, "100 are counted", func(s traffic.Snapshot) bool { return s.Requests >= 100 })
	stop()
	s := c.Snapshot()
	if s.Failed != 0 || s.ByVersion["v41"]+s.ByVersion["v42"] != s.Requests || s.ByVersion["v41"] == 0 {
		t.Errorf("%+v", s)
	}
	// A few more than clients: the transport dials while it waits for one to be free.
	if conns.Load() > 20 {
		t.Errorf("%d connections for %d requests", conns.Load(), s.Requests)
	}
	if paths.Load() < s.Requests {
		t.Errorf("%d requests for the path, of %d", paths.Load(), s.Requests)
	}
}

func TestFailuresAreCounted(t *testing.T) {
	url := service(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/error":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/moved":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/broken":
			w.Header().Set("Content-Length", "10")
			_, _ = w.Write([]byte("half"))
		case "/reset":
			panic(http.ErrAbortHandler)
		case "/never":
			<-r.Context().Done()
		}
	})
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/error":  {503, "503 Service Unavailable"},
		"/moved":  {302, "302 Found"},
		"/broken": {200, "unexpected EOF"},
		"/reset":  {0, "EOF"},
		"/never":  {0, "Timeout"},
	} {
		t.Run(path, func(t *testing.T) {
			o := traffic.Options{URL: url, Clients: 1, Rate: 100, Path: func() string { return path }}
			if path == "/never" {
				o.Timeout = 10 * time.Millisecond
			}
			c, stop := send(t, o)
			until(t, c, "two failed", func(s traffic.Snapshot) bool { return s.Failed >= 2 })
			stop()
			s := c.Snapshot()
			if s.Failed != s.Requests {
				t.Errorf("%d of %d failed", s.Failed, s.Requests)
			}
			if f := s.Failures[0]; f.Status != want.status || f.Path != path || !strings.Contains(f.Error, want.says) {
				t.Errorf("%+v, want %+v", f, want)
			}
		})
	}
}

// A service that drops every second request on a kept-alive connection: an
// ordinary Go client would try it again and see no failure.
func TestNoRequestIsSentTwice(t *testing.T) {
	var arrived atomic.Int64
	url := service(t, func(http.ResponseWriter, *http.Request) {
		if arrived.Add(1)%2 == 0 {
			panic(http.ErrAbortHandler)
		}
	})
	c, stop := send(t, traffic.Options{URL: url, Clients: 1, Rate: 1000})
	until(t, c, "20 failed", func(s traffic.Snapshot) bool { return s.Failed >= 20 })
	stop()
	// One more may have been cut by the end.
	if s := c.Snapshot(); s.Requests > arrived.Load() || s.Requests < arrived.Load()-1 || s.Failed != s.Requests/2 {
		t.Errorf("%d arrived, %+v", arrived.Load(), s)
	}
}

func TestTheEndIsNoFailure(t *testing.T) {
	arrived := make(chan struct{}, 100)
	url := service(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	c, stop := send(t, traffic.Options{URL: url, Clients: 3, Rate: 1000})
	for range 3 {
		<-arrived
	}
	stop()
	if s := c.Snapshot(); s.Requests != 0 || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
}

func TestRunCanBeResumed(t *testing.T) {
	url := service(t, func(http.ResponseWriter, *http.Request) {})
	c, stop := send(t, traffic.Options{URL: url})
	until(t, c, "one is counted", func(s traffic.Snapshot) bool { return s.Requests > 0 })
	stop()
	before := c.Snapshot().Requests
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	until(t, c, "more are counted", func(s traffic.Snapshot) bool { return s.Requests > before })
	cancel()
	<-done
}

func TestOptionsThatAreRefused(t *testing.T) {
	for _, o := range []traffic.Options{
		{},
		{URL: "127.0.0.1:80"},
		{URL: "https://x"},
		{URL: "http://"},
		{URL: "http://x/page"},
		{URL: "http://x?q"},
		{URL: "http://x", Clients: -1},
		{URL: "http://x", Rate: -1},
		{URL: "http://x", Rate: 1e9},
		{URL: "http://x", Timeout: -1},
	} {
		if _, err := traffic.New(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
	if _, err := traffic.New(traffic.Options{URL: "http://127.0.0.1:8703/"}); err != nil {
		t.Error(err)
	}
}
