package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
)

// byHand takes one instance out, releases there, and puts it back, as a patient hand does.
func (s *stage) byHand(n int, ref string) {
	s.t.Helper()
	i := s.fleet.instances[n]
	pair := []world.Pair{{ID: i.ID(), Port: port}}
	if err := s.fleet.world.Deregister(group, pair); err != nil {
		s.t.Fatal(err)
	}
	s.until(i.Name()+" is drained", func() bool {
		_, listed := s.fleet.listed()[i.ID()]
		return !listed
	})
	machine, _ := s.fleet.world.Instance(i.ID())
	for _, script := range []string{"release.sh", "verify.sh"} {
		out := awssim.Shell(s.ctx, awssim.Exec{Instance: machine, Command: script, Script: "REF=" + ref + " ./" + script})
		if out.Code != 0 {
			s.t.Fatalf("%s on %s: %+v", script, i.Name(), out)
		}
	}
	if err := s.fleet.world.Register(group, pair); err != nil {
		s.t.Fatal(err)
	}
	s.until(i.Name()+" is healthy", func() bool { return s.fleet.listed()[i.ID()].State == world.Healthy })
}

func TestDrainingIsNotFeltAndHurryIs(t *testing.T) {
	t.Parallel()
	s := perform(t, options{flags: quick(3), bot: nobody})
	for n := range s.fleet.instances {
		s.byHand(n, "v42")
	}
	if got := s.seen(100); got.Failed != 0 || got.ByVersion["v42"] == 0 {
		t.Fatalf("draining was felt: %+v", got)
	}

	if err := s.fleet.hurry(); err != nil {
		t.Fatal(err)
	}
	if err := s.fleet.hurry(); err == nil {
		t.Error("a second hurry began before the first had ended")
	}
	if got := s.live.state().Hurry; got != "running" {
		t.Errorf("hurry is %s", got)
	}
	s.until("the hurried hand is done", func() bool { return s.live.state().Hurry == "idle" })
	if got := s.seen(100); got.Failed == 0 || got.ByVersion["v43-hurried"] == 0 {
		t.Errorf("releasing in service was not felt: %+v", got)
	}
	for _, e := range s.fleet.world.Log() {
		if e.Kind == world.KindCommand {
			t.Errorf("the hurried hand used SSM: %+v", e)
		}
	}
	after := s.live.state()
	if after.Failed == 0 || after.LastFailure == "" {
		t.Errorf("the picture does not tell of failures: %+v", after)
	}
	s.live.reset()
	if reset := s.live.state(); reset.Failed != 0 || reset.LastFailure != "" || reset.Requests < after.Requests {
		t.Errorf("after a reset: %+v", reset)
	}
}

func TestTheHurriedHandPassesOverWhatIsOut(t *testing.T) {
	t.Parallel()
	s := perform(t, options{flags: quick(2), bot: nobody})
	out := s.fleet.instances[0]
	if err := s.fleet.world.Deregister(group, []world.Pair{{ID: out.ID(), Port: port}}); err != nil {
		t.Fatal(err)
	}
	if err := s.fleet.hurry(); err != nil {
		t.Fatal(err)
	}
	s.until("the hurried hand is done", func() bool { return s.live.state().Hurry == "idle" })
	if a, b := out.Version(), s.fleet.instances[1].Version(); a != "v41" || b != "v42-hurried" {
		t.Errorf("versions are %s and %s", a, b)
	}
}

func TestBreakTheNextRelease(t *testing.T) {
	t.Parallel()
	s := perform(t, options{flags: quick(3), bot: nobody})
	if s.live.state().BreakNext {
		t.Error("the next release is broken from the start")
	}
	if err := s.fleet.breakNext(); err != nil {
		t.Fatal(err)
	}
	if !s.live.state().BreakNext {
		t.Error("the next release is not broken")
	}
	verify := func(n int) awssim.Outcome {
		machine, _ := s.fleet.world.Instance(s.fleet.instances[n].ID())
		return awssim.Shell(s.ctx, awssim.Exec{Instance: machine, Command: "test", Script: "export REF=v42; ./release.sh && ./verify.sh"})
	}
	for n, broken := range []bool{false, true, false} {
		out := verify(n)
		if got := strings.Contains(out.Stderr, "this release is broken"); got != broken || (out.Code != 0) != broken {
			t.Errorf("%s: %+v", s.fleet.instances[n].Name(), out)
		}
	}
	if s.live.state().BreakNext {
		t.Error("the release after the next is broken too")
	}

	// With the second one out, the next in turn is meant.
	if err := s.fleet.world.Deregister(group, []world.Pair{{ID: s.fleet.instances[1].ID(), Port: port}}); err != nil {
		t.Fatal(err)
	}
	if err := s.fleet.breakNext(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(s.fleet.instances[2].Dir(), brokenFile)); err != nil {
		t.Error(err)
	}
}

func TestNamesAreInTheOrderOfTheBot(t *testing.T) {
	t.Parallel()
	f, err := newFleet(quick(12), t.TempDir(), "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	for n, i := range f.instances[1:] {
		before := f.zones[n] + f.instances[n].Name()
		if this := f.zones[n+1] + i.Name(); this <= before {
			t.Errorf("%s comes after %s", this, before)
		}
	}
}
