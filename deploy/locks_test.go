package deploy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
)

func lockChanges(s *tale) deploy.Changes {
	return deploy.LockChanges(s.op, s.events[len(s.events)-1])
}

// TestLocksAreTakenAtTheStartAndFreedAtTheEnd, and at no other event.
func TestLocksAreTakenAtTheStartAndFreedAtTheEnd(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.Reason = "release"
	s := tell(t, plan(t, r, fleet(2, "web", "api")))
	none := func() {
		t.Helper()
		if c := lockChanges(s); len(c.Take) > 0 || c.Free || len(c.Keep) > 0 {
			t.Errorf("%s changes locks: %+v", s.events[len(s.events)-1].Type, c)
		}
	}
	none()
	s.approved()
	none()
	s.wait(time.Minute).then(deploy.Event{Type: deploy.EventStarted, Plan: &s.op.Plan})
	c := lockChanges(s)
	var got []string
	for _, l := range c.Take {
		got = append(got, l.Resource)
		if l.Op != "op-1" || l.By != dev.ID || l.Why != "release" || !l.Since.Equal(s.now) || l.Hold || l.Over != "" {
			t.Errorf("%+v", l)
		}
	}
	slices.Sort(got)
	if d := cmp.Diff([]string{"group:arn:api", "group:arn:web", "instance:i-1", "instance:i-2"}, got); d != "" || c.Free {
		t.Errorf("taken: %s free %t", d, c.Free)
	}
	for lane := range 2 {
		for range 4 {
			s.begun(lane)
			none()
			s.accepted(lane)
			none()
			s.ended(lane)
			none()
		}
	}
	s.then(deploy.Event{Type: deploy.EventFinished, State: deploy.StateSucceeded})
	if c := lockChanges(s); !c.Free || len(c.Keep) > 0 || len(c.Take) > 0 {
		t.Errorf("at the end: %+v", c)
	}
}

// TestWhatStaysOutIsHeld: with its pairs, who and why, so that a restore can take it over.
func TestWhatStaysOutIsHeld(t *testing.T) {
	p := plan(t, request(deploy.KindDeploy, ""), fleet(3, "web", "api"))
	d := request(deploy.KindDrain, "web-1")
	d.Reason = "new disk"
	drain := plan(t, d, fleet(3, "web", "api"))
	broken := func(p deploy.Plan) *tale {
		return tell(t, p).rolling().steps(0, 1).begun(0).failed(0, deploy.CommandFailed, "exit", 1)
	}
	end := deploy.Event{Type: deploy.EventFinished, State: deploy.StateFailed}
	for name, c := range map[string]struct {
		story *tale
		holds int
		by    string
		why   string
		cause deploy.Code
	}{
		"left out by a person": {broken(p).chosen(0, deploy.ActLeaveOut).then(end), 1, dev.ID, "disk", deploy.CommandFailed},
		"a failure, aborted":   {broken(p).aborted().then(end), 1, lead.ID, "", deploy.CommandFailed},
		"a drain that ended":   {tell(t, drain).rolling().steps(0, 1).then(end), 1, dev.ID, "new disk", ""},
		"put back":             {broken(p).chosen(0, deploy.ActPutBack).steps(0, 1).then(end), 0, "", "", ""},
		"never touched":        {tell(t, p).rolling().aborted().then(end), 0, "", "", ""},
		"terminated": {
			tell(t, p).rolling().steps(0, 1).failed(0, deploy.InstanceGone, "state", "terminated").chosen(0, deploy.ActLeaveOut).then(end), 0, "", "", "",
		},
		"stopped": {
			tell(t, p).rolling().steps(0, 1).failed(0, deploy.InstanceGone, "state", "stopped").chosen(0, deploy.ActLeaveOut).then(end),
			1, dev.ID, "disk", deploy.InstanceGone,
		},
	} {
		got := lockChanges(c.story)
		if !got.Free || len(got.Keep) != c.holds {
			t.Errorf("%s: free %t, holds %+v", name, got.Free, got.Keep)
			continue
		}
		for _, h := range got.Keep {
			if !h.Hold || h.Resource != "instance:i-1" || h.Instance() != "i-1" || h.Op != "op-1" || h.By != c.by || h.Why != c.why || h.Cause.Code != c.cause {
				t.Errorf("%s: %+v", name, h)
			}
			if d := cmp.Diff([]deploy.Pair{pair("api", 1), pair("web", 1)}, h.Pairs); d != "" {
				t.Errorf("%s: the pairs to put back:\n%s", name, d)
			}
		}
	}
}

func TestARestoreTakesOnlyItsOwnHoldOver(t *testing.T) {
	f := fleet(3, "web")
	f.Groups[0].Targets, f.Held = f.Groups[0].Targets[:2], []deploy.Lock{hold(3, "U-x")}
	s := tell(t, plan(t, request(deploy.KindRestore, "web-3"), f)).rolling()
	for _, l := range lockChanges(s).Take {
		want := deploy.ID("")
		if l.Resource == "instance:i-3" {
			want = "op-0"
		}
		if l.Over != want {
			t.Errorf("%s is taken over %q", l.Resource, l.Over)
		}
	}
	if !s.op.Lanes[0].Out() {
		t.Error("what is to be restored does not count as out")
	}
	s.failed(0, deploy.CloudFault).chosen(0, deploy.ActLeaveOut).then(deploy.Event{Type: deploy.EventFinished, State: deploy.StateFailed})
	if c := lockChanges(s); len(c.Keep) != 1 || c.Keep[0].Op != "op-1" {
		t.Errorf("a restore that failed: %+v", c.Keep)
	}
}

func TestRowIsTheOperationInShort(t *testing.T) {
	s := tell(t, plan(t, request(deploy.KindDeploy, ""), fleet(2, "web"))).wait(time.Minute).approved().wait(time.Minute)
	s.then(deploy.Event{Type: deploy.EventStarted, Plan: &s.op.Plan}).steps(0, 4).wait(time.Minute)
	s.aborted().then(deploy.Event{Type: deploy.EventFinished, State: deploy.StateAborted, Cause: deploy.Because(deploy.Aborted, "by", "U-lead")})
	want := deploy.Row{
		Op: "op-1", Kind: deploy.KindDeploy, Service: "web", Ref: "v42", State: deploy.StateAborted, Lanes: 2, Done: 1, By: "U-dev",
		Requested: noon, Approved: after(time.Minute), Started: after(2 * time.Minute), Finished: after(3 * time.Minute),
		Head: len(s.events), Cause: deploy.Because(deploy.Aborted, "by", "U-lead"),
	}
	if d := cmp.Diff(want, s.op.Row()); d != "" {
		t.Error(d)
	}
}
