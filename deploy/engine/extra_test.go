package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
)

// intended reports whether the journal's last word on a lane is the intent of a step of this verb.
func (s *stage) intended(verb deploy.Verb) bool {
	rows, _ := s.journal.Unfinished(s.ctx)
	for _, r := range rows {
		for _, l := range s.load(r.Op).Lanes {
			if step, ok := l.Step(); ok && step.Verb == verb && (l.Phase == deploy.PhaseBegun || l.Phase == deploy.PhaseAccepted) {
				return true
			}
		}
	}
	return false
}

// Nothing is done outside before the journal holds the intent.
func TestNothingIsDoneBeforeItsIntentIsJournalled(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		var calls atomic.Int32
		must := func(verb deploy.Verb) {
			if calls.Add(1); !s.intended(verb) {
				t.Errorf("an effect of %s without its intent in the journal", verb)
			}
		}
		s.liveBehind(0, between{
			append:     func(deploy.Event) error { time.Sleep(time.Second); return nil }, // whoever does not wait for the journal is seen
			deregister: func(string) error { must(deploy.VerbLeave); return nil },
			register:   func(string) { must(deploy.VerbJoin) },
			send: func(j deploy.Job) {
				if hasSuffix(j.Token, "/command") {
					must(deploy.VerbCommand)
				}
			},
		})
		s.ended(s.begunRollout(), deploy.StateSucceeded)
		if n := calls.Load(); n != 9 {
			t.Errorf("%d calls were watched, not 9", n)
		}
	})
}

// I1 holds in each target group: one that is short keeps the instance in service in both.
func TestAGroupThatIsShortKeepsAnInstanceInService(t *testing.T) {
	for group := range 2 {
		play(t, deploytest.Setup{Groups: []string{"web", "api"}}, func(s *stage) {
			s.book.req.Rules.MinHealthy = deploy.Count{N: 2}
			var ill atomic.Bool
			s.liveBehind(0, between{health: func(arn string, r *deploy.Reading) {
				for i := range r.Targets {
					if ill.Load() && arn == s.w.Arns[group] && r.Targets[i].Target == s.w.IDs[2] {
						r.Targets[i].State = deploy.Unhealthy
					}
				}
			}})
			op := s.request(webV42, "U-dev")
			ill.Store(true)
			s.approve(op, "U-lead")
			op = s.until(op.ID, "kept in service by a gate", func(o deploy.Operation) bool { return o.Lanes[0].Gate.Code != "" })
			time.Sleep(time.Hour)
			if op = s.load(op.ID); op.Lanes[0].Touched || op.Lanes[0].Gate.Code != deploy.GateHealthy {
				t.Fatalf("group %d is short: %s\n%s", group, op.Lanes[0].Gate, s.story(op.ID))
			}
			ill.Store(false)
			s.ended(op, deploy.StateSucceeded)
		})
	}
}

// A call that was throttled is made again only on what the fleet shows then: here another instance has fallen ill.
func TestAThrottledDeregisterIsNotMadeAgainOnAnOldReading(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.book.req.Rules.MinHealthy = deploy.Count{N: 2}
		var throttled atomic.Int32
		var well atomic.Bool
		s.liveBehind(0, between{
			deregister: func(string) error {
				if throttled.Load() < 2 {
					throttled.Add(1)
					return &deploy.Fault{Class: deploy.Throttled, Code: "Throttling", Message: "Rate exceeded"}
				}
				if !well.Load() {
					t.Error("web-1 was taken out below the minimum")
				}
				return nil
			},
			health: func(_ string, r *deploy.Reading) {
				for i := range r.Targets {
					if throttled.Load() > 0 && !well.Load() && r.Targets[i].Target == s.w.IDs[2] {
						r.Targets[i].State = deploy.Unhealthy
					}
				}
			},
		})
		op := s.begunRollout()
		time.Sleep(time.Hour)
		if n := throttled.Load(); n != 2 { // the second is made a second later, while the first reading is young enough
			t.Errorf("%d calls were made", n)
		}
		well.Store(true)
		s.ended(op, deploy.StateSucceeded)
	})
}

