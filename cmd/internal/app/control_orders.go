package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"junban/bot"
	"junban/bot/card"
	"junban/deploy"
	"junban/deploy/engine"
)

// request asks for an operation, as a command in Slack would.
func (a *App) request(ctx context.Context, o Order, by string) (Receipt, error) {
	ask := deploy.Ask{
		Kind: deploy.Kind(o.Verb), Service: o.Service, Environment: o.Environment, Ref: o.Ref, On: o.On,
		Reason: o.Reason, Emergency: o.Emergency, Local: true,
	}
	if o.At != "" {
		at, err := bot.When(o.At, time.Now(), a.shelf.config().Zone)
		if err != nil {
			return Receipt{}, err
		}
		ask.At = at
	}
	if ask.Emergency {
		if err := a.mayBreakGlass(ctx, ask, by); err != nil {
			return Receipt{}, err
		}
	}
	op, err := a.desk.Request(ctx, engine.NewID(), ask, by)
	if err != nil {
		return Receipt{}, err
	}
	return receipt(op), nil
}

// mayBreakGlass refuses an emergency from somebody who could not approve one: it goes without an approval. Where the
// configuration asks nobody, it takes none away.
func (a *App) mayBreakGlass(ctx context.Context, ask deploy.Ask, by string) error {
	r, _, err := a.shelf.Request(ask)
	if err != nil || r.Rules.Approval.None {
		return err
	}
	person, err := a.people.Person(ctx, by, r.Rules.Approval.Allow)
	if err != nil {
		return fmt.Errorf("asking who %s is: %w", by, err)
	}
	switch {
	case person.Kind != deploy.Member:
		return &deploy.Refusal{Cause: deploy.Because(deploy.NotAMember, "kind", person.Kind)}
	case !person.In(r.Rules.Approval.Allow):
		return &deploy.Refusal{Cause: deploy.Because(deploy.NotAllowed, "list", "approve")}
	}
	return nil
}

// act does to an operation what a button or a word in Slack would.
func (a *App) act(ctx context.Context, o Order, by string) (Receipt, error) {
	op, err := a.find(ctx, o)
	if err != nil {
		return Receipt{}, err
	}
	act := deploy.Act{Verb: deploy.ActVerb(o.Verb), By: deploy.Person{ID: by}, Reason: o.Reason}
	switch {
	case o.RollBack:
		act.Verb = deploy.ActRollback
	case act.Verb == deploy.ActAbort && op.State.Rolling():
		act.Attempt = len(op.Aborts) + 1 // as seen now: two at the same moment are one
	}
	if op, err = a.desk.Act(ctx, op.ID, act); err != nil {
		return Receipt{}, err
	}
	return receipt(op), nil
}

// find is the one operation that is meant, by its id, its service, or because there is only one.
func (a *App) find(ctx context.Context, o Order) (deploy.Operation, error) {
	rows, err := a.desk.Unfinished(ctx)
	if err != nil {
		return deploy.Operation{}, err
	}
	var fit []deploy.Row
	for _, r := range rows {
		if o.Which == "" || string(r.Op) == o.Which || r.Service == o.Which {
			fit = append(fit, r)
		}
	}
	switch len(fit) {
	case 1:
		return a.desk.Operation(ctx, fit[0].Op)
	case 0:
		if o.Which != "" { // one that has ended is refused with what became of it
			if op, err := a.desk.Operation(ctx, deploy.ID(o.Which)); err == nil {
				return op, nil
			}
			return deploy.Operation{}, &Refused{Why: fmt.Sprintf("Nothing of the name %s runs or waits.", o.Which), Accept: "junban status", status: http.StatusNotFound}
		}
		return deploy.Operation{}, &Refused{Why: "Nothing runs or waits.", status: http.StatusNotFound}
	}
	var lines []string
	for _, r := range fit {
		lines = append(lines, fmt.Sprintf("junban %s %s   (%s)", o.Verb, r.Op, card.English().RowTitle(r)))
	}
	return deploy.Operation{}, &Refused{Why: "Which one?", Accept: strings.Join(lines, "\n"), status: http.StatusConflict}
}

// reload reads deploy.yaml again.
func (a *App) reload(ctx context.Context, _ Order, _ string) (Receipt, error) {
	warning, err := a.Reload(ctx)
	switch _, said := errors.AsType[*Refused](err); {
	case said:
		return Receipt{}, err
	case err != nil:
		return Receipt{}, &Refused{Why: "The file is not taken over, and the bot goes on with the old one:\n" + err.Error(), status: http.StatusUnprocessableEntity}
	}
	text := fmt.Sprintf("%s was read again; what has started goes on as it was approved.", a.path)
	return Receipt{Text: strings.TrimSpace(text + " " + warning)}, nil
}

// Progress is what an operation has come to since an event, for somebody who waits for its end.
type Progress struct {
	Operation deploy.Row `json:"operation"`
	Lines     []string   `json:"lines"` // of its thread, since then
}

// holdFor is how long a question after progress waits for some before it is answered with none.
const holdFor = 20 * time.Second

// follow answers GET /follow?op=ID&after=SEQ as soon as the operation has events after that one, or has finished.
func (a *App) follow(r *http.Request) (any, error) {
	ctx, id := r.Context(), deploy.ID(r.URL.Query().Get("op"))
	after, err := strconv.Atoi(r.URL.Query().Get("after"))
	if err != nil || after < 0 {
		return nil, &Refused{Why: "after is the number of an event, 0 for all of them.", status: http.StatusBadRequest}
	}
	patience := time.NewTimer(holdFor)
	defer patience.Stop()
	for {
		moved := a.moved.rung()
		events, err := a.desk.Events(ctx, id)
		if err != nil {
			return nil, err
		}
		p, err := a.progress(events, min(after, len(events)))
		if err != nil || len(events) > after || p.Operation.State.Finished() {
			return p, err
		}
		select {
		case <-ctx.Done():
			return nil, &Refused{Why: "The bot is ending.", status: http.StatusServiceUnavailable}
		case <-patience.C:
			return p, nil
		case <-moved:
		}
	}
}

// progress tells of the events after one what the thread tells of them.
func (a *App) progress(events []deploy.Event, after int) (Progress, error) {
	story := a.shelf.voice.NewStory().Steps()
	for n, e := range events {
		if err := story.Add(e); err != nil {
			return Progress{}, err
		}
		if n < after {
			story.Told()
		}
	}
	p := Progress{Operation: story.Operation().Row(), Lines: []string{}}
	if m, ok := story.Message(); ok {
		for line := range strings.SplitSeq(m.Plain(), "\n") {
			p.Lines = append(p.Lines, strings.TrimRight(line, " "))
		}
	}
	return p, nil
}
