package bench

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/awssim"
	"junban/deploy/awssim/instance"
	"junban/deploy/awssim/lb"
	"junban/deploy/awssim/traffic"
	"junban/deploy/awssim/world"
	"junban/deploy/engine"
)

const (
	// eighth is how much of the floor of waiting out the deregistration delay a rollout may take that waits until idle.
	eighth = 0.125
	// manyRequests is how many requests must have been sent meanwhile for none that failed to say something.
	manyRequests = 20_000
	// perSecond requests are sent, so that a rollout of 70 s sees that many.
	perSecond = 300
	// slowest is how long the longest answers take.
	slowest = 3 * time.Second
	// page is how long an ordinary answer takes: more than a tick of the kernel's clock, 4 or 10 ms. If question, answer and
	// acknowledgement fall into one tick, the probe cannot tell them from an answer with the next question on its heels, and
	// takes the connection for busy until the load balancer closes it: then each instance is out for the load balancer's
	// idle timeout, a minute by default, and the rollout takes 0.23 of the floor.
	page = 20 * time.Millisecond
)

// BenchmarkUntilIdle deploys to three servers under traffic, with AWS's default deregistration delay, and waits only until
// no request is in flight on each. The release kills the application as kill -9 does: whatever is in flight then fails.
func BenchmarkUntilIdle(b *testing.B) {
	if _, err := exec.LookPath("ss"); err != nil {
		if os.Getenv("CI") == "true" {
			b.Fatal("ss is missing (iproute2)")
		}
		b.Skip("ss is missing (iproute2)")
	}
	if os.Getuid() != 0 {
		b.Skip("the probe needs root to see the packet filter")
	}
	for b.Loop() {
		p := newPublic(b, setup{
			instances: 3, delay: world.DefaultDelay, interval: 5 * time.Second, seed: uint64(time.Now().UnixNano()),
			drain: deploy.Drain{Idle: true, Settle: 20 * time.Second}, probe: awssim.HTTPProbe,
		})
		op := p.rollout()
		seen := p.clients.Snapshot()
		f := p.outs(op)
		ratio := f.wall.Seconds() / f.floor.Seconds()
		b.ReportMetric(ratio, "wall/floor")
		b.ReportMetric(float64(seen.Requests), "requests")
		b.ReportMetric(float64(seen.Failed), "failed")
		b.Logf("%d instances in %.1f s, floor of the delay %.1f s: %.3f of it; %d requests, %d failed, %d not sent for want of clients; %s; load average %s",
			len(f.outs), f.wall.Seconds(), f.floor.Seconds(), ratio, seen.Requests, seen.Failed, seen.Missed, strings.Join(f.outs, "; "), load())
		if ratio > eighth {
			b.Errorf("%.3f of the floor, at most %.3f is wanted", ratio, eighth)
		}
		if seen.Requests < manyRequests {
			b.Errorf("%d requests say too little, %d are wanted", seen.Requests, manyRequests)
		}
		if seen.Failed > 0 {
			b.Errorf("%d requests failed, the last of them: %+v", seen.Failed, seen.Failures)
		}
		if f.cuttable == 0 {
			b.Error("no slow request was in flight on any instance when it was taken out: this has shown nothing")
		}
		if b.Failed() {
			b.Log(p.story(op))
		}
	}
}

// public is a rig whose instances are real servers behind a load balancer that carries requests.
type public struct {
	*rig
	wire     *wire
	balancer *lb.Balancer
	servers  []*instance.Instance
	clients  *traffic.Clients
	still    func() // ends the traffic
}

