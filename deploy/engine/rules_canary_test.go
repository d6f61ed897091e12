package engine_test

import (
	"sync/atomic"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/deploytest"
)

// baking plays a rollout up to where its canary, web-1, is baking, and answers when it came back.
func (s *stage) baking(rules func(*deploy.Rules)) (deploy.Operation, time.Time) {
	s.t.Helper()
	r := &s.book.req.Rules
	r.MaxUnavailable.N, r.Canary = 2, deploy.Canary{Instances: 1, Bake: 10 * time.Minute}
	if rules != nil {
		rules(r)
	}
	if s.end == nil {
		s.live(0)
	}
	op := s.begunRollout()
	op = s.until(op.ID, "the canary is back", func(o deploy.Operation) bool { return o.Lanes[0].Outcome == deploy.OutcomeDone })
	return op, op.Lanes[0].EndAt
}

// left is when an instance left, if it has.
func left(op deploy.Operation, n int) time.Time { return op.Lanes[n].StartAt }

func asks(code deploy.Code) func(deploy.Operation) bool {
	return func(o deploy.Operation) bool { return o.Asked.Code == code }
}

func TestNothingLeavesUntilTheCanaryIsBaked(t *testing.T) {
	play(t, deploytest.Setup{Instances: 5}, func(s *stage) {
		op, back := s.baking(nil)
		op = s.ended(op, deploy.StateSucceeded)
		for n := 1; n < 5; n++ {
			if baked := left(op, n).Sub(back); baked < 10*time.Minute {
				t.Errorf("web-%d left %s after the canary was back", n+1, baked)
			}
		}
		if first := left(op, 1).Sub(back); first > 10*time.Minute+10*time.Second {
			t.Errorf("the next left %s after the canary was back", first)
		}
		if !left(op, 1).Equal(left(op, 2)) {
			t.Error("after the bake the window is not two")
		}
	})
}

func TestTheCanaryIsTakenFromTheHealthy(t *testing.T) {
	play(t, deploytest.Setup{Instances: 4}, func(s *stage) {
		s.w.Sick(s.w.IDs[0], true)
		time.Sleep(time.Minute)
		s.book.req.Rules.Canary.Instances = 1
		s.live(0)
		op := s.request(webV42, "U-dev")
		if first := op.Lanes[op.Plan.Preview.Order[0]].Name; first != s.w.IDs[1] {
			t.Errorf("the canary is %s", first)
		}
	})
}

// The bake counts from the journal: a restart neither shortens nor prolongs it.
func TestTheBakeSurvivesARestart(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		op, back := s.baking(nil)
		time.Sleep(9 * time.Minute)
		s.stop()
		time.Sleep(30 * time.Second)
		s.live(0)
		op = s.ended(op, deploy.StateSucceeded)
		if took := left(op, 1).Sub(back); took < 10*time.Minute || took > 10*time.Minute+15*time.Second {
			t.Errorf("the next left %s after the canary was back", took)
		}
	})
}

func TestACanaryThatFallsIllWhileItBakesIsAFailureOfTheRollout(t *testing.T) {
	for policy, want := range map[deploy.Policy]string{"": "", deploy.PolicyStop: "healthy skipped skipped", deploy.PolicyRollback: "rolled back skipped skipped"} {
		play(t, deploytest.Setup{}, func(s *stage) {
			s.live(0)
			s.succeeds()
			s.stop()
			op, back := s.baking(func(r *deploy.Rules) { r.OnFailure = policy })
			time.Sleep(4 * time.Minute)
			s.w.Sick(s.w.IDs[0], true)
			if policy == "" {
				op = s.until(op.ID, "asks", asks(deploy.CanarySick))
				if late := op.AskedAt.Sub(back); late > 6*time.Minute {
					t.Errorf("it was noticed %s after the canary was back", late)
				}
				time.Sleep(time.Hour)
				if op = s.load(op.ID); op.Lanes[1].Touched {
					t.Error("web-2 left while the canary is ill")
				}
				s.act(op, deploy.Act{Verb: deploy.ActContinue, By: by("U-dev")})
				s.w.Sick(s.w.IDs[0], false)
				s.ended(op, deploy.StateSucceeded)
				return
			}
			s.until(op.ID, "the rule decides", func(o deploy.Operation) bool { return o.Course != deploy.CourseOn })
			s.w.Sick(s.w.IDs[0], false)
			op = s.ended(op, deploy.StateFailed)
			status(s, op, want)
		})
	}
}

