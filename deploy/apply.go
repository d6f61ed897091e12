package deploy

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Apply folds one event into an operation. It answers an error, and the operation as it was, for an event that is out
// of order or that the invariants forbid: such a journal must not be acted on.
func Apply(o Operation, e Event) (Operation, error) {
	after := o
	after.Lanes = slices.Clone(o.Lanes)
	if err := after.fold(e); err != nil {
		return o, err
	}
	return after, nil
}

// fold is Apply in place. After an error the operation is worth nothing.
func (o *Operation) fold(e Event) error {
	if e.Version != EventVersion {
		return fmt.Errorf("event %d of %s has version %d; this program reads version %d", e.Seq, e.Op, e.Version, EventVersion)
	}
	if e.Seq != o.Seq+1 {
		return fmt.Errorf("event %d of %s follows event %d: the journal has a gap", e.Seq, e.Op, o.Seq)
	}
	if o.Seq > 0 && e.Op != o.ID {
		return fmt.Errorf("event of %s among those of %s", e.Op, o.ID)
	}
	if o.State.Finished() {
		return fmt.Errorf("event %d of %s: the operation has finished", e.Seq, e.Op)
	}
	fold, ok := folds[e.Type]
	if !ok {
		return fmt.Errorf("event %d of %s has the unknown type %q", e.Seq, e.Op, e.Type)
	}
	if err := fold(o, e); err != nil {
		return fmt.Errorf("event %d (%s) of %s: %w", e.Seq, e.Type, e.Op, err)
	}
	o.Seq, o.Writer, o.Updated = e.Seq, e.Writer, e.At
	if o.Called > 0 && o.WaitsSince().IsZero() {
		o.Called = 0 // the next wait calls people anew
	}
	return nil
}

// Replay folds a whole journal. On an error the operation is as it was before the event that caused it.
func Replay(events []Event) (Operation, error) {
	var o Operation
	for n, e := range events {
		if err := o.fold(e); err != nil {
			before, _ := Replay(events[:n])
			return before, err
		}
	}
	return o, nil
}

// folds is the table of events: how each changes an operation, and what forbids it.
var folds = map[Type]func(*Operation, Event) error{
	EventRequested: foldRequested,
	EventVoted:     foldVoted,
	EventQueued:    foldQueued,
	EventStarted:   foldStarted,
	EventResumed:   foldResumed,
	EventAborted:   foldAborted,
	EventFinished:  foldFinished,
	EventPaused:    foldPaused,
	EventContinued: foldContinued,
	EventAsked:     foldAsked,
	EventStopped:   foldStopped,
	EventTurned:    foldTurned,
	EventNoted:     foldNoted,
	EventGrown:     foldGrown,
	EventGated:     onLane(foldGated),
	EventBegun:     onLane(foldBegun),
	EventAccepted:  onLane(foldAccepted),
	EventSeen:      onLane(foldSeen),
	EventEnded:     onLane(foldEnded),
	EventUnknown:   onLane(foldUnknown),
	EventChosen:    onLane(foldChosen),
}

func foldRequested(o *Operation, e Event) error {
	if o.Seq != 0 {
		return fmt.Errorf("it was requested already")
	}
	if e.Plan == nil || e.Op == "" {
		return fmt.Errorf("it names no plan")
	}
	o.ID, o.Plan, o.Hash = e.Op, *e.Plan, e.Plan.Hash()
	o.State, o.RequestedBy, o.RequestedAt = StateRequested, e.By, e.At
	approval := o.Plan.Rules.Approval
	if approval.None {
		o.State, o.ApprovedAt = StateApproved, e.At
		o.StartBy = o.startBy(e.At)
	} else {
		o.Expires = e.At.Add(approval.Expires)
	}
	for _, l := range o.Plan.Lanes {
		o.Lanes = append(o.Lanes, LaneState{Name: l.Name, Steps: l.Steps, Phase: PhaseDue, Attempt: 1})
	}
	return nil
}

