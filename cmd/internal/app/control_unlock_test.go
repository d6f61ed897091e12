package app

import (
	"errors"
	"strings"
	"testing"

	"junban/deploy"
)

// TestAnUnlockThatNeedsAReasonSaysWhatToType, whose lock it is, since when and why.
func TestAnUnlockThatNeedsAReasonSaysWhatToType(t *testing.T) {
	_, r, way := socketed(t, map[string]string{me(t): alice}, member)
	r.err = &deploy.Refusal{Cause: deploy.Because(deploy.LockOfAnother, "service", "web", "by", "U0OPS", "why", "audit", "since", "2026-05-04T11:00:00Z")}
	_, err := way.Do(t.Context(), Order{Verb: "unlock", Service: "web", Environment: "staging"})
	no, ok := errors.AsType[*Refused](err)
	if !ok || no.Accept != "junban unlock web --to staging --reason REASON" {
		t.Fatalf("%v", err)
	}
	for _, word := range []string{"U0OPS", "2026", "audit", "reason"} {
		if !strings.Contains(no.Why, word) {
			t.Errorf("%q is not in: %s", word, no.Why)
		}
	}
}
