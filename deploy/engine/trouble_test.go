package engine_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
)

// trouble makes calls fail while it lasts. A call fails before its effect, or after it (the answer is lost).
type trouble struct {
	mu    sync.Mutex
	call  string // the one that fails; "" = none
	class deploy.Class
	after bool
	left  int // how many times; negative = until calm
	hits  int
}

func (t *trouble) begin(call string, class deploy.Class, after bool, times int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.call, t.class, t.after, t.left, t.hits = call, class, after, times, 0
}

func (t *trouble) calm() { t.begin("", "", false, 0) }

func (t *trouble) strike(call string, after bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.call != call || t.after != after || t.left == 0 {
		return nil
	}
	t.left--
	t.hits++
	return &deploy.Fault{Class: t.class, Code: "Planted", Message: call + " failed"}
}

func struck[T any](t *trouble, call string, do func() (T, error)) (T, error) {
	var zero T
	if err := t.strike(call, false); err != nil {
		return zero, err
	}
	v, err := do()
	if lost := t.strike(call, true); lost != nil && err == nil {
		return zero, lost
	}
	return v, err
}

func struck0(t *trouble, call string, do func() error) error {
	_, err := struck(t, call, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

type troubledCloud struct {
	engine.Cloud
	t *trouble
}

func (c troubledCloud) Health(ctx context.Context, g string, since time.Time) (deploy.Reading, error) {
	return struck(c.t, "health", func() (deploy.Reading, error) { return c.Cloud.Health(ctx, g, since) })
}

func (c troubledCloud) Host(ctx context.Context, i string) (deploy.Host, error) {
	return struck(c.t, "host", func() (deploy.Host, error) { return c.Cloud.Host(ctx, i) })
}

func (c troubledCloud) Deregister(ctx context.Context, g string, p []deploy.Pair, na time.Time) error {
	return struck0(c.t, "deregister", func() error { return c.Cloud.Deregister(ctx, g, p, na) })
}

func (c troubledCloud) Register(ctx context.Context, g string, p []deploy.Pair) error {
	return struck0(c.t, "register", func() error { return c.Cloud.Register(ctx, g, p) })
}

type troubledRunner struct {
	engine.Runner
	t *trouble
}

func (r troubledRunner) Send(ctx context.Context, j deploy.Job, na time.Time) (string, error) {
	return struck(r.t, "send", func() (string, error) { return r.Runner.Send(ctx, j, na) })
}

func (r troubledRunner) Find(ctx context.Context, j deploy.Job, since time.Time) (string, error) {
	return struck(r.t, "find", func() (string, error) { return r.Runner.Find(ctx, j, since) })
}

func (r troubledRunner) Wait(ctx context.Context, j deploy.Job, id string) (deploy.Report, error) {
	return struck(r.t, "wait", func() (deploy.Report, error) { return r.Runner.Wait(ctx, j, id) })
}

func (r troubledRunner) Cancel(ctx context.Context, j deploy.Job) (deploy.Report, error) {
	return struck(r.t, "cancel", func() (deploy.Report, error) { return r.Runner.Cancel(ctx, j) })
}

// liveIn starts a bot whose calls may fail.
func (s *stage) liveIn(t *trouble) {
	s.live(0)
	s.bot.Cloud = deploytest.Anywhere(troubledCloud{s.bot.Cloud(""), t})
	s.bot.Runner = deploytest.Anyhow(troubledRunner{s.bot.Runner("", ""), t})
}

var calls = []string{"health", "host", "deregister", "register", "send", "find", "wait"}

// Passing trouble of every kind at every call delays a rollout, and does nothing worse.
func TestPassingTroubleIsWaitedOut(t *testing.T) {
	for _, call := range calls {
		for _, class := range []deploy.Class{deploy.Throttled, deploy.Unsure} {
			for _, after := range []bool{false, true} {
				if class == deploy.Throttled && after {
					continue // a throttled call has no effect
				}
				play(t, deploytest.Setup{Instances: 2}, func(s *stage) {
					var tr trouble
					s.liveIn(&tr)
					tr.begin(call, class, after, 2)
					op := s.ended(s.begunRollout(), deploy.StateSucceeded)
					if tr.hit() != 2 && call != "find" {
						t.Errorf("%s %s was planted twice and met %d times", call, class, tr.hit())
					}
					s.must(s.safe(s.mark, s.w.IDs))
					s.must(deployed(s, op))
				})
			}
		}
	}
}

// Trouble that lasts halts the rollout, which says so; when it is over a person goes on.
func TestLastingTroubleHaltsTheRolloutAndSaysSo(t *testing.T) {
	for _, call := range calls {
		if call == "find" {
			continue // only after a send whose answer was lost; below
		}
		t.Run(call, func(t *testing.T) {
			play(t, deploytest.Setup{}, func(s *stage) {
				var tr trouble
				s.liveIn(&tr)
				op := s.begunRollout()
				tr.begin(call, deploy.Unsure, false, -1)
				began := time.Now()
				op = s.until(op.ID, "halted", waits)
				if took := time.Since(began); took > 30*time.Minute {
					t.Errorf("it took %s", took)
				}
				if cause := op.Lanes[0].Cause.String(); !strings.Contains(cause, call+" failed") {
					t.Errorf("it says %s", cause)
				}
				if n := tr.hit(); n > 60 {
					t.Errorf("it tried %d times", n)
				}
				tr.calm()
				time.Sleep(10 * time.Minute) // what is unknown is settled with the host meanwhile
				op = s.until(op.ID, "decidable", func(o deploy.Operation) bool {
					return o.Lanes[0].Phase == deploy.PhaseFailed || o.State.Finished() || !waits(o)
				})
				if waits(op) {
					s.act(op, choice(deploy.ActRetry, s.w.IDs[0], op.Lanes[0].Attempt))
				}
				s.ended(op, deploy.StateSucceeded)
				s.must(s.safe(s.mark, s.w.IDs))
				s.must(s.atRest(3, 0))
			})
		})
	}
}

// A refusal by AWS is not tried again.
func TestARefusalHaltsAtOnce(t *testing.T) {
	for _, call := range []string{"deregister", "register", "send"} {
		t.Run(call, func(t *testing.T) {
			play(t, deploytest.Setup{}, func(s *stage) {
				var tr trouble
				s.liveIn(&tr)
				op := s.begunRollout()
				tr.begin(call, deploy.Refused, false, -1)
				op = s.until(op.ID, "halted", waits)
				if tr.hit() != 1 {
					t.Errorf("it was tried %d times", tr.hit())
				}
				tr.calm()
				s.act(op, choice(deploy.ActPutBack, s.w.IDs[0], 1))
				op = s.ended(op, deploy.StateFailed)
				s.must(s.atRest(3, 0))
			})
		})
	}
}

// Nothing is registered or run while nobody can say whether the command runs: not until the host has cancelled it, or
// a person has looked.
func TestAnUnknownOutcomeWaitsForTheHostOrForAPerson(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		var tr trouble
		s.liveIn(&tr)
		s.w.Exec(func(deploy.Job) (int, time.Duration) { return 0, 24 * time.Hour }) // it hangs
		op := s.begunRollout()
		op = s.until(op.ID, "deploying", func(o deploy.Operation) bool { return o.Lanes[0].Made != "" })
		tr.begin("cancel", deploy.Unsure, false, -1)
		op = s.until(op.ID, "unknown", func(o deploy.Operation) bool { return o.Lanes[0].Phase == deploy.PhaseUnknown })
		for _, v := range []deploy.ActVerb{deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut} {
			if _, err := s.bot.Act(s.ctx, op.ID, choice(v, s.w.IDs[0], 1)); err == nil {
				t.Errorf("%s was accepted", v)
			}
		}
		time.Sleep(time.Hour)
		if n := tr.hit(); n < 3 || n > 60 {
			t.Errorf("the host was asked %d times in an hour", n)
		}
		if op = s.load(op.ID); op.Lanes[0].Phase != deploy.PhaseUnknown || s.w.Commands(s.w.IDs[0], s.mark) != 1 {
			t.Fatalf("%s\n%s", op.Lanes[0].Phase, s.story(op.ID))
		}
		s.act(op, choice(deploy.ActLooked, s.w.IDs[0], 1))
		s.act(op, choice(deploy.ActLeaveOut, s.w.IDs[0], 1))
		tr.calm()
		s.act(op, deploy.Act{Verb: deploy.ActAbort, By: by("U-dev")})
		s.ended(op, deploy.StateAborted)
		_, err := s.bot.Runner("", "").Cancel(s.ctx, deploy.Job{Instance: s.w.IDs[0], Token: string(op.ID) + "/" + s.w.IDs[0] + "/1/command"})
		s.must(err)
	})
}
