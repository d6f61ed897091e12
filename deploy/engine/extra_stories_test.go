package engine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
)

// chaos is what goes wrong outside during a story.
type chaos struct {
	mu    sync.Mutex
	rng   *rand.Rand
	calm  bool
	back  string  // the script of the way back
	p     float64 // that a call fails
	slow  float64 // that a call is held back
	calls map[string]int
	idle  map[string][]time.Time // by instance: when a probe said that it is idle
	jobs  map[string]int         // by token: how often it ran, on any host
	wrong []string               // jobs that are not what was approved
}

// ran remembers a job, and compares it with what was approved (I9).
func (c *chaos) ran(j deploy.Job, exit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.jobs == nil {
		c.idle, c.jobs = map[string][]time.Time{}, map[string]int{}
	}
	verb := j.Token[strings.LastIndex(j.Token, "/")+1:]
	if j.Read {
		if exit == 0 {
			c.idle[j.Instance] = append(c.idle[j.Instance], time.Now())
		}
		return
	}
	c.jobs[j.Token]++
	want := map[string][]string{
		"command": {"./deploy.sh", "v42"}, "verify": {"./verify.sh", ""}, "revert": {c.back, "v41 v42"}, // v42, where it was deployed once more
		"before": {"./assets", "v42"}, "first": {"./migrate", "v42"}, "after": {"./notify", "v42"},
	}[verb]
	if ref := strings.TrimPrefix(j.Env[slot(j.Env, "REF=")], "REF="); !c.calm && (j.Script != want[0] || want[1] != "" && !strings.Contains(want[1], ref)) {
		c.wrong = append(c.wrong, fmt.Sprintf("%s ran %q with REF %q", j.Token, j.Script, ref))
	}
}

func (c *chaos) strike(call string, throttle bool) error {
	c.mu.Lock()
	c.calls[call]++
	var wait time.Duration
	if !c.calm && c.rng.Float64() < c.slow {
		wait = time.Duration(c.rng.Int64N(int64(75 * time.Second)))
	}
	hit := !c.calm && c.rng.Float64() < c.p
	class := deploy.Unsure
	if throttle && c.rng.IntN(2) == 0 {
		class = deploy.Throttled
	}
	c.mu.Unlock()
	if wait > 0 {
		time.Sleep(wait)
	}
	if hit {
		return &deploy.Fault{Class: class, Code: "Planted", Message: call}
	}
	return nil
}

func (c *chaos) settle(calm bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calm = calm
}

func (c *chaos) total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, k := range c.calls {
		n += k
	}
	return n
}

func (c *chaos) roll(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.IntN(n)
}

func (c *chaos) seam() *seam {
	return &seam{
		fleet:  func() error { return c.strike("fleet", true) },
		health: func(string, time.Time, *deploy.Reading) error { return c.strike("health", true) },
		host:   func() error { return c.strike("host", true) },
		deregister: func(na time.Time) error {
			if err := c.strike("deregister", true); err != nil {
				return err
			}
			return nil
		},
		register: func() error { return c.strike("register", true) },
		send: func(_ deploy.Job, real func() (string, error)) (string, error) {
			if err := c.strike("send", true); err != nil {
				return "", err
			}
			id, err := real()
			if lost := c.strike("sent", false); lost != nil && err == nil {
				return "", lost
			}
			return id, err
		},
		find:   func(id string) (string, error) { return id, c.strike("find", true) },
		cancel: func() error { return c.strike("cancel", true) },
	}
}

type saga struct {
	*stage
	c      *chaos
	looked bool
	refs   []deploy.ID
	window int
	acts   []string
}

func stories() int {
	if n, err := strconv.Atoi(os.Getenv("JUNBAN_REVIEW_STORIES")); err == nil {
		return n
	}
	return 100
}

func firstSeed() uint64 {
	n, _ := strconv.ParseUint(os.Getenv("JUNBAN_REVIEW_SEED"), 10, 64)
	return n
}

// TestReviewStories tells random stories and judges them by what the world saw.
func TestReviewStories(t *testing.T) {
	faults := map[string]int{}
	for n := range stories() {
		seed := firstSeed() + uint64(n)
		for _, fault := range oneStory(t, seed) {
			key, _, _ := strings.Cut(fault, ":")
			if faults[key]++; faults[key] <= 2 {
				t.Errorf("seed %d: %s", seed, fault)
			}
		}
	}
	t.Logf("%v", faults)
}

