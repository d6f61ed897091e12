package traffic_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"junban/deploy/awssim/instance"
	"junban/deploy/awssim/lb"
	"junban/deploy/awssim/traffic"
)

// street is three instances behind a load balancer, under constant traffic.
type street struct {
	t         *testing.T
	balancer  *lb.Balancer
	instances []*instance.Instance
	targets   []lb.Target
	clients   *traffic.Clients
	quiet     func() // ends the traffic
}

func open(t *testing.T) *street {
	t.Helper()
	dir := t.TempDir() // first, so that it is removed last
	s := &street{t: t, balancer: lb.New(lb.Options{})}
	ctx, cancel := context.WithCancel(t.Context())
	var g errgroup.Group
	t.Cleanup(func() {
		cancel()
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
	for n := 1; n <= 3; n++ {
		name := fmt.Sprintf("web-%d", n)
		i, err := instance.New(instance.Options{ID: "i-" + name, Name: name, Dir: filepath.Join(dir, name)})
		if err != nil {
			t.Fatal(err)
		}
		changed := i.Changed()
		g.Go(func() error { return i.Run(ctx) })
		for !i.Running() {
			<-changed
			changed = i.Changed()
		}
		s.instances = append(s.instances, i)
		s.targets = append(s.targets, lb.Target{Key: i.ID() + ":80", Addr: i.Addr()})
	}
	s.balancer.Set(s.targets)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.Go(func() error { return s.balancer.Serve(ctx, l) })
	var n int
	s.clients, s.quiet = send(t, traffic.Options{
		URL: "http://" + l.Addr().String(), Rate: 300, Clients: 32,
		Path: func() string { // one in ten is under way for a while
			if n++; n%10 == 0 {
				return "/slow?ms=30"
			}
			return "/"
		},
	})
	s.versionServes("v41")
	return s
}

// versionServes waits until every instance has answered some more requests with version.
func (s *street) versionServes(version string) {
	s.t.Helper()
	before := s.clients.Snapshot().ByVersion[version]
	until(s.t, s.clients, version+" serves", func(c traffic.Snapshot) bool { return c.ByVersion[version] >= before+30 })
}

func (s *street) release(n int, ref string) {
	s.t.Helper()
	for _, script := range []string{"release.sh", "verify.sh"} {
		cmd := exec.CommandContext(s.t.Context(), "sh", filepath.Join(s.instances[n].Dir(), script))
		cmd.Env = append(os.Environ(), "REF="+ref, "RELEASE_SECONDS=0.1")
		if out, err := cmd.CombinedOutput(); err != nil {
			s.t.Fatalf("%s on %s: %v\n%s", script, s.instances[n].Name(), err, out)
		}
	}
}

// drain takes an instance out as AWS and a patient hand do.
func (s *street) drain(n int) {
	s.t.Helper()
	list := append([]lb.Target(nil), s.targets...)
	list[n].Draining = true
	s.balancer.Set(list)
	until(s.t, s.clients, "nothing is in flight at it", func(traffic.Snapshot) bool {
		return s.balancer.Stats().InFlight[list[n].Key] == 0
	})
	s.balancer.Set(append(list[:n:n], list[n+1:]...))
}

func TestRollingWithDrainingIsNotFelt(t *testing.T) {
	s := open(t)
	for n := range s.instances {
		s.drain(n)
		s.release(n, "v42")
		s.balancer.Set(s.targets)
		s.versionServes("v42")
	}
	s.quiet()
	got, stats := s.clients.Snapshot(), s.balancer.Stats()
	if got.Failed != 0 {
		t.Errorf("the rollout was felt: %+v", got)
	}
	if stats.Cut != 0 || stats.BadGateway != 0 || stats.Broken != 0 || stats.NoTarget != 0 {
		t.Errorf("stats %+v", stats)
	}
	for _, target := range s.targets {
		if stats.ByTarget[target.Key] == 0 {
			t.Errorf("%s served nothing", target.Key)
		}
	}
}

func TestReleasingInServiceIsFelt(t *testing.T) {
	s := open(t)
	for n := range s.instances {
		s.release(n, "v42")
	}
	s.versionServes("v42")
	s.quiet()
	got, stats := s.clients.Snapshot(), s.balancer.Stats()
	if got.Failed == 0 || stats.BadGateway == 0 {
		t.Errorf("nobody felt it: %+v, %+v", got, stats)
	}
	// Each instance was away for a tenth of a second at least, with a third of
	// 300 requests a second sent its way.
	if got.Failed < 10 || time.Since(got.Failures[0].At) > time.Minute {
		t.Errorf("%d failed: %+v", got.Failed, got.Failures)
	}
}

func TestCuttingInsteadOfDrainingIsFelt(t *testing.T) {
	s := open(t)
	key := s.targets[0].Key
	until(t, s.clients, "a request is in flight at it", func(traffic.Snapshot) bool {
		if s.balancer.Stats().InFlight[key] == 0 {
			return false
		}
		s.balancer.Set(s.targets[1:])
		s.versionServes("v41")
		if s.balancer.Stats().Cut > 0 {
			return true
		}
		s.balancer.Set(s.targets) // it had just finished
		return false
	})
	s.quiet()
	if got := s.clients.Snapshot(); got.Failed == 0 {
		t.Errorf("nobody felt it: %+v", got)
	}
}
