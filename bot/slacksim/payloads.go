package slacksim

import "crypto/rand"

// verification is the deprecated token that every payload still carries.
const verification = "slacksim-verification-token"

// interaction is what the payloads of all interactions share. The caller holds mu.
func (w *Workspace) interaction(kind string, a *app, u *User) map[string]any {
	payload := map[string]any{
		"type": kind, "token": verification, "api_app_id": a.AppID,
		"user":       map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"team":       map[string]any{"id": w.opt.TeamID, "domain": w.opt.TeamDomain},
		"enterprise": nil, "is_enterprise_install": false,
	}
	if w.opt.EnterpriseID != "" {
		payload["enterprise"] = map[string]any{"id": w.opt.EnterpriseID, "name": w.opt.EnterpriseName}
		payload["team"] = map[string]any{
			"id": w.opt.TeamID, "domain": w.opt.TeamDomain,
			"enterprise_id": w.opt.EnterpriseID, "enterprise_name": w.opt.EnterpriseName,
		}
	}
	return payload
}

// slashPayload is docs.slack.dev/interactivity/implementing-slash-commands. The caller holds mu.
func (w *Workspace) slashPayload(a *app, u *User, r *room, command, text, base string) any {
	payload := map[string]any{
		"token": verification, "team_id": w.opt.TeamID, "team_domain": w.opt.TeamDomain,
		"channel_id": r.ID, "channel_name": r.Name, "user_id": u.ID, "user_name": u.Name,
		"command": command, "text": text, "api_app_id": a.AppID, "is_enterprise_install": "false",
		"response_url": base + w.newResponse(&responseURL{app: a, channel: r.ID, user: u.ID}),
		"trigger_id":   w.newTrigger(a, u.ID, nil),
	}
	if w.opt.EnterpriseID != "" {
		payload["enterprise_id"], payload["enterprise_name"] = w.opt.EnterpriseID, w.opt.EnterpriseName
	}
	return payload
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
	payload := w.interaction("block_actions", a, u)
	payload["trigger_id"] = w.newTrigger(a, u.ID, nil)
	payload["channel"] = map[string]any{"id": p.channel.ID, "name": p.channel.Name}
	payload["container"], payload["state"] = container, map[string]any{"values": map[string]any{}}
	payload["actions"] = []any{action}
	payload["response_url"] = base + w.newResponse(&responseURL{app: a, channel: p.channel.ID, user: u.ID, original: p.message})
	if p.message != nil && !ephemeral { // Slack sends no content of ephemeral messages
		payload["message"] = w.wire(p.message, true)
	}
	return payload
}

// eventPayload wraps an inner event, as docs.slack.dev/apis/events-api shows it. The same payload is sent at every
// retry, so event_id tells an app that it has seen it. The caller holds mu.
func (w *Workspace) eventPayload(a *app, extShared bool, event map[string]any) func(string) any {
	enterprise := any(nil)
	if w.opt.EnterpriseID != "" {
		enterprise = w.opt.EnterpriseID
	}
	payload := map[string]any{
		"token": verification, "team_id": w.opt.TeamID, "context_team_id": w.opt.TeamID, "api_app_id": a.AppID,
		"type": "event_callback", "event_id": "Ev" + rand.Text()[:10], "event_time": w.opt.Now().Unix(),
		"event": event, "is_ext_shared_channel": extShared, "event_context": rand.Text(),
		"authorizations": []any{map[string]any{
			"enterprise_id": enterprise, "team_id": w.opt.TeamID, "user_id": a.BotUser, "is_bot": true, "is_enterprise_install": false,
		}},
	}
	frozen := encode(payload)
	return func(string) any { return frozen }
}

// messageEvent is the inner event of a message; kind is app_mention or message. Of a bot's message it says which bot,
// and its user if it has one. The caller holds mu.
func (w *Workspace) messageEvent(kind string, m *Message, r *room) map[string]any {
	event := w.wire(m, false)
	event["type"], event["channel"], event["event_ts"] = kind, r.ID, m.TS
	if u := w.users[m.User]; u != nil && m.BotID == "" {
		event["user_team"], event["source_team"] = u.TeamID, u.TeamID
	}
	if kind == "message" {
		event["channel_type"] = "channel"
		if r.Private {
			event["channel_type"] = "group"
		}
	}
	return event
}
