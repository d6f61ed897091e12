package world

import (
	"testing"
	"time"
)

// TestVerifiedAgainstAWS is what moto's tests mark as aws_verified
// (tests/test_elbv2/test_elbv2_target_health.py), so checked against AWS.
func TestVerifiedAgainstAWS(t *testing.T) {
	const (
		notRegistered = "Target is not registered to the target group"
		stopped       = "Target is in the stopped state"
		draining      = "Target deregistration is in progress"
	)
	p, other := Pair{"i-1", 80}, Pair{"i-2", 80}
	tests := []struct {
		name   string
		ask    Pair
		after  func(*World, *clock) error
		listed int // of i-1 and i-2
		state  string
		reason string
		desc   string
	}{
		{"registered and checked", p, func(*World, *clock) error { return nil }, 2, Healthy, "", ""},
		{"deregistered", p, func(w *World, c *clock) error {
			err := w.Deregister("web", []Pair{p})
			c.add(30 * time.Second)
			return err
		}, 1, Unused, ReasonNotRegister, notRegistered},
		{"unknown id", Pair{"i-12345678901234567", 80}, func(*World, *clock) error { return nil }, 2, Unused, ReasonNotRegister, notRegistered},
		{"stopped", p, func(w *World, _ *clock) error { return w.Stop("i-1") }, 2, Unused, ReasonInvalidState, stopped},
		{"stopped, then terminated", p, func(w *World, _ *clock) error {
			if err := w.Stop("i-1"); err != nil {
				return err
			}
			return w.Terminate("i-1")
		}, 1, Draining, ReasonDraining, draining},
		{"terminated ten minutes ago", p, func(w *World, c *clock) error {
			err := w.Terminate("i-1")
			c.add(10 * time.Minute)
			return err
		}, 1, Draining, ReasonDraining, draining},
		{"terminated an hour ago", p, func(w *World, c *clock) error {
			err := w.Terminate("i-1")
			c.add(time.Hour)
			return err
		}, 1, Unused, ReasonNotRegister, notRegistered},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, c := newWorld(Options{})
			serve(t, w, c, p)
			serve(t, w, c, other)
			must(t, tt.after(w, c))
			all, err := w.Health("web", nil)
			must(t, err)
			if len(all) != tt.listed {
				t.Errorf("listed %v, want %d", all, tt.listed)
			}
			h := health(t, w, tt.ask)
			if h.State != tt.state || h.Reason != tt.reason || h.Description != tt.desc {
				t.Errorf("got %s %s %q", h.State, h.Reason, h.Description)
			}
		})
	}
}

func TestAStoppedInstanceCannotBeRegistered(t *testing.T) {
	w, _ := newWorld(Options{})
	must(t, w.Stop("i-1"))
	err := w.Register("web", []Pair{{"i-2", 80}, {"i-1", 0}})
	want := "InvalidTarget: The following targets are not in a running state and cannot be registered: 'i-1'"
	if err == nil || err.Error() != want {
		t.Fatalf("got %v", err)
	}
	if h, _ := w.Health("web", nil); len(h) != 0 {
		t.Fatalf("all or none: %v", h)
	}
}
