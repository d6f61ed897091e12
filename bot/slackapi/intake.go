package slackapi

import (
	"context"
	"sync"
	"time"

	"github.com/slack-go/slack/socketmode"

	"junban/bot"
)

const (
	receiveLimit = 2500 * time.Millisecond // Slack waits three seconds for the acknowledgement
	ackLimit     = 3 * time.Second         // of handing it to slack-go, which queues twenty
	underWay     = 256                     // envelopes at once
)

// intake hands envelopes to the receiver, each in a goroutine of its own, and acknowledges what it has taken.
type intake struct {
	ctx context.Context // lives longer than the connections: what was begun is finished
	c   *Client
	r   bot.Receiver
	sem chan struct{}
	wg  sync.WaitGroup
}

func newIntake(ctx context.Context, c *Client, r bot.Receiver) *intake {
	return &intake{ctx: ctx, c: c, r: r, sem: make(chan struct{}, underWay)}
}

func (in *intake) wait() { in.wg.Wait() }

// take starts the handling of an envelope and does not wait for it. With 256 under way it drops the envelope without
// an acknowledgement, and Slack says so to the person.
func (in *intake) take(ctx context.Context, sm *socketmode.Client, ev socketmode.Event) {
	if ev.Request == nil || ev.Request.EnvelopeID == "" {
		return
	}
	select {
	case in.sem <- struct{}{}:
	default:
		in.c.log.ErrorContext(ctx, "too many envelopes at once; one is left to Slack", "type", ev.Type)
		return
	}
	arrived := time.Now()
	in.wg.Go(func() { //nolint:contextcheck // an envelope outlives its connection: its limit is the intake's
		defer func() { <-in.sem }()
		in.handle(sm, ev, arrived)
	})
}

func (in *intake) handle(sm *socketmode.Client, ev socketmode.Event, arrived time.Time) {
	var payload any
	if e, ok := in.c.envelope(ev, arrived); ok {
		ctx, cancel := context.WithDeadline(in.ctx, arrived.Add(receiveLimit))
		defer cancel()
		reply, err := in.r.Receive(ctx, e)
		if err != nil {
			in.c.log.ErrorContext(ctx, "an envelope was not taken and is left to Slack",
				"kind", e.Kind, "id", e.ID, "err", in.c.scrub.error(err))
			return
		}
		if payload, err = answerTo(e, reply); err != nil {
			in.c.log.ErrorContext(ctx, "the reply to a form cannot be shown; the form closes", "id", e.ID, "err", err)
		}
	} else {
		in.c.log.Info("Slack sent what the bot has no use for", "type", ev.Type)
	}
	ctx, cancel := context.WithTimeout(in.ctx, ackLimit)
	defer cancel()
	if err := sm.AckCtx(ctx, ev.Request.EnvelopeID, payload); err != nil {
		in.c.log.WarnContext(ctx, "an envelope was taken but not acknowledged", "type", ev.Type, "err", in.c.scrub.error(err))
	}
}
