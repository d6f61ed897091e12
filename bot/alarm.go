package bot

import (
	"context"
	"slices"

	"junban/bot/card"
)

// alarmed is a message by which the channel was told that something waits for people. It is edited once, when they have
// decided.
type alarmed struct {
	Place Place `json:"place"`
	From  int   `json:"from"` // the last event told before it
	Seq   int   `json:"seq"`  // the last event that it tells
}

// inAlarm reports whether an event is told by such a message, but is not its last: a later life gathers them again.
func (k *talk) inAlarm(seq int) bool {
	return slices.ContainsFunc(k.Alarms, func(a alarmed) bool { return a.From < seq && seq < a.Seq })
}

// settle has the next of these messages edited that was decided. busy says that an edit is under way.
func (t *teller) settle(ctx context.Context) (busy bool, err error) {
	select {
	case err := <-t.settled:
		seq := t.settling
		t.settling = 0
		if err := t.beside(ctx, "how a failure was decided", err); err != nil {
			return false, err
		}
		t.talk.Alarms = slices.DeleteFunc(t.talk.Alarms, func(a alarmed) bool { return a.Seq == seq })
		t.failures = 0
		if err := t.b.remember(ctx, t.id, t.talk); err != nil {
			return false, err
		}
	default:
	}
	if t.settling != 0 {
		return true, nil
	}
	for _, a := range t.talk.Alarms {
		m, decided := t.story.Decided(a.Seq)
		if !decided {
			continue
		}
		t.settling = a.Seq
		edit := Edit{Key: Key{Op: t.id, Seq: a.Seq}, Draw: func(context.Context) (card.Message, error) { return m, nil }}
		t.settles.Go(func() {
			t.settled <- t.b.Chat.Update(ctx, a.Place, edit)
			t.poke()
		})
		return true, nil
	}
	return false, nil
}
