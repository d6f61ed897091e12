package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/deploytest"
)

// bad makes the command of a ref exit 1 on some instances; it remembers what ran, as "instance ref", in order.
func (s *stage) bad(ref string, instances ...int) *ledger {
	return s.badRefs(map[string][]int{ref: instances})
}

// badRefs is bad for several refs.
func (s *stage) badRefs(bad map[string][]int) *ledger {
	l := &ledger{}
	s.w.Exec(func(j deploy.Job) (int, time.Duration) {
		got := strings.TrimPrefix(j.Env[slot(j.Env, "REF=")], "REF=")
		verb := j.Token[strings.LastIndex(j.Token, "/")+1:]
		if verb != "verify" {
			l.add(strings.TrimLeft(strings.TrimPrefix(j.Instance, "i-"), "0") + " " + got)
		}
		for _, n := range bad[got] {
			if verb != "verify" && j.Instance == s.w.IDs[n-1] {
				return 1, time.Second
			}
		}
		return 0, time.Second
	})
	return l
}

type ledger struct {
	mu  sync.Mutex
	all []string
}

func (l *ledger) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, s)
}

func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, ", ")
}

// statuses are the states of the instances, as people see them, in the order of their names.
func statuses(op deploy.Operation) string {
	var out []string
	for _, l := range op.Lanes {
		if !l.Chore() {
			out = append(out, l.Status())
		}
	}
	return strings.Join(out, " ")
}

func status(s *stage, op deploy.Operation, want string) {
	s.t.Helper()
	if got := statuses(op); got != want {
		s.t.Errorf("%s, not %s\n%s", got, want, s.story(op.ID))
	}
}

// noted are the notes of a code in an operation's journal.
func (s *stage) noted(op deploy.Operation, code deploy.Code) []deploy.Event {
	s.t.Helper()
	events, err := s.journal.Load(s.ctx, op.ID)
	s.must(err)
	return slices.DeleteFunc(events, func(e deploy.Event) bool { return e.Type != deploy.EventNoted || e.Cause.Code != code })
}

func TestOnFailureStopHoldsWhatFailedAndTouchesNothingMore(t *testing.T) {
	play(t, deploytest.Setup{Instances: 4}, func(s *stage) {
		s.book.req.Rules.OnFailure = deploy.PolicyStop
		ran := s.bad("v42", 2)
		s.live(0)
		op := s.ended(s.begunRollout(), deploy.StateFailed)
		if op.Cause.Code != deploy.FailedLane {
			t.Errorf("it says %s", op.Cause)
		}
		status(s, op, "healthy held skipped skipped")
		if ran.String() != "1 v42, 2 v42" {
			t.Errorf("ran %s", ran)
		}
		s.must(s.atRest(3, 1))
	})
}

func TestAToleratedFailureKeepsItsPlaceAndTheOthersGoOn(t *testing.T) {
	play(t, deploytest.Setup{Instances: 6}, func(s *stage) {
		s.book.req.Rules.MaxUnavailable, s.book.req.Rules.Tolerate = deploy.Count{N: 2}, 1
		s.bad("v42", 2)
		s.live(0)
		op := s.begunRollout()
		op = s.until(op.ID, "all but one are done", func(o deploy.Operation) bool {
			if out := len(outs(o)); out > 2 {
				t.Errorf("%d are out", out)
			}
			return statuses(o) == "healthy failed healthy healthy healthy healthy"
		})
		time.Sleep(time.Hour)
		if op = s.load(op.ID); finished(op) {
			t.Fatalf("it ended %s although nobody has decided about web-2", op.State)
		}
		if least := s.w.LeastHealthy(s.w.Arns[0], s.mark); least < 4 {
			t.Errorf("only %d were healthy: what failed has lost its place", least)
		}
		s.act(op, choice(deploy.ActRetry, s.w.IDs[1], 1))
		s.bad("")
		s.ended(op, deploy.StateSucceeded)
	})
}

func outs(o deploy.Operation) []string {
	var out []string
	for _, l := range o.Lanes {
		if l.Out() {
			out = append(out, l.Name)
		}
	}
	return out
}

func TestOneFailureMoreThanIsToleratedTurnsItBack(t *testing.T) {
	play(t, deploytest.Setup{Instances: 5}, func(s *stage) {
		s.live(0)
		s.succeeds()
		s.stop()
		s.book.req.Rules.MaxUnavailable, s.book.req.Rules.Tolerate, s.book.req.Rules.OnFailure = deploy.Count{N: 3}, 1, deploy.PolicyRollback
		s.bad("v42", 2, 4)
		s.live(0)
		op := s.ended(s.begunRollout(), deploy.StateFailed)
		status(s, op, "rolled back rolled back rolled back rolled back rolled back")
		s.must(s.atRest(5, 1))
	})
}

