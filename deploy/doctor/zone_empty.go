package doctor

import (
	"slices"
	"strings"

	"junban/deploy"
)

// zoneWithoutTarget: the load balancer's node in an enabled zone takes requests even if no target is there, and needs
// cross-zone balancing, routes and rules that reach the other zones to hand them on; else they time out.
func zoneWithoutTarget(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, g := range x.Groups {
		by, all := x.zones(g)
		if !all || len(by) == 0 {
			continue
		}
		for _, b := range x.balancers(g) {
			var empty, rest []Zone
			for _, z := range b.Zones {
				if len(by[z.Name]) > 0 {
					rest = append(rest, z)
				} else {
					empty = append(empty, z)
				}
			}
			if len(empty) == 0 || len(rest) == 0 {
				continue // all elsewhere: said by target-in-disabled-zone
			}
			fix := ""
			if b.OthersOK && len(b.Others) == 0 { // another group may have its targets in that zone
				fix = x.subnets(b, rest)
			}
			out = append(out, found(deploy.Warns, fix, "group", g.Name, "balancer", b.Name, "zones", names(empty), "others", b.Others,
				"cross_zone", g.CrossZone))
		}
	}
	return out
}

// zoneWithOneTarget: with the group's cross-zone balancing off, a zone whose only target leaves has nobody.
func zoneWithOneTarget(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, g := range x.Groups {
		by, all := x.zones(g)
		if g.CrossZone != "false" || !all || len(x.registered(g)) < 2 {
			continue
		}
		var zones []string
		var only []Instance
		for zone, here := range by {
			if len(here) == 1 {
				zones, only = append(zones, zone), append(only, here[0])
			}
		}
		if len(zones) == 0 {
			continue
		}
		slices.Sort(zones)
		slices.SortFunc(only, func(a, b Instance) int { return compare(a.Zone, b.Zone) })
		out = append(out, found(deploy.Warns, x.attribute(g, crossZoneOn), "group", g.Name, "zones", zones, "instances", labels(only)))
	}
	return out
}

const crossZoneOn = "Key=load_balancing.cross_zone.enabled,Value=true"

func names(zones []Zone) []string {
	out := make([]string, 0, len(zones))
	for _, z := range zones {
		out = append(out, z.Name)
	}
	return out
}

func compare(a, b string) int { return strings.Compare(a, b) }
