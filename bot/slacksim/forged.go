package slacksim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Forged is a form, or a home tab, that need not be open and may hold anything, as somebody sends it who talks to Slack's
// servers directly.
type Forged struct {
	ID       string            // of the view that it claims to be; "V0FORGED" if empty
	Callback string            // a home tab if empty
	Private  string            // private_metadata
	Values   map[string]string // by block id, each as if it were typed, whatever the field is
}

// SubmitForged sends a form as [Workspace.Submit] does, but one that need not be open, and whose fields need not be
// filled in. The answer's Errors are what the app would have beside the fields, whether the form has them or not; Failure
// and the errors are those of Submit. No view changes.
func (w *Workspace) SubmitForged(ctx context.Context, userID string, f Forged) (Sent, error) {
	wrap := func(err error) error { return fmt.Errorf("sending the form %q: %w", f.Callback, err) }
	v, err := w.forge(userID, f)
	if err != nil {
		return Sent{}, wrap(err)
	}
	payload, err := w.deliver(ctx, v.app, envelope{kind: interactive, what: "view_submission", accepts: true, payload: func(string) any {
		return w.submissionPayload(v)
	}})
	switch {
	case errors.Is(err, ErrNoClient):
		return Sent{Failure: "dispatch_failed"}, nil
	case errors.Is(err, ErrNotAcknowledged):
		return Sent{Failure: "operation_timeout"}, nil
	case err != nil:
		return Sent{}, wrap(err)
	}
	var ack struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
	}
	if len(payload) > 0 && json.Unmarshal(payload, &ack) != nil {
		return Sent{Failure: "invalid_response"}, nil
	}
	return Sent{Errors: ack.Errors, Closed: ack.Action == ""}, nil
}

// ClickInForged presses a button of a form or a home tab that need not be open, with any value, as
// [Workspace.ClickForged] does in a message.
func (w *Workspace) ClickInForged(ctx context.Context, userID string, f Forged, actionID, value string) error {
	v, err := w.forge(userID, f)
	if err != nil {
		return fmt.Errorf("clicking %q: %w", actionID, err)
	}
	return w.actIn(ctx, v, element{blockID: "forged", actionID: actionID, kind: "button", m: map[string]any{
		"text": map[string]any{"type": "plain_text", "text": "forged", "emoji": true}, "value": value,
	}}, nil)
}

// forge makes a view that nobody has before them.
func (w *Workspace) forge(userID string, f Forged) (*view, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.users[userID] == nil:
		return nil, fmt.Errorf("there is no user %q", userID)
	case len(w.apps) == 0:
		return nil, errors.New("there is no app")
	case w.outage:
		return nil, ErrOutage
	}
	setDefault(&f.ID, "V0FORGED")
	kind := modalView
	if f.Callback == "" {
		kind = homeView
	}
	v := &view{id: f.ID, root: f.ID, kind: kind, app: w.apps[0], user: userID, hash: "0.forged", values: map[string]map[string]fieldValue{}, body: map[string]any{
		"type": kind, "callback_id": f.Callback, "private_metadata": f.Private, "blocks": []any{},
		"title": map[string]any{"type": "plain_text", "text": "forged", "emoji": true}, "submit": nil, "close": nil,
	}}
	for block, text := range f.Values {
		v.values[block] = map[string]fieldValue{"forged": {"type": textInput, "value": text}}
	}
	return v, nil
}