func oneStory(t *testing.T, seed uint64) (faults []string) {
	rng := rand.New(rand.NewPCG(seed, 1))
	setup := deploytest.Setup{
		Instances: 2 + rng.IntN(3), Seed: seed, Interval: 5 * time.Second,
		Delay: []time.Duration{5 * time.Second, 20 * time.Second, 60 * time.Second}[rng.IntN(3)],
	}
	if rng.IntN(3) == 0 {
		setup.Groups = []string{"web", "api"}
	}
	if rng.IntN(3) == 0 {
		setup.Stale = 20 * time.Second
	}
	if rng.IntN(3) == 0 {
		setup.Zones = []string{"a", "b"}
	}
	setup.Hosts = rng.IntN(12) == 0
	if setup.Hosts {
		setup.Groups = nil
	}
	play(t, setup, func(s *stage) {
		c := &chaos{rng: rng, calls: map[string]int{}}
		if rng.IntN(2) == 0 {
			c.p = []float64{0.02, 0.1, 0.3, 0.7}[rng.IntN(4)]
		}
		if rng.IntN(2) == 0 {
			c.slow = []float64{0.02, 0.1, 0.3}[rng.IntN(3)]
		}
		window := 1 + rng.IntN(2)
		s.book.req.Rules.MaxUnavailable = deploy.Count{N: window}
		s.book.req.Rules.MinHealthy = deploy.Count{N: rng.IntN(2)}
		failing := rng.IntN(3) == 0
		s.anyRules(rng)
		if c.back = s.book.req.Run.Rollback; c.back == "" {
			c.back = s.book.req.Run.Command
		}
		before := rng.IntN(2) == 0
		s.w.Exec(func(j deploy.Job) (int, time.Duration) {
			exit := 0
			if failing && c.roll(3) == 0 {
				exit = 1
			}
			if j.Read && c.roll(3) == 0 {
				exit = 75
			}
			c.ran(j, exit)
			return exit, time.Duration(1+c.roll(50)) * time.Second
		})
		if before { // a ref before is known, so that there is a way back
			c.settle(true)
			exit, rules := failing, s.book.req.Rules
			failing, s.book.req.Rules.Canary, s.book.req.Rules.Alarms = false, deploy.Canary{}, nil
			s.live(0)
			s.succeeds()
			s.stop()
			time.Sleep(time.Minute) // until no reading is older than it
			failing, s.book.req.Rules = exit, rules
			c.settle(false)
			s.mark = s.w.Mark()
		}
		if rng.IntN(8) == 0 {
			s.w.Sick(s.w.IDs[rng.IntN(len(s.w.IDs))], true)
		}
		ta := &saga{stage: s, c: c, window: window}
		faults = ta.tell()
	})
	return faults
}

// anyRules sets some of the rules of a careful operator.
func (s *stage) anyRules(rng *rand.Rand) {
	r, often := &s.book.req.Rules, func(n int) bool { return rng.IntN(n) == 0 }
	r.OnFailure = []deploy.Policy{"", deploy.PolicyAsk, deploy.PolicyStop, deploy.PolicyRollback}[rng.IntN(4)]
	if often(3) {
		r.Canary = deploy.Canary{Instances: 1 + rng.IntN(2), Bake: time.Duration(rng.IntN(4)) * time.Minute, Confirm: often(2)}
	}
	if often(4) {
		r.PauseBetween = time.Duration(rng.IntN(90)) * time.Second
	}
	if often(3) {
		r.Tolerate = 1
	}
	if often(3) {
		r.Attention = deploy.Attention{After: []time.Duration{5 * time.Minute, 20 * time.Minute}, Then: []deploy.Policy{"", deploy.PolicyStop, deploy.PolicyRollback}[rng.IntN(3)]}
	}
	if often(4) {
		r.Alarms = []string{"web-5xx"}
	}
	if often(5) {
		r.Within = 20 * time.Minute
	}
	if often(3) {
		r.Drain = deploy.Drain{Idle: true, Settle: 10 * time.Second}
	}
	r.Dynamic = often(3)
	if often(3) {
		s.book.req.Run.Before, s.book.req.Run.First, s.book.req.Run.After = "./assets", "./migrate", "./notify"
	}
	if often(4) {
		s.book.req.Run.Rollback = "./rollback.sh"
	}
}

