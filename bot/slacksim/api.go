package slacksim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answer is the body of a successful call, without "ok".
type answer map[string]any

// refusal is Slack's error answer: its code and what else the body says.
type refusal struct {
	code string
	more answer
}

func refuse(code string) *refusal { return &refusal{code: code} }

// request is a call that has passed authentication.
type request struct {
	app    *app
	params params
	base   string // "http://host", where this client reached us
}

// method is one Web API method. run is called with mu held.
type method struct {
	scope          string // of the bot token; "" asks for none
	privateScope   string // instead of scope, if the call names a private channel
	appToken       bool   // takes the app-level token, not the bot's
	rate           Rate
	ratePerChannel bool
	run            func(*Workspace, *request) (answer, *refusal)
}

// methods is what the workspace answers to. Scopes and tiers are those of each method's page on docs.slack.dev.
func methods() map[string]method {
	return map[string]method{
		"auth.test":             {run: (*Workspace).authTest},
		"apps.connections.open": {appToken: true, rate: tier2(), run: (*Workspace).openConnection},
		"chat.postMessage":      {scope: "chat:write", rate: perChannel(), ratePerChannel: true, run: (*Workspace).chatPost},
		"chat.postEphemeral":    {scope: "chat:write", rate: tier4(), run: (*Workspace).chatEphemeral},
		"chat.update":           {scope: "chat:write", rate: tier3(), run: (*Workspace).chatUpdate},
		"chat.delete":           {scope: "chat:write", rate: tier3(), run: (*Workspace).chatDelete},
		"conversations.info":    {scope: "channels:read", privateScope: "groups:read", rate: tier3(), run: (*Workspace).conversationInfo},
		"conversations.members": {scope: "channels:read", privateScope: "groups:read", rate: tier4(), run: (*Workspace).conversationMembers},
		"conversations.history": {scope: "channels:history", privateScope: "groups:history", rate: tier3(), run: (*Workspace).conversationHistory},
		"conversations.replies": {scope: "channels:history", privateScope: "groups:history", rate: tier3(), run: (*Workspace).conversationReplies},
		"views.open":            {rate: tier4(), run: (*Workspace).viewOpen},
		"views.push":            {rate: tier4(), run: (*Workspace).viewPush},
		"views.update":          {rate: tier4(), run: (*Workspace).viewUpdate},
		"views.publish":         {rate: tier4(), run: (*Workspace).viewPublish},
		"bots.info":             {scope: "users:read", rate: tier3(), run: (*Workspace).botInfo},
		"users.info":            {scope: "users:read", rate: tier4(), run: (*Workspace).userInfo},
		"users.list":            {scope: "users:read", rate: tier2(), run: (*Workspace).userList},
		"usergroups.list":       {scope: "usergroups:read", rate: tier2(), run: (*Workspace).groupList},
		"usergroups.users.list": {scope: "usergroups:read", rate: tier2(), run: (*Workspace).groupUsers},
		"reactions.add":         {scope: "reactions:write", rate: tier3(), run: (*Workspace).reactionAdd},

		"files.getUploadURLExternal":   {scope: "files:write", rate: tier4(), run: (*Workspace).fileUploadURL},
		"files.completeUploadExternal": {scope: "files:write", rate: tier4(), run: (*Workspace).fileComplete},
	}
}

func (w *Workspace) serveAPI(rw http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	r.Body = http.MaxBytesReader(rw, r.Body, maxBody)
	p, refused := readParams(r)
	if p == nil {
		p = params{}
	}
	lost := w.suffer(rw, r, name, p)
	if lost == done {
		return
	}
	w.mu.Lock()
	body, after := answer(nil), 0
	if refused == nil {
		body, after, refused = w.call(rw, r, name, p)
	}
	outcome := "ok"
	if refused != nil {
		outcome = refused.code
	}
	w.record(name, p, lost.prefix()+outcome)
	w.mu.Unlock()

	switch {
	case lost == cut:
		panic(http.ErrAbortHandler) // the server closes the connection without an answer
	case lost == garbled:
		rw.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = rw.Write([]byte(`{"ok":true,"mess`))
	case refused != nil:
		writeRefusal(rw, refused, after)
	default:
		body["ok"] = true
		writeJSON(rw, http.StatusOK, body)
	}
}

