package deploy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
)

// left is a rollout whose first instance has left service, with its command due.
func left(t *testing.T, groups ...string) *tale {
	t.Helper()
	s := ruled(t, 1, 1, groups...).begun(0).accepted(0)
	for _, g := range groups {
		s.seen(0, pair(g, 1))
	}
	return s.ended(0).wait(time.Minute)
}

func away(at time.Time, groups ...string) deploy.Seen {
	var out []deploy.Reading
	for _, g := range groups {
		out = append(out, reading(at, g, 3, states{1: deploy.Absent}))
	}
	return seenAt(at, out...)
}

// TestNoCommandOnAnInstanceInService (I3): neither begun nor sent.
func TestNoCommandOnAnInstanceInService(t *testing.T) {
	for _, state := range []deploy.Health{deploy.Healthy, deploy.Initial, deploy.Unhealthy, deploy.Unused, deploy.Draining, deploy.Unavailable} {
		s := left(t, "web", "api")
		seen := away(s.now, "web", "api")
		seen.Groups["arn:api"] = reading(s.now, "api", 3, states{1: state})
		if d := s.next(seen); len(d.Events) > 0 || len(d.Looks) == 0 {
			t.Errorf("begun, or not looked at again, while %s in one group: %s", state, told(d))
		}
		seen.Prior["arn:api"] = reading(s.now.Add(-time.Second), "api", 3, states{1: state})
		s.wait(time.Minute)
		seen.Groups["arn:web"], seen.Groups["arn:api"] = reading(s.now, "web", 3, states{1: deploy.Absent}), reading(s.now, "api", 3, states{1: state})
		d := s.next(seen)
		if state == deploy.Draining {
			if len(d.Events) > 0 {
				t.Errorf("draining: %s", told(d))
			}
			continue
		}
		if e := event(t, d, deploy.EventEnded); e.OK || e.Cause.Code != deploy.PutBackByOther {
			t.Errorf("%s twice: %s", state, told(d))
		}
		s = left(t, "web", "api").begun(0)
		seen = away(s.now, "web", "api")
		seen.Groups["arn:api"] = reading(s.now, "api", 3, states{1: state})
		if e := event(t, s.next(seen), deploy.EventUnknown); e.Cause.Code != deploy.PutBackByOther {
			t.Errorf("about to send while %s: %s", state, e.Cause)
		}
	}
	s := left(t, "web")
	event(t, s.next(away(s.now, "web")), deploy.EventBegun)
	for name, change := range map[string]func(*deploy.Seen){
		"an old reading": func(x *deploy.Seen) {
			x.Groups["arn:web"] = reading(s.now.Add(-3*time.Second), "web", 3, states{1: deploy.Absent})
		},
		"no word of EC2":    func(x *deploy.Seen) { delete(x.Hosts, "i-1") },
		"an old word of it": func(x *deploy.Seen) { x.Hosts["i-1"] = deploy.Host{Begun: s.now.Add(-time.Minute), State: "running"} },
	} {
		seen := away(s.now, "web")
		change(&seen)
		if d := s.next(seen); len(d.Events) > 0 || len(d.Looks) != 1 {
			t.Errorf("%s: %s", name, told(d))
		}
	}
	seen := away(s.now, "web")
	seen.Hosts["i-1"] = deploy.Host{Begun: s.now, State: "stopped"}
	if e := event(t, s.next(seen), deploy.EventEnded); e.Cause.Code != deploy.InstanceGone {
		t.Errorf("%s", e.Cause)
	}
}

