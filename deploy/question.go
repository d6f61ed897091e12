package deploy

import (
	"fmt"
	"slices"
	"time"
)

// asker says who may answer a question: those who may approve, or all operators.
type asker struct {
	approver bool
	rule     bool // on_failure decides it too: a question is a failure of the rollout
}

// questions is the table of what a whole operation may ask: until somebody continues it, nothing more leaves.
var questions = map[Code]asker{
	FailOpen:    {},
	CanaryBaked: {approver: true},
	CanarySick:  {rule: true},
	AlarmOn:     {rule: true},
	Overdue:     {},
}

// ask puts a question to people, once; or lets the rule for failures answer it.
func (m *mover) ask(c Cause) {
	switch {
	case m.op.Asked.Code != "":
	case questions[c.Code].rule && m.op.touched() && m.obey(c):
	default:
		m.emit(Event{Type: EventAsked, Cause: c})
	}
}

// answered reports whether somebody has continued the operation when it asked this.
func (o Operation) answered(is func(Answer) bool) bool { return slices.ContainsFunc(o.Answers, is) }

// touched reports whether some instance has left, or been deployed to.
func (o Operation) touched() bool {
	return slices.ContainsFunc(o.Lanes, func(l *LaneState) bool { return l.Touched || l.Ran })
}

// recover takes a question back that the world has answered by itself: a group that has a healthy target again.
func (m *mover) recover() {
	if m.op.Asked.Code != FailOpen {
		return
	}
	for i, l := range m.op.Lanes {
		if l.Phase == PhaseDone || l.Waits() {
			continue // it cannot fail when AWS does not answer
		}
		for _, arn := range groupsOf(m.pairs(i)) {
			g := m.op.Plan.Preview.Group(arn)
			if g.Name != m.op.Asked.Values["group"] {
				continue
			}
			if r, ok := m.reading(i, arn, m.op.AskedAt.Add(tick)); ok {
				if len(healthy(r, g)) > 0 {
					m.emit(Event{Type: EventContinued, Cause: m.op.Asked})
					return
				}
				m.want(i, Look{Group: arn}, r.Begun.Add(healthStep(g.Interval)))
			}
			return
		}
	}
}

func foldAsked(o *Operation, e Event) error {
	if !o.State.Rolling() {
		return fmt.Errorf("it asks in state %s", o.State)
	}
	if o.Asked.Code != "" {
		return fmt.Errorf("it asks already")
	}
	if _, ok := questions[e.Cause.Code]; !ok {
		return fmt.Errorf("%q is no question", e.Cause.Code)
	}
	o.Asked, o.AskedAt = e.Cause, e.At
	return nil
}

func foldPaused(o *Operation, e Event) error {
	if e.Act == nil {
		return fmt.Errorf("it names no act")
	}
	if o.State != StateRolling {
		return fmt.Errorf("paused in state %s", o.State)
	}
	act := *e.Act
	o.State, o.Paused, o.PausedAt = StatePaused, &act, e.At
	return nil
}

// foldContinued ends a pause, or answers the question; without an act the world has answered it.
func foldContinued(o *Operation, e Event) error {
	if e.Act != nil && e.Act.Verb == ActResume {
		if o.State != StatePaused {
			return fmt.Errorf("resumed in state %s", o.State)
		}
		o.State, o.Paused, o.PausedAt = StateRolling, nil, time.Time{}
		return nil
	}
	if o.Asked.Code == "" {
		return fmt.Errorf("it asks nothing")
	}
	if e.Act != nil {
		o.Answers = append(slices.Clone(o.Answers), Answer{Cause: o.Asked, By: e.Act.By.ID, At: e.At})
	}
	o.Asked, o.AskedAt, o.Called = Cause{}, time.Time{}, 0
	return nil
}
