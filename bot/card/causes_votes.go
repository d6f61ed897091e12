package card

import (
	"strings"

	"junban/deploy"
)

// votes are the sentences of quorums, of bots that ask, of locks of other people, and of changes that cannot be read.
var votes = map[deploy.Code]func(values) Text{
	deploy.VotesMissing: func(v values) Text {
		if v.get("mention") == "" {
			return T("Half of the time for approvals is over, and it lacks ", lacking(v), ". It expires at ", v.moment("until"), ".")
		}
		return T(calls(v.get("mention")), "this still lacks ", lacking(v), " after ", v.duration("after"), ", and expires at ", v.moment("until"), ".")
	},
	deploy.QuorumLost: func(v values) Text {
		return T("The approvals are not enough any more, since the user groups of those who gave them have changed: it lacks ", lacking(v), ". It did not start.")
	},
	deploy.RobotOnlyAsks: func(v values) Text {
		return T("A bot may ask for a deploy and a rollback, and for nothing else; ", C(v.get("act")), " is for people.")
	},
	deploy.LockOfAnother: func(v values) Text {
		why := v.why("why")
		if why == "" && v.get("cause") != "" {
			why = ": " + phrase(v.get("cause"))
		}
		return T(B(v.get("service")), " was locked by ", v.who("by"), v.since(), why, ". To unlock what somebody else has locked needs a reason: add ", C("because REASON"), ".")
	},
	deploy.LockLifted: func(v values) Text {
		var owners Text
		for i, id := range strings.Fields(v.get("owner")) {
			if i > 0 {
				owners = T(owners, ", ")
			}
			owners = T(owners, U(id))
		}
		return T("It was locked by ", owners, v.since(), v.why("why"), ". Unlocked by ", v.who("by"), v.why("reason"), ".")
	},
	deploy.ChangesUnread: func(v values) Text {
		return T("What would change could not be read (", v.get("why"), ").")
	},
	deploy.NothingEarlier: func(values) Text {
		return T("No ref before is known, so there is nothing to compare with.")
	},
}

// lacking says how many approvals are missing.
func lacking(v values) string {
	if n := v.get("missing"); n != "1" {
		return n + " approvals"
	}
	return "one approval"
}