// I2: wherever the bot dies, a command reaches its host once: the next bot finds what was sent and adopts it.
func TestACommandIsSentOnceWhereverTheBotDies(t *testing.T) {
	for hook := 1; ; hook++ {
		over := false
		play(t, deploytest.Setup{Instances: 2}, func(s *stage) {
			var mu sync.Mutex
			sent := map[string]int{}
			watch := between{send: func(j deploy.Job) {
				mu.Lock()
				defer mu.Unlock()
				sent[j.Token]++
			}}
			s.liveBehind(hook, watch)
			sc := scenario{ask: webV42}
			op := s.goOn(sc, deploy.Operation{})
			if !op.State.Finished() {
				s.stop()
				s.liveBehind(0, watch)
				op = s.goOn(sc, op)
			} else {
				over = true
			}
			mu.Lock()
			defer mu.Unlock()
			if op.State != deploy.StateSucceeded || len(sent) != 4 {
				t.Errorf("crash at hook %d: it ended %s %s, %d tokens were sent", hook, op.State, op.Cause, len(sent))
			}
			for token, n := range sent {
				if n != 1 {
					t.Errorf("crash at hook %d: %s was sent %d times", hook, token, n)
				}
			}
		})
		if over {
			t.Logf("%d hooks", hook-1)
			return
		}
	}
}

// downBefore kills the bot just before it journals the intent of the first command, or just before it sends it.
func (s *stage) downBefore(sending bool) deploy.Operation {
	if sending {
		s.live(0)
		s.fuse.Before("send")
	} else {
		s.liveBehind(0, between{append: func(e deploy.Event) error {
			if e.Type == deploy.EventBegun && e.Values != nil {
				s.fuse.Before("append begun") // it tries again
				return errLine
			}
			return nil
		}})
	}
	op := s.begunRollout()
	s.until(op.ID, "dead", func(deploy.Operation) bool { return s.fuse.Blown() })
	s.stop()
	return s.load(op.ID)
}

// I3: a human puts a drained instance back while the bot is down, before its command was begun, or before it was sent.
func TestNoCommandOnADrainedInstanceThatAHumanPutBack(t *testing.T) {
	for _, sending := range []bool{false, true} {
		t.Run(fmt.Sprintf("begun %t", sending), func(t *testing.T) {
			play(t, deploytest.Setup{}, func(s *stage) {
				op := s.downBefore(sending)
				if l := op.Lanes[0]; l.At != 1 || (l.Phase == deploy.PhaseBegun) != sending {
					t.Fatalf("the bot died elsewhere: step %d, phase %s", l.At, l.Phase)
				}
				s.must(s.w.Register(s.w.Arns[0], s.pair(0)))
				time.Sleep(time.Minute)
				s.live(0)
				op = s.until(op.ID, "halted", func(o deploy.Operation) bool { return len(o.Undecided()) > 0 && o.Lanes[0].Phase == deploy.PhaseFailed })
				if c := op.Lanes[0].Cause.Code; c != deploy.PutBackByOther || s.w.Commands(s.w.IDs[0], 0) != 0 {
					t.Fatalf("%s, %d commands\n%s", c, s.w.Commands(s.w.IDs[0], 0), s.story(op.ID))
				}
				s.act(op, choice(deploy.ActPutBack, s.w.IDs[0], 1))
				s.ended(op, deploy.StateFailed)
				s.must(s.safe(s.mark, s.w.IDs))
				s.must(s.atRest(3, 0))
			})
		})
	}
}

