package doctor

import "junban/deploy"

// slowStart: a target that is healthy again gets less than its share for a while. A rollout that does not wait for
// that takes the next one out meanwhile, and the others carry both.
func slowStart(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, g := range x.Groups {
		if g.SlowStart > x.r.Rules.PauseBetween && len(x.registered(g)) > 1 {
			out = append(out, found(deploy.Notes, "", "group", g.Name, "slow_start", g.SlowStart, "pause_between", x.r.Rules.PauseBetween))
		}
	}
	return out
}
