package slacksim

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
)

// maxStack is how many views of a modal may lie on each other (docs.slack.dev/surfaces/modals).
const maxStack = 3

// view is a view of a modal, or a person's home tab.
type view struct {
	id     string
	kind   string // modalView or homeView
	app    *app
	user   string
	body   map[string]any // as the app sent it, with the ids that Slack fills in
	hash   string
	root   string // the id of the first view of its modal; its own, if it is the first
	before string // the id of the view below it, or ""

	values  map[string]map[string]fieldValue // what is filled in, by block and action id
	errors  map[string]string                // shown beside the fields, by block id
	trouble string                           // shown above them
	sending bool                             // waits for the answer to its submission
}

// homeOf names a person's home tab in one app.
type homeOf struct{ app, user string }

// Surface is a view as the person sees it who has it open: a form (a modal) or a home tab.
type Surface struct {
	ID              string                           `json:"id"`
	Type            string                           `json:"type"` // "modal" or "home"
	User            string                           `json:"user"`
	AppID           string                           `json:"app_id"`
	Hash            string                           `json:"hash"`
	CallbackID      string                           `json:"callback_id"`
	ExternalID      string                           `json:"external_id,omitempty"`
	PrivateMetadata string                           `json:"private_metadata"`
	Title           string                           `json:"title,omitempty"`
	Submit          string                           `json:"submit,omitempty"` // the label of the button; "" if there is none
	Close           string                           `json:"close,omitempty"`
	Blocks          json.RawMessage                  `json:"blocks"`
	Values          map[string]map[string]fieldValue `json:"values"`            // as view.state.values has them
	Errors          map[string]string                `json:"errors,omitempty"`  // beside the fields, by block id
	Trouble         string                           `json:"trouble,omitempty"` // Slack's own complaint
}

// Text renders the view as plain text, as [Text] does a message: title, blocks with their fields, errors.
func (s Surface) Text() string {
	return surfaceText(s)
}

// newView makes a view of what checkView has accepted. The caller holds mu.
func (w *Workspace) newView(a *app, user, kind string, body map[string]any) *view {
	v := &view{id: "V" + rand.Text()[:10], kind: kind, app: a, user: user}
	v.root = v.id
	w.draw(v, body)
	return v
}

// draw gives a view its content. What a person has filled in stays where block id, action id and kind of field are
// the same (docs.slack.dev/surfaces/modals#updating_views). The caller holds mu.
func (w *Workspace) draw(v *view, body map[string]any) {
	v.body, v.hash = body, fmt.Sprintf("%d.%s", w.opt.Now().Unix(), rand.Text()[:8])
	v.errors, v.trouble = nil, ""
	old := v.values
	v.values = map[string]map[string]fieldValue{}
	for _, e := range v.elements() {
		if !e.holds() {
			continue
		}
		value, known := old[e.blockID][e.actionID]
		if !known || !e.keeps(value) {
			value = e.initial()
		}
		v.set(e, value)
	}
}

func (v *view) set(e element, value fieldValue) {
	if v.values[e.blockID] == nil {
		v.values[e.blockID] = map[string]fieldValue{}
	}
	v.values[e.blockID][e.actionID] = value
}

func (v *view) str(key string) string { s, _ := v.body[key].(string); return s }

func (v *view) is(key string) bool { is, _ := v.body[key].(bool); return is }

func (v *view) label(key string) string {
	text, _ := v.body[key].(map[string]any)
	label, _ := text["text"].(string)
	return label
}

// surface is a copy for people. The caller holds mu.
func (v *view) surface() Surface {
	values := map[string]map[string]fieldValue{}
	for block, actions := range v.values {
		values[block] = map[string]fieldValue{}
		for action, value := range actions {
			values[block][action] = value
		}
	}
	errors := map[string]string{}
	for block, text := range v.errors {
		errors[block] = text
	}
	return Surface{
		ID: v.id, Type: v.kind, User: v.user, AppID: v.app.AppID, Hash: v.hash, CallbackID: v.str("callback_id"),
		ExternalID: v.str("external_id"), PrivateMetadata: v.str("private_metadata"),
		Title: v.label("title"), Submit: v.label("submit"), Close: v.label("close"),
		Blocks: encode(v.body["blocks"]), Values: values, Errors: errors, Trouble: v.trouble,
	}
}

