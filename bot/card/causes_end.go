package card

import (
	"strings"

	"junban/deploy"
)

// ends are the sentences of waits and ends of operations, and of refused acts.
var ends = map[deploy.Code]func(values) Text{
	deploy.Expired: func(v values) Text {
		return T("Nobody approved it within ", v.duration("after"), ". Ask again if it is still wanted.")
	},
	deploy.StartLate: func(v values) Text {
		since := "its approval"
		if v.get("waited") == string(deploy.Scheduled) {
			since = "its time"
		}
		why := ""
		if w := deploy.Code(v.get("waited")); w != "" && w != deploy.Scheduled {
			why = " (" + phrase(string(w)) + ")"
		}
		return T("It could not start within ", v.duration("after"), " of "+since+why+". Ask again if it is still wanted.")
	},
	deploy.PlanChanged: func(v values) Text {
		return T("What would be done has changed since it was asked for (", v.get("what"), "), so no approval counts. Ask again.")
	},
	deploy.NoStanding: func(v values) Text {
		return T(v.who("who"), " may not do this any more (", strings.ReplaceAll(v.get("why"), "_", " "), "), so it did not start.")
	},
	deploy.Denied:    func(v values) Text { return T("Denied by ", v.who("by"), v.why("reason"), ".") },
	deploy.Withdrawn: func(v values) Text { return T("Withdrawn by ", v.who("by"), ".") },
	deploy.Aborted:   func(v values) Text { return T("Aborted by ", v.who("by"), ".") },
	deploy.NotDeployed: func(v values) Text {
		return T("Not every instance got through: ", names(v), ".")
	},
	deploy.LockedBy: func(v values) Text {
		return T("It waits for ", C(v.get("op")), " of ", v.who("by"), ", which has ", resource(v), ". It starts by itself after that.")
	},
	deploy.Behind: func(v values) Text {
		return T("It waits for ", C(v.get("op")), ", which was approved earlier. It starts by itself after that.")
	},
	deploy.AskFailed: func(v values) Text {
		return T("It does not start, since not everything could be checked: ", v.get("why"), ". This is tried again.")
	},
	deploy.NotAMember: func(v values) Text {
		return T("Only full members of this workspace may do that; this account is ", standing(v.get("kind")), ".")
	},
	deploy.NotAllowed: func(v values) Text {
		if v.get("list") == "approve" {
			return T("You are not among those who may approve this (", C("approve.allow"), " in deploy.yaml).")
		}
		return T("You are not among those who may do this (", C("deploy.allow"), " in deploy.yaml).")
	},
	deploy.OwnRequest: func(values) Text { return T("You asked for it yourself, so somebody else has to approve it.") },
	deploy.NotYours: func(v values) Text {
		return T("Only ", v.who("by"), ", who asked for it, may withdraw it.")
	},
	deploy.NotNow:       notNow,
	deploy.AlreadyVoted: func(values) Text { return T("You have approved it already.") },
	deploy.WrongHash: func(values) Text {
		return T("That button belongs to other terms than those that are asked for now. Look at the message again.")
	},
	deploy.NoSuchLane: func(v values) Text { return T("This operation has no instance ", C(v.get("instance")), ".") },
	deploy.OldButton: func(values) Text {
		return T("That button belongs to an earlier attempt. Look at the message again.")
	},
	deploy.UnknownAct: func(v values) Text { return T("There is no act ", C(v.get("act")), ".") },
	deploy.PlanGone: func(v values) Text {
		return T("It cannot be planned any more (", phrase(v.get("why")), "), so no approval counts. Ask again when that is mended.")
	},
	deploy.RolledBack: func(v values) Text {
		ref := v.get("ref")
		if ref == "" {
			ref = "the ref before"
		}
		var missed Text
		if v.get("missed") != "" {
			missed = T(" ", B("It did not reach "+names(values{map[string]string{"instances": v.get("missed")}, v.name})), ".")
		}
		if v.get("by") != "" {
			return T("What had been touched went back to ", B(ref), ", for ", v.who("by"), ".", missed)
		}
		why := T(phrase(v.get("why")))
		if v.get("instance") != "" {
			why = T(v.instance(), " failed, ", phrase(v.get("of")))
			if deploy.Code(v.get("why")) == deploy.Unattended {
				why = T(why, ", and ", phrase(v.get("why")))
			}
		}
		return T("What had been touched went back to ", B(ref), ", by the rule ", C("on_failure"), " (", why, ").", missed)
	},
	deploy.FailedLane: func(v values) Text {
		return T(v.instance(), " failed (", phrase(v.get("why")), ").")
	},
	deploy.Scheduled: func(v values) Text {
		return T("It starts at ", v.moment("at"), ".")
	},
	deploy.StillClosed: func(v values) Text {
		return T("It is outside of the windows in which operations may start. ", opens(v, "It starts by itself at "))
	},
	deploy.NeedApprover: func(v values) Text {
		return T("Only those who may approve (", C("approve.allow"), " in deploy.yaml) may do that.")
	},
}
