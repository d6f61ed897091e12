package slackapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"junban/bot"
	"junban/bot/card"
)

// metadataType marks the bot's own messages (docs.slack.dev/messaging/message-metadata).
const metadataType = "junban"

// responseLife is how long a response URL is used. Slack's lasts 30 minutes; the clocks may differ.
const responseLife = 29 * time.Minute

// Post sends a message, into a thread if one is named. Posts to one channel go one a second, those that begin a thread
// before the replies; the replies to one thread keep their order. It is sent once: bot.ErrUnclear says that Slack may have it.
// A refused rate is waited out, since then nothing was sent. Any other error means that nothing was sent, and what
// Slack refused for good says what to do. If the thread's first message is gone, Slack shows the reply in the channel.
func (c *Client) Post(ctx context.Context, channel, thread string, m card.Message, k bot.Key) (bot.Place, error) {
	doing := "posting to " + channel
	options, err := messageOptions(m, k)
	if err != nil {
		return bot.Place{}, fmt.Errorf("%s: %w", doing, err)
	}
	if thread != "" {
		options = append(options, slack.MsgOptionTS(thread))
	}
	if thread != "" && m.Broadcast {
		options = append(options, slack.MsgOptionBroadcast())
	}
	var place bot.Place
	asked, err := c.once(ctx, c.paces.post(channel), newTurn(thread, thread == ""), func(ctx context.Context) (err error) {
		place.Channel, place.TS, err = c.api.PostMessageContext(ctx, channel, options...)
		if err == nil && (place.Channel == "" || place.TS == "") {
			return errHollow
		}
		return err
	})
	switch {
	case err == nil:
		c.paces.update.spoken(about(place))
		return place, nil
	case !asked:
		return bot.Place{}, fmt.Errorf("%s: %w", doing, err)
	case judge(err).kind == unclear:
		return bot.Place{}, fmt.Errorf("%w: %w", bot.ErrUnclear, c.told(doing, err))
	}
	return bot.Place{}, c.told(doing, err)
}

// Update replaces a message, blocks and all, by what the edit draws when its turn has come. Two edits of one message
// are two seconds apart, unless the later one is urgent. Transient errors are tried again, four tries in all, each
// drawn anew; twice does no harm. bot.ErrGone: it can be edited no more (it was deleted, Slack's edit window has
// closed, or it is not the bot's). bot.ErrReplaced: a newer edit of the message took this one's place in the line.
func (c *Client) Update(ctx context.Context, p bot.Place, e bot.Edit) error {
	doing := "updating " + p.Channel + "/" + p.TS
	err := c.againAs(ctx, c.paces.update, newTurn(about(p), e.Urgent), func(ctx context.Context) error {
		m, err := e.Draw(ctx)
		if err != nil {
			return &ownFault{err}
		}
		options, err := messageOptions(m, e.Key)
		if err != nil {
			return &ownFault{err}
		}
		_, ts, _, err := c.api.UpdateMessageContext(ctx, p.Channel, p.TS, options...)
		if err == nil && ts == "" {
			return errHollow
		}
		return err
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bot.ErrReplaced):
		return bot.ErrReplaced
	case gone(judge(err)):
		return fmt.Errorf("%w: %w", bot.ErrGone, c.told(doing, err))
	}
	return c.told(doing, err)
}

// about is what the calls that show one message are about.
func about(p bot.Place) string { return p.Channel + "/" + p.TS }

// messageOptions renders a message for chat.postMessage, chat.update and chat.postEphemeral.
func messageOptions(m card.Message, k bot.Key) ([]slack.MsgOption, error) {
	r, err := render(m)
	if err != nil {
		return nil, err
	}
	options := []slack.MsgOption{
		slack.MsgOptionText(r.text, false), slack.MsgOptionBlocks(r.blocks...), slack.MsgOptionAttachments(r.attachments...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(), slack.MsgOptionParse(false),
	}
	if k.Op != "" {
		options = append(options, slack.MsgOptionMetadata(slack.SlackMetadata{
			EventType: metadataType, EventPayload: map[string]any{"op": string(k.Op), "seq": k.Seq},
		}))
	}
	return options, nil
}

// Whisper answers one person, visible to nobody else: by the envelope's response URL while it lasts (five uses, 30
// minutes), else with chat.postEphemeral in the channel. Slack does not promise to deliver it, and it may come twice.
func (c *Client) Whisper(ctx context.Context, e bot.Envelope, m card.Message) error {
	doing := "answering " + e.User + " in " + e.Channel
	if e.Response != "" && (e.At.IsZero() || time.Since(e.At) < responseLife) {
		err := c.respond(ctx, e, m)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || e.Channel == "" || e.User == "" {
			return c.told(doing, err)
		}
		c.log.InfoContext(ctx, "the response URL does not take the answer; posting it", "err", c.scrub.error(err))
	}
	options, err := messageOptions(m, bot.Key{})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if e.Thread != "" {
		options = append(options, slack.MsgOptionTS(e.Thread))
	}
	err = c.again(ctx, c.paces.ephemeral, func(ctx context.Context) error {
		_, err := c.api.PostEphemeralContext(ctx, e.Channel, e.User, options...)
		return err
	})
	if err != nil {
		return c.told(doing, err)
	}
	return nil
}

// respond posts to a response URL. It carries no token.
func (c *Client) respond(ctx context.Context, e bot.Envelope, m card.Message) error {
	r, err := render(m)
	if err != nil {
		return err
	}
	no := false
	answer := &slack.WebhookMessage{
		ResponseType: slack.ResponseTypeEphemeral, ThreadTimestamp: e.Thread, Text: r.text, Attachments: r.attachments,
		Parse: "none", UnfurlLinks: &no, UnfurlMedia: &no,
	}
	if len(r.blocks) > 0 {
		answer.Blocks = &slack.Blocks{BlockSet: r.blocks}
	}
	return slack.PostWebhookCustomHTTPContext(ctx, e.Response, c.http, answer)
}
