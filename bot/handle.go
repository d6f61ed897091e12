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
		b.whisper(ctx, e, card.Refusal(b.Voice.Say("answer.away", "at", e.At), ""))
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
	b.refused(ctx, e, err)
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
		return card.Refusal(b.Voice.Because(cause, nil), "")
	}
	if m, ok := errors.AsType[*engine.Mistake](err); ok {
		return card.Refusal(b.Voice.Mistake(m.What), m.Accept)
	}
	if errors.Is(err, engine.ErrNotFound) {
		return card.Refusal(b.Voice.Say("answer.not_found"), b.Slash+" status")
	}
	return card.Refusal(b.Voice.Say("answer.failed", "error", err.Error()), "")
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
	case "queue":
		return b.queue(ctx, e, c)
	case "history":
		return b.history(ctx, e, c)
	case "logs":
		return b.logs(ctx, e, c)
	case "doctor":
		return b.doctor(ctx, e, c)
	case "plan":
		return b.plan(ctx, e, c)
	case "abort", "pause", "resume", "continue":
		return b.act(ctx, e, c)
	case "rollback":
		return b.rollback(ctx, e, c)
	}
	return b.request(ctx, e, c)
}

// ask is what a command asks for, and a word of warning, if one is due. Times are meant in the bot's zone, and counted
// from the moment of the command, so that the same envelope worked on again asks for the same time.
func (b *Bot) ask(c Command, kind deploy.Kind, e Envelope) (ask deploy.Ask, warning string, err error) {
	ask = deploy.Ask{
		Kind: kind, Service: c.Service, Environment: c.Environment, Ref: c.Ref, On: c.On, Reason: c.Reason, Emergency: c.Emergency,
	}
	if c.At == "" {
		return ask, "", nil
	}
	if ask.At, err = When(c.At, e.At, b.Zone); err != nil {
		if m, ok := errors.AsType[*engine.Mistake](err); ok {
			m.Accept = Form(b.Slash, c.Verb)
		}
		return ask, "", err
	}
	if Twice(ask.At, b.Zone) {
		warning = b.Voice.Line("answer.twice", "shown", ask.At.Format("15:04"), "zone", b.Zone.String(), "meant", ask.At.Format("15:04 MST"))
	}
	return ask, warning, nil
}

func (b *Bot) plan(ctx context.Context, e Envelope, c Command) error {
	ask, warning, err := b.ask(c, deploy.KindDeploy, e)
	if err != nil {
		return err
	}
	plan, err := b.Desk.Plan(ctx, ask)
	if err != nil {
		return err
	}
	m := b.Voice.Plan(plan)
	if warning != "" {
		m.Blocks = append(m.Blocks, card.Block{Text: card.T(warning)})
	}
	b.whisper(ctx, e, m)
	return nil
}

// request asks for an operation. Its id is noted under the envelope first, so that the same envelope, worked on again
// after a crash, comes to the same operation.
func (b *Bot) request(ctx context.Context, e Envelope, c Command) error {
	ask, warning, err := b.ask(c, deploy.Kind(c.Verb), e)
	if err != nil {
		return err
	}
	id, err := b.meant(ctx, e, b.NewID())
	if err != nil {
		return err
	}
	if _, err = b.Desk.Request(ctx, id, ask, e.User); err != nil {
		return err
	}
	b.Moved(id)
	if warning != "" {
		b.whisper(ctx, e, card.Refusal(card.T(warning), ""))
	}
	return nil
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
		return &engine.Mistake{What: deploy.Because("mistake.button")}
	}
	_, err := b.Desk.Act(ctx, c.Op, deploy.Act{
		ID: e.ID, Verb: c.Verb, By: deploy.Person{ID: e.User}, Lane: c.Lane, Attempt: c.Attempt, Hash: c.Hash,
	})
	if err == nil {
		b.Moved(c.Op)
	}
	return err
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
