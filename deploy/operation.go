package deploy

import "time"

// State is where an operation is.
type State string

const (
	StateRequested State = "requested"
	StateApproved  State = "approved"
	StateQueued    State = "queued"
	StateRolling   State = "rolling"
	StatePaused    State = "paused" // instances that have left go on to their end; no other leaves
	StateSucceeded State = "succeeded"
	StateFailed    State = "failed"
	StateAborted   State = "aborted"
	StateDenied    State = "denied"
	StateExpired   State = "expired" // not approved in time, not started in time, or void because the plan changed
	StateWithdrawn State = "withdrawn"
)

// Finished reports whether nothing more can happen in this state.
func (s State) Finished() bool {
	switch s {
	case StateSucceeded, StateFailed, StateAborted, StateDenied, StateExpired, StateWithdrawn:
		return true
	}
	return false
}

// Operation is a reading of one operation's events. It is a value: Apply answers a new one.
type Operation struct {
	ID          ID
	Seq         int // of the last event; 0 = nothing yet
	Writer      string
	Plan        Plan
	Hash        string
	State       State
	RequestedBy string
	RequestedAt time.Time
	Expires     time.Time // of the request; zero if nobody is asked
	Reminded    bool      // those who may still approve were called
	Votes       []Vote
	ApprovedAt  time.Time // quorum
	StartBy     time.Time
	Waiting     Cause // queued: who is in the way
	StartedAt   time.Time
	Lanes       []LaneState
	Aborts      []Act // at most two: the second cancels
	Course      Course
	Paused      *Act
	PausedAt    time.Time
	Asked       Cause // the whole operation waits for somebody to continue it: why
	AskedAt     time.Time
	Answers     []Answer // of questions that were asked
	Called      int      // how often people were called since it began to wait for them
	Half        bool     // that half of the rollout's time is over was told
	Appeared    []string // instances that appeared since the plan
	Left        []string // of them, those about which it was decided whether they join
	Stopped     Cause    // a rule ended it in order
	Turned      *Turn    // it goes back to the ref before
	FinishedAt  time.Time
	Cause       Cause // finished: why so
	ResumedAt   time.Time
	Updated     time.Time
}

// Answer is one question of the operation's, and who continued it.
type Answer struct {
	Cause Cause
	By    string
	At    time.Time
}

// Turn is the order to go back to the ref before, by a person or by a rule.
type Turn struct {
	By    string // "" = a rule: Cause
	Cause Cause
	At    time.Time
}

// Rolling reports whether steps are carried out: the operation has started and not finished, paused or not.
func (s State) Rolling() bool { return s == StateRolling || s == StatePaused }

// Vote is one approval or denial.
type Vote struct {
	By     string
	OK     bool
	At     time.Time
	Reason string
	Groups []string // in which they were at that moment, of those that the rules speak of
}

// Phase is how far a step is.
type Phase string

const (
	PhaseDue      Phase = "due"
	PhaseBegun    Phase = "begun"    // the intent is journalled; the call may or may not have been made
	PhaseAccepted Phase = "accepted" // AWS has taken it
	PhaseFailed   Phase = "failed"   // a person decides
	PhaseUnknown  Phase = "unknown"  // nobody can say whether the command runs
	PhaseDone     Phase = "done"     // of a lane: nothing is left to do
)

// Outcome is how a lane ended.
type Outcome string

const (
	OutcomeNone     Outcome = ""
	OutcomeDone     Outcome = "done"     // every step of the plan succeeded
	OutcomePutBack  Outcome = "putback"  // back in service without having finished the plan
	OutcomeHeld     Outcome = "held"     // out of service, and a hold says so
	OutcomeSkipped  Outcome = "skipped"  // never touched
	OutcomeGone     Outcome = "gone"     // terminated, so there is nothing to put back or hold
	OutcomeReverted Outcome = "reverted" // back in service with the ref before
)

