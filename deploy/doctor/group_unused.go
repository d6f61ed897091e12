package doctor

import "junban/deploy"

// groupUnused: no listener forwards to the group, so none of its targets is checked, and none becomes healthy.
func groupUnused(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, g := range x.Groups {
		if len(g.Balancers) == 0 {
			out = append(out, found(deploy.Blocks, "", "group", g.Name))
		}
	}
	return out
}
