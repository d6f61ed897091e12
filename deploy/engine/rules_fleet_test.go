package engine_test

import (
	"strings"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
	"junban/deploy/deploytest"
)

func TestAPauseBetweenTwoInstances(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.book.req.Rules.PauseBetween = 10 * time.Minute
		s.live(0)
		op := s.ended(s.begunRollout(), deploy.StateSucceeded)
		for n := 1; n < 3; n++ {
			if gap := op.Lanes[n].StartAt.Sub(op.Lanes[n-1].EndAt); gap < 10*time.Minute || gap > 10*time.Minute+10*time.Second {
				t.Errorf("web-%d left %s after the one before was back", n+1, gap)
			}
		}
	})
}

func TestCanariesGoOneByOne(t *testing.T) {
	play(t, deploytest.Setup{Instances: 5}, func(s *stage) {
		s.book.req.Rules.MaxUnavailable.N, s.book.req.Rules.Canary.Instances = 3, 2
		s.live(0)
		op := s.ended(s.begunRollout(), deploy.StateSucceeded)
		if op.Lanes[1].StartAt.Before(op.Lanes[0].EndAt) || op.Lanes[2].StartAt.Before(op.Lanes[1].EndAt) {
			t.Errorf("the canaries were out together\n%s", s.story(op.ID))
		}
		if !op.Lanes[2].StartAt.Equal(op.Lanes[4].StartAt) {
			t.Error("the others were not")
		}
	})
}

// The window slides: the next leaves as soon as one is back, not when all of a batch are.
func TestTheWindowSlides(t *testing.T) {
	play(t, deploytest.Setup{Instances: 5}, func(s *stage) {
		s.book.req.Rules.MaxUnavailable.N, s.book.req.Run.Timeout = 2, time.Hour
		s.w.Exec(func(j deploy.Job) (int, time.Duration) {
			if j.Instance == s.w.IDs[0] {
				return 0, 20 * time.Minute
			}
			return 0, time.Second
		})
		s.book.req.Run.Verify = ""
		s.live(0)
		op := s.ended(s.begunRollout(), deploy.StateSucceeded)
		if !op.Lanes[4].EndAt.Before(op.Lanes[0].EndAt) {
			t.Error("web-5 waited for web-1")
		}
	})
}

func TestTheIllGoFirstWithinTheirZone(t *testing.T) {
	play(t, deploytest.Setup{Instances: 4, Zones: []string{"a", "b"}}, func(s *stage) {
		s.w.Sick(s.w.IDs[3], true) // zone b
		s.w.Sick(s.w.IDs[2], true) // zone a
		time.Sleep(time.Minute)
		s.w.Exec(func(j deploy.Job) (int, time.Duration) {
			go s.w.Sick(j.Instance, false)
			return 0, time.Second
		})
		s.live(0)
		op := s.ended(s.begunRollout(), deploy.StateSucceeded)
		var order []string
		for _, i := range []int{2, 0, 3, 1} {
			order = append(order, op.Lanes[i].StartAt.Format("150405.000"))
		}
		for i := 1; i < 4; i++ {
			if order[i] <= order[i-1] {
				t.Errorf("they left at %v", order)
			}
		}
	})
}

// One server and min_healthy 0: it goes down for a while, without a question.
func TestOneServerGoesDownAndComesBack(t *testing.T) {
	play(t, deploytest.Setup{Instances: 1}, func(s *stage) {
		s.live(0)
		_, err := s.bot.Request(s.ctx, "too-much", webV42, "U-dev")
		if c, _ := deploy.RefusalOf(err); c.Code != deploy.MinimumTooHigh || c.Values["largest"] != "0" {
			t.Errorf("a minimum of 1: %v", err)
		}
		s.stop()
		s.book.req.Rules.MinHealthy.N, s.book.req.Rules.Canary.Instances = 0, 1
		s.live(0)
		op := s.ended(s.begunRollout(), deploy.StateSucceeded)
		if len(op.Answers) != 0 {
			t.Error("it was asked")
		}
	})
}

func (s *stage) appears(zone string) string {
	id := s.w.Launch(zone)
	s.must(s.w.Register(s.w.Arns[0], []world.Pair{{ID: id, Port: 8080}}))
	return id
}

