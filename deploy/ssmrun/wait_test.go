package ssmrun_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/awssim"
)

const get = "GetCommandInvocation"

func canned(o awssim.Outcome) func(context.Context, awssim.Exec) awssim.Outcome {
	return func(context.Context, awssim.Exec) awssim.Outcome { return o }
}

// lasting is a command that takes a while.
func lasting(d time.Duration, o awssim.Outcome) func(context.Context, awssim.Exec) awssim.Outcome {
	return func(ctx context.Context, _ awssim.Exec) awssim.Outcome {
		select {
		case <-time.After(d):
			return o
		case <-ctx.Done():
			return awssim.Outcome{Killed: true, Stderr: "one\ntwo\nthree\nfour\n"}
		}
	}
}

func TestTheGuardsAnswerIsTheReport(t *testing.T) {
	for name, c := range map[string]struct {
		stdout string
		want   deploy.Report
	}{
		"exited 0":  {answer("state=exited\texit=0") + "done\n", deploy.Report{State: deploy.ReportExited, Output: "done\n"}},
		"exited 3":  {answer("state=exited\texit=3"), deploy.Report{State: deploy.ReportExited, Exit: 3}},
		"timed out": {answer("state=timedout\texit=143"), deploy.Report{State: deploy.ReportTimeout, Exit: 143}},
		"refused":   {answer("state=refused\texit=-1\twhy=no such user"), deploy.Report{State: deploy.ReportRefused, Exit: -1, Why: "no such user"}},
		"another runs": {
			answer("state=refused\texit=-1\tother=op0/i-1/1/command\twhy=another runs"),
			deploy.Report{State: deploy.ReportRefused, Exit: -1, Why: "another runs: op0/i-1/1/command"},
		},
		"cancelled": {answer("state=cancelled\texit=-1\twhy=before it started"), deploy.Report{State: deploy.ReportCancelled, Exit: -1, Why: "before it started"}},
		"unknown":   {answer("state=unknown\texit=-1\twhy=rebooted"), deploy.Report{State: deploy.ReportUnknown, Exit: -1, Why: "rebooted"}},
		"running?":  {answer("state=running\texit=-1"), deploy.Report{State: deploy.ReportUnknown, Exit: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.says = canned(awssim.Outcome{Stdout: c.stdout})
				if got := f.run(t, job()); got != c.want {
					t.Errorf("got %+v, want %+v", got, c.want)
				}
			})
		})
	}
}

func TestSilenceIsUnknownUnlessSSMProvesThatNothingStarted(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(f *fixture)
		want    deploy.ReportState
		why     []string
	}{
		"never delivered": {func(f *fixture) { f.sim.HoldCommands("i-1") }, deploy.ReportRefused, []string{"DeliveryTimedOut"}},
		"killed by SSM at its limit": {
			func(f *fixture) { f.says = lasting(time.Hour, awssim.Outcome{}) },
			deploy.ReportUnknown, []string{"ExecutionTimedOut", "two / three / four"},
		},
		"no header": {
			func(f *fixture) { f.says = canned(awssim.Outcome{Stdout: "hello\n"}) },
			deploy.ReportUnknown, []string{"Success", "not an answer"},
		},
		"failed without a word": {
			func(f *fixture) { f.says = canned(awssim.Outcome{Code: 127, Stderr: "sh: not found"}) },
			deploy.ReportUnknown, []string{"Failed", "sh: not found"},
		},
		"an answer about another token": {
			func(f *fixture) {
				f.says = canned(awssim.Outcome{Stdout: strings.ReplaceAll(answer("state=exited\texit=0"), "op1", "op9")})
			},
			deploy.ReportUnknown, []string{"op9/i-1/1/command"},
		},
		"half a header": {
			func(f *fixture) {
				f.says = canned(awssim.Outcome{Stdout: "junban-guard 1\ttoken=" + token + "\tstate=exited\texit=0"})
			},
			deploy.ReportUnknown, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				c.prepare(f)
				got := f.run(t, job())
				if got.State != c.want {
					t.Errorf("got %+v, want %s", got, c.want)
				}
				for _, w := range c.why {
					if !strings.Contains(got.Why, w) {
						t.Errorf("%q lacks %q", got.Why, w)
					}
				}
			})
		})
	}
}

func TestTheEndIsSeenSoonAndWithFewLooks(t *testing.T) {
	for _, c := range []struct{ takes, within, looks time.Duration }{
		{0, 500 * time.Millisecond, 1},
		{4 * time.Second, 600 * time.Millisecond, 13},
		{30 * time.Second, 4 * time.Second, 30},
		{10 * time.Minute, 5 * time.Second, 150},
	} {
		t.Run(c.takes.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.says = lasting(c.takes, awssim.Outcome{Stdout: answer("state=exited\texit=0")})
				j := job()
				j.Timeout = time.Hour
				began := time.Now()
				f.run(t, j)
				if late := time.Since(began) - c.takes; late > c.within {
					t.Errorf("seen %v late, want %v at most", late, c.within)
				}
				if n := f.sim.Count(get); n > int(c.looks) {
					t.Errorf("%d looks, want %d at most", n, c.looks)
				}
			})
		})
	}
}

