package doctor

import (
	"maps"
	"slices"

	"junban/deploy"
)

// inAutoScaling: a group that checks its instances by their target groups replaces one that is taken out of them.
func inAutoScaling(x *exam) []deploy.Finding {
	by := map[string][]Instance{}
	for _, i := range x.fleet() {
		if i.Scaling != "" {
			by[i.Scaling] = append(by[i.Scaling], i)
		}
	}
	var out []deploy.Finding
	for _, group := range slices.Sorted(maps.Keys(by)) {
		severity := deploy.Warns
		fix := x.aws("autoscaling", "suspend-processes", "--auto-scaling-group-name", group, "--scaling-processes",
			"AZRebalance", "AlarmNotification", "ScheduledActions", "ReplaceUnhealthy")
		if s := by[group][0].Suspended; slices.Contains(s, "ReplaceUnhealthy") || slices.Contains(s, "Terminate") {
			severity, fix = deploy.Notes, ""
		}
		out = append(out, found(severity, fix, "scaling", group, "instances", labels(by[group]), "suspended", by[group][0].Suspended))
	}
	return out
}
