package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
)

// scenario is one operation that must end right wherever the bot dies on the way.
type scenario struct {
	name  string
	setup deploytest.Setup
	ask   deploy.Ask
	first []deploy.Ask // operations that succeed before it
	check func(s *stage, op deploy.Operation) error

	rules  func(s *stage)                           // before the first life, after what goes first
	people func(s *stage, op deploy.Operation) bool // what they do while it goes on; true if they did something
	want   deploy.State                             // "" = succeeded
}

var scenarios = []scenario{
	{name: "deploy", ask: webV42, check: deployed},
	{name: "deploy to two groups", setup: deploytest.Setup{Instances: 2, Groups: []string{"web", "api"}}, ask: webV42, check: deployed},
	{name: "deploy with old readings", setup: deploytest.Setup{Instances: 2, Stale: 15 * time.Second, Delay: 60 * time.Second}, ask: webV42, check: deployed},
	{name: "drain", ask: drain2, check: drained},
	{name: "restore", first: []deploy.Ask{drain2}, ask: deploy.Ask{Kind: deploy.KindRestore, Service: "web", On: "web-2"}, check: restored},
}

var drain2 = deploy.Ask{Kind: deploy.KindDrain, Service: "web", On: "web-2", Reason: "disk"}

// TestCrashAtEveryHook ends the bot's life at each journal write and each outside call, before and after it, and lets
// another bot go on.
func TestCrashAtEveryHook(t *testing.T) {
	for n, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			hooks := 0
			play(t, sc.setup, func(s *stage) {
				op, err := s.tell(sc, 0, 0)
				if err != nil {
					t.Fatalf("with no crash at all: %v\n%s", err, s.story(op.ID))
				}
				hooks = s.fuse.Hooks()
			})
			for hook := 1 + n%sweep; hook <= hooks; hook += sweep {
				play(t, sc.setup, func(s *stage) {
					if op, err := s.tell(sc, hook, 0); err != nil {
						t.Errorf("crash at hook %d (%s): %v\n%s", hook, s.died, err, s.story(op.ID))
					}
				})
			}
			t.Logf("%d hooks", hooks)
		})
	}
}

// tell plays one scenario: the first bot dies at one hook, a second one at another; 0 = it lives. What is asked of a
// dead bot is asked again of the next one.
func (s *stage) tell(sc scenario, first, second int) (deploy.Operation, error) {
	s.live(0)
	for _, ask := range sc.first {
		op := s.request(ask, "U-dev")
		if op.State == deploy.StateRequested { // nobody approves a lock
			op = s.approve(op, "U-lead")
		}
		s.until(op.ID, "finished", finished)
	}
	s.stop()
	if sc.rules != nil {
		sc.rules(s)
	}
	mark, ids := s.w.Mark(), s.w.IDs
	var op deploy.Operation
	for _, hook := range []int{first, second, 0} {
		s.live(hook)
		s.lives++
		if op = s.goOn(sc, op); op.State.Finished() {
			break
		}
		s.died = s.fuse.Name
		s.stop()
	}
	if want := sc.want; op.State != want && (want != "" || op.State != deploy.StateSucceeded) {
		return op, fmt.Errorf("it ended %s %s", op.State, op.Cause)
	}
	if err := s.safe(mark, ids); err != nil {
		return op, err
	}
	return op, sc.check(s, op)
}

// goOn does what people would do with a bot that may have died: ask, approve, wait.
func (s *stage) goOn(sc scenario, op deploy.Operation) deploy.Operation {
	ask := sc.ask
	if rows, _ := s.journal.Unfinished(s.ctx); len(rows) > 0 {
		op = s.load(rows[0].Op)
	} else if rows, _ := s.journal.Recent(s.ctx, "", 1); len(rows) > 0 && rows[0].Op != op.ID && s.load(rows[0].Op).Plan.Preview.Ask == ask {
		op = s.load(rows[0].Op)
	}
	if op.ID == "" || op.Plan.Preview.Ask != ask {
		var err error
		if op, err = s.bot.Request(s.ctx, engine.NewID(), ask, "U-dev"); err != nil {
			return deploy.Operation{}
		}
	}
	if op.State == deploy.StateRequested {
		if _, err := s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActApprove, By: by("U-lead"), Hash: op.Hash}); err != nil && !s.fuse.Blown() {
			s.t.Errorf("approve: %v", err)
		}
	}
	for sc.people != nil && !s.fuse.Blown() && !finished(op) {
		op = s.until(op.ID, "finished, or people have done something", func(o deploy.Operation) bool { return finished(o) || sc.people(s, o) })
	}
	return s.until(op.ID, "finished", finished)
}

// safe is what must hold of any story: I1, I2 and I3, as the world saw them.
func (s *stage) safe(mark world.Mark, instances []string) error {
	for _, arn := range s.w.Arns {
		if least := s.w.LeastHealthy(arn, mark); least < len(instances)-1 {
			return fmt.Errorf("only %d of %d were healthy in %s at some moment", least, len(instances), arn)
		}
	}
	for _, e := range s.w.LogSince(mark) {
		verb := e.Comment[strings.LastIndex(e.Comment, "/")+1:]
		if e.Kind == world.KindCommand && verb != "verify" && len(e.InService) > 0 && len(s.w.Arns) > 0 {
			return fmt.Errorf("a command ran on %s while it was in service in %v", e.Instance, e.InService)
		}
	}
	seen := map[string]bool{}
	for _, e := range s.w.LogSince(mark) {
		if e.Kind == world.KindCommand {
			if seen[e.Comment] {
				return fmt.Errorf("%s ran twice", e.Comment)
			}
			seen[e.Comment] = true
		}
	}
	return nil
}

// deployed: every command and verification ran once, everything serves again, nothing is locked.
func deployed(s *stage, op deploy.Operation) error {
	for _, id := range s.w.IDs {
		for _, verb := range []string{"command", "verify"} {
			token := fmt.Sprintf("%s/%s/1/%s", op.ID, id, verb)
			if n := s.ran(token); n != 1 {
				return fmt.Errorf("%s ran %d times", token, n)
			}
		}
	}
	return s.atRest(len(s.w.IDs), 0)
}

func drained(s *stage, _ deploy.Operation) error { return s.atRest(len(s.w.IDs)-1, 1) }

func restored(s *stage, _ deploy.Operation) error { return s.atRest(len(s.w.IDs), 0) }

func (s *stage) ran(token string) int {
	n := 0
	for _, e := range s.w.Log() {
		if e.Kind == world.KindCommand && e.Comment == token {
			n++
		}
	}
	return n
}

// atRest: so many instances are healthy in each group, and nothing but so many holds is left of the locks (I4).
func (s *stage) atRest(healthy, holds int) error {
	for _, arn := range s.w.Arns {
		n := 0
		truth, _ := s.w.Truth(arn)
		for _, target := range truth {
			if target.State == world.Healthy {
				n++
			}
		}
		if n != healthy {
			return fmt.Errorf("%d healthy in %s at the end, not %d: %+v", n, arn, healthy, truth)
		}
	}
	locks, err := s.journal.Locks(s.ctx)
	if err == nil && len(locks) != holds {
		err = fmt.Errorf("locks at the end: %+v", locks)
	}
	return err
}
