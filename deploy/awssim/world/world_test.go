package world

import (
	"errors"
	"testing"
	"time"
)

// clock is a clock that tests move by hand.
type clock struct{ t time.Time }

func (c *clock) now() time.Time           { return c.t }
func (c *clock) add(d time.Duration)      { c.t = c.t.Add(d) }
func pass(Check) Result                   { return Result{OK: true} }
func fail503(Check) Result                { return Result{Reason: ReasonMismatch, Code: 503} }
func (c *clock) to(t time.Time)           { c.t = t }
func pairs(id string, port int) []Pair    { return []Pair{{ID: id, Port: port}} }
func reasonOf(h TargetHealth) [2]string   { return [2]string{h.State, h.Reason} }
func newWorld(o Options) (*World, *clock) { return newWorldWith(o, Group{}) }

// newWorldWith has a group "web" on a listener, port 80, with a delay of 30 s
// and checks each 10 s, and the instances i-1, i-2, i-3.
func newWorldWith(o Options, g Group) (*World, *clock) {
	c := &clock{t: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	o.Now = c.now
	w := New(o)
	g.Name = "web"
	if g.Delay == 0 {
		g.Delay = 30 * time.Second
	}
	if g.Interval == 0 {
		g.Interval = 10 * time.Second
	}
	g.UnhealthyThreshold, g.HealthyThreshold = 2, 3
	w.AddGroup(g)
	w.AddBalancer(Balancer{Name: "front", Zones: []Zone{{Name: "a"}, {Name: "c"}}})
	w.AddListener(Listener{Balancer: "front", Group: "web"})
	for _, id := range []string{"i-1", "i-2", "i-3"} {
		w.AddInstance(Instance{ID: id, Name: "web-" + id[2:], PrivateIP: "10.0.0." + id[2:], Zone: "a"})
	}
	return w, c
}

func health(t *testing.T, w *World, p Pair) TargetHealth {
	t.Helper()
	h, err := w.Health("web", []Pair{p})
	if err != nil {
		t.Fatal(err)
	}
	return h[0]
}

func want(t *testing.T, w *World, p Pair, state, reason string) {
	t.Helper()
	if got := reasonOf(health(t, w, p)); got != [2]string{state, reason} {
		t.Fatalf("%v reads %v, want %s %s", p, got, state, reason)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// serve makes a target healthy.
func serve(t *testing.T, w *World, c *clock, p Pair) {
	t.Helper()
	must(t, w.Register("web", []Pair{p}))
	for range 100 {
		if health(t, w, p).State == Healthy {
			return
		}
		c.to(w.NextCheck())
		w.Step(pass)
	}
	t.Fatal("never healthy")
}

func TestRegisteringGoesThroughInitialToHealthyWithinOneInterval(t *testing.T) {
	w, c := newWorld(Options{Seed: 7})
	start := c.t
	must(t, w.Register("web", pairs("i-1", 0)))
	p := Pair{"i-1", 80}
	want(t, w, p, Initial, ReasonRegistering)
	c.to(w.NextChange())
	want(t, w, p, Initial, ReasonChecking)
	first := w.NextCheck()
	if first.Sub(start) > 10*time.Second {
		t.Fatalf("first check %v after registering", first.Sub(start))
	}
	c.to(first)
	w.Step(pass)
	want(t, w, p, Healthy, "")
	if got := w.NextCheck().Sub(first); got != 10*time.Second {
		t.Fatalf("second check %v after the first", got)
	}
}

func TestPhasesDiffer(t *testing.T) {
	w, c := newWorld(Options{Seed: 1})
	seen := map[time.Duration]bool{}
	for _, id := range []string{"i-1", "i-2", "i-3"} {
		must(t, w.Register("web", pairs(id, 0)))
		_ = id
	}
	for range 3 {
		next := w.NextCheck()
		seen[next.Sub(c.t)] = true
		c.to(next)
		w.Step(pass)
	}
	if len(seen) != 3 {
		t.Fatalf("phases %v", seen)
	}
}

func TestDrainingLastsTheWholeDelay(t *testing.T) {
	w, c := newWorld(Options{})
	p := Pair{"i-1", 80}
	serve(t, w, c, p)
	must(t, w.Deregister("web", pairs("i-1", 0)))
	end := c.t.Add(30 * time.Second)
	want(t, w, p, Draining, ReasonDraining)
	c.add(10 * time.Second)
	must(t, w.Deregister("web", pairs("i-1", 0))) // again: the delay does not begin anew
	c.to(end.Add(-1))
	want(t, w, p, Draining, ReasonDraining)
	if got := w.NextChange(); !got.Equal(end) {
		t.Fatalf("NextChange %v, want %v", got, end)
	}
	c.to(end)
	want(t, w, p, Unused, ReasonNotRegister)
	if h, _ := w.Health("web", nil); len(h) != 0 {
		t.Fatalf("still listed: %v", h)
	}
}

func TestThePortTrap(t *testing.T) {
	w, c := newWorld(Options{})
	p := Pair{"i-1", 8080}
	serve(t, w, c, p)
	must(t, w.Deregister("web", pairs("i-1", 0))) // means port 80: silence
	want(t, w, p, Healthy, "")
	want(t, w, Pair{"i-1", 0}, Unused, ReasonNotRegister)
	log := w.Log()
	if last := log[len(log)-1]; last.Kind != KindDeregister || last.Effect {
		t.Fatalf("logged as %+v", last)
	}
}

func TestAnInstanceTargetMayComeBackWhileItDrains(t *testing.T) {
	w, c := newWorld(Options{})
	p := Pair{"i-1", 80}
	serve(t, w, c, p)
	must(t, w.Deregister("web", []Pair{p}))
	c.add(time.Second)
	must(t, w.Register("web", []Pair{p}))
	want(t, w, p, Initial, ReasonRegistering)
	c.add(time.Hour) // the old draining must not take the new registration away
	want(t, w, p, Initial, ReasonChecking)
}

func TestAnAddressMayNot(t *testing.T) {
	w, c := newWorldWith(Options{}, Group{TargetType: "ip"})
	p := Pair{"10.0.0.1", 80}
	serve(t, w, c, p)
	must(t, w.Deregister("web", []Pair{p}))
	if err := w.Register("web", []Pair{p}); code(err) != "InvalidTarget" {
		t.Fatalf("got %v", err)
	}
	c.add(30 * time.Second)
	must(t, w.Register("web", []Pair{p}))
}

func TestThresholds(t *testing.T) {
	w, c := newWorld(Options{})
	p := Pair{"i-1", 80}
	serve(t, w, c, p)
	step := func(probe func(Check) Result) { c.to(w.NextCheck()); w.Step(probe) }
	step(fail503)
	want(t, w, p, Healthy, "")
	step(pass)
	step(fail503)
	want(t, w, p, Healthy, "") // fails must be in a row
	step(fail503)
	want(t, w, p, Unhealthy, ReasonMismatch)
	if d := health(t, w, p).Description; d != "Health checks failed with these codes: [503]" {
		t.Fatalf("description %q", d)
	}
	step(pass)
	step(pass)
	want(t, w, p, Unhealthy, ReasonMismatch)
	step(pass)
	want(t, w, p, Healthy, "")

	q := Pair{"i-2", 80}
	must(t, w.Register("web", []Pair{q}))
	for range 2 {
		w.Checked("web", q, false, ReasonTimeout)
	}
	want(t, w, q, Unhealthy, ReasonTimeout)
}

func TestAnAnswerOfAnEarlierRegistrationIsDropped(t *testing.T) {
	w, c := newWorld(Options{})
	p := Pair{"i-1", 80}
	serve(t, w, c, p)
	c.to(w.NextCheck())
	late := w.DueChecks(c.t)
	must(t, w.Deregister("web", []Pair{p}))
	must(t, w.Register("web", []Pair{p}))
	w.Answer(late[0], Result{OK: true})
	want(t, w, p, Initial, ReasonRegistering)
}

func TestRoutesFailOpenAndListDraining(t *testing.T) {
	w, c := newWorld(Options{})
	a, b := Pair{"i-1", 80}, Pair{"i-2", 80}
	serve(t, w, c, a)
	must(t, w.Register("web", []Pair{b}))
	if r := w.Routes("web"); len(r) != 1 || r[0].ID != "i-1" || r[0].Addr != "10.0.0.1:80" {
		t.Fatalf("with one healthy: %+v", r)
	}
	for _, p := range []Pair{a, b} {
		w.Checked("web", p, false, "")
		w.Checked("web", p, false, "")
	}
	if r := w.Routes("web"); len(r) != 2 || r[0].Draining {
		t.Fatalf("with none healthy: %+v", r)
	}
	must(t, w.Deregister("web", []Pair{a}))
	if r := w.Routes("web"); len(r) != 2 || !r[0].Draining || r[1].Draining {
		t.Fatalf("while draining: %+v", r)
	}
	c.add(30 * time.Second)
	if r := w.Routes("web"); len(r) != 1 || r[0].ID != "i-2" {
		t.Fatalf("afterwards: %+v", r)
	}
}

func TestZonesAndListeners(t *testing.T) {
	w, c := newWorld(Options{})
	p := Pair{"i-1", 80}
	serve(t, w, c, p)
	w.SetZones("front", []Zone{{Name: "c"}})
	want(t, w, p, Unused, ReasonNotInUse)
	if len(w.Routes("web")) != 0 {
		t.Fatal("routed to a zone that is not enabled")
	}
	w.SetZones("front", []Zone{{Name: "a"}})
	want(t, w, p, Initial, ReasonRegistering)
	w.RemoveListener(w.Listeners()[0].ARN)
	want(t, w, p, Unused, ReasonNotInUse)
	if !w.NextCheck().IsZero() {
		t.Fatal("a group that is not in use is checked")
	}
}

func TestStaleReadsNeverShowMoreThanTheirAge(t *testing.T) {
	w, c := newWorld(Options{Seed: 3})
	p := Pair{"i-1", 80}
	serve(t, w, c, p)
	c.add(time.Minute)
	must(t, w.Deregister("web", []Pair{p}))
	w.SetStale(10 * time.Second)
	c.add(5 * time.Second)
	seen := map[string]int{}
	for range 200 {
		seen[health(t, w, p).State]++
	}
	if seen[Healthy] == 0 || seen[Draining] == 0 {
		t.Fatalf("five seconds after: %v", seen)
	}
	c.add(5*time.Second + 1)
	for range 200 {
		want(t, w, p, Draining, ReasonDraining)
	}
	if h, _ := w.Truth("web"); h[0].State != Draining {
		t.Fatal("the truth is never stale")
	}
	c.add(time.Minute)
	must(t, w.Register("web", []Pair{p}))
	seen = map[string]int{}
	for range 200 {
		seen[health(t, w, p).Reason]++
	}
	if seen[ReasonNotRegister] == 0 {
		t.Fatalf("NotRegistered is still reported after a register: %v", seen)
	}
}

func TestTheLogJudges(t *testing.T) {
	w, c := newWorld(Options{})
	for _, id := range []string{"i-1", "i-2", "i-3"} {
		serve(t, w, c, Pair{id, 80})
	}
	serve(t, w, c, Pair{"i-1", 81}) // a second pair of one instance counts once
	m := w.Mark()
	if got := w.LeastHealthy("web", m); got != 3 {
		t.Fatalf("at rest: %d", got)
	}
	must(t, w.Deregister("web", pairs("i-2", 80)))
	w.CommandStarted("i-2", "c-1", "op/0/1")
	w.CommandStarted("i-1", "c-2", "")
	serve(t, w, c, Pair{"i-2", 80})
	if got := w.LeastHealthy("web", m); got != 2 {
		t.Fatalf("one was out: %d", got)
	}
	if w.Commands("i-2", m) != 1 {
		t.Fatal("commands miscounted")
	}
	for _, e := range w.LogSince(m) {
		if e.Kind == KindCommand && (len(e.InService) > 0) != (e.Instance == "i-1") {
			t.Fatalf("in service: %+v", e)
		}
	}
}

func TestTransitionsAreLoggedAtTheirOwnMoment(t *testing.T) {
	w, c := newWorld(Options{})
	p := Pair{"i-1", 80}
	serve(t, w, c, p)
	must(t, w.Deregister("web", []Pair{p}))
	end := c.t.Add(30 * time.Second)
	changed := w.Changed()
	c.add(time.Hour)
	w.NextChange()
	select {
	case <-changed:
	default:
		t.Fatal("nobody was told")
	}
	log := w.Log()
	if last := log[len(log)-1]; !last.At.Equal(end) || last.To != Unused || last.From != Draining {
		t.Fatalf("last entry %+v, want at %v", last, end)
	}
}

func TestPassingInstanceStates(t *testing.T) {
	w, c := newWorld(Options{StateChange: 20 * time.Second})
	p := Pair{"i-1", 80}
	serve(t, w, c, p)
	must(t, w.Stop("i-1"))
	if d := health(t, w, p).Description; d != "Target is in the stopping state" {
		t.Fatal(d)
	}
	c.add(20 * time.Second)
	if i, _ := w.Instance("i-1"); i.State != Stopped {
		t.Fatal(i.State)
	}
	must(t, w.Start("i-1"))
	if err := w.Register("web", []Pair{{"i-1", 81}}); code(err) != "InvalidTarget" {
		t.Fatalf("pending: %v", err)
	}
	c.add(20 * time.Second)
	want(t, w, p, Initial, ReasonRegistering)
	if err := w.Stop("i-9"); code(err) != "InvalidInstanceID.NotFound" {
		t.Fatal(err)
	}
}
