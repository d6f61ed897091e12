package doctor

import (
	"slices"

	"junban/deploy"
)

// sharedInstance: a deploy takes an instance out of its own service's target groups only, so the other service's
// requests go on arriving while the command runs.
func sharedInstance(x *exam) []deploy.Finding {
	var shared []Instance
	var services []string
	for _, i := range x.fleet() {
		if with := x.Shared[i.ID]; len(with) > 0 {
			shared, services = append(shared, i), append(services, with...)
		}
	}
	if len(shared) == 0 {
		return nil
	}
	slices.Sort(services)
	return []deploy.Finding{found(deploy.Warns, "", "instances", labels(shared), "services", slices.Compact(services))}
}
