package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
)

// stage is a world, a journal, and the bots that live on them one after another.
type stage struct {
	t       *testing.T
	w       *deploytest.World
	journal engine.Journal
	book    book
	people  *people
	bot     *engine.Engine
	fuse    *deploytest.Fuse
	end     func()
	moved   chan deploy.ID
	ctx     context.Context
	mark    world.Mark // the world has settled
	lives   int        // since the scenario began
	died    string     // the hook that ended the last life
}

// play runs a test on a stage inside a bubble, and closes it down in order.
func play(t *testing.T, s deploytest.Setup, f func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		st := &stage{t: t, w: deploytest.NewWorld(s), journal: deploytest.NewJournal(), book: newBook(s.Groups...), people: newPeople(), ctx: ctx}
		st.book.tagged = s.Hosts
		var world sync.WaitGroup
		world.Go(func() { st.w.Drive(ctx) })
		time.Sleep(time.Minute) // so that even the oldest reading shows a settled fleet
		st.mark = st.w.Mark()
		f(st)
		st.stop()
		st.w.Halt() // what runs on the hosts belongs to the bubble
		cancel()
		world.Wait()
	})
}

// live starts a bot whose life ends at a hook; 0 = it lives until stop.
func (s *stage) live(hook int) {
	ctx, cancel := context.WithCancel(s.ctx)
	s.fuse = &deploytest.Fuse{At: hook, Kill: cancel}
	s.moved = make(chan deploy.ID, 1)
	s.bot = engine.New(deploytest.Mortal(s.fuse, engine.Options{
		Journal: s.journal, Cloud: deploytest.Anywhere(s.w.Cloud()), Runner: deploytest.Anyhow(s.w.Runner()), Directory: s.people, Book: s.book, Sink: s,
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

func (s *stage) stop() {
	if s.end != nil {
		s.end()
		s.end = nil
	}
}

// Moved wakes whoever waits for an operation.
func (s *stage) Moved(id deploy.ID) {
	select {
	case s.moved <- id:
	default:
	}
}

func (s *stage) request(ask deploy.Ask, by string) deploy.Operation {
	s.t.Helper()
	op, err := s.bot.Request(s.ctx, engine.NewID(), ask, by)
	if err != nil {
		s.t.Fatalf("request %+v: %v", ask, err)
	}
	return op
}

func (s *stage) act(op deploy.Operation, a deploy.Act) deploy.Operation {
	s.t.Helper()
	op, err := s.bot.Act(s.ctx, op.ID, a)
	if err != nil {
		s.t.Fatalf("%s: %v", a.Verb, err)
	}
	return op
}

func (s *stage) approve(op deploy.Operation, by string) deploy.Operation {
	s.t.Helper()
	return s.act(op, deploy.Act{Verb: deploy.ActApprove, By: deploy.Person{ID: by}, Hash: op.Hash})
}

func by(id string) deploy.Person { return deploy.Person{ID: id} }

// load reads an operation from the journal, past any fuse.
func (s *stage) load(id deploy.ID) deploy.Operation {
	s.t.Helper()
	events, err := s.journal.Load(s.ctx, id)
	if err != nil {
		s.t.Fatal(err)
	}
	op, err := deploy.Replay(events)
	if err != nil {
		s.t.Fatal(err)
	}
	return op
}

// until waits for a state of an operation; fake time makes the limit free.
func (s *stage) until(id deploy.ID, what string, is func(deploy.Operation) bool) deploy.Operation {
	s.t.Helper()
	limit := time.After(3 * time.Hour)
	for {
		if op := s.load(id); is(op) {
			return op
		}
		if s.fuse.Blown() {
			return s.load(id)
		}
		select {
		case <-s.moved:
		case <-time.After(time.Second):
		case <-limit:
			s.t.Fatalf("never %s:\n%s", what, s.story(id))
		}
	}
}

func finished(op deploy.Operation) bool { return op.State.Finished() }

func waits(op deploy.Operation) bool { return len(op.Undecided()) > 0 }

// story is the journal of one operation, for failure messages.
func (s *stage) story(id deploy.ID) string {
	events, _ := s.journal.Load(s.ctx, id)
	out := ""
	for _, e := range events {
		out += fmt.Sprintf("  %3d %s %s lane %d attempt %d ok %t %s %s %v\n", e.Seq, e.At.Format("15:04:05.000"), e.Type, e.Lane, e.Attempt, e.OK, e.State, e.Cause, e.Pairs)
	}
	return out
}

type book struct {
	groups []string
	tagged bool // instead of groups
	req    deploy.Request
}

func newBook(groups ...string) book {
	if len(groups) == 0 {
		groups = []string{"web"}
	}
	return book{groups: groups, req: deploy.Request{
		Rules: deploy.Rules{
			MaxUnavailable: deploy.Count{N: 1}, MinHealthy: deploy.Count{N: 1}, MayDeploy: []string{"U-dev"},
			Approval: deploy.Approval{Allow: []string{"U-lead"}, Required: 1, Expires: 30 * time.Minute, StartWithin: 2 * time.Hour},
		},
		Run:           deploy.Run{Command: "./deploy.sh", Timeout: time.Minute, Verify: "./verify.sh", VerifyFor: 30 * time.Second, VerifyEvery: 2 * time.Second},
		HealthyWithin: 10 * time.Minute,
	}}
}

func (b book) Request(ask deploy.Ask) (deploy.Request, engine.Want, error) {
	r := b.req
	r.Ask = ask
	if b.tagged {
		return r, engine.Want{Tags: map[string]string{"Role": "worker"}}, nil
	}
	return r, engine.Want{Groups: b.groups}, nil
}

func (b book) Resolve(context.Context, deploy.Ask) (string, error) { return "", nil }

// people is a directory that changes while the bot asks it.
type people struct {
	mu  sync.Mutex
	all map[string]deploy.Person
}

func newPeople() *people {
	p := &people{all: map[string]deploy.Person{}}
	p.is("U-dev", deploy.Member)
	p.is("U-lead", deploy.Member)
	return p
}

// is says what kind of account somebody has from now on, and in which groups they are.
func (p *people) is(id string, kind deploy.Standing, groups ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[id] = deploy.Person{ID: id, Kind: kind, Groups: groups}
}

func (p *people) Person(_ context.Context, id string, _ []string) (deploy.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if who, ok := p.all[id]; ok {
		return who, nil
	}
	return deploy.Person{ID: id, Kind: deploy.Stranger}, nil
}
