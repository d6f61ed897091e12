package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"junban/deploy"
)

type pokeKind uint32

const (
	pokeReload pokeKind = 1 << iota // the journal has grown
	pokeFreed                       // locks may be free
)

// loop drives one operation: it asks the core, writes its events, begins its effects and looks, and waits for the
// next thing to happen. All its fields but snapshot, readings and pokes belong to its own goroutine.
type loop struct {
	e      *Engine
	id     deploy.ID
	resume bool

	op    deploy.Operation
	seen  deploy.Seen
	stale map[deploy.EffectKey]bool // running effects of steps that are over: their results are dropped
	looks map[deploy.Look]bool      // under way; the Look has no time

	snapshot atomic.Pointer[deploy.Operation]
	readings atomic.Pointer[map[string]deploy.Reading] // the latest of each group, for people
	pokes    atomic.Uint32
	poked    chan struct{}
	results  chan func()
	children sync.WaitGroup
}

func newLoop(e *Engine, id deploy.ID, resume bool) *loop {
	return &loop{
		e: e, id: id, resume: resume,
		seen: deploy.Seen{
			Groups: map[string]deploy.Reading{}, Prior: map[string]deploy.Reading{}, Looks: map[string]int{}, Hosts: map[string]deploy.Host{},
			Faults: map[deploy.Look]deploy.Trouble{}, Effects: map[deploy.EffectKey]deploy.EffectSeen{},
		},
		stale: map[deploy.EffectKey]bool{}, looks: map[deploy.Look]bool{},
		poked: make(chan struct{}, 1), results: make(chan func()),
	}
}

func (l *loop) poke(k pokeKind) {
	l.pokes.Or(uint32(k))
	select {
	case l.poked <- struct{}{}:
	default:
	}
}

// run goes on until the operation has finished or the context ends, and waits for what it began.
func (l *loop) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer l.e.forget(l.id)
	defer l.children.Wait()
	defer cancel()
	log := l.e.Log.With("op", l.id)
	for tries := 0; ; tries++ {
		err := l.turn(ctx)
		switch {
		case ctx.Err() != nil || errors.Is(err, errDone):
			return
		case errors.Is(err, errFenced):
			log.Error("another process has taken over this operation; leaving it alone")
			return
		case errors.Is(err, errRules):
			log.Error("the rules forbid what was decided; the operation is left as it is, with its locks: please report this", "error", err)
			return
		case err == nil:
			tries = 0
			continue
		}
		pause := min(15*time.Second, time.Second<<min(tries, 4))
		log.Error("the journal failed; nothing is done meanwhile", "error", err, "again in", pause)
		l.restart()
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

var (
	errDone   = errors.New("the operation has finished")
	errFenced = errors.New("another process has taken over")
	errRules  = errors.New("an event that the invariants forbid")
)

// turn does one round: read, decide, then either write or act and wait.
func (l *loop) turn(ctx context.Context) error {
	if err := l.catchUp(ctx); err != nil {
		return err
	}
	if l.op.State.Finished() {
		return errDone
	}
	l.seen.Ahead = ""
	if l.op.State == deploy.StateApproved || l.op.State == deploy.StateQueued {
		l.seen.Ahead = deploy.Ahead(l.e.active(), l.op)
	}
	now := time.Now()
	d := deploy.Next(l.op, l.seen, now)
	if len(d.Events) > 0 {
		return l.write(ctx, d.Events[0])
	}
	for _, e := range d.Do {
		l.begin(ctx, e)
	}
	wake := d.Wake
	for _, look := range d.Looks {
		if !look.At.After(now) {
			l.look(ctx, look)
		} else if wake.IsZero() || look.At.Before(wake) {
			wake = look.At
		}
	}
	l.wait(ctx, wake)
	return nil
}

// catchUp reads the journal where it may have grown. A resumed process says so first: that is its fence.
func (l *loop) catchUp(ctx context.Context) error {
	pokes := pokeKind(l.pokes.Swap(0))
	if pokes&pokeFreed != 0 && l.seen.Locked != nil {
		l.seen.Locked, l.seen.Check = nil, nil
	}
	if l.op.Seq > 0 && pokes&pokeReload == 0 {
		return nil
	}
	events, err := l.e.Journal.Load(ctx, l.id)
	if err != nil {
		return err
	}
	for _, ev := range events[min(l.op.Seq, len(events)):] {
		if ev.Type == deploy.EventResumed && ev.Writer != l.e.writer && !l.resume {
			return errFenced
		}
		after, err := deploy.Apply(l.op, ev)
		if err != nil {
			return fmt.Errorf("%w: %w", errRules, err)
		}
		l.take(after)
	}
	if l.resume && !l.op.State.Finished() {
		seq := l.op.Seq
		if err := l.write(ctx, deploy.Event{Type: deploy.EventResumed}); err != nil {
			return err
		}
		if l.op.Seq == seq {
			return l.catchUp(ctx) // somebody was quicker; without the fence nothing goes on
		}
		l.resume = false
	}
	return nil
}

// write appends one event. A conflict means to read again; a lock in the way is something that was seen.
func (l *loop) write(ctx context.Context, ev deploy.Event) error {
	after, err := l.e.append(ctx, l.op, ev)
	var locked *Locked
	switch {
	case errors.As(err, &locked):
		l.seen.Locked = &locked.Lock
		return nil
	case errors.Is(err, ErrConflict):
		l.pokes.Or(uint32(pokeReload))
		return nil
	case err != nil:
		return err
	}
	l.take(after)
	return nil
}

// take makes an operation the present one, and forgets what was seen of effects of steps that are over.
func (l *loop) take(after deploy.Operation) {
	for i := range l.op.Lanes {
		if !l.op.Lanes[i].Moved(&after.Lanes[i]) {
			continue
		}
		if l.op.Lanes[i].Waits() {
			clear(l.seen.Faults) // a person has decided: patience begins anew
		}
		for k, s := range l.seen.Effects {
			switch {
			case k.Lane != i:
			case s.Running:
				l.stale[k] = true
			default:
				delete(l.seen.Effects, k)
			}
		}
	}
	l.op = after
	l.snapshot.Store(&after)
}

// restart is what a journal in doubt calls for: it is read again, as after a restart, and nothing that was seen of
// effects counts any more.
func (l *loop) restart() {
	l.op, l.resume = deploy.Operation{}, true
	for k, s := range l.seen.Effects {
		if s.Running {
			l.stale[k] = true
		} else {
			delete(l.seen.Effects, k)
		}
	}
}

// wait blocks until something was seen, somebody poked, or it is time.
func (l *loop) wait(ctx context.Context, wake time.Time) {
	var timer <-chan time.Time
	if !wake.IsZero() {
		t := time.NewTimer(max(time.Until(wake), time.Millisecond))
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-ctx.Done():
	case <-l.poked:
	case <-timer:
	case took := <-l.results:
		took()
	}
}

// child runs something outside and hands its result to the loop, unless the loop has gone.
func (l *loop) child(ctx context.Context, f func(context.Context) func()) {
	l.children.Go(func() {
		took := f(ctx)
		select {
		case l.results <- took:
		case <-ctx.Done():
		}
	})
}
