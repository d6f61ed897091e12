package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
)

// failsOn makes a verb exit 1 on one instance for its first n attempts.
func failsOn(w *deploytest.World, instance string, verb deploy.Verb, n int) {
	w.Exec(func(j deploy.Job) (int, time.Duration) {
		if j.Instance == instance && hasSuffix(j.Token, "/"+string(verb)) && n > 0 {
			n--
			return 1, time.Second
		}
		return 0, time.Second
	})
}

func hasSuffix(s, suffix string) bool {
	return len(s) >= len(suffix) && s[len(s)-len(suffix):] == suffix
}

func choice(verb deploy.ActVerb, lane string, attempt int) deploy.Act {
	return deploy.Act{Verb: verb, By: by("U-dev"), Lane: lane, Attempt: attempt}
}

// begunRollout is an approved deploy.
func (s *stage) begunRollout() deploy.Operation {
	return s.approve(s.request(webV42, "U-dev"), "U-lead")
}

func (s *stage) ended(op deploy.Operation, want deploy.State) deploy.Operation {
	s.t.Helper()
	op = s.until(op.ID, "finished", finished)
	if op.State != want {
		s.t.Fatalf("it ended %s %s, not %s\n%s", op.State, op.Cause, want, s.story(op.ID))
	}
	return op
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestAFailureHaltsTheRollout(t *testing.T) {
	for _, verb := range []deploy.Verb{deploy.VerbCommand, deploy.VerbVerify} {
		play(t, deploytest.Setup{}, func(s *stage) {
			failsOn(s.w, s.w.IDs[1], verb, 1)
			s.live(0)
			op := s.until(s.begunRollout().ID, "halted", waits)
			time.Sleep(time.Hour)
			op = s.load(op.ID)
			if got := []string{op.Lanes[0].Status(), op.Lanes[1].Status(), op.Lanes[2].Status()}; got[0] != "healthy" || got[1] != "failed" || got[2] != "waiting" {
				t.Fatalf("%s failed: %v", verb, got)
			}
			if n := s.w.Commands(s.w.IDs[2], 0); n != 0 {
				t.Fatalf("web-3 was touched after web-2 failed")
			}
			if op.Lanes[1].Output == "" {
				t.Fatal("the failed command's output is not told")
			}
		})
	}
}

func TestWaysOutOfAFailure(t *testing.T) {
	for _, way := range []struct {
		verb    deploy.ActVerb
		state   deploy.State
		status  string
		healthy int
		holds   int
	}{
		{deploy.ActRetry, deploy.StateSucceeded, "healthy", 3, 0},
		{deploy.ActPutBack, deploy.StateFailed, "healthy", 3, 0},
		{deploy.ActLeaveOut, deploy.StateFailed, "held", 2, 1},
		{deploy.ActAbort, deploy.StateAborted, "held", 2, 1},
	} {
		t.Run(string(way.verb), func(t *testing.T) {
			play(t, deploytest.Setup{}, func(s *stage) {
				failsOn(s.w, s.w.IDs[1], deploy.VerbCommand, 1)
				s.live(0)
				op := s.until(s.begunRollout().ID, "halted", waits)
				if way.verb == deploy.ActAbort {
					s.act(op, deploy.Act{Verb: way.verb, By: by("U-dev")})
				} else {
					s.act(op, choice(way.verb, s.w.IDs[1], 1))
				}
				op = s.ended(op, way.state)
				if got := op.Lanes[1].Status(); got != way.status {
					t.Fatalf("web-2 is %s, not %s", got, way.status)
				}
				s.must(s.atRest(way.healthy, way.holds))
				s.must(s.safe(s.mark, s.w.IDs[way.holds:])) // a held one leaves room for one more
			})
		})
	}
}

func TestAHeldInstanceIsSkippedAndRestored(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		s.ended(s.approve(s.request(drain2, "U-dev"), "U-lead"), deploy.StateSucceeded)
		op := s.request(webV42, "U-dev")
		if len(op.Lanes) != 2 || len(op.Plan.Preview.Skipped) != 1 || op.Plan.Preview.Skipped[0].Cause.Code != deploy.AlreadyHeld {
			t.Fatalf("lanes %v, skipped %v", op.Lanes, op.Plan.Preview.Skipped)
		}
		s.act(op, deploy.Act{Verb: deploy.ActWithdraw, By: by("U-dev")})
		s.ended(s.approve(s.request(deploy.Ask{Kind: deploy.KindRestore, Service: "web", On: "web-2"}, "U-dev"), "U-lead"), deploy.StateSucceeded)
		s.must(s.atRest(3, 0))
	})
}

