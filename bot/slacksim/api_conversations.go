package slacksim

import (
	"encoding/base64"
	"slices"
	"strings"
)

func (w *Workspace) conversationInfo(req *request) (answer, *refusal) {
	r := w.visible(req)
	if r == nil {
		return nil, refuse("channel_not_found")
	}
	channel := answer{
		"id": r.ID, "name": r.Name, "name_normalized": r.Name, "created": 1_700_000_000, "creator": "",
		"is_channel": !r.Private, "is_group": false, "is_im": false, "is_mpim": false, "is_private": r.Private,
		"is_archived": r.IsArchived, "is_general": false, "is_member": r.BotIsMember,
		"is_shared": r.IsExtShared || r.IsOrgShared, "is_ext_shared": r.IsExtShared, "is_org_shared": r.IsOrgShared,
		"is_pending_ext_shared": r.IsPendingExtShared, "pending_shared": []string{}, "pending_connected_team_ids": []string{},
		"shared_team_ids": []string{w.opt.TeamID},
		"context_team_id": w.opt.TeamID, "previous_names": []string{},
		"topic":   answer{"value": r.Topic, "creator": "", "last_set": 0},
		"purpose": answer{"value": "", "creator": "", "last_set": 0},
	}
	switch {
	case r.IsExtShared || r.IsOrgShared:
		channel["shared_team_ids"] = append([]string{w.opt.TeamID}, r.SharedTeams...)
	case r.IsPendingExtShared:
		channel["pending_connected_team_ids"] = append([]string{}, r.SharedTeams...)
	}
	if req.params.is("include_num_members") {
		channel["num_members"] = len(w.memberIDs(r))
	}
	return answer{"channel": channel}, nil
}

func (w *Workspace) conversationMembers(req *request) (answer, *refusal) {
	r := w.visible(req)
	if r == nil {
		return nil, refuse("channel_not_found")
	}
	page, next, refused := paginate(w.memberIDs(r), func(id string) string { return id }, req.params, 100, 1000)
	if refused != nil {
		return nil, refused
	}
	return answer{"members": page, "response_metadata": answer{"next_cursor": next}}, nil
}

// conversationHistory lists a channel's own messages, newest first, as docs.slack.dev describes conversations.history.
func (w *Workspace) conversationHistory(req *request) (answer, *refusal) {
	r, refused := w.readable(req)
	if refused != nil {
		return nil, refused
	}
	var list []*Message
	for _, m := range slices.Backward(r.messages) {
		if (m.ThreadTS == "" || m.Broadcast) && inRange(m.TS, req.params) {
			list = append(list, m)
		}
	}
	return w.page(list, req.params, 100)
}

// conversationReplies lists a thread from its first message on, oldest first. The first message comes even if it is
// outside the range.
func (w *Workspace) conversationReplies(req *request) (answer, *refusal) {
	r, refused := w.readable(req)
	if refused != nil {
		return nil, refused
	}
	parent := r.find(req.params["ts"])
	if parent == nil {
		return nil, refuse("thread_not_found")
	}
	if parent.ThreadTS != "" {
		parent = r.find(parent.ThreadTS)
	}
	list := []*Message{parent}
	for _, m := range r.replies(parent.TS) {
		if inRange(m.TS, req.params) {
			list = append(list, m)
		}
	}
	return w.page(list, req.params, 1000)
}

// readable answers the channel of a call if the app may read its messages: it must be in it.
func (w *Workspace) readable(req *request) (*room, *refusal) {
	r := w.visible(req)
	switch {
	case r == nil:
		return nil, refuse("channel_not_found")
	case !r.BotIsMember:
		return nil, refuse("not_in_channel")
	}
	return r, nil
}

func (w *Workspace) page(list []*Message, p params, usual int) (answer, *refusal) {
	part, next, refused := paginate(list, func(m *Message) string { return m.TS }, p, usual, 1000)
	if refused != nil {
		return nil, refused
	}
	messages := make([]map[string]any, 0, len(part))
	for _, m := range part {
		messages = append(messages, w.wire(m, p.is("include_all_metadata")))
	}
	out := answer{"messages": messages, "has_more": next != "", "pin_count": 0}
	if next != "" {
		out["response_metadata"] = answer{"next_cursor": next}
	}
	return out, nil
}

// inRange holds a timestamp against oldest and latest, which are exclusive unless the call says inclusive.
// Timestamps have the same number of digits until the year 2286, so they compare as text.
func inRange(ts string, p params) bool {
	within := func(earlier, later string) bool {
		return earlier < later || earlier == later && p.is("inclusive")
	}
	if oldest := p["oldest"]; oldest != "" && oldest != "0" && !within(padded(oldest), padded(ts)) {
		return false
	}
	if latest := p["latest"]; latest != "" && !within(padded(ts), padded(latest)) {
		return false
	}
	return true
}

// padded gives a timestamp six decimals: clients send whole seconds too.
func padded(ts string) string {
	seconds, micros, _ := strings.Cut(ts, ".")
	return seconds + "." + (micros + "000000")[:6]
}

// paginate cuts the page that cursor and limit name. A cursor names the first item of its page.
func paginate[T any](list []T, key func(T) string, p params, usual, most int) ([]T, string, *refusal) {
	from := 0
	if cursor := p["cursor"]; cursor != "" {
		plain, err := base64.StdEncoding.DecodeString(cursor)
		first, ok := strings.CutPrefix(string(plain), "next:")
		if err != nil || !ok {
			return nil, "", refuse("invalid_cursor")
		}
		from = slices.IndexFunc(list, func(item T) bool { return key(item) == first })
		if from < 0 {
			return nil, "", refuse("invalid_cursor")
		}
	}
	end := min(len(list), from+p.limit(usual, most))
	if end == len(list) {
		return list[from:], "", nil
	}
	return list[from:end], base64.StdEncoding.EncodeToString([]byte("next:" + key(list[end]))), nil
}
