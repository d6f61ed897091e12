package slacksim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Reply is what the person who typed a command sees of it at once. What the app says later is in Ephemerals,
// Messages and Thread.
type Reply struct {
	Ephemeral []Message
	Failure   string // Slack's own: operation_timeout, dispatch_failed, invalid_command_response, unknown_command; or ""
}

// Command types a slash command into a channel and answers when Slack has shown its first reaction: the payload of
// the acknowledgement, nothing, or Slack's own complaint if the app is not there or does not answer in time. Anybody
// the workspace knows may do this, a deleted user too, whose act may have been on its way; Slack itself may be
// stricter.
func (w *Workspace) Command(ctx context.Context, userID, channelID, command, text string) (Reply, error) {
	w.mu.Lock()
	u, r, err := w.at(userID, channelID)
	if err != nil {
		w.mu.Unlock()
		return Reply{}, fmt.Errorf("typing %s: %w", command, err)
	}
	a := w.appOfCommand(command)
	if a == nil || !slices.Contains(a.Scopes, "commands") {
		m := w.slackbot(channelID, userID, fmt.Sprintf("%s is not a valid command. In Slack, all messages that start with "+
			`the "/" character are interpreted as commands.`, command))
		w.mu.Unlock()
		return Reply{Ephemeral: []Message{m}, Failure: "unknown_command"}, nil
	}
	text = w.escape(strings.TrimSpace(text))
	w.mu.Unlock()

	payload, err := w.deliver(ctx, a, envelope{kind: slashCommands, accepts: true, payload: func(base string) any {
		return w.slashPayload(a, u, r, command, text, base)
	}})
	switch {
	case errors.Is(err, ErrNoClient):
		return w.failed(userID, channelID, command, "dispatch_failed"), nil
	case errors.Is(err, ErrNotAcknowledged):
		return w.failed(userID, channelID, command, "operation_timeout"), nil
	case err != nil:
		return Reply{}, fmt.Errorf("typing %s: %w", command, err)
	}
	return w.showAck(a, u, r, command, text, payload), nil
}

func (w *Workspace) failed(userID, channelID, command, code string) Reply {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.slackbot(channelID, userID, fmt.Sprintf(`%s failed with the error "%s"`, command, code))
	return Reply{Ephemeral: []Message{m}, Failure: code}
}

// showAck shows the payload of a command's acknowledgement: to the caller, or in the channel if it says so.
func (w *Workspace) showAck(a *app, u *User, r *room, command, text string, payload json.RawMessage) Reply {
	body, refused := readResponse(payload)
	if refused != nil {
		return w.failed(u.ID, r.ID, command, "invalid_command_response")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if body.ResponseType == inChannel {
		w.post(r, Message{User: u.ID, Username: u.Name, Text: strings.TrimSpace(command + " " + text)})
	}
	if body.empty {
		return Reply{}
	}
	if body.ResponseType == inChannel {
		w.post(r, authored(a, body.content))
		return Reply{}
	}
	return Reply{Ephemeral: []Message{*w.postEphemeral(r.ID, u.ID, authored(a, body.content))}}
}

// Post writes a message into a channel, or a reply if threadTS is given, and answers its timestamp. An app that is
// mentioned (@name or <@U…>), is in the channel and subscribes to it gets an event, sent in the background.
func (w *Workspace) Post(_ context.Context, userID, channelID, threadTS, text string) (string, error) {
	w.mu.Lock()
	u, r, err := w.at(userID, channelID)
	switch {
	case err != nil:
	case r.IsArchived:
		err = errors.New("the channel is archived")
	case threadTS != "" && r.find(threadTS) == nil:
		err = errors.New("there is no such thread")
	case strings.TrimSpace(text) == "":
		err = errors.New("the message is empty")
	}
	if err != nil {
		w.mu.Unlock()
		return "", fmt.Errorf("posting: %w", err)
	}
	defer w.mu.Unlock()
	m := w.post(r, Message{User: userID, Username: u.Name, ThreadTS: threadTS, Text: w.escape(text)})
	w.announce(r, m)
	return m.TS, nil
}

// Mention is Post with the first app's mention in front, unless the text mentions it already.
func (w *Workspace) Mention(ctx context.Context, userID, channelID, threadTS, text string) (string, error) {
	w.mu.Lock()
	if len(w.apps) == 0 {
		w.mu.Unlock()
		return "", errors.New("mentioning: there is no app")
	}
	bot := "<@" + w.apps[0].BotUser + ">"
	if !strings.Contains(w.escape(text), bot) {
		text = bot + " " + text
	}
	w.mu.Unlock()
	return w.Post(ctx, userID, channelID, threadTS, text)
}

// at answers a user and a channel that the user can see. The caller holds mu.
func (w *Workspace) at(userID, channelID string) (*User, *room, error) {
	u, ok := w.users[userID]
	if !ok {
		return nil, nil, fmt.Errorf("there is no user %q", userID)
	}
	r, ok := w.channels[channelID]
	if !ok {
		return nil, nil, fmt.Errorf("there is no channel %q", channelID)
	}
	if !r.has(userID) {
		return nil, nil, fmt.Errorf("%s is not in #%s", u.Name, r.Name)
	}
	if w.outage {
		return nil, nil, ErrOutage
	}
	return u, r, nil
}
