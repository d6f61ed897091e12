package engine_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
)

// seam stands between a bot and everything outside. Every field may be nil.
type seam struct {
	append     func(deploy.Event) error
	load       func(deploy.ID)
	unfinished func() // after the list was read, before it is answered
	fleet      func() error
	health     func(group string, since time.Time, r *deploy.Reading) error
	host       func() error
	deregister func(na time.Time) error
	register   func() error
	send       func(j deploy.Job, real func() (string, error)) (string, error)
	find       func(string) (string, error)
	wait       func(ctx context.Context) (*deploy.Report, error)
	cancel     func() error
}

func (s *stage) liveWith(hook int, m *seam) {
	ctx, cancel := context.WithCancel(s.ctx)
	s.fuse = &deploytest.Fuse{At: hook, Kill: cancel}
	s.moved = make(chan deploy.ID, 1)
	s.bot = engine.New(deploytest.Mortal(s.fuse, engine.Options{
		Journal: seamJournal{s.journal, m}, Cloud: deploytest.Anywhere(seamCloud{s.w.Cloud(), m}), Runner: deploytest.Anyhow(seamRunner{s.w.Runner(), m}),
		Directory: s.people, Book: s.book, Sink: s,
	}))
	bot, done := s.bot, make(chan struct{})
	go func() {
		defer close(done)
		if err := bot.Run(ctx); err != nil && ctx.Err() == nil {
			s.t.Errorf("the engine ended: %v", err)
		}
	}()
	s.end = func() { cancel(); <-done }
	synctest.Wait()
}

type seamJournal struct {
	engine.Journal
	m *seam
}

func (j seamJournal) Append(ctx context.Context, e deploy.Event, r deploy.Row, c deploy.Changes) error {
	if j.m.append != nil {
		if err := j.m.append(e); err != nil {
			return err
		}
	}
	return j.Journal.Append(ctx, e, r, c)
}

func (j seamJournal) Load(ctx context.Context, id deploy.ID) ([]deploy.Event, error) {
	if j.m.load != nil {
		j.m.load(id)
	}
	return j.Journal.Load(ctx, id)
}

func (j seamJournal) Unfinished(ctx context.Context) ([]deploy.Row, error) {
	rows, err := j.Journal.Unfinished(ctx)
	if j.m.unfinished != nil {
		j.m.unfinished()
	}
	return rows, err
}

type seamCloud struct {
	engine.Cloud
	m *seam
}

func (c seamCloud) Fleet(ctx context.Context, w engine.Want) (deploy.Fleet, error) {
	if c.m.fleet != nil {
		if err := c.m.fleet(); err != nil {
			return deploy.Fleet{}, err
		}
	}
	return c.Cloud.Fleet(ctx, w)
}

func (c seamCloud) Health(ctx context.Context, group string, since time.Time) (deploy.Reading, error) {
	r, err := c.Cloud.Health(ctx, group, since)
	if c.m.health != nil && err == nil {
		err = c.m.health(group, since, &r)
	}
	return r, err
}

func (c seamCloud) Host(ctx context.Context, i string) (deploy.Host, error) {
	if c.m.host != nil {
		if err := c.m.host(); err != nil {
			return deploy.Host{}, err
		}
	}
	return c.Cloud.Host(ctx, i)
}

func (c seamCloud) Deregister(ctx context.Context, group string, p []deploy.Pair, na time.Time) error {
	if c.m.deregister != nil {
		if err := c.m.deregister(na); err != nil {
			return err
		}
	}
	return c.Cloud.Deregister(ctx, group, p, na)
}

func (c seamCloud) Register(ctx context.Context, group string, p []deploy.Pair) error {
	if c.m.register != nil {
		if err := c.m.register(); err != nil {
			return err
		}
	}
	return c.Cloud.Register(ctx, group, p)
}

type seamRunner struct {
	engine.Runner
	m *seam
}

func (r seamRunner) Send(ctx context.Context, j deploy.Job, na time.Time) (string, error) {
	real := func() (string, error) { return r.Runner.Send(ctx, j, na) }
	if r.m.send != nil {
		return r.m.send(j, real)
	}
	return real()
}

