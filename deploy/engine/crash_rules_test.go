package engine_test

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
	"junban/deploy/deploytest"
)

var v41 = deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v41"}

// The same sweep over every rule that keeps something in the journal.
func init() {
	two := deploytest.Setup{Instances: 2}
	scenarios = append(scenarios, []scenario{
		{name: "chores", setup: two, ask: webV42, rules: counted(nil), check: all(deployed, chored)},
		{name: "idle drain", setup: two, ask: webV42, rules: func(s *stage) {
			s.book.req.Rules.Drain = deploy.Drain{Idle: true, Settle: 5 * time.Second}
		}, check: deployed},
		{name: "canary", setup: two, ask: webV42, rules: func(s *stage) {
			s.book.req.Rules.Canary = deploy.Canary{Instances: 1, Bake: 2 * time.Minute, Confirm: true}
			s.book.req.Rules.Alarms = []string{"web-5xx"}
		}, people: confirms, check: all(deployed, baked)},
		{name: "pause", setup: two, ask: webV42, people: pauses, check: deployed},
		{name: "canary, then a failure that rolls back", ask: webV42, first: []deploy.Ask{v41}, rules: func(s *stage) {
			s.book.req.Rules.OnFailure = deploy.PolicyRollback
			s.book.req.Rules.Canary = deploy.Canary{Instances: 1, Bake: time.Minute}
			counted(commandOn(1))(s)
		}, want: deploy.StateFailed, check: all(revertedOnce, locked)},
		{name: "stop", setup: two, ask: webV42, rules: func(s *stage) {
			s.book.req.Rules.OnFailure = deploy.PolicyStop
			counted(commandOn(0))(s)
		}, want: deploy.StateFailed, check: func(s *stage, _ deploy.Operation) error { return s.atRest(1, 1) }},
		{name: "rollback", setup: two, ask: deploy.Ask{Kind: deploy.KindRollback, Service: "web", Ref: "v41"}, first: []deploy.Ask{v41, webV42}, check: deployed},
		{name: "lock", setup: two, ask: deploy.Ask{Kind: deploy.KindLock, Service: "web", Reason: "audit"}, check: locked2},
		{name: "unlock", setup: two, first: []deploy.Ask{{Kind: deploy.KindLock, Service: "web", Reason: "audit"}}, ask: deploy.Ask{Kind: deploy.KindUnlock, Service: "web"},
			check: func(s *stage, _ deploy.Operation) error { return s.atRest(2, 0) }},
		{name: "hosts behind no load balancer", setup: deploytest.Setup{Instances: 2, Hosts: true}, ask: webV42, rules: counted(nil), check: all(deployed, chored)},
		{name: "an instance that joins", setup: two, ask: webV42, rules: func(s *stage) { s.book.req.Rules.Dynamic = true }, people: launches, check: deployed},
	}...)
}

func all(checks ...func(*stage, deploy.Operation) error) func(*stage, deploy.Operation) error {
	return func(s *stage, op deploy.Operation) error {
		for _, c := range checks {
			if err := c(s, op); err != nil {
				return err
			}
		}
		return nil
	}
}

// tally counts what ran, by token, on whichever host.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

var tallies sync.Map // by *stage

// counted makes chores, and jobs that fail where they should.
func counted(fails func(*stage, deploy.Job) bool) func(*stage) {
	return func(s *stage) {
		c := &tally{n: map[string]int{}}
		tallies.Store(s, c)
		s.book.req.Run.Before, s.book.req.Run.First, s.book.req.Run.After = "./assets", "./migrate", "./notify"
		s.w.Exec(func(j deploy.Job) (int, time.Duration) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.n[j.Token]++
			if fails != nil && fails(s, j) {
				return 1, time.Second
			}
			return 0, time.Second
		})
	}
}

