package engine_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/deploytest"
)

// chores makes a rollout's chores, and remembers what ran, as "instance verb", in order. what says how a job goes; nil =
// all go well.
func (s *stage) chores(what func(instance, verb string) (int, time.Duration)) *ledger {
	s.book.req.Run.Before, s.book.req.Run.First, s.book.req.Run.After = "./assets", "./migrate", "./notify"
	l := &ledger{}
	s.w.Exec(func(j deploy.Job) (int, time.Duration) {
		verb := j.Token[strings.LastIndex(j.Token, "/")+1:]
		on := strings.TrimLeft(strings.TrimPrefix(j.Instance, "i-"), "0")
		if on == "" {
			on = "bot"
		}
		if verb != "verify" {
			l.add(on + " " + verb)
		}
		if what != nil {
			return what(on, verb)
		}
		return 0, time.Second
	})
	return l
}

func lane(t *testing.T, op deploy.Operation, name string) *deploy.LaneState {
	t.Helper()
	i, ok := op.Lane(name)
	if !ok {
		t.Fatalf("no lane %s", name)
	}
	return op.Lanes[i]
}

func TestChoresRunOncePerRolloutInTheirPlaces(t *testing.T) {
	for _, hosts := range []bool{false, true} {
		play(t, deploytest.Setup{Hosts: hosts}, func(s *stage) {
			ran := s.chores(nil)
			s.live(0)
			op := s.ended(s.begunRollout(), deploy.StateSucceeded)
			if want := "bot before, 1 first, 1 command, 2 command, 3 command, bot after"; ran.String() != want {
				t.Errorf("ran %s, not %s\n%s", ran, want, s.story(op.ID))
			}
			if !op.Migrated() {
				t.Error("it does not say that the migration ran")
			}
		})
	}
}

// first is one token per rollout: neither a new attempt nor another instance repeats it.
func TestFirstIsNotRepeatedByARetryNorByAnotherInstance(t *testing.T) {
	play(t, deploytest.Setup{Instances: 4}, func(s *stage) {
		s.book.req.Rules.MaxUnavailable, s.book.req.Rules.Tolerate = deploy.Count{N: 2}, 1
		var failed atomic.Int32
		ran := s.chores(func(on, verb string) (int, time.Duration) {
			if on == "1" && verb == "command" && failed.Add(1) < 3 {
				return 1, time.Second
			}
			return 0, time.Second
		})
		s.live(0)
		op := s.begunRollout()
		for attempt := 1; attempt < 3; attempt++ {
			op = s.until(op.ID, "it waits", func(o deploy.Operation) bool { return lane(t, o, s.w.IDs[0]).Waits() })
			s.act(op, choice(deploy.ActRetry, s.w.IDs[0], attempt))
		}
		s.ended(op, deploy.StateSucceeded)
		if n := strings.Count(ran.String(), "first"); n != 1 {
			t.Errorf("first ran %d times: %s", n, ran)
		}
	})
}

// A first that fails halts: nobody repeats it by itself, and a person may let the rollout go on.
func TestAChoreThatFailsHaltsUntilSomebodyGoesOn(t *testing.T) {
	for _, verb := range []string{"before", "first", "after"} {
		play(t, deploytest.Setup{Instances: 2}, func(s *stage) {
			ran := s.chores(func(_, v string) (int, time.Duration) {
				if v == verb {
					return 1, time.Second
				}
				return 0, time.Second
			})
			s.live(0)
			op := s.until(s.begunRollout().ID, "it waits", waits)
			time.Sleep(time.Hour)
			op = s.load(op.ID)
			if n := strings.Count(ran.String(), "command"); (verb == "after") != (n == 2) || verb != "after" && n != 0 {
				t.Errorf("%s has failed, and %s", verb, ran)
			}
			s.act(op, choice(deploy.ActGoOn, verb, 1))
			s.ended(op, deploy.StateSucceeded)
			if n := strings.Count(ran.String(), verb); n != 1 {
				t.Errorf("%s ran %d times", verb, n)
			}
		})
	}
}

// Nothing is left for first to run on when every instance was left out: the operation ends all the same.
func TestFirstWithNoInstanceLeftEndsTheRollout(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		ran := s.chores(nil)
		s.live(0)
		op := s.approve(s.request(deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v42", On: "web-1"}, "U-dev"), "U-lead")
		s.until(op.ID, "web-1 drains", func(o deploy.Operation) bool { return lane(t, o, s.w.IDs[0]).Status() == "draining" })
		s.must(s.w.Terminate(s.w.IDs[0]))
		op = s.until(op.ID, "it waits", waits)
		s.act(op, choice(deploy.ActLeaveOut, s.w.IDs[0], 1))
		s.ended(op, deploy.StateFailed)
		if ran.String() != "bot before" {
			t.Errorf("ran %s", ran)
		}
	})
}

