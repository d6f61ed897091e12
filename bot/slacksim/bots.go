package slacksim

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// PostAsBot writes a message as the app with this AppID, and answers its timestamp: as its bot user, or, if it has
// none, as an integration, whose messages name a bot but no user. Other apps that it mentions (@name or <@U…>) get an
// event as for a person's message.
func (w *Workspace) PostAsBot(_ context.Context, appID, channelID, threadTS, text string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := slices.IndexFunc(w.apps, func(a *app) bool { return a.AppID == appID })
	r := w.channels[channelID]
	switch {
	case at < 0:
		return "", fmt.Errorf("posting as a bot: there is no app %q", appID)
	case r == nil || !r.BotIsMember || r.IsArchived:
		return "", fmt.Errorf("posting as a bot: %s is not in the channel %q", w.apps[at].Name, channelID)
	case threadTS != "" && r.find(threadTS) == nil:
		return "", fmt.Errorf("posting as a bot: there is no thread %q", threadTS)
	case w.outage:
		return "", fmt.Errorf("posting as a bot: %w", ErrOutage)
	}
	m := authored(w.apps[at], content{text: w.escape(text)})
	m.ThreadTS = threadTS
	posted := w.post(r, m)
	w.announce(r, posted)
	return posted.TS, nil
}

// announce tells the apps in a channel of a new message: those that it mentions, and those that listen to all. No app
// is told of its own messages. The caller holds mu.
func (w *Workspace) announce(r *room, m *Message) {
	if !r.BotIsMember {
		return
	}
	for _, a := range w.apps {
		if a == m.app {
			continue
		}
		if m.mentions(a.BotUser) && slices.Contains(a.Events, "app_mention") && slices.Contains(a.Scopes, "app_mentions:read") {
			w.emit(a, w.eventPayload(a, r.IsExtShared, w.messageEvent("app_mention", m, r)))
		}
		if slices.Contains(a.Events, "message") {
			w.emit(a, w.eventPayload(a, r.IsExtShared, w.messageEvent("message", m, r)))
		}
	}
}

// mentions says whether a message names a user, in its text or in its blocks.
func (m *Message) mentions(user string) bool {
	for _, text := range []string{m.Text, string(m.Blocks), string(m.Attachments)} {
		if user != "" && (strings.Contains(text, "<@"+user+">") || strings.Contains(text, "<@"+user+"|")) {
			return true
		}
	}
	return false
}
