package slacksim

import (
	"context"
	"errors"
	"net/http"
)

// formRequest is what a page asks for of a view: view names it, or is "" for the form on top.
type formRequest struct {
	User       string   `json:"user"`
	View       string   `json:"view"`
	BlockID    string   `json:"block_id"`
	ActionID   string   `json:"action_id"`
	Values     []string `json:"values"`      // to fill in, as in Workspace.Fill
	All        bool     `json:"all"`         // to close the whole modal
	Channel    string   `json:"channel"`     // of a shortcut
	TS         string   `json:"ts"`          // of a shortcut
	CallbackID string   `json:"callback_id"` // of a shortcut
}

// formActs are the posts about views, by the end of their path.
func (w *Workspace) formActs() map[string]func(context.Context, formRequest) error {
	return map[string]func(context.Context, formRequest) error{
		"home": func(ctx context.Context, in formRequest) error { return w.OpenHome(ctx, in.User) },
		"view/fill": func(ctx context.Context, in formRequest) error {
			return w.fill(ctx, in.User, in.View, in.ActionID, []Pick{InBlock(in.BlockID)}, in.Values)
		},
		"view/click": func(ctx context.Context, in formRequest) error {
			return w.ClickIn(ctx, in.User, in.View, in.ActionID, InBlock(in.BlockID))
		},
		"view/submit": func(ctx context.Context, in formRequest) error {
			sent, err := w.Submit(ctx, in.User, in.View)
			if err == nil && sent.Failure != "" {
				err = errors.New(sent.Failure)
			}
			return err
		},
		"view/close": func(ctx context.Context, in formRequest) error {
			if in.All {
				return w.DismissAll(ctx, in.User, in.View)
			}
			return w.Dismiss(ctx, in.User, in.View)
		},
		"shortcut": func(ctx context.Context, in formRequest) error {
			return w.UseShortcut(ctx, in.User, in.Channel, in.TS, in.CallbackID)
		},
	}
}

func (w *Workspace) routeForms(mux *http.ServeMux) {
	for path, act := range w.formActs() {
		mux.HandleFunc("POST /slack/"+path, func(rw http.ResponseWriter, r *http.Request) {
			var in formRequest
			if readJSON(rw, r, &in) {
				writeDone(rw, act(r.Context(), in))
			}
		})
	}
	mux.HandleFunc("GET /slack/files/{id}/{name}", w.serveFile)
}

// formState is what the page's state tells of views: open modals and home tabs by user, and the entries of messages'
// menus. The caller holds mu.
func (w *Workspace) formState() map[string]any {
	modals, homes, shortcuts := map[string][]Surface{}, map[string]Surface{}, []Shortcut{}
	for user, stack := range w.modals {
		if len(stack) > 0 {
			modals[user] = surfaces(stack)
		}
	}
	for _, a := range w.apps {
		shortcuts = append(shortcuts, a.Shortcuts...)
	}
	home := ""
	if a := w.appWithHome(); a != nil {
		home = a.Name
		for key, v := range w.homes {
			if key.app == a.AppID {
				homes[key.user] = v.surface()
			}
		}
	}
	return map[string]any{"modals": modals, "homes": homes, "home_app": home, "shortcuts": shortcuts}
}
