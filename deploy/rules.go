package deploy

import "time"

// Rules are the approved limits of an operation and who may act on it.
type Rules struct {
	MaxUnavailable Count         `json:"max_unavailable"`
	MinHealthy     Count         `json:"min_healthy"`
	Canary         Canary        `json:"canary,omitzero"`
	PauseBetween   time.Duration `json:"pause_between,omitempty"` // least time from one instance's end to the next one's leave
	Drain          Drain         `json:"drain,omitzero"`
	OnFailure      Policy        `json:"on_failure,omitempty"` // "" = ask
	Tolerate       int           `json:"tolerate_failures,omitempty"`
	Dynamic        bool          `json:"dynamic,omitempty"` // instances that appear later join
	Within         time.Duration `json:"within,omitempty"`  // the whole rollout; 0 = no limit
	Attention      Attention     `json:"attention,omitzero"`
	Calendar       Calendar      `json:"calendar,omitzero"`
	Alarms         []string      `json:"alarms,omitempty"` // CloudWatch alarm names
	MayDeploy      []string      `json:"may_deploy"`       // user and group ids
	Approval       Approval      `json:"approval"`
}

// Policy is what a failed instance does to the rollout.
type Policy string

const (
	PolicyAsk      Policy = "ask"
	PolicyStop     Policy = "stop"     // nothing more leaves; what failed is held
	PolicyRollback Policy = "rollback" // what was touched goes back to the ref before, and the service is locked
)

// Canary is the beginning of a rollout: a few instances, one at a time, and then a wait.
type Canary struct {
	Instances int           `json:"instances,omitempty"` // 0 = no canary
	Bake      time.Duration `json:"bake,omitempty"`
	Confirm   bool          `json:"confirm,omitempty"` // afterwards somebody who may approve lets it go on
}

// Drain says when an instance that has left counts as drained.
type Drain struct {
	Idle   bool          `json:"idle,omitempty"`   // when its connections are idle, at the latest after the deregistration delay
	Settle time.Duration `json:"settle,omitempty"` // idle: not before draining has shown for so long
}

// Attention is who is called when an operation waits for a decision, and what happens if nobody decides.
type Attention struct {
	Mention []string        `json:"mention,omitempty"` // user and group ids
	After   []time.Duration `json:"after,omitempty"`   // ascending, since the wait began
	Then    Policy          `json:"then,omitempty"`    // after the last: "" or ask = goes on waiting
}

// Calendar says when operations may start. It gates the start only.
type Calendar struct {
	Zone    string   `json:"zone,omitempty"` // IANA name; "" = UTC
	Windows []Window `json:"windows,omitempty"`
	Freeze  []Freeze `json:"freeze,omitempty"`
}

// Window is a span of wall-clock time on some days of the week. With To before or at From it ends on the next day.
type Window struct {
	Days []time.Weekday `json:"days"` // on which it begins
	From Clock          `json:"from"`
	To   Clock          `json:"to"`
}

// Clock is a wall-clock time, in minutes since midnight: 0 to 1440.
type Clock int

// Freeze is a span of wall-clock time without starts.
type Freeze struct {
	From string `json:"from"` // 2006-01-02 or 2006-01-02T15:04, inclusive
	To   string `json:"to"`   // exclusive with a time; a date alone is inclusive
}

// Approval says what must be agreed before an operation may begin.
type Approval struct {
	None        bool          `json:"none,omitempty"`         // nobody is asked
	Allow       []string      `json:"allow,omitempty"`        // user and group ids: all who may approve, of all parties
	Required    int           `json:"required,omitempty"`     // distinct approvers, 1 or more; without Parties
	Parties     []Party       `json:"parties,omitempty"`      // who has to agree; a person's vote counts for one of them only
	Any         bool          `json:"any,omitempty"`          // one full party is enough; else all of them must be
	Self        bool          `json:"self,omitempty"`         // the requester may approve
	Expires     time.Duration `json:"expires,omitempty"`      // from the request to the quorum
	StartWithin time.Duration `json:"start_within,omitempty"` // from the quorum to the start
}
