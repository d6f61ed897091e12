package engine_test

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/deploytest"
)

// rounds is how often two people meet: 1,000 times in CI.
func rounds() int {
	if os.Getenv("CI") == "true" {
		return 1000
	}
	return 60
}

// Two people press at the same moment: one wins, and the other is told who did what.
func TestTwoPeopleAtTheSameMoment(t *testing.T) {
	failing := func(s *stage) deploy.Operation {
		s.bad("v42", 1)
		s.live(0)
		return s.until(s.begunRollout().ID, "it waits", waits)
	}
	running := func(s *stage) deploy.Operation {
		s.live(0)
		return s.until(s.begunRollout().ID, "a command runs", func(o deploy.Operation) bool { return o.Lanes[0].Ran })
	}
	asked := func(s *stage) deploy.Operation {
		s.book.req.Rules.Alarms = []string{"web-5xx"}
		s.w.SetAlarm("web-5xx", "ALARM")
		s.live(0)
		return s.until(s.begunRollout().ID, "asks", asks(deploy.AlarmOn))
	}
	requested := func(s *stage) deploy.Operation {
		s.live(0)
		return s.request(webV42, "U-dev")
	}
	stories := []struct {
		name        string
		to          func(*stage) deploy.Operation
		first, next deploy.ActVerb
	}{
		{"approve and approve", requested, deploy.ActApprove, deploy.ActApprove},
		{"approve and deny", requested, deploy.ActApprove, deploy.ActDeny},
		{"retry and leave out", failing, deploy.ActRetry, deploy.ActLeaveOut},
		{"put back and put back", failing, deploy.ActPutBack, deploy.ActPutBack},
		{"continue and continue", asked, deploy.ActContinue, deploy.ActContinue},
		{"pause and pause", running, deploy.ActPause, deploy.ActPause},
		{"abort and abort", running, deploy.ActAbort, deploy.ActAbort},
	}
	for n, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			for range rounds()/len(stories) + 1 {
				play(t, deploytest.Setup{Seed: uint64(n)}, func(s *stage) {
					s.people.is("U-lead2", deploy.Member)
					s.book.req.Rules.Approval.Allow = append(s.book.req.Rules.Approval.Allow, "U-lead2")
					op := story.to(s)
					var both sync.WaitGroup
					errs := map[string]error{}
					var mu sync.Mutex
					for who, verb := range map[string]deploy.ActVerb{"U-lead": story.first, "U-lead2": story.next} {
						a := deploy.Act{Verb: verb, By: by(who), Hash: op.Hash}
						for _, o := range deploy.Offers(op) {
							if o.Verb == verb {
								a.Lane, a.Attempt = o.Lane, o.Attempt
							}
						}
						both.Go(func() {
							_, err := s.bot.Act(s.ctx, op.ID, a)
							mu.Lock()
							defer mu.Unlock()
							errs[who] = err
						})
					}
					both.Wait()
					won, lost := "U-lead", "U-lead2"
					if errs[won] != nil {
						won, lost = lost, won
					}
					c, refused := deploy.RefusalOf(errs[lost])
					if errs[won] != nil || !refused {
						t.Errorf("%v\n%s", errs, s.story(op.ID))
					}
					if c.Code != deploy.NotNow || c.Values["by"] != won {
						t.Errorf("%s is told %s, and not of %s", lost, c, won)
					}
				})
			}
		})
	}
}

// An abort and a "roll back" at the same moment end on the release before, whoever was quicker.
func TestAnAbortAndARollbackAtTheSameMoment(t *testing.T) {
	for n := range rounds() / 10 {
		play(t, deploytest.Setup{}, func(s *stage) {
			s.live(0)
			s.succeeds()
			s.stop()
			failed := n%2 == 0
			if failed {
				s.bad("v42", 2)
			} else {
				s.w.Exec(func(deploy.Job) (int, time.Duration) { return 0, 20 * time.Second })
			}
			s.live(0)
			op := s.begunRollout()
			op = s.until(op.ID, "web-2 is deployed to", func(o deploy.Operation) bool { return o.Lanes[1].Ran && (!failed || waits(o)) })
			var both sync.WaitGroup
			var aborted, turned error
			both.Go(func() {
				_, aborted = s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActAbort, By: by("U-dev"), Attempt: 1})
			})
			both.Go(func() { _, turned = s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActRollback, By: by("U-lead")}) })
			both.Wait()
			if c, refused := deploy.RefusalOf(turned); refused && c.Values["by"] == "U-dev" && finished(s.load(op.ID)) {
				return // the abort was over before the rollback came
			} else if turned != nil {
				t.Errorf("the rollback was refused: %v", turned)
				return
			}
			if c, refused := deploy.RefusalOf(aborted); aborted != nil && (!refused || c.Values["by"] != "U-lead") {
				t.Errorf("the abort came second, and is told %v", aborted)
			}
			op = s.ended(op, deploy.StateFailed)
			status(s, op, "rolled back rolled back skipped")
			s.must(s.atRest(3, 0))
		})
	}
}