func TestAnAlarmWhileTheCanaryBakesIsAFailureOfTheRollout(t *testing.T) {
	for policy, want := range map[deploy.Policy]string{"": "", deploy.PolicyStop: "healthy skipped skipped", deploy.PolicyRollback: "rolled back skipped skipped"} {
		play(t, deploytest.Setup{}, func(s *stage) {
			s.live(0)
			s.succeeds()
			s.stop()
			op, back := s.baking(func(r *deploy.Rules) { r.OnFailure, r.Alarms = policy, []string{"web-5xx"} })
			time.Sleep(4 * time.Minute)
			s.w.SetAlarm("web-5xx", "ALARM")
			if policy == "" {
				op = s.until(op.ID, "asks", asks(deploy.AlarmOn))
				if late := op.AskedAt.Sub(back); late > 5*time.Minute {
					t.Errorf("it was noticed %s after the canary was back", late)
				}
				s.act(op, deploy.Act{Verb: deploy.ActContinue, By: by("U-dev")})
				op = s.ended(op, deploy.StateSucceeded)
				if baked := left(op, 1).Sub(back); baked < 10*time.Minute {
					t.Errorf("an alarm that is known has ended the bake after %s", baked)
				}
				return
			}
			op = s.ended(op, deploy.StateFailed)
			status(s, op, want)
		})
	}
}

func TestAnAlarmThatRingsAlreadyMustBeAcknowledgedToBegin(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.book.req.Rules.Alarms, s.book.req.Rules.OnFailure = []string{"web-5xx", "web-cpu"}, deploy.PolicyStop
		s.w.SetAlarm("web-5xx", "ALARM")
		s.live(0)
		op := s.until(s.begunRollout().ID, "asks", asks(deploy.AlarmOn))
		time.Sleep(time.Hour)
		if op = s.load(op.ID); op.Lanes[0].Touched || op.Asked.Values["alarms"] != "web-5xx" {
			t.Errorf("asked %s\n%s", op.Asked, s.story(op.ID))
		}
		s.act(op, deploy.Act{Verb: deploy.ActContinue, By: by("U-dev")})
		op = s.until(op.ID, "web-1 drains", func(o deploy.Operation) bool { return o.Lanes[0].Status() == "draining" })
		s.w.SetAlarm("web-cpu", "ALARM") // that one nobody knows of
		op = s.ended(op, deploy.StateFailed)
		if op.Cause.Values["alarms"] != "web-cpu" {
			t.Errorf("it ended with %s", op.Cause)
		}
		status(s, op, "healthy skipped skipped")
	})
}

// In a group without any healthy target a person confirms before anything leaves.
func TestAGroupThatFailsOpenNeedsAPerson(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		for _, id := range s.w.IDs {
			s.w.Sick(id, true)
		}
		time.Sleep(time.Minute)
		s.book.req.Rules.MinHealthy.N = 0
		s.w.Exec(func(j deploy.Job) (int, time.Duration) { // the release mends it
			go s.w.Sick(j.Instance, false)
			return 0, time.Second
		})
		s.live(0)
		op := s.until(s.begunRollout().ID, "asks", asks(deploy.FailOpen))
		time.Sleep(time.Hour)
		if s.load(op.ID).Lanes[0].Touched {
			t.Fatal("it left without a person's word")
		}
		if _, err := s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActContinue, By: by("U-other")}); err == nil {
			t.Error("anybody may confirm")
		}
		s.act(op, deploy.Act{Verb: deploy.ActContinue, By: by("U-dev")})
		op = s.ended(op, deploy.StateSucceeded)
		if len(op.Answers) != 1 {
			t.Errorf("it was asked %d times", len(op.Answers))
		}
	})
}

// The question is withdrawn when a target is healthy again, also after AWS could not be read for a while.
func TestAGroupThatRecoversTakesItsQuestionBack(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		var out atomic.Bool
		s.book.req.Rules.PauseBetween = 5 * time.Minute
		s.liveWith(0, &seam{health: func(string, time.Time, *deploy.Reading) error {
			if out.Load() {
				return &deploy.Fault{Class: deploy.Unsure, Message: "no route"}
			}
			return nil
		}})
		op := s.begunRollout()
		s.until(op.ID, "web-1 is back", func(o deploy.Operation) bool { return o.Lanes[0].Outcome == deploy.OutcomeDone })
		for _, id := range s.w.IDs {
			s.w.Sick(id, true)
		}
		op = s.until(op.ID, "asks", asks(deploy.FailOpen))
		out.Store(true)
		time.Sleep(10 * time.Minute)
		out.Store(false)
		for _, id := range s.w.IDs {
			s.w.Sick(id, false)
		}
		for {
			op = s.until(op.ID, "it waits or ends", func(o deploy.Operation) bool { return finished(o) || waits(o) })
			if finished(op) {
				break
			}
			i := op.Undecided()[0]
			s.act(op, choice(deploy.ActRetry, op.Lanes[i].Name, op.Lanes[i].Attempt))
		}
		s.ended(op, deploy.StateSucceeded)
	})
}