func (ta *saga) live2(hook int) {
	ta.liveWith(hook, ta.c.seam())
}

// tell plays one or two operations, with crashes and acts at random moments, then lets calm return and people decide.
func (ta *saga) tell() (faults []string) {
	s, c := ta.stage, ta.c
	c.settle(true)
	hook := 0
	if c.roll(2) == 0 {
		hook = 20 + c.roll(200)
	}
	ta.live2(hook)
	ops := 1 + c.roll(2)
	for range ops {
		ask := webV42
		if c.roll(4) == 0 {
			ask = drain2
		}
		op, err := s.bot.Request(s.ctx, engine.NewID(), ask, "U-dev")
		if err != nil {
			continue
		}
		ta.refs = append(ta.refs, op.ID)
		_, _ = s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActApprove, By: by("U-lead"), Hash: op.Hash})
		time.Sleep(time.Millisecond)
	}
	c.settle(false)
	lives, decisions, pace, hasty := 0, 0, 1+c.roll(30), 5+c.roll(100)
	begin := time.Now()
	busiest := ""
	for time.Since(begin) < 24*time.Hour {
		before := c.total()
		step := time.Duration(1+c.roll(pace)) * time.Second
		if c.calm {
			step = time.Minute
		}
		at := time.Now()
		for time.Since(at) < step && !s.fuse.Blown() {
			time.Sleep(time.Duration(1+c.roll(1000)) * time.Millisecond)
		}
		if n := c.total() - before; n > 40+10*int(time.Since(at)/time.Second) {
			busiest = fmt.Sprintf("busy: %d calls in %s", n, time.Since(at))
		}
		if !c.calm && c.roll(40) == 0 {
			s.w.SetAlarm("web-5xx", []string{"OK", "ALARM"}[c.roll(2)])
		}
		if !c.calm && c.roll(60) == 0 && len(s.w.IDs) < 7 {
			id := s.w.Launch("b")
			for g, arn := range s.w.Arns {
				_ = s.w.Register(arn, []world.Pair{{ID: id, Port: 8080 + g}})
			}
		}
		if time.Since(begin) > 30*time.Minute {
			c.settle(true)
			s.w.SetAlarm("web-5xx", "OK")
			for _, id := range s.w.IDs {
				s.w.Sick(id, false)
			}
		}
		if s.fuse.Blown() {
			s.stop()
			lives++
			hook := 0
			if lives < 8 && !c.calm {
				hook = 1 + c.roll(60)
			}
			if c.roll(4) == 0 {
				time.Sleep(time.Duration(c.roll(300)) * time.Second)
			}
			ta.live2(hook)
			continue
		}
		open := 0
		for _, id := range ta.refs {
			op := s.load(id)
			if finished(op) {
				continue
			}
			open++
			if c.calm && decisions > 60 {
				ta.act(op, func(f deploy.Offer) bool { return f.Verb != deploy.ActRetry })
			} else if (waits(op) || op.Asked.Code != "" || op.Paused != nil) && c.roll(2) == 0 || c.roll(hasty) == 0 {
				decisions++
				ta.act(op, func(f deploy.Offer) bool { return c.calm || f.Verb != deploy.ActLooked || c.roll(4) == 0 })
			}
		}
		if open == 0 {
			break
		}
	}
	if busiest != "" {
		faults = append(faults, busiest)
	}
	for _, id := range ta.refs {
		if op := s.load(id); !finished(op) {
			faults = append(faults, fmt.Sprintf("stuck: %s %s after 24 h: %v\n%s", op.Plan.Kind, op.State, ta.acts, s.story(id)))
		}
		if op := s.load(id); op.Seq > 400 {
			faults = append(faults, fmt.Sprintf("journal: %d events", op.Seq))
		}
	}
	time.Sleep(15 * time.Minute) // effects that were late
	faults = append(faults, ta.judge()...)
	s.stop()
	return faults
}

func (ta *saga) act(op deploy.Operation, may func(deploy.Offer) bool) {
	offers := slices.DeleteFunc(deploy.Offers(op), func(f deploy.Offer) bool { return !may(f) })
	if len(offers) == 0 {
		return
	}
	f := offers[ta.c.roll(len(offers))]
	a := deploy.Act{Verb: f.Verb, Lane: f.Lane, Attempt: f.Attempt, Hash: f.Hash, By: by("U-dev")}
	if f.Verb == deploy.ActApprove || f.Verb == deploy.ActDeny || f.Verb == deploy.ActContinue {
		a.By = by("U-lead")
	}
	if _, err := ta.bot.Act(ta.ctx, op.ID, a); err == nil {
		ta.looked = ta.looked || f.Verb == deploy.ActLooked
		ta.acts = append(ta.acts, fmt.Sprintf("%s %s@%d", f.Verb, f.Lane, op.Seq))
	}
}

