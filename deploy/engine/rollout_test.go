package engine_test

import (
	"testing"

	"junban/deploy"
	"junban/deploy/deploytest"
)

var webV42 = deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v42"}

func TestEveryInstanceInTurn(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		op := s.approve(s.request(webV42, "U-dev"), "U-lead")
		op = s.until(op.ID, "finished", finished)
		if op.State != deploy.StateSucceeded {
			t.Fatalf("%s %s\n%s", op.State, op.Cause, s.story(op.ID))
		}
		t.Log("took", op.FinishedAt.Sub(op.StartedAt), "hooks", s.fuse.Hooks())
		t.Log("\n" + s.story(op.ID))
	})
}
