package timeline

import (
	"slices"
	"time"

	"junban/deploy"
)

// phase is what is done to an instance, or to the whole operation, for a while.
type phase int

const (
	phaseNone phase = iota
	phaseOut        // out of service, and nothing is done: it waits for its turn, or is held
	phaseDrain
	phaseCommand
	phaseVerify
	phaseHealth
	phaseRollBack
	phaseUndecided
	phasePaused
	phases
)

// sign marks a moment.
type sign int

const (
	signFailed sign = iota
	signUnknown
	signDecided
	signRestarted
	signAborted
	signTurned
	signs
)

// across reports whether the sign concerns all lanes.
func (s sign) across() bool { return s >= signRestarted }

type span struct {
	phase    phase
	from, to time.Time
}

type mark struct {
	sign sign
	at   time.Time
}

// track is what happened to one instance, or was done once, or concerns all.
type track struct {
	spans []span
	marks []mark
}

// be ends what was until now and begins what is.
func (t *track) be(p phase, at time.Time) {
	if n := len(t.spans); n > 0 && t.spans[n-1].to.IsZero() {
		if t.spans[n-1].phase == p {
			return
		}
		t.end(at)
	}
	if p != phaseNone {
		t.spans = append(t.spans, span{phase: p, from: at})
	}
}

// end ends what was until now. That nothing was done for no time is not worth a word in the legend.
func (t *track) end(at time.Time) {
	n := len(t.spans) - 1
	if t.spans[n].to = at; t.spans[n].phase == phaseOut && !at.After(t.spans[n].from) {
		t.spans = t.spans[:n]
	}
}

func (t *track) mark(s sign, at time.Time) { t.marks = append(t.marks, mark{s, at}) }

// story is a journal as it is drawn. Times in it never run backwards, whatever the clocks of two hosts said.
type story struct {
	op     deploy.Operation
	began  bool // something was done: else there is nothing to draw but how it ended
	from   time.Time
	to     time.Time
	whole  track
	tracks []track // of the operation's lanes
}

// total is how long the operation took, or has taken so far.
func (s story) total() time.Duration { return s.to.Sub(s.from) }

// tell reads a journal. now is where an operation that has not finished ends.
func tell(events []deploy.Event, now time.Time) (story, error) {
	var s story
	for _, e := range events {
		after, err := deploy.Apply(s.op, e)
		if err != nil {
			return s, err
		}
		before := s.op
		s.op = after
		if e.At.After(s.to) {
			s.to = e.At
		}
		s.began = s.began || s.op.State.Rolling()
		if s.from.IsZero() || !s.began || e.Type == deploy.EventStarted {
			s.from = s.to
		}
		for len(s.tracks) < len(s.op.Lanes) {
			s.tracks = append(s.tracks, track{})
		}
		if s.began {
			s.happen(e, before)
		}
	}
	if !s.began {
		s.from = s.op.RequestedAt
	}
	if !s.op.State.Finished() && now.After(s.to) {
		s.to = now
	}
	if s.to.Before(s.from) {
		s.to = s.from
	}
	s.close()
	return s, nil
}

// happen draws one event into the tracks that it concerns. before is the operation as it was until then.
func (s *story) happen(e deploy.Event, before deploy.Operation) {
	at := s.to
	switch e.Type {
	case deploy.EventEnded:
		if !e.OK {
			s.tracks[e.Lane].mark(signFailed, at)
		}
	case deploy.EventUnknown:
		s.tracks[e.Lane].mark(signUnknown, at)
	case deploy.EventChosen:
		s.tracks[e.Lane].mark(signDecided, at)
	case deploy.EventResumed:
		s.whole.mark(signRestarted, at)
	case deploy.EventAborted, deploy.EventStopped:
		s.whole.mark(signAborted, at)
	case deploy.EventTurned:
		s.whole.mark(signTurned, at)
	case deploy.EventContinued:
		if e.Act != nil && e.Act.Verb != deploy.ActResume {
			s.whole.mark(signDecided, at)
		}
	}
	s.whole.be(wholeIn(s.op), at)
	for i, l := range s.op.Lanes {
		if i < len(before.Lanes) && before.Lanes[i] == l && before.State.Finished() == s.op.State.Finished() {
			continue // as most are by most events
		}
		s.tracks[i].be(in(s.op, l), at)
	}
}

// close ends what still goes on where the picture ends. What a finished operation holds stays out beyond it.
func (s *story) close() {
	for _, t := range append([]*track{&s.whole}, pointers(s.tracks)...) {
		if n := len(t.spans); n > 0 && t.spans[n-1].to.IsZero() {
			t.end(s.to)
		}
	}
}

func pointers(tracks []track) []*track {
	var out []*track
	for i := range tracks {
		out = append(out, &tracks[i])
	}
	return out
}

func wholeIn(o deploy.Operation) phase {
	switch {
	case o.Asked.Code != "":
		return phaseUndecided
	case o.State == deploy.StatePaused:
		return phasePaused
	}
	return phaseNone
}

// in is what is done to a lane's instance as the operation is.
func in(o deploy.Operation, l *deploy.LaneState) phase {
	step, _ := l.Step()
	switch {
	case l.Outcome == deploy.OutcomeHeld:
		return phaseOut
	case l.Phase == deploy.PhaseDone, o.State.Finished():
		return phaseNone
	case l.Waits():
		return phaseUndecided
	case l.Phase == deploy.PhaseDue && l.Touched:
		return phaseOut
	case l.Phase == deploy.PhaseDue:
		return phaseNone
	}
	switch step.Verb {
	case deploy.VerbLeave, deploy.VerbIdle:
		return phaseDrain
	case deploy.VerbRevert:
		return phaseRollBack
	case deploy.VerbVerify:
		return phaseVerify
	case deploy.VerbJoin:
		return phaseHealth
	}
	return phaseCommand // and what is done once
}

// status is the lane's state as a key of Words.Status.
func status(l *deploy.LaneState) string {
	if l.Outcome == deploy.OutcomePutBack {
		return "put back"
	}
	return l.Status()
}

// exceptional reports whether a lane is drawn by itself, however many there are.
func (s story) exceptional(i int) bool {
	l := s.op.Lanes[i]
	switch l.Outcome {
	case deploy.OutcomePutBack, deploy.OutcomeGone:
		return true
	case deploy.OutcomeHeld:
		return s.op.Plan.Kind != deploy.KindDrain
	}
	return l.Failed || l.Waits() || len(s.tracks[i].marks) > 0
}

// order lists the lanes as they were taken. A lane that the plan's order forgot comes last.
func (s story) order() []int {
	var out []int
	seen := make([]bool, len(s.op.Lanes))
	for _, i := range s.op.Plan.Preview.Order {
		if i >= 0 && i < len(seen) && !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	for i, ok := range seen {
		if !ok {
			out = append(out, i)
		}
	}
	return slices.Clip(out)
}