// judge says what the world saw that must not be.
func (ta *saga) judge() (faults []string) {
	s := ta.stage
	all := ""
	for _, id := range ta.refs {
		all += string(id) + "\n" + s.story(id)
	}
	add := func(format string, args ...any) {
		faults = append(faults, fmt.Sprintf(format, args...)+fmt.Sprintf("\nacts %v\n%s", ta.acts, all))
	}
	seen, running := map[string]bool{}, map[string]string{}
	registered := map[world.Pair]map[string]string{} // state by group
	for _, e := range s.w.LogSince(s.mark) {
		switch e.Kind {
		case world.KindState:
			if registered[e.Pair] == nil {
				registered[e.Pair] = map[string]string{}
			}
			registered[e.Pair][e.Group] = e.To + " " + e.Reason
		case world.KindCommand:
			changes := strings.HasSuffix(e.Comment, "/command") || strings.HasSuffix(e.Comment, "/revert") || strings.HasSuffix(e.Comment, "/first")
			if changes && len(e.InService) > 0 {
				add("I3: %s ran in service at %s", e.Comment, e.At.Format("15:04:05.000"))
			}
			idle := slices.ContainsFunc(ta.c.idle[e.Instance], func(at time.Time) bool { return at.Before(e.At) && e.At.Sub(at) < 10*time.Minute })
			if changes && !idle {
				for p, groups := range registered {
					for g, st := range groups {
						if p.ID == e.Instance && strings.HasPrefix(st, world.Draining) {
							add("I3 draining: %s ran while draining in %s at %s", e.Comment, g, e.At.Format("15:04:05.000"))
						}
					}
				}
			}
			if seen[e.Comment] {
				add("I2: %s ran twice", e.Comment)
			}
			seen[e.Comment] = true
			if other := running[e.Instance]; other != "" && !ta.looked {
				add("two at once: %s while %s", e.Comment, other)
			}
			running[e.Instance] = e.Comment
		case world.KindEnded:
			if running[e.Instance] == e.Comment {
				running[e.Instance] = ""
			}
		case world.KindRegister:
			if cmd := running[e.Pair.ID]; cmd != "" && !ta.looked && strings.HasSuffix(cmd, "/command") && e.Effect {
				add("registered while running: %s at %s", cmd, e.At.Format("15:04:05.000"))
			}
		}
	}
	for token, n := range ta.c.jobs {
		if n > 1 {
			add("I2: %s ran %d times", token, n)
		}
	}
	for _, w := range ta.c.wrong {
		add("I9: %s", w)
	}
	// at rest
	locks, _ := s.journal.Locks(s.ctx)
	held := map[string]bool{}
	for _, l := range locks {
		if !l.Hold {
			add("lock: %s is left by %s", l.Resource, l.Op)
		}
		held[l.Instance()] = l.Hold
	}
	for _, arn := range s.w.Arns {
		truth, _ := s.w.Truth(arn)
		in := map[string]string{}
		for _, x := range truth {
			in[x.Pair.ID] = x.State
		}
		for _, id := range s.w.IDs {
			switch {
			case in[id] == "" && !held[id]:
				add("I4: %s is out of %s, and nothing is held", id, arn[len(arn)-20:])
			case in[id] != "" && in[id] != world.Draining && held[id]:
				add("I4 held: %s is held, and %s", id, in[id])
			}
		}
	}
	return faults
}

