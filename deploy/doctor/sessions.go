package doctor

import "junban/deploy"

// sessionsNotSticky: sessions that live on one instance need every request of a client to go there.
func sessionsNotSticky(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, g := range x.Groups {
		if x.r.Sessions != "local" || !g.Attributes || g.Sticky || len(x.registered(g)) < 2 {
			continue
		}
		fix := x.attribute(g, "Key=stickiness.enabled,Value=true", "Key=stickiness.type,Value=lb_cookie")
		out = append(out, found(deploy.Warns, fix, "group", g.Name, "registered", len(x.registered(g))))
	}
	return out
}

// stickyWithoutCross: "Sticky sessions are not supported if cross-zone load balancing is disabled" (ELB user guide,
// "Edit target group attributes").
func stickyWithoutCross(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, g := range x.Groups {
		if g.Sticky && g.CrossZone == "false" {
			out = append(out, found(deploy.Warns, x.attribute(g, crossZoneOn), "group", g.Name))
		}
	}
	return out
}
