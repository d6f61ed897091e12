package deploy

import "time"

// EventVersion is written into every event, so that a later reader can tell what it reads.
const EventVersion = 1

// Type is what happened.
type Type string

const (
	EventRequested Type = "requested" // Plan, By
	EventVoted     Type = "voted"     // Act (approve or deny)
	EventQueued    Type = "queued"    // Cause: who is in the way
	EventStarted   Type = "started"   // Plan: remade, with the same hash
	EventResumed   Type = "resumed"   // a new process took over; the fence against the former one
	EventGated     Type = "gated"     // Lane, Cause: a gate keeps the lane in service
	EventBegun     Type = "begun"     // Lane, Attempt, Deadline, Values: the order to act
	EventAccepted  Type = "accepted"  // Lane, Made: AWS has taken the order
	EventSeen      Type = "seen"      // Lane, Pairs: draining, or registered, seen for the first time since the intent
	EventEnded     Type = "ended"     // Lane, OK, Cause, Output
	EventUnknown   Type = "unknown"   // Lane, Cause: nobody can say whether the command runs
	EventChosen    Type = "chosen"    // Lane, Act: retry, putback, leaveout, looked
	EventAborted   Type = "aborted"   // Act
	EventPaused    Type = "paused"    // Act: nothing more leaves
	EventContinued Type = "continued" // Act: resume ends a pause, continue answers the question
	EventAsked     Type = "asked"     // Cause: the whole operation waits for somebody to continue it
	EventStopped   Type = "stopped"   // Cause: a rule ends it in order, as an abort would
	EventTurned    Type = "turned"    // Act or Cause: it goes back to the ref before
	EventNoted     Type = "noted"     // Lane (-1: none), Cause: worth telling; changes nothing
	EventGrown     Type = "grown"     // Plan: its lanes join the operation
	EventFinished  Type = "finished"  // State, Cause; By, where a person ended it
)

// Event is one line of the journal. Events of one operation are numbered from 1 without gaps.
type Event struct {
	Version  int               `json:"v"`
	Seq      int               `json:"seq"`
	Op       ID                `json:"op"`
	At       time.Time         `json:"at"`
	Type     Type              `json:"type"`
	Writer   string            `json:"writer,omitempty"` // nonce of the process that wrote it
	By       string            `json:"by,omitempty"`     // Slack user id
	Lane     int               `json:"lane,omitempty"`   // index into the plan's lanes; meaningful for lane events only
	Attempt  int               `json:"attempt,omitempty"`
	OK       bool              `json:"ok,omitempty"`
	State    State             `json:"state,omitempty"`
	Made     string            `json:"made,omitempty"` // the SSM command's id
	Deadline time.Time         `json:"deadline,omitzero"`
	Cause    Cause             `json:"cause,omitzero"`
	Pairs    []Pair            `json:"pairs,omitempty"`
	Values   map[string]string `json:"values,omitempty"` // what was read when the step began: PREVIOUS_REF, INSTANCE_*
	Output   string            `json:"output,omitempty"` // the end of a command's output, redacted, at most 8 KB
	Plan     *Plan             `json:"plan,omitempty"`
	Act      *Act              `json:"act,omitempty"`
}

// Person is who somebody is at the moment of an act, as the directory told it.
type Person struct {
	ID     string   `json:"id"`
	Kind   Standing `json:"kind"`
	Groups []string `json:"groups,omitempty"` // ids of the user groups they are in, of those that were asked for
}

// Standing is what kind of account a person has. Only members may act; bots that are listed by id may ask.
type Standing string

const (
	Member   Standing = "member"
	Guest    Standing = "guest"
	External Standing = "external"
	Robot    Standing = "bot"
	Deleted  Standing = "deleted"
	Stranger Standing = "unknown" // the directory does not know them
)

// In reports whether the person, or a group they are in, is on the list. Groups give a bot nothing.
func (p Person) In(list []string) bool {
	for _, id := range list {
		if id == p.ID {
			return true
		}
		if p.Kind == Robot {
			continue
		}
		for _, g := range p.Groups {
			if id == g {
				return true
			}
		}
	}
	return false
}

// ActVerb is what a person does to an operation.
type ActVerb string

const (
	ActApprove  ActVerb = "approve"
	ActDeny     ActVerb = "deny"
	ActWithdraw ActVerb = "withdraw"
	ActAbort    ActVerb = "abort"    // a second one cancels the command in flight
	ActRetry    ActVerb = "retry"    // a new attempt at the failed instance
	ActPutBack  ActVerb = "putback"  // register the failed instance as it is, and go on
	ActLeaveOut ActVerb = "leaveout" // hold the failed instance out of service, and go on
	ActLooked   ActVerb = "looked"   // "I looked at the host: the command does not run"
	ActPause    ActVerb = "pause"    // at the next instance's boundary
	ActResume   ActVerb = "resume"   // ends a pause
	ActContinue ActVerb = "continue" // answers what the operation asks: the canary is good, the alarm is known, …
	ActRollback ActVerb = "rollback" // abort and roll back: what was touched goes back to the ref before
	ActGoOn     ActVerb = "goon"     // a chore that failed counts as done
)

// Act is what a person asks for, with what they saw when they asked.
type Act struct {
	ID      string  `json:"id,omitempty"` // of the message that asked for it: the same one again is no second act
	Verb    ActVerb `json:"verb"`
	By      Person  `json:"by"`
	Lane    string  `json:"lane,omitempty"`    // instance id, for acts on one instance
	Attempt int     `json:"attempt,omitempty"` // the attempt whose failure they saw; abort: which abort it would be, 0 = the first
	Hash    string  `json:"hash,omitempty"`    // approve, deny: the terms they saw
	Reason  string  `json:"reason,omitempty"`
	Fresh   *Plan   `json:"-"` // approve: the plan remade just now
	Changed Cause   `json:"-"` // approve: why it could not be remade (PlanGone), if it could not
}