// TestWhatIsSent is what was approved, byte for byte (I9), with what was read when the step began.
func TestWhatIsSent(t *testing.T) {
	s := left(t, "web")
	begun := event(t, s.next(away(s.now, "web")), deploy.EventBegun)
	s.then(begun)
	e, ok := ordered(s.next(away(s.now, "web")), deploy.DoSend)
	if !ok {
		t.Fatal("nothing is sent")
	}
	want := &deploy.Job{
		Token: "op-1/i-1/1/command", Instance: "i-1", Address: "10.0.0.1", Service: "web", Script: "./deploy.sh", User: "deploy", Directory: "/srv/web", Shell: "bash", Timeout: time.Minute,
		Env: []string{
			"A=1", "B=2", "REF=v42", "REVISION=", "PREVIOUS_REF=v41", "SERVICE=web", "ENVIRONMENT=", "INSTANCE_ID=i-1", "INSTANCE_NAME=web-1",
			"INSTANCE_IP=10.0.0.1", "OPERATION_ID=op-1",
		},
	}
	if d := cmp.Diff(want, e.Job); d != "" {
		t.Error(d)
	}
	if !e.NotAfter.Equal(s.now.Add(2 * time.Second)) {
		t.Errorf("it may be sent until %s", e.NotAfter.Sub(s.now))
	}
	if d := cmp.Diff(map[string]string{"PREVIOUS_REF": "v41", "INSTANCE_NAME": "web-1", "INSTANCE_IP": "10.0.0.1"}, begun.Values); d != "" {
		t.Error(d)
	}
	s.accepted(0).ended(0)
	s.then(event(t, s.next(away(s.now, "web")), deploy.EventBegun))
	e, _ = ordered(s.next(away(s.now, "web")), deploy.DoSend)
	want.Token, want.Script, want.Timeout, want.For, want.Every = "op-1/i-1/1/verify", "./verify.sh", 30*time.Second, 30*time.Second, 2*time.Second
	if d := cmp.Diff(want, e.Job); d != "" {
		t.Error(d)
	}
}

// TestACommandWhoseIdIsUnknown: looked for, found: adopted; not found within the visibility window: sent again under
// the same token.
func TestACommandWhoseIdIsUnknown(t *testing.T) {
	sendKey := deploy.EffectKey{Kind: deploy.DoSend, At: 1, Attempt: 1}
	findKey := deploy.EffectKey{Kind: deploy.DoFind, At: 1, Attempt: 1}
	for _, lost := range []string{"restart", "no answer"} {
		s := left(t, "web").begun(0).wait(5 * time.Minute)
		seen := away(s.now, "web")
		if lost == "restart" {
			s.then(deploy.Event{Type: deploy.EventResumed})
		} else {
			seen.Effects[sendKey] = deploy.EffectSeen{Tries: 1, First: s.now, Last: s.now, Unsure: true, Fault: &deploy.Fault{Class: deploy.Unsure}}
		}
		d := s.halved().next(seen)
		if e, ok := ordered(d, deploy.DoFind); !ok || len(d.Do) != 1 || !e.Since.Equal(after(time.Minute)) {
			t.Fatalf("%s: %s", lost, told(d))
		}
		for since, again := range map[time.Duration]bool{30 * time.Second: false, 60 * time.Second: false, 61 * time.Second: true} {
			now := s.now.Add(since)
			seen := away(now, "web")
			seen.Effects[sendKey] = deploy.EffectSeen{}
			if lost != "restart" {
				seen.Effects[sendKey] = deploy.EffectSeen{Tries: 1, First: s.now, Last: s.now, Unsure: true, Fault: &deploy.Fault{Class: deploy.Unsure}}
			}
			seen.Effects[findKey] = deploy.EffectSeen{Tries: 9, Done: true, First: s.now, Last: now}
			d := deploy.Next(s.op, seen, now)
			e, sent := ordered(d, deploy.DoSend)
			if sent != again || sent && e.Job.Token != "op-1/i-1/1/command" {
				t.Errorf("%s, not found after %s: %s", lost, since, told(d))
			}
			seen.Effects[findKey] = deploy.EffectSeen{Tries: 1, Done: true, Found: true, Made: "cmd-7", First: now, Last: now}
			if e := event(t, deploy.Next(s.op, seen, now), deploy.EventAccepted); e.Made != "cmd-7" {
				t.Errorf("%s: adopted %q", lost, e.Made)
			}
		}
	}
}

