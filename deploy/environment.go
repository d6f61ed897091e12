package deploy

import (
	"sort"
	"strings"
)

// environment is what a command finds in its environment: the approved run.env, then what the operation is about.
func environment(o Operation, l *LaneState, s Step) []string {
	var out []string
	for k, v := range s.Args {
		if name, ok := strings.CutPrefix(k, "env."); ok {
			out = append(out, name+"="+v)
		}
	}
	sort.Strings(out)
	ref, revision, previous, id := o.Plan.Ref, o.Plan.Revision, l.Values["PREVIOUS_REF"], l.Name
	if l.Reverting {
		ref, revision, previous = o.Plan.Preview.Previous, "", o.Plan.Ref
	}
	if l.Chore() {
		id = l.Values["INSTANCE_ID"]
	}
	return append(out,
		"REF="+ref,
		"REVISION="+revision,
		"PREVIOUS_REF="+previous,
		"SERVICE="+o.Plan.Service,
		"ENVIRONMENT="+o.Plan.Environment,
		"INSTANCE_ID="+id,
		"INSTANCE_NAME="+l.Values["INSTANCE_NAME"],
		"INSTANCE_IP="+l.Values["INSTANCE_IP"],
		"OPERATION_ID="+string(o.ID),
	)
}
