package awscloud

import (
	"context"
	"slices"
	"sync"
	"time"
)

// overlap is how long a reading that somebody cannot use holds up a new one of the same thing: long enough for those who
// ask at nearly the same time to share the next one, short enough that an answer that never comes holds up nobody.
const overlap = time.Second

// shared makes readings of one thing for all who ask.
type shared[T any] struct {
	// read makes one reading and answers when it was begun. It calls began at the begin of each try.
	read func(ctx context.Context, began func(time.Time)) (T, time.Time, error)

	mu      sync.Mutex
	flights []*flight[T] // under way, oldest first
	last    *flight[T]   // the latest that succeeded
}

// flight is one reading under way, in a goroutine of its own that the last of those who wait for it outlives.
type flight[T any] struct {
	began   time.Time // of the latest try; zero while it waits for the budget. Guarded by shared.mu, as waiting and left are
	waiting int
	left    bool // nobody waits any more, so it is being cancelled
	cancel  context.CancelFunc
	done    chan struct{}
	// Written before done is closed.
	value T
	err   error
}

// ask answers a reading begun at since or later. Cancelling one caller leaves the others their reading.
func (s *shared[T]) ask(ctx context.Context, since time.Time) (T, error) {
	for {
		if err := until(ctx, since); err != nil {
			var none T
			return none, err
		}
		f, busy := s.join(ctx, since)
		if f == nil {
			if err := busy.wait(ctx); err != nil {
				var none T
				return none, err
			}
			continue
		}
		value, began, err := s.follow(ctx, f)
		if err != nil || !began.Before(since) { // before: a clock was set back meanwhile
			return value, err
		}
	}
}

// busy is a flight to wait for before a new one may begin, at most until a moment.
type busy struct {
	done  <-chan struct{}
	until time.Time
}

func (b busy) wait(ctx context.Context) error {
	t := time.NewTimer(time.Until(b.until))
	defer t.Stop()
	select {
	case <-b.done:
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// join finds or begins the flight to wait for; without one it answers what to wait for first.
func (s *shared[T]) join(ctx context.Context, since time.Time) (*flight[T], busy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fits := func(f *flight[T]) bool { return f.began.IsZero() || !f.began.Before(since) }
	// A finished one must be later: what was done at its very moment may not show in it.
	if s.last != nil && s.last.began.After(since) {
		s.last.waiting++
		return s.last, busy{}
	}
	for _, f := range slices.Backward(s.flights) {
		if !f.left && fits(f) {
			f.waiting++
			return f, busy{}
		}
	}
	if n := len(s.flights); n > 0 && !s.flights[n-1].left {
		f := s.flights[n-1]
		if free := f.began.Add(overlap); time.Now().Before(free) {
			return nil, busy{f.done, free}
		}
	}
	return s.begin(ctx), busy{}
}

// begin starts a flight; the caller holds the lock.
func (s *shared[T]) begin(ctx context.Context) *flight[T] {
	// The flight keeps the values of who began it, but not their end: others may join.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight[T]{waiting: 1, cancel: cancel, done: make(chan struct{})}
	s.flights = append(s.flights, f)
	go func() {
		defer close(f.done)
		defer cancel()
		value, began, err := s.read(own, func(at time.Time) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f.began = at
		})
		s.mu.Lock()
		defer s.mu.Unlock()
		f.value, f.err = value, err
		s.flights = slices.DeleteFunc(s.flights, func(x *flight[T]) bool { return x == f })
		if err == nil {
			f.began = began
			if s.last == nil || !began.Before(s.last.began) {
				s.last = f
			}
		}
	}()
	return f
}

// follow waits for a flight. Who leaves last ends it, and sees it ended.
func (s *shared[T]) follow(ctx context.Context, f *flight[T]) (T, time.Time, error) {
	var err error
	select {
	case <-f.done:
		err = f.err
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.mu.Lock()
	f.waiting--
	if f.waiting == 0 && !f.left {
		f.left = true
		f.cancel()
	}
	left, began := f.left, f.began
	s.mu.Unlock()
	if left {
		<-f.done
	}
	if err != nil {
		var none T
		return none, began, err
	}
	return f.value, began, nil
}

// until waits for a moment; one that has passed is no wait.
func until(ctx context.Context, at time.Time) error {
	d := time.Until(at)
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