// call authenticates, checks scope and rate, and runs the method. after is the Retry-After of a refused rate, in
// seconds. The caller holds mu.
func (w *Workspace) call(rw http.ResponseWriter, r *http.Request, name string, p params) (body answer, after int, refused *refusal) {
	m, known := w.methods[name]
	if !known {
		return nil, 0, &refusal{"unknown_method", answer{"req_method": name}}
	}
	a, refused := w.authenticate(p["token"], m, name)
	if refused != nil {
		return nil, 0, refused
	}
	req := &request{app: a, params: p, base: baseOf(r)}
	needed := m.scope
	if room, ok := w.channels[p["channel"]]; ok && room.Private && m.privateScope != "" {
		needed = m.privateScope
	}
	if !m.appToken {
		rw.Header().Set("X-OAuth-Scopes", strings.Join(a.Scopes, ","))
		rw.Header().Set("X-Accepted-OAuth-Scopes", needed)
	}
	if needed != "" && !slices.Contains(a.Scopes, needed) {
		return nil, 0, &refusal{"missing_scope", answer{"needed": needed, "provided": strings.Join(a.Scopes, ",")}}
	}
	if after := w.overRate(name, m, req); after > 0 {
		return nil, after, refuse("ratelimited")
	}
	body, refused = m.run(w, req)
	return body, 0, refused
}

func (w *Workspace) authenticate(token string, m method, name string) (*app, *refusal) {
	if token == "" {
		return nil, refuse("not_authed")
	}
	for _, a := range w.apps {
		switch {
		case token == a.AppToken && (m.appToken || name == "auth.test"):
			return a, nil
		case token == a.BotToken && !m.appToken:
			return a, nil
		case token == a.BotToken || token == a.AppToken:
			return nil, refuse("not_allowed_token_type")
		}
	}
	return nil, refuse("invalid_auth")
}

// loss is what a mishap leaves of a call.
type loss int

const (
	none    loss = iota
	done         // answered already: the call must not run
	cut          // run, then close the connection
	garbled      // run, then answer with something broken
)

func (l loss) prefix() string {
	return map[loss]string{cut: "cut after: ", garbled: "garbled: "}[l]
}

// suffer lets the outage and the injected faults happen to a call, and says what is left of it.
func (w *Workspace) suffer(rw http.ResponseWriter, r *http.Request, on string, p params) loss {
	w.mu.Lock()
	out := w.outage || w.closed
	var hit *Injection
	if out {
		w.record(on, p, "cut before")
	} else {
		visible := maps.Clone(map[string]string(p))
		delete(visible, "token")
		hit = w.mishap(on, false, Call{Method: on, Params: visible, At: w.opt.Now()})
	}
	w.mu.Unlock()
	if out {
		panic(http.ErrAbortHandler)
	}
	if hit == nil {
		return none
	}
	note := func(outcome string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.record(on, p, outcome)
	}
	switch f := hit.fault; f.Do {
	case Refuse:
		note(f.Code)
		writeRefusal(rw, refuse(f.Code), 0)
	case ServerError:
		setDefault(&f.Status, http.StatusInternalServerError)
		note(fmt.Sprintf("http %d", f.Status))
		http.Error(rw, "<html><body>Server Error</body></html>", f.Status)
	case RateLimited:
		note("ratelimited")
		writeRefusal(rw, refuse("ratelimited"), hit.retryAfter(w.opt.Now()))
	case CutBefore:
		note("cut before")
		panic(http.ErrAbortHandler)
	case CutAfter:
		return cut
	case Garble:
		return garbled
	case Hang:
		if !w.hang(r.Context(), hit) {
			note("hung")
			panic(http.ErrAbortHandler)
		}
		return none
	}
	return done
}

// hang waits until the fault is over. It answers false if the client or the workspace went away first.
func (w *Workspace) hang(ctx context.Context, hit *Injection) bool {
	var over <-chan time.Time
	if d, ok := hit.remaining(w.opt.Now()); ok {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-hit.lifted:
	case <-over:
	case <-ctx.Done():
		return false
	case <-w.ctx.Done():
		return false
	}
	return true
}

func writeRefusal(rw http.ResponseWriter, refused *refusal, after int) {
	body := answer{"ok": false, "error": refused.code}
	maps.Copy(body, refused.more)
	status := http.StatusOK // Slack refuses with 200, save for rates
	if refused.code == "ratelimited" {
		rw.Header().Set("Retry-After", strconv.Itoa(max(1, after)))
		status = http.StatusTooManyRequests
	}
	writeJSON(rw, status, body)
}

func writeJSON(rw http.ResponseWriter, status int, body any) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(out.Bytes()) // a client that went away needs no answer
}

// baseOf is the address under which this client reached us.
func baseOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
