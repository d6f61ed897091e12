package slacksim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"strings"
	"time"
)

// heartbeat is how often the event stream says that it is alive, for proxies that close idle connections.
const heartbeat = 15 * time.Second

// Page serves people: what a page needs to look and work like the workspace. Its paths start with /slack/.
//
//	GET  /slack/state   users, groups, channels, messages by channel, ephemerals by user
//	GET  /slack/events  server-sent events, a hello first; connect, then read the state, and nothing is missed
//	POST /slack/send    {user, channel, thread_ts, text}: a message, or a slash command
//	POST /slack/click   {user, channel, ts, block_id, action_id}
//
//	POST /slack/home         {user}: opens the home tab
//	POST /slack/shortcut     {user, channel, ts, callback_id}: from a message's menu
//	POST /slack/view/fill    {user, view, block_id, action_id, values}
//	POST /slack/view/click   {user, view, block_id, action_id}
//	POST /slack/view/submit  {user, view}; errors beside the fields are in the view itself
//	POST /slack/view/close   {user, view, all}
//	GET  /slack/files/ID/…   a file's bytes; a message's files name their url
//
// The state also has modals (stacks of views by user, the top one last), homes (by user), home_app (the name of the app
// with a home tab, or "") and shortcuts. The events {"type":"modals","user","modals"} and {"type":"home","user","home"}
// tell what has changed there; the others carry a message.
//
// The posts answer {"ok":true} or {"ok":false,"error":"…"}. They act for whoever they name, so a page of another
// site must not be able to send them: cross-site requests and bodies that are not JSON are refused.
func (w *Workspace) Page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /slack/state", w.serveState)
	mux.HandleFunc("GET /slack/events", w.serveEvents)
	mux.HandleFunc("POST /slack/send", w.serveSend)
	mux.HandleFunc("POST /slack/click", w.serveClick)
	w.routeForms(mux)
	guard := http.NewCrossOriginProtection() // by Sec-Fetch-Site, or Origin against Host
	guarded := guard.Handler(mux)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if r.Method == http.MethodPost && kind != "application/json" {
			http.Error(rw, "the body must be application/json", http.StatusUnsupportedMediaType)
			return
		}
		guarded.ServeHTTP(rw, r)
	})
}

func (w *Workspace) serveState(rw http.ResponseWriter, _ *http.Request) {
	w.mu.Lock()
	users := []map[string]any{}
	for _, id := range w.userOrder {
		u := w.users[id]
		users = append(users, map[string]any{
			"id": u.ID, "name": u.Name, "real_name": u.RealName, "title": u.Title, "kind": u.Kind(), "color": u.Color,
		})
	}
	groups := []map[string]any{}
	for _, id := range w.groupOrder {
		groups = append(groups, map[string]any{"id": id, "handle": w.groups[id].Handle})
	}
	channels, messages := []map[string]any{}, map[string][]Message{}
	for _, id := range w.channelOrder {
		r := w.channels[id]
		channels = append(channels, map[string]any{
			"id": r.ID, "name": r.Name, "private": r.Private, "topic": r.Topic, "shared": r.IsExtShared || r.IsOrgShared,
		})
		messages[id] = values(r.messages)
	}
	ephemerals := map[string][]Message{}
	for id, list := range w.ephemerals {
		ephemerals[id] = values(list)
	}
	state := w.formState()
	w.mu.Unlock()
	maps.Copy(state, map[string]any{
		"users": users, "groups": groups, "channels": channels, "messages": messages, "ephemerals": ephemerals,
	})
	rw.Header().Set("Cache-Control", "no-store")
	writeJSON(rw, http.StatusOK, state)
}

func (w *Workspace) serveSend(rw http.ResponseWriter, r *http.Request) {
	var in struct {
		User     string `json:"user"`
		Channel  string `json:"channel"`
		ThreadTS string `json:"thread_ts"`
		Text     string `json:"text"`
	}
	if !readJSON(rw, r, &in) {
		return
	}
	text := strings.TrimSpace(in.Text)
	var err error
	switch command, rest, _ := strings.Cut(text, " "); {
	case !strings.HasPrefix(text, "/"):
		_, err = w.Post(r.Context(), in.User, in.Channel, in.ThreadTS, text)
	case in.ThreadTS != "":
		err = w.refuseInThread(in.User, in.Channel, in.ThreadTS, command)
	default:
		_, err = w.Command(r.Context(), in.User, in.Channel, command, rest)
	}
	writeDone(rw, err)
}

// refuseInThread says what Slack says to a slash command in a thread.
func (w *Workspace) refuseInThread(user, channel, thread, command string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, _, err := w.at(user, channel); err != nil {
		return err
	}
	w.postEphemeral(channel, user, Message{
		User: "USLACKBOT", Username: "Slackbot", ThreadTS: thread,
		Text: fmt.Sprintf("%s is not supported in threads. Sorry!", command),
	})
	return nil
}

func (w *Workspace) serveClick(rw http.ResponseWriter, r *http.Request) {
	var in struct {
		User     string `json:"user"`
		Channel  string `json:"channel"`
		TS       string `json:"ts"`
		BlockID  string `json:"block_id"`
		ActionID string `json:"action_id"`
	}
	if !readJSON(rw, r, &in) {
		return
	}
	writeDone(rw, w.Click(r.Context(), in.User, in.Channel, in.TS, in.ActionID, InBlock(in.BlockID)))
}

func readJSON(rw http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxBody)).Decode(into); err != nil {
		writeDone(rw, errors.New("the body is not what is asked for: "+err.Error()))
		return false
	}
	return true
}

func writeDone(rw http.ResponseWriter, err error) {
	if err != nil {
		writeJSON(rw, http.StatusOK, map[string]any{"ok": false, "error": err.Error()})
		return
	}
	writeJSON(rw, http.StatusOK, map[string]any{"ok": true})
}
