package bot

import (
	"context"
	"slices"
	"time"

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

// settle has the next of these messages edited that was decided, with a rest after other edits as paint has it. It answers
// when to look again at the latest, and whether anything is still to be shown.
func (t *teller) settle(ctx context.Context, next time.Duration) (_ time.Duration, busy bool, err error) {
	select {
	case err := <-t.settled:
		seq := t.settling
		t.settling = 0
		if err := t.beside(ctx, "how a failure was decided", err); err != nil {
			return 0, false, err
		}
		t.talk.Alarms = slices.DeleteFunc(t.talk.Alarms, func(a alarmed) bool { return a.Seq == seq })
		t.failures, t.edited = 0, time.Now()
		if err := t.b.remember(ctx, t.id, t.talk); err != nil {
			return 0, false, err
		}
	default:
	}
	if t.settling != 0 {
		return next, true, nil
	}
	for _, a := range t.talk.Alarms {
		m, decided := t.story.Decided(a.Seq)
		if !decided {
			continue
		}
		if rest := time.Until(t.edited.Add(editRest)); rest > 0 && !t.op.State.Finished() {
			return min(next, rest), true, nil
		}
		t.settling = a.Seq
		edit := Edit{Key: Key{Op: t.id, Seq: a.Seq}, Draw: func(context.Context) (card.Message, error) { return m, nil }}
		t.settles.Go(func() {
			t.settled <- t.b.Chat.Update(ctx, a.Place, edit)
			t.poke()
		})
		return next, true, nil
	}
	return next, false, nil
}
