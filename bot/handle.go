package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"junban/bot/card"
	"junban/deploy"
	"junban/deploy/engine"
)

// handle works on one envelope. Whatever comes of it, the person who sent it is told.
func (b *Bot) handle(ctx context.Context, e Envelope) {
	if e.Kind == InputHome {
		b.looked(ctx, e)
		return
	}
	if time.Since(e.At) > staleAfter {
		b.whisper(ctx, e, card.Refusal(b.Voice.Say("answer.away", "at", e.At), ""))
		return
	}
	err := b.worked(ctx, e)
	if err == nil {
		return
	}
	b.refused(ctx, e, err)
	b.whisper(ctx, e, b.explain(err))
}

// worked does what an envelope asks for.
func (b *Bot) worked(ctx context.Context, e Envelope) error {
	if b.quick(e) {
		return b.opening(ctx, e)
	}
	if e.Robot != "" {
		return b.robot(ctx, e)
	}
	if err := b.here(ctx, e); err != nil {
		return err
	}
	who, err := b.person(ctx, e.User)
	if err == nil {
		err = member(who)
	}
	switch {
	case e.Kind == InputSubmit:
		return b.submit(ctx, e, err)
	case err != nil:
		return err
	case e.Kind == InputClick:
		return b.click(ctx, e)
	}
	return b.command(ctx, e)
}

// person is who somebody is now, in those groups of the lists that they are in.
func (b *Bot) person(ctx context.Context, user string, lists ...[]string) (deploy.Person, error) {
	ids := slices.Concat(lists...)
	slices.Sort(ids)
	who, err := b.Directory.Person(ctx, user, slices.Compact(ids))
	if err != nil {
		return who, fmt.Errorf("asking Slack who you are: %w", err)
	}
	return who, nil
}

// member refuses whoever is no full member.
func member(who deploy.Person) error {
	if who.Kind != deploy.Member {
		return &deploy.Refusal{Cause: deploy.Because(deploy.NotAMember, "kind", who.Kind)}
	}
	return nil
}

func (b *Bot) whisper(ctx context.Context, e Envelope, m card.Message) {
	if err := b.Chat.Whisper(ctx, b.placed(ctx, e), m); err != nil && ctx.Err() == nil {
		b.Log.Warn("an answer could not be given", "user", e.User, "channel", e.Channel, "error", err)
	}
}

// explain makes an answer of an error: what was wrong, where, and what would be accepted.
func (b *Bot) explain(err error) card.Message { return b.offer(err, b.explained(err)) }

func (b *Bot) explained(err error) card.Message {
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
	if e.Kind == InputMention && alone(e) { // no form can be opened for it
		b.whisper(ctx, e, b.help())
		return nil
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
	if ask.At, warning, err = b.moment(c.At, e.At); err != nil {
		if m, ok := errors.AsType[*engine.Mistake](err); ok {
			m.Accept = Form(b.Slash, c.Verb)
		}
		return ask, "", err
	}
	return ask, warning, nil
}

// moment reads a time to start at, and warns of one that the clocks show twice.
func (b *Bot) moment(text string, now time.Time) (at time.Time, warning string, err error) {
	if at, err = When(text, now, b.Zone); err == nil && Twice(at, b.Zone) {
		warning = b.Voice.Line("answer.twice", "shown", at.Format("15:04"), "zone", b.Zone.String(), "meant", at.Format("15:04 MST"))
	}
	return at, warning, err
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

// request asks for an operation.
func (b *Bot) request(ctx context.Context, e Envelope, c Command) error {
	ask, warning, err := b.ask(c, deploy.Kind(c.Verb), e)
	if err != nil {
		return err
	}
	if _, err := b.place(ctx, e, ask); err != nil {
		return err
	}
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
	if card.Asks(e.Action) {
		return b.asking(ctx, e)
	}
	var c card.Click
	if err := strictly(e.Value, &c); err != nil || c.Op == "" || c.Verb == "" {
		return fault("mistake.button")
	}
	return b.clickedIn(ctx, e, c.Op, b.do(ctx, c.Op, deploy.Act{
		ID: e.ID, Verb: c.Verb, By: deploy.Person{ID: e.User}, Lane: c.Lane, Attempt: c.Attempt, Hash: c.Hash,
	}))
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
