package slackapi

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace lets the calls of one kind through one by one, at Slack's rate, and holds them back after a refused one.
type pace struct {
	limit *rate.Limiter
	mu    sync.Mutex
	until time.Time // nothing goes before
}

func newPace(every time.Duration, burst int) *pace {
	return &pace{limit: rate.NewLimiter(rate.Every(every), burst)}
}

// wait blocks until it is the caller's turn, or answers the context's error: at once, if the turn would come after
// its deadline.
func (p *pace) wait(ctx context.Context) error {
	if err := p.limit.Wait(ctx); err != nil {
		return turnError(ctx)
	}
	for {
		p.mu.Lock()
		held := time.Until(p.until)
		p.mu.Unlock()
		if held <= 0 {
			return nil
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < held {
			return turnError(ctx)
		}
		if !sleep(ctx, held) {
			return turnError(ctx)
		}
	}
}

func turnError(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		err = context.DeadlineExceeded
	}
	return fmt.Errorf("waiting for a turn at Slack's rates: %w", err)
}

// hold lets nothing through for this long.
func (p *pace) hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(d); until.After(p.until) {
		p.until = until
	}
}

// paces are Slack's rates, from docs.slack.dev/apis/web-api/rate-limits: tier 2 is 20 calls a minute, tier 3 is 50,
// tier 4 is 100, counted by method. Rate and burst together stay below that in any minute.
type paces struct {
	auth, open, update, ephemeral, users, groups, history, replies, channels *pace

	mu    sync.Mutex
	posts map[string]*pace // by channel: about one a second, short bursts allowed
}

func newPaces() *paces {
	const minute = time.Minute
	return &paces{
		auth: newPace(minute/100, 10), open: newPace(minute/20, 5), update: newPace(minute/45, 5),
		ephemeral: newPace(minute/80, 20), users: newPace(minute/80, 20), groups: newPace(minute/15, 5),
		history: newPace(minute/45, 5), replies: newPace(minute/45, 5), channels: newPace(minute/40, 10),
		posts: map[string]*pace{},
	}
}

func (p *paces) post(channel string) *pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.posts[channel] == nil {
		p.posts[channel] = newPace(time.Second, 3)
	}
	return p.posts[channel]
}

const (
	tries      = 4               // of a call that may be repeated
	firstPause = 1 * time.Second // between tries, doubled each time
)

// once makes a call when its turn has come. A refused rate is waited out and the call made again, for as long as ctx
// lets it: nothing was done. Every other error is answered as it is. asked is false if the call was never made.
func (c *Client) once(ctx context.Context, p *pace, call func(context.Context) error) (asked bool, err error) {
	for {
		if err := p.wait(ctx); err != nil {
			return false, err
		}
		err := call(ctx)
		if err == nil {
			return true, nil
		}
		v := judge(err)
		if v.kind != busy {
			return true, err
		}
		c.log.WarnContext(ctx, "Slack asks for fewer calls", "wait", v.after)
		p.hold(v.after)
	}
}

// again is once for a call that does no harm when it is made twice: transient errors are tried again, four tries in
// all.
func (c *Client) again(ctx context.Context, p *pace, call func(context.Context) error) error {
	pause := firstPause
	for try := 1; ; try++ {
		asked, err := c.once(ctx, p, call)
		if err == nil || !asked || try == tries || ctx.Err() != nil || !judge(err).transient() {
			return err
		}
		if !sleep(ctx, pause) {
			return err
		}
		pause *= 2
	}
}

// sleep waits; it answers false if ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
