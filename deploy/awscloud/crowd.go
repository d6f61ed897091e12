package awscloud

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// gather is how long a batch waits for others who ask at nearly the same time.
const gather = 20 * time.Millisecond

// crowd answers questions about one thing each, of many who ask at the same time, by one reading of all those things.
// One batch at a time waits for the budget; meanwhile the next one gathers. So the more is asked, the more goes into one
// call, and nobody waits for longer than two of them.
type crowd[T any] struct {
	// read makes one reading of things by id. It calls began at the begin of each try. What its answer lacks was
	// refused for that id alone: lacks makes the error.
	read  func(ctx context.Context, ids []string, began func(time.Time)) (map[string]T, error)
	lacks func(id string) error
	most  int           // ids in one reading
	turn  chan struct{} // of capacity 1: held by the batch that waits for the budget

	mu   sync.Mutex
	open *batch[T] // gathers; nil = who asks next begins one
}

// batch is one reading, in a goroutine of its own that the last of those who wait for it outlives.
type batch[T any] struct {
	ids     map[string]bool // guarded by crowd.mu, as waiting is
	waiting int
	cancel  context.CancelFunc
	done    chan struct{}
	// Written before done is closed.
	value map[string]T
	err   error
}

// ask answers a reading that is begun after it was asked for. Cancelling one caller leaves the others theirs.
func (c *crowd[T]) ask(ctx context.Context, id string) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	b := c.join(ctx, id)
	var err error
	select {
	case <-b.done:
		err = b.err
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.leave(b)
	if err != nil {
		return none, err
	}
	value, ok := b.value[id]
	if !ok {
		return none, c.lacks(id)
	}
	return value, nil
}

// join puts an id into the batch that gathers, or begins one.
func (c *crowd[T]) join(ctx context.Context, id string) *batch[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.open
	if b == nil || len(b.ids) >= c.most {
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		b = &batch[T]{ids: map[string]bool{}, cancel: cancel, done: make(chan struct{})}
		c.open = b
		go func() {
			defer close(b.done)
			defer cancel()
			b.value, b.err = c.run(own, b)
		}()
	}
	b.ids[id] = true
	b.waiting++
	return b
}

// leave ends a batch that nobody waits for any more, and sees it ended.
func (c *crowd[T]) leave(b *batch[T]) {
	c.mu.Lock()
	b.waiting--
	last := b.waiting == 0
	if last {
		b.cancel()
		c.shut(b)
	}
	c.mu.Unlock()
	if last {
		<-b.done
	}
}

// shut lets nobody join a batch any more; the caller holds the lock.
func (c *crowd[T]) shut(b *batch[T]) {
	if c.open == b {
		c.open = nil
	}
}

func (c *crowd[T]) run(ctx context.Context, b *batch[T]) (map[string]T, error) {
	if err := until(ctx, time.Now().Add(gather)); err != nil {
		return nil, err
	}
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	next := sync.OnceFunc(func() { <-c.turn })
	defer next()
	c.mu.Lock()
	c.shut(b)
	ids := slices.Sorted(maps.Keys(b.ids))
	c.mu.Unlock()
	return c.read(ctx, ids, func(time.Time) { next() })
}
