package slacksim

// viewOpen opens a modal, in place of one that is open. The trigger is used up only if all else is right.
func (w *Workspace) viewOpen(req *request) (answer, *refusal) {
	body, t, refused := w.viewAndTrigger(req)
	if refused != nil {
		return nil, refused
	}
	t.used = true
	v := w.newView(req.app, t.user, modalView, body)
	w.modals[t.user] = []*view{v}
	w.tellModals(t.user)
	return answer{"view": w.wireView(v, false)}, nil
}

// viewPush lays a view on the modal in which the person acted.
func (w *Workspace) viewPush(req *request) (answer, *refusal) {
	body, t, refused := w.viewAndTrigger(req)
	switch {
	case refused != nil:
		return nil, refused
	case t.from == nil || !w.stacked(t.from):
		return nil, refuse("not_found")
	case len(w.modals[t.user]) >= maxStack:
		return nil, refuse("push_limit_reached")
	}
	t.used = true
	v := w.newView(req.app, t.user, modalView, body)
	w.push(v, t.from)
	return answer{"view": w.wireView(v, false)}, nil
}

func (w *Workspace) viewAndTrigger(req *request) (map[string]any, *trigger, *refusal) {
	body, refused := checkView(req.params["view"], modalView)
	if refused != nil {
		return nil, nil, refused
	}
	t, refused := w.triggerOf(req)
	if refused != nil {
		return nil, nil, refused
	}
	if w.externalTaken(req.app, body, nil) {
		return nil, nil, refuse("duplicate_external_id")
	}
	return body, t, nil
}

// externalTaken says whether another view of the app has the external id that a body wants. The caller holds mu.
func (w *Workspace) externalTaken(a *app, body map[string]any, own *view) bool {
	wanted, _ := body["external_id"].(string)
	other := w.viewOf(a, "", wanted)
	return other != nil && other != own
}

// viewUpdate redraws a view that is open. A hash that is not its latest refuses it.
func (w *Workspace) viewUpdate(req *request) (answer, *refusal) {
	p := req.params
	if p["view_id"] == "" && p["external_id"] == "" {
		return nil, invalidArguments("must provide view_id or external_id [json-pointer:]")
	}
	v := w.viewOf(req.app, p["view_id"], p["external_id"])
	if v == nil {
		return nil, refuse("not_found")
	}
	body, refused := checkView(p["view"], v.kind)
	switch {
	case refused != nil:
		return nil, refused
	case p["hash"] != "" && p["hash"] != v.hash:
		return nil, refuse("hash_conflict")
	case w.externalTaken(req.app, body, v):
		return nil, refuse("duplicate_external_id")
	}
	w.draw(v, body)
	w.tellView(v)
	return answer{"view": w.wireView(v, false)}, nil
}

// viewPublish replaces a person's home tab; its view keeps its id.
func (w *Workspace) viewPublish(req *request) (answer, *refusal) {
	p := req.params
	if w.users[p["user_id"]] == nil {
		return nil, invalidArguments("invalid `user_id`") // views.publish shows this one without a pointer
	}
	body, refused := checkView(p["view"], homeView)
	if refused != nil {
		return nil, refused
	}
	key := homeOf{req.app.AppID, p["user_id"]}
	v, known := w.homes[key]
	switch {
	case !req.app.HomeTab:
		return nil, refuse("not_enabled")
	case p["hash"] != "" && (!known || p["hash"] != v.hash):
		return nil, refuse("hash_conflict")
	case w.externalTaken(req.app, body, v):
		return nil, refuse("duplicate_external_id")
	}
	if known {
		w.draw(v, body)
	} else {
		v = w.newView(req.app, p["user_id"], homeView, body)
		w.homes[key] = v
	}
	w.tellView(v)
	return answer{"view": w.wireView(v, false)}, nil
}