func (r seamRunner) Find(ctx context.Context, j deploy.Job, since time.Time) (string, error) {
	id, err := r.Runner.Find(ctx, j, since)
	if r.m.find != nil && err == nil {
		return r.m.find(id)
	}
	return id, err
}

func (r seamRunner) Wait(ctx context.Context, j deploy.Job, id string) (deploy.Report, error) {
	if r.m.wait != nil {
		if rep, err := r.m.wait(ctx); rep != nil || err != nil {
			if rep == nil {
				rep = &deploy.Report{}
			}
			return *rep, err
		}
	}
	return r.Runner.Wait(ctx, j, id)
}

func (r seamRunner) Cancel(ctx context.Context, j deploy.Job) (deploy.Report, error) {
	if r.m.cancel != nil {
		if err := r.m.cancel(); err != nil {
			return deploy.Report{}, err
		}
	}
	return r.Runner.Cancel(ctx, j)
}

func refusedFault() error {
	return &deploy.Fault{Class: deploy.Refused, Code: "AccessDenied", Message: "no"}
}
func unsureFault() error { return &deploy.Fault{Class: deploy.Unsure, Message: "connection reset"} }

// endHung ends a command that hangs on the first instance, so that the bubble can end.
func (s *stage) endHung(op deploy.Operation) {
	_, err := s.w.Runner().Cancel(s.ctx, deploy.Job{Instance: s.w.IDs[0], Token: string(op.ID) + "/" + s.w.IDs[0] + "/1/command"})
	s.must(err)
}

func abortBy(who string) deploy.Act { return deploy.Act{Verb: deploy.ActAbort, By: by(who)} }

// healthyNow counts the truly healthy targets of the first group.
func (s *stage) healthyNow() int {
	n := 0
	truth, _ := s.w.Truth(s.w.Arns[0])
	for _, t := range truth {
		if t.State == world.Healthy {
			n++
		}
	}
	return n
}

// R1: a hold says that the instance is out of service. One that never left must not be held as it is.
func TestReviewLeaveOutOfAnInstanceThatNeverLeft(t *testing.T) {
	for _, ask := range []deploy.Ask{webV42, drain2} {
		t.Run(string(ask.Kind), func(t *testing.T) {
			play(t, deploytest.Setup{}, func(s *stage) {
				refuse := true
				s.liveWith(0, &seam{deregister: func(time.Time) error {
					if refuse {
						return refusedFault()
					}
					return nil
				}})
				op := s.approve(s.request(ask, "U-dev"), "U-lead")
				op = s.until(op.ID, "halted", waits)
				lane := op.Lanes[op.Undecided()[0]].Name
				refuse = false // the policy was corrected
				s.act(op, choice(deploy.ActLeaveOut, lane, 1))
				op = s.until(op.ID, "finished", finished)
				locks, _ := s.journal.Locks(s.ctx)
				if in := s.w.InService(lane); len(in) > 0 && len(locks) > 0 {
					t.Errorf("%s %s: %s is held and in service in %v\n%s", op.Plan.Kind, op.State, lane, in, s.story(op.ID))
				}
			})
		})
	}
}

// R2: what was waited for in an attempt that is over must not keep the next decision back.
func TestReviewADecisionDoesNotWaitForAnEndlessWait(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.w.Exec(func(deploy.Job) (int, time.Duration) { return 0, 24 * time.Hour }) // it hangs
		s.liveWith(0, &seam{cancel: unsureFault})
		op := s.begunRollout()
		op = s.until(op.ID, "unknown", func(o deploy.Operation) bool { return o.Lanes[0].Phase == deploy.PhaseUnknown })
		s.act(op, choice(deploy.ActLooked, s.w.IDs[0], 1))
		s.w.Exec(func(deploy.Job) (int, time.Duration) { return 0, time.Second })
		time.Sleep(5 * time.Minute)
		s.act(op, choice(deploy.ActPutBack, s.w.IDs[0], 1))
		time.Sleep(30 * time.Minute)
		if op = s.load(op.ID); op.Lanes[0].Outcome != deploy.OutcomePutBack {
			t.Errorf("30 min after the decision: phase %s\n%s", op.Lanes[0].Phase, s.story(op.ID))
		}
		s.endHung(op)
	})
}

