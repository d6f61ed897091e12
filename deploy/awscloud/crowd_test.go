package awscloud_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/awscloud/awstest"
	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
)

const describeInstances = "DescribeInstances"

// machines adds n instances, i-100 and on.
func (f *fixture) machines(n int) []string {
	var ids []string
	for k := range n {
		ids = append(ids, fmt.Sprintf("i-%d", 100+k))
		f.world.AddInstance(world.Instance{ID: ids[k]})
	}
	return ids
}

func TestHostsThatAreAskedForTogetherAreOneCall(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		ids := f.machines(250)
		must(t, f.world.Stop("i-117"))
		began := time.Now()
		var all sync.WaitGroup
		for _, id := range append(ids, "i-gone") {
			all.Go(func() {
				h, err := f.Host(t.Context(), id)
				want := map[string]string{"i-117": "stopped", "i-gone": "terminated"}[id]
				if want == "" {
					want = "running"
				}
				if err != nil || h.State != want || h.Begun.Before(began) {
					t.Errorf("%s is %+v, %v", id, h, err)
				}
			})
		}
		all.Wait()
		// Three batches, of 100 at most; in one of them is the unknown one, which is found by halves.
		if n := f.sim.Count(describeInstances); n > 3+2*7 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestHostsGatherWhileTheBudgetIsSpent(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		ids := f.machines(60)
		slow := rate.NewLimiter(rate.Every(5*time.Second), 1)
		c := awscloud.New(f.cfg, awscloud.Options{Hosts: slow})
		began := time.Now()
		var all sync.WaitGroup
		for n, id := range ids {
			all.Go(func() {
				time.Sleep(time.Duration(n) * 50 * time.Millisecond) // for three seconds
				asked := time.Now()
				h, err := c.Host(t.Context(), id)
				if err != nil || h.Begun.Before(asked) {
					t.Errorf("%s: %+v, %v", id, h, err)
				}
			})
		}
		all.Wait()
		// One at once, one that waits for the budget, and one with all others.
		if n := f.sim.Count(describeInstances); n != 3 || time.Since(began) > 11*time.Second {
			t.Errorf("%d calls in %v, want 3", n, time.Since(began))
		}
	})
}

func TestAFailedReadingOfHostsIsNotKept(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.sim.Fault(awssim.Fault{Action: describeInstances, Code: "InternalFailure", Status: 500, Times: 3})
		_, err := f.Host(t.Context(), "i-1")
		fault(t, err, deploy.Unsure, "DescribeInstances i-1", "InternalFailure")
		if h, err := f.Host(t.Context(), "i-1"); err != nil || h.State != "running" {
			t.Errorf("a failure was kept: %+v, %v", h, err)
		}
	})
}

func TestAHostThatAnAnswerLacksHarmsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item><instancesSet>`+
				`<item><instanceId>i-1</instanceId><instanceState><code>16</code><name>running</name></instanceState></item></instancesSet></item></reservationSet></DescribeInstancesResponse>`)
		})
		c := awscloud.New(awstest.Config(t, one, nil), awscloud.Options{})
		var all sync.WaitGroup
		all.Go(func() {
			if h, err := c.Host(t.Context(), "i-1"); err != nil || h.State != "running" {
				t.Errorf("i-1: %+v, %v", h, err)
			}
		})
		_, err := c.Host(t.Context(), "i-2")
		fault(t, err, deploy.Unsure, "malformed", "it lacks i-2")
		all.Wait()
	})
}

func TestAnAskerOfACrowdWhoLeavesTakesNothingFromTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		held := f.sim.Fault(awssim.Fault{Action: describeInstances, Do: awssim.Hold, Times: 1})
		ctx, cancel := context.WithCancel(t.Context())
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { _, err := f.Host(ctx, "i-1"); first <- err }()
		go func() { _, err := f.Host(t.Context(), "i-2"); second <- err }()
		<-held.Held()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left got %v", err)
		}
		held.Release()
		if err := <-second; err != nil {
			t.Errorf("the one who stayed got %v", err)
		}
		if n := f.sim.Count(describeInstances); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
}

func TestACrowdThatNobodyWaitsForEnds(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		held := f.sim.Fault(awssim.Fault{Action: describeInstances, Do: awssim.Hold, Times: 1})
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 2)
		for _, id := range []string{"i-1", "i-2"} {
			go func() { _, err := f.Host(ctx, id); left <- err }()
		}
		<-held.Held()
		cancel()
		began := time.Now()
		for range 2 {
			if err := <-left; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		synctest.Wait()
		if time.Since(began) != 0 {
			t.Errorf("it took %v", time.Since(began))
		}
		if _, err := f.Host(t.Context(), "i-1"); err != nil { // it must not join the dead call, nor find its turn taken
			t.Error(err)
		}
		held.Discard()
	})
}
