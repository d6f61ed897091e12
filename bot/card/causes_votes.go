package card

import (
	"strconv"
	"strings"

	"junban/bot/lang"
)

// lacking says how many approvals are missing.
func (v values) lacking() Text {
	n, _ := strconv.Atoi(v.get("missing"))
	return v.w.Say("clause.lacking", "n", lang.Count(n))
}

// owners are those whose locks were lifted; they are called, since somebody else did it.
func (v values) owners() Text { return people(strings.Fields(v.get("owner")), P) }

func votesMissing(v values) Text {
	if v.get("mention") == "" {
		return v.say("cause.votes_missing", "lacking", v.lacking())
	}
	return v.say("cause.votes_missing.call", "lacking", v.lacking(), "mention", v.w.calls(v.get("mention")))
}

func lockOfAnother(v values) Text {
	why := v.w.reason(v.get("why"))
	if len(why) == 0 && v.get("cause") != "" {
		why = v.w.reason(v.w.phrase(v.get("cause")))
	}
	return v.say("cause.lock_of_another", "why", why)
}