// R3: whoever waits behind an operation goes on when that one ends, however it ends.
func TestReviewTheQueueGoesOnWhenTheOneAheadIsWithdrawn(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		var slow atomic.Value // the operation whose journal is read slowly
		var down atomic.Bool
		slow.Store(deploy.ID(""))
		s.liveWith(0, &seam{
			fleet: func() error {
				if down.Load() {
					return unsureFault()
				}
				return nil
			},
			load: func(id deploy.ID) {
				if id == slow.Load() {
					time.Sleep(10 * time.Millisecond) // as long as a disk may take
				}
			},
		})
		a, b := s.request(webV42, "U-dev"), s.request(webV42, "U-dev")
		s.approve(a, "U-lead")
		down.Store(true) // AWS cannot be asked: a waits, and b behind it
		s.until(a.ID, "waiting", func(o deploy.Operation) bool {
			return o.Waiting.Code == deploy.AskFailed || o.State == deploy.StateRolling
		})
		if s.load(a.ID).State == deploy.StateRolling {
			t.Error("too late for this story")
			return
		}
		down.Store(false)
		time.Sleep(time.Millisecond) // b is approved later
		s.approve(b, "U-lead")
		down.Store(true)
		s.until(b.ID, "behind", func(o deploy.Operation) bool { return o.Waiting.Code == deploy.Behind })
		slow.Store(a.ID)
		s.act(a, deploy.Act{Verb: deploy.ActWithdraw, By: by("U-dev")})
		slow.Store(deploy.ID(""))
		down.Store(false)
		time.Sleep(10 * time.Minute)
		if b = s.load(b.ID); b.State == deploy.StateQueued {
			t.Errorf("10 min after the one ahead was withdrawn it still waits because of %s", b.Waiting)
		}
	})
}

// R4: `resumed` is the fence: an act that gets in before it must not make the new process believe that it began the step.
func TestReviewResumedIsWrittenWhateverGetsInBefore(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		sent := map[string]int{}
		s.w.Exec(func(deploy.Job) (int, time.Duration) { return 0, 30 * time.Second })
		s.liveWith(0, &seam{send: func(j deploy.Job, real func() (string, error)) (string, error) {
			sent[j.Token]++
			id, err := real()
			s.fuse.Before("append accepted") // the command is out; the bot dies before it is journalled
			return id, err
		}})
		op := s.begunRollout()
		s.until(op.ID, "dead", func(deploy.Operation) bool { return s.fuse.Blown() })
		s.stop()
		if l := s.load(op.ID).Lanes[0]; l.At != 1 || l.Phase != deploy.PhaseBegun {
			t.Errorf("it died elsewhere: step %d %s", l.At, l.Phase)
		}
		once := true
		s.liveWith(0, &seam{
			append: func(e deploy.Event) error {
				if e.Type == deploy.EventResumed && once {
					once = false
					_, err := s.bot.Act(s.ctx, op.ID, abortBy("U-dev")) // an envelope that was left over
					return err
				}
				return nil
			},
			send: func(j deploy.Job, real func() (string, error)) (string, error) { sent[j.Token]++; return real() },
		})
		op = s.ended(op, deploy.StateAborted)
		for token, n := range sent {
			if n > 1 {
				t.Errorf("%s was sent %d times", token, n)
			}
		}
		resumed := false
		for _, e := range s.events(op.ID) {
			resumed = resumed || e.Type == deploy.EventResumed
		}
		if !resumed {
			t.Errorf("no resumed was written\n%s", s.story(op.ID))
		}
	})
}

