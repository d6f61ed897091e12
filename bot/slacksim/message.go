package slacksim

import (
	"encoding/json"
	"slices"
	"strings"
)

// Message is a message as people see it, and as the people API sends it. A reply has the TS of its thread's first
// message as ThreadTS; the first message itself has none. Blocks, Attachments and Metadata are Slack's JSON, with
// the block and action ids that Slack fills in.
type Message struct {
	Channel     string          `json:"channel"`
	TS          string          `json:"ts"`
	ThreadTS    string          `json:"thread_ts,omitempty"`
	User        string          `json:"user"`
	BotID       string          `json:"bot_id,omitempty"`
	Username    string          `json:"username,omitempty"`
	Subtype     string          `json:"subtype,omitempty"` // "tombstone": deleted, but it has replies; "bot_message": of a bot without a user
	Text        string          `json:"text"`
	Blocks      json.RawMessage `json:"blocks,omitempty"`
	Attachments json.RawMessage `json:"attachments,omitempty"`
	Edited      *Edited         `json:"edited,omitempty"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	ReplyCount  int             `json:"reply_count"`
	Reactions   []string        `json:"reactions,omitempty"`
	Files       []File          `json:"files,omitempty"`
	EphemeralTo string          `json:"ephemeral_to,omitempty"` // only this user sees it
	Broadcast   bool            `json:"broadcast,omitempty"`    // a reply that the channel shows too

	app *app // the author, if it is an app
}

// Edited says when a message was last edited, and by whom. As in Slack, an edit that sends blocks leaves no mark.
type Edited struct {
	User string `json:"user,omitempty"`
	TS   string `json:"ts"`
}

// The subtypes.
const (
	tombstone  = "tombstone"
	botMessage = "bot_message" // of an app without a user
)

// find answers the message of a channel, or nil. The caller holds mu.
func (r *room) find(ts string) *Message {
	at := slices.IndexFunc(r.messages, func(m *Message) bool { return m.TS == ts })
	if at < 0 {
		return nil
	}
	return r.messages[at]
}

// replies lists a thread's replies, oldest first. The caller holds mu.
func (r *room) replies(ts string) []*Message {
	var out []*Message
	for _, m := range r.messages {
		if m.ThreadTS == ts {
			out = append(out, m)
		}
	}
	return out
}

// post stores a new message and tells everybody. A reply to a reply goes to its thread; a reply to a message that
// is gone appears in the channel, as Slack does it. The caller holds mu.
func (w *Workspace) post(r *room, m Message) *Message {
	m.Channel, m.TS = r.ID, w.stamp()
	parent := r.find(m.ThreadTS)
	if parent != nil && parent.ThreadTS != "" {
		parent = r.find(parent.ThreadTS)
	}
	m.ThreadTS = ""
	if parent != nil {
		m.ThreadTS = parent.TS
		parent.ReplyCount++
	}
	r.messages = append(r.messages, &m)
	w.tell(eventMessage, &m)
	if parent != nil {
		w.tell(eventChanged, parent)
	}
	return &m
}

// postEphemeral stores a message that one user sees, and tells. The caller holds mu.
func (w *Workspace) postEphemeral(channel, user string, m Message) *Message {
	m.Channel, m.TS, m.EphemeralTo = channel, w.stamp(), user
	w.ephemerals[user] = append(w.ephemerals[user], &m)
	w.tell(eventEphemeral, &m)
	return &m
}

// slackbot tells one user something in Slack's own name. The caller holds mu.
func (w *Workspace) slackbot(channel, user, text string) Message {
	return *w.postEphemeral(channel, user, Message{User: "USLACKBOT", Username: "Slackbot", Text: text})
}

// remove deletes a message. One that has replies leaves a tombstone, and the thread stays. The caller holds mu.
func (w *Workspace) remove(m *Message) {
	if m.EphemeralTo != "" {
		w.ephemerals[m.EphemeralTo] = slices.DeleteFunc(w.ephemerals[m.EphemeralTo], func(x *Message) bool { return x == m })
		w.tell(eventDeleted, m)
		return
	}
	r := w.channels[m.Channel]
	if m.ReplyCount > 0 {
		*m = Message{
			Channel: m.Channel, TS: m.TS, User: "USLACKBOT", Subtype: tombstone,
			Text: "This message was deleted.", ReplyCount: m.ReplyCount,
		}
		w.tell(eventChanged, m)
		return
	}
	r.messages = slices.DeleteFunc(r.messages, func(x *Message) bool { return x == m })
	w.tell(eventDeleted, m)
	if parent := r.find(m.ThreadTS); parent != nil {
		parent.ReplyCount--
		w.tell(eventChanged, parent)
	}
}

// wire is the message as the Web API and event payloads carry it. Slack sends metadata to those who ask for it.
// The caller holds mu.
func (w *Workspace) wire(m *Message, metadata bool) map[string]any {
	out := map[string]any{"type": "message", "user": m.User, "text": m.Text, "ts": m.TS, "team": w.opt.TeamID}
	put := func(key string, value any, present bool) {
		if present {
			out[key] = value
		}
	}
	put("subtype", m.Subtype, m.Subtype != "")
	put("username", m.Username, m.Subtype == botMessage)
	put("files", w.wireFiles(m), len(m.Files) > 0)
	put("thread_ts", m.ThreadTS, m.ThreadTS != "")
	put("bot_id", m.BotID, m.BotID != "")
	put("blocks", m.Blocks, m.Blocks != nil)
	put("attachments", m.Attachments, m.Attachments != nil)
	put("edited", m.Edited, m.Edited != nil)
	put("metadata", m.Metadata, metadata && m.Metadata != nil)
	if m.User == "" {
		delete(out, "user")
	}
	if m.app != nil {
		out["app_id"] = m.app.AppID
		out["bot_profile"] = map[string]any{
			"id": m.app.botID, "app_id": m.app.AppID, "name": m.app.Name, "team_id": w.opt.TeamID, "deleted": false,
		}
	}
	r := w.channels[m.Channel]
	if parent := r.find(m.ThreadTS); parent != nil {
		out["parent_user_id"] = parent.User
	}
	if replies := r.replies(m.TS); len(replies) > 0 {
		out["thread_ts"] = m.TS
		out["reply_count"] = len(replies)
		out["latest_reply"] = replies[len(replies)-1].TS
		var users []string
		for _, reply := range replies {
			if reply.User != "" && !slices.Contains(users, reply.User) {
				users = append(users, reply.User)
			}
		}
		out["reply_users"], out["reply_users_count"] = users, len(users)
	}
	if len(m.Reactions) > 0 {
		var list []map[string]any
		for _, name := range m.Reactions {
			list = append(list, map[string]any{"name": name, "count": 1, "users": []string{}})
		}
		out["reactions"] = list
	}
	return out
}

// escape does to what people type what Slack does: &, < and > become entities, and @name becomes a mention.
// A mention that is written out (<@U…>) stays. The caller holds mu.
func (w *Workspace) escape(text string) string {
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	for _, id := range w.userOrder {
		text = strings.ReplaceAll(text, "&lt;@"+id+"&gt;", "<@"+id+">")
		text = replaceWord(text, "@"+w.users[id].Name, "<@"+id+">")
	}
	return text
}

// replaceWord replaces word where neither a letter, a digit nor one of . _ - < follows or comes before.
func replaceWord(text, word, with string) string {
	inWord := func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._-<", c) >= 0
	}
	var out strings.Builder
	for {
		at := strings.Index(text, word)
		if at < 0 || word == "@" {
			break
		}
		end := at + len(word)
		whole := (at == 0 || !inWord(text[at-1])) && (end == len(text) || !inWord(text[end]))
		out.WriteString(text[:at])
		if whole {
			out.WriteString(with)
		} else {
			out.WriteString(word)
		}
		text = text[end:]
	}
	out.WriteString(text)
	return out.String()
}
