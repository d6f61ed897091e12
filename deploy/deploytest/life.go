package deploytest

import (
	"context"
	"errors"
	"sync"
	"time"

	"junban/deploy"
	"junban/deploy/engine"
)

// ErrDead is what every call of a dead bot's engine answers.
var ErrDead = errors.New("this life is over")

// Fuse ends a life at one hook. Hooks are counted from 1, two for each call to the outside: one before it has an
// effect, one after it, when the answer is lost.
type Fuse struct {
	At   int    // the hook that ends the life; 0 = none
	Kill func() // called once, at that hook

	mu   sync.Mutex
	name string
	n    int
	dead bool
	Name string // of the hook that ended it
}

// Before ends the life at the next call of a name, before it has an effect.
func (f *Fuse) Before(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.name = "before " + name
}

// Hooks is how many hooks were passed.
func (f *Fuse) Hooks() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// Blown reports whether the life has ended.
func (f *Fuse) Blown() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}

func (f *Fuse) pass(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return ErrDead
	}
	f.n++
	if f.n == f.At || name == f.name {
		f.dead, f.Name = true, name
		f.Kill()
		return ErrDead
	}
	return nil
}

// call is one call to the outside, with its two hooks.
func call[T any](f *Fuse, name string, do func() (T, error)) (T, error) {
	var zero T
	if err := f.pass("before " + name); err != nil {
		return zero, err
	}
	v, err := do()
	if dead := f.pass("after " + name); dead != nil {
		return zero, dead
	}
	return v, err
}

func call0(f *Fuse, name string, do func() error) error {
	_, err := call(f, name, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// Mortal puts a fuse into everything that an engine calls.
func Mortal(f *Fuse, o engine.Options) engine.Options {
	o.Journal = mortalJournal{o.Journal, f}
	cloud, runner := o.Cloud, o.Runner
	o.Cloud = func(account string) engine.Cloud { return mortalCloud{cloud(account), f} }
	o.Runner = func(account, via string) engine.Runner { return mortalRunner{runner(account, via), f} }
	return o
}

type mortalJournal struct {
	engine.Journal
	f *Fuse
}

func (m mortalJournal) Append(ctx context.Context, e deploy.Event, r deploy.Row, c deploy.Changes) error {
	return call0(m.f, "append "+string(e.Type), func() error { return m.Journal.Append(ctx, e, r, c) })
}

type mortalCloud struct {
	engine.Cloud
	f *Fuse
}

func (m mortalCloud) Fleet(ctx context.Context, w engine.Want) (deploy.Fleet, error) {
	return call(m.f, "fleet", func() (deploy.Fleet, error) { return m.Cloud.Fleet(ctx, w) })
}

func (m mortalCloud) Alarms(ctx context.Context, names []string) (deploy.Alarms, error) {
	return call(m.f, "alarms", func() (deploy.Alarms, error) { return m.Cloud.Alarms(ctx, names) })
}

func (m mortalCloud) Health(ctx context.Context, group string, since time.Time) (deploy.Reading, error) {
	return call(m.f, "health", func() (deploy.Reading, error) { return m.Cloud.Health(ctx, group, since) })
}

func (m mortalCloud) Host(ctx context.Context, instance string) (deploy.Host, error) {
	return call(m.f, "host", func() (deploy.Host, error) { return m.Cloud.Host(ctx, instance) })
}

func (m mortalCloud) Deregister(ctx context.Context, group string, pairs []deploy.Pair, notAfter time.Time) error {
	return call0(m.f, "deregister", func() error { return m.Cloud.Deregister(ctx, group, pairs, notAfter) })
}

func (m mortalCloud) Register(ctx context.Context, group string, pairs []deploy.Pair) error {
	return call0(m.f, "register", func() error { return m.Cloud.Register(ctx, group, pairs) })
}

type mortalRunner struct {
	engine.Runner
	f *Fuse
}

func (m mortalRunner) Send(ctx context.Context, j deploy.Job, notAfter time.Time) (string, error) {
	return call(m.f, "send", func() (string, error) { return m.Runner.Send(ctx, j, notAfter) })
}

func (m mortalRunner) Find(ctx context.Context, j deploy.Job, since time.Time) (string, error) {
	return call(m.f, "find", func() (string, error) { return m.Runner.Find(ctx, j, since) })
}

func (m mortalRunner) Wait(ctx context.Context, j deploy.Job, id string) (deploy.Report, error) {
	return call(m.f, "wait", func() (deploy.Report, error) { return m.Runner.Wait(ctx, j, id) })
}

func (m mortalRunner) Cancel(ctx context.Context, j deploy.Job) (deploy.Report, error) {
	return call(m.f, "cancel", func() (deploy.Report, error) { return m.Runner.Cancel(ctx, j) })
}

// Anywhere gives one cloud for every account.
func Anywhere(c engine.Cloud) func(string) engine.Cloud {
	return func(string) engine.Cloud { return c }
}

// Anyhow gives one runner for every account and way.
func Anyhow(r engine.Runner) func(string, string) engine.Runner {
	return func(string, string) engine.Runner { return r }
}
