package slacksim

import (
	"slices"
	"strings"
)

// Lengths of a message's text, in characters. Slack cuts a posted text at 40,000 and refuses an update over 4,000;
// here both are refused, since a text that was cut is a fault of the app.
const (
	postText   = 40_000
	updateText = 4_000
)

// writable answers the channel that a call names, by id or by #name, if the app may write there. The caller holds mu.
func (w *Workspace) writable(req *request) (*room, *refusal) {
	r := w.visible(req)
	switch {
	case r == nil:
		return nil, refuse("channel_not_found")
	case r.IsArchived:
		return nil, refuse("is_archived")
	case !r.BotIsMember && !slices.Contains(req.app.Scopes, "chat:write.public"):
		return nil, refuse("not_in_channel")
	}
	return r, nil
}

// visible answers the channel that a call names, or nil: a private channel hides from a bot that is not in it.
func (w *Workspace) visible(req *request) *room {
	named := req.params["channel"]
	r := w.channels[named]
	for _, id := range w.channelOrder {
		if r == nil && named != "" && w.channels[id].Name == strings.TrimPrefix(named, "#") {
			r = w.channels[id]
		}
	}
	if r == nil || r.Private && !r.BotIsMember {
		return nil
	}
	return r
}

// authored is a message of this app. The caller holds mu.
func authored(a *app, c content) Message {
	m := Message{
		User: a.BotUser, BotID: a.botID, Username: a.Name, app: a,
		Text: c.text, Blocks: c.blocks, Attachments: c.attachments, Metadata: c.metadata,
	}
	if m.User == "" {
		m.Subtype = botMessage
	}
	return m
}

func (w *Workspace) chatPost(req *request) (answer, *refusal) {
	r, refused := w.writable(req)
	if refused != nil {
		return nil, refused
	}
	c, refused := parseContent(req.params, postText)
	if refused != nil {
		return nil, refused
	}
	m := authored(req.app, c)
	m.ThreadTS = req.params["thread_ts"]
	m.Broadcast = req.params.is("reply_broadcast")
	posted := w.post(r, m)
	w.announce(r, posted)
	return answer{"channel": r.ID, "ts": posted.TS, "message": w.wire(posted, true)}, nil
}

func (w *Workspace) chatEphemeral(req *request) (answer, *refusal) {
	r, refused := w.writable(req)
	if refused != nil {
		return nil, refused
	}
	user := req.params["user"]
	if w.users[user] == nil {
		return nil, refuse("user_not_found")
	}
	if !r.has(user) {
		return nil, refuse("user_not_in_channel")
	}
	c, refused := parseContent(req.params, postText)
	if refused != nil {
		return nil, refused
	}
	m := authored(req.app, c)
	m.ThreadTS = req.params["thread_ts"]
	return answer{"message_ts": w.postEphemeral(r.ID, user, m).TS}, nil
}

func (w *Workspace) chatUpdate(req *request) (answer, *refusal) {
	r, m, refused := w.ownMessage(req, "cant_update_message")
	if refused != nil {
		return nil, refused
	}
	c, refused := parseContent(req.params, updateText)
	if refused != nil {
		return nil, refused
	}
	w.edit(m, c)
	return answer{"channel": r.ID, "ts": m.TS, "text": m.Text, "message": w.wire(m, true)}, nil
}

// edit changes a message as chat.update documents it: what is not sent stays, save that a text without blocks
// takes the blocks away. The caller holds mu.
func (w *Workspace) edit(m *Message, c content) {
	if c.hasText {
		m.Text = c.text
	}
	if c.hasBlocks || c.hasText {
		m.Blocks = c.blocks
	}
	if c.hasAttachments {
		m.Attachments = c.attachments
	}
	if c.hasMetadata {
		m.Metadata = c.metadata
	}
	if !c.hasBlocks {
		m.Edited = &Edited{User: m.User, TS: w.stamp()}
	}
	w.tell(eventChanged, m)
}

func (w *Workspace) chatDelete(req *request) (answer, *refusal) {
	r, m, refused := w.ownMessage(req, "cant_delete_message")
	if refused != nil {
		return nil, refused
	}
	ts := m.TS
	w.remove(m)
	return answer{"channel": r.ID, "ts": ts}, nil
}

// ownMessage answers the message that a call names, if this app wrote it; others answers with the given code.
func (w *Workspace) ownMessage(req *request, others string) (*room, *Message, *refusal) {
	r, refused := w.writable(req)
	if refused != nil {
		return nil, nil, refused
	}
	m := r.find(req.params["ts"])
	if m == nil || m.Subtype == tombstone {
		return nil, nil, refuse("message_not_found")
	}
	if m.app != req.app {
		return nil, nil, refuse(others)
	}
	return r, m, nil
}

func (w *Workspace) reactionAdd(req *request) (answer, *refusal) {
	r := w.visible(req)
	if r == nil {
		return nil, refuse("channel_not_found")
	}
	m := r.find(req.params["timestamp"])
	name := req.params["name"]
	switch {
	case m == nil:
		return nil, refuse("message_not_found")
	case name == "" || strings.ContainsAny(name, " :"):
		return nil, refuse("invalid_name")
	case slices.Contains(m.Reactions, name):
		return nil, refuse("already_reacted")
	}
	m.Reactions = append(slices.Clone(m.Reactions), name)
	w.tell(eventChanged, m)
	return answer{}, nil
}
