package card

import (
	"junban/deploy"
)

// Story gathers what the thread of an operation is to be told, event by event. Events that matter are due at once; what
// goes as ever waits for them, or for the end of a batch. It is not safe for use from many goroutines.
type Story struct {
	w      Voice
	steps  bool // each is told by itself
	op     deploy.Operation
	kept   map[string]bool // gates that were named
	waited map[int]bool    // lanes of which nobody could see when they were idle
	batch  batch

	texts     []Text
	blocks    []Block
	tone      Tone
	broadcast bool
	due       bool
	halted    []int // lanes that wait for people, and of which the channel is told
	alarms    []alarm
}

// NewStory is a story of which nothing is known yet.
func (w Voice) NewStory() *Story {
	return &Story{w: w, kept: map[string]bool{}, waited: map[int]bool{}}
}

// Steps has the steps of an instance told one by one as they end, for whoever sees no details meanwhile.
func (s *Story) Steps() *Story {
	s.steps = true
	return s
}

// Operation is what the events told so far come to.
func (s *Story) Operation() deploy.Operation { return s.op }

// Due reports whether the thread is to be told now.
func (s *Story) Due() bool { return s.due || s.batch.full(s.op) }

// Add goes on by one event. An event that cannot follow is an error.
func (s *Story) Add(e deploy.Event) error {
	was := s.op
	is, err := deploy.Apply(was, e)
	if err != nil {
		return err
	}
	s.op = is
	if s.batch.add(s.w, is, e) {
		s.answer(nil)
		return nil
	}
	said := s.tell(was, is, e)
	s.answer(said.text)
	if len(said.text) == 0 {
		return nil
	}
	s.flush()
	s.texts = append(s.texts, said.text)
	s.blocks = append(s.blocks, Block{Text: said.text})
	if said.code != "" {
		s.blocks = append(s.blocks, Block{Code: said.code})
	}
	if said.tone == Bad || s.tone == Neutral {
		s.tone = said.tone
	}
	s.broadcast = s.broadcast || said.broadcast
	if said.broadcast && e.Type != deploy.EventTurned {
		s.halted = append(s.halted, e.Lane)
	}
	s.due = s.due || !said.rides
	return nil
}

// Message is all that was gathered since the last Told, as one message; ok is false if that is nothing.
func (s *Story) Message() (m Message, ok bool) {
	s.flush()
	if len(s.texts) == 0 {
		return m, false
	}
	m = Message{Text: s.texts[len(s.texts)-1].Plain(), Tone: s.tone, Blocks: merge(s.blocks), Broadcast: s.broadcast}
	if m.Tone != Neutral {
		m.Text = s.w.titled(s.op)
	}
	return m, true
}

// Told forgets what was gathered: the thread has it.
func (s *Story) Told() {
	s.raise()
	s.batch = batch{}
	s.texts, s.blocks, s.tone, s.broadcast, s.due, s.halted = nil, nil, Neutral, false, false, nil
}

func (s *Story) flush() {
	if text := s.batch.take(s.w, s.op); len(text) > 0 {
		s.texts = append(s.texts, text)
		s.blocks = append(s.blocks, Block{Text: text})
	}
}

// tell is one event in words, if it is one that the thread names.
func (s *Story) tell(was, is deploy.Operation, e deploy.Event) said {
	if e.Type == deploy.EventGated {
		return s.gated(is, e)
	}
	if e.Type == deploy.EventEnded && e.Lane >= 0 && e.Lane < len(was.Lanes) {
		l := was.Lanes[e.Lane]
		if step, _ := l.Step(); step.Verb == deploy.VerbIdle {
			s.waited[e.Lane] = l.NotIdle
		}
	}
	if s.steps && e.Type == deploy.EventEnded && e.OK && !is.Lanes[e.Lane].Chore() && is.Lanes[e.Lane].Phase != deploy.PhaseDone {
		return s.step(was, is, e)
	}
	return s.w.tell(was, is, e, s.waited[e.Lane])
}

// step is one step of an instance that has more to do.
func (s *Story) step(was, is deploy.Operation, e deploy.Event) said {
	l := was.Lanes[e.Lane]
	step, _ := l.Step()
	if next, ok := is.Lanes[e.Lane].Step(); ok && step.Verb == deploy.VerbLeave && next.Verb == deploy.VerbIdle {
		return said{} // it is not drained yet
	}
	verb := string(step.Verb)
	if step.Verb == deploy.VerbIdle && l.NotIdle {
		verb = string(deploy.VerbLeave)
	}
	return said{text: T(s.w.instance(is, e.Lane), s.w.Say("way."+verb, "took", e.At.Sub(l.Begun)))}
}

// gated names a gate that refuses, once for each cause.
func (s *Story) gated(is deploy.Operation, e deploy.Event) said {
	c := e.Cause
	key := string(c.Code) + " " + c.Values["group"] + " " + c.Values["zone"] + " " + c.Values["chore"]
	if c.Code == deploy.GatePaused || s.kept[key] || e.Lane < 0 || e.Lane >= len(is.Lanes) { // a pause is told by itself
		return said{}
	}
	s.kept[key] = true
	asEver := c.Code == deploy.GateUnavailable || c.Code == deploy.GateBetween || c.Code == deploy.GateChore || c.Code == deploy.GateZone
	return said{text: T(s.w.instance(is, e.Lane), s.w.Because(c, is.Plan.Preview.Name)), rides: asEver}
}

// merge puts paragraphs that follow each other into one block.
func merge(in []Block) []Block {
	var out []Block
	for _, b := range in {
		if n := len(out); n > 0 && b.Text != nil && out[n-1].Text != nil {
			out[n-1].Text = T(out[n-1].Text, "\n", b.Text)
			continue
		}
		out = append(out, b)
	}
	return out
}