// R5: an outage of AWS while an outcome is unknown is no reason for a hot loop.
func TestReviewAnOutageWhileUnknownIsNoHotLoop(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		var hosts atomic.Int64
		var out atomic.Bool
		s.w.Exec(func(deploy.Job) (int, time.Duration) { return 0, 24 * time.Hour })
		s.liveWith(0, &seam{cancel: unsureFault, host: func() error {
			if out.Load() && hosts.Add(1) < 5000 { // else it never ends
				return unsureFault()
			}
			return nil
		}})
		op := s.begunRollout()
		s.until(op.ID, "unknown", func(o deploy.Operation) bool { return o.Lanes[0].Phase == deploy.PhaseUnknown })
		out.Store(true)
		time.Sleep(10 * time.Minute)
		if hosts := hosts.Load(); hosts > 60 {
			t.Errorf("EC2 was asked %d times in 10 min", hosts)
		}
		s.endHung(op)
	})
}

// R6: readings may go back 20 s. An instance that was put back right after it was taken out must be in service at the end.
func TestReviewOldReadingsDoNotPassForBeingBack(t *testing.T) {
	bad, early := 0, 0
	for seed := range uint64(60) {
		play(t, deploytest.Setup{Stale: 20 * time.Second, Delay: 300 * time.Second, Seed: seed}, func(s *stage) {
			s.live(0)
			op := s.begunRollout()
			s.until(op.ID, "leaving", func(o deploy.Operation) bool { return o.Lanes[0].Phase == deploy.PhaseAccepted })
			s.act(op, abortBy("U-dev"))
			s.fuse.Before("register")
			s.until(op.ID, "dead or finished", func(o deploy.Operation) bool { return s.fuse.Blown() || finished(o) })
			s.stop()
			s.live(0)
			op = s.until(op.ID, "finished or halted", func(o deploy.Operation) bool { return finished(o) || waits(o) })
			if finished(op) && s.healthyNow() < 3 {
				early++
			}
			time.Sleep(10 * time.Minute)
			if locks, _ := s.journal.Locks(s.ctx); finished(op) && s.healthyNow() < 3 && len(locks) == 0 {
				if bad++; bad == 1 {
					t.Errorf("seed %d: %d of 3 are in service, nothing is held\n%s", seed, s.healthyNow(), s.story(op.ID))
				}
			}
		})
	}
	t.Logf("%d of 60 ended with an instance lost, %d ended before it was back", bad, early)
}

// R6b: the same without any crash: a fast deploy with a short delay.
func TestReviewOldReadingsDoNotLetTwoOut(t *testing.T) {
	bad, spurious := 0, 0
	for seed := range uint64(30) {
		play(t, deploytest.Setup{Stale: 20 * time.Second, Delay: 5 * time.Second, Interval: 30 * time.Second, Seed: seed}, func(s *stage) {
			s.live(0)
			op := s.until(s.begunRollout().ID, "finished or halted", func(o deploy.Operation) bool { return finished(o) || waits(o) })
			if waits(op) {
				if spurious++; spurious == 1 {
					t.Logf("seed %d: halted: %s", seed, op.Lanes[op.Undecided()[0]].Cause)
				}
			}
			if err := s.safe(s.mark, s.w.IDs); err != nil {
				if bad++; bad == 1 {
					t.Errorf("seed %d: %v\n%s", seed, err, s.story(op.ID))
				}
			}
		})
	}
	t.Logf("%d of 30 broke I1 or I3, %d halted for nothing", bad, spurious)
}

// R7: an instance that another hand has put back can be deployed to again, or be left out for good.
func TestReviewWaysOutOfPutBackByAnotherHand(t *testing.T) {
	for _, verb := range []deploy.ActVerb{deploy.ActRetry, deploy.ActLeaveOut} {
		t.Run(string(verb), func(t *testing.T) {
			play(t, deploytest.Setup{}, func(s *stage) {
				op := s.downBefore(false)
				s.must(s.w.Register(s.w.Arns[0], s.pair(0)))
				time.Sleep(time.Minute)
				s.live(0)
				op = s.until(op.ID, "halted", waits)
				s.act(op, choice(verb, s.w.IDs[0], 1))
				time.Sleep(10 * time.Minute)
				op = s.until(op.ID, "over", func(o deploy.Operation) bool { return finished(o) || waits(o) })
				if verb == deploy.ActRetry && op.State != deploy.StateSucceeded {
					t.Errorf("retried: %s %s\n%s", op.State, op.Lanes[0].Cause, s.story(op.ID))
				}
				if in := s.w.InService(s.w.IDs[0]); verb == deploy.ActLeaveOut && len(in) > 0 {
					t.Errorf("left out, and in service in %v\n%s", in, s.story(op.ID))
				}
			})
		})
	}
}

