package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"junban/deploy"
)

const talkTable = "talk"

// talk is the bot's memory of one operation's conversation: where it is, and how far it has got. The journal is the
// outbox: what lies between Told and its head is still to be told.
type talk struct {
	Parent  Place     `json:"parent"`
	Told    int       `json:"told"`              // the last event told in the thread
	Shown   int       `json:"shown"`             // the event up to which the parent shows the operation
	Posting int       `json:"posting,omitempty"` // a post that was begun and not confirmed: its Key.Seq plus one; -1 = the details
	Since   time.Time `json:"since,omitzero"`    // when it was begun
	Closed  bool      `json:"closed,omitempty"`  // finished, told and shown

	Pictured bool `json:"pictured,omitempty"` // its timeline is posted, or will never be

	Details  Place `json:"details,omitzero"`   // the message with a row for each instance
	Detailed int   `json:"detailed,omitempty"` // the event up to which it shows the operation

	Alarms []alarmed `json:"alarms,omitempty"` // that are not decided, or do not show it yet
}

func (b *Bot) recall(ctx context.Context, id deploy.ID) (talk, error) {
	var t talk
	data, ok, err := b.Memory.Get(ctx, talkTable, string(id))
	if err != nil || !ok {
		return t, err
	}
	if err := json.Unmarshal(data, &t); err != nil {
		return t, fmt.Errorf("the memory of the conversation about %s cannot be read: %w", id, err)
	}
	return t, nil
}

func (b *Bot) remember(ctx context.Context, id deploy.ID, t talk) error {
	data, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return b.Memory.Put(ctx, talkTable, string(id), data)
}

// tellAll begins to tell every operation whose conversation is not closed: those that run, and those that ended while
// nobody could be told.
func (b *Bot) tellAll(ctx context.Context) {
	open := map[deploy.ID]bool{}
	rows, err := b.Desk.Unfinished(ctx)
	recent, also := b.Desk.Recent(ctx, "", recent)
	if err := errors.Join(err, also); err != nil { // what can be read is there all the same
		b.Log.Error("not everything that is to be told can be read", "error", err)
	}
	for _, r := range append(rows, recent...) {
		t, err := b.recall(ctx, r.Op)
		if err != nil {
			b.Log.Error("a conversation is lost", "op", r.Op, "error", err)
		}
		open[r.Op] = !t.Closed
	}
	for id, is := range open {
		if is {
			b.Moved(id)
		}
	}
}

// inThread is the one of these operations whose thread an envelope came from; "" if it came from none of theirs.
func (b *Bot) inThread(ctx context.Context, e Envelope, rows []deploy.Row) deploy.ID {
	if e.Thread == "" {
		return ""
	}
	for _, r := range rows {
		if t, err := b.recall(ctx, r.Op); err == nil && t.Parent.Channel == e.Channel && t.Parent.TS == e.Thread {
			return r.Op
		}
	}
	return ""
}
