package slacksim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ErrNotShown says that nobody can click this: the message or the button is not there.
var ErrNotShown = errors.New("no such button is shown")

// Pick narrows down which button a click means.
type Pick func(button map[string]any) bool

// InBlock means the button of this block.
func InBlock(id string) Pick {
	return func(b map[string]any) bool { return id == "" || b["block_id"] == id }
}

// WithValue means the button that carries this value.
func WithValue(value string) Pick {
	return func(b map[string]any) bool { v, _ := b["value"].(string); return v == value }
}

// WithText means the button with this label.
func WithText(label string) Pick {
	return func(b map[string]any) bool { return labelOf(b) == label }
}

// Click presses a button of a message (or of the user's own ephemeral message) and waits for the acknowledgement.
// The button is found in the message's JSON by its action id (any if ""), so what is not shown cannot be clicked;
// if several fit, picks must tell them apart. A confirmation dialog counts as confirmed. The errors are ErrNotShown,
// ErrNoClient, ErrNotAcknowledged and ErrOutage, wrapped. A deleted user may click, as in Command.
func (w *Workspace) Click(ctx context.Context, userID, channelID, ts, actionID string, picks ...Pick) error {
	w.mu.Lock()
	p, a, err := w.aim(userID, channelID, ts, actionID, picks)
	u := w.users[userID]
	w.mu.Unlock()
	if err != nil {
		return fmt.Errorf("clicking %q: %w", actionID, err)
	}
	return w.press(ctx, a, u, p)
}

// ClickForged sends the click of a button that need not exist, with any value, as somebody does who talks to
// Slack's servers directly, or whose screen is old.
func (w *Workspace) ClickForged(ctx context.Context, userID, channelID, ts, actionID, value string) error {
	w.mu.Lock()
	u, r, err := w.at(userID, channelID)
	if err == nil && len(w.apps) == 0 {
		err = errors.New("there is no app")
	}
	if err != nil {
		w.mu.Unlock()
		return fmt.Errorf("clicking %q: %w", actionID, err)
	}
	p := press{message: r.find(ts), channel: r, ts: ts, action: map[string]any{
		"type": "button", "action_id": actionID, "block_id": "forged", "value": value,
		"text": map[string]any{"type": "plain_text", "text": "forged", "emoji": true},
	}}
	a := w.apps[0]
	if p.message != nil && p.message.app != nil {
		a = p.message.app
	}
	w.mu.Unlock()
	return w.press(ctx, a, u, p)
}

func (w *Workspace) press(ctx context.Context, a *app, u *User, p press) error {
	_, err := w.deliver(ctx, a, envelope{kind: interactive, what: "block_actions", payload: func(base string) any {
		return w.clickPayload(a, u, p, base)
	}})
	if err != nil {
		return fmt.Errorf("clicking %q: %w", p.action["action_id"], err)
	}
	return nil
}

// aim finds the button that a click means. The caller holds mu.
func (w *Workspace) aim(userID, channelID, ts, actionID string, picks []Pick) (press, *app, error) {
	_, r, err := w.at(userID, channelID)
	if err != nil {
		return press{}, nil, err
	}
	m := r.find(ts)
	for _, own := range w.ephemerals[userID] {
		if own.TS == ts && own.Channel == channelID {
			m = own
		}
	}
	if m == nil || m.app == nil {
		return press{}, nil, fmt.Errorf("%w: there is no message of an app at %s", ErrNotShown, ts)
	}
	var fit []press
	var shown []string
	for _, b := range buttonsOf(m) {
		shown = append(shown, fmt.Sprintf("%s=%q", b.action["action_id"], labelOf(b.action)))
		if actionID == "" || b.action["action_id"] == actionID {
			if allow(b.action, picks) {
				b.message, b.channel, b.ts = m, r, ts
				fit = append(fit, b)
			}
		}
	}
	switch len(fit) {
	case 0:
		return press{}, nil, fmt.Errorf("%w; shown are: %s", ErrNotShown, strings.Join(shown, ", "))
	case 1:
		return fit[0], m.app, nil
	}
	return press{}, nil, fmt.Errorf("%d buttons fit; shown are: %s", len(fit), strings.Join(shown, ", "))
}

func allow(button map[string]any, picks []Pick) bool {
	for _, pick := range picks {
		if !pick(button) {
			return false
		}
	}
	return true
}

// buttonsOf lists a message's buttons, in its blocks and in those of its attachments, each with its block_id.
func buttonsOf(m *Message) []press {
	var out []press
	collect := func(attachment int, blocks []block) {
		for _, b := range blocks {
			for _, element := range append(b.Elements, b.Accessory) {
				var button map[string]any
				if json.Unmarshal(element, &button) == nil && button["type"] == "button" {
					button["block_id"] = b.BlockID
					out = append(out, press{attachment: attachment, action: button})
				}
			}
		}
	}
	collect(0, decodeBlocks(m.Blocks))
	for _, a := range decodeAttachments(m.Attachments) {
		collect(a.ID, a.Blocks)
	}
	return out
}

func labelOf(button map[string]any) string {
	text, _ := button["text"].(map[string]any)
	label, _ := text["text"].(string)
	return label
}