// R8: what is asked for while the engine begins is carried by exactly one loop.
func TestReviewARequestWhileTheEngineBegins(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		var op deploy.Operation
		m := &seam{}
		m.unfinished = func() {
			m.unfinished = nil
			var err error
			if op, err = s.bot.Request(s.ctx, engine.NewID(), webV42, "U-dev"); err != nil {
				t.Error(err)
			}
		}
		s.liveWith(0, m)
		s.approve(op, "U-lead")
		time.Sleep(30 * time.Minute)
		if op = s.load(op.ID); !finished(op) {
			t.Errorf("30 min after its approval it is %s\n%s", op.State, s.story(op.ID))
		}
	})
}

// R9: a refusal of the second try says nothing about the first, whose answer was lost: nothing may be registered while the command may run.
func TestReviewARefusalAfterALostAnswerIsUnknown(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		n, running := 0, false
		s.w.Exec(func(deploy.Job) (int, time.Duration) { return 0, 20 * time.Minute })
		s.liveWith(0, &seam{
			send: func(_ deploy.Job, real func() (string, error)) (string, error) {
				if n++; n == 1 {
					_, _ = real()
					running = true
					return "", unsureFault()
				}
				return "", refusedFault()
			},
			find:   func(string) (string, error) { return "", nil }, // SSM is slow to show it
			cancel: unsureFault,
			register: func() error {
				if running {
					t.Error("it was registered while the command runs")
				}
				return nil
			},
		})
		op := s.until(s.begunRollout().ID, "halted", waits)
		if op.Lanes[0].Phase != deploy.PhaseUnknown {
			t.Errorf("phase %s, %s\n%s", op.Lanes[0].Phase, op.Lanes[0].Cause, s.story(op.ID))
			s.act(op, choice(deploy.ActPutBack, s.w.IDs[0], 1))
			time.Sleep(time.Minute)
		}
		s.endHung(op)
	})
}

// R10: health may flap without voiding an approval.
func TestReviewAFlapOfAllTargetsVoidsNothing(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		op := s.request(webV42, "U-dev")
		for _, id := range s.w.IDs {
			s.w.Sick(id, true)
		}
		time.Sleep(time.Minute)
		op = s.approve(op, "U-lead")
		op = s.until(op.ID, "asks", func(o deploy.Operation) bool { return o.Asked.Code == deploy.FailOpen })
		if op.Lanes[0].Touched {
			t.Error("an instance left although none is healthy and nobody has confirmed it")
		}
		for _, id := range s.w.IDs {
			s.w.Sick(id, false)
		}
		s.ended(op, deploy.StateSucceeded) // by itself: the question has answered itself
	})
}

// R11: a call that is late is made again later, not at once for ever.
func TestReviewALateCallIsNoHotLoop(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		var n atomic.Int64
		s.liveWith(0, &seam{deregister: func(time.Time) error {
			if n.Add(1) < 3000 {
				return fmt.Errorf("budget: %w", engine.ErrLate) // at once, as awscall does when the budget would take too long
			}
			return nil
		}})
		op := s.begunRollout()
		s.until(op.ID, "begun", func(o deploy.Operation) bool { return o.Lanes[0].Touched })
		time.Sleep(2 * time.Second)
		if n := n.Load(); n > 100 {
			t.Errorf("%d calls in 2 s", n)
		}
	})
}

