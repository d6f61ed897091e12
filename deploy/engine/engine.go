// Package engine carries operations out: it appends each event to the journal, does the effect that the event orders,
// and reports what it saw to the core. It holds no rule of its own.
//
// It must never touch AWS or a host before the journal holds the intent, and never act on an operation that another
// process has taken over.
package engine

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"junban/deploy"
)

// Options are what an engine works with. All fields but Doctor, Historian and Log are required.
type Options struct {
	Journal   Journal
	Cloud     func(account string) Cloud       // of the configuration; "" = the bot's own
	Runner    func(account, via string) Runner // ssm (also ""), ssh, local
	Doctor    Doctor
	Historian Historian // nil = nobody is asked what lies between two refs
	Directory Directory
	Book      Book
	Sink      Sink
	Log       *slog.Logger
}

// Engine drives all operations of one process: one goroutine each, owned by Run.
type Engine struct {
	Options
	writer string // this process, in every event that it writes

	mu     sync.Mutex
	loops  map[deploy.ID]*loop
	begin  func(deploy.ID, bool) // nil while Run does not run
	waiter sync.WaitGroup
}

// New makes an engine. Nothing happens before Run.
func New(o Options) *Engine {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine{Options: o, writer: nonce(10), loops: map[deploy.ID]*loop{}}
}

// Run resumes every unfinished operation and carries them and later ones on until the context ends. It answers when
// all its goroutines have ended; what was under way is resumed by the next Run on the same journal.
func (e *Engine) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer e.stop()
	defer cancel()
	e.mu.Lock() // before the list is read: what is requested from now on begins by itself
	e.begin = func(id deploy.ID, resume bool) {
		if e.loops[id] != nil {
			return
		}
		l := newLoop(e, id, resume)
		e.loops[id] = l
		e.waiter.Go(func() { l.run(ctx) })
	}
	e.mu.Unlock()
	rows, err := e.Journal.Unfinished(ctx)
	if err != nil && len(rows) == 0 {
		return fmt.Errorf("reading the unfinished operations: %w", err)
	}
	if err != nil {
		e.Log.Error("not every unfinished operation can be read; the others go on", "error", err)
	}
	e.mu.Lock()
	for _, r := range rows {
		e.begin(r.Op, true)
	}
	e.mu.Unlock()
	<-ctx.Done()
	return nil
}

// stop begins nothing more and waits for what was begun.
func (e *Engine) stop() {
	e.mu.Lock()
	e.begin = nil
	e.mu.Unlock()
	e.waiter.Wait()
}

// Plan makes the plan of what is asked for, from the fleet as it is now. It touches nothing.
func (e *Engine) Plan(ctx context.Context, ask deploy.Ask) (deploy.Plan, error) {
	return e.plan(ctx, ask, "", true)
}

// plan makes a plan for somebody; whole with everything that is worth showing and binds nobody: the doctor's findings,
// what is on each instance now, and what lies between the ref before and the one that is asked for.
func (e *Engine) plan(ctx context.Context, ask deploy.Ask, by string, whole bool) (deploy.Plan, error) {
	rows, err := e.rows(ctx, ask.Service)
	if err != nil {
		return deploy.Plan{}, err
	}
	if ask.Kind == deploy.KindRollback && ask.Ref == "" {
		ask.Ref = deploy.RollbackTarget(rows, ask.Service, ask.Environment)
	}
	r, want, err := e.Book.Request(ask)
	if err != nil {
		return deploy.Plan{}, err
	}
	r.By = by
	if r.Kind.Rolls() {
		if r.Revision, err = e.Book.Resolve(ctx, ask); err != nil {
			return deploy.Plan{}, err
		}
	}
	fleet, err := e.fleet(ctx, r, want)
	if err != nil {
		return deploy.Plan{}, fmt.Errorf("reading the instances of %s: %w", ask.Service, err)
	}
	r.Previous = deploy.LastSucceeded(rows, ask.Service, ask.Environment)
	if !whole {
		return deploy.MakePlan(r, fleet)
	}
	var findings []deploy.Finding
	if e.Doctor != nil {
		if findings, err = e.Doctor.Findings(ctx, r, want, fleet); err != nil {
			return deploy.Plan{}, fmt.Errorf("looking for what would make a rollout unsafe: %w", err)
		}
	}
	r.Current = e.current(ctx, r, fleet)
	plan, err := deploy.MakePlan(r, fleet, findings...)
	if err == nil && e.Historian != nil && r.Kind.Rolls() {
		plan.Preview.Changes = e.Historian.Changes(ctx, plan.Preview.Ask, plan.Preview.Previous, plan.Revision)
	}
	return plan, err
}