// Whatever people do to the course of a rollout, and wherever: nothing is left out, nobody waits for ever, no command
// runs in service or twice.
func TestEveryCourseAtEveryEvent(t *testing.T) {
	courses := [][]deploy.ActVerb{
		{deploy.ActAbort}, {deploy.ActAbort, deploy.ActAbort}, {deploy.ActRollback}, {deploy.ActAbort, deploy.ActRollback},
		{deploy.ActRollback, deploy.ActAbort}, {deploy.ActRollback, deploy.ActAbort, deploy.ActAbort},
		{deploy.ActPause, deploy.ActResume}, {deploy.ActPause, deploy.ActAbort}, {deploy.ActPause, deploy.ActRollback},
	}
	told := 0
	for n, course := range courses {
		for _, failing := range []bool{false, true} {
			for k := 4; ; k += stepOfCourses() {
				reached := false
				play(t, deploytest.Setup{Instances: 4, Seed: uint64(n)}, func(s *stage) {
					s.live(0)
					s.succeeds()
					s.stop()
					s.book.req.Rules.MaxUnavailable.N = 2
					s.book.req.Run.First = "./migrate"
					if k%2 == 0 {
						s.book.req.Rules.Drain = deploy.Drain{Idle: true, Settle: 5 * time.Second}
					}
					s.bad("v42")
					if failing {
						s.bad("v42", 2)
					}
					mark := s.w.Mark()
					s.live(0)
					op := s.begunRollout()
					op = s.until(op.ID, "there", func(o deploy.Operation) bool { return o.Seq >= k+n || finished(o) || waits(o) })
					if reached = op.Seq >= k+n && !finished(op); !reached && !waits(op) {
						return
					}
					told++
					for _, verb := range course {
						_, err := s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: verb, By: by("U-dev"), Attempt: offerOf(s.load(op.ID), verb)})
						if _, refused := deploy.RefusalOf(err); err != nil && !refused {
							t.Fatal(err)
						}
						time.Sleep(time.Duration(k%4) * 3 * time.Second)
					}
					for {
						op = s.until(op.ID, "finished or waits", func(o deploy.Operation) bool { return finished(o) || waits(o) || o.Paused != nil })
						if finished(op) {
							break
						}
						if op.Paused != nil {
							s.act(op, deploy.Act{Verb: deploy.ActResume, By: by("U-dev")})
							continue
						}
						i := op.Undecided()[0]
						s.act(op, choice(deploy.ActLeaveOut, op.Lanes[i].Name, op.Lanes[i].Attempt))
					}
					held := strings.Count(statuses(op), "held")
					if err := s.atRest(4-held, held); err != nil {
						t.Errorf("%v at event %d: %v\n%s", course, k+n, err, s.story(op.ID))
					}
					if err := s.safe(mark, s.w.IDs[1+held:]); err != nil {
						t.Errorf("%v at event %d: %v\n%s", course, k+n, err, s.story(op.ID))
					}
				})
				if !reached {
					break
				}
			}
		}
	}
	t.Logf("%d stories", told)
}

func stepOfCourses() int {
	if os.Getenv("CI") == "true" {
		return sweep
	}
	return 5
}

func offerOf(op deploy.Operation, verb deploy.ActVerb) int {
	for _, o := range deploy.Offers(op) {
		if o.Verb == verb {
			return o.Attempt
		}
	}
	return 0
}

func TestAPauseStopsAtAnInstancesBoundary(t *testing.T) {
	play(t, deploytest.Setup{Instances: 4}, func(s *stage) {
		s.book.req.Rules.MaxUnavailable.N = 2
		s.live(0)
		op := s.begunRollout()
		op = s.until(op.ID, "two drain", func(o deploy.Operation) bool { return statuses(o) == "draining draining waiting waiting" })
		s.act(op, deploy.Act{Verb: deploy.ActPause, By: by("U-dev")})
		time.Sleep(2 * time.Hour)
		op = s.load(op.ID)
		status(s, op, "healthy healthy waiting waiting")
		if op.State != deploy.StatePaused {
			t.Errorf("it is %s", op.State)
		}
		s.stop()
		s.live(0)
		time.Sleep(time.Hour)
		status(s, s.load(op.ID), "healthy healthy waiting waiting")
		s.act(op, deploy.Act{Verb: deploy.ActResume, By: by("U-lead")})
		s.ended(op, deploy.StateSucceeded)
	})
}