func TestAfterRunsOnlyIfEveryInstanceIsDone(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		ran := s.chores(func(on, verb string) (int, time.Duration) {
			if on == "2" && verb == "command" {
				return 1, time.Second
			}
			return 0, time.Second
		})
		s.live(0)
		op := s.until(s.begunRollout().ID, "it waits", waits)
		s.act(op, choice(deploy.ActPutBack, s.w.IDs[1], 1))
		s.ended(op, deploy.StateFailed)
		if strings.Contains(ran.String(), "after") {
			t.Errorf("ran %s", ran)
		}
	})
}

// Behind no load balancer too, first waits for before and for the gates.
func TestBehindNoLoadBalancerFirstWaitsForTheGates(t *testing.T) {
	play(t, deploytest.Setup{Hosts: true}, func(s *stage) {
		s.book.req.Rules.Alarms = []string{"web-5xx"}
		s.w.SetAlarm("web-5xx", "ALARM")
		ran := s.chores(func(_, verb string) (int, time.Duration) { return 0, 10 * time.Second })
		s.live(0)
		op := s.begunRollout()
		op = s.until(op.ID, "asks", func(o deploy.Operation) bool { return o.Asked.Code == deploy.AlarmOn })
		time.Sleep(time.Hour)
		if ran.String() != "bot before" {
			t.Errorf("while an alarm rings, %s", ran)
		}
		s.act(op, deploy.Act{Verb: deploy.ActContinue, By: by("U-dev")})
		s.ended(op, deploy.StateSucceeded)
	})
}

// A chore that fails while the rollout goes back is in nobody's way.
func TestAChoreThatFailsOnTheWayBackDoesNotHaltIt(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		s.succeeds()
		s.stop()
		s.book.req.Rules.Alarms, s.book.req.Rules.OnFailure = []string{"web-5xx"}, deploy.PolicyRollback
		s.book.req.Rules.MaxUnavailable.N = 3 // the third is kept by the minimum, and goes on asking the gates
		s.chores(func(_, verb string) (int, time.Duration) {
			if verb == "first" {
				return 1, 50 * time.Second
			}
			return 0, time.Second
		})
		s.live(0)
		op := s.begunRollout()
		op = s.until(op.ID, "the migration runs", func(o deploy.Operation) bool { return lane(t, o, "first").Phase == deploy.PhaseAccepted })
		s.w.SetAlarm("web-5xx", "ALARM")
		s.ended(op, deploy.StateFailed)
	})
}

// A migration that was not sent before the rollout was given up is not sent after it: its instance serves again.
func TestAFirstThatWasNotSentIsNotSentAfterAnAbort(t *testing.T) {
	for _, verb := range []deploy.ActVerb{deploy.ActAbort, deploy.ActRollback} {
		for _, sent := range []bool{false, true} {
			play(t, deploytest.Setup{}, func(s *stage) {
				s.live(0)
				s.succeeds()
				s.stop()
				ran := s.chores(func(string, string) (int, time.Duration) { return 0, 2 * time.Second })
				s.book.req.Rules.OnFailure, s.book.req.Rules.Alarms = deploy.PolicyRollback, []string{"web-5xx"}
				s.book.req.Rules.MaxUnavailable.N = 3
				s.book.req.Run.Before = ""
				s.live(0)
				op := s.begunRollout()
				s.until(op.ID, "web-1 drains", func(o deploy.Operation) bool { return lane(t, o, s.w.IDs[0]).Status() == "draining" })
				s.fuse.Before(map[bool]string{false: "send", true: "wait"}[sent])
				s.until(op.ID, "the bot dies", finished)
				s.stop()
				if verb == deploy.ActRollback {
					s.w.SetAlarm("web-5xx", "ALARM") // the first reading of the new life shows it
				}
				s.live(0)
				if verb == deploy.ActAbort {
					s.act(op, deploy.Act{Verb: verb, By: by("U-dev")})
				}
				op = s.until(op.ID, "finished", finished)
				if n := strings.Count(ran.String(), "first"); (n == 1) != sent {
					t.Errorf("%s, sent %t: ran %s\n%s", verb, sent, ran, s.story(op.ID))
				}
				s.must(s.atRest(3, map[bool]int{true: 1}[verb == deploy.ActRollback]))
			})
		}
	}
}
