package slacksim

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A response URL takes five posts within thirty minutes (docs.slack.dev/interactivity/handling-user-interaction).
const (
	responseUses = 5
	responseLife = 30 * time.Minute
	inChannel    = "in_channel"
)

// responseURL is an address where an app answers one act of one person.
type responseURL struct {
	app      *app
	channel  string
	user     string
	original *Message // what replace_original and delete_original mean: the clicked message, or the last answer
	until    time.Time
	uses     int
}

// responseBody is what an app posts there, and what it may put into a command's acknowledgement.
type responseBody struct {
	ResponseType    string `json:"response_type"`
	ReplaceOriginal bool   `json:"replace_original"`
	DeleteOriginal  bool   `json:"delete_original"`
	ThreadTS        string `json:"thread_ts"`
	content         content
	empty           bool // says nothing
}

// newResponse makes a response URL and answers its path. The caller holds mu.
func (w *Workspace) newResponse(r *responseURL) string {
	maps.DeleteFunc(w.responses, func(_ string, old *responseURL) bool { return w.opt.Now().After(old.until.Add(responseLife)) })
	token := rand.Text()
	r.until = w.opt.Now().Add(responseLife)
	w.responses[token] = r
	return "/response/" + token
}

func (w *Workspace) serveResponse(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		http.Error(rw, "invalid_payload", http.StatusBadRequest)
		return
	}
	p := params{"body": string(body)}
	lost := w.suffer(rw, r, "response_url", p)
	if lost == done {
		return
	}
	w.mu.Lock()
	status, outcome := w.respond(r.PathValue("token"), body)
	w.record("response_url", p, lost.prefix()+outcome)
	w.mu.Unlock()
	switch lost {
	case cut:
		panic(http.ErrAbortHandler)
	case garbled:
		outcome = "<html>"
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, outcome)
}

// respond carries out a post to a response URL. The caller holds mu.
func (w *Workspace) respond(token string, data []byte) (int, string) {
	r, ok := w.responses[token]
	switch {
	case !ok:
		return http.StatusNotFound, "no_active_hooks"
	case w.opt.Now().After(r.until):
		return http.StatusNotFound, "expired_url"
	case r.uses >= responseUses:
		return http.StatusNotFound, "used_url"
	}
	body, refused := readResponse(data)
	if refused != nil {
		return http.StatusBadRequest, refused.code
	}
	if body.empty && !body.DeleteOriginal {
		return http.StatusBadRequest, "no_text"
	}
	if r.original != nil && !w.exists(r.original) {
		r.original = nil
	}
	r.uses++
	switch {
	case body.DeleteOriginal && r.original == nil:
	case body.DeleteOriginal:
		w.remove(r.original)
	case body.ReplaceOriginal && r.original != nil:
		w.edit(r.original, body.content)
	default:
		m := authored(r.app, body.content)
		m.ThreadTS = body.ThreadTS
		var posted *Message
		if body.ResponseType == inChannel {
			posted = w.post(w.channels[r.channel], m)
		} else {
			posted = w.postEphemeral(r.channel, r.user, m)
		}
		if r.original == nil {
			r.original = posted
		}
	}
	return http.StatusOK, "ok"
}

// exists says whether a message is still there. The caller holds mu.
func (w *Workspace) exists(m *Message) bool {
	if m.EphemeralTo != "" {
		return slices.Contains(w.ephemerals[m.EphemeralTo], m)
	}
	return w.channels[m.Channel].find(m.TS) == m && m.Subtype != tombstone
}

// readResponse reads a response body; it may be missing, null or {}, which says nothing. An acknowledgement may
// also be a mere string.
func readResponse(data []byte) (responseBody, *refusal) {
	var body responseBody
	text := strings.TrimSpace(string(data))
	if text == "" || text == "null" {
		return responseBody{empty: true}, nil
	}
	var plain string
	if json.Unmarshal(data, &plain) == nil {
		text = string(encode(map[string]any{"text": plain}))
	}
	p := params{}
	if refused := p.addJSON(strings.NewReader(text)); refused != nil {
		return body, refuse("invalid_payload")
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		return body, refuse("invalid_payload")
	}
	delete(p, "metadata") // not for responses; slack-go always sends an empty one
	body.empty = p["text"] == "" && blank(p["blocks"]) && blank(p["attachments"])
	if body.empty {
		return body, nil
	}
	var refused *refusal
	body.content, refused = parseContent(p, postText)
	return body, refused
}

func blank(list string) bool { return list == "" || list == "[]" }