func foldVoted(o *Operation, e Event) error {
	if o.State != StateRequested {
		return fmt.Errorf("a vote in state %s", o.State)
	}
	if e.Act == nil {
		return fmt.Errorf("it names no act")
	}
	if e.Act.Hash != o.Hash {
		return fmt.Errorf("the vote is for other terms")
	}
	for _, v := range o.Votes {
		if v.By == e.Act.By.ID {
			return fmt.Errorf("%s voted twice", v.By)
		}
	}
	approval := o.Plan.Rules.Approval
	if e.Act.By.ID == o.RequestedBy && !approval.Self && e.Act.Verb == ActApprove {
		return fmt.Errorf("the requester voted for the own request")
	}
	if e.Act.By.Kind == Robot || !e.Act.By.In(approval.Allow) {
		return fmt.Errorf("%s voted, who may not", e.Act.By.ID)
	}
	o.vote(e, e.Act.Verb == ActApprove)
	if o.Quorum().Full() {
		o.State, o.ApprovedAt = StateApproved, e.At
		o.StartBy = o.startBy(e.At)
	}
	return nil
}

// vote keeps what somebody said of the request.
func (o *Operation) vote(e Event, ok bool) {
	o.Votes = append(slices.Clone(o.Votes), Vote{By: e.Act.By.ID, OK: ok, At: e.At, Reason: e.Act.Reason, Groups: e.Act.By.Groups})
}

func foldQueued(o *Operation, e Event) error {
	if o.State != StateApproved && o.State != StateQueued {
		return fmt.Errorf("queued in state %s", o.State)
	}
	o.State, o.Waiting = StateQueued, e.Cause
	return nil
}

func foldStarted(o *Operation, e Event) error {
	if o.State != StateApproved && o.State != StateQueued {
		return fmt.Errorf("started in state %s: not approved", o.State)
	}
	if e.Plan == nil || e.Plan.Hash() != o.Hash {
		return fmt.Errorf("the plan that started is not the one that was approved")
	}
	fresh := e.Plan.Preview
	was := o.Plan.Preview
	fresh.Findings, fresh.Current, fresh.Changes = was.Findings, was.Current, was.Changes // read once, when it was asked for
	if fresh.Previous == "" {
		fresh.Previous = o.Plan.Preview.Previous // the instances told it then
	}
	o.Plan.Preview = fresh
	o.State, o.StartedAt, o.Waiting = StateRolling, e.At, Cause{}
	for i := range o.Lanes {
		o.Lanes[i].Touched = o.Plan.Kind == KindRestore // it is out from the beginning
	}
	return nil
}

func foldResumed(o *Operation, e Event) error {
	o.ResumedAt = e.At
	for i := range o.Lanes {
		o.Lanes[i].Fresh = false
	}
	return nil
}

func foldFinished(o *Operation, e Event) error {
	if !e.State.Finished() {
		return fmt.Errorf("%q is not an end", e.State)
	}
	for _, l := range o.Lanes {
		if l.Touched && l.Phase != PhaseDone {
			return fmt.Errorf("instance %s is still out", l.Name)
		}
		if e.State == StateSucceeded && l.Phase != PhaseDone {
			return fmt.Errorf("instance %s was not done", l.Name)
		}
	}
	if e.State == StateDenied && e.Act != nil {
		o.vote(e, false)
	}
	o.State, o.Cause, o.FinishedAt = e.State, e.Cause, e.At
	return nil
}

// onLane gives a fold the lane that its event names, and lets it happen only while the operation rolls.
func onLane(fold func(*Operation, *LaneState, Event) error) func(*Operation, Event) error {
	return func(o *Operation, e Event) error {
		if !o.State.Rolling() {
			return fmt.Errorf("a step in state %s", o.State)
		}
		if e.Lane < 0 || e.Lane >= len(o.Lanes) {
			return fmt.Errorf("lane %d of %d", e.Lane, len(o.Lanes))
		}
		l := &o.Lanes[e.Lane]
		if l.Phase == PhaseDone {
			return fmt.Errorf("lane %s is done", l.Name)
		}
		l.Seen, l.StepTook = maps.Clone(l.Seen), maps.Clone(l.StepTook)
		return fold(o, l, e)
	}
}

