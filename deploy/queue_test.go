package deploy_test

import (
	"slices"
	"testing"
	"time"

	"junban/deploy"
)

// waiting is an operation on some target groups that was approved at a minute, in a state.
func waiting(id deploy.ID, minute int, state deploy.State, groups ...string) deploy.Operation {
	o := deploy.Operation{ID: id, State: state, ApprovedAt: after(time.Duration(minute) * time.Minute)}
	for _, g := range groups {
		o.Plan.Resources = append(o.Plan.Resources, "group:arn:"+g)
	}
	return o
}

func TestThePlaceInTheQueue(t *testing.T) {
	scheduled := waiting("night", 0, deploy.StateQueued, "web")
	scheduled.Waiting = deploy.Because(deploy.Scheduled)
	ops := []deploy.Operation{
		waiting("runs", 1, deploy.StateRolling, "web"),
		waiting("third", 4, deploy.StateQueued, "web"),
		waiting("first", 2, deploy.StateQueued, "web", "api"),
		waiting("asked", 3, deploy.StateRequested, "web"),
		waiting("twin-b", 5, deploy.StateApproved, "web"),
		waiting("twin-a", 5, deploy.StateApproved, "web"),
		waiting("api", 3, deploy.StateQueued, "api"),
		waiting("chain", 6, deploy.StateQueued, "api", "shop"),
		waiting("shop", 7, deploy.StateQueued, "shop"),
		waiting("alone", 1, deploy.StateApproved, "other"),
		scheduled,
	}
	for id, want := range map[deploy.ID]deploy.Queued{
		"first":  {N: 1, Of: 7, Behind: "runs"},
		"third":  {N: 2, Of: 4, Behind: "first"},
		"twin-a": {N: 3, Of: 4, Behind: "third"},
		"twin-b": {N: 4, Of: 4, Behind: "twin-a"},
		"api":    {N: 2, Of: 4, Behind: "first"},
		"chain":  {N: 3, Of: 4, Behind: "api"}, // what else waits behind first is not in its way
		"shop":   {N: 4, Of: 4, Behind: "chain"},
		"alone":  {N: 1, Of: 1},
	} {
		for range 3 { // in whatever order they are listed
			ops = append(ops[1:], ops[0])
			if got, ok := deploy.Place(ops, id); !ok || got != want {
				t.Errorf("%s: %+v %t, not %+v", id, got, ok, want)
			}
		}
		slices.Reverse(ops)
	}
	for _, id := range []deploy.ID{"runs", "asked", "night", "gone"} {
		if got, ok := deploy.Place(ops, id); ok {
			t.Errorf("%s waits in no queue: %+v", id, got)
		}
	}
	for id, want := range map[deploy.ID]bool{"first": false, "third": true, "twin-b": true, "alone": false, "night": false} {
		at := slices.IndexFunc(ops, func(o deploy.Operation) bool { return o.ID == id })
		if got := deploy.Ahead(ops, ops[at]); (got != "") != want {
			t.Errorf("ahead of %s: %q", id, got)
		}
	}
}
