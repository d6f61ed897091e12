package card

import (
	"junban/deploy"
)

// runs are the sentences of what keeps an instance, what fails on it, and what is worth a note.
var runs = map[deploy.Code]func(values) Text{
	deploy.GateHealthy: func(v values) Text {
		return T("Kept in service by min_healthy: without ", B(v.get("instance")), ", ", v.get("healthy"), " would be healthy in ", B(v.get("group")), ", and ", v.get("minimum"), " must be. It goes on by itself when others are healthy again.")
	},
	deploy.GateUnavailable: func(v values) Text {
		return T("Kept in service by max_unavailable: ", v.get("names"), " is out already.")
	},
	deploy.CommandFailed: func(v values) Text { return T("The deploy command exited ", B(v.get("exit")), ".") },
	deploy.VerifyFailed: func(v values) Text {
		if v.get("limit") != "" {
			return T("The verification did not succeed within ", v.duration("limit"), "; its last try was cut off.")
		}
		return T("The verification failed, last with exit code ", B(v.get("exit")), ".")
	},
	deploy.CommandTimeout: func(v values) Text {
		return T("The deploy command was stopped: it ran longer than ", v.duration("limit"), ".")
	},
	deploy.CommandRefused: func(v values) Text { return T("The command was not run: ", v.get("why"), ".") },
	deploy.CommandUnknown: func(v values) Text {
		return T("Nobody can say how the command ended: ", v.get("why"), ". Nothing is registered or run there until its host says that it has ended, or one of you has looked.")
	},
	deploy.CommandCanceled: func(values) Text { return T("The command was cancelled, and may have done a part of its work.") },
	deploy.PutBackByOther: func(v values) Text {
		return T("Somebody else put ", C(v.get("pair")), " back into service (", v.get("state"), ") while it was to be out. No command runs on an instance in service.")
	},
	deploy.TakenByOther: func(v values) Text {
		return T("Somebody else took ", C(v.get("pair")), " out of ", B(v.get("group")), " after it had been registered.")
	},
	deploy.StillInService: func(v values) Text {
		return T(C(v.get("pair")), " is still in service (", v.get("state"), ") although AWS took the order to deregister it.")
	},
	deploy.DrainTimeout: func(v values) Text {
		return T("It is still not drained after ", v.duration("after"), ", longer than the deregistration delay.")
	},
	deploy.HealthTimeout: func(v values) Text {
		return T("It was not healthy in ", B(v.get("group")), " within ", v.duration("limit"), ": ", reason(v), ".")
	},
	deploy.NeverHealthy: func(v values) Text {
		return T("It cannot become healthy in ", B(v.get("group")), ": ", reason(v), ".")
	},
	deploy.InstanceGone: func(v values) Text { return T("The instance is ", v.get("state"), ".") },
	deploy.CloudFault: func(v values) Text {
		return T("AWS failed ", v.get("tries"), " times at ", C(v.get("action")), ", last with: ", v.get("message"), ".")
	},
	deploy.SomebodyLooked: func(v values) Text { return T(v.who("by"), " looked: the command does not run any more.") },
	deploy.GatePaused: func(v values) Text {
		return T("Kept in service by the pause of ", v.who("by"), ".")
	},
	deploy.GateCanary: func(v values) Text {
		if v.get("until") == "" {
			return T("Kept in service by the canary, which goes first.")
		}
		return T("Kept in service by the canary, which is baking until ", v.moment("until"), ".")
	},
	deploy.GateBetween: func(v values) Text {
		return T("Kept in service by pause_between until ", v.moment("until"), ".")
	},
	deploy.GateZone: func(v values) Text {
		return T("Kept in service by the order of zones: ", v.get("zone"), " opens when ", v.get("before"), " is finished.")
	},
	deploy.GateChore: func(v values) Text {
		return T("Kept back by ", B(chores[deploy.Verb(v.get("chore"))].or(v.get("chore"))), ", which has to be done first.")
	},
	deploy.CanaryBaked: func(v values) Text {
		return T("The canary ", B(names(v)), " has baked for ", v.duration("bake"), " and is healthy.")
	},
	deploy.CanarySick: func(v values) Text {
		return T("The canary ", v.instance(), " was deployed and is not well in ", B(v.get("group")), ": ", reason(v), ".")
	},
	deploy.AlarmOn: func(v values) Text {
		return T("The CloudWatch alarm ", B(v.get("alarms")), " is on.")
	},
	deploy.Overdue: func(v values) Text {
		return T("It has taken longer than ", v.duration("limit"), " in all.")
	},
	deploy.Vanished: func(v values) Text {
		return T("Somebody else took ", v.instance(), " out of ", B(v.get("group")), " before its turn. It is left alone.")
	},
	deploy.HalfTime: func(v values) Text {
		return T("Half of the ", v.duration("limit"), " for ", doing(deploy.Verb(v.get("step"))), " is over.")
	},
	deploy.Appeared: func(v values) Text {
		if v.get("joins") == "yes" {
			return T("Appeared since the plan was made, and joins: ", B(names(v)), ".")
		}
		return T("Appeared since the plan was made, and is left alone: ", B(names(v)), ". Deploy to it afterwards.")
	},
	deploy.IdleNot: func(v values) Text {
		return T("It cannot be seen when its connections are idle (", v.get("why"), "), so the deregistration delay is waited out.")
	},
	deploy.Unattended: unattended,
}

// decides reports whether a call for people is the last one, after which the rule decides.
func decides(c deploy.Cause) bool {
	then := deploy.Policy(c.Values["then"])
	return (then == deploy.PolicyStop || then == deploy.PolicyRollback) && c.Values["within"] == c.Values["after"]
}

// unattended calls people; or, once the rule has decided in their place, says what nobody decided about.
func unattended(v values) Text {
	what, rules := map[string]string{
		string(deploy.PolicyStop): "the rollout stops", string(deploy.PolicyRollback): "it goes back to the ref before",
	}[v.get("then")]
	then := ""
	switch {
	case decides(deploy.Cause{Values: v.v}):
		then = " So " + what + "."
	case rules && v.get("within") != "":
		then = " If nobody does within " + v.duration("within") + ", " + what + "."
	case rules: // told by an earlier version
		then = " If nobody does, " + what + "."
	}
	switch {
	case v.get("mention") != "":
		return T(calls(v.get("mention")), "nobody has decided for ", v.duration("after"), "."+then)
	case v.get("instance") != "":
		return T(v.instance(), " failed (", phrase(v.get("why")), "), and nobody decided within ", v.duration("after"), ".")
	case v.get("why") != "":
		return T("Nobody decided within ", v.duration("after"), " (", phrase(v.get("why")), ").")
	}
	return T("Nobody has decided for ", v.duration("after"), "."+then)
}
