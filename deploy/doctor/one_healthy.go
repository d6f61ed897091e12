package doctor

import "junban/deploy"

// oneHealthyTarget: while the only one is out, nobody serves. With a minimum of 1 it can never leave.
func oneHealthyTarget(x *exam) []deploy.Finding {
	if !x.read("elasticloadbalancing:DescribeTargetHealth") {
		return nil
	}
	var out []deploy.Finding
	for _, g := range x.Groups {
		registered, healthy := x.registered(g), g.healthy()
		if len(registered) == 0 || len(registered) > 1 && len(healthy) != 1 {
			continue
		}
		least, severity := x.r.Rules.MinHealthy.AtLeast(len(registered)), deploy.Warns
		if len(registered) == 1 && least > 0 {
			severity = deploy.Blocks
		}
		only := registered[0]
		if len(healthy) == 1 {
			only = healthy[0]
		}
		out = append(out, found(severity, "", "group", g.Name, "instance", x.label(only), "registered", len(registered), "minimum", least))
	}
	return out
}

// noHealthyTarget: the load balancer sends requests to all of them then, so each that leaves takes capacity away.
func noHealthyTarget(x *exam) []deploy.Finding {
	if !x.read("elasticloadbalancing:DescribeTargetHealth") {
		return nil
	}
	all := 0
	for _, g := range x.Groups {
		all += len(x.registered(g))
	}
	var out []deploy.Finding
	for _, g := range x.Groups {
		n := len(x.registered(g))
		if len(g.Balancers) == 0 || n == 1 || len(g.healthy()) > 0 {
			continue // unused, or said by one-healthy-target
		}
		severity := deploy.Warns
		if all == 0 {
			severity = deploy.Blocks // there is nothing to deploy to
		}
		out = append(out, found(severity, "", "group", g.Name, "registered", n))
	}
	return out
}

// minimumTooHigh: a minimum that cannot be kept while one instance is out is never reached.
func minimumTooHigh(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, g := range x.Groups {
		n := len(x.registered(g))
		if least := x.r.Rules.MinHealthy.AtLeast(n); n > 1 && n-1 < least {
			out = append(out, found(deploy.Blocks, "", "group", g.Name, "registered", n, "minimum", least, "largest", n-1))
		}
	}
	return out
}
