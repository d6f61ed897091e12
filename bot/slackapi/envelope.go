package slackapi

import (
	"strings"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"junban/bot"
)

// unescape undoes what Slack does to people's text. Mentions such as <@U1|name> stay as Slack writes them.
func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// envelope reads what a person did; ok is false for what the bot has no use for, such as its own mentions of itself.
// Commands and clicks are known by their envelope_id. Events are known by their event_id: Slack sends an event that
// was not acknowledged again, in a new envelope with the same event_id.
func (c *Client) envelope(ev socketmode.Event, now time.Time) (e bot.Envelope, ok bool) {
	switch data := ev.Data.(type) {
	case slack.SlashCommand:
		e, ok = c.fromCommand(data), true
	case slack.InteractionCallback:
		e, ok = fromClick(data)
	case slackevents.EventsAPIEvent:
		e, ok = c.fromEvent(data)
	}
	if e.ID == "" && ev.Request != nil {
		e.ID = ev.Request.EnvelopeID
	}
	e.At = now
	return e, ok && e.ID != ""
}

func (c *Client) fromCommand(s slack.SlashCommand) bot.Envelope {
	if c.command != "" && s.Command != c.command {
		c.log.Warn("the app has another slash command than the configuration", "app", s.Command, "configured", c.command)
	}
	return bot.Envelope{
		Kind: bot.InputCommand, Team: s.TeamID, User: s.UserID, Channel: s.ChannelID,
		Command: s.Command, Text: unescape(s.Text), Response: s.ResponseURL,
	}
}

// fromClick reads a block_actions payload: its first action, which for a button is the only one.
func fromClick(i slack.InteractionCallback) (bot.Envelope, bool) {
	if i.Type != slack.InteractionTypeBlockActions || len(i.ActionCallback.BlockActions) == 0 {
		return bot.Envelope{}, false
	}
	action := i.ActionCallback.BlockActions[0]
	id, _, _ := strings.Cut(action.ActionID, twin)
	e := bot.Envelope{
		Kind: bot.InputClick, Team: firstOf(i.User.TeamID, i.Team.ID), User: i.User.ID,
		Channel: firstOf(i.Container.ChannelID, i.Channel.ID), Message: firstOf(i.Container.MessageTs, i.MessageTs),
		Thread: firstOf(i.Container.ThreadTs, i.Message.ThreadTimestamp),
		Action: id, Value: action.Value, Response: i.ResponseURL,
	}
	if e.Thread == e.Message {
		e.Thread = "" // the first message of a thread stands in the channel
	}
	return e, true
}

func (c *Client) fromEvent(o slackevents.EventsAPIEvent) (bot.Envelope, bool) {
	outer, ok := o.Data.(*slackevents.EventsAPICallbackEvent)
	if !ok {
		return bot.Envelope{}, false
	}
	mention, ok := o.InnerEvent.Data.(*slackevents.AppMentionEvent)
	if !ok {
		return bot.Envelope{}, false
	}
	if self, known := c.known(); known && (mention.User == self.BotUser || mention.BotID != "" && mention.BotID == self.BotID) {
		return bot.Envelope{}, false
	}
	return bot.Envelope{
		ID: outer.EventID, Kind: bot.InputMention, Team: firstOf(mention.UserTeam, mention.SourceTeam, o.TeamID),
		User: mention.User, Channel: mention.Channel, Thread: mention.ThreadTimeStamp, Message: mention.TimeStamp,
		Text: unescape(mention.Text),
	}, true
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
