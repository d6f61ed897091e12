package deploy

import "time"

// GroupHealth is how many instances of a target group are healthy, for people to look at: nothing is decided by it.
type GroupHealth struct {
	Group   string    // its name
	Healthy int       // distinct instances that are healthy on all their ports
	Minimum int       // as many must stay healthy
	At      time.Time // when AWS was asked
}

// HealthIn reads the health of an operation's groups from readings by group ARN; a group without one is left out.
func HealthIn(o Operation, readings map[string]Reading) []GroupHealth {
	var out []GroupHealth
	for _, g := range o.Plan.Preview.Groups {
		if r, ok := readings[g.ARN]; ok {
			out = append(out, GroupHealth{Group: g.Name, Healthy: len(healthy(r, g)), Minimum: o.Plan.Preview.Minimum[g.ARN], At: r.Begun})
		}
	}
	return out
}
