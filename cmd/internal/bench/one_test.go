package bench

import (
	"testing"
	"time"
)

const (
	// nearFloor is how much longer than its floor one rollout may take; the AWS CLI's waiters took 2.06, Ansible 1.20.
	nearFloor = 1.05
	// fewLooks is how many DescribeTargetHealth an instance may cost; the CLI's waiters made 5, Ansible 31.
	fewLooks = 6
)

// BenchmarkOneRollout deploys to three instances in real time, over TCP, with commands that really run.
func BenchmarkOneRollout(b *testing.B) {
	for b.Loop() {
		r := newRig(b, setup{services: 1, instances: 3, delay: 20 * time.Second, interval: 5 * time.Second, command: time.Second, seed: uint64(time.Now().UnixNano())})
		r.live()
		op := r.finish(r.deploys())[0]
		f := r.figures(0, op)
		looks := float64(f.looks) / float64(r.instances)
		b.ReportMetric(f.wall.Seconds(), "s-wall")
		b.ReportMetric(f.floor.Seconds(), "s-floor")
		b.ReportMetric(f.ratio(), "wall/floor")
		b.ReportMetric(looks, "looks/instance")
		b.Logf("wall %.2f s, floor %.2f s: %.3f; %.2f looks per instance; load average %s", f.wall.Seconds(), f.floor.Seconds(), f.ratio(), looks, load())
		if f.ratio() > nearFloor || looks > fewLooks {
			b.Errorf("more than %.2f of the floor, or more than %d looks per instance:\n%s", nearFloor, fewLooks, r.story(op))
		}
		r.end()
	}
}
