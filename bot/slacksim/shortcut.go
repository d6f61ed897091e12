package slacksim

import (
	"context"
	"fmt"
	"slices"
)

// Shortcut is an entry that an app adds to the menu of every message.
type Shortcut struct {
	CallbackID string `json:"callback_id"`
	Name       string `json:"name"`
}

// UseShortcut chooses a message shortcut from a message's menu and waits for the acknowledgement. Every message has
// the menu but ephemeral and deleted ones, whoever wrote it. The errors are those of [Workspace.Click].
func (w *Workspace) UseShortcut(ctx context.Context, userID, channelID, ts, callbackID string) error {
	wrap := func(err error) error { return fmt.Errorf("using the shortcut %q: %w", callbackID, err) }
	w.mu.Lock()
	u, r, err := w.at(userID, channelID)
	if err != nil {
		w.mu.Unlock()
		return wrap(err)
	}
	m, a := r.find(ts), w.appOfShortcut(callbackID)
	if m == nil || m.Subtype == tombstone || a == nil || !slices.Contains(a.Scopes, "commands") {
		w.mu.Unlock()
		return wrap(fmt.Errorf("%w: there is no such message, or no such shortcut", ErrNotShown))
	}
	w.mu.Unlock()
	_, err = w.deliver(ctx, a, envelope{kind: interactive, what: "message_action", payload: func(base string) any {
		return w.shortcutPayload(a, u, r, m, callbackID, base)
	}})
	if err != nil {
		return wrap(err)
	}
	return nil
}

// shortcutPayload is docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload, of a message
// shortcut. The caller holds mu.
func (w *Workspace) shortcutPayload(a *app, u *User, r *room, m *Message, callbackID, base string) any {
	payload := w.interaction("message_action", a, u)
	payload["callback_id"], payload["action_ts"] = callbackID, w.stamp()
	payload["trigger_id"] = w.newTrigger(a, u.ID, nil)
	payload["channel"] = map[string]any{"id": r.ID, "name": r.Name}
	payload["message_ts"], payload["message"] = m.TS, w.wire(m, false)
	payload["response_url"] = base + w.newResponse(&responseURL{app: a, channel: r.ID, user: u.ID})
	return payload
}

func (w *Workspace) appOfShortcut(callbackID string) *app {
	for _, a := range w.apps {
		if slices.ContainsFunc(a.Shortcuts, func(s Shortcut) bool { return s.CallbackID == callbackID }) {
			return a
		}
	}
	return nil
}
