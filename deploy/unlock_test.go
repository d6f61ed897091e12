package deploy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
)

// lockedBy is a service of two groups, locked by somebody.
func lockedBy(who string) deploy.Fleet {
	f := fleet(2, "web", "api")
	for _, g := range f.Groups {
		f.Held = append(f.Held, deploy.Lock{Resource: "group:" + g.ARN, Op: "op-0", By: who, Since: noon.Add(-time.Hour), Why: "audit", Hold: true})
	}
	return f
}

func unlock(by, reason string) deploy.Request {
	r := request(deploy.KindUnlock, "")
	r.By, r.Reason, r.Ref = by, reason, ""
	return r
}

// TestALockOfAnotherNeedsAReason: the refusal says whose it is, since when and why.
func TestALockOfAnotherNeedsAReason(t *testing.T) {
	for _, reason := range []string{"", "  "} {
		_, err := deploy.MakePlan(unlock("U-dev", reason), lockedBy("U-ops"))
		refused(t, err, deploy.LockOfAnother, "by", "U-ops", "why", "audit", "since", "2026-05-04T11:00:00Z", "op", "op-0", "service", "web")
	}
	if _, err := deploy.MakePlan(unlock("U-ops", ""), lockedBy("U-ops")); err != nil {
		t.Errorf("the owner needs no reason: %v", err)
	}
	if _, err := deploy.MakePlan(unlock("U-dev", "audit is over"), lockedBy("U-ops")); err != nil {
		t.Errorf("with a reason: %v", err)
	}
}

// TestTheOwnerCanBeToldOfAnUnlock: the end of it says whose lock it was, and nothing if it was the requester's own.
func TestTheOwnerCanBeToldOfAnUnlock(t *testing.T) {
	for owner, want := range map[string]map[string]string{
		"U-dev": nil,
		"U-ops": {"owner": "U-ops", "by": "U-dev", "reason": "audit is over", "why": "audit", "since": "2026-05-04T11:00:00Z", "op": "op-0", "cause": ""},
	} {
		p := plan(t, unlock("U-dev", "audit is over"), lockedBy(owner))
		p = through(t, p)
		s := tell(t, p).then(deploy.Event{Type: deploy.EventStarted, Plan: &p})
		e := event(t, s.next(deploy.Seen{}), deploy.EventFinished)
		if d := cmp.Diff(want, e.Cause.Values); d != "" || e.State != deploy.StateSucceeded {
			t.Errorf("the lock of %s: %s %s", owner, e.State, d)
		}
		if s.then(e); want != nil && s.op.Row().Cause.Code != deploy.LockLifted {
			t.Errorf("%s", s.op.Row().Cause)
		}
	}
}
