package bench

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const (
	// nearFloor is how much longer than its floor a rollout may take; the AWS CLI's waiters took 2.06, Ansible 1.20.
	nearFloor = 1.05
	// fewLooks is how many DescribeTargetHealth an instance may cost; the CLI's waiters made 5, Ansible 31.
	fewLooks = 6
	// beside is how many rollouts are measured at the same time, each in an account of its own: when the health checks
	// come is chance, and one rollout alone says little.
	beside = 4
)

// three is a service of three instances.
func three(seed uint64) setup {
	return setup{services: 1, instances: 3, delay: 20 * time.Second, interval: 5 * time.Second, command: time.Second, seed: seed}
}

// sum is what some rollouts came to.
type sum struct {
	wall, floor  time.Duration
	guard        time.Duration
	looks, hosts int
	alone        int // rollouts that miss a bound by themselves
}

func (s *sum) add(f figures, instances int) {
	s.wall, s.floor, s.guard = s.wall+f.wall, s.floor+f.floor, s.guard+f.guard
	s.looks, s.hosts = s.looks+f.looks, s.hosts+instances
	if f.ratio() > nearFloor || f.looks > fewLooks*instances {
		s.alone++
	}
}

func (s *sum) ratio() float64 { return s.wall.Seconds() / s.floor.Seconds() }

func (s *sum) each() float64 { return float64(s.looks) / float64(s.hosts) }

func (s *sum) judge(tb testing.TB) {
	tb.Helper()
	tb.Logf("%.3f of the floor (%.3f, if the %.2f s per instance that hosts took around their commands count as lost); %.2f looks per instance; load average %s",
		s.ratio(), s.wall.Seconds()/(s.floor-s.guard).Seconds(), s.guard.Seconds()/float64(s.hosts), s.each(), load())
	if s.ratio() > nearFloor {
		tb.Errorf("%.3f of the floor, at most %.2f is wanted", s.ratio(), nearFloor)
	}
	if s.each() > fewLooks {
		tb.Errorf("%.2f DescribeTargetHealth per instance, at most %d are wanted", s.each(), fewLooks)
	}
}

// BenchmarkOneRollout deploys to three instances in real time, over TCP, with commands that really run.
func BenchmarkOneRollout(b *testing.B) {
	for b.Loop() {
		var rigs []*rig
		for n := range beside {
			rigs = append(rigs, newRig(b, three(uint64(time.Now().UnixNano())+uint64(n))))
		}
		var all sync.WaitGroup
		found := make([]figures, beside)
		for n, r := range rigs {
			r.live()
			all.Go(func() {
				op := r.finish(r.deploys())[0]
				found[n] = r.figures(0, op)
				b.Logf("%.2f s, floor %.2f s: %.3f of it, %d looks", found[n].wall.Seconds(), found[n].floor.Seconds(), found[n].ratio(), found[n].looks)
				if found[n].ratio() > nearFloor {
					b.Log(r.story(op))
				}
			})
		}
		all.Wait()
		var s sum
		for n, r := range rigs {
			s.add(found[n], r.instances)
			r.end()
		}
		b.ReportMetric(s.ratio(), "wall/floor")
		b.ReportMetric(s.each(), "looks/instance")
		b.ReportMetric(s.guard.Seconds()/float64(s.hosts), "s-guard/instance")
		s.judge(b)
	}
}

// TestRolloutsNearTheirFloor is the same with nothing but chance in it: forty rollouts, in fake time.
func TestRolloutsNearTheirFloor(t *testing.T) {
	var s sum
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			set := three(seed)
			set.fake = true
			r := newRig(t, set)
			r.live()
			s.add(r.figures(0, r.finish(r.deploys())[0]), r.instances)
			r.end()
		})
	}
	s.judge(t)
	if s.alone > 8 { // which goroutine comes first is chance, in fake time too
		t.Errorf("%d of 40 rollouts miss a bound by themselves", s.alone)
	}
}