// NewID makes an operation's id: it sorts by time.
func NewID() deploy.ID {
	return deploy.ID(time.Now().UTC().Format("060102-150405") + "-" + nonce(3))
}

// Request plans what is asked for and journals the request under the given new id. A person who may not ask is
// refused. The same id again answers the operation that it has already become.
func (e *Engine) Request(ctx context.Context, id deploy.ID, ask deploy.Ask, by string) (deploy.Operation, error) {
	if op, err := e.Operation(ctx, id); err == nil {
		return op, nil
	}
	r, _, err := e.Book.Request(ask)
	if err != nil {
		return deploy.Operation{}, err
	}
	person, err := e.person(ctx, by, r.Rules)
	if err != nil {
		return deploy.Operation{}, err
	}
	if err := deploy.MayRequest(person, r); err != nil {
		return deploy.Operation{}, err
	}
	plan, err := e.plan(ctx, ask, by, true)
	if err != nil {
		return deploy.Operation{}, err
	}
	op, err := e.append(ctx, deploy.Operation{}, deploy.Event{Op: id, Type: deploy.EventRequested, By: by, Plan: &plan})
	if err != nil {
		return deploy.Operation{}, fmt.Errorf("recording the request: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.begin != nil {
		e.begin(id, false)
	}
	return op, nil
}

// Act carries out what a person asks for: the person's standing is read now, the operation from the journal.
func (e *Engine) Act(ctx context.Context, id deploy.ID, a deploy.Act) (deploy.Operation, error) {
	for {
		op, err := e.Operation(ctx, id)
		if err != nil {
			return op, err
		}
		if a.By, err = e.person(ctx, a.By.ID, op.Plan.Rules); err != nil {
			return op, err
		}
		if a.Verb == deploy.ActApprove && op.State == deploy.StateRequested {
			if a.Fresh, a.Changed, err = e.remake(ctx, op); err != nil {
				return op, err
			}
		}
		events, err := deploy.Decide(op, a, time.Now())
		if err != nil {
			return op, err
		}
		for _, ev := range events {
			if op, err = e.append(ctx, op, ev); err != nil {
				break
			}
		}
		if errors.Is(err, ErrConflict) {
			continue // somebody was quicker: judge the act again
		}
		e.poke(id)
		return op, err
	}
}

// Operation reads one operation from the journal.
func (e *Engine) Operation(ctx context.Context, id deploy.ID) (deploy.Operation, error) {
	events, err := e.Journal.Load(ctx, id)
	if err != nil {
		return deploy.Operation{}, err
	}
	return deploy.Replay(events)
}

// Events reads one operation's journal.
func (e *Engine) Events(ctx context.Context, id deploy.ID) ([]deploy.Event, error) {
	return e.Journal.Load(ctx, id)
}

// EventsAfter reads what one operation's journal holds after a seq, from 0 on.
func (e *Engine) EventsAfter(ctx context.Context, id deploy.ID, seq int) ([]deploy.Event, error) {
	if j, ok := e.Journal.(tail); ok {
		return j.LoadAfter(ctx, id, seq)
	}
	events, err := e.Journal.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	return events[min(seq, len(events)):], nil
}

// tail is a journal that need not read what is known already. It answers as Load does, without the events up to seq.
type tail interface {
	LoadAfter(ctx context.Context, op deploy.ID, seq int) ([]deploy.Event, error)
}

// Recent lists at most limit operations, newest first; service "" = all.
func (e *Engine) Recent(ctx context.Context, service string, limit int) ([]deploy.Row, error) {
	return e.Journal.Recent(ctx, service, limit)
}

// Unfinished lists the operations that have not finished, oldest first.
func (e *Engine) Unfinished(ctx context.Context) ([]deploy.Row, error) {
	return e.Journal.Unfinished(ctx)
}

// Locks lists all locks and holds.
func (e *Engine) Locks(ctx context.Context) ([]deploy.Lock, error) { return e.Journal.Locks(ctx) }

// append numbers an event, writes it and folds it. An outcome that is not known is settled by reading the head back.
func (e *Engine) append(ctx context.Context, op deploy.Operation, ev deploy.Event) (deploy.Operation, error) {
	ev.Version, ev.Seq, ev.At, ev.Writer = deploy.EventVersion, op.Seq+1, time.Now(), e.writer
	if ev.Op == "" {
		ev.Op = op.ID
	}
	after, err := deploy.Apply(op, ev)
	if err != nil {
		return op, fmt.Errorf("%w: %w", errRules, err)
	}
	err = e.Journal.Append(ctx, ev, after.Row(), deploy.LockChanges(after, ev))
	if errors.Is(err, ErrUnknown) {
		err = e.readBack(ctx, ev, err)
	}
	if err != nil {
		return op, err
	}
	e.Log.Debug("event", "op", ev.Op, "seq", ev.Seq, "type", ev.Type, "lane", ev.Lane, "cause", ev.Cause.String())
	e.Sink.Moved(ev.Op)
	if after.State.Finished() {
		e.freed()
	}
	return after, nil
}

func (e *Engine) readBack(ctx context.Context, ev deploy.Event, unknown error) error {
	events, err := e.Journal.Load(ctx, ev.Op)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if len(events) < ev.Seq {
		return unknown // absent: the caller writes again
	}
	if got := events[ev.Seq-1]; got.Writer != ev.Writer || !got.At.Equal(ev.At) {
		return ErrConflict
	}
	return nil
}

// person reads who somebody is, with the groups that the rules speak of.
func (e *Engine) person(ctx context.Context, id string, r deploy.Rules) (deploy.Person, error) {
	lists := slices.Concat(r.MayDeploy, r.Approval.Allow)
	p, err := e.Directory.Person(ctx, id, lists)
	if err != nil {
		return p, fmt.Errorf("asking who %s is: %w", id, err)
	}
	return p, nil
}

// remake makes the operation's plan again, or says why there can be none any more.
func (e *Engine) remake(ctx context.Context, op deploy.Operation) (*deploy.Plan, deploy.Cause, error) {
	plan, err := e.plan(ctx, op.Plan.Preview.Ask, op.RequestedBy, false)
	if cause, refused := deploy.RefusalOf(err); refused {
		return nil, cause, nil
	}
	if err != nil {
		return nil, deploy.Cause{}, err
	}
	return &plan, deploy.Cause{}, nil
}

// active lists the operations that have not finished, as their loops know them.
func (e *Engine) active() []deploy.Operation {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []deploy.Operation
	for _, l := range e.loops {
		if op := l.snapshot.Load(); op != nil && !op.State.Finished() {
			out = append(out, *op)
		}
	}
	return out
}

// Health is how healthy the groups of an operation were when they were last looked at; nothing if it does not run here.
func (e *Engine) Health(id deploy.ID) []deploy.GroupHealth {
	e.mu.Lock()
	l := e.loops[id]
	e.mu.Unlock()
	if l == nil {
		return nil
	}
	op, readings := l.snapshot.Load(), l.readings.Load()
	if op == nil || readings == nil {
		return nil
	}
	return deploy.HealthIn(*op, *readings)
}

// poke tells an operation's loop that somebody else has written to its journal.
func (e *Engine) poke(id deploy.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if l := e.loops[id]; l != nil {
		l.poke(pokeReload)
	}
}

// freed tells every loop that locks may have become free, or the queue shorter.
func (e *Engine) freed() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.loops {
		l.poke(pokeFreed)
	}
}

func (e *Engine) forget(id deploy.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.loops, id)
	for _, l := range e.loops {
		l.poke(pokeFreed) // whoever waits behind it sees it gone only now
	}
}

func nonce(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails: crypto/rand
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
