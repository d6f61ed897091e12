package deploy

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Cause says why, as a code and values: sentences are made where people read them.
type Cause struct {
	Code   Code              `json:"code,omitempty"`
	Values map[string]string `json:"values,omitempty"`
}

// Code names one reason. Each has a sentence in every language of package bot/lang.
type Code string

// Why something failed, waits, or was refused.
const (
	// Plans that cannot be made.
	NoTargets      Code = "no_targets"       // groups
	NotBalanced    Code = "not_balanced"     // group: no load balancer uses it
	NoSuchInstance Code = "no_such_instance" // instance, known
	TwoInstances   Code = "two_instances"    // instance, ids
	NothingToLeave Code = "nothing_to_leave" // instance, name, service: it is behind no load balancer
	AlreadyHeld    Code = "already_held"     // instance, op, by, why, since
	NotHeld        Code = "not_held"         // instance, held
	AllHeld        Code = "all_held"         // held
	MinimumTooHigh Code = "minimum_too_high" // group, minimum, registered, largest
	FailOpen       Code = "fail_open"        // group
	ForeignTarget  Code = "foreign_target"   // target, group: an address that is no instance of ours
	OutsideWindow  Code = "outside_window"   // opens, until, line: the windows in words
	Frozen         Code = "frozen"           // from, to
	NothingBefore  Code = "nothing_before"   // service: no earlier ref is known to roll back to
	ServiceLocked  Code = "service_locked"   // by, why, since, op
	NotLocked      Code = "not_locked"       // service
	InScaling      Code = "in_scaling"       // instance, scaling: its Auto Scaling group would replace it
	DoctorBlocks   Code = "doctor_blocks"    // findings
	NoReason       Code = "no_reason"        // an emergency, a lock and an unlock of another's need one
	NotInTime      Code = "not_in_time"      // at: the scheduled time is over, or outside of every window
	LockOfAnother  Code = "lock_of_another"  // service, by, why, since, op: to unlock it needs a reason
	ChangesUnread  Code = "changes_unread"   // why: what lies between the two refs is not known
	NothingEarlier Code = "nothing_earlier"  // no ref before is known to compare with
	// Questions: the whole operation waits for somebody to continue it.
	CanaryBaked Code = "canary_baked" // instances, bake: confirm that it is good
	CanarySick  Code = "canary_sick"  // instance, group, state, reason
	AlarmOn     Code = "alarm_on"     // alarms
	Overdue     Code = "overdue"      // limit: the whole rollout takes longer
	// Gates.
	GatePaused      Code = "gate_paused"      // by
	GateCanary      Code = "gate_canary"      // until: when the canary is baked
	GateBetween     Code = "gate_between"     // until
	GateZone        Code = "gate_zone"        // zone, before: the zone that is finished first
	GateChore       Code = "gate_chore"       // chore: it has to be done first
	GateUnavailable Code = "gate_unavailable" // out, max, names
	GateHealthy     Code = "gate_healthy"     // group, healthy, minimum, instance
	// Failures of a lane.
	CommandFailed   Code = "command_failed"  // exit
	VerifyFailed    Code = "verify_failed"   // exit
	CommandTimeout  Code = "command_timeout" // limit
	CommandRefused  Code = "command_refused" // why: the guard or the agent did not run it
	CommandUnknown  Code = "command_unknown" // why
	CommandCanceled Code = "command_cancelled"
	PutBackByOther  Code = "put_back_by_other" // pair, state
	TakenByOther    Code = "taken_by_other"    // pair
	StillInService  Code = "still_in_service"  // pair, state
	DrainTimeout    Code = "drain_timeout"     // pair
	HealthTimeout   Code = "health_timeout"    // pair, state, reason, limit
	NeverHealthy    Code = "never_healthy"     // pair, state, reason
	InstanceGone    Code = "instance_gone"     // state
	CloudFault      Code = "cloud_fault"       // action, class, code, message, tries
	SomebodyLooked  Code = "somebody_looked"   // by
	Vanished        Code = "vanished"          // instance, group: somebody else took it out before its turn
	// Notes.
	HalfTime     Code = "half_time"     // step, limit: half of it is over
	Appeared     Code = "appeared"      // instances: registered since the plan; joins: yes | no
	IdleNot      Code = "idle_not"      // why: the idle probe cannot tell, so the delay is waited out
	VotesMissing Code = "votes_missing" // mention, missing, parties, any, after, until: half of the time for approvals is over
	Unattended   Code = "unattended"    // after, mention, then, within: nobody has decided yet; or after, instance, why: the rule has decided
	// Ends of an operation.
	Expired     Code = "expired"      // after
	StartLate   Code = "start_late"   // after
	PlanChanged Code = "plan_changed" // what
	PlanGone    Code = "plan_gone"    // why
	NoStanding  Code = "standing"     // who, why; of an approver: missing, parties
	QuorumLost  Code = "quorum_lost"  // missing, parties: the approvers changed groups, and fill it no more
	LockLifted  Code = "lock_lifted"  // owner: whose lock it was; by, reason, why, since, op
	Denied      Code = "denied"       // by, reason
	Withdrawn   Code = "withdrawn"    // by
	Aborted     Code = "aborted"      // by
	NotDeployed Code = "not_deployed" // instances
	RolledBack  Code = "rolled_back"  // by, ref, missed; why: the code of the rule's cause; instance, of: what failed, and its cause's code
	FailedLane  Code = "failed_lane"  // instance, why: on_failure
	Scheduled   Code = "scheduled"    // at
	StillClosed Code = "still_closed" // opens
	LockedBy    Code = "locked_by"    // resource, op, by, since, why
	Behind      Code = "behind"       // op: approved earlier, shares a resource
	AskFailed   Code = "ask_failed"   // what, why: Slack or AWS could not be asked, so nothing starts
	// Refused acts.
	NotAMember    Code = "not_a_member"    // kind: guest external deleted bot unknown
	NotAllowed    Code = "not_allowed"     // list: deploy | approve
	NeedApprover  Code = "need_approver"   // act: only those who may approve
	RobotOnlyAsks Code = "robot_only_asks" // act: bots ask for deploys and rollbacks, and do nothing else
	OwnRequest    Code = "own_request"
	NotYours      Code = "not_yours" // by
	NotNow        Code = "not_now"   // act, state
	AlreadyVoted  Code = "already_voted"
	WrongHash     Code = "wrong_hash"
	NoSuchLane    Code = "no_such_lane" // instance
	OldButton     Code = "old_button"
	UnknownAct    Code = "unknown_act" // act
)

