package awscloud_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/awscloud/awstest"
	"junban/deploy/awssim"
	"junban/deploy/engine"
)

const health = "DescribeTargetHealth"

func TestThoseWhoAskTogetherShareOneCall(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.sim.Fault(awssim.Fault{Action: health, Do: awssim.Dawdle, Delay: 300 * time.Millisecond})
		since := time.Now()
		ask := func(n int) {
			var all sync.WaitGroup
			for range n {
				all.Go(func() {
					r, err := f.Health(t.Context(), f.web, since)
					if err != nil || r.Begun.Before(since) || len(r.Targets) != 3 || r.Targets[0].Target != "i-1" {
						t.Errorf("got %v, %v", r, err)
					}
					r.Targets[0] = deploy.Target{} // a caller's own
				})
			}
			all.Wait()
		}
		ask(50)
		since = since.Add(-time.Millisecond)
		ask(50) // a finished one serves too, if it is new enough
		if n := f.sim.Count(health); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
		since = time.Now()
		ask(50)
		if n := f.sim.Count(health); n != 2 {
			t.Errorf("%d calls for a later since, want 2", n)
		}
	})
}

func TestThoseWhoAskOneAfterAnotherShareTheNextCall(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.sim.Fault(awssim.Fault{Action: health, Do: awssim.Dawdle, Delay: 300 * time.Millisecond})
		var all sync.WaitGroup
		for range 20 { // all within the first call
			all.Go(func() {
				since := time.Now()
				r, err := f.Health(t.Context(), f.web, since)
				if err != nil || r.Begun.Before(since) {
					t.Errorf("got a reading begun %v before since, %v", since.Sub(r.Begun), err)
				}
			})
			time.Sleep(10 * time.Millisecond)
		}
		all.Wait()
		if n := f.sim.Count(health); n != 2 {
			t.Errorf("%d calls, want 2", n)
		}
	})
}

func TestGroupsDoNotShare(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		if got, want := f.listed(t, f.web), "i-1:80 initial, i-2:8080 initial, i-2:8081 initial"; got != want {
			t.Errorf("web lists %s, want %s", got, want)
		}
		if got, want := f.listed(t, f.addr), "10.0.0.3:8000 initial, 10.9.9.9:8000 initial"; got != want {
			t.Errorf("addr lists %s, want %s", got, want)
		}
		if got := f.listed(t, f.spare); got != "" {
			t.Errorf("spare lists %s", got)
		}
	})
}

func TestASinceToComeIsWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		since := time.Now().Add(time.Minute)
		r, err := f.Health(t.Context(), f.web, since)
		must(t, err)
		if !r.Begun.Equal(since) {
			t.Errorf("begun %v after since", r.Begun.Sub(since))
		}
	})
}

func TestACallerWhoLeavesTakesNothingFromTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		held := f.sim.Fault(awssim.Fault{Action: health, Do: awssim.Hold})
		since := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { // it begins the call
			_, err := f.Health(ctx, f.web, since)
			first <- err
		}()
		<-held.Held()
		second := make(chan error, 1)
		go func() {
			_, err := f.Health(t.Context(), f.web, since)
			second <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left got %v", err)
		}
		held.Release()
		if err := <-second; err != nil {
			t.Errorf("the one who stayed got %v", err)
		}
		if n := f.sim.Count(health); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
}

func TestACallThatNobodyWaitsForEnds(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		held := f.sim.Fault(awssim.Fault{Action: health, Do: awssim.Hold, Times: 1})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-held.Held()
			cancel()
		}()
		began := time.Now()
		if _, err := f.Health(ctx, f.web, began); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if _, err := f.Health(t.Context(), f.web, began); err != nil { // it must not join the dead call
			t.Error(err)
		}
		if time.Since(began) != 0 {
			t.Errorf("it took %v", time.Since(began))
		}
		held.Discard()
	})
}

