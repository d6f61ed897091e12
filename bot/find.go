package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"junban/bot/card"
	"junban/deploy"
	"junban/deploy/engine"
)

// typed are the acts on operations that can be typed. What is answered to whoever typed one is typed.<verb>.
var typed = map[string]deploy.ActVerb{
	"abort": deploy.ActAbort, "pause": deploy.ActPause, "resume": deploy.ActResume, "continue": deploy.ActContinue, "rollback": deploy.ActRollback,
}

// act does what was typed to the one operation that is meant.
func (b *Bot) act(ctx context.Context, e Envelope, c Command) error {
	op, err := b.find(ctx, e, c)
	if err != nil {
		return err
	}
	verb := typed[c.Verb]
	offer, ok := offered(op, verb)
	if !ok { // the desk says why not
		offer = deploy.Offer{Verb: verb}
		if verb == deploy.ActAbort && op.State.Rolling() {
			offer.Attempt = len(op.Aborts) + 1
		}
	}
	act := deploy.Act{ID: e.ID, Verb: offer.Verb, Attempt: offer.Attempt, By: deploy.Person{ID: e.User}, Reason: c.Reason}
	if _, err := b.Desk.Act(ctx, op.ID, act); err != nil {
		return err
	}
	b.whisper(ctx, e, card.Refusal(b.Voice.Say("typed."+c.Verb, "title", b.Voice.Title(op)), ""))
	b.Moved(op.ID)
	return nil
}

// offered finds an act on the whole operation among its offers. What nobody has approved yet is not aborted but
// withdrawn.
func offered(op deploy.Operation, verb deploy.ActVerb) (deploy.Offer, bool) {
	offers := deploy.Offers(op)
	for _, want := range []deploy.ActVerb{verb, deploy.ActWithdraw} {
		for _, f := range offers {
			if f.Verb == want && f.Lane == "" && (want == verb || verb == deploy.ActAbort && op.State == deploy.StateRequested) {
				return f, true
			}
		}
	}
	return deploy.Offer{}, false
}

// find finds the one operation that a typed act means: by its id, its service, its thread, or because it is the only
// one to which it can be done. An envelope that is worked on again means the same one as the first time.
func (b *Bot) find(ctx context.Context, e Envelope, c Command) (deploy.Operation, error) {
	var none deploy.Operation
	if known, ok, err := b.Memory.Get(ctx, askedTable, e.ID); err != nil {
		return none, fmt.Errorf("reading what was meant: %w", err)
	} else if ok {
		return b.Desk.Operation(ctx, deploy.ID(known))
	}
	rows, err := b.Desk.Unfinished(ctx)
	if err != nil {
		return none, err
	}
	if c.ID == "" {
		here, err := b.threadOf(ctx, e)
		if err != nil {
			return none, err
		}
		if here != "" {
			c.ID = string(here)
		}
	}
	fit := slices.DeleteFunc(rows, func(r deploy.Row) bool { return c.ID != "" && string(r.Op) != c.ID && r.Service != c.ID })
	op, err := b.only(ctx, c, fit)
	if err != nil {
		return none, err
	}
	_, err = b.meant(ctx, e, op.ID)
	return op, err
}

// only is the one of several operations to which the act can be done.
func (b *Bot) only(ctx context.Context, c Command, rows []deploy.Row) (deploy.Operation, error) {
	var fit, can []deploy.Operation
	for _, r := range rows {
		op, err := b.Desk.Operation(ctx, r.Op)
		if err != nil {
			return op, err
		}
		fit = append(fit, op)
		if _, ok := offered(op, typed[c.Verb]); ok {
			can = append(can, op)
		}
	}
	if len(can) > 0 {
		fit = can
	}
	switch len(fit) {
	case 0:
		return deploy.Operation{}, &engine.Mistake{What: deploy.Because("mistake.nothing_runs"), Accept: b.Slash + " status"}
	case 1:
		return fit[0], nil
	}
	var lines []string
	for _, op := range fit {
		lines = append(lines, fmt.Sprintf("%s %s %s   (%s)", b.Slash, c.Verb, op.ID, b.Voice.Title(op)))
	}
	return deploy.Operation{}, &engine.Mistake{What: deploy.Because("mistake.which_one"), Accept: strings.Join(lines, "\n")}
}

// rollback asks for a rollback; or, if what is named rolls just now, aborts it and rolls it back, since a request would
// only wait behind it.
func (b *Bot) rollback(ctx context.Context, e Envelope, c Command) error {
	if c.Ref != "" || c.Emergency {
		return b.request(ctx, e, c)
	}
	if known, ok, err := b.Memory.Get(ctx, askedTable, e.ID); err == nil && ok {
		if _, err := b.Desk.Operation(ctx, deploy.ID(known)); errors.Is(err, engine.ErrNotFound) {
			return b.request(ctx, e, c) // noted, and not recorded before the crash
		}
		return b.again(ctx, e, c, deploy.ID(known))
	}
	rows, err := b.Desk.Unfinished(ctx)
	if err != nil {
		return err
	}
	here, err := b.threadOf(ctx, e)
	if err != nil && c.Service == "" {
		return err
	}
	for _, r := range rows {
		byID := string(r.Op) == c.Service || c.Service == "" && r.Op == here
		if !byID && (r.Service != c.Service || c.Environment != "" && r.Environment != c.Environment) {
			continue
		}
		op, err := b.Desk.Operation(ctx, r.Op)
		if err != nil {
			return err
		}
		if _, can := offered(op, deploy.ActRollback); !byID && !can {
			continue
		}
		if !byID && r.Environment != c.Environment {
			return &engine.Mistake{What: deploy.Because("mistake.which_environment"), Accept: b.Slash + " rollback " + r.Service + " to " + r.Environment}
		}
		c.ID = string(r.Op)
		return b.act(ctx, e, c)
	}
	if c.Service == "" {
		return mistake(b.Slash, "rollback", "mistake.which_service")
	}
	return b.request(ctx, e, c)
}

// again works on a rollback that was begun before a crash: of the kind that it became then.
func (b *Bot) again(ctx context.Context, e Envelope, c Command, id deploy.ID) error {
	op, err := b.Desk.Operation(ctx, id)
	if err != nil {
		return err
	}
	if op.Plan.Kind == deploy.KindRollback && op.Plan.Service == c.Service && op.RequestedBy == e.User {
		return b.request(ctx, e, c)
	}
	return b.act(ctx, e, c)
}

// threadOf is the operation in whose thread an envelope was sent; "" if it was sent in none. A thread whose operation
// has ended is a mistake: another one is not meant.
func (b *Bot) threadOf(ctx context.Context, e Envelope) (deploy.ID, error) {
	if e.Thread == "" {
		return "", nil
	}
	rows, err := b.Desk.Unfinished(ctx)
	if err != nil {
		return "", err
	}
	if id := b.inThread(ctx, e, rows); id != "" {
		return id, nil
	}
	ended, err := b.Desk.Recent(ctx, "", recent)
	if err != nil {
		return "", err
	}
	if id := b.inThread(ctx, e, ended); id != "" {
		return "", &engine.Mistake{What: deploy.Because("mistake.thread_ended"), Accept: b.Slash + " status"}
	}
	return "", nil
}

// recent is how many ended operations are looked through for a thread.
const recent = 50