// TestReviewEveryActAtEveryEvent: an act right after each event of several stories, and a crash at each of the hooks after it.
func TestReviewEveryActAtEveryEvent(t *testing.T) {
	faults := map[string]int{}
	n := 0
	for _, stale := range []time.Duration{0, 20 * time.Second} {
		for _, delay := range []time.Duration{2 * time.Second, 60 * time.Second} {
			for _, kind := range []string{"deploy", "failing", "drain", "restore"} {
				for aborts := 1; aborts <= 2; aborts++ {
					for k := 3; k < 30; k += sweep {
						over := true
						for crash := 0; crash < crashes(); crash++ {
							n++
							found, reached := actAt(t, kind, stale, delay, aborts, k, crash)
							over = !reached
							for _, fault := range found {
								key, _, _ := strings.Cut(fault, ":")
								if faults[key]++; faults[key] <= 2 {
									t.Errorf("%s stale %s delay %s, %d aborts at event %d, crash %d: %s", kind, stale, delay, aborts, k, crash, fault)
								}
							}
							if over {
								break
							}
						}
						if over {
							break
						}
					}
				}
			}
		}
	}
	t.Logf("%d stories, %v", n, faults)
}

func crashes() int {
	if n, err := strconv.Atoi(os.Getenv("JUNBAN_REVIEW_CRASHES")); err == nil {
		return n
	}
	return 1
}

func actAt(t *testing.T, kind string, stale, delay time.Duration, aborts, k, crash int) (faults []string, reached bool) {
	play(t, deploytest.Setup{Stale: stale, Delay: delay, Seed: uint64(k*100 + crash)}, func(s *stage) {
		c := &chaos{rng: rand.New(rand.NewPCG(uint64(k), uint64(crash))), calls: map[string]int{}, calm: true}
		ta := &saga{stage: s, c: c, window: 1}
		s.w.Exec(func(j deploy.Job) (int, time.Duration) {
			exit := 0
			if kind == "failing" && strings.HasSuffix(j.Token, "/1/command") {
				exit = 1
			}
			return exit, 5 * time.Second
		})
		ta.live2(0)
		ask := webV42
		if kind == "drain" || kind == "restore" {
			ask = drain2
		}
		if kind == "restore" {
			first := s.approve(s.request(drain2, "U-dev"), "U-lead")
			s.until(first.ID, "drained", finished)
			ask = deploy.Ask{Kind: deploy.KindRestore, Service: "web", On: "web-2"}
			s.mark = s.w.Mark()
		}
		op := s.approve(s.request(ask, "U-dev"), "U-lead")
		ta.refs = append(ta.refs, op.ID)
		there := func(o deploy.Operation) bool { return o.Seq >= k || finished(o) || waits(o) }
		for i := 0; i < 3000 && !there(op); i++ {
			select {
			case <-s.moved:
			case <-time.After(time.Second):
			}
			op = s.load(op.ID)
		}
		if reached = !finished(op) && there(op); !reached {
			return
		}
		for a := 1; a <= aborts; a++ {
			if waits(op) && kind == "failing" && k%3 != 0 {
				f := []deploy.ActVerb{deploy.ActRetry, deploy.ActPutBack, deploy.ActLeaveOut}[crash%3]
				_, _ = s.bot.Act(s.ctx, op.ID, choice(f, op.Lanes[op.Undecided()[0]].Name, op.Lanes[op.Undecided()[0]].Attempt))
			} else {
				_, _ = s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActAbort, By: by("U-dev"), Attempt: a})
			}
			ta.acts = append(ta.acts, fmt.Sprint(a, "@", s.load(op.ID).Seq))
		}
		if crash > 0 {
			s.fuse.At = s.fuse.Hooks() + crash
		}
		for i := 0; i < 1500 && !finished(s.load(op.ID)); i++ {
			if s.fuse.Blown() {
				s.stop()
				ta.live2(0)
			}
			if o := s.load(op.ID); i == 900 && !waits(o) && len(o.Aborts) == 0 { // kept in service by a gate, for good
				_, _ = s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: deploy.ActAbort, By: by("U-dev"), Attempt: 1})
			}
			if o := s.load(op.ID); waits(o) && i%10 == 0 {
				ta.act(o, func(f deploy.Offer) bool { return f.Lane != "" })
			}
			time.Sleep(time.Second)
		}
		if o := s.load(op.ID); !finished(o) {
			faults = append(faults, fmt.Sprintf("stuck: %s\n%s", o.State, s.story(op.ID)))
		}
		time.Sleep(10 * time.Minute)
		faults = append(faults, ta.judge()...)
		if least := s.w.LeastHealthy(s.w.Arns[0], s.mark); kind != "restore" && kind != "failing" && least < 2 {
			faults = append(faults, fmt.Sprintf("I1: %d healthy\n%s", least, s.story(op.ID)))
		}
		s.stop()
	})
	return faults, reached
}