func TestAnAnswerThatNeverComesHoldsUpNobodyElse(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		held := f.sim.Fault(awssim.Fault{Action: health, Do: awssim.Hold, Times: 1})
		stuck := make(chan error, 1)
		began := time.Now()
		go func() {
			_, err := f.Health(t.Context(), f.web, began)
			stuck <- err
		}()
		<-held.Held()
		time.Sleep(10 * time.Millisecond)
		_, err := f.Health(t.Context(), f.web, time.Now())
		must(t, err)
		if took := time.Since(began); took > 1100*time.Millisecond {
			t.Errorf("the next reading came after %v", took)
		}
		fault(t, <-stuck, deploy.Unsure, "no answer within 10s")
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("the stuck one was given up after %v", took)
		}
		held.Discard()
	})
}

func TestAReadingIsDatedByTheTryThatWasAnswered(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.sim.Fault(awssim.Fault{Action: health, Do: awssim.Dawdle, Delay: 3 * time.Second, Times: 1})
		f.sim.Fault(awssim.Fault{Action: health, Code: "HealthUnavailable", Times: 1})
		began := time.Now()
		r, err := f.Health(t.Context(), f.web, began)
		must(t, err)
		if f.sim.Count(health) != 1 || !r.Begun.Equal(began) {
			t.Fatalf("the slow one: %d calls, begun %v late", f.sim.Count(health), r.Begun.Sub(began))
		}
		asked := time.Now()
		r, err = f.Health(t.Context(), f.web, asked) // fails once, then succeeds after the SDK's pause
		must(t, err)
		if n := f.sim.Count(health); n != 3 || !r.Begun.Equal(time.Now()) {
			t.Errorf("%d calls, dated %v before its end", n, time.Since(r.Begun))
		}
	})
}

func TestAllWhoWaitedHearOfAFailureAndTheNextTriesAnew(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.sim.Fault(awssim.Fault{Action: health, Code: "AccessDenied", Status: 403, Times: 1})
		f.sim.OnCall(func(c awssim.Call) {
			if !c.Done {
				time.Sleep(100 * time.Millisecond) // so that all five can join
			}
		})
		since := time.Now()
		errs := make(chan error)
		for range 5 {
			go func() {
				_, err := f.Health(t.Context(), f.web, since)
				errs <- err
			}()
		}
		for range 5 {
			fault(t, <-errs, deploy.Refused, "AccessDenied", "target group web")
		}
		if n := f.sim.Count(health); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
		_, err := f.Health(t.Context(), f.web, since)
		must(t, err)
	})
}

func TestAnAnswerThatMakesNoSenseIsNotBelieved(t *testing.T) {
	const good = "<member><Target><Id>i-1</Id><Port>80</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member>"
	for name, c := range map[string]struct{ member, why string }{
		"no target":     {"<member><TargetHealth><State>healthy</State></TargetHealth></member>", "no id"},
		"no id":         {"<member><Target><Port>80</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member>", "no id"},
		"no port":       {"<member><Target><Id>i-2</Id></Target><TargetHealth><State>healthy</State></TargetHealth></member>", "i-2 has port 0"},
		"wild port":     {"<member><Target><Id>i-2</Id><Port>70000</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member>", "70000"},
		"no state":      {"<member><Target><Id>i-2</Id><Port>80</Port></Target></member>", "i-2:80 has no state"},
		"unknown state": {"<member><Target><Id>i-2</Id><Port>80</Port></Target><TargetHealth><State>sleepy</State></TargetHealth></member>", "sleepy"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					fmt.Fprintf(w, `<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">`+
						`<DescribeTargetHealthResult><TargetHealthDescriptions>%s%s</TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`, good, c.member)
				})
				cloud := awscloud.New(awstest.Config(t, h, nil), awscloud.Options{})
				_, err := cloud.Health(t.Context(), "arn:aws:elasticloadbalancing:x:1:targetgroup/web/1", time.Now())
				fault(t, err, deploy.Unsure, "malformed", "target group web", c.why)
			})
		})
	}
}

func TestTheBudgetStaysBelowAWSs(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range 10 {
					if _, err := f.Fleet(t.Context(), engine.Want{Groups: []string{"web", "addr", "spare"}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		calls := f.sim.Calls()
		for _, c := range calls {
			if c.Outcome != awssim.OK {
				t.Fatalf("%s at %v: %s", c.Action, c.At, c.Outcome)
			}
		}
		if len(calls) < 500 {
			t.Errorf("only %d calls: this proves nothing", len(calls))
		}
	})
}
