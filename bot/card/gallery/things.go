package gallery

import (
	"time"

	"junban/bot/card"
	"junban/bot/card/scenes"
	"junban/deploy"
)

// operations are one that waits for an approval, one that rolls, one that waits for a decision, two that are queued.
func operations() []deploy.Operation {
	now := scenes.T0.Add(10 * time.Minute)
	queued := func(id deploy.ID, why deploy.Cause) deploy.Operation {
		o := scenes.Begin(scenes.Plan(deploy.KindDeploy, 2)).Op
		o.ID, o.State, o.ApprovedAt, o.Waiting = id, deploy.StateQueued, now, why
		return o
	}
	open := scenes.Begin(scenes.Plan(deploy.KindDeploy, 2)).Op
	failure := scenes.Stories()["failure"]
	var halted deploy.Operation
	for _, e := range failure.Events {
		if e.Type == deploy.EventChosen {
			break
		}
		halted, _ = deploy.Apply(halted, e) // it was applied before
	}
	return []deploy.Operation{
		open, scenes.Rollout(3), halted,
		queued("261121-090100-bcd", deploy.Because(deploy.Behind, "op", "261121-090000-abc")),
		queued("261121-090200-cde", deploy.Because(deploy.LockedBy, "resource", "service:web/production", "op", "261120-030000-xyz", "by", "U0ALICE")),
	}
}

// holds are two instances that are held out of service, and two target groups that are locked.
func holds() []deploy.Lock {
	const arn = "group:arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/"
	t0 := scenes.T0
	return []deploy.Lock{
		{Resource: "instance:i-0003", Op: "261119-030000-xyz", By: "U0ALICE", Since: t0.Add(-50 * time.Hour), Why: "new disk", Hold: true},
		{Resource: "instance:i-0004", Op: "261120-100000-abc", By: "U0BOB", Since: t0.Add(-23 * time.Hour), Cause: deploy.Because(deploy.CommandFailed, "exit", 1), Hold: true},
		{Resource: arn + "web/0123", Op: "261120-030000-xyz", By: "U0ALICE", Since: t0.Add(-30 * time.Hour), Cause: deploy.Because(deploy.RolledBack, "ref", "v41", "why", deploy.VerifyFailed), Hold: true},
		{Resource: arn + "api/0123", Op: "261120-030000-xyz", Since: t0.Add(-30 * time.Hour), Cause: deploy.Because(deploy.FailedLane, "instance", "i-0002", "why", deploy.VerifyFailed), Hold: true},
	}
}

// kept are the same as a reminder and a home tab know them.
func kept() []card.Held {
	l := holds()
	return []card.Held{
		{Lock: l[0], Service: "web", Environment: "production", Name: "web-3", Slash: "/deploy"},
		{Lock: l[1], Name: "i-0004", Slash: "/deploy"},
		{Lock: l[2], Service: "web", Environment: "production", Slash: "/deploy"},
		{Lock: l[3], Slash: "/deploy"},
	}
}

// ended is a line of the history for each way to end.
func ended() []deploy.Row {
	var out []deploy.Row
	for _, name := range []string{"rollout", "failure", "rolled-back", "stopped", "drain", "denied"} {
		out = append(out, scenes.Stories()[name].Op.Row())
	}
	return out
}
