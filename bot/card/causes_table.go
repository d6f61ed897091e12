package card

import (
	"strings"

	"junban/deploy"
)

// causes is the table of those causes whose sentence is one of several, or takes more than the cause's own values. The
// sentence of every other cause stands in the catalogue under its code.
var causes = map[deploy.Code]func(values) Text{
	deploy.NotHeld: func(v values) Text {
		if v.get("held") == "" {
			return v.say("cause.not_held.nothing")
		}
		return v.say("cause.not_held")
	},
	deploy.AlreadyHeld: func(v values) Text { return v.say("cause.already_held", "reason", v.w.reason(v.get("why"))) },
	deploy.ServiceLocked: func(v values) Text {
		reason := v.w.reason(v.get("why"))
		if len(reason) == 0 && v.get("cause") != "" {
			reason = v.w.reason(v.w.phrase(v.get("cause")))
		}
		return v.say("cause.service_locked", "reason", reason, "op", v.w.clause("clause.op", "op", v.get("op")))
	},
	deploy.InScaling: func(v values) Text {
		name := v.instance()
		if v.get("name") != "" {
			name = v.get("name")
		}
		return v.say("cause.in_scaling", "instance", name)
	},
	deploy.DoctorBlocks: func(v values) Text {
		return v.say("cause.doctor_blocks", "line", strings.TrimSpace("doctor "+v.get("service")))
	},
	deploy.OutsideWindow: func(v values) Text {
		return v.say("cause.outside_window", "opening", v.opening("opening.outside_window"))
	},
	deploy.Frozen:      func(v values) Text { return v.say("cause.frozen", "opening", v.opening("opening.frozen")) },
	deploy.StillClosed: func(v values) Text { return v.say("cause.still_closed", "opening", v.opening("opening.still_closed")) },
	deploy.VerifyFailed: func(v values) Text {
		if v.get("limit") != "" {
			return v.say("cause.verify_failed.cut")
		}
		return v.say("cause.verify_failed")
	},
	deploy.InstanceGone: func(v values) Text {
		return v.say("cause.instance_gone", "state", v.w.word("machine", v.get("state")))
	},
	deploy.GateCanary: func(v values) Text {
		if v.get("until") == "" {
			return v.say("cause.gate_canary")
		}
		return v.say("cause.gate_canary.baking")
	},
	deploy.GateChore: func(v values) Text {
		return v.say("cause.gate_chore", "chore", v.w.word("chore", v.get("chore")))
	},
	deploy.HalfTime: func(v values) Text {
		return v.say("cause.half_time", "step", v.w.doing(deploy.Verb(v.get("step"))))
	},
	deploy.Appeared: func(v values) Text {
		if v.get("joins") == "yes" {
			return v.say("cause.appeared.joins")
		}
		return v.say("cause.appeared")
	},
	deploy.Unattended: unattended,
	deploy.StartLate: func(v values) Text {
		switch waited := deploy.Code(v.get("waited")); waited {
		case "":
			return v.say("cause.start_late")
		case deploy.Scheduled:
			return v.say("cause.start_late.scheduled")
		default:
			return v.say("cause.start_late.waited", "waited", v.w.phrase(string(waited)))
		}
	},
	deploy.PlanChanged: func(v values) Text { return v.say("cause.plan_changed", "what", v.w.differences(v.get("what"))) },
	deploy.PlanGone:    func(v values) Text { return v.say("cause.plan_gone", "why", v.w.phrase(v.get("why"))) },
	deploy.NoStanding:  func(v values) Text { return v.say("cause.standing", "why", v.w.phrase(v.get("why"))) },
	deploy.FailedLane:  func(v values) Text { return v.say("cause.failed_lane", "why", v.w.phrase(v.get("why"))) },
	deploy.RolledBack:  rolledBack,
	deploy.NotAMember: func(v values) Text {
		kind := v.get("kind")
		if !v.w.lang.Has("standing." + kind) {
			kind = string(deploy.Stranger)
		}
		return v.say("cause.not_a_member", "kind", v.w.word("standing", kind))
	},
	deploy.NotAllowed: func(v values) Text {
		if v.get("list") == "approve" {
			return v.say("cause.not_allowed.approve")
		}
		return v.say("cause.not_allowed")
	},
	deploy.VotesMissing:  votesMissing,
	deploy.QuorumLost:    func(v values) Text { return v.say("cause.quorum_lost", "lacking", v.lacking()) },
	deploy.LockOfAnother: lockOfAnother,
	deploy.LockLifted: func(v values) Text {
		return v.say("cause.lock_lifted", "owner", v.owners(), "why", v.w.reason(v.get("why")))
	},
	deploy.NotNow: func(v values) Text {
		state := v.w.word("state", v.get("state"))
		if did := v.get("did"); did != "" && v.get("by") != "" {
			return v.say("cause.not_now.late", "did", v.w.word("past", did), "state", state)
		}
		return v.say("cause.not_now", "state", state)
	},
}

// decides reports whether a call for people is the last one, after which the rule decides.
func decides(c deploy.Cause) bool {
	then := deploy.Policy(c.Values["then"])
	return (then == deploy.PolicyStop || then == deploy.PolicyRollback) && c.Values["within"] == c.Values["after"]
}

// unattended calls people; or, once the rule has decided in their place, says what nobody decided about.
func unattended(v values) Text {
	var then Text
	if rule := deploy.Policy(v.get("then")); rule == deploy.PolicyStop || rule == deploy.PolicyRollback {
		when := ".within"
		switch {
		case decides(deploy.Cause{Values: v.v}):
			when = ".now"
		case v.get("within") == "": // told by an earlier version
			when = ".later"
		}
		then = v.say("unattended." + string(rule) + when)
	}
	why := v.w.phrase(v.get("why"))
	switch {
	case v.get("mention") != "":
		return v.say("cause.unattended.call", "mention", v.w.calls(v.get("mention")), "then", then)
	case v.get("instance") != "":
		return v.say("cause.unattended.instance", "why", why)
	case v.get("why") != "":
		return v.say("cause.unattended.over", "why", why)
	}
	return v.say("cause.unattended", "then", then)
}

// rolledBack says of a way back that has ended who or what turned the rollout, and what it did not reach.
func rolledBack(v values) Text {
	ref := v.get("ref")
	if ref == "" {
		ref = v.w.Line("word.ref_before")
	}
	var missed Text
	if v.get("missed") != "" {
		missed = v.w.Say("rolled_back.missed", "instances", v.names("missed"))
	}
	if v.get("by") != "" {
		return v.say("cause.rolled_back.by", "ref", ref, "missed", missed)
	}
	why := Text{{Value: v.w.phrase(v.get("why"))}}
	if v.get("instance") != "" {
		id := "rolled_back.failed"
		if deploy.Code(v.get("why")) == deploy.Unattended {
			id = "rolled_back.unattended"
		}
		why = v.say(id, "of", v.w.phrase(v.get("of")), "why", v.w.phrase(v.get("why")))
	}
	return v.say("cause.rolled_back", "ref", ref, "why", why, "missed", missed)
}
