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

// envelope reads what a person did; ok is false for what the bot has no use for, such as its own mentions of itself and
// forms that were closed. Commands, clicks, shortcuts and forms are known by their envelope_id. Events are known by their event_id: Slack sends an event that
// was not acknowledged again, in a new envelope with the same event_id.
func (c *Client) envelope(ev socketmode.Event, now time.Time) (e bot.Envelope, ok bool) {
	switch data := ev.Data.(type) {
	case slack.SlashCommand:
		e, ok = c.fromCommand(data), true
	case slack.InteractionCallback:
		e, ok = fromInteraction(data)
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
		Trigger: s.TriggerID,
	}
}

func fromInteraction(i slack.InteractionCallback) (bot.Envelope, bool) {
	e := bot.Envelope{
		Team: firstOf(i.User.TeamID, i.Team.ID), User: i.User.ID, Response: i.ResponseURL, Trigger: i.TriggerID,
	}
	switch i.Type {
	case slack.InteractionTypeBlockActions:
		return e, fromClick(i, &e)
	case slack.InteractionTypeViewSubmission:
		e.Kind, e.View = bot.InputSubmit, filled(i.View)
		return e, true
	case slack.InteractionTypeMessageAction:
		e.Kind, e.Action = bot.InputMessage, i.CallbackID
		e.Channel, e.Message, e.Thread = i.Channel.ID, firstOf(i.MessageTs, i.Message.Timestamp), i.Message.ThreadTimestamp
		rooted(&e)
		return e, true
	}
	return e, false
}

// rooted takes the thread off an envelope about the first message of one: that stands in the channel.
func rooted(e *bot.Envelope) {
	if e.Thread == e.Message {
		e.Thread = ""
	}
}

// fromClick reads a block_actions payload: its first action, which for a button is the only one.
func fromClick(i slack.InteractionCallback, e *bot.Envelope) bool {
	if len(i.ActionCallback.BlockActions) == 0 {
		return false
	}
	action := i.ActionCallback.BlockActions[0]
	e.Kind = bot.InputClick
	e.Action, _, _ = strings.Cut(action.ActionID, twin)
	e.Value = firstOf(action.Value, action.SelectedOption.Value)
	if i.View.ID != "" {
		e.View = filled(i.View)
		return true
	}
	e.Channel, e.Message = firstOf(i.Container.ChannelID, i.Channel.ID), firstOf(i.Container.MessageTs, i.MessageTs)
	e.Thread = firstOf(i.Container.ThreadTs, i.Message.ThreadTimestamp)
	rooted(e)
	return true
}

// filled reads a view's state: docs.slack.dev/reference/interaction-payloads/view-interactions-payload. Fields that
// hold nothing are there with "". What was typed comes as it was typed: Slack escapes nothing here.
func filled(v slack.View) *bot.Filled {
	out := &bot.Filled{ID: v.ID, Hash: v.Hash, Callback: v.CallbackID, Private: v.PrivateMetadata, Values: map[string]string{}}
	if v.State == nil {
		return out
	}
	for block, actions := range v.State.Values {
		for _, action := range actions {
			out.Values[block] = firstOf(action.Value, action.SelectedOption.Value)
		}
	}
	return out
}

func (c *Client) fromEvent(o slackevents.EventsAPIEvent) (bot.Envelope, bool) {
	outer, ok := o.Data.(*slackevents.EventsAPICallbackEvent)
	if !ok {
		return bot.Envelope{}, false
	}
	e := bot.Envelope{ID: outer.EventID, Team: o.TeamID}
	switch inner := o.InnerEvent.Data.(type) {
	case *slackevents.AppMentionEvent:
		e.Kind, e.Team = bot.InputMention, firstOf(inner.UserTeam, inner.SourceTeam, o.TeamID)
		e.User, e.Robot = inner.User, inner.BotID
		e.Channel, e.Thread, e.Message = inner.Channel, inner.ThreadTimeStamp, inner.TimeStamp
		e.Text = unescape(inner.Text)
		return e, !c.ours(inner)
	case *slackevents.AppHomeOpenedEvent:
		e.Kind, e.User = bot.InputHome, inner.User
		return e, inner.Tab == "home"
	}
	return bot.Envelope{}, false
}

// ours says whether the bot itself spoke. While it does not know who it is, any bot may be it.
func (c *Client) ours(m *slackevents.AppMentionEvent) bool {
	self, known := c.known()
	if !known {
		return m.BotID != ""
	}
	return m.User == self.BotUser || m.BotID != "" && m.BotID == self.BotID
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
