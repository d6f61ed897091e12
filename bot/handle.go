package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"junban/bot/card"
	"junban/deploy"
	"junban/deploy/engine"
)

// handle works on one envelope. Whatever comes of it, the person who sent it is told.
func (b *Bot) handle(ctx context.Context, e Envelope) {
	if time.Since(e.At) > staleAfter {
		b.whisper(ctx, e, card.Refusal(card.T("I was away when you asked for something at ", card.At(e.At), ", and did nothing about it. Ask again if it is still wanted."), ""))
		return
	}
	who, err := b.Directory.Person(ctx, e.User, nil)
	switch {
	case err != nil:
		err = fmt.Errorf("asking Slack who you are: %w", err)
	case who.Kind != deploy.Member:
		err = &deploy.Refusal{Cause: deploy.Because(deploy.NotAMember, "kind", who.Kind)}
	case e.Kind == InputClick:
		err = b.click(ctx, e)
	default:
		err = b.command(ctx, e)
	}
	if err == nil {
		return
	}
	b.Log.Info("refused", "kind", e.Kind, "user", e.User, "channel", e.Channel, "text", clip(e.Text), "action", e.Action, "why", err.Error())
	b.whisper(ctx, e, b.explain(err))
}

func (b *Bot) whisper(ctx context.Context, e Envelope, m card.Message) {
	if err := b.Chat.Whisper(ctx, e, m); err != nil && ctx.Err() == nil {
		b.Log.Warn("an answer could not be given", "user", e.User, "channel", e.Channel, "error", err)
	}
}

// explain makes an answer of an error: what was wrong, where, and what would be accepted.
func (b *Bot) explain(err error) card.Message {
	if cause, ok := deploy.RefusalOf(err); ok {
		return card.Refusal(card.Because(cause, nil), "")
	}
	if m, ok := errors.AsType[*engine.Mistake](err); ok {
		return card.Refusal(card.T(m.Wrong), m.Accept)
	}
	if errors.Is(err, engine.ErrNotFound) {
		return card.Refusal(card.T("There is no such operation. Running ones are listed by:"), b.Slash+" status")
	}
	return card.Refusal(card.T("That did not work, and nothing was changed: ", err.Error(), "."), "")
}

// command works on a slash command or a mention.
func (b *Bot) command(ctx context.Context, e Envelope) error {
	text := e.Text
	if e.Kind == InputMention {
		text = withoutMention(text)
	}
	c, err := Parse(b.Slash, text)
	if err != nil {
		return err
	}
	switch c.Verb {
	case "help":
		b.whisper(ctx, e, b.help())
		return nil
	case "status":
		return b.status(ctx, e, c)
	case "history":
		return b.history(ctx, e, c)
	case "plan":
		plan, err := b.Desk.Plan(ctx, c.ask(deploy.KindDeploy))
		if err != nil {
			return err
		}
		b.whisper(ctx, e, card.Plan(plan))
		return nil
	case "abort":
		return b.abort(ctx, e, c)
	}
	return b.request(ctx, e, c)
}

func (c Command) ask(kind deploy.Kind) deploy.Ask {
	return deploy.Ask{Kind: kind, Service: c.Service, Environment: c.Environment, Ref: c.Ref, On: c.On, Reason: c.Reason}
}

// request asks for an operation. Its id is noted under the envelope first, so that the same envelope, worked on again
// after a crash, comes to the same operation.
func (b *Bot) request(ctx context.Context, e Envelope, c Command) error {
	id, err := b.meant(ctx, e, b.NewID())
	if err != nil {
		return err
	}
	_, err = b.Desk.Request(ctx, id, c.ask(deploy.Kind(c.Verb)), e.User)
	if err == nil {
		b.Moved(id)
	}
	return err
}

// meant is the operation that an envelope is about: the one given, or, if it was worked on before, the one of then.
func (b *Bot) meant(ctx context.Context, e Envelope, id deploy.ID) (deploy.ID, error) {
	fresh, err := b.Memory.Create(ctx, askedTable, e.ID, []byte(id))
	if err != nil {
		return "", fmt.Errorf("writing down what is meant: %w", err)
	}
	if fresh {
		return id, nil
	}
	known, ok, err := b.Memory.Get(ctx, askedTable, e.ID)
	if err != nil || !ok {
		return "", fmt.Errorf("reading what was meant: %w", err)
	}
	return deploy.ID(known), nil
}