func TestAnInstanceThatAppears(t *testing.T) {
	for _, dynamic := range []bool{false, true} {
		play(t, deploytest.Setup{}, func(s *stage) {
			s.book.req.Rules.Dynamic = dynamic
			s.live(0)
			op := s.begunRollout()
			s.until(op.ID, "web-1 drains", func(o deploy.Operation) bool { return o.Lanes[0].Status() == "draining" })
			id := s.appears("a")
			op = s.until(op.ID, "web-2 drains", func(o deploy.Operation) bool { return o.Lanes[1].Status() == "draining" })
			told := s.noted(op, deploy.Appeared)
			if want := map[bool]string{false: "no", true: "yes"}[dynamic]; len(told) != 1 || told[0].Cause.Values["instances"] != id || told[0].Cause.Values["joins"] != want {
				t.Errorf("dynamic %t: it tells %v", dynamic, told)
			}
			locks, err := s.journal.Locks(s.ctx)
			s.must(err)
			locked := false
			for _, l := range locks {
				locked = locked || l.Instance() == id
			}
			if locked != dynamic {
				t.Errorf("dynamic %t: locked %t", dynamic, locked)
			}
			op = s.ended(op, deploy.StateSucceeded)
			if n := s.w.Commands(id, 0); (n > 0) != dynamic {
				t.Errorf("dynamic %t: %d commands ran on it\n%s", dynamic, n, s.story(op.ID))
			}
			s.must(s.atRest(4, 0))
		})
	}
}

// Somebody else takes an instance out before its turn: that is said, and it is not touched.
func TestAnInstanceThatVanishes(t *testing.T) {
	for _, way := range []string{"deregistered", "terminated"} {
		play(t, deploytest.Setup{Instances: 4}, func(s *stage) {
			s.live(0)
			op := s.begunRollout()
			s.until(op.ID, "web-1 drains", func(o deploy.Operation) bool { return o.Lanes[0].Status() == "draining" })
			if way == "deregistered" {
				s.must(s.w.Deregister(s.w.Arns[0], s.pair(2)))
			} else {
				s.must(s.w.Terminate(s.w.IDs[2]))
			}
			op = s.until(op.ID, "it waits", waits)
			if c := op.Lanes[2].Cause; c.Code != deploy.Vanished && c.Code != deploy.InstanceGone {
				t.Errorf("%s: it says %s", way, c)
			}
			s.act(op, choice(deploy.ActLeaveOut, s.w.IDs[2], 1))
			op = s.ended(op, deploy.StateFailed)
			if got := statuses(op); got != "healthy healthy skipped healthy" || s.w.Commands(s.w.IDs[2], 0) != 0 {
				t.Errorf("%s: %s", way, got)
			}
			s.must(s.atRest(3, 0))
		})
	}
}

func TestNoInstanceIsPutBackWhileFirstRunsOnIt(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.chores(func(_, verb string) (int, time.Duration) { return 0, 30 * time.Second })
		s.live(0)
		op := s.until(s.begunRollout().ID, "the migration runs", func(o deploy.Operation) bool { return lane(t, o, "first").Phase == deploy.PhaseAccepted })
		s.act(op, deploy.Act{Verb: deploy.ActAbort, By: by("U-dev")})
		time.Sleep(20 * time.Second)
		if in := s.w.InService(s.w.IDs[0]); len(in) != 0 {
			t.Errorf("it is in service in %v", in)
		}
		s.ended(op, deploy.StateAborted)
		s.must(s.atRest(3, 0))
	})
}

// The next rollout meets the lock that a rollback by a rule has left, also when it stood in the queue.
func TestAQueuedRolloutMeetsTheLockOfTheRollbackBeforeIt(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		s.succeeds()
		s.stop()
		s.book.req.Rules.OnFailure = deploy.PolicyRollback
		s.bad("v42", 2)
		s.live(0)
		first := s.begunRollout()
		time.Sleep(time.Second)
		next := s.approve(s.request(deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v43"}, "U-dev"), "U-lead")
		s.ended(first, deploy.StateFailed)
		next = s.ended(next, deploy.StateExpired)
		if next.Cause.Code != deploy.ServiceLocked {
			t.Errorf("it ended with %s", next.Cause)
		}
		s.book.req.Rules.OnFailure = ""
		op, err := s.bot.Request(s.ctx, "emergency", deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v43", Emergency: true, Reason: "down"}, "U-lead")
		s.must(err)
		s.people.is("U-boss", deploy.Member)
		if _, err := s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActApprove, By: by("U-lead"), Hash: op.Hash}); err == nil {
			t.Error("one may approve the own emergency")
		}
		locks, err := s.journal.Locks(s.ctx)
		s.must(err)
		if len(locks) != 1 || !strings.HasPrefix(locks[0].Resource, "group:") {
			t.Errorf("locks %+v", locks)
		}
	})
}