func foldGated(_ *Operation, l *LaneState, e Event) error {
	l.Gate = e.Cause
	return nil
}

func foldBegun(o *Operation, l *LaneState, e Event) error {
	step, _ := l.Step()
	if l.Phase != PhaseDue {
		return fmt.Errorf("%s of %s begins in phase %s", step.Verb, l.Name, l.Phase)
	}
	if e.Attempt != l.Attempt {
		return fmt.Errorf("attempt %d of %s, which is at attempt %d", e.Attempt, l.Name, l.Attempt)
	}
	takes := step.Verb == VerbLeave || step.Verb.deploys() && !l.leaves()
	if takes && !l.Touched && o.out() >= max(1, o.Plan.Preview.Window) {
		return fmt.Errorf("%s would be one too many out", l.Name)
	}
	switch {
	case step.Verb == VerbLeave:
		l.Left, l.Again = time.Time{}, l.Touched
	case step.Verb == VerbJoin && l.Left.IsZero() && l.Touched && o.Plan.Kind != KindRestore:
		l.Left = e.At
	}
	l.Touched = l.Touched || takes
	l.Ran = l.Ran || step.Verb.deploys()
	if l.StartAt.IsZero() {
		l.StartAt = e.At
	}
	l.Phase, l.Begun, l.Deadline, l.Values, l.Fresh = PhaseBegun, e.At, e.Deadline, e.Values, true
	if step.Verb != VerbIdle { // it goes on watching what has left
		l.Seen = nil
	}
	l.Accepted, l.Made, l.Gate, l.Cause, l.Output = time.Time{}, "", Cause{}, Cause{}, ""
	l.Half, l.NotIdle = false, false
	return nil
}

func foldAccepted(_ *Operation, l *LaneState, e Event) error {
	if l.Phase != PhaseBegun && l.Phase != PhaseAccepted {
		return fmt.Errorf("%s was not begun", l.Name)
	}
	l.Phase, l.Accepted, l.Made, l.Fresh = PhaseAccepted, e.At, e.Made, true
	if step, _ := l.Step(); step.Verb == VerbLeave {
		l.Left = e.At
	}
	if !e.Deadline.IsZero() {
		l.Deadline = e.Deadline // the wait counts from here, however long the gates kept the call back
	}
	return nil
}

func foldSeen(_ *Operation, l *LaneState, e Event) error {
	if l.Phase != PhaseBegun && l.Phase != PhaseAccepted {
		return fmt.Errorf("%s was not begun", l.Name)
	}
	if l.Seen == nil {
		l.Seen = map[Pair]bool{}
	}
	for _, p := range e.Pairs {
		l.Seen[p] = true
	}
	return nil
}

func foldEnded(o *Operation, l *LaneState, e Event) error {
	step, ok := l.Step()
	if !ok || l.Phase == PhaseFailed || l.Phase == PhaseDue && e.OK {
		return fmt.Errorf("%s ends a step that was not begun", l.Name)
	}
	l.Output = e.Output
	if !e.OK {
		l.Phase, l.Cause, l.Failed, l.FailedAt = PhaseFailed, e.Cause, true, e.At
		o.follow(l, e.At, false)
		return nil
	}
	if l.StepTook == nil {
		l.StepTook = map[Verb]time.Duration{}
	}
	l.StepTook[step.Verb] = e.At.Sub(l.Begun)
	l.At++
	l.Phase, l.Cause, l.EndedAt = PhaseDue, Cause{}, e.At
	if l.At < len(l.Steps) || l.Turning {
		o.follow(l, e.At, false)
	}
	if l.Phase != PhaseDone && l.At >= len(l.Steps) {
		l.finish(e.At, o.Plan.Kind)
	}
	return nil
}

func foldUnknown(_ *Operation, l *LaneState, e Event) error {
	if l.Phase != PhaseBegun && l.Phase != PhaseAccepted {
		return fmt.Errorf("%s was not begun", l.Name)
	}
	l.Phase, l.Cause, l.Failed, l.FailedAt = PhaseUnknown, e.Cause, true, e.At
	return nil
}
