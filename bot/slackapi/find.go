package slackapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"junban/bot"
)

const (
	pageSize  = 200
	pages     = 10              // 2,000 messages
	clockSlip = 2 * time.Minute // Slack's clock stamps the messages, ours says since when
)

// Find looks for a post by its key among the bot's own messages since a time: in the channel (thread ""), or in a
// thread. It reads 2,000 messages at most; if there are more it answers an error, since then nobody can say that there
// is none.
func (c *Client) Find(ctx context.Context, channel, thread string, k bot.Key, since time.Time) (bot.Place, bool, error) {
	doing := fmt.Sprintf("looking for message %s/%d in %s", k.Op, k.Seq, channel)
	self, err := c.identity(ctx)
	if err != nil {
		return bot.Place{}, false, fmt.Errorf("%s: %w", doing, err)
	}
	q := query{channel: channel, thread: thread, oldest: fmt.Sprintf("%d.000000", since.Add(-clockSlip).Unix())}
	for range pages {
		messages, more, err := c.page(ctx, &q)
		if verdict := judge(err); err != nil && verdict.kind == refused && verdict.code == "thread_not_found" {
			return bot.Place{}, false, nil
		}
		if err != nil {
			return bot.Place{}, false, c.told(doing, err)
		}
		for _, m := range messages {
			if m.User == self.BotUser && carries(m.Metadata, k) {
				return bot.Place{Channel: channel, TS: m.Timestamp}, true, nil
			}
		}
		if !more {
			return bot.Place{}, false, nil
		}
	}
	return bot.Place{}, false, fmt.Errorf("%s: %w", doing, errors.New("there are more than 2,000 messages since then"))
}

// query is where to read on.
type query struct {
	channel, thread, oldest, cursor string
}

// page reads the next messages, newest first in a channel and oldest first in a thread.
func (c *Client) page(ctx context.Context, q *query) (messages []slack.Message, more bool, err error) {
	var cursor string
	read := func(ctx context.Context) error {
		var err error
		if q.thread != "" {
			messages, more, cursor, err = c.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
				ChannelID: q.channel, Timestamp: q.thread, Oldest: q.oldest, Cursor: q.cursor, Limit: pageSize, IncludeAllMetadata: true,
			})
			return err
		}
		answer, err := c.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: q.channel, Oldest: q.oldest, Cursor: q.cursor, Limit: pageSize, IncludeAllMetadata: true,
		})
		if err != nil {
			return err
		}
		if !answer.Ok {
			return errHollow
		}
		messages, more, cursor = answer.Messages, answer.HasMore, answer.ResponseMetaData.NextCursor
		return nil
	}
	p := c.paces.history
	if q.thread != "" {
		p = c.paces.replies
	}
	err = c.again(ctx, p, read)
	q.cursor = cursor
	return messages, more && cursor != "", err
}

// carries says whether metadata is that of a key. Numbers in JSON are floats.
func carries(m slack.SlackMetadata, k bot.Key) bool {
	seq, ok := m.EventPayload["seq"].(float64)
	return m.EventType == metadataType && m.EventPayload["op"] == string(k.Op) && ok && int(seq) == k.Seq
}
