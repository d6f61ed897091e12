package awssim

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy/awssim/world"
)

// crowd is a world with n healthy targets in one group, "web".
func crowd(n int, interval time.Duration, now func() time.Time) *world.World {
	w := world.New(world.Options{Now: now})
	w.AddGroup(world.Group{Name: "web", Interval: interval})
	w.AddBalancer(world.Balancer{Name: "front"})
	w.AddListener(world.Listener{Balancer: "front", Group: "web"})
	pairs := make([]world.Pair, 0, n)
	for i := range n {
		id := fmt.Sprintf("i-%017x", i)
		w.AddInstance(world.Instance{ID: id, PrivateIP: fmt.Sprintf("10.0.%d.%d", i/250, i%250), Zone: "ap-northeast-1a", AgentOnline: true})
		pairs = append(pairs, world.Pair{ID: id, Port: 80})
	}
	if err := w.Register("web", pairs); err != nil {
		panic(err)
	}
	for _, p := range pairs {
		w.Checked("web", p, true, "")
	}
	return w
}

func form(action string, more ...string) *http.Request {
	v := url.Values{"Action": {action}, "Version": {elbVersion}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// TestAThousandChecksWithoutANetwork: where nothing real stands behind the
// targets, one goroutine makes the checks of all, each in its interval.
func TestAThousandChecksWithoutANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := crowd(1000, 5*time.Second, nil)
		seen := map[string]int{} // Look is called by Run's goroutine alone
		s := New(Options{
			World: w,
			Look: func(c world.Check) (world.Result, bool) {
				seen[c.ID]++
				return world.Result{OK: true}, c.ID != "i-00000000000000007"
			},
			Probe: func(_ context.Context, c world.Check) world.Result {
				if c.ID != "i-00000000000000007" {
					t.Error("asked over the network: ", c.ID)
				}
				return world.Result{Reason: world.ReasonTimeout}
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { _ = s.Run(ctx) })
		time.Sleep(20 * time.Second)
		synctest.Wait()
		cancel()
		run.Wait()
		if len(seen) != 1000 {
			t.Errorf("%d targets were checked", len(seen))
		}
		for id, n := range seen {
			if n != 4 {
				t.Fatalf("%s was checked %d times in four intervals", id, n)
			}
		}
		bad := 0
		for _, h := range must(w.Truth("web")) {
			if h.State != world.Healthy {
				bad++
			}
		}
		if bad != 1 {
			t.Errorf("%d targets are not healthy, want the one that Probe says so of", bad)
		}
	})
}

// BenchmarkHealthOf1000 is one DescribeTargetHealth of 1,000 targets, without the network.
func BenchmarkHealthOf1000(b *testing.B) {
	w := crowd(1000, time.Hour, nil)
	s := New(Options{World: w, Limits: NoLimits()})
	arn := w.Groups()[0].ARN
	b.ReportAllocs()
	for b.Loop() {
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, form("DescribeTargetHealth", "TargetGroupArn", arn))
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Body)
		}
	}
}

// BenchmarkChecksOf1000 is one round of health checks of 1,000 targets.
func BenchmarkChecksOf1000(b *testing.B) {
	now := time.Now()
	w := crowd(1000, 5*time.Second, func() time.Time { return now })
	b.ReportAllocs()
	for b.Loop() {
		for range 50 { // as they come in real time: some each moment
			now = now.Add(100 * time.Millisecond)
			w.NextCheck()
			w.Step(func(world.Check) world.Result { return world.Result{OK: true} })
		}
	}
}

// BenchmarkOutAndBackAmong1000 is one instance's way out and back among 1,000.
func BenchmarkOutAndBackAmong1000(b *testing.B) {
	now := time.Now()
	w := crowd(1000, 5*time.Second, func() time.Time { return now })
	one := []world.Pair{{ID: fmt.Sprintf("i-%017x", 500), Port: 80}}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Deregister("web", one); err != nil {
			b.Fatal(err)
		}
		if err := w.Register("web", one); err != nil {
			b.Fatal(err)
		}
		w.Checked("web", one[0], true, "")
	}
}