// TestARunningCommandIsNeverSentAgain: not after a restart either.
func TestARunningCommandIsNeverSentAgain(t *testing.T) {
	s := left(t, "web").begun(0).then(deploy.Event{Type: deploy.EventAccepted, Made: "cmd-7"})
	for range 2 {
		d := s.next(away(s.now, "web"))
		if e, ok := ordered(d, deploy.DoWait); !ok || len(d.Do) != 1 || e.Made != "cmd-7" {
			t.Errorf("%s", told(d))
		}
		s.then(deploy.Event{Type: deploy.EventResumed})
	}
}

func TestWhatAHostReports(t *testing.T) {
	for name, c := range map[string]struct {
		report deploy.Report
		typ    deploy.Type
		code   deploy.Code // "" = it succeeded
	}{
		"exit 0":     {deploy.Report{State: deploy.ReportExited}, deploy.EventEnded, ""},
		"exit 3":     {deploy.Report{State: deploy.ReportExited, Exit: 3}, deploy.EventEnded, deploy.CommandFailed},
		"timed out":  {deploy.Report{State: deploy.ReportTimeout}, deploy.EventEnded, deploy.CommandTimeout},
		"refused":    {deploy.Report{State: deploy.ReportRefused, Why: "busy"}, deploy.EventEnded, deploy.CommandRefused},
		"cancelled":  {deploy.Report{State: deploy.ReportCancelled}, deploy.EventEnded, deploy.CommandCanceled},
		"unknown":    {deploy.Report{State: deploy.ReportUnknown}, deploy.EventUnknown, deploy.CommandUnknown},
		"never seen": {deploy.Report{State: "exploded"}, deploy.EventUnknown, deploy.CommandUnknown},
	} {
		s := left(t, "web").begun(0).accepted(0)
		seen := away(s.now, "web")
		c.report.Output = "the end of it"
		seen.Effects[deploy.EffectKey{Kind: deploy.DoWait, At: 1, Attempt: 1}] = deploy.EffectSeen{Tries: 1, Done: true, Report: &c.report}
		e := event(t, s.next(seen), c.typ)
		if e.Cause.Code != c.code || e.OK != (c.code == "") || e.Output != "the end of it" {
			t.Errorf("%s: %+v", name, e)
		}
		s.then(e)
	}
}

// TestAnUnknownCommandIsCancelledFirst: nothing is registered or run until its host or a person has answered.
func TestAnUnknownCommandIsCancelledFirst(t *testing.T) {
	s := left(t, "web").begun(0).accepted(0).then(deploy.Event{Type: deploy.EventUnknown, Cause: deploy.Because(deploy.CommandUnknown)}).wait(time.Second)
	d := s.next(away(s.now, "web"))
	if e, ok := ordered(d, deploy.DoCancel); !ok || len(d.Do) != 1 || e.Job.Token != "op-1/i-1/1/command" {
		t.Fatalf("%s", told(d))
	}
	key := deploy.EffectKey{Kind: deploy.DoCancel, At: 1, Attempt: 1}
	for state, ok := range map[deploy.ReportState]bool{deploy.ReportExited: true, deploy.ReportCancelled: false, deploy.ReportUnknown: false} {
		seen := away(s.now, "web")
		seen.Effects[key] = deploy.EffectSeen{Tries: 1, Done: true, Report: &deploy.Report{State: state}}
		if e := event(t, s.next(seen), deploy.EventEnded); e.OK != ok {
			t.Errorf("the guard says %s: %+v", state, e)
		}
	}
}

func TestASecondAbortCancels(t *testing.T) {
	s := left(t, "web").begun(0).accepted(0).aborted()
	if _, ok := ordered(s.next(away(s.now, "web")), deploy.DoCancel); ok {
		t.Fatal("the first abort cancels")
	}
	s.aborted()
	if e, ok := ordered(s.next(away(s.now, "web")), deploy.DoCancel); !ok || e.Job.Token != "op-1/i-1/1/command" {
		t.Fatal("the second abort does not cancel")
	}
}
