package doctor

import (
	"fmt"

	"junban/deploy"
)

// portOverride: such a target is only found again by its id and its port. The bot names both; a line that somebody
// types may not, and then AWS answers 200 and does nothing.
func portOverride(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, g := range x.Groups {
		var targets []string
		for _, t := range g.Targets {
			if t.Port != g.Port {
				targets = append(targets, fmt.Sprintf("%s:%d", x.label(g.owner(t.Target)), t.Port))
			}
		}
		if len(targets) > 0 {
			out = append(out, found(deploy.Notes, "", "group", g.Name, "port", g.Port, "targets", targets))
		}
	}
	return out
}
