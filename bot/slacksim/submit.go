package slacksim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// trouble is what Slack's client says when it gets no usable answer to a form (bolt-js issue 554).
const trouble = "We had some trouble connecting. Try again?"

// Sent is what a person sees after sending a form.
type Sent struct {
	Errors  map[string]string `json:"errors,omitempty"`  // beside the fields, by block id: the form stays
	Failure string            `json:"failure,omitempty"` // Slack's own, the form stays: dispatch_failed, operation_timeout, invalid_response; or ""
	Closed  bool              `json:"closed"`            // no form is open any more
}

// Submit sends the form that the user has open (the top view of the modal; viewID says which, or is "") and waits for
// what the acknowledgement makes of it. Slack's client sends no form whose required fields are empty: ErrIncomplete.
// The other errors are ErrNotShown and ErrOutage, wrapped. No answer within the time, or one that Slack refuses, is
// in Sent.
func (w *Workspace) Submit(ctx context.Context, userID, viewID string) (Sent, error) {
	w.mu.Lock()
	v, err := w.sendable(userID, viewID)
	if err != nil {
		w.mu.Unlock()
		return Sent{}, fmt.Errorf("sending the form: %w", err)
	}
	v.sending, v.errors, v.trouble = true, nil, ""
	w.mu.Unlock()

	payload, err := w.deliver(ctx, v.app, envelope{kind: interactive, what: "view_submission", accepts: true, payload: func(string) any {
		return w.submissionPayload(v)
	}})

	w.mu.Lock()
	defer w.mu.Unlock()
	v.sending = false
	failure := ""
	switch {
	case errors.Is(err, ErrNoClient):
		failure = "dispatch_failed"
	case errors.Is(err, ErrNotAcknowledged):
		failure = "operation_timeout"
	case err != nil:
		return Sent{}, fmt.Errorf("sending the form: %w", err)
	case !w.stacked(v): // the app replaced it meanwhile
	case !w.react(v, payload):
		failure = "invalid_response"
	}
	if failure != "" {
		v.trouble = trouble
		w.tellView(v)
	}
	return Sent{Errors: v.surface().Errors, Failure: failure, Closed: len(w.modals[userID]) == 0}, nil
}

// sendable answers the form that the user can send. The caller holds mu.
func (w *Workspace) sendable(userID, viewID string) (*view, error) {
	v, err := w.seen(userID, viewID)
	switch {
	case err != nil:
		return nil, err
	case v.label("submit") == "":
		return nil, fmt.Errorf("%w: the view has no button that sends it", ErrNotShown)
	case v.sending:
		return nil, errors.New("it is being sent already")
	}
	v.errors = map[string]string{}
	var missing []string
	for _, e := range v.elements() {
		if text := e.missing(v.values[e.blockID][e.actionID]); text != "" {
			v.errors[e.blockID] = text
			missing = append(missing, e.blockID+": "+text)
		}
	}
	if missing != nil {
		w.tellView(v)
		return nil, fmt.Errorf("%w: %s", ErrIncomplete, strings.Join(missing, " "))
	}
	return v, nil
}

// submissionPayload is docs.slack.dev/reference/interaction-payloads/view-interactions-payload. There is no response
// URL: Slack gives one only with a conversation select that asks for it. The caller holds mu.
func (w *Workspace) submissionPayload(v *view) any {
	payload := w.interaction("view_submission", v.app, w.users[v.user])
	payload["trigger_id"] = w.newTrigger(v.app, v.user, v)
	payload["view"] = w.wireView(v, true)
	payload["response_urls"] = []any{}
	return payload
}

// react does with a form what the acknowledgement says (docs.slack.dev/surfaces/modals#response_actions): nothing
// closes it. It answers false for what Slack refuses. The caller holds mu.
func (w *Workspace) react(v *view, payload json.RawMessage) bool {
	var ack struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if text := strings.TrimSpace(string(payload)); text != "" && text != `""` && json.Unmarshal(payload, &ack) != nil {
		return false
	}
	switch ack.Action {
	case "":
		w.closeView(v, false)
	case "clear":
		w.closeView(v, true)
	case "errors":
		if !v.hasInputs(ack.Errors) {
			return false
		}
		v.errors = ack.Errors
		w.tellView(v)
	case "update", "push":
		body, refused := checkView(string(ack.View), modalView)
		own := v
		if ack.Action == "push" {
			own = nil
		}
		if refused != nil || w.externalTaken(v.app, body, own) {
			return false
		}
		if ack.Action == "push" {
			return w.push(w.newView(v.app, v.user, modalView, body), v)
		}
		w.draw(v, body)
		w.tellView(v)
	default:
		return false
	}
	return true
}

// hasInputs says whether there are errors, and each names an input block of the view: Slack shows no others.
func (v *view) hasInputs(errors map[string]string) bool {
	for id, text := range errors {
		if text == "" || !slices.ContainsFunc(v.elements(), func(e element) bool { return e.blockID == id && e.input != nil }) {
			return false
		}
	}
	return len(errors) > 0
}