// An instance is back when it is healthy in all its groups, and not before: the next one would leave too early.
func TestHealthyInOneGroupIsNotBack(t *testing.T) {
	play(t, deploytest.Setup{Groups: []string{"web", "api"}}, func(s *stage) {
		var first atomic.Pointer[time.Time]
		s.liveBehind(0, between{
			register: func(string) {
				now := time.Now()
				first.CompareAndSwap(nil, &now)
			},
			health: func(group string, r *deploy.Reading) {
				for i := range r.Targets {
					if at := first.Load(); at != nil && time.Since(*at) < 2*time.Minute && group == s.w.Arns[1] && r.Targets[i].Target == s.w.IDs[0] {
						r.Targets[i].State = deploy.Initial
					}
				}
			},
		})
		op := s.ended(s.begunRollout(), deploy.StateSucceeded)
		registered := *first.Load()
		if back := op.Lanes[0].EndAt; back.Before(registered.Add(2 * time.Minute)) {
			t.Fatalf("back %s after it was registered\n%s", back.Sub(registered), s.story(op.ID))
		}
		if op.Lanes[1].StartAt.Before(op.Lanes[0].EndAt) {
			t.Fatal("the next one left before")
		}
	})
}

// A process that was taken over does nothing more: the new one's first event is the fence.
func TestABotThatWasTakenOverActsNoMore(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		var old atomic.Int32
		s.liveBehind(0, between{unheard: true, deregister: func(string) error { old.Add(1); return nil }})
		op := s.begunRollout()
		s.until(op.ID, "draining", func(o deploy.Operation) bool { return o.Lanes[0].Status() == "draining" })
		endOld := s.end
		s.live(0) // on the same journal, while the other still runs
		op = s.ended(op, deploy.StateSucceeded)
		s.end()
		endOld()
		s.end = nil
		if n := old.Load(); n != 1 {
			t.Errorf("the old bot took %d instances out", n)
		}
		first := ""
		for _, e := range s.events(op.ID) {
			if e.Type == deploy.EventResumed {
				first = e.Writer
			} else if first != "" && e.Writer != first {
				t.Errorf("event %d (%s) was written by the bot that was taken over", e.Seq, e.Type)
			}
		}
		if first == "" {
			t.Fatal("nobody resumed it")
		}
	})
}

func (s *stage) events(id deploy.ID) []deploy.Event {
	s.t.Helper()
	events, err := s.journal.Load(s.ctx, id)
	s.must(err)
	return events
}

// What was approved is compared at the start once more: the fleet has changed while the operation was queued.
func TestAFleetThatChangedInTheQueueVoidsTheApproval(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		a, b := s.request(webV42, "U-dev"), s.request(webV42, "U-dev")
		s.approve(a, "U-lead")
		s.until(a.ID, "rolling", func(o deploy.Operation) bool { return o.State == deploy.StateRolling })
		s.approve(b, "U-lead")
		s.until(b.ID, "queued", func(o deploy.Operation) bool { return o.State == deploy.StateQueued })
		s.w.AddInstance(world.Instance{ID: "i-new", Name: "web-4"})
		s.must(s.w.Register(s.w.Arns[0], []world.Pair{{ID: "i-new", Port: 8080}}))
		s.ended(a, deploy.StateSucceeded)
		b = s.ended(b, deploy.StateExpired)
		if b.Cause.Code != deploy.PlanChanged || b.Cause.Values["what"] != "+i-new" {
			t.Fatalf("%s", b.Cause)
		}
	})
}

// An append whose outcome is not known is read back: what was written is not written again, and goes on.
func TestAnAppendWhoseOutcomeIsUnknown(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		j := &forgetful{Journal: s.journal}
		s.journal = j
		s.live(0)
		op := s.begunRollout()
		j.mu.Lock()
		j.on = true
		j.mu.Unlock()
		op = s.ended(op, deploy.StateSucceeded)
		s.must(deployed(s, op))
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.lost == 0 {
			t.Fatal("no answer was lost")
		}
	})
}

// forgetful is a journal that loses every second answer, after writing or before it in turn.
type forgetful struct {
	engine.Journal
	mu   sync.Mutex
	on   bool
	n    int
	lost int
}

func (f *forgetful) Append(ctx context.Context, e deploy.Event, r deploy.Row, c deploy.Changes) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n++; !f.on || f.n%2 == 0 {
		return f.Journal.Append(ctx, e, r, c)
	}
	f.lost++
	if f.n%4 == 1 {
		if err := f.Journal.Append(ctx, e, r, c); err != nil {
			return err
		}
	}
	return errors.Join(engine.ErrUnknown, errLine)
}
