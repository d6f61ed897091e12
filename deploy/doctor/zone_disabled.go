package doctor

import (
	"slices"

	"junban/deploy"
)

// targetInDisabledZone: a load balancer sends nothing to a zone that it is not enabled in. If that is every target of
// a group, none of them serves.
func targetInDisabledZone(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, g := range x.Groups {
		by, all := x.zones(g)
		for _, b := range x.balancers(g) {
			if len(b.Zones) == 0 {
				continue // not said
			}
			var astray []Instance
			served := !all
			zones := slices.Clone(b.Zones)
			for zone, here := range by {
				if b.enabled(zone) {
					served = true
					continue
				}
				astray = append(astray, here...)
				zones = append(zones, Zone{zone, here[0].Subnet})
			}
			if len(astray) == 0 {
				continue
			}
			severity := deploy.Warns
			if !served {
				severity = deploy.Blocks
			}
			slices.SortFunc(zones[len(b.Zones):], func(a, b Zone) int { return compare(a.Name, b.Name) })
			slices.SortFunc(astray, func(a, b Instance) int { return compare(a.Name+a.ID, b.Name+b.ID) })
			out = append(out, found(severity, x.subnets(b, zones), "group", g.Name, "balancer", b.Name, "instances", labels(astray),
				"zones", names(zones[len(b.Zones):]), "enabled", names(b.Zones), "scheme", b.Scheme))
		}
	}
	return out
}
