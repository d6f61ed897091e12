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
	KindDeploy   Kind = "deploy"
	KindRollback Kind = "rollback" // like a deploy, to an earlier ref
	KindDrain    Kind = "drain"
	KindRestore  Kind = "restore"
	KindLock     Kind = "lock"   // keeps a service from being deployed to; no lanes
	KindUnlock   Kind = "unlock" // ends that
)

// Verb is one kind of step; its rule stands in the table of verbs.
type Verb string

const (
	VerbLeave   Verb = "leave"   // deregister, and wait until drained; with Rules.Drain.Idle, until draining shows
	VerbIdle    Verb = "idle"    // ask the host until its connections are idle, or the deregistration delay is over
	VerbCommand Verb = "command" // run the deploy command on the host
	VerbRevert  Verb = "revert"  // run the rollback command on the host
	VerbVerify  Verb = "verify"  // run the verification on the host
	VerbJoin    Verb = "join"    // register, and wait until healthy

	// Chores: once per rollout, in a lane of their own.
	VerbBefore Verb = "before" // on the bot's host, before anything leaves
	VerbFirst  Verb = "first"  // on the first instance that is drained, before any command
	VerbAfter  Verb = "after"  // on the bot's host, when all instances are done
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

// Terms are what an approval binds to: nothing that may flap (health, order, estimates) stands here.
type Terms struct {
	Kind        Kind            `json:"kind"`
	Service     string          `json:"service"`
	Environment string          `json:"environment,omitempty"`
	Ref         string          `json:"ref,omitempty"`
	Revision    string          `json:"revision,omitempty"`
	StartAt     time.Time       `json:"start_at,omitzero"`   // scheduled: not before this
	Emergency   bool            `json:"emergency,omitempty"` // windows and freezes do not keep it
	Local       bool            `json:"local,omitempty"`     // an emergency that came in by the operator's socket
	Account     string          `json:"account,omitempty"`   // of the configuration; "" = the bot's own
	Via         string          `json:"via,omitempty"`       // how hosts are reached: ssm (also ""), ssh, local
	Lanes       []Lane          `json:"lanes"`               // sorted by instance, never by health
	Rules       Rules           `json:"rules"`
	Scripts     map[Verb]string `json:"scripts,omitempty"`
	Resources   []string        `json:"resources,omitempty"` // lock, unlock: what they are about
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