// LaneState is how far one instance is.
type LaneState struct {
	Name    string
	Steps   []Step // the plan's, until a choice replaces what is left by the way back
	At      int
	Phase   Phase
	Attempt int // of the command, from 1
	Outcome Outcome

	Begun    time.Time // of the present step
	Accepted time.Time
	Deadline time.Time
	Made     string
	Values   map[string]string
	Fresh    bool          // the present step was begun by the process that is running now
	Seen     map[Pair]bool // pairs seen draining (leave) or registered (join) since the intent

	Left      time.Time // when the leave was acknowledged, or, if it never was, when the way back began
	Again     bool      // the present leave is not the first one
	Touched   bool      // some leave has begun: the instance counts as out until it is healthy again
	Joining   bool      // the way back is being walked because somebody chose it or aborted
	Leaving   bool      // it leaves once more, to be held
	Ran       bool      // a command has begun on it, in some attempt
	Turning   bool      // it goes back once the present step has ended
	NotIdle   bool      // the idle probe cannot tell
	EndedAt   time.Time // of the step before
	FailedAt  time.Time // failed, unknown: since when it waits for a decision
	Reverting bool      // it goes back to the ref before
	Failed    bool      // it has failed, in some attempt
	Half      bool      // that half of the present step's time is over was told
	LeftOut   bool      // a named person left it out, or a drain has ended: held
	Gate      Cause
	Cause     Cause // failed, unknown: why
	Output    string
	Choice    *Act
	StartAt   time.Time // of the lane
	EndAt     time.Time
	StepTook  map[Verb]time.Duration
}

// Step is the lane's present step; ok is false when nothing is left.
func (l LaneState) Step() (Step, bool) {
	if l.At >= len(l.Steps) {
		return Step{}, false
	}
	return l.Steps[l.At], true
}

// Waits reports whether the lane waits for a person's decision.
func (l LaneState) Waits() bool { return l.Phase == PhaseFailed || l.Phase == PhaseUnknown }

// Out reports whether the instance counts against max_unavailable: from its begun leave until it is healthy in all
// groups. One that a named person left out counts no longer.
func (l LaneState) Out() bool { return l.Touched && l.Phase != PhaseDone && !l.LeftOut }

// Status is the state that people see.
func (l LaneState) Status() string {
	switch l.Outcome {
	case OutcomeDone:
		if l.Chore() {
			return "done"
		}
		return "healthy"
	case OutcomePutBack:
		return "healthy"
	case OutcomeReverted:
		return "rolled back"
	case OutcomeHeld:
		return "held"
	case OutcomeSkipped:
		return "skipped"
	case OutcomeGone:
		return l.Cause.Values["state"]
	}
	if l.Phase == PhaseUnknown {
		return "unknown"
	}
	if l.Phase == PhaseFailed {
		if l.Cause.Code == InstanceGone {
			return l.Cause.Values["state"]
		}
		return "failed"
	}
	step, _ := l.Step()
	if l.Phase == PhaseDue {
		if !l.Touched {
			return "waiting"
		}
		return dueAs[step.Verb]
	}
	return doingAs[step.Verb]
}

// dueAs and doingAs are the states that people see of a step that is due, and of one that was begun.
var (
	dueAs = map[Verb]string{
		VerbLeave: "waiting", VerbIdle: "draining", VerbCommand: "drained", VerbRevert: "drained", VerbVerify: "deployed", VerbJoin: "drained",
	}
	doingAs = map[Verb]string{
		VerbLeave: "draining", VerbIdle: "draining", VerbCommand: "deploying", VerbRevert: "rolling back", VerbVerify: "verifying",
		VerbJoin: "registering", VerbBefore: "running", VerbFirst: "running", VerbAfter: "running",
	}
)

// Undecided lists the lanes that wait for a person, by index.
func (o Operation) Undecided() []int {
	var out []int
	for i := range o.Lanes {
		if l := &o.Lanes[i]; l.Waits() {
			out = append(out, i)
		}
	}
	return out
}

// out is how many instances count as out.
func (o Operation) out() int {
	n := 0
	for i := range o.Lanes {
		if l := &o.Lanes[i]; l.Out() {
			n++
		}
	}
	return n
}

// Lane finds a lane by instance id.
func (o Operation) Lane(name string) (int, bool) {
	for i := range o.Lanes {
		if o.Lanes[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// Approvers are the ids of those who approved, in order.
func (o Operation) Approvers() []string {
	var out []string
	for _, v := range o.Votes {
		if v.OK {
			out = append(out, v.By)
		}
	}
	return out
}

// Moved reports whether the lane is at another step or phase than before, so that what was seen of its effects is over.
func (l *LaneState) Moved(after *LaneState) bool {
	return l.At != after.At || l.Phase != after.Phase || l.Attempt != after.Attempt || !l.Accepted.Equal(after.Accepted) ||
		l.Joining != after.Joining || l.Leaving != after.Leaving
}
