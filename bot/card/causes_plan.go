package card

import (
	"strings"

	"junban/deploy"
)

// plans are the sentences of plans that cannot be made.
var plans = map[deploy.Code]func(values) Text{
	deploy.NoTargets: func(v values) Text {
		return T("No instance is registered in ", B(v.get("groups")), ", so there is nothing to deploy to. Register the instances first.")
	},
	deploy.NotBalanced: func(v values) Text {
		return T("No load balancer uses the target group ", B(v.get("group")), ", so none of its targets can become healthy. Attach it to a listener first.")
	},
	deploy.NothingToLeave: func(v values) Text {
		return T(B(v.get("name")), " is behind no load balancer, so there is nothing that it could be taken out of. To keep it from being deployed to, lock the service: ",
			C("lock "+v.get("service")+" because REASON"), ".")
	},
	deploy.NoSuchInstance: func(v values) Text {
		return T("There is no instance ", C(v.get("instance")), " in this service. There are: ", v.get("known"), ".")
	},
	deploy.TwoInstances: func(v values) Text {
		return T("Several instances are named ", C(v.get("instance")), ". Name one by its id: ", v.get("ids"), ".")
	},
	deploy.AlreadyHeld: func(v values) Text {
		return T(v.instance(), " is held out of service by ", v.who("by"), v.since(), v.why("why"), ".")
	},
	deploy.NotHeld: func(v values) Text {
		if v.get("held") == "" {
			return T(C(v.get("instance")), " is not held, and neither is any other instance of this service: there is nothing to restore.")
		}
		return T(C(v.get("instance")), " is not held. Held are: ", v.get("held"), ".")
	},
	deploy.AllHeld: func(values) Text {
		return T("Every instance of this service is held. Restore one first.")
	},
	deploy.MinimumTooHigh: func(v values) Text {
		return T("With ", v.get("registered"), " instances in ", B(v.get("group")), " none can leave while ", v.get("minimum"),
			" must stay healthy. The largest min_healthy that works is ", B(v.get("largest")), ".")
	},
	deploy.FailOpen: func(v values) Text {
		return T("No target of ", B(v.get("group")), " is healthy, so the load balancer sends requests to all of them, and taking one out takes capacity away. Bring one back to health first.")
	},
	deploy.ForeignTarget: func(v values) Text {
		return T("The target ", C(v.get("target")), " belongs to no instance that can be seen in this account.")
	},
	deploy.OutsideWindow: func(v values) Text {
		return T("No operation of this service starts now. ", opens(v, "The next window opens at "),
			"Ask for a time in one with ", C("at TIME"), ", or, if it cannot wait, with ", C("emergency … because REASON"), ".")
	},
	deploy.Frozen: func(v values) Text {
		return T("Nothing of this service starts now: it is frozen (", C("freeze"), " in deploy.yaml). ", opens(v, "It may start again at "), "If it cannot wait: ", C("emergency … because REASON"), ".")
	},
	deploy.NothingBefore: func(v values) Text {
		return T("No earlier ref of ", B(v.get("service")), " is known that succeeded, so there is nothing to go back to. Name one: ", C("rollback "+v.get("service")+" REF"), ".")
	},
	deploy.ServiceLocked: func(v values) Text {
		why := v.why("why")
		if why == "" && v.get("cause") != "" {
			why = ": " + phrase(v.get("cause"))
		}
		if v.get("op") != "" {
			why += " (" + v.get("op") + ")"
		}
		return T("It is locked by ", v.who("by"), v.since(), why, ". Nothing is deployed there until somebody unlocks it.")
	},
	deploy.NotLocked: func(v values) Text {
		return T(B(v.get("service")), " is not locked, so there is nothing to unlock.")
	},
	deploy.InScaling: func(v values) Text {
		name := v.instance()
		if v.get("name") != "" {
			name = B(v.get("name"))
		}
		return T(name, " belongs to the Auto Scaling group ", B(v.get("scaling")), ", which would replace it as soon as it leaves. Suspend that first: ",
			C("aws autoscaling suspend-processes --auto-scaling-group-name "+v.get("scaling")+" --scaling-processes ReplaceUnhealthy Terminate AZRebalance"), ".")
	},
	deploy.DoctorBlocks: func(v values) Text {
		return T("The doctor found what would make this unsafe: ", B(v.get("findings")), ". ", C(strings.TrimSpace("doctor "+v.get("service"))),
			" says how to mend it; ", C("doctor.accept"), " in deploy.yaml names what a team lives with.")
	},
	deploy.NoReason: func(values) Text {
		return T("A reason is needed, since others will read it: add ", C("because REASON"), ".")
	},
	deploy.NotInTime: func(v values) Text {
		return T("It cannot start at ", v.moment("at"), ": that is over, or outside of every window. Ask for another time.")
	},
}