func newPublic(tb testing.TB, s setup) *public {
	tb.Helper()
	p := &public{rig: newRig(tb, s), wire: &wire{flights: map[string][]*flight{}}}
	p.services = 1
	p.options.Book = releases{book{p.setup}}
	p.balancer = lb.New(lb.Options{Dial: p.wire.dial})
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	tb.Cleanup(func() { cancel(); all.Wait() })
	run := func(f func(context.Context) error) {
		all.Go(func() {
			if err := f(ctx); err != nil {
				tb.Error(err)
				cancel()
			}
		})
	}
	name := service(0)
	p.world.AddBalancer(world.Balancer{Name: "front"})
	p.world.AddGroup(world.Group{Name: name, Port: 80, Path: "/health", Delay: s.delay, Interval: s.interval, Timeout: 2 * time.Second})
	p.world.AddListener(world.Listener{Balancer: "front", Group: name})
	for n := range s.instances {
		p.server(ctx, n, run)
	}
	p.mark = p.world.Mark()
	route := func(routes []world.Route) {
		var list []lb.Target
		for _, r := range routes {
			list = append(list, lb.Target{Key: r.Pair.String(), Addr: r.Addr, Draining: r.Draining})
		}
		p.balancer.Set(list)
	}
	route(p.world.Routes(name)) // at once: without a target it would answer 503
	run(func(ctx context.Context) error { return awssim.Carry(ctx, p.world, name, route) })
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	run(func(ctx context.Context) error { return p.balancer.Serve(ctx, front) })
	p.clients, err = traffic.New(traffic.Options{URL: "http://" + front.Addr().String(), Rate: perSecond, Clients: 96, Path: visits()})
	if err != nil {
		tb.Fatal(err)
	}
	visiting, leave := context.WithCancel(ctx)
	left := make(chan struct{})
	run(func(context.Context) error {
		defer close(left)
		p.clients.Run(visiting)
		return nil
	})
	p.still = func() { leave(); <-left }
	return p
}

// server switches an instance on and puts it into service, registered with the port on which it really listens: that is
// the port that the probe asks its host about.
func (p *public) server(ctx context.Context, n int, run func(func(context.Context) error)) {
	p.tb.Helper()
	name := fmt.Sprintf("web-%d", n+1)
	i, err := instance.New(instance.Options{ID: fmt.Sprintf("i-%017x", n+1), Name: name, Dir: filepath.Join(p.dir, name)})
	if err != nil {
		p.tb.Fatal(err)
	}
	run(i.Run)
	for {
		changed := i.Changed()
		if i.Running() {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			p.tb.FailNow() // why has been said
		}
	}
	_, port, _ := net.SplitHostPort(i.Addr())
	pair := world.Pair{ID: i.ID()}
	if pair.Port, err = strconv.Atoi(port); err != nil {
		p.tb.Fatal(err)
	}
	p.world.AddInstance(world.Instance{
		ID: i.ID(), Name: name, PrivateIP: fmt.Sprintf("10.0.0.%d", n+10), Zone: "ap-northeast-1a", AgentOnline: true, Addr: i.Addr(), Dir: i.Dir(),
	})
	if err := p.world.Register(service(0), []world.Pair{pair}); err != nil {
		p.tb.Fatal(err)
	}
	p.world.Checked(service(0), pair, true, "")
	p.servers = append(p.servers, i)
}

// visits is what the public asks for: one page in ten is slow, and of these one in five takes as long as any. Both
// numbers are prime, lest the round robin bring all slow ones to the same instance.
func visits() func() string {
	n := 0
	return func() string {
		switch n++; {
		case n%47 == 0:
			return fmt.Sprintf("/slow?ms=%d", slowest.Milliseconds())
		case n%11 == 0:
			return "/slow?ms=200"
		}
		return fmt.Sprintf("/slow?ms=%d", page.Milliseconds())
	}
}

// rollout deploys once to all instances, and ends the traffic after it.
func (p *public) rollout() deploy.Operation {
	p.tb.Helper()
	p.live()
	op := p.finish(p.deploys())[0]
	p.still()
	if op.State != deploy.StateSucceeded {
		p.tb.Errorf("%s: %s %s", op.ID, op.State, op.Cause)
	}
	for _, i := range p.servers {
		if i.Version() != "v42" {
			p.tb.Errorf("%s serves %s", i.Name(), i.Version())
		}
	}
	p.end()
	return op
}

// releases is the configuration of a service whose command is the servers' own release.sh.
type releases struct{ book }