// TestWhatHasRunBeforeIsLookedAtWhenItMayHaveEnded: the second host that runs a script, and those after it, cost fewer
// looks than the first one, and their ends are seen sooner, also when they take a little less or more time.
func TestWhatHasRunBeforeIsLookedAtWhenItMayHaveEnded(t *testing.T) {
	for _, c := range []struct{ first, then, within, looks time.Duration }{
		{1100 * time.Millisecond, 1100 * time.Millisecond, 250 * time.Millisecond, 2},
		{4 * time.Second, 4 * time.Second, 600 * time.Millisecond, 2},
		{4 * time.Second, 4500 * time.Millisecond, 300 * time.Millisecond, 4},
		{90 * time.Second, 90 * time.Second, 5 * time.Second, 19},
		{90 * time.Second, 30 * time.Second, 5 * time.Second, 7},
	} {
		t.Run(fmt.Sprint(c.first, " then ", c.then), func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.says = lasting(c.first, awssim.Outcome{Stdout: answer("state=exited\texit=0")})
				j := job()
				j.Timeout = time.Hour
				f.run(t, j)
				f.says = lasting(c.then, awssim.Outcome{Stdout: answer("state=exited\texit=0")})
				for range 5 {
					before, began := f.sim.Count(get), time.Now()
					f.run(t, j)
					if late := time.Since(began) - c.then; late > c.within {
						t.Errorf("seen %v late, want %v at most", late, c.within)
					}
					if n := f.sim.Count(get) - before; n > int(c.looks) {
						t.Errorf("%d looks, want %d at most", n, c.looks)
					}
				}
			})
		})
	}
}

func TestAnInvocationMayTakeAMinuteToAppear(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.sim.SetInvocationLag(50*time.Second, 0)
		if got := f.run(t, job()); got.State != deploy.ReportExited {
			t.Errorf("got %+v", got)
		}
	})
	bubble(t, func(t *testing.T, f *fixture) {
		began := time.Now()
		_, err := f.Wait(t.Context(), job(), "00000000-0000-4000-8000-000000000000")
		fault(t, err, deploy.Refused, "InvocationDoesNotExist", "i-1")
		if took := time.Since(began); took < time.Minute || took > 70*time.Second {
			t.Errorf("it was given up after %v", took)
		}
	})
}

func TestTroubleIsBorneForTwoMinutes(t *testing.T) {
	for name, c := range map[string]struct {
		fault awssim.Fault
		class deploy.Class
	}{
		"throttled":    {awssim.Fault{Code: "ThrottlingException", Status: 400}, deploy.Throttled},
		"server error": {awssim.Fault{Code: "InternalServerError"}, deploy.Unsure},
		"forbidden":    {awssim.Fault{Code: "AccessDeniedException", Status: 400}, deploy.Refused},
		"broken":       {awssim.Fault{Do: awssim.Break}, deploy.Unsure},
		"dropped":      {awssim.Fault{Do: awssim.Drop}, deploy.Unsure},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				c.fault.Action = get
				c.fault.For = 100 * time.Second
				f.sim.Fault(c.fault)
				if got := f.run(t, job()); got.State != deploy.ReportExited {
					t.Errorf("got %+v", got)
				}
				c.fault.For = 0
				f.sim.Fault(c.fault)
				began := time.Now()
				_, err := f.Wait(t.Context(), job(), f.send(t, job()))
				fault(t, err, c.class, "GetCommandInvocation on i-1")
				if took := time.Since(began); took < 2*time.Minute || took > 3*time.Minute {
					t.Errorf("it was given up after %v", took)
				}
			})
		})
	}
}

func TestTroubleIsCountedFromTheLastAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.says = lasting(10*time.Minute, awssim.Outcome{Stdout: answer("state=exited\texit=0")})
		j := job()
		j.Timeout = time.Hour
		go func() {
			time.Sleep(5 * time.Minute)
			f.sim.Fault(awssim.Fault{Action: get, Code: "InternalServerError", For: time.Minute})
		}()
		if got := f.run(t, j); got.State != deploy.ReportExited {
			t.Errorf("got %+v", got)
		}
	})
}

func TestWaitEndsWithItsCaller(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.says = lasting(time.Hour, awssim.Outcome{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := f.Wait(ctx, job(), f.send(t, job()))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestCancelIsUnsureUntilTheGuardSaysThatItIsOver(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(f *fixture)
		word    string
	}{
		"the agent is gone":     {func(f *fixture) { f.world.SetAgent("i-1", false) }, "InvalidInstanceId"},
		"it is never delivered": {func(f *fixture) { f.sim.HoldCommands("i-1") }, "DeliveryTimedOut"},
		"it still runs": {
			func(f *fixture) {
				f.says = canned(awssim.Outcome{Stdout: answer("state=running\texit=-1\twhy=it could not be ended")})
			},
			"may still run: it could not be ended",
		},
		"the record cannot be written": {
			func(f *fixture) {
				f.says = canned(awssim.Outcome{Stdout: answer("state=refused\texit=-1\twhy=disk full")})
			},
			"may still run: disk full",
		},
		"no answer": {func(f *fixture) { f.says = canned(awssim.Outcome{}) }, "empty"},
		"an answer about another token": {
			func(f *fixture) {
				f.says = canned(awssim.Outcome{Stdout: strings.ReplaceAll(answer("state=absent\texit=-1"), "op1", "op9")})
			},
			"op9",
		},
		"its answer is lost": {func(f *fixture) { f.sim.Fault(awssim.Fault{Action: "SendCommand", Do: awssim.Drop, After: true}) }, "cancel"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				c.prepare(f)
				_, err := f.Cancel(t.Context(), job())
				fault(t, err, deploy.Unsure, "i-1", c.word)
			})
		})
	}
}
