package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// ID names one operation. It is unique in a journal, sorts by time of request, and is at most 32 bytes of [a-z0-9-].
type ID string

// Kind is what an operation is for. A kind is only a way to lay steps in lanes.
type Kind string

const (
	KindDeploy  Kind = "deploy"
	KindDrain   Kind = "drain"
	KindRestore Kind = "restore"
)

// Verb is one kind of step; its rule stands in the table of verbs.
type Verb string

const (
	VerbLeave   Verb = "leave"   // deregister, and wait until drained
	VerbCommand Verb = "command" // run the deploy command on the host
	VerbVerify  Verb = "verify"  // run the verification on the host
	VerbJoin    Verb = "join"    // register, and wait until healthy
)

// Pair is one registration, exactly as the target group lists it. AWS identifies a target by id and port: without the
// port that was registered, DeregisterTargets answers 200 and does nothing.
type Pair struct {
	Group  string `json:"group"`  // target group ARN
	Target string `json:"target"` // instance id, or IP address in a group of type ip
	Port   int    `json:"port"`   // 1 to 65535
}

// Step is one thing to do to one instance.
type Step struct {
	Verb  Verb              `json:"verb"`
	On    string            `json:"on"` // instance id
	Pairs []Pair            `json:"pairs,omitempty"`
	Args  map[string]string `json:"args,omitempty"`  // user, directory, shell, env.NAME; for verify also for and every
	Limit time.Duration     `json:"limit,omitempty"` // command, verify: running time; join, and the way back of leave: until healthy
}

// Lane is what happens to one instance, in order.
type Lane struct {
	Name  string `json:"name"` // instance id
	Steps []Step `json:"steps"`
}

// Count is a number of instances, or a percentage of a fleet.
type Count struct {
	N       int  `json:"n"` // 0 or more; 0 to 100 with Percent
	Percent bool `json:"percent,omitempty"`
}

// AtLeast resolves the count against a fleet, rounding up: a minimum must not shrink by rounding.
func (c Count) AtLeast(fleet int) int {
	if !c.Percent {
		return c.N
	}
	return int(math.Ceil(float64(fleet) * float64(c.N) / 100))
}

// AtMost resolves the count against a fleet, rounding down but never below 1: a window of nothing would never move.
func (c Count) AtMost(fleet int) int {
	if !c.Percent {
		return max(1, c.N)
	}
	return max(1, fleet*c.N/100)
}

func (c Count) String() string {
	if c.Percent {
		return fmt.Sprintf("%d%%", c.N)
	}
	return fmt.Sprint(c.N)
}

// Rules are the approved limits of an operation and who may act on it.
type Rules struct {
	MaxUnavailable Count    `json:"max_unavailable"`
	MinHealthy     Count    `json:"min_healthy"`
	MayDeploy      []string `json:"may_deploy"` // user and group ids
	Approval       Approval `json:"approval"`
}

// Approval says what must be agreed before an operation may begin.
type Approval struct {
	None        bool          `json:"none,omitempty"`         // nobody is asked
	Allow       []string      `json:"allow,omitempty"`        // user and group ids
	Required    int           `json:"required,omitempty"`     // distinct approvers, 1 or more
	Self        bool          `json:"self,omitempty"`         // the requester may approve
	Expires     time.Duration `json:"expires,omitempty"`      // from the request to the quorum
	StartWithin time.Duration `json:"start_within,omitempty"` // from the quorum to the start
}

// Terms are what an approval binds to: nothing that may flap (health, order, estimates) stands here.
type Terms struct {
	Kind        Kind            `json:"kind"`
	Service     string          `json:"service"`
	Environment string          `json:"environment,omitempty"`
	Ref         string          `json:"ref,omitempty"`
	Revision    string          `json:"revision,omitempty"`
	Lanes       []Lane          `json:"lanes"` // sorted by instance, never by health
	Rules       Rules           `json:"rules"`
	Scripts     map[Verb]string `json:"scripts,omitempty"`
}

// Hash is the SHA-256 of the terms in their JSON form, in hexadecimal. An approval names it.
func (t Terms) Hash() string {
	data, err := json.Marshal(t) // struct fields in order, map keys sorted: the same terms give the same bytes
	if err != nil {
		panic("deploy: terms hold nothing that JSON cannot say: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
