package card

import (
	"strings"
	"testing"
	"time"

	"junban/bot/card/scenes"
	"junban/deploy"
)

// The thread names a gate that refuses once for each cause; what is as ever between two instances waits for a message
// that is due.
func TestAGateIsNamedOnceForEachCause(t *testing.T) {
	s := begin(t, scenes.Plan(deploy.KindDeploy, 4)).approve(time.Minute)
	gate := func(lane int, code deploy.Code, pairs ...any) {
		s.does(2*time.Minute, deploy.Event{Type: deploy.EventGated, Lane: lane, Cause: deploy.Because(code, pairs...)})
	}
	story := en.NewStory()
	told := 0
	next := func(what string, due bool, want ...string) {
		t.Helper()
		for _, e := range s.events[told:] {
			if err := story.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		told = len(s.events)
		if story.Due() != due {
			t.Errorf("%s: due is %v", what, story.Due())
		}
		m, _ := story.Message()
		if got := strings.Count(m.Plain(), "Kept in service"); got != len(want) {
			t.Errorf("%s: %d gates are named:\n%s", what, got, m.Plain())
		}
		for _, w := range want {
			if !strings.Contains(m.Plain(), w) {
				t.Errorf("%s: %q is not in:\n%s", what, w, m.Plain())
			}
		}
		if due {
			story.Told()
		}
	}
	next("the start", true)
	gate(1, deploy.GateUnavailable, "instances", "i-0001")
	next("as ever", false, "web-2 (i-0002): Kept in service by max_unavailable")
	gate(1, deploy.GateHealthy, "group", "web", "healthy", 1, "minimum", 2, "instance", "i-0002")
	next("a gate that matters", true, "by max_unavailable", "by min_healthy")
	gate(2, deploy.GateUnavailable, "instances", "i-0002")
	gate(2, deploy.GateHealthy, "group", "web", "healthy", 0, "minimum", 2, "instance", "i-0003")
	next("the same causes again", false)
	gate(2, deploy.GateHealthy, "group", "api", "healthy", 0, "minimum", 2, "instance", "i-0003")
	next("another group", true, "in api")
}

// Above ten instances what goes well waits for a batch; an exception takes it along at once.
func TestAnExceptionTakesTheBatchAlong(t *testing.T) {
	s := begin(t, scenes.Plan(deploy.KindDeploy, 12)).approve(time.Minute).steps(0, 4).steps(1, 4)
	story := en.NewStory()
	for n, e := range s.events {
		if err := story.Add(e); err != nil {
			t.Fatal(err)
		}
		if n == 2 { // the start
			story.Told()
		}
	}
	if story.Due() {
		t.Error("two instances are a message of their own")
	}
	s.does(20*time.Minute, deploy.Event{Type: deploy.EventBegun, Lane: 2, Attempt: 1, Deadline: t0.Add(time.Hour)})
	s.does(21*time.Minute, deploy.Event{Type: deploy.EventEnded, Lane: 2, Cause: deploy.Because(deploy.DrainTimeout, "after", 5*time.Minute)})
	for _, e := range s.events[len(s.events)-2:] {
		if err := story.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	m, _ := story.Message()
	if lines := strings.Split(m.Plain(), "\n"); !story.Due() || !m.Broadcast || !strings.HasPrefix(lines[0], "Healthy: web-1, web-2. 2 of 12 done.") ||
		!strings.HasPrefix(lines[1], "web-3 (i-0003): draining → failed after 1 min.") {
		t.Errorf("due %v, broadcast %v:\n%s", story.Due(), m.Broadcast, m.Plain())
	}
}

// The bar never shows more than is done.
func TestBar(t *testing.T) {
	for _, c := range []struct {
		done, all int
		want      string
	}{{0, 4, "▱▱▱▱"}, {2, 4, "▰▰▱▱"}, {4, 4, "▰▰▰▰"}, {0, 0, ""}, {199, 200, "▰▰▰▰▰▰▰▰▰▱"}, {20, 200, "▰▱▱▱▱▱▱▱▱▱"}, {1, 1, "▰"}} {
		if got := bar(c.done, c.all); got != c.want {
			t.Errorf("%d of %d: %s", c.done, c.all, got)
		}
	}
}