// What a run tolerates does not undo the others' success when all is done: a person decides about it.
func TestAToleratedFailureDoesNotTurnASuccessBack(t *testing.T) {
	play(t, deploytest.Setup{Instances: 4}, func(s *stage) {
		s.live(0)
		s.succeeds()
		s.stop()
		s.book.req.Rules.MaxUnavailable, s.book.req.Rules.Tolerate, s.book.req.Rules.OnFailure = deploy.Count{N: 2}, 1, deploy.PolicyRollback
		s.bad("v42", 2)
		s.live(0)
		op := s.begunRollout()
		s.until(op.ID, "all but one are done", func(o deploy.Operation) bool { return statuses(o) == "healthy failed healthy healthy" })
		time.Sleep(time.Hour)
		status(s, s.load(op.ID), "healthy failed healthy healthy")
	})
}

func TestTheLastInstanceFailingIsAFailure(t *testing.T) {
	for _, policy := range []deploy.Policy{deploy.PolicyAsk, deploy.PolicyStop, deploy.PolicyRollback} {
		play(t, deploytest.Setup{Instances: 3}, func(s *stage) {
			s.live(0)
			s.succeeds()
			s.stop()
			s.book.req.Rules.MaxUnavailable, s.book.req.Rules.Tolerate, s.book.req.Rules.OnFailure = deploy.Count{N: 2}, 1, policy
			s.bad("v42", 3)
			s.live(0)
			op := s.begunRollout()
			if policy == deploy.PolicyAsk {
				s.until(op.ID, "it waits", waits)
				time.Sleep(time.Hour)
				status(s, s.load(op.ID), "healthy healthy failed")
				return
			}
			op = s.ended(op, deploy.StateFailed)
			want := map[deploy.Policy]string{deploy.PolicyStop: "healthy healthy held", deploy.PolicyRollback: "rolled back rolled back rolled back"}
			status(s, op, want[policy])
		})
	}
}

// A canary alone has the window to itself: its failure leaves nothing that could go on, whatever is tolerated.
func TestAFailureThatLeavesNoRoomIsNotTolerated(t *testing.T) {
	for name, rules := range map[string]func(*deploy.Rules){
		"a canary":             func(r *deploy.Rules) { r.MaxUnavailable.N, r.Canary.Instances = 3, 1 },
		"a window of one of 4": func(r *deploy.Rules) { r.MaxUnavailable = deploy.Count{N: 25, Percent: true} },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, deploytest.Setup{Instances: 4}, func(s *stage) {
				s.book.req.Rules.Tolerate, s.book.req.Rules.OnFailure = 1, deploy.PolicyStop
				rules(&s.book.req.Rules)
				s.bad("v42", 1)
				s.live(0)
				op := s.ended(s.begunRollout(), deploy.StateFailed)
				status(s, op, "held skipped skipped skipped")
			})
		})
	}
}

// An instance that does not come back is deregistered once more before it gets the ref before.
func TestAnInstanceThatDoesNotGetHealthyIsRolledBack(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		s.succeeds()
		s.stop()
		s.book.req.Rules.OnFailure = deploy.PolicyRollback
		ran := &ledger{}
		s.w.Exec(func(j deploy.Job) (int, time.Duration) {
			if strings.HasSuffix(j.Token, "/command") || strings.HasSuffix(j.Token, "/revert") {
				ran.add(fmt.Sprint(j.Instance[len(j.Instance)-1:], " ", j.Env[slot(j.Env, "REF=")]))
				if j.Instance == s.w.IDs[1] {
					go s.w.Sick(j.Instance, strings.HasSuffix(j.Token, "/command"))
				}
			}
			return 0, time.Second
		})
		s.mark = s.w.Mark()
		s.live(0)
		op := s.ended(s.begunRollout(), deploy.StateFailed)
		status(s, op, "rolled back rolled back skipped")
		if ran.String() != "1 REF=v42, 2 REF=v42, 2 REF=v41, 1 REF=v41" {
			t.Errorf("ran %s", ran)
		}
		s.must(s.safe(s.mark, s.w.IDs))
		s.must(s.atRest(3, 1))
	})
}

func TestTheWayBackGoesInReverseOrder(t *testing.T) {
	play(t, deploytest.Setup{Instances: 4}, func(s *stage) {
		s.live(0)
		s.succeeds()
		s.stop()
		s.book.req.Rules.OnFailure = deploy.PolicyRollback
		ran := s.bad("v42", 4)
		s.live(0)
		s.ended(s.begunRollout(), deploy.StateFailed)
		if !strings.HasSuffix(ran.String(), "4 v41, 3 v41, 2 v41, 1 v41") {
			t.Errorf("ran %s", ran)
		}
	})
}