// click works on a button. Its value says what the person saw; what is, is judged at the desk.
func (b *Bot) click(ctx context.Context, e Envelope) error {
	var c card.Click
	dec := json.NewDecoder(strings.NewReader(e.Value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil || dec.More() || c.Op == "" || c.Verb == "" {
		return &engine.Mistake{Wrong: "That button says nothing that this bot has written. Use the buttons of the newest message."}
	}
	_, err := b.Desk.Act(ctx, c.Op, deploy.Act{
		ID: e.ID, Verb: c.Verb, By: deploy.Person{ID: e.User}, Lane: c.Lane, Attempt: c.Attempt, Hash: c.Hash,
	})
	if err == nil {
		b.Moved(c.Op)
	}
	return err
}

// abort finds the one operation that is meant, by its id, its service, its thread, or because there is only one.
func (b *Bot) abort(ctx context.Context, e Envelope, c Command) error {
	if known, ok, err := b.Memory.Get(ctx, askedTable, e.ID); err == nil && ok {
		c.ID = string(known)
	}
	rows, err := b.Desk.Unfinished(ctx)
	if err != nil {
		return err
	}
	here := b.inThread(ctx, e, rows)
	var fit []deploy.Row
	for _, r := range rows {
		switch {
		case c.ID == "" && here != "" && r.Op != here:
		case c.ID == "" || string(r.Op) == c.ID || r.Service == c.ID:
			fit = append(fit, r)
		}
	}
	switch len(fit) {
	case 0:
		return &engine.Mistake{Wrong: "Nothing of that name runs or waits.", Accept: b.Slash + " status"}
	case 1:
		id, err := b.meant(ctx, e, fit[0].Op)
		if err != nil {
			return err
		}
		op, err := b.Desk.Operation(ctx, id)
		if err != nil {
			return err
		}
		act := deploy.Act{ID: e.ID, Verb: deploy.ActAbort, By: deploy.Person{ID: e.User}}
		if op.State == deploy.StateRolling {
			act.Attempt = len(op.Aborts) + 1
		}
		if _, err := b.Desk.Act(ctx, op.ID, act); err != nil {
			return err
		}
		b.whisper(ctx, e, card.Refusal(card.T("Aborting ", card.B(card.RowTitle(fit[0])), ". Its thread tells how it ends."), ""))
		b.Moved(fit[0].Op)
		return nil
	}
	var lines []string
	for _, r := range fit {
		lines = append(lines, fmt.Sprintf("%s abort %s   (%s)", b.Slash, r.Op, card.RowTitle(r)))
	}
	return &engine.Mistake{Wrong: "Which one?", Accept: strings.Join(lines, "\n")}
}

func (b *Bot) status(ctx context.Context, e Envelope, c Command) error {
	m, err := Status(ctx, b.Desk, c.Service, b.Zone)
	if err == nil {
		b.whisper(ctx, e, m)
	}
	return err
}

// Status reads what runs, waits and is held, of one service or of all.
func Status(ctx context.Context, d Desk, service string, zone *time.Location) (card.Message, error) {
	rows, err := d.Unfinished(ctx)
	if err != nil {
		return card.Message{}, err
	}
	var ops []deploy.Operation
	for _, r := range rows {
		if service != "" && r.Service != service {
			continue
		}
		op, err := d.Operation(ctx, r.Op)
		if err != nil {
			return card.Message{}, err
		}
		ops = append(ops, op)
	}
	locks, err := d.Locks(ctx)
	if err != nil {
		return card.Message{}, err
	}
	var holds []deploy.Lock
	for _, l := range locks {
		if l.Hold {
			holds = append(holds, l)
		}
	}
	return card.Status(ops, holds, zone), nil
}

func (b *Bot) history(ctx context.Context, e Envelope, c Command) error {
	rows, err := b.Desk.Recent(ctx, c.Service, 15)
	if err == nil {
		b.whisper(ctx, e, card.History(rows, b.Zone))
	}
	return err
}

func (b *Bot) help() card.Message {
	m := card.Message{Text: "How to use " + b.Slash, Blocks: []card.Block{{Text: card.T("Deploys to the instances behind a load balancer, one after another.")}}}
	for i, f := range forms {
		if i == 5 {
			m.Blocks = append(m.Blocks, card.Block{Divider: true})
		}
		m.Blocks = append(m.Blocks, card.Block{Text: card.T(card.C(Form(b.Slash, f.verb)), "  "+f.does)})
	}
	m.Blocks = append(m.Blocks, card.Block{Context: card.T("In a thread, mention me instead: slash commands do not work there.")})
	return m
}

// withoutMention takes the first word, the mention of the bot, off.
func withoutMention(text string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "<@") {
		if _, rest, ok := strings.Cut(text, ">"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return text
}
