package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy"
	"junban/deploy/awssim"
	"junban/deploy/engine"
)

// wide is one service of many instances, a tenth of which may be out at once.
func wide(instances int) setup {
	return setup{
		services: 1, instances: instances, delay: 20 * time.Second, interval: 5 * time.Second, command: time.Second, fake: true,
		unavailable: deploy.Count{N: 10, Percent: true}, limits: awssim.Limits{},
	}
}

// cost is what a wide rollout came to.
type cost struct {
	instances, events, calls, looks int
	wall                            time.Duration // in the fake time of the rollout
	cpu                             time.Duration // of the whole process, simulator and all
	start                           time.Duration // of CPU: until an engine has read the journal anew
	heap                            uint64        // bytes, at the end, after a collection
	journal                         int64         // bytes
}

func (c cost) each() time.Duration { return c.cpu / time.Duration(c.instances) }

// cpu is the processor time that this process has taken.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rolled deploys to many instances in fake time, and measures.
func rolled(tb testing.TB, r *rig) cost {
	tb.Helper()
	r.live()
	before := cpu(tb)
	ids := r.deploys()
	op := r.finish(ids)[0]
	c := cost{instances: r.instances, cpu: cpu(tb) - before, wall: op.FinishedAt.Sub(op.StartedAt), events: op.Seq}
	if op.State != deploy.StateSucceeded {
		tb.Errorf("%s %s", op.State, op.Cause)
	}
	c.looks = r.aws.Count("DescribeTargetHealth")
	for _, call := range r.aws.Calls() {
		c.calls++
		if call.Outcome != awssim.OK {
			tb.Errorf("%s: %s", call.Action, call.Outcome)
		}
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	c.heap = m.HeapAlloc
	info, err := os.Stat(filepath.Join(r.dir, "junban.db"))
	if err != nil {
		tb.Fatal(err)
	}
	c.journal = info.Size()
	before = cpu(tb)
	if _, err := engine.New(r.options).Operation(tb.Context(), ids[0]); err != nil {
		tb.Error(err)
	}
	c.start = cpu(tb) - before
	r.end()
	return c
}

func (c cost) String() string {
	return fmt.Sprintf("%d instances: %v of CPU, %.2f looks, %.2f calls, %.1f events and %.1f KB of journal each; %v; read anew in %v; heap %d MB",
		c.instances, c.each().Round(time.Microsecond), c.per(c.looks), c.per(c.calls), c.per(c.events), c.per(int(c.journal>>10)),
		c.wall.Round(time.Second), c.start.Round(time.Millisecond), c.heap>>20)
}

func (c cost) per(n int) float64 { return float64(n) / float64(c.instances) }

// bubble rolls out to many instances in a bubble of its own.
func bubble(t *testing.T, instances int) (c cost) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { c = rolled(t, newRig(t, wide(instances))) })
	t.Log(c)
	return c
}

// dearer is how much more an instance may cost among many than among few: a thousand cost 0.8 to 1.2 times as much each as
// ten. What few share is dearer to each of them; a decision passes over all that are out, however many.
const dearer = 1.3

// TestAnInstanceAmongManyCostsAsMuchAsAmongFew: processor time, calls and journal, all of one process, the simulated AWS
// among it. JUNBAN_WIDE=1 measures a thousand targets, which takes a minute or two.
func TestAnInstanceAmongManyCostsAsMuchAsAmongFew(t *testing.T) {
	small, large := 20, 150
	if os.Getenv("JUNBAN_WIDE") != "" {
		small, large = 10, 1000
	}
	bubble(t, small) // what is done once in a process is no part of it
	few, many := bubble(t, small), bubble(t, large)
	t.Logf("%.2f times the processor time; load average %s", many.each().Seconds()/few.each().Seconds(), load())
	if many.each().Seconds() > dearer*few.each().Seconds() {
		t.Errorf("%v of CPU per instance among %d, %v among %d: at most %.1f times as much is wanted", many.each(), large, few.each(), small, dearer)
	}
	if many.per(many.looks) > few.per(few.looks) || many.per(many.calls) > few.per(few.calls) {
		t.Error("the calls per instance grow with the number of instances")
	}
	if many.per(many.events) > few.per(few.events) {
		t.Error("the events per instance grow with the number of instances")
	}
}
