package slackapi

import (
	"context"
	"sync"
	"time"
)

// paces are Slack's rates, from docs.slack.dev/apis/web-api/rate-limits: tier 2 is 20 calls a minute, tier 3 is 50,
// tier 4 is 100, counted by method. Rate and burst together stay below that in any minute.
type paces struct {
	auth, open, update, ephemeral, users, bots, groups, history, replies, channels *pace
	viewOpen, viewUpdate, viewPublish, fileAddress, fileDone                       *pace

	mu    sync.Mutex
	posts map[string]*pace // by channel: about one a second, short bursts allowed
}

// editRest is the least time between two edits of one message that are not urgent: more nobody can read.
const editRest = 2 * time.Second

func newPaces() *paces {
	const minute = time.Minute
	tier2 := func() *pace { return newPace(minute/15, 5) }
	tier3 := func() *pace { return newPace(minute/45, 5) }
	tier4 := func() *pace { return newPace(minute/80, 20) }
	p := &paces{
		auth: newPace(minute/100, 10), open: tier2(), update: tier3(), ephemeral: tier4(), users: tier4(), bots: tier3(), groups: tier2(),
		history: tier3(), replies: tier3(), channels: newPace(minute/40, 10),
		viewOpen: tier4(), viewUpdate: tier4(), viewPublish: tier4(), fileAddress: tier4(), fileDone: tier4(),
		posts: map[string]*pace{},
	}
	p.update.rest, p.update.merge = editRest, true
	return p
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
func (c *Client) once(ctx context.Context, p *pace, t *turn, call func(context.Context) error) (asked bool, err error) {
	for {
		if err := p.wait(ctx, t); err != nil {
			return false, err
		}
		err := call(ctx)
		v := judge(err)
		if err != nil && v.kind == busy {
			p.hold(v.after)
		}
		p.leave(t)
		if err == nil || v.kind != busy {
			return true, err
		}
		c.log.WarnContext(ctx, "Slack asks for fewer calls", "wait", v.after)
	}
}

// again is once for a call that does no harm when it is made twice: transient errors are tried again, four tries in
// all.
func (c *Client) again(ctx context.Context, p *pace, call func(context.Context) error) error {
	return c.againAs(ctx, p, newTurn("", false), call)
}

func (c *Client) againAs(ctx context.Context, p *pace, t *turn, call func(context.Context) error) error {
	pause := firstPause
	for try := 1; ; try++ {
		asked, err := c.once(ctx, p, t, call)
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
