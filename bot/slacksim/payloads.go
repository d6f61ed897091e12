package slacksim

import (
	"crypto/rand"
	"fmt"
)

// verification is the deprecated token that every payload still carries.
const verification = "slacksim-verification-token"

// triggerID is good for opening a view, within three seconds. The caller holds mu.
func (w *Workspace) triggerID() string {
	return fmt.Sprintf("%d.%s.%s", w.opt.Now().UnixMilli(), w.opt.TeamID, rand.Text())
}

// slashPayload is docs.slack.dev/interactivity/implementing-slash-commands. The caller holds mu.
func (w *Workspace) slashPayload(a *app, u *User, r *room, command, text, base string) any {
	return map[string]any{
		"token": verification, "team_id": w.opt.TeamID, "team_domain": w.opt.TeamDomain,
		"channel_id": r.ID, "channel_name": r.Name, "user_id": u.ID, "user_name": u.Name,
		"command": command, "text": text, "api_app_id": a.AppID, "is_enterprise_install": "false",
		"response_url": base + w.newResponse(&responseURL{app: a, channel: r.ID, user: u.ID}),
		"trigger_id":   w.triggerID(),
	}
}

// press is a click: where, and on what.
type press struct {
	message    *Message // nil if forged for a message that does not exist
	channel    *room
	ts         string
	attachment int // its id, or 0 for a button in the message's own blocks
	action     map[string]any
}

// clickPayload is docs.slack.dev/reference/interaction-payloads/block_actions-payload. The caller holds mu.
func (w *Workspace) clickPayload(a *app, u *User, p press, base string) any {
	ephemeral := p.message != nil && p.message.EphemeralTo != ""
	container := map[string]any{
		"type": "message", "message_ts": p.ts, "channel_id": p.channel.ID, "is_ephemeral": ephemeral,
	}
	if p.attachment > 0 {
		container["type"], container["attachment_id"], container["is_app_unfurl"] = "message_attachment", p.attachment, false
	}
	if p.message != nil && p.message.ThreadTS != "" {
		container["thread_ts"] = p.message.ThreadTS
	}
	action := map[string]any{"action_ts": w.stamp()}
	for _, key := range []string{"type", "action_id", "block_id", "text", "value", "style"} {
		if value, ok := p.action[key]; ok {
			action[key] = value
		}
	}
	payload := map[string]any{
		"type": "block_actions", "token": verification, "api_app_id": a.AppID, "trigger_id": w.triggerID(),
		"user":       map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"team":       map[string]any{"id": w.opt.TeamID, "domain": w.opt.TeamDomain},
		"enterprise": nil, "is_enterprise_install": false,
		"channel":   map[string]any{"id": p.channel.ID, "name": p.channel.Name},
		"container": container, "state": map[string]any{"values": map[string]any{}},
		"actions":      []any{action},
		"response_url": base + w.newResponse(&responseURL{app: a, channel: p.channel.ID, user: u.ID, original: p.message}),
	}
	if p.message != nil && !ephemeral { // Slack sends no content of ephemeral messages
		payload["message"] = w.wire(p.message, true)
	}
	return payload
}

// eventPayload wraps an inner event, as docs.slack.dev/apis/events-api shows it. The same payload is sent at every
// retry, so event_id tells an app that it has seen it. The caller holds mu.
func (w *Workspace) eventPayload(a *app, r *room, event map[string]any) func(string) any {
	payload := map[string]any{
		"token": verification, "team_id": w.opt.TeamID, "context_team_id": w.opt.TeamID, "api_app_id": a.AppID,
		"type": "event_callback", "event_id": "Ev" + rand.Text()[:10], "event_time": w.opt.Now().Unix(),
		"event": event, "is_ext_shared_channel": r.IsExtShared, "event_context": rand.Text(),
		"authorizations": []any{map[string]any{
			"enterprise_id": nil, "team_id": w.opt.TeamID, "user_id": a.BotUser, "is_bot": true, "is_enterprise_install": false,
		}},
	}
	frozen := encode(payload)
	return func(string) any { return frozen }
}

// messageEvent is the inner event of a person's message; kind is app_mention or message. The caller holds mu.
func (w *Workspace) messageEvent(kind string, m *Message, u *User, r *room) map[string]any {
	event := w.wire(m, false)
	event["type"], event["channel"], event["event_ts"] = kind, r.ID, m.TS
	event["user_team"], event["source_team"] = u.TeamID, u.TeamID
	if kind == "message" {
		event["channel_type"] = "channel"
		if r.Private {
			event["channel_type"] = "group"
		}
	}
	return event
}
