package slacksim

import (
	"context"
	"fmt"
)

// View is what can be read of a workspace; *Workspace is one.
type View interface {
	Messages(channel string) []Message
	Thread(channel, ts string) []Message
	Message(channel, ts string) (Message, bool)
	Ephemerals(user string) []Message
	Modal(user string) (Surface, bool)
	Home(user string) (Surface, bool)
}

// Messages lists a channel's messages and the replies in its threads, oldest first.
func (w *Workspace) Messages(channel string) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.channels[channel]
	if !ok {
		return nil
	}
	return values(r.messages)
}

// Thread lists a message and its replies, oldest first; nothing if the message is gone.
func (w *Workspace) Thread(channel, ts string) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.channels[channel]
	if !ok {
		return nil
	}
	parent := r.find(ts)
	if parent == nil {
		return nil
	}
	return values(append([]*Message{parent}, r.replies(ts)...))
}

// Message answers one message, a tombstone included.
func (w *Workspace) Message(channel, ts string) (Message, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r, ok := w.channels[channel]; ok {
		if m := r.find(ts); m != nil {
			return *m, true
		}
	}
	return Message{}, false
}

// Ephemerals lists the messages that only this user sees, oldest first. Slack forgets them when the user reloads;
// here they stay.
func (w *Workspace) Ephemerals(user string) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return values(w.ephemerals[user])
}

// Changed answers a channel that is closed at the next change: of messages, users, channels, connections, calls or
// mishaps. Take it before reading what you wait for.
func (w *Workspace) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

// Wait returns nil as soon as ok holds, or says that ctx has ended first. ok is called again after every change; it
// may read through its argument or through the workspace, and must not block.
func (w *Workspace) Wait(ctx context.Context, ok func(View) bool) error {
	for {
		changed := w.Changed()
		if ok(w) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the workspace: %w", ctx.Err())
		}
	}
}

func values(list []*Message) []Message {
	out := make([]Message, 0, len(list))
	for _, m := range list {
		out = append(out, *m)
	}
	return out
}
