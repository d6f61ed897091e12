package deploy_test

import (
	"testing"
	"time"

	"junban/deploy"
)

func TestARequestExpires(t *testing.T) {
	s := tell(t, plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))).wait(30*time.Minute - 1)
	s.then(event(t, s.next(deploy.Seen{}), deploy.EventNoted))
	if d := s.next(deploy.Seen{}); len(d.Events) > 0 || !d.Wake.Equal(s.op.Expires) {
		t.Fatalf("just before: %s", told(d))
	}
	if e := event(t, s.wait(1).next(deploy.Seen{}), deploy.EventFinished); e.State != deploy.StateExpired || e.Cause.Code != deploy.Expired {
		t.Fatalf("%s %s", e.State, e.Cause)
	}
}

// TestTheStart: everything is asked once more, and only a yes to all of it starts anything.
func TestTheStart(t *testing.T) {
	p := plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))
	changed := plan(t, request(deploy.KindDeploy, ""), fleet(4, "web"))
	gone := func(p deploy.Person) deploy.Person { p.Kind = deploy.Deleted; return p }
	known := func(people ...deploy.Person) map[string]deploy.Person {
		out := map[string]deploy.Person{}
		for _, p := range people {
			out[p.ID] = p
		}
		return out
	}
	for name, c := range map[string]struct {
		check deploy.Check
		late  time.Duration // since the approval
		old   time.Duration // of the check
		typ   deploy.Type   // "" = checked again
		code  deploy.Code
	}{
		"all well":                {deploy.Check{Plan: &p, People: known(dev, lead)}, 0, 0, deploy.EventStarted, ""},
		"an old check":            {deploy.Check{Plan: &p, People: known(dev, lead)}, 0, 6 * time.Second, "", ""},
		"another plan":            {deploy.Check{Plan: &changed, People: known(dev, lead)}, 0, 0, deploy.EventFinished, deploy.PlanChanged},
		"no plan any more":        {deploy.Check{Gone: deploy.Because(deploy.NoTargets), People: known(dev, lead)}, 0, 0, deploy.EventFinished, deploy.NoTargets},
		"the requester has left":  {deploy.Check{Plan: &p, People: known(gone(dev), lead)}, 0, 0, deploy.EventFinished, deploy.NoStanding},
		"the approver has left":   {deploy.Check{Plan: &p, People: known(dev, gone(lead))}, 0, 0, deploy.EventFinished, deploy.NoStanding},
		"the approver is unknown": {deploy.Check{Plan: &p, People: known(dev)}, 0, 0, deploy.EventFinished, deploy.NoStanding},
		"Slack cannot be asked":   {deploy.Check{Plan: &p, People: known(dev, lead), Fault: "timeout"}, 0, 0, deploy.EventQueued, deploy.AskFailed},
		"too late":                {deploy.Check{Plan: &p, People: known(dev, lead)}, 2 * time.Hour, 0, deploy.EventFinished, deploy.StartLate},
		"in the last moment":      {deploy.Check{Plan: &p, People: known(dev, lead)}, 2*time.Hour - 1, 0, deploy.EventStarted, ""},
	} {
		s := tell(t, p).approved().wait(c.late)
		c.check.At = s.now.Add(-c.old)
		d := s.next(deploy.Seen{Check: &c.check})
		if c.typ == "" {
			if _, ok := ordered(d, deploy.DoCheck); !ok || len(d.Events) > 0 {
				t.Errorf("%s: %s", name, told(d))
			}
			continue
		}
		e := event(t, d, c.typ)
		if e.Cause.Code != c.code {
			t.Errorf("%s: %s", name, e.Cause)
		}
		s.then(e)
	}
	if _, ok := ordered(tell(t, p).approved().next(deploy.Seen{}), deploy.DoCheck); !ok {
		t.Error("nothing is asked before the start")
	}
}

func TestTheQueue(t *testing.T) {
	p := plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))
	check := deploy.Check{At: noon, Plan: &p, People: map[string]deploy.Person{dev.ID: dev, lead.ID: lead}}
	lock := deploy.Lock{Resource: "group:arn:web", Op: "op-0", By: "U-x", Since: noon, Why: "release"}
	for _, c := range []struct {
		seen deploy.Seen
		code deploy.Code
	}{{deploy.Seen{Check: &check, Ahead: "op-0"}, deploy.Behind}, {deploy.Seen{Check: &check, Locked: &lock}, deploy.LockedBy}} {
		s := tell(t, p).approved()
		e := event(t, s.next(c.seen), deploy.EventQueued)
		if e.Cause.Code != c.code || e.Cause.Values["op"] != "op-0" {
			t.Errorf("%s", e.Cause)
		}
		if d := s.then(e).next(c.seen); len(d.Events) > 0 || !d.Wake.Equal(s.op.StartBy) {
			t.Errorf("said again, or never given up: %s", told(d))
		}
		event(t, s.next(deploy.Seen{Check: &check}), deploy.EventStarted)
	}
}

// TestTheEnd says how it ended.
func TestTheEnd(t *testing.T) {
	p := plan(t, request(deploy.KindDeploy, ""), fleet(2, "web"))
	whole := func() *tale { return tell(t, p).rolling().steps(0, 4) }
	failed := func() *tale { return whole().steps(1, 1).begun(1).failed(1, deploy.CommandFailed) }
	for name, c := range map[string]struct {
		story *tale
		state deploy.State
		code  deploy.Code
	}{
		"all deployed": {whole().steps(1, 4), deploy.StateSucceeded, ""},
		"one put back": {failed().chosen(1, deploy.ActPutBack).steps(1, 1), deploy.StateFailed, deploy.NotDeployed},
		"one left out": {failed().chosen(1, deploy.ActLeaveOut), deploy.StateFailed, deploy.NotDeployed},
		"aborted":      {whole().aborted(), deploy.StateAborted, deploy.Aborted},
		"drained":      {tell(t, plan(t, request(deploy.KindDrain, "web-2"), fleet(2, "web"))).rolling().steps(0, 1), deploy.StateSucceeded, ""},
		"drain undone": {
			tell(t, plan(t, request(deploy.KindDrain, "web-2"), fleet(2, "web"))).rolling().begun(0).failed(0, deploy.DrainTimeout).chosen(0, deploy.ActPutBack).steps(0, 1),
			deploy.StateFailed, deploy.NotDeployed,
		},
	} {
		e := event(t, c.story.next(seenAt(noon, reading(noon, "web", 2, nil))), deploy.EventFinished)
		if e.State != c.state || e.Cause.Code != c.code {
			t.Errorf("%s: %s %s", name, e.State, e.Cause)
		}
		c.story.then(e)
	}
	if d := whole().steps(1, 1).next(seenAt(noon, reading(noon, "web", 2, states{2: deploy.Absent}))); len(d.Events) == 1 && d.Events[0].Type == deploy.EventFinished {
		t.Error("it ends while an instance is out")
	}
}
