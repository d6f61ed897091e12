package card

import (
	"slices"

	"junban/deploy"
)

// alarm is a message that the channel was shown because an instance waits for people. Once they have decided it says
// how, for whoever reads only the channel.
type alarm struct {
	m       Message
	seq     int   // the last event that it tells
	lanes   []int // that waited for a decision then
	waits   int   // how many of them still do
	answers []Text
	over    bool
}

// add notes what an event, as the thread is told it, says to an alarm.
func (a *alarm) add(w Voice, is deploy.Operation, text Text) {
	if a.over {
		return
	}
	waits := 0
	for _, i := range a.lanes {
		if is.Lanes[i].Waits() {
			waits++
		}
	}
	a.over = waits == 0 || is.State.Finished()
	if (a.over || waits < a.waits) && len(text) > 0 {
		a.answers = append(a.answers, text)
	}
	a.waits = waits
	if a.over {
		a.m.Text, a.m.Tone = w.titled(is), Faded
	}
}

// answer notes what an event says to the alarms; text is how the thread is told of it.
func (s *Story) answer(text Text) {
	for i := range s.alarms {
		s.alarms[i].add(s.w, s.op, text)
	}
}

// raise keeps what is being told as an alarm, if it is one.
func (s *Story) raise() {
	waiting := s.waiting()
	if len(waiting) == 0 {
		return
	}
	if m, ok := s.Message(); ok {
		s.alarms = append(s.alarms, alarm{m: m, seq: s.op.Seq, lanes: waiting, waits: len(waiting)})
	}
}

// waiting are the lanes that the channel is about to be told of, and that nobody has decided about meanwhile.
func (s *Story) waiting() []int {
	return slices.DeleteFunc(slices.Clone(s.halted), func(i int) bool { return !s.op.Lanes[i].Waits() })
}

// Alarmed reports whether what is gathered is shown to the channel because an instance waits for people.
func (s *Story) Alarmed() bool { return len(s.waiting()) > 0 }

// Decided is the message that told, up to the event seq, that an instance waits for people, with what they have decided;
// ok is false as long as they have not.
func (s *Story) Decided(seq int) (m Message, ok bool) {
	for _, a := range s.alarms {
		if a.seq != seq || !a.over {
			continue
		}
		m = a.m
		m.Blocks = slices.Clone(m.Blocks)
		for _, text := range a.answers {
			m.Blocks = append(m.Blocks, Block{Text: T("→ ", text)})
		}
		m.Blocks = merge(m.Blocks)
		return m, true
	}
	return Message{}, false
}