// commandOn: the command fails on the nth instance, counted from 0.
func commandOn(n int) func(*stage, deploy.Job) bool {
	return func(s *stage, j deploy.Job) bool {
		return j.Instance == s.w.IDs[n] && strings.HasSuffix(j.Token, "/command")
	}
}

// once: every job that was counted ran once.
func once(s *stage) (map[string]int, error) {
	v, _ := tallies.LoadAndDelete(s)
	c := v.(*tally)
	c.mu.Lock()
	defer c.mu.Unlock()
	for token, n := range c.n {
		if n != 1 {
			return nil, fmt.Errorf("%s ran %d times", token, n)
		}
	}
	return c.n, nil
}

func chored(s *stage, op deploy.Operation) error {
	n, err := once(s)
	for _, chore := range []string{"before", "first", "after"} {
		if token := fmt.Sprintf("%s/%s/1/%s", op.ID, chore, chore); err == nil && n[token] != 1 {
			return fmt.Errorf("%s ran %d times", token, n[token])
		}
	}
	return err
}

// revertedOnce: what was touched got the ref before, once each; what was not, nothing.
func revertedOnce(s *stage, op deploy.Operation) error {
	n, err := once(s)
	if err != nil {
		return err
	}
	for i, want := range []int{1, 1, 0} {
		if token := fmt.Sprintf("%s/%s/2/revert", op.ID, s.w.IDs[i]); n[token] != want {
			return fmt.Errorf("%s ran %d times, not %d", token, n[token], want)
		}
	}
	if n[fmt.Sprintf("%s/first/1/first", op.ID)] != 1 {
		return fmt.Errorf("first ran %v", n)
	}
	return nil
}

func locked(s *stage, op deploy.Operation) error {
	locks, err := s.journal.Locks(s.ctx)
	if err != nil {
		return err
	}
	if len(locks) != 1 || !locks[0].Hold || locks[0].Cause.Code != deploy.RolledBack || locks[0].Op != op.ID {
		return fmt.Errorf("the service is not locked with the reason: %+v", locks)
	}
	return s.atRest(len(s.w.IDs), 1)
}

func locked2(s *stage, _ deploy.Operation) error { return s.atRest(2, 1) }

// baked: nothing left before the canary was back for two minutes.
func baked(_ *stage, op deploy.Operation) error {
	if took := op.Lanes[1].StartAt.Sub(op.Lanes[0].EndAt); took < 2*time.Minute {
		return fmt.Errorf("baked for %s", took)
	}
	if len(op.Answers) != 1 {
		return fmt.Errorf("confirmed %d times", len(op.Answers))
	}
	return nil
}

func confirms(s *stage, op deploy.Operation) bool {
	if op.Asked.Code != deploy.CanaryBaked {
		return false
	}
	_, err := s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActContinue, By: by("U-lead"), Attempt: len(op.Answers) + 1})
	return err == nil
}

// pauses: somebody pauses once, while the first instance is out, and resumes when it is back and nothing else has left.
func pauses(s *stage, op deploy.Operation) bool {
	verb := deploy.ActPause
	switch {
	case op.Paused != nil && op.Lanes[0].Outcome == deploy.OutcomeDone:
		if op.Lanes[1].Touched {
			s.t.Errorf("web-2 left while the rollout was paused")
		}
		time.Sleep(2 * time.Minute)
		verb = deploy.ActResume
	case op.Paused != nil || !op.Lanes[0].Touched || op.Lanes[0].Outcome != "" || strings.Contains(s.story(op.ID), "paused"):
		return false
	}
	_, err := s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: verb, By: by("U-dev")})
	return err == nil
}

// launches: an instance appears while the first is out.
func launches(s *stage, op deploy.Operation) bool {
	if len(s.w.IDs) > 2 || !op.Lanes[0].Touched {
		return false
	}
	id := s.w.Launch("a")
	s.must(s.w.Register(s.w.Arns[0], []world.Pair{{ID: id, Port: 8080}}))
	return true
}