// R12: a follow-up after a long downtime is no hot loop.
func TestReviewWaitPastItsDeadlineSleeps(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.w.Exec(func(deploy.Job) (int, time.Duration) { return 0, 24 * time.Hour })
		s.live(0)
		op := s.begunRollout()
		s.until(op.ID, "deploying", func(o deploy.Operation) bool { return o.Lanes[0].Made != "" })
		s.stop()
		time.Sleep(2 * time.Hour)
		s.live(0)
		time.Sleep(10 * time.Second)
		op = s.load(op.ID)
		key := deploy.EffectKey{Kind: deploy.DoWait, Lane: 0, At: 1, Attempt: 1}
		now := time.Now()
		d := deploy.Next(op, deploy.Seen{Effects: map[deploy.EffectKey]deploy.EffectSeen{key: {Running: true, Began: now.Add(-10 * time.Second)}}}, now)
		if !d.Wake.After(now) {
			t.Errorf("it wants to be woken %s ago: the loop turns every millisecond", now.Sub(d.Wake))
		}
		s.endHung(op)
	})
}

// R14: a plan that is remade while another rollout takes an instance out is still the same plan.
func TestReviewAPlanRemadeWhileAnInstanceLeaves(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		inFleet := make(chan struct{})
		m := &seam{}
		s.liveWith(0, m)
		a, b := s.request(webV42, "U-dev"), s.request(webV42, "U-dev")
		m.append = func(e deploy.Event) error {
			if e.Type == deploy.EventBegun && e.Op == a.ID && e.Lane == 0 && e.Seq < 6 {
				<-inFleet // a takes its first instance out while b's plan is being read
			}
			return nil
		}
		s.approve(a, "U-lead")
		s.until(a.ID, "started", func(o deploy.Operation) bool { return o.State == deploy.StateRolling })
		m.fleet = func() error { // the calls of Fleet take a while
			close(inFleet)
			s.until(a.ID, "draining", func(o deploy.Operation) bool { return o.Lanes[0].Phase == deploy.PhaseAccepted })
			m.fleet = nil
			return nil
		}
		b, err := s.bot.Act(s.ctx, b.ID, deploy.Act{Verb: deploy.ActApprove, By: by("U-lead"), Hash: b.Hash})
		if err != nil || finished(b) {
			t.Errorf("%v; %s %s", err, b.State, b.Cause)
		}
	})
}

// R15: a single instance that stays unhealthy can be deployed to again: the person who retries has decided that it leaves.
func TestReviewRetryOfTheOnlyInstance(t *testing.T) {
	for _, verb := range []deploy.ActVerb{deploy.ActRetry, deploy.ActLeaveOut} {
		t.Run(string(verb), func(t *testing.T) {
			play(t, deploytest.Setup{Instances: 1}, func(s *stage) {
				s.book.req.Rules.MinHealthy = deploy.Count{N: 0}
				s.w.Sick(s.w.IDs[0], true)
				s.live(0)
				op := s.until(s.begunRollout().ID, "halted", waits)
				s.act(op, choice(verb, s.w.IDs[0], 1))
				time.Sleep(30 * time.Minute)
				if l := s.load(op.ID).Lanes[0]; l.Phase == deploy.PhaseBegun {
					t.Errorf("30 min after the decision: %s, gate %s\n%s", l.Status(), l.Gate, s.story(op.ID))
				}
			})
		})
	}
}

// R16: an instance that serves through one of its two ports takes capacity away when it leaves.
func TestReviewAnInstanceWithOneHealthyPortCounts(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.book.req.Rules.MinHealthy = deploy.Count{N: 2}
		second := world.Pair{ID: s.w.IDs[0], Port: 9090}
		s.must(s.w.Register(s.w.Arns[0], []world.Pair{second}))
		time.Sleep(time.Minute)
		s.liveWith(0, &seam{health: func(_ string, _ time.Time, r *deploy.Reading) error {
			for i, x := range r.Targets {
				if x.Port == 9090 || x.Target == s.w.IDs[2] {
					r.Targets[i].State = deploy.Unhealthy
				}
			}
			return nil
		}})
		op := s.begunRollout()
		time.Sleep(10 * time.Minute)
		if l := s.load(op.ID).Lanes[0]; l.Touched {
			t.Errorf("web-1 (8080 healthy) left although only web-1 and web-2 serve and 2 must\n%s", s.story(op.ID))
		}
	})
}
