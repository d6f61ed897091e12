package engine_test

import (
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
	"junban/deploy/deploytest"
)

// downAt ends a bot's life once the first instance is in a state, and keeps it down for a while.
func (s *stage) downAt(status string) deploy.Operation {
	s.live(0)
	op := s.begunRollout()
	s.until(op.ID, status, func(o deploy.Operation) bool { return o.Lanes[0].Status() == status && len(o.Lanes[0].Seen) > 0 })
	s.stop()
	return op
}

func (s *stage) pair(n int) []world.Pair { return []world.Pair{{ID: s.w.IDs[n], Port: 8080}} }

// I3: a human puts the instance back while the bot is down; no command may run there.
func TestNoCommandOnAnInstanceThatAHumanPutBack(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		op := s.downAt("draining")
		time.Sleep(30 * time.Second) // drained meanwhile
		s.must(s.w.Register(s.w.Arns[0], s.pair(0)))
		time.Sleep(10 * time.Second)
		s.live(0)
		op = s.until(op.ID, "halted", waits)
		if c := op.Lanes[0].Cause.Code; c != deploy.PutBackByOther {
			t.Fatalf("%s\n%s", c, s.story(op.ID))
		}
		if n := s.w.Commands(s.w.IDs[0], 0); n != 0 {
			t.Fatal("a command ran on an instance in service")
		}
		s.act(op, choice(deploy.ActPutBack, s.w.IDs[0], 1))
		s.ended(op, deploy.StateFailed)
		s.must(s.safe(s.mark, s.w.IDs))
	})
}

// I1: a human takes another instance out while the bot is down; nothing more may leave below the minimum.
func TestNothingLeavesBelowTheMinimum(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.book.req.Rules.MinHealthy = deploy.Count{N: 2}
		op := s.downAt("registering")
		s.must(s.w.Deregister(s.w.Arns[0], s.pair(2)))
		mark := s.w.Mark()
		s.live(0)
		op = s.until(op.ID, "kept in service by a gate", func(o deploy.Operation) bool { return o.Lanes[1].Gate.Code != "" })
		if c := op.Lanes[1].Gate; c.Code != deploy.GateHealthy || c.Values["minimum"] != "2" || c.Values["healthy"] != "1" {
			t.Fatalf("%s", c)
		}
		time.Sleep(time.Hour)
		if least := s.w.LeastHealthy(s.w.Arns[0], mark); least < 1 {
			t.Fatalf("%d healthy", least)
		}
		if s.load(op.ID).Lanes[1].Touched {
			t.Fatal("web-2 left service below the minimum")
		}
		s.must(s.w.Register(s.w.Arns[0], s.pair(2)))
		s.ended(op, deploy.StateSucceeded)
	})
}

// A leave that was begun before the crash passes all gates again, since the fleet may have changed meanwhile.
func TestALeaveThatWasBegunPassesTheGatesAgain(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.book.req.Rules.MinHealthy = deploy.Count{N: 2}
		s.live(0)
		s.fuse.Before("deregister")
		op := s.begunRollout()
		s.until(op.ID, "dead", func(deploy.Operation) bool { return s.fuse.Blown() })
		s.stop()
		s.must(s.w.Deregister(s.w.Arns[0], s.pair(2)))
		s.live(0)
		time.Sleep(time.Hour)
		if op = s.load(op.ID); op.Lanes[0].Phase != deploy.PhaseBegun || op.Lanes[0].Gate.Code != deploy.GateHealthy {
			t.Fatalf("phase %s, gate %s\n%s", op.Lanes[0].Phase, op.Lanes[0].Gate, s.story(op.ID))
		}
		if least := s.w.LeastHealthy(s.w.Arns[0], s.mark); least < 2 {
			t.Fatalf("only %d stayed healthy", least)
		}
		s.must(s.w.Register(s.w.Arns[0], s.pair(2)))
		s.ended(op, deploy.StateSucceeded)
	})
}

func TestAnInstanceThatStopsInMidRollout(t *testing.T) {
	for _, gone := range []string{"stopped", "terminated"} {
		t.Run(gone, func(t *testing.T) {
			play(t, deploytest.Setup{}, func(s *stage) {
				s.live(0)
				op := s.begunRollout()
				s.until(op.ID, "draining", func(o deploy.Operation) bool { return o.Lanes[0].Status() == "draining" })
				if gone == "stopped" {
					s.must(s.w.Stop(s.w.IDs[0]))
				} else {
					s.must(s.w.Terminate(s.w.IDs[0]))
				}
				op = s.until(op.ID, "halted", waits)
				if got := op.Lanes[0].Status(); got != gone {
					t.Fatalf("it is told as %s\n%s", got, s.story(op.ID))
				}
				s.act(op, choice(deploy.ActLeaveOut, s.w.IDs[0], 1))
				s.ended(op, deploy.StateFailed)
				if s.w.Commands(s.w.IDs[0], 0) != 0 {
					t.Fatal("a command was sent to it")
				}
			})
		})
	}
}