// Because makes a Cause from a code and pairs of name and value.
func Because(code Code, pairs ...any) Cause {
	c := Cause{Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		if c.Values == nil {
			c.Values = map[string]string{}
		}
		c.Values[fmt.Sprint(pairs[i])] = fmt.Sprint(pairs[i+1])
	}
	return c
}

// String is for logs and tests: code(name=value …), never for people.
func (c Cause) String() string {
	if len(c.Values) == 0 {
		return string(c.Code)
	}
	parts := make([]string, 0, len(c.Values))
	for k, v := range c.Values {
		parts = append(parts, k+"="+v)
	}
	sort.Strings(parts)
	return string(c.Code) + "(" + strings.Join(parts, " ") + ")"
}

func (c Cause) equal(d Cause) bool { return c.String() == d.String() }

// Refusal is the error of a plan or an act that the rules do not allow. Nothing was changed.
type Refusal struct{ Cause Cause }

func (r *Refusal) Error() string { return "refused: " + r.Cause.String() }

func refuse(code Code, pairs ...any) error { return &Refusal{Because(code, pairs...)} }

// RefusalOf finds the Cause in an error; ok is false if the error is no refusal.
func RefusalOf(err error) (Cause, bool) {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Cause, true
	}
	return Cause{}, false
}

// Class says what an error from AWS or a host means for what was asked.
type Class string

const (
	Refused   Class = "refused"   // answered no; nothing was done, and asking again will not help
	Throttled Class = "throttled" // answered not now; nothing was done
	Unsure    Class = "unsure"    // no answer that can be trusted; it may have been done
)

// Fault is an error from AWS or a host, classified by the adapter that saw it.
type Fault struct {
	Class   Class
	Code    string // the service's own error code, if any
	Message string
}

func (f *Fault) Error() string {
	if f.Code == "" {
		return f.Message
	}
	return f.Code + ": " + f.Message
}
