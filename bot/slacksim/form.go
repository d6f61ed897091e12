package slacksim

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrIncomplete says that Slack's client does not send a form, since a field is not filled in as it must be.
var ErrIncomplete = errors.New("the form is not complete")

// Fill fills a field of a view that the user has open: the top one of the modal if viewID is "", else the one with
// this id, such as the home tab's. field is the block id or the action id. A text field takes one text, a select or
// radio buttons one option by its value or label, checkboxes any number, pickers YYYY-MM-DD, HH:mm, or seconds since
// 1970; no value empties the field. What Slack's client would not take is refused. A field that tells the app of its
// changes (outside of an input block, or with dispatch_action) does so, and Fill waits for the acknowledgement, with
// the errors of [Workspace.Click]; Enter is counted as pressed.
func (w *Workspace) Fill(ctx context.Context, userID, viewID, field string, values ...string) error {
	return w.fill(ctx, userID, viewID, field, nil, values)
}

func (w *Workspace) fill(ctx context.Context, userID, viewID, field string, picks []Pick, values []string) error {
	wrap := func(err error) error { return fmt.Errorf("filling %q: %w", field, err) }
	w.mu.Lock()
	v, err := w.seen(userID, viewID)
	if err != nil {
		w.mu.Unlock()
		return wrap(err)
	}
	e, err := v.find(field, picks, element.holds)
	if err == nil && v.sending {
		err = errors.New("the form is being sent")
	}
	var value fieldValue
	if err == nil {
		value, err = e.enter(values)
	}
	if err != nil {
		w.mu.Unlock()
		return wrap(err)
	}
	v.set(e, value)
	delete(v.errors, e.blockID)
	w.tellView(v)
	w.mu.Unlock()
	if !e.tells() {
		return nil
	}
	return w.actIn(ctx, v, e, value)
}

// ClickIn presses a button of a view that the user has open, and waits for the acknowledgement. viewID is as in
// [Workspace.Fill]; the button is found, and the errors are, as in [Workspace.Click].
func (w *Workspace) ClickIn(ctx context.Context, userID, viewID, actionID string, picks ...Pick) error {
	w.mu.Lock()
	v, err := w.seen(userID, viewID)
	var e element
	if err == nil {
		e, err = v.find(actionID, picks, func(e element) bool { return e.kind == "button" })
	}
	w.mu.Unlock()
	if err != nil {
		return fmt.Errorf("clicking %q: %w", actionID, err)
	}
	return w.actIn(ctx, v, e, nil)
}

// seen answers a view that the user has before them. The caller holds mu.
func (w *Workspace) seen(userID, viewID string) (*view, error) {
	stack := w.modals[userID]
	switch {
	case w.users[userID] == nil:
		return nil, fmt.Errorf("there is no user %q", userID)
	case w.outage:
		return nil, ErrOutage
	case len(stack) > 0 && (viewID == "" || stack[len(stack)-1].id == viewID):
		return stack[len(stack)-1], nil
	case viewID == "":
		return nil, fmt.Errorf("%w: no form is open", ErrNotShown)
	}
	for _, v := range w.homes {
		if v.user == userID && v.id == viewID {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%w: view %s is not before %s", ErrNotShown, viewID, userID)
}

// find answers the one element that is meant by its block id or action id (any if ""), and by picks.
func (v *view) find(id string, picks []Pick, kind func(element) bool) (element, error) {
	var fit []element
	var shown []string
	for _, e := range v.elements() {
		if !kind(e) {
			continue
		}
		shown = append(shown, e.blockID+"/"+e.actionID)
		m := map[string]any{"block_id": e.blockID}
		for key, value := range e.m {
			m[key] = value
		}
		if (id == "" || id == e.actionID || id == e.blockID) && allow(m, picks) {
			fit = append(fit, e)
		}
	}
	switch len(fit) {
	case 0:
		return element{}, fmt.Errorf("%w; shown are: %s", ErrNotShown, strings.Join(shown, ", "))
	case 1:
		return fit[0], nil
	}
	return element{}, fmt.Errorf("%d elements fit; shown are: %s", len(fit), strings.Join(shown, ", "))
}

// actIn tells the app of a click or a choice in a view, and waits for the acknowledgement.
func (w *Workspace) actIn(ctx context.Context, v *view, e element, value fieldValue) error {
	_, err := w.deliver(ctx, v.app, envelope{kind: interactive, what: "block_actions", payload: func(string) any {
		return w.actionPayload(v, e, value)
	}})
	if err != nil {
		return fmt.Errorf("clicking %q: %w", e.actionID, err)
	}
	return nil
}

// actionPayload is docs.slack.dev/reference/interaction-payloads/block_actions-payload, of a view: it has no channel
// and no response URL. The caller holds mu.
func (w *Workspace) actionPayload(v *view, e element, value fieldValue) any {
	action := map[string]any{"type": e.kind, "block_id": e.blockID, "action_id": e.actionID, "action_ts": w.stamp()}
	for _, key := range []string{"text", "value", "style", "placeholder"} {
		if shown, ok := e.m[key]; ok {
			action[key] = shown
		}
	}
	for key, chosen := range value {
		action[key] = chosen
	}
	payload := w.interaction("block_actions", v.app, w.users[v.user])
	payload["trigger_id"] = w.newTrigger(v.app, v.user, v)
	payload["container"] = map[string]any{"type": "view", "view_id": v.id}
	payload["view"] = w.wireView(v, true)
	payload["actions"] = []any{action}
	return payload
}

// Dismiss closes the top view of the user's modal, as its close button does: the view below it is shown again, unless
// the view clears on close. The app is told if the view notifies on close.
func (w *Workspace) Dismiss(ctx context.Context, userID, viewID string) error {
	return w.dismiss(ctx, userID, viewID, false)
}

// DismissAll closes the user's modal with all its views, as the cross in its corner does.
func (w *Workspace) DismissAll(ctx context.Context, userID, viewID string) error {
	return w.dismiss(ctx, userID, viewID, true)
}

func (w *Workspace) dismiss(ctx context.Context, userID, viewID string, all bool) error {
	w.mu.Lock()
	v, err := w.seen(userID, viewID)
	if err == nil && v.kind != modalView {
		err = errors.New("a home tab cannot be closed")
	}
	if err != nil {
		w.mu.Unlock()
		return fmt.Errorf("closing the form: %w", err)
	}
	all = all || v.is("clear_on_close")
	gone := []*view{v}
	if all {
		gone = append([]*view{}, w.modals[userID]...)
	}
	var tell []any
	for _, x := range gone {
		if x.is("notify_on_close") {
			payload := w.interaction("view_closed", x.app, w.users[userID])
			payload["view"], payload["is_cleared"] = w.wireView(x, true), all
			tell = append(tell, payload)
		}
	}
	w.closeView(v, all)
	w.mu.Unlock()
	for _, payload := range tell {
		_, lost := w.deliver(ctx, v.app, envelope{kind: interactive, what: "view_closed", payload: func(string) any { return payload }})
		err = errors.Join(err, lost)
	}
	if err != nil {
		return fmt.Errorf("telling that the form was closed: %w", err)
	}
	return nil
}
