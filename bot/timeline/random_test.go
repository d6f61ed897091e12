package timeline

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"junban/deploy"
)

// names are what people and machines call instances, and what they should not.
var names = []string{"web", "", "受注サーバー", "production-web-asg-ap-northeast-1a-blue-fleet-0000000042-of-the-other-account", "😀😀", "a\xff\n\u202eb", "鷗"}

// TestWhateverAJournalHolds draws any operation that the core folds, with clocks that jump, and words of any length.
func TestWhateverAJournalHolds(t *testing.T) {
	runs(t)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 2, 3, 12, 40, 41, 90, 300}).Draw(t, "instances")
		kind := rapid.SampledFrom([]deploy.Kind{deploy.KindDeploy, deploy.KindDeploy, deploy.KindDrain, deploy.KindRestore}).Draw(t, "kind")
		j := randomly(t, settings{
			kind: kind, instances: n, window: rapid.SampledFrom([]int{1, 3, 400}).Draw(t, "window"), chores: rapid.Bool().Draw(t, "chores"),
			name: func(i int) string { return rapid.SampledFrom(names).Draw(t, "name") + fmt.Sprint(i) },
		})
		w := rapid.SampledFrom([]Words{{}, english, japanese, long()}).Draw(t, "words")
		painted(t, Picture{Title: rapid.SampledFrom(append(names, title)).Draw(t, "title"), Words: w, Now: j.now.Add(step(t))}, j.events)
	})
}

// runs says how many operations are drawn: JUNBAN_RUNS, or a few dozen.
func runs(t *testing.T) {
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if asked {
		return
	}
	if err := flag.Set("rapid.checks", cmp.Or(os.Getenv("JUNBAN_RUNS"), "40")); err != nil {
		t.Fatal(err)
	}
}

// long are words as nobody should choose them.
func long() Words {
	const s = "Donaudampfschifffahrtsgesellschaft in Ruhe"
	return Words{
		Drain: s, Command: s, Verify: s, Health: s, RollBack: s, Undecided: s, Out: s, Paused: s, Started: s, Requested: s, Failed: s,
		Unknown: s, Decided: s, Restarted: s, Aborted: s, Turned: s, Whole: s, Before: s, First: s, After: s,
		Outcome: map[string]string{"rolling": s, "undecided": s + s}, Status: map[string]string{"waiting": s + s, "failed": s},
	}
}

// step is how much time passes between two events; a clock may have been put back.
func step(t *rapid.T) time.Duration {
	return rapid.SampledFrom([]time.Duration{0, time.Millisecond, sec, 20 * sec, 5 * mnt, 3 * time.Hour, 90 * 24 * time.Hour, -time.Hour}).Draw(t, "passes")
}

// randomly tries events of all types in any order, and keeps those that the core takes: every journal that it folds can
// come of it, also such as no engine writes.
func randomly(t *rapid.T, s settings) *journal {
	p := planOf(s)
	if rapid.IntRange(0, 9).Draw(t, "order") == 0 {
		p.Preview.Order = p.Preview.Order[:len(p.Preview.Order)/2]
	}
	j := &journal{t: nobody{}, now: t0}
	j.may(deploy.Event{Type: deploy.EventRequested, By: "U0ALICE", Plan: &p})
	if rapid.IntRange(0, 9).Draw(t, "starts") > 0 {
		j.may(deploy.Event{Type: deploy.EventStarted, Plan: &p})
	}
	for range rapid.IntRange(0, 150).Draw(t, "events") {
		j.now = j.now.Add(step(t))
		j.may(event(t, j.op))
	}
	return j
}

// nobody is the test of a journal that only tries.
type nobody struct{ testing.TB }

// event is any event, rather one that fits.
func event(t *rapid.T, o deploy.Operation) deploy.Event {
	e := deploy.Event{Type: rapid.SampledFrom([]deploy.Type{
		deploy.EventBegun, deploy.EventBegun, deploy.EventBegun, deploy.EventEnded, deploy.EventEnded, deploy.EventEnded, deploy.EventUnknown, deploy.EventChosen, deploy.EventChosen,
		deploy.EventAccepted, deploy.EventResumed, deploy.EventPaused, deploy.EventContinued, deploy.EventAsked, deploy.EventStopped, deploy.EventTurned, deploy.EventAborted, deploy.EventFinished,
	}).Draw(t, "type")}
	act := &deploy.Act{By: deploy.Person{ID: "U0BOB"}}
	if n := len(o.Lanes); n > 0 {
		e.Lane = rapid.IntRange(0, min(n-1, rapid.SampledFrom([]int{3, 400}).Draw(t, "lanes"))).Draw(t, "lane")
		e.Attempt, act.Lane, act.Attempt = o.Lanes[e.Lane].Attempt, o.Lanes[e.Lane].Name, o.Lanes[e.Lane].Attempt
	}
	e.OK = rapid.IntRange(0, 3).Draw(t, "well") > 0
	switch e.Type {
	case deploy.EventEnded:
		if !e.OK {
			e.Cause = rapid.SampledFrom([]deploy.Cause{
				deploy.Because(deploy.CommandFailed), deploy.Because(deploy.PutBackByOther), deploy.Because(deploy.InstanceGone, "state", "terminated"), deploy.Because(deploy.InstanceGone, "state", "stopped"),
			}).Draw(t, "cause")
		}
	case deploy.EventChosen:
		act.Verb = rapid.SampledFrom([]deploy.ActVerb{deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut, deploy.ActLooked, deploy.ActGoOn}).Draw(t, "choice")
		e.Act = act
	case deploy.EventPaused, deploy.EventAborted:
		e.Act = act
	case deploy.EventContinued:
		act.Verb = rapid.SampledFrom([]deploy.ActVerb{deploy.ActResume, deploy.ActContinue}).Draw(t, "goes on")
		e.Act = act
	case deploy.EventAsked:
		e.Cause = deploy.Because(deploy.AlarmOn)
	case deploy.EventFinished:
		e.State = rapid.SampledFrom([]deploy.State{deploy.StateSucceeded, deploy.StateFailed, deploy.StateAborted, deploy.StateExpired}).Draw(t, "end")
	}
	return e
}
