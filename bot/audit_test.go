package bot

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"junban/deploy"
)

// What was refused is kept: who, where, what and by which rule; an envelope that is worked on twice is one line.
func TestARefusalIsKeptInTheAudit(t *testing.T) {
	m := &reviewMemory{m: map[string][]byte{}}
	b := actsBot(&actsDesk{}, m, &actsChat{})
	at := time.Now()
	click := Envelope{ID: "e2", Kind: InputClick, User: "U0MALLORY", Channel: "C1", Action: "approve", Value: "{}", At: at.Add(time.Second)}
	for _, e := range []Envelope{{ID: "e1", Kind: InputCommand, User: "U0MALLORY", Channel: "C1", Text: "abort web", At: at}, click, click} {
		b.handle(t.Context(), e)
	}
	kept, err := Audit(t.Context(), m, 10)
	if err != nil || len(kept) != 2 {
		t.Fatalf("%+v, %v", kept, err)
	}
	newest, eldest := kept[0], kept[1]
	if newest.What != "approve" || newest.Kind != InputClick || newest.User != "U0MALLORY" || newest.Why == "" {
		t.Errorf("the click: %+v", newest)
	}
	if eldest.What != "abort web" || eldest.Channel != "C1" || !eldest.At.Equal(at) {
		t.Errorf("the command: %+v", eldest)
	}
	b.refused(t.Context(), Envelope{ID: "e3", At: at.Add(time.Minute)}, &deploy.Refusal{Cause: deploy.Because(deploy.NotAllowed, "list", "approve")})
	if kept, err = Audit(t.Context(), m, 1); err != nil || len(kept) != 1 || kept[0].Code != deploy.NotAllowed || kept[0].Values["list"] != "approve" {
		t.Errorf("a refusal by rule: %+v, %v", kept, err)
	}
}

// The audit does not grow without bound: what is old goes, and the oldest of what is too much.
func TestTheAuditIsPruned(t *testing.T) {
	m := &reviewMemory{m: map[string][]byte{}}
	b := actsBot(&actsDesk{}, m, &actsChat{})
	now := time.Now()
	b.refused(t.Context(), Envelope{ID: "old", Text: "old", At: now.Add(-auditAge - time.Hour)}, context.Canceled)
	for i := range auditMost + 3 {
		b.refused(t.Context(), Envelope{ID: fmt.Sprint(i), Text: fmt.Sprint(i), At: now.Add(time.Duration(i) * time.Millisecond)}, context.Canceled)
	}
	if err := b.pruneAudit(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	kept, err := Audit(t.Context(), m, 2*auditMost)
	if err != nil || len(kept) != auditMost {
		t.Fatalf("%d kept, %v", len(kept), err)
	}
	if last := kept[len(kept)-1].What; last != "3" {
		t.Errorf("the eldest that is kept is %q", last)
	}
	if strings.Contains(fmt.Sprint(kept), "old") {
		t.Error("what is too old is kept")
	}
}
