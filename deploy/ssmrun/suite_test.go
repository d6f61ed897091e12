package ssmrun_test

import (
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
	"junban/deploy/ssmrun"
)

func TestRunner(t *testing.T) {
	deploytest.RunnerSuite(t, func(t *testing.T) deploytest.RunnerHost {
		f := real(t)
		return deploytest.RunnerHost{
			Runner: func() engine.Runner { return ssmrun.New(f.cfg, ssmrun.Options{Poll: 20 * time.Millisecond}) },
			Job:    deploy.Job{Via: "ssm", Instance: "i-1"},
			Dir:    t.TempDir(),
		}
	})
}

func TestWhatOnlyLooksGoesToTheInstanceItself(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		j := job()
		j.Read = true
		f.send(t, j)
		if sent := f.sent(t)[0]; len(sent.InstanceIDs) != 1 || sent.InstanceIDs[0] != "i-1" {
			t.Errorf("sent to %v", sent.InstanceIDs)
		}
		j.Instance = ""
		_, err := f.Send(t.Context(), j, time.Time{})
		fault(t, err, deploy.Refused, "bot's own host")
	})
}
