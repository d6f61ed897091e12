package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy"
	"junban/deploy/deploytest"
)

// putBack is a rollout whose first instance another hand put back while the bot was down.
func (s *stage) putBack() deploy.Operation {
	op := s.downAt("draining")
	time.Sleep(30 * time.Second)
	s.must(s.w.Register(s.w.Arns[0], s.pair(0)))
	time.Sleep(10 * time.Second)
	s.live(0)
	return s.until(op.ID, "halted", waits)
}

// What is left out is out: an instance that another hand put back leaves once more before it is held.
func TestLeftOutIsOutOfService(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		op := s.putBack()
		s.act(op, choice(deploy.ActLeaveOut, s.w.IDs[0], 1))
		op = s.ended(op, deploy.StateFailed)
		if got := op.Lanes[0].Status(); got != "held" {
			t.Fatalf("it is %s", got)
		}
		s.must(s.atRest(2, 1))
	})
}

// A retry after that begins with leaving, not with a command on an instance in service.
func TestARetryAfterAnotherHandLeavesAgain(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		op := s.putBack()
		s.act(op, choice(deploy.ActRetry, s.w.IDs[0], 1))
		s.ended(op, deploy.StateSucceeded)
		s.must(s.safe(s.mark, s.w.IDs))
		s.must(s.atRest(3, 0))
	})
}

// A send that may have arrived, and is then refused, is unknown: not failed, with a retry on offer.
func TestASendThatMayHaveArrivedIsNeverCalledFailed(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		var tr trouble
		s.liveIn(&tr)
		op := s.begunRollout()
		tr.begin("send", deploy.Unsure, false, 1)
		s.until(op.ID, "sent once", func(deploy.Operation) bool { return tr.hit() == 1 })
		tr.begin("send", deploy.Refused, false, -1)
		op = s.until(op.ID, "stopped", waits)
		if events, _ := s.journal.Load(s.ctx, op.ID); !hasType(events, deploy.EventUnknown) {
			t.Fatalf("it was called failed\n%s", s.story(op.ID))
		}
	})
}

func (t *trouble) hit() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hits
}

func hasType(events []deploy.Event, want deploy.Type) bool {
	for _, e := range events {
		if e.Type == want {
			return true
		}
	}
	return false
}

// A second abort sends nothing new.
func TestAfterASecondAbortNothingIsSent(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		var tr trouble
		s.liveIn(&tr)
		op := s.begunRollout()
		tr.begin("send", deploy.Throttled, false, -1)
		op = s.until(op.ID, "refused once", func(deploy.Operation) bool { return tr.hit() > 0 })
		s.act(op, deploy.Act{Verb: deploy.ActAbort, By: by("U-dev"), Attempt: 1})
		s.act(op, deploy.Act{Verb: deploy.ActAbort, By: by("U-dev"), Attempt: 2})
		synctest.Wait() // what was on its way when the abort came is refused too
		tr.calm()
		s.ended(op, deploy.StateAborted)
		if n := s.w.Commands(s.w.IDs[0], s.mark); n != 0 {
			t.Fatalf("%d commands ran", n)
		}
	})
}
