package slacksim

import (
	"crypto/rand"
	"fmt"
	"maps"
	"regexp"
	"time"
)

// triggerKept is how long the workspace remembers a trigger, to say that it has expired.
const triggerKept = time.Hour

// triggerPattern is the form of a trigger_id that the Web API asks for, before it looks which one it is.
var triggerPattern = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9a-f]+$`)

// trigger is an act of a person that lets the app open one view for them, once and soon
// (docs.slack.dev/interactivity/handling-user-interaction#modal_responses).
type trigger struct {
	app   *app
	user  string
	from  *view // the view in which the act was, or nil
	until time.Time
	used  bool
}

// newTrigger makes the trigger_id of an act. The caller holds mu.
func (w *Workspace) newTrigger(a *app, user string, from *view) string {
	now := w.opt.Now()
	maps.DeleteFunc(w.triggers, func(_ string, t *trigger) bool { return now.Sub(t.until) > triggerKept })
	var secret [16]byte
	_, _ = rand.Read(secret[:]) // never fails
	id := fmt.Sprintf("%d.%d.%x", now.UnixMilli(), 4_700_000_000_000, secret)
	w.triggers[id] = &trigger{app: a, user: user, from: from, until: now.Add(w.opt.TriggerLife)}
	return id
}

// triggerOf answers the trigger that a call names, if it is still good. It is not used up yet. The caller holds mu.
func (w *Workspace) triggerOf(req *request) (*trigger, *refusal) {
	id := req.params["trigger_id"]
	t := w.triggers[id]
	switch {
	case !triggerPattern.MatchString(id):
		return nil, invalidArguments("invalid `trigger_id` [json-pointer:/trigger_id]")
	case t == nil || t.app != req.app:
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case w.opt.TriggerLife >= 0 && w.opt.Now().After(t.until):
		return nil, refuse("expired_trigger_id")
	}
	return t, nil
}

// invalidArguments refuses a call and says why, as Slack does (slack-go issue 805).
func invalidArguments(problems ...string) *refusal {
	messages := make([]string, 0, len(problems))
	for _, problem := range problems {
		messages = append(messages, "[ERROR] "+problem)
	}
	return &refusal{"invalid_arguments", answer{"response_metadata": answer{"messages": messages}}}
}
