package lb_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy/awssim/lb"
)

// wire is a listener in memory, so that a minute passes at once.
type wire struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	dialed atomic.Int64 // connections made
}

func newWire() *wire { return &wire{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

func (w *wire) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case w.conns <- far:
		w.dialed.Add(1)
		return near, nil
	case <-w.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

func (w *wire) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// memory is a balancer and a target that are joined in memory.
type memory struct {
	*lb.Balancer
	back  *wire
	visit func() (status int) // a client's request
}

// join serves h behind a balancer; with no h, nobody takes connections there.
func join(t *testing.T, keepAlive time.Duration, h http.HandlerFunc) memory {
	t.Helper()
	front, back := newWire(), newWire()
	target := &http.Server{Handler: h, IdleTimeout: keepAlive}
	b := lb.New(lb.Options{Dial: back.Dial})
	b.Set([]lb.Target{{Key: "a:80", Addr: "10.0.0.1:80"}})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	if h != nil {
		all.Go(func() { _ = target.Serve(back) })
	}
	all.Go(func() {
		if err := b.Serve(ctx, front); err != nil {
			t.Error(err)
		}
	})
	transport := &http.Transport{DialContext: front.Dial, IdleConnTimeout: 30 * time.Second}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		target.Close()
		all.Wait()
	})
	client := &http.Client{Transport: transport}
	return memory{b, back, func() int {
		res, err := client.Get("http://service/")
		if err != nil {
			t.Error(err)
			return 0
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode
	}}
}

// The guide asks for a keep-alive in the target above the balancer's 60 s: then
// it is always the balancer that closes, and no pause between two requests, of
// whatever length, makes one fail.
func TestNoPauseMakesAHealthyTargetFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := join(t, 61*time.Second, func(http.ResponseWriter, *http.Request) {})
		for pause := 59900 * time.Millisecond; pause <= 61100*time.Millisecond; pause += 5 * time.Millisecond {
			if status := m.visit(); status != http.StatusOK {
				t.Fatalf("%d before a pause of %v", status, pause)
			}
			time.Sleep(pause)
		}
	})
}

func TestConnectionsToATargetAreKeptForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := join(t, 0, func(http.ResponseWriter, *http.Request) {})
		m.visit()
		time.Sleep(59 * time.Second)
		m.visit()
		if n := m.back.dialed.Load(); n != 1 {
			t.Errorf("%d connections after 59 s, want the same one", n)
		}
		time.Sleep(61 * time.Second)
		m.visit()
		if n := m.back.dialed.Load(); n != 2 {
			t.Errorf("%d connections after 61 s more, want a second one", n)
		}
	})
}

func TestATargetMayThinkForAMinute(t *testing.T) {
	for think, want := range map[time.Duration]int{
		59 * time.Second: http.StatusOK,
		61 * time.Second: http.StatusGatewayTimeout,
	} {
		synctest.Test(t, func(t *testing.T) {
			m := join(t, 0, func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-time.After(think):
				case <-r.Context().Done():
				}
			})
			if status := m.visit(); status != want {
				t.Errorf("after %v: %d, want %d", think, status, want)
			}
			synctest.Wait()
			if s := m.Stats(); s.Served+s.Timeouts != 1 || (s.Timeouts == 1) != (want == http.StatusGatewayTimeout) {
				t.Errorf("after %v: %+v", think, s)
			}
		})
	}
}

func TestATargetThatTakesNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := join(t, 0, nil)
		begin := time.Now()
		if status := m.visit(); status != http.StatusGatewayTimeout || time.Since(begin) != 10*time.Second {
			t.Errorf("%d after %v, want 504 after 10 s", status, time.Since(begin))
		}
	})
}
