package bench

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy/awssim"
)

// atOnce is how much longer than its floor the median of 50 rollouts may take that draw from one account's buckets.
const atOnce = 1.25

// fifty are 50 services of three instances, whose rollouts start at the same moment.
func fifty(fake bool) setup {
	return setup{
		services: 50, instances: 3, delay: 20 * time.Second, interval: 5 * time.Second, command: time.Second, fake: fake, together: true,
		limits: awssim.Limits{ELBReads: awssim.Limit{Burst: 40, PerSecond: 10}},
	}
}

// crowd is what many rollouts at once came to.
type crowd struct {
	ratios    []float64 // wall over floor of each, ascending
	looks     float64   // per instance
	throttled map[string]int
}

func (c crowd) at(q float64) float64 { return c.ratios[int(q*float64(len(c.ratios)-1))] }

// play deploys all services at once.
func (r *rig) play() crowd {
	r.tb.Helper()
	r.live()
	ids := r.deploys()
	c := crowd{throttled: map[string]int{}}
	for n, op := range r.finish(ids) {
		f := r.figures(n, op)
		c.ratios = append(c.ratios, f.ratio())
		c.looks += float64(f.looks) / float64(r.instances*r.services)
	}
	slices.Sort(c.ratios)
	for _, call := range r.aws.Calls() {
		if call.Outcome == "ThrottlingException" {
			c.throttled[call.Action]++
		}
	}
	r.end()
	return c
}

// judge says what is too slow, and whether AWS had to throttle anything.
func (c crowd) judge(tb testing.TB) {
	tb.Helper()
	tb.Logf("wall over floor: best %.3f, median %.3f, worst %.3f; %.2f looks per instance; throttled %v; load average %s",
		c.at(0), c.at(0.5), c.at(1), c.looks, c.throttled, load())
	if c.at(0.5) > atOnce {
		tb.Errorf("the median is %.3f of the floor, at most %.2f is wanted", c.at(0.5), atOnce)
	}
	if len(c.throttled) > 0 {
		tb.Errorf("throttled: %v", c.throttled)
	}
}

// TestFiftyRolloutsAtOnce: all succeed, AWS throttles nothing, and the median is near its floor, however scarce calls are.
func TestFiftyRolloutsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		newRig(t, fifty(true)).play().judge(t)
	})
}

// BenchmarkFiftyRollouts is the same in real time, over TCP, with commands that really run.
func BenchmarkFiftyRollouts(b *testing.B) {
	for b.Loop() {
		c := newRig(b, fifty(false)).play()
		b.ReportMetric(c.at(0.5), "median/floor")
		b.ReportMetric(c.looks, "looks/instance")
		c.judge(b)
	}
}