func TestAbortPutsBackWhatHasNotRun(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		op := s.begunRollout()
		s.until(op.ID, "draining", func(o deploy.Operation) bool { return o.Lanes[0].Status() == "draining" })
		s.act(op, deploy.Act{Verb: deploy.ActAbort, By: by("U-dev")})
		op = s.ended(op, deploy.StateAborted)
		if s.w.Commands(s.w.IDs[0], 0) != 0 {
			t.Fatal("a command ran after the abort")
		}
		s.must(s.atRest(3, 0))
	})
}

func TestAbortLetsACommandEndAndASecondOneCancelsIt(t *testing.T) {
	for aborts, want := range map[int]string{1: "healthy", 2: "held"} {
		play(t, deploytest.Setup{}, func(s *stage) {
			s.w.Exec(func(deploy.Job) (int, time.Duration) { return 0, 30 * time.Second })
			s.live(0)
			op := s.begunRollout()
			s.until(op.ID, "deploying", func(o deploy.Operation) bool { return o.Lanes[0].Phase == deploy.PhaseAccepted && o.Lanes[0].At == 1 })
			for n := range aborts {
				s.act(op, deploy.Act{ID: "first", Verb: deploy.ActAbort, By: by("U-dev"), Attempt: 1})
				if n > 0 {
					s.act(op, deploy.Act{ID: "second", Verb: deploy.ActAbort, By: by("U-dev"), Attempt: 2})
				}
			}
			// A double click, from an old button, is not a second abort.
			if _, err := s.bot.Act(s.ctx, op.ID, deploy.Act{ID: "again", Verb: deploy.ActAbort, By: by("U-dev"), Attempt: 1}); err == nil {
				t.Error("an old button aborted again")
			}
			op = s.ended(op, deploy.StateAborted)
			if got := op.Lanes[0].Status(); got != want {
				t.Fatalf("after %d aborts: %s, not %s\n%s", aborts, got, want, s.story(op.ID))
			}
		})
	}
}

func TestAnInstanceThatStaysUnhealthyHaltsTheRollout(t *testing.T) {
	for verb, want := range map[deploy.ActVerb]deploy.State{deploy.ActRetry: deploy.StateSucceeded, deploy.ActLeaveOut: deploy.StateFailed} {
		play(t, deploytest.Setup{}, func(s *stage) {
			s.w.Sick(s.w.IDs[0], true)
			s.live(0)
			op := s.until(s.begunRollout().ID, "halted", waits)
			if op.Lanes[0].Cause.Code != deploy.HealthTimeout {
				t.Fatalf("%s", op.Lanes[0].Cause)
			}
			s.w.Sick(s.w.IDs[0], verb != deploy.ActRetry)
			s.act(op, choice(verb, s.w.IDs[0], 1))
			op = s.ended(op, want)
			if verb == deploy.ActLeaveOut {
				s.must(s.atRest(2, 1))
				return
			}
			if n := s.w.Commands(s.w.IDs[0], 0); n != 4 { // command and verification, twice
				t.Fatalf("%d commands on web-1", n)
			}
			s.must(s.atRest(3, 0))
		})
	}
}

