package slackapi

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"junban/bot"
)

var _ bot.Channels = (*Client)(nil)

// roomFresh is how old an answer about a channel may be.
const roomFresh = 5 * time.Minute

// rooms keeps what channels are.
type rooms struct {
	mu   sync.Mutex
	seen map[string]roomSeen
}

type roomSeen struct {
	room  bot.Room
	asked time.Time // before the question was sent
}

func (r *rooms) get(channel string) (bot.Room, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.seen[channel]
	return s.room, ok && time.Since(s.asked) < roomFresh
}

func (r *rooms) put(channel string, s roomSeen) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, old := range r.seen {
		if time.Since(old.asked) >= roomFresh {
			delete(r.seen, id)
		}
	}
	r.seen[channel] = s
}

// Room tells what a channel is, from conversations.info, with answers at most five minutes old. A conversation with
// the bot alone (D…) is private and not shared, and Slack is not asked. Any error means that it is not known, however
// old another answer is: treat the channel as shared.
func (c *Client) Room(ctx context.Context, channel string) (bot.Room, error) {
	if strings.HasPrefix(channel, "D") {
		return bot.Room{Private: true}, nil
	}
	if room, ok := c.rooms.get(channel); ok {
		return room, nil
	}
	seen := roomSeen{}
	err := c.again(ctx, c.paces.channels, func(ctx context.Context) error {
		seen.asked = time.Now()
		answer, err := c.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
		if err != nil {
			return err
		}
		if answer.ID != channel {
			return errHollow
		}
		seen.room = bot.Room{Shared: sharedAbroad(answer), Private: answer.IsPrivate || answer.IsMpIM || answer.IsGroup}
		return nil
	})
	if err != nil {
		return bot.Room{}, c.told("asking Slack what channel "+channel+" is", err)
	}
	c.rooms.put(channel, seen)
	return seen.room, nil
}

// sharedAbroad reads docs.slack.dev/reference/objects/conversation-object: is_shared is also true of a channel that
// only the workspaces of one organisation share, which is_org_shared says. What is about to be shared counts: between
// the question and the click it may be.
func sharedAbroad(c *slack.Channel) bool {
	return c.IsExtShared || c.IsPendingExtShared || len(c.PendingShared) > 0 || c.IsShared && !c.IsOrgShared
}