// wireView is the view object of answers and payloads (docs.slack.dev/reference/interaction-payloads/
// view-interactions-payload); what is filled in goes to the app with payloads only. The caller holds mu.
func (w *Workspace) wireView(v *view, filled bool) map[string]any {
	values := any(map[string]any{})
	if filled {
		values = v.values
	}
	out := map[string]any{
		"id": v.id, "team_id": w.opt.TeamID, "type": v.kind, "blocks": v.body["blocks"],
		"private_metadata": v.str("private_metadata"), "callback_id": v.str("callback_id"), "external_id": v.str("external_id"),
		"state": map[string]any{"values": values}, "hash": v.hash,
		"title": v.body["title"], "submit": v.body["submit"], "close": v.body["close"],
		"clear_on_close": v.is("clear_on_close"), "notify_on_close": v.is("notify_on_close"),
		"root_view_id": v.root, "previous_view_id": nil,
		"app_id": v.app.AppID, "app_installed_team_id": w.opt.TeamID, "bot_id": v.app.botID,
	}
	if v.before != "" {
		out["previous_view_id"] = v.before
	}
	return out
}

// stacked says whether the view lies in its person's open modal. The caller holds mu.
func (w *Workspace) stacked(v *view) bool { return slices.Contains(w.modals[v.user], v) }

// push lays a view on another one. It answers false if the stack is full. The caller holds mu.
func (w *Workspace) push(v, below *view) bool {
	stack := w.modals[v.user]
	if len(stack) >= maxStack {
		return false
	}
	v.root, v.before = below.root, stack[len(stack)-1].id
	w.modals[v.user] = append(stack, v)
	w.tellModals(v.user)
	return true
}

// closeView takes one view out of its modal, or all of them. The caller holds mu.
func (w *Workspace) closeView(v *view, all bool) {
	w.modals[v.user] = slices.DeleteFunc(w.modals[v.user], func(x *view) bool { return all || x == v })
	w.tellModals(v.user)
}

// viewOf answers an app's open view by id, or by external id if the id is empty. The caller holds mu.
func (w *Workspace) viewOf(a *app, id, external string) *view {
	fits := func(v *view) bool {
		return v.app == a && (id != "" && v.id == id || id == "" && external != "" && v.str("external_id") == external)
	}
	for _, stack := range w.modals {
		if at := slices.IndexFunc(stack, fits); at >= 0 {
			return stack[at]
		}
	}
	for _, v := range w.homes {
		if fits(v) {
			return v
		}
	}
	return nil
}

// Modal answers the view that lies on top of a user's open modal; ok is false if none is open.
func (w *Workspace) Modal(user string) (s Surface, ok bool) {
	stack := w.Modals(user)
	if len(stack) == 0 {
		return Surface{}, false
	}
	return stack[len(stack)-1], true
}

// Modals lists the views of a user's open modal, the top one last.
func (w *Workspace) Modals(user string) []Surface {
	w.mu.Lock()
	defer w.mu.Unlock()
	return surfaces(w.modals[user])
}

// Home answers what a user's home tab shows of the app that has one; ok is false if nothing was published.
func (w *Workspace) Home(user string) (s Surface, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.appWithHome()
	if a == nil {
		return Surface{}, false
	}
	v, ok := w.homes[homeOf{a.AppID, user}]
	if !ok {
		return Surface{}, false
	}
	return v.surface(), true
}

func surfaces(stack []*view) []Surface {
	out := make([]Surface, 0, len(stack))
	for _, v := range stack {
		out = append(out, v.surface())
	}
	return out
}
