package lb_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"junban/deploy/awssim/lb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// front is a Balancer that serves on a real socket until the test ends.
type front struct {
	*lb.Balancer
	url    string
	client *http.Client
	stop   func() // ends Serve and waits for it
}

func serve(t *testing.T, o lb.Options) *front {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := lb.New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx, l) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	var stopped bool
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		transport.CloseIdleConnections()
	}
	t.Cleanup(stop)
	return &front{
		Balancer: b,
		url:      "http://" + l.Addr().String(),
		client:   &http.Client{Transport: transport, Timeout: 20 * time.Second},
		stop:     stop,
	}
}

// reply is what a client got.
type reply struct {
	status int
	body   string
	header http.Header
	err    error // of the request or of its body
}

func (f *front) do(req *http.Request) reply {
	res, err := f.client.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return reply{status: res.StatusCode, body: string(body), header: res.Header, err: err}
}

func (f *front) get(path string) reply {
	req, err := http.NewRequest(http.MethodGet, f.url+path, nil)
	if err != nil {
		return reply{err: err}
	}
	return f.do(req)
}

// begin sends a request without waiting for its answer.
func (f *front) begin(path string) <-chan reply {
	got := make(chan reply, 1)
	go func() { got <- f.get(path) }()
	return got
}

// backend is a server behind the balancer. Its path /held says on entered that
// a request has come, and answers when it gets a value from release.
type backend struct {
	addr     string
	entered  chan struct{}
	release  chan struct{}
	opened   atomic.Int64  // connections accepted so far
	closed   chan struct{} // one value for each connection closed
	requests atomic.Int64
}

func start(t *testing.T, name string) *backend {
	t.Helper()
	b := &backend{
		entered: make(chan struct{}, 64),
		release: make(chan struct{}),
		closed:  make(chan struct{}, 64),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		b.requests.Add(1)
		_, _ = io.WriteString(w, name)
	})
	mux.HandleFunc("/held", func(w http.ResponseWriter, r *http.Request) {
		b.requests.Add(1)
		b.entered <- struct{}{}
		select {
		case <-b.release:
			_, _ = io.WriteString(w, name)
		case <-r.Context().Done():
		}
	})
	b.addr = listen(t, mux, func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			b.opened.Add(1)
		case http.StateClosed:
			b.closed <- struct{}{}
		}
	})
	return b
}

// listen serves h on a socket of its own until the test ends.
func listen(t *testing.T, h http.Handler, state func(net.Conn, http.ConnState)) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	if state != nil {
		srv.Config.ConnState = state
	}
	srv.Start()
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	return srv.Listener.Addr().String()
}

// await fails the test if nothing comes in a generous time.
func await[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("waited 20 s in vain for %s", what)
		panic("unreachable")
	}
}

// eventually waits until the balancer's counts are as wanted.
func eventually(t *testing.T, f *front, what string, ok func(lb.Stats) bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for !ok(f.Stats()) {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited 20 s in vain until %s: %+v", what, f.Stats())
		}
	}
}

func wantStatus(t *testing.T, got reply, status int) {
	t.Helper()
	if got.err != nil || got.status != status {
		t.Fatalf("got %d, %v; want %d", got.status, got.err, status)
	}
}
