package deploy

import (
	"sort"
	"strings"
)

// environment is what a command finds in its environment: the approved run.env, then what the operation is about.
func environment(o Operation, l LaneState, s Step) []string {
	var out []string
	for k, v := range s.Args {
		if name, ok := strings.CutPrefix(k, "env."); ok {
			out = append(out, name+"="+v)
		}
	}
	sort.Strings(out)
	return append(out,
		"REF="+o.Plan.Ref,
		"REVISION="+o.Plan.Revision,
		"PREVIOUS_REF="+l.Values["PREVIOUS_REF"],
		"SERVICE="+o.Plan.Service,
		"ENVIRONMENT="+o.Plan.Environment,
		"INSTANCE_ID="+l.Name,
		"INSTANCE_NAME="+l.Values["INSTANCE_NAME"],
		"INSTANCE_IP="+l.Values["INSTANCE_IP"],
		"OPERATION_ID="+string(o.ID),
	)
}
