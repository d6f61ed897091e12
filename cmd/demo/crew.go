package main

import (
	"context"
	"fmt"
	"slices"
)

// crew runs the demo's parts, each in a goroutine of its own, and ends them in the opposite order: the traffic ends
// before the load balancer, so that the end itself is never counted as a failure. It is used by one goroutine.
type crew struct {
	ctx    context.Context // done when a part has failed, or when the demo's is
	cancel context.CancelFunc
	failed chan error // the first failure
	parts  []part
}

type part struct {
	end  context.CancelFunc
	done chan struct{}
}

func newCrew(ctx context.Context) *crew {
	c := &crew{failed: make(chan error, 1)}
	c.ctx, c.cancel = context.WithCancel(ctx)
	return c
}

// start runs a part until stop. One that ends earlier, or with an error, is a failure of the whole.
func (c *crew) start(name string, run func(context.Context) error) {
	ctx, end := context.WithCancel(context.WithoutCancel(c.ctx))
	p := part{end: end, done: make(chan struct{})}
	c.parts = append(c.parts, p)
	go func() {
		defer close(p.done)
		err := run(ctx)
		switch {
		case err != nil:
			err = fmt.Errorf("%s: %w", name, err)
		case ctx.Err() == nil:
			err = fmt.Errorf("%s ended by itself", name)
		default:
			return
		}
		select {
		case c.failed <- err:
		default: // what came first explains the rest
		}
		c.cancel()
	}()
}

// stop ends all parts, the last one first, waits for each, and says which failed first, if any did.
func (c *crew) stop() error {
	for _, p := range slices.Backward(c.parts) {
		p.end()
		<-p.done
	}
	c.cancel()
	select {
	case err := <-c.failed:
		return err
	default:
		return nil
	}
}
