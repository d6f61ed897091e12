package awscloud_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
	"junban/deploy/engine"
)

// fleets makes n target groups of three instances each, and answers their ARNs.
func (f *fixture) fleets(t *testing.T, n int) []string {
	t.Helper()
	var out []string
	for g := range n {
		name := fmt.Sprintf("load-%02d", g)
		out = append(out, f.world.AddGroup(world.Group{Name: name, Delay: 20 * time.Second, Interval: 5 * time.Second}))
		for i := range 3 {
			id := fmt.Sprintf("i-%02d%d", g, i)
			f.world.AddInstance(world.Instance{ID: id})
			must(t, f.world.Register(name, []world.Pair{{ID: id}}))
		}
	}
	return out
}

// throttles fails the test if AWS has throttled anything.
func (f *fixture) throttles(t *testing.T) {
	t.Helper()
	for _, c := range f.sim.Calls() {
		if c.Outcome != awssim.OK {
			t.Fatalf("%s at %v: %s", c.Action, c.At, c.Outcome)
		}
	}
}

// TestFiftyReadersShareOneBucketFairly: fifty rollouts look at their groups as often as they can, against AWS's bucket of
// 40 refilled at 10 a second. Nothing is throttled, everybody gets the same, and nobody waits longer than one round.
func TestFiftyReadersShareOneBucketFairly(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		const readers = 50
		groups := f.fleets(t, readers)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		var all sync.WaitGroup
		looks, longest := make([]int, readers), make([]time.Duration, readers)
		for n := range readers {
			all.Go(func() {
				for {
					since := time.Now()
					r, err := f.Health(ctx, groups[n], since)
					if ctx.Err() != nil {
						return
					}
					if err != nil || r.Begun.Before(since) || len(r.Targets) != 3 {
						t.Errorf("reader %d got %+v, %v", n, r, err)
						return
					}
					looks[n]++
					longest[n] = max(longest[n], time.Since(since))
					time.Sleep(time.Duration(100+n) * time.Millisecond)
				}
			})
		}
		all.Wait()
		f.throttles(t)
		least, most, worst := looks[0], looks[0], time.Duration(0)
		for n := range readers {
			least, most, worst = min(least, looks[n]), max(most, looks[n]), max(worst, longest[n])
		}
		if most-least > 1 {
			t.Errorf("one reader had %d looks, another %d", most, least)
		}
		if limit := readers*time.Second/9 + 100*time.Millisecond; worst > limit {
			t.Errorf("somebody waited %v for a reading, want %v at most", worst, limit)
		}
		if sum := f.sim.Count(health); sum < 2*60*9 { // the budget, whole
			t.Errorf("%d readings in two minutes: less than the budget allows", sum)
		}
	})
}

// TestManyWhoAskForOneGroupAreOneReader: what is asked together costs one call, so a large rollout waits for nobody.
func TestManyWhoAskForOneGroupAreOneReader(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		group := f.fleets(t, 1)[0]
		f.sim.Fault(awssim.Fault{Action: health, Do: awssim.Dawdle, Delay: 50 * time.Millisecond})
		var all sync.WaitGroup
		began := time.Now()
		for range 200 {
			all.Go(func() {
				for range 20 {
					if _, err := f.Health(t.Context(), group, time.Now()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := f.sim.Count(health); n > 25 || time.Since(began) > 5*time.Second {
			t.Errorf("4000 looks took %d calls and %v", n, time.Since(began))
		}
	})
}

// TestFiftyRolloutsTakeOutAtOnce: a reading is good for two seconds, and AWS takes four DeregisterTargets a second. Who
// comes too late reads again; nothing is throttled, and all are out as soon as the budget allows.
func TestFiftyRolloutsTakeOutAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		groups := f.fleets(t, 50)
		began := time.Now()
		var all sync.WaitGroup
		for n, g := range groups {
			all.Go(func() {
				for {
					r, err := f.Health(t.Context(), g, time.Now())
					if err != nil {
						t.Error(err)
						return
					}
					err = f.Deregister(t.Context(), g, []deploy.Pair{{Group: g, Target: fmt.Sprintf("i-%02d0", n), Port: 80}}, r.Begun.Add(2*time.Second))
					if !errors.Is(err, engine.ErrLate) {
						must(t, err)
						return
					}
					time.Sleep(250 * time.Millisecond)
				}
			})
		}
		all.Wait()
		f.throttles(t)
		// A burst of 16, then 34 at four a second.
		if took, n := time.Since(began), f.sim.Count(health); took > 9*time.Second || n > 120 {
			t.Errorf("it took %v and %d readings", took, n)
		}
	})
}
