package awscloud_test

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/awssim"
	"junban/deploy/engine"
)

func TestPairsLeaveAndComeBackWithTheirPorts(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		both := []deploy.Pair{f.pair("i-2", 8080), f.pair("i-2", 8081)}
		must(t, f.Deregister(t.Context(), f.web, both, time.Now().Add(time.Second)))
		if got, want := f.listed(t, f.web), "i-1:80 initial, i-2:8080 draining, i-2:8081 draining"; got != want {
			t.Errorf("listed: %s, want %s", got, want)
		}
		time.Sleep(21 * time.Second)
		if got, want := f.listed(t, f.web), "i-1:80 initial"; got != want {
			t.Errorf("listed: %s, want %s", got, want)
		}
		must(t, f.Register(t.Context(), f.web, both))
		if got, want := f.listed(t, f.web), "i-1:80 initial, i-2:8080 initial, i-2:8081 initial"; got != want {
			t.Errorf("listed: %s, want %s", got, want)
		}
		// One pair alone, on the default port: it is sent all the same.
		must(t, f.Deregister(t.Context(), f.web, []deploy.Pair{f.pair("i-1", 80)}, time.Time{}))
		if got, want := f.listed(t, f.web), "i-1:80 draining, i-2:8080 initial, i-2:8081 initial"; got != want {
			t.Errorf("listed: %s, want %s", got, want)
		}
		for _, c := range f.sim.Calls() {
			if (c.Action == "DeregisterTargets" || c.Action == "RegisterTargets") && c.Params.Get("Targets.member.1.Port") == "" {
				t.Errorf("%s without a port: %v", c.Action, c.Params)
			}
		}
	})
}

func TestDeregisterIsTriedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		fault  awssim.Fault
		class  deploy.Class
		effect bool
	}{
		"throttled":                 {awssim.Fault{Code: "ThrottlingException", Status: 400}, deploy.Throttled, false},
		"refused":                   {awssim.Fault{Code: "InvalidTarget", Status: 400}, deploy.Refused, false},
		"server error before":       {awssim.Fault{}, deploy.Unsure, false},
		"server error after":        {awssim.Fault{After: true}, deploy.Unsure, true},
		"connection closed before":  {awssim.Fault{Do: awssim.Drop}, deploy.Unsure, false},
		"connection closed after":   {awssim.Fault{Do: awssim.Drop, After: true}, deploy.Unsure, true},
		"malformed answer":          {awssim.Fault{Do: awssim.Break, After: true}, deploy.Unsure, true},
		"no answer in time":         {awssim.Fault{Do: awssim.Dawdle, Delay: time.Minute, After: true}, deploy.Unsure, true},
		"done, but long after that": {awssim.Fault{Do: awssim.Dawdle, Delay: time.Minute}, deploy.Unsure, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				c.fault.Action = "DeregisterTargets"
				f.sim.Fault(c.fault)
				f.cfg.RetryMaxAttempts = 5 // as AWS_MAX_ATTEMPTS does
				cloud := awscloud.New(f.cfg, awscloud.Options{})
				err := cloud.Deregister(t.Context(), f.web, []deploy.Pair{f.pair("i-2", 8080)}, time.Now().Add(2*time.Second))
				fault(t, err, c.class, "DeregisterTargets i-2:8080 in target group web")
				time.Sleep(2 * time.Minute)
				if n := f.sim.Count("DeregisterTargets"); n != 1 {
					t.Errorf("%d tries, want 1", n)
				}
				if gone := f.listed(t, f.web) == "i-1:80 initial, i-2:8081 initial"; gone != c.effect {
					t.Errorf("has left: %v, want %v", gone, c.effect)
				}
			})
		})
	}
}

func TestRegisterIsTriedAgain(t *testing.T) {
	for name, fault := range map[string]awssim.Fault{
		"throttled":         {Code: "ThrottlingException", Status: 400},
		"server error":      {},
		"connection closed": {Do: awssim.Drop, After: true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				fault.Action, fault.Times = "RegisterTargets", 2
				f.sim.Fault(fault)
				must(t, f.Register(t.Context(), f.web, []deploy.Pair{f.pair("i-4", 8080)}))
				if n := f.sim.Count("RegisterTargets"); n != 3 {
					t.Errorf("%d tries, want 3", n)
				}
			})
		})
	}
}

func TestAStoppedInstanceIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		must(t, f.world.Stop("i-4"))
		err := f.Register(t.Context(), f.web, []deploy.Pair{f.pair("i-4", 80)})
		fault(t, err, deploy.Refused, "InvalidTarget", "i-4:80", "not in a running state")
		if n := f.sim.Count("RegisterTargets"); n != 1 {
			t.Errorf("%d tries, want 1", n)
		}
	})
}

func TestDeregisterIsNotMadeLate(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		writes := rate.NewLimiter(rate.Every(time.Minute), 1)
		cloud := awscloud.New(f.cfg, awscloud.Options{Writes: writes})
		pairs := []deploy.Pair{f.pair("i-1", 80)}
		late := func(notAfter time.Time) {
			t.Helper()
			if err := cloud.Deregister(t.Context(), f.web, pairs, notAfter); !errors.Is(err, engine.ErrLate) {
				t.Errorf("got %v, want ErrLate", err)
			}
		}
		late(time.Now().Add(-time.Millisecond))
		writes.Allow()
		late(time.Now().Add(2 * time.Second)) // the budget is spent
		if n := f.sim.Count("DeregisterTargets"); n != 0 {
			t.Errorf("%d calls were made", n)
		}
	})
}

func TestPairsThatAWSWouldPassOverInSilenceAreRefused(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		for name, pairs := range map[string][]deploy.Pair{
			"none":          nil,
			"no port":       {f.pair("i-1", 80), f.pair("i-2", 0)},
			"wild port":     {f.pair("i-2", 70000)},
			"no id":         {f.pair("", 80)},
			"another group": {{Group: f.addr, Target: "i-1", Port: 80}},
		} {
			t.Log(name)
			fault(t, f.Deregister(t.Context(), f.web, pairs, time.Time{}), deploy.Refused, "web")
			fault(t, f.Register(t.Context(), f.web, pairs), deploy.Refused, "web")
		}
		if n := len(f.sim.Calls()); n != 0 {
			t.Errorf("%d calls were made", n)
		}
	})
}