func TestTwoRolloutsDoNotOverlap(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		a, b := s.request(webV42, "U-dev"), s.request(webV42, "U-dev")
		s.approve(a, "U-lead")
		s.until(a.ID, "web-1 drains", func(o deploy.Operation) bool { return len(o.Lanes[0].Seen) > 0 }) // what is out is part of the fleet
		s.approve(b, "U-lead")
		b = s.until(b.ID, "queued", func(o deploy.Operation) bool { return o.State == deploy.StateQueued })
		if b.Waiting.Code != deploy.LockedBy || b.Waiting.Values["op"] != string(a.ID) {
			t.Fatalf("queued because of %s", b.Waiting)
		}
		a, b = s.ended(a, deploy.StateSucceeded), s.ended(b, deploy.StateSucceeded)
		if b.StartedAt.Before(a.FinishedAt) {
			t.Fatal("they overlapped")
		}
	})
}

func TestTheQueueKeepsTheOrderOfApproval(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		var ops []deploy.Operation
		for range 4 {
			ops = append(ops, s.request(webV42, "U-dev"))
		}
		for _, i := range []int{2, 0, 3, 1} {
			s.approve(ops[i], "U-lead")
			time.Sleep(time.Second)
		}
		var last time.Time
		for _, i := range []int{2, 0, 3, 1} {
			op := s.ended(ops[i], deploy.StateSucceeded)
			if op.StartedAt.Before(last) {
				t.Fatalf("operation %d started before the one approved earlier had finished", i)
			}
			last = op.FinishedAt
		}
	})
}

func TestAFlapVoidsNothingAndANewInstanceDoes(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		op := s.request(webV42, "U-dev")
		s.w.Checked(s.w.Arns[0], world.Pair{ID: s.w.IDs[1], Port: 8080}, false, world.ReasonTimeout)
		s.w.Checked(s.w.Arns[0], world.Pair{ID: s.w.IDs[1], Port: 8080}, false, world.ReasonTimeout)
		s.ended(s.approve(op, "U-lead"), deploy.StateSucceeded)

		op = s.request(webV42, "U-dev")
		s.w.AddInstance(world.Instance{ID: "i-new", Name: "web-4"})
		s.must(s.w.Register(s.w.Arns[0], []world.Pair{{ID: "i-new", Port: 8080}}))
		op = s.approve(op, "U-lead")
		if op.State != deploy.StateExpired || op.Cause.Code != deploy.PlanChanged || op.Cause.Values["what"] != "+i-new" {
			t.Fatalf("%s %s", op.State, op.Cause)
		}
	})
}

func TestWhoMayNotApprove(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.people.is("U-both", deploy.Member, "U-dev", "U-lead")
		s.people.is("U-guest", deploy.Guest, "U-lead")
		s.people.is("U-ext", deploy.External, "U-lead")
		s.people.is("U-gone", deploy.Deleted, "U-lead")
		s.people.is("U-bot", deploy.Robot, "U-lead")
		s.people.is("U-any", deploy.Member)
		s.live(0)
		op := s.request(webV42, "U-both")
		for who, want := range map[string]deploy.Code{
			"U-both": deploy.OwnRequest, "U-guest": deploy.NotAMember, "U-ext": deploy.NotAMember, "U-gone": deploy.NotAMember,
			"U-bot": deploy.NotAMember, "U-nobody": deploy.NotAMember, "U-any": deploy.NotAllowed,
		} {
			_, err := s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActApprove, By: by(who), Hash: op.Hash})
			if c, _ := deploy.RefusalOf(err); c.Code != want {
				t.Errorf("%s: %v, not %s", who, err, want)
			}
		}
		_, err := s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActApprove, By: by("U-lead"), Hash: "forged"})
		if c, _ := deploy.RefusalOf(err); c.Code != deploy.WrongHash {
			t.Errorf("a forged hash: %v", err)
		}
		if now := s.load(op.ID); now.Seq != op.Seq {
			t.Fatal("a refused act was journalled")
		}
		time.Sleep(31 * time.Minute)
		if op = s.load(op.ID); op.State != deploy.StateExpired || op.Cause.Code != deploy.Expired {
			t.Fatalf("after its time: %s %s", op.State, op.Cause)
		}
		if _, err := s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActApprove, By: by("U-lead"), Hash: op.Hash}); err == nil {
			t.Fatal("an expired request was approved")
		}
	})
}

