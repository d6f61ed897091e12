package ssmrun_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"

	"junban/deploy"
	"junban/deploy/awssim"
	"junban/deploy/engine"
	"junban/deploy/hostscript"
	"junban/deploy/ssmrun"
)

func TestWhatIsSent(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		j := deploy.Job{
			Token: token, Instance: "i-1", Script: "echo \"$A\"\n", User: "deploy", Directory: "/srv/web", Shell: "bash",
			Env: []string{"A=it's {{x}}=y\n", "B="}, Timeout: 10 * time.Minute, For: time.Minute, Every: 2 * time.Second,
		}
		f.send(t, j)
		script, err := hostscript.Wrap(hostscript.Job{
			Token: token, Instance: "i-1", Script: "echo \"$A\"\n", User: "deploy", Directory: "/srv/web", Shell: "bash",
			Env: []hostscript.Var{{Name: "A", Value: "it's {{x}}=y\n"}, {Name: "B"}}, Timeout: 10 * time.Minute,
			Retry: &hostscript.Retry{For: time.Minute, Every: 2 * time.Second},
		})
		must(t, err)
		want := []sendBody{{
			DocumentName: "AWS-RunShellScript", Comment: token, InstanceIDs: []string{"i-1"}, TimeoutSeconds: 60,
			Parameters: map[string][]string{"commands": {script}, "executionTimeout": {"690"}}, // 60 s, one try of 600 s, 30 s
		}}
		if d := cmp.Diff(want, f.sent(t)); d != "" {
			t.Error(d)
		}
	})
}

func TestSSMsLimitIsLongerThanTheGuards(t *testing.T) {
	for name, c := range map[string]struct {
		job  deploy.Job
		want string
	}{
		"a command":          {deploy.Job{Timeout: 10 * time.Minute}, "650"}, // grace and the guard's own work, 20 s, and 30 s
		"part of a second":   {deploy.Job{Timeout: 1500 * time.Millisecond}, "52"},
		"no limit":           {deploy.Job{}, "172800"},
		"more than SSM has":  {deploy.Job{Timeout: 100 * time.Hour}, "172800"},
		"a verification":     {deploy.Job{Timeout: time.Minute, For: time.Minute}, "150"},
		"short tries":        {deploy.Job{Timeout: time.Second, For: time.Minute}, "110"},
		"tries without ends": {deploy.Job{For: time.Minute}, "110"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				c.job.Token, c.job.Instance, c.job.Script = token, "i-1", "true"
				f.send(t, c.job)
				if got := f.sent(t)[0].Parameters["executionTimeout"][0]; got != c.want {
					t.Errorf("executionTimeout %s, want %s", got, c.want)
				}
			})
		})
	}
}

func TestSendIsTriedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		fault  awssim.Fault
		class  deploy.Class
		effect bool
	}{
		"throttled":                {awssim.Fault{Code: "ThrottlingException", Status: 400}, deploy.Throttled, false},
		"refused":                  {awssim.Fault{Code: "InvalidDocument", Status: 400}, deploy.Refused, false},
		"forbidden":                {awssim.Fault{Code: "AccessDeniedException", Status: 400}, deploy.Refused, false},
		"server error before":      {awssim.Fault{Code: "InternalServerError"}, deploy.Unsure, false},
		"server error after":       {awssim.Fault{Code: "InternalServerError", After: true}, deploy.Unsure, true},
		"connection closed before": {awssim.Fault{Do: awssim.Drop}, deploy.Unsure, false},
		"connection closed after":  {awssim.Fault{Do: awssim.Drop, After: true}, deploy.Unsure, true},
		"malformed answer":         {awssim.Fault{Do: awssim.Break, After: true}, deploy.Unsure, true},
		"no answer in time":        {awssim.Fault{Do: awssim.Dawdle, Delay: 20 * time.Second, After: true}, deploy.Unsure, true},
		"it lands late":            {awssim.Fault{Do: awssim.Dawdle, Delay: 20 * time.Second}, deploy.Unsure, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				c.fault.Action = "SendCommand"
				f.sim.Fault(c.fault)
				f.cfg.RetryMaxAttempts = 5 // as AWS_MAX_ATTEMPTS does
				since := time.Now()
				_, err := ssmrun.New(f.cfg, ssmrun.Options{}).Send(t.Context(), job(), since.Add(2*time.Second))
				fault(t, err, c.class, "SendCommand to i-1")
				time.Sleep(time.Minute)
				if n := f.sim.Count("SendCommand"); n != 1 {
					t.Errorf("%d tries, want 1", n)
				}
				// Whoever is unsure looks for it: it is found exactly if it was sent.
				id, err := f.Find(t.Context(), job(), since)
				must(t, err)
				if (id != "") != c.effect {
					t.Errorf("found %q, want one: %v", id, c.effect)
				}
			})
		})
	}
}

func TestSendIsNotMadeLate(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		sends := rate.NewLimiter(rate.Every(time.Minute), 1)
		r := ssmrun.New(f.cfg, ssmrun.Options{Sends: sends})
		late := func(notAfter time.Time) {
			t.Helper()
			if _, err := r.Send(t.Context(), job(), notAfter); !errors.Is(err, engine.ErrLate) {
				t.Errorf("got %v, want ErrLate", err)
			}
		}
		late(time.Now().Add(-time.Millisecond))
		sends.Allow()
		late(time.Now().Add(2 * time.Second)) // the budget is spent
		if n := f.sim.Count("SendCommand"); n != 0 {
			t.Errorf("%d calls were made", n)
		}
	})
}

func TestAJobThatCannotBeCarriedIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		for word, change := range map[string]func(*deploy.Job){
			"token":                func(j *deploy.Job) { j.Token = "a b" },
			"NAME=value":           func(j *deploy.Job) { j.Env = []string{"A"} },
			"twice":                func(j *deploy.Job) { j.Env = []string{"A=1", "A=2"} },
			"NUL":                  func(j *deploy.Job) { j.Script = "a\x00b" },
			"not an absolute path": func(j *deploy.Job) { j.Directory = "srv" },
		} {
			j := job()
			change(&j)
			_, err := f.Send(t.Context(), j, time.Time{})
			fault(t, err, deploy.Refused, word, "SendCommand to i-1")
		}
		if n := f.sim.Count("SendCommand"); n != 0 {
			t.Errorf("%d calls were made", n)
		}
	})
}

func TestAnAgentThatIsNotThereIsARefusalWithAHint(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		j := job()
		j.Instance = "i-2"
		_, err := f.Send(t.Context(), j, time.Time{})
		fault(t, err, deploy.Refused, "InvalidInstanceId", "i-2", "SSM agent online")
	})
}
