package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"junban/bot/card"
	"junban/deploy"
)

// askedByTable is, by operation, where the message of a bot stands that asked for it, and how far it was answered.
const askedByTable = "askedby"

// asker is another app's bot, such as a pipeline's, that waits for an operation.
type asker struct {
	Place Place        `json:"place"` // of its message: the answers go into its thread
	Told  deploy.State `json:"told"`  // the last state that it was told
}

// robot works on what another app's bot says: it may ask for a deploy or a rollback, where deploy.allow names it, and
// nothing else. Its answers stand in the thread of its message, and end with a line that a script can read.
func (b *Bot) robot(ctx context.Context, e Envelope) error {
	err := b.robotAsks(ctx, e)
	if err == nil {
		return nil
	}
	b.refused(ctx, e, err)
	if _, err := b.Chat.Post(ctx, e.Channel, threadOf(e), ended(b.explain(err), "-", "refused"), Key{}); err != nil && ctx.Err() == nil {
		b.Log.Warn("a bot could not be answered", "robot", e.Robot, "channel", e.Channel, "error", err)
	}
	return nil
}

func (b *Bot) robotAsks(ctx context.Context, e Envelope) error {
	if err := b.here(ctx, e); err != nil {
		return err
	}
	c, err := Parse(b.Slash, withoutMention(e.Text))
	if err != nil {
		return err
	}
	if c.Verb != "deploy" && c.Verb != "rollback" {
		return &deploy.Refusal{Cause: deploy.Because(deploy.RobotOnlyAsks, "act", c.Verb)}
	}
	ask, _, err := b.ask(c, deploy.Kind(c.Verb), e)
	if err != nil {
		return err
	}
	id, err := b.meant(ctx, e, b.NewID())
	if err != nil {
		return err
	}
	if err := b.waitsFor(ctx, id, asker{Place: Place{e.Channel, threadOf(e)}}); err != nil {
		return err
	}
	if err := b.placeAs(ctx, e, ask); err != nil {
		return errors.Join(err, b.Memory.Delete(ctx, askedByTable, string(id)))
	}
	return nil
}

// placeAs asks as whichever of the bot's two ids deploy.allow names: that of the bot (B…), or that of its user (U…).
func (b *Bot) placeAs(ctx context.Context, e Envelope, ask deploy.Ask) error {
	user := e.User
	e.User = e.Robot
	_, err := b.place(ctx, e, ask)
	if _, refused := deploy.RefusalOf(err); !refused || user == "" {
		return err
	}
	e.User = user
	who, asked := b.Directory.Person(ctx, e.User, nil)
	if asked != nil {
		return fmt.Errorf("asking Slack who this bot is: %w", asked)
	}
	if who.Kind != deploy.Robot { // a message that bears both is a bot's, whatever its user is
		return err
	}
	_, err = b.place(ctx, e, ask)
	return err
}

// threadOf is the thread that an answer to a message goes into: its own, or the one that it stands in.
func threadOf(e Envelope) string {
	if e.Thread != "" {
		return e.Thread
	}
	return e.Message
}

func (b *Bot) waitsFor(ctx context.Context, id deploy.ID, a asker) error {
	data, err := json.Marshal(a)
	if err == nil {
		err = b.Memory.Put(ctx, askedByTable, string(id), data)
	}
	if err != nil {
		return fmt.Errorf("writing down who waits: %w", err)
	}
	return nil
}

// waiting is the bot that waits for an operation, and the state that it is to be told: at once that it is asked for, and
// its end; "" if nobody waits, or knows it.
func (b *Bot) waiting(ctx context.Context, o deploy.Operation) (a asker, state deploy.State, err error) {
	data, ok, err := b.Memory.Get(ctx, askedByTable, string(o.ID))
	if err != nil || !ok {
		return a, "", err
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, "", fmt.Errorf("reading who waits for %s: %w", o.ID, err)
	}
	state = deploy.StateRequested
	if o.State.Finished() {
		state = o.State
	}
	if a.Told == state {
		return a, "", nil
	}
	return a, state, nil
}

// ended is a message whose last line a script can read, "junban: ID STATE", in what people see and in its plain text.
func ended(m card.Message, id deploy.ID, state string) card.Message {
	line := fmt.Sprintf("junban: %s %s", id, state)
	m.Text += "\n" + line
	m.Blocks = append(m.Blocks, card.Block{Text: card.T(line)})
	return m
}
