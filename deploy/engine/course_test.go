package engine_test

import (
	"strings"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/deploytest"
)

// succeeds plays a rollout of v41, so that a ref before is known.
func (s *stage) succeeds() {
	s.t.Helper()
	op := s.approve(s.request(deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v41"}, "U-dev"), "U-lead")
	s.ended(op, deploy.StateSucceeded)
}

// A bad release on the second instance goes back by itself, in reverse order, and the service stays locked.
func TestABadReleaseRollsItselfBack(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		b := newBook()
		b.req.Rules.OnFailure = deploy.PolicyRollback
		s.book = b
		s.live(0)
		s.succeeds()
		var ran []string
		s.w.Exec(func(j deploy.Job) (int, time.Duration) {
			if strings.HasSuffix(j.Token, "/verify") {
				return 0, time.Second
			}
			ref := j.Env[slot(j.Env, "REF=")]
			ran = append(ran, j.Instance[len(j.Instance)-1:]+" "+ref)
			if ref == "REF=v42" && j.Instance == s.w.IDs[1] {
				return 1, time.Second
			}
			return 0, time.Second
		})
		op := s.ended(s.begunRollout(), deploy.StateFailed)
		if op.Cause.Code != deploy.RolledBack || op.Turned == nil {
			t.Errorf("%s", op.Cause)
		}
		if got := strings.Join(ran, ", "); got != "1 REF=v42, 2 REF=v42, 2 REF=v41, 1 REF=v41" {
			t.Errorf("ran %s", got)
		}
		_, err := s.bot.Request(s.ctx, "next", webV42, "U-dev")
		if c, _ := deploy.RefusalOf(err); c.Code != deploy.ServiceLocked {
			t.Errorf("the service is not locked: %v", err)
		}
		un := s.request(deploy.Ask{Kind: deploy.KindUnlock, Service: "web"}, "U-dev")
		s.ended(un, deploy.StateSucceeded)
		s.ended(s.begunRollout(), deploy.StateFailed)
	})
}

func slot(env []string, prefix string) int {
	for i, e := range env {
		if strings.HasPrefix(e, prefix) {
			return i
		}
	}
	return 0
}

// A canary bakes, is confirmed by somebody who may approve, and the others follow.
func TestACanaryBakesAndIsConfirmed(t *testing.T) {
	play(t, deploytest.Setup{Instances: 5}, func(s *stage) {
		b := newBook()
		b.req.Rules.MaxUnavailable = deploy.Count{N: 2}
		b.req.Rules.Canary = deploy.Canary{Instances: 1, Bake: 5 * time.Minute, Confirm: true}
		b.req.Run.Before, b.req.Run.First, b.req.Run.After = "./before", "./migrate", "./after"
		s.book = b
		s.live(0)
		op := s.begunRollout()
		op = s.until(op.ID, "asks", func(o deploy.Operation) bool { return o.Asked.Code == deploy.CanaryBaked })
		i, _ := op.Lane(s.w.IDs[0])
		if o := time.Since(op.Lanes[i].EndAt); o < 5*time.Minute || o > 6*time.Minute {
			t.Errorf("baked for %s", o)
		}
		if _, err := s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActContinue, By: by("U-dev")}); err == nil {
			t.Error("one who may not approve confirmed the canary")
		}
		s.act(op, deploy.Act{Verb: deploy.ActContinue, By: by("U-lead")})
		s.ended(op, deploy.StateSucceeded)
	})
}