func (r releases) Request(ask deploy.Ask) (deploy.Request, engine.Want, error) {
	req, want, err := r.book.Request(ask)
	req.Run.Command = "./release.sh"
	return req, want, err
}

// took is what a rollout took, beside what it would have taken to wait the delay out.
type took struct {
	wall, floor time.Duration
	outs        []string // of each instance: how it left
	cuttable    int      // slow requests that were in flight when their instance was taken out
}

// outs reads from AWS's log when each instance was out, and from the load balancer's connections what was in flight on it.
func (p *public) outs(op deploy.Operation) took {
	p.tb.Helper()
	t := took{wall: op.FinishedAt.Sub(op.StartedAt)}
	for _, i := range p.servers {
		var left, began, ended, back time.Time
		for _, e := range p.world.LogSince(p.mark) {
			command := e.Instance == i.ID() && strings.HasSuffix(e.Comment, "/command")
			switch {
			case e.Kind == world.KindDeregister && e.Pair.ID == i.ID() && e.Effect:
				left = e.At
			case e.Kind == world.KindCommand && command:
				began = e.At
				if len(e.InService) > 0 {
					p.tb.Errorf("the command began on %s in service", i.Name())
				}
			case e.Kind == world.KindEnded && command:
				ended = e.At
			case e.Kind == world.KindRegister && e.Pair.ID == i.ID() && e.Effect:
				back = e.At
			}
		}
		if left.IsZero() || began.Before(left) || ended.Before(began) || back.Before(ended) {
			p.tb.Errorf("%s did not leave, was deployed to and came back: %v, %v, %v, %v", i.Name(), left, began, ended, back)
			continue
		}
		t.floor += p.delay + ended.Sub(began) + p.interval
		had, last := p.wire.during(i.Addr(), left, left), time.Duration(0)
		for _, f := range had {
			last = max(last, f.ended.Sub(left))
			if f.ended.Sub(f.begun) >= slowest {
				t.cuttable++
			}
		}
		if cut := p.wire.during(i.Addr(), began, back); len(cut) > 0 {
			p.tb.Errorf("%d requests were in flight on %s while it was deployed to, one of them since %v before the command", len(cut), i.Name(), began.Sub(cut[0].begun))
		}
		t.outs = append(t.outs, fmt.Sprintf("%s left with %d in flight, the last answered after %.1f s, deployed to after %.1f s",
			i.Name(), len(had), last.Seconds(), began.Sub(left).Seconds()))
	}
	return t
}

// wire notes every request that the load balancer sends to its targets, as its connections see it.
type wire struct {
	mu      sync.Mutex
	flights map[string][]*flight // by the target's address
}

// flight is one request from before its first byte goes out until the first of its answer is there.
type flight struct{ begun, ended time.Time }

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{KeepAlive: -1}).DialContext(ctx, network, addr) // silent when idle, as the load balancer's own
	if err != nil {
		return nil, err
	}
	return &tapped{Conn: conn, wire: w, addr: addr}, nil
}

// during are the requests to an address that were in flight at some time of a span.
func (w *wire) during(addr string, from, to time.Time) []flight {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []flight
	for _, f := range w.flights[addr] {
		if !f.begun.After(to) && (f.ended.IsZero() || f.ended.After(from)) {
			out = append(out, *f)
		}
	}
	return out
}

// tapped is one connection to a target. HTTP/1.1 has at most one request in flight on it.
type tapped struct {
	net.Conn
	wire *wire
	addr string
	now  *flight // nil = idle; guarded by wire.mu
}

func (t *tapped) Write(p []byte) (int, error) {
	t.wire.mu.Lock()
	if t.now == nil {
		t.now = &flight{begun: time.Now()}
		t.wire.flights[t.addr] = append(t.wire.flights[t.addr], t.now)
	}
	t.wire.mu.Unlock()
	return t.Conn.Write(p)
}

func (t *tapped) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.wire.mu.Lock()
	defer t.wire.mu.Unlock()
	if t.now != nil {
		t.now.ended = time.Now()
		t.now = nil
	}
	return n, err
}
