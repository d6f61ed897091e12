package doctor

import (
	"maps"
	"slices"

	"junban/deploy"
)

// agentOffline: an instance whose SSM agent does not answer leaves service and then takes no command. One finding for
// each way in which agents do not answer. No AWS call brings an agent back.
func agentOffline(x *exam) []deploy.Finding {
	if x.Agents == nil || !x.runs() {
		return nil
	}
	by := map[string][]Instance{}
	for _, i := range x.fleet() {
		ping := x.Agents[i.ID]
		if ping == "" {
			ping = Never
		}
		if i.State == "running" && ping != Online && x.chosen(i) {
			by[ping] = append(by[ping], i)
		}
	}
	var out []deploy.Finding
	for _, ping := range slices.Sorted(maps.Keys(by)) {
		out = append(out, found(deploy.Blocks, "", "instances", labels(by[ping]), "ping", ping))
	}
	return out
}
