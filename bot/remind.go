package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"junban/bot/card"
)

const (
	remindedTable = "reminded" // by resource and operation: when what is held was last spoken of
	// remindEvery is how often a hold is spoken of, counted from when it began.
	remindEvery = 24 * time.Hour
	// remindLook is the most time between two looks at what is held.
	remindLook = time.Hour
	// remindAgain is the time to the next try when something could not be read or said.
	remindAgain = 5 * time.Minute
)

// remind speaks of everything that is held, once a day for each hold, until it is back: what nobody is reminded of
// stays out of service for good.
func (b *Bot) remind(ctx context.Context) {
	for {
		next, err := b.nag(ctx, time.Now())
		if err != nil && ctx.Err() == nil {
			b.Log.Warn("not everything that is held could be spoken of; trying again", "error", err, "again in", remindAgain)
			next = remindAgain
		}
		wait(ctx, nil, next)
		if ctx.Err() != nil {
			return
		}
	}
}

// nag speaks of the holds that are due, in one message for each channel, and answers when to look again.
func (b *Bot) nag(ctx context.Context, now time.Time) (next time.Duration, err error) {
	locks, err := b.Desk.Locks(ctx)
	if err != nil {
		return remindAgain, fmt.Errorf("reading what is held: %w", err)
	}
	next = remindLook
	held := map[string]bool{}
	due := map[string][]card.Held{}
	keys := map[string][]string{}
	var order []string // channels, as they come
	for _, l := range locks {
		if !l.Hold {
			continue
		}
		key := l.Resource + " " + string(l.Op)
		if l.Instance() == "" {
			key = "service " + string(l.Op) // its locks, one for each target group, are spoken of as one
		}
		if held[key] {
			continue
		}
		held[key] = true
		last, err := b.reminded(ctx, key)
		if err != nil {
			return remindAgain, err
		}
		if last.Before(l.Since) {
			last = l.Since
		}
		if left := remindEvery - now.Sub(last); left > 0 {
			next = min(next, left)
			continue
		}
		h := b.heldBy(ctx, l)
		channel := b.Rooms.Channel(h.Service, h.Environment)
		if due[channel] == nil {
			order = append(order, channel)
		}
		due[channel], keys[channel] = append(due[channel], h), append(keys[channel], key)
	}
	for _, channel := range order {
		err = errors.Join(err, b.sayHeld(ctx, channel, due[channel], keys[channel], now))
	}
	return next, errors.Join(err, b.forgetHeld(ctx, held))
}

// sayHeld posts one reminder. It carries no key: it is no operation's message, and one that comes twice after a crash
// does no harm.
func (b *Bot) sayHeld(ctx context.Context, channel string, due []card.Held, keys []string, now time.Time) error {
	_, err := b.Chat.Post(ctx, channel, "", b.Voice.Reminder(due, now, b.Zone), Key{})
	if err != nil && !errors.Is(err, ErrUnclear) {
		return fmt.Errorf("speaking of what is held in %s: %w", channel, err)
	}
	for _, key := range keys {
		if err := b.Memory.Put(ctx, remindedTable, key, []byte(now.UTC().Format(time.RFC3339Nano))); err != nil {
			return fmt.Errorf("writing down that somebody was reminded: %w", err)
		}
	}
	return nil
}

// reminded is when a hold was last spoken of; zero if it never was.
func (b *Bot) reminded(ctx context.Context, key string) (time.Time, error) {
	data, ok, err := b.Memory.Get(ctx, remindedTable, key)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when somebody was reminded: %w", err)
	}
	if !ok {
		return time.Time{}, nil
	}
	last, err := time.Parse(time.RFC3339Nano, string(data))
	if err != nil {
		return time.Time{}, nil //nolint:nilerr // a damaged note: better reminded once too often
	}
	return last, nil
}

// forgetHeld forgets the notes of what is not held any more.
func (b *Bot) forgetHeld(ctx context.Context, held map[string]bool) error {
	var gone []string
	err := b.Memory.List(ctx, remindedTable, func(key string, _ []byte) error {
		if !held[key] {
			gone = append(gone, key)
		}
		return nil
	})
	for _, key := range gone {
		err = errors.Join(err, b.Memory.Delete(ctx, remindedTable, key))
	}
	if err != nil {
		return fmt.Errorf("tidying the reminders: %w", err)
	}
	return nil
}
