package engine_test

import (
	"context"
	"errors"
	"testing/synctest"
	"time"

	"junban/deploy"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
)

// between lets a test stand between a bot and the outside. Every field may be nil.
type between struct {
	append     func(deploy.Event) error // before an event is journalled
	health     func(string, *deploy.Reading)
	deregister func(group string) error // instead of the call, if it answers an error
	register   func(group string)       // before the call
	send       func(deploy.Job)         // after the job was sent
	unheard    bool                     // the stage does not hear what moves: for a bot that outlives the next one's birth
}

// liveBehind is live with somebody in between; hook 0 = no fuse.
func (s *stage) liveBehind(hook int, b between) {
	ctx, cancel := context.WithCancel(s.ctx)
	s.fuse = &deploytest.Fuse{At: hook, Kill: cancel}
	s.moved = make(chan deploy.ID, 1)
	var sink engine.Sink = s
	if b.unheard {
		sink = unheard{}
	}
	s.bot = engine.New(deploytest.Mortal(s.fuse, engine.Options{
		Journal: betweenJournal{s.journal, b}, Cloud: deploytest.Anywhere(betweenCloud{s.w.Cloud(), b}), Runner: deploytest.Anyhow(betweenRunner{s.w.Runner(), b}),
		Directory: s.people, Book: s.book, Sink: sink,
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

type unheard struct{}

func (unheard) Moved(deploy.ID) {}

type betweenJournal struct {
	engine.Journal
	b between
}

func (j betweenJournal) Append(ctx context.Context, e deploy.Event, r deploy.Row, c deploy.Changes) error {
	if j.b.append != nil {
		if err := j.b.append(e); err != nil {
			return err
		}
	}
	return j.Journal.Append(ctx, e, r, c)
}

type betweenCloud struct {
	engine.Cloud
	b between
}

func (c betweenCloud) Health(ctx context.Context, group string, since time.Time) (deploy.Reading, error) {
	r, err := c.Cloud.Health(ctx, group, since)
	if c.b.health != nil && err == nil {
		c.b.health(group, &r)
	}
	return r, err
}

func (c betweenCloud) Deregister(ctx context.Context, group string, pairs []deploy.Pair, notAfter time.Time) error {
	if c.b.deregister != nil {
		if err := c.b.deregister(group); err != nil {
			return err
		}
	}
	return c.Cloud.Deregister(ctx, group, pairs, notAfter)
}

func (c betweenCloud) Register(ctx context.Context, group string, pairs []deploy.Pair) error {
	if c.b.register != nil {
		c.b.register(group)
	}
	return c.Cloud.Register(ctx, group, pairs)
}

type betweenRunner struct {
	engine.Runner
	b between
}

func (r betweenRunner) Send(ctx context.Context, j deploy.Job, notAfter time.Time) (string, error) {
	id, err := r.Runner.Send(ctx, j, notAfter)
	if r.b.send != nil && err == nil {
		r.b.send(j)
	}
	return id, err
}

// errLine is a call that nobody answered.
var errLine = errors.New("connection reset by peer")