func TestAnApproverWhoLeftBeforeTheStartVoidsTheRequest(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		a, b := s.request(webV42, "U-dev"), s.request(webV42, "U-dev")
		s.approve(a, "U-lead")
		time.Sleep(time.Second)
		s.approve(b, "U-lead")
		s.until(a.ID, "rolling", func(o deploy.Operation) bool { return o.State == deploy.StateRolling })
		s.people.is("U-lead", deploy.Deleted)
		s.ended(a, deploy.StateSucceeded) // what has started is not asked again
		if b = s.ended(b, deploy.StateExpired); b.Cause.Code != deploy.NoStanding {
			t.Fatalf("%s", b.Cause)
		}
	})
}

func TestAnAskThatCannotBe(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		for _, c := range []struct {
			ask  deploy.Ask
			want deploy.Code
		}{
			{deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v1", On: "web-9"}, deploy.NoSuchInstance},
			{deploy.Ask{Kind: deploy.KindRestore, Service: "web", On: "web-1"}, deploy.NotHeld},
		} {
			_, err := s.bot.Request(s.ctx, engine.NewID(), c.ask, "U-dev")
			if got, _ := deploy.RefusalOf(err); got.Code != c.want {
				t.Errorf("%+v: %v", c.ask, err)
			}
		}
		s.book.req.Rules.MinHealthy = deploy.Count{N: 3}
		bot := s.bot
		bot.Book = s.book
		_, err := bot.Request(s.ctx, engine.NewID(), webV42, "U-dev")
		if got, _ := deploy.RefusalOf(err); got.Code != deploy.MinimumTooHigh || got.Values["largest"] != "2" {
			t.Errorf("a minimum of all: %v", err)
		}
	})
}

func TestWithNobodyToAskItStartsByItself(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.book.req.Rules.Approval = deploy.Approval{None: true, StartWithin: time.Hour}
		s.live(0)
		op := s.ended(s.request(webV42, "U-dev"), deploy.StateSucceeded)
		if len(op.Votes) != 0 {
			t.Errorf("votes %v", op.Votes)
		}
		s.must(deployed(s, op))
	})
}

func TestARequestWaitsAsLongAsSlackCannotBeAsked(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		down := &outage{Directory: s.people}
		s.bot.Directory = down
		op := s.approve(s.request(webV42, "U-dev"), "U-lead")
		if op.State != deploy.StateApproved {
			t.Fatal(op.State)
		}
		s.ended(op, deploy.StateSucceeded)

		op = s.request(webV42, "U-dev")
		down.after(1) // the approval is judged, the start is not
		op = s.approve(op, "U-lead")
		op = s.until(op.ID, "kept", func(o deploy.Operation) bool { return o.Waiting.Code == deploy.AskFailed })
		time.Sleep(10 * time.Minute)
		if op = s.load(op.ID); op.State != deploy.StateQueued {
			t.Fatalf("%s although Slack could not be asked", op.State)
		}
		down.after(-1)
		s.ended(op, deploy.StateSucceeded)
	})
}

// outage is a directory that fails after some more answers; negative: never.
type outage struct {
	engine.Directory
	mu   sync.Mutex
	left int
	on   bool
}

func (o *outage) after(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left, o.on = n, n >= 0
}

func (o *outage) Person(ctx context.Context, id string, groups []string) (deploy.Person, error) {
	o.mu.Lock()
	o.left--
	down := o.on && o.left < 0
	o.mu.Unlock()
	if down {
		return deploy.Person{}, errors.New("Slack is down")
	}
	return o.Directory.Person(ctx, id, groups)
}