func TestAFailedRollbackHaltsAndNothingRollsItBack(t *testing.T) {
	play(t, deploytest.Setup{Instances: 4}, func(s *stage) {
		s.live(0)
		s.succeeds()
		s.stop()
		s.book.req.Rules.OnFailure = deploy.PolicyRollback
		s.book.req.Rules.Attention = deploy.Attention{Mention: []string{"S-oncall"}, After: []time.Duration{5 * time.Minute}, Then: deploy.PolicyRollback}
		ran := s.badRefs(map[string][]int{"v42": {3}, "v41": {3, 2}})
		s.live(0)
		op := s.begunRollout()
		s.until(op.ID, "turned", func(o deploy.Operation) bool { return o.Turned != nil })
		s.until(op.ID, "the way back has failed", waits)
		time.Sleep(2 * time.Hour)
		op = s.load(op.ID)
		status(s, op, "waiting waiting failed skipped")
		if ran.String() != "1 v42, 2 v42, 3 v42, 3 v41" {
			t.Errorf("ran %s", ran)
		}
		if n := len(s.noted(op, deploy.Unattended)); n != 1 {
			t.Errorf("people were called %d times", n)
		}
		for _, o := range deploy.Offers(op) {
			if o.Verb == deploy.ActRollback {
				t.Error("a rollback of the rollback is offered")
			}
		}
		s.bad("v41", 2)
		s.act(op, choice(deploy.ActRetry, s.w.IDs[2], op.Lanes[2].Attempt))
		op = s.until(op.ID, "the next has failed", func(o deploy.Operation) bool { return waits(o) && statuses(o) == "waiting failed rolled back skipped" })
		s.act(op, choice(deploy.ActLeaveOut, s.w.IDs[1], op.Lanes[1].Attempt))
		op = s.ended(op, deploy.StateFailed)
		status(s, op, "rolled back held rolled back skipped")
		if op.Cause.Values["missed"] != s.w.IDs[1] {
			t.Errorf("it says %s", op.Cause)
		}
		s.must(s.atRest(3, 2))
	})
}

func TestARollbackThatFailsIsNotRolledBack(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		s.succeeds()
		s.ended(s.begunRollout(), deploy.StateSucceeded)
		s.stop()
		s.book.req.Rules.OnFailure = deploy.PolicyRollback
		s.bad("v41", 2)
		s.live(0)
		op := s.approve(s.request(deploy.Ask{Kind: deploy.KindRollback, Service: "web"}, "U-dev"), "U-lead")
		if op.Plan.Ref != "v41" {
			t.Fatalf("it goes back to %q", op.Plan.Ref)
		}
		s.until(op.ID, "it waits", waits)
		time.Sleep(time.Hour)
		op = s.load(op.ID)
		status(s, op, "healthy failed waiting")
		if op.Turned != nil || op.CanTurn() {
			t.Error("a rollback was rolled back")
		}
	})
}

func TestNobodyAnswersAndTheRuleDecides(t *testing.T) {
	for _, then := range []deploy.Policy{"", deploy.PolicyStop, deploy.PolicyRollback} {
		play(t, deploytest.Setup{}, func(s *stage) {
			s.live(0)
			s.succeeds()
			s.stop()
			s.book.req.Rules.Attention = deploy.Attention{Mention: []string{"S-oncall"}, After: []time.Duration{5 * time.Minute, 15 * time.Minute}, Then: then}
			s.bad("v42", 2)
			s.live(0)
			op := s.until(s.begunRollout().ID, "it waits", waits)
			since := op.WaitsSince()
			time.Sleep(16 * time.Minute)
			calls := s.noted(op, deploy.Unattended)
			if len(calls) != 2 || calls[0].At.Sub(since) != 5*time.Minute || calls[1].At.Sub(since) != 15*time.Minute {
				t.Errorf("people were called %v", calls)
			}
			if then == "" {
				status(s, s.load(op.ID), "healthy failed waiting")
				return
			}
			op = s.ended(op, deploy.StateFailed)
			want := map[deploy.Policy]string{deploy.PolicyStop: "healthy held skipped", deploy.PolicyRollback: "rolled back rolled back skipped"}
			status(s, op, want[then])
		})
	}
}

// Each wait for a decision calls people anew: an answer to the first is none to the second.
func TestPeopleAreCalledAnewForTheNextFailure(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.book.req.Rules.Attention = deploy.Attention{After: []time.Duration{5 * time.Minute, 15 * time.Minute}, Then: deploy.PolicyStop}
		s.bad("v42", 1, 2)
		s.live(0)
		op := s.until(s.begunRollout().ID, "it waits", waits)
		time.Sleep(10 * time.Minute)
		s.act(op, choice(deploy.ActPutBack, s.w.IDs[0], 1))
		op = s.until(op.ID, "the next has failed", func(o deploy.Operation) bool { return o.Lanes[1].Waits() })
		time.Sleep(14 * time.Minute)
		if op = s.load(op.ID); op.Aborting() || len(s.noted(op, deploy.Unattended)) != 2 {
			t.Fatalf("after 14 minutes of the second wait:\n%s", s.story(op.ID))
		}
		s.ended(op, deploy.StateFailed)
		if n := len(s.noted(op, deploy.Unattended)); n != 3 {
			t.Errorf("people were called %d times", n)
		}
	})
}
