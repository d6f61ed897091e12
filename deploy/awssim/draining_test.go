package awssim

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy/awssim/lb"
	"junban/deploy/awssim/world"
)

// town is a load balancer with the targets i-1 and i-2 in memory, carried by
// the world's routes. Their page /slow takes 3 s.
type town struct {
	w      *world.World
	client *http.Client
}

func newTown(t *testing.T, delay time.Duration) *town {
	t.Helper()
	w := world.New(world.Options{})
	w.AddGroup(world.Group{Name: "web", Delay: delay, Interval: time.Hour})
	w.AddBalancer(world.Balancer{Name: "front"})
	w.AddListener(world.Listener{Balancer: "front", Group: "web"})
	front, doors := newPipes(), map[string]*pipes{}
	b := lb.New(lb.Options{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return doors[addr].dial(ctx, network, addr)
	}})
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	var servers []*http.Server
	for _, id := range []string{"i-1", "i-2"} {
		addr := id + ":80"
		door := newPipes()
		doors[addr] = door
		srv := &http.Server{Handler: page(id)}
		servers = append(servers, srv)
		all.Go(func() { _ = srv.Serve(door) })
		w.AddInstance(world.Instance{ID: id, Zone: "a", Addr: addr})
		if err := w.Register("web", []world.Pair{{ID: id, Port: 80}}); err != nil {
			t.Fatal(err)
		}
		w.Checked("web", world.Pair{ID: id, Port: 80}, true, "")
	}
	all.Go(func() { _ = b.Serve(ctx, front) })
	all.Go(func() { _ = Carry(ctx, w, "web", func(routes []world.Route) { b.Set(targets(routes)) }) })
	transport := &http.Transport{DialContext: front.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		for _, srv := range servers {
			_ = srv.Close()
		}
		all.Wait()
	})
	synctest.Wait()
	return &town{w, &http.Client{Transport: transport}}
}

func targets(routes []world.Route) []lb.Target {
	var out []lb.Target
	for _, r := range routes {
		out = append(out, lb.Target{Key: r.Pair.String(), Addr: r.Addr, Draining: r.Draining})
	}
	return out
}

// page says who serves it.
func page(id string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			select {
			case <-time.After(3 * time.Second):
			case <-r.Context().Done():
				return
			}
		}
		_, _ = io.WriteString(w, id)
	})
}

// get is who served a page, or the status if it is not 200.
func (v *town) get(path string) string {
	resp, err := v.client.Get("http://service.test" + path)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err.Error()
	case resp.StatusCode != http.StatusOK:
		return strconv.Itoa(resp.StatusCode)
	}
	return string(b)
}

// TestRequestsOf3sWhenATargetIsDeregistered: within the delay they go on to
// their end, at its end what is still in flight is cut, and nothing new comes,
// also not from clients that keep their connections alive.
func TestRequestsOf3sWhenATargetIsDeregistered(t *testing.T) {
	for _, tt := range []struct {
		delay, most time.Duration
		want        string
	}{
		{10 * time.Second, 2500 * time.Millisecond, "i-1"},
		{time.Second, 2500 * time.Millisecond, "502"},
	} {
		t.Run(tt.delay.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newTown(t, tt.delay)
				got := make(chan string, 2)
				for range 2 { // one request to each target
					go func() { got <- v.get("/slow") }()
					synctest.Wait()
				}
				time.Sleep(500 * time.Millisecond)
				began := time.Now()
				if err := v.w.Deregister("web", []world.Pair{{ID: "i-1", Port: 80}}); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				for range 20 {
					if from := v.get("/"); from != "i-2" {
						t.Fatalf("a new request was served by %s", from)
					}
				}
				answers := map[string]int{<-got: 1}
				answers[<-got]++
				if answers[tt.want] != 1 || answers["i-2"] != 1 {
					t.Fatalf("%v", answers)
				}
				if took := time.Since(began); took != tt.most {
					t.Errorf("both were answered after %v, want %v", took, tt.most)
				}
			})
		})
	}
}

// host is one instance on a real socket behind a load balancer on another.
type host struct {
	port     int
	url      string
	client   *http.Client
	entered  chan struct{}
	released chan struct{}
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{entered: make(chan struct{}), released: make(chan struct{})}
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(h.entered)
		<-h.released
	}))
	t.Cleanup(app.Close)
	h.port = app.Listener.Addr().(*net.TCPAddr).Port
	w := world.New(world.Options{})
	w.AddGroup(world.Group{Name: "web", Port: h.port})
	w.AddBalancer(world.Balancer{Name: "front"})
	w.AddListener(world.Listener{Balancer: "front", Group: "web"})
	w.AddInstance(world.Instance{ID: "i-1", PrivateIP: "127.0.0.1"}) // without Addr it listens where its target says
	if err := w.Register("web", []world.Pair{{ID: "i-1"}}); err != nil {
		t.Fatal(err)
	}
	b := lb.New(lb.Options{})
	b.Set(targets(w.Routes("web")))
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.url = "http://" + ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = b.Serve(ctx, ln) })
	transport := &http.Transport{}
	h.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		all.Wait()
	})
	return h
}

// times are how long ago, in ms, the host sent and received last on the one
// connection that it has to the load balancer. ss leaves a time of 0 out.
func (h *host) times(t *testing.T, ss string) (sent, received int) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), ss, "-Htni", "state", "established", fmt.Sprintf("( sport = :%d )", h.port)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	for name, to := range map[string]*int{"lastsnd": &sent, "lastrcv": &received} {
		m := regexp.MustCompile(name+`:(\d+)`).FindAllSubmatch(out, -1)
		if len(m) > 1 {
			t.Fatalf("more than one connection: %s", out)
		}
		if len(m) == 1 {
			*to = must(strconv.Atoi(string(m[0][1])))
		}
	}
	return sent, received
}

// TestConnectionsAreSeenByTheHost: the load balancer's connections are real
// sockets, kept open while they are idle, so that ss on the host tells a busy
// one (the other side spoke last) from an idle one (we did).
func TestConnectionsAreSeenByTheHost(t *testing.T) {
	ss := tool(t, "ss")
	h := newHost(t)
	done := make(chan error, 1)
	go func() {
		resp, err := h.client.Get(h.url)
		if err == nil {
			resp.Body.Close()
		}
		done <- err
	}()
	<-h.entered
	for late := time.Now().Add(10 * time.Second); ; {
		sent, received := h.times(t, ss)
		if sent < received {
			t.Fatalf("in flight: we spoke last, %d ms ago; received %d ms ago", sent, received)
		}
		if received >= 50 { // so that the answer can be told from the request
			break
		}
		if time.Now().After(late) {
			t.Fatal("ss tells no times")
		}
	}
	close(h.released)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if sent, received := h.times(t, ss); sent >= received {
		t.Errorf("answered: we spoke %d ms ago, received %d ms ago", sent, received)
	}
}
