package scenes

import (
	"slices"
	"time"

	"junban/deploy"
)

// Rollout is one of n instances, the first done and the second out, as it is at T0 + 10 min.
func Rollout(n int) deploy.Operation {
	return Own(Begin(Plan(deploy.KindDeploy, n)).Approve(time.Minute).Steps(0, 4).Steps(1, 1).Op)
}

// Own gives an operation lanes that no other has too, for whoever wants to say how they are.
func Own(o deploy.Operation) deploy.Operation {
	o.Lanes = slices.Clone(o.Lanes)
	for i, l := range o.Lanes {
		own := *l
		o.Lanes[i] = &own
	}
	return o
}

// WithChores adds the chores' lanes, as a plan lays them.
func WithChores(o deploy.Operation) deploy.Operation {
	for _, v := range []deploy.Verb{deploy.VerbBefore, deploy.VerbFirst, deploy.VerbAfter} {
		steps := []deploy.Step{{Verb: v}}
		o.Plan.Lanes = append(slices.Clone(o.Plan.Lanes), deploy.Lane{Name: string(v), Steps: steps})
		o.Plan.Preview.Order = append(slices.Clone(o.Plan.Preview.Order), len(o.Plan.Lanes)-1)
		o.Lanes = append(o.Lanes, &deploy.LaneState{Name: string(v), Steps: steps, Phase: deploy.PhaseDue, Attempt: 1})
	}
	return o
}

// Act is what somebody did, and why.
func Act(verb deploy.ActVerb, by, reason string) *deploy.Act {
	return &deploy.Act{Verb: verb, By: deploy.Person{ID: by}, Reason: reason}
}

// States are operations in every state that is more than a plain rollout, at T0 + 10 min, by name, with offers that the
// core makes in some of them.
func States() map[string]func() (deploy.Operation, []deploy.Offer) {
	at := T0.Add(10 * time.Minute)
	on := func(verbs ...deploy.ActVerb) (out []deploy.Offer) {
		for _, v := range verbs {
			out = append(out, deploy.Offer{Verb: v})
		}
		return out
	}
	return map[string]func() (deploy.Operation, []deploy.Offer){
		"paused": func() (deploy.Operation, []deploy.Offer) {
			o := Rollout(3)
			o.State, o.Paused = deploy.StatePaused, Act(deploy.ActPause, "U0BOB", "lunch")
			o.PausedAt = at
			o.Lanes[2].Gate = deploy.Because(deploy.GatePaused, "by", "U0BOB")
			return o, on(deploy.ActResume, deploy.ActAbort, deploy.ActRollback)
		},
		"rolling-can-be-paused": func() (deploy.Operation, []deploy.Offer) {
			return Rollout(3), on(deploy.ActPause, deploy.ActAbort, deploy.ActRollback)
		},
		"canary-bakes": func() (deploy.Operation, []deploy.Offer) {
			o := Rollout(3)
			for _, i := range []int{1, 2} {
				o.Lanes[i].Phase, o.Lanes[i].Touched = deploy.PhaseDue, false
				o.Lanes[i].At = 0
				o.Lanes[i].Gate = deploy.Because(deploy.GateCanary, "until", at.Add(5*time.Minute).Format(time.RFC3339))
			}
			return o, nil
		},
		"canary-baked": func() (deploy.Operation, []deploy.Offer) {
			o := Rollout(3)
			o.Asked, o.AskedAt = deploy.Because(deploy.CanaryBaked, "instances", "i-0001", "bake", 5*time.Minute), at
			return o, on(deploy.ActContinue, deploy.ActAbort)
		},
		"canary-sick": func() (deploy.Operation, []deploy.Offer) {
			o := Rollout(3)
			o.Asked, o.AskedAt = deploy.Because(deploy.CanarySick, "instance", "i-0001", "group", "web", "state", "unhealthy", "reason", "Target.ResponseCodeMismatch"), at
			return o, on(deploy.ActContinue, deploy.ActRollback)
		},
		"alarm-before-the-start": func() (deploy.Operation, []deploy.Offer) {
			o := Begin(Plan(deploy.KindDeploy, 2)).Op
			o.State, o.Votes = deploy.StateApproved, []deploy.Vote{{By: "U0BOB", OK: true}}
			o.Asked, o.AskedAt = deploy.Because(deploy.AlarmOn, "alarms", "web-5xx"), at
			return o, on(deploy.ActContinue)
		},
		"no-target-healthy": func() (deploy.Operation, []deploy.Offer) {
			o := Rollout(2)
			o.Asked, o.AskedAt = deploy.Because(deploy.FailOpen, "group", "web"), at
			return o, on(deploy.ActContinue)
		},
		"overdue": func() (deploy.Operation, []deploy.Offer) {
			o := Rollout(2)
			o.Asked, o.AskedAt = deploy.Because(deploy.Overdue, "limit", 2*time.Hour), at
			return o, on(deploy.ActContinue)
		},
		"stopping": func() (deploy.Operation, []deploy.Offer) {
			o := Rollout(3)
			o.Course = deploy.CourseAbort
			o.Stopped = deploy.Because(deploy.FailedLane, "instance", "i-0002", "why", deploy.CommandFailed)
			return o, nil
		},
		"turned-by-a-person": func() (deploy.Operation, []deploy.Offer) {
			o := Rollout(3)
			o.Turned, o.Course = &deploy.Turn{By: "U0BOB", At: at}, deploy.CourseBack
			o.Lanes[0].Reverting, o.Lanes[0].Phase, o.Lanes[0].Outcome = true, deploy.PhaseBegun, deploy.OutcomeNone
			o.Lanes[0].At, o.Lanes[0].Steps = 1, []deploy.Step{{Verb: deploy.VerbLeave}, {Verb: deploy.VerbRevert}}
			o.Lanes[1].Reverting, o.Lanes[1].Phase, o.Lanes[1].Outcome = true, deploy.PhaseDone, deploy.OutcomeReverted
			o.Plan.Preview.Current = map[string]string{"i-0001": "v41", "i-0002": "v41", "i-0003": "v40\n"}
			return o, nil
		},
		"turned-by-a-rule-has-ended": func() (deploy.Operation, []deploy.Offer) {
			o := WithChores(Rollout(2))
			o.Turned = &deploy.Turn{Cause: deploy.Because(deploy.FailedLane, "instance", "i-0002", "why", deploy.VerifyFailed), At: at}
			for i := range 2 {
				o.Lanes[i].Phase, o.Lanes[i].Outcome, o.Lanes[i].EndAt = deploy.PhaseDone, deploy.OutcomeReverted, at
			}
			o.Lanes[2].Phase, o.Lanes[2].StartAt, o.Lanes[2].EndAt = deploy.PhaseDone, T0, T0.Add(4*time.Second)
			o.Lanes[3].Phase, o.Lanes[3].StartAt, o.Lanes[3].EndAt, o.Lanes[3].Values = deploy.PhaseDone, T0, T0.Add(12*time.Second), map[string]string{"INSTANCE_ID": "i-0001"}
			o.Lanes[4].Phase, o.Lanes[4].Outcome = deploy.PhaseDone, deploy.OutcomeSkipped
			o.State, o.FinishedAt = deploy.StateFailed, at
			o.Course, o.Cause = deploy.CourseBack, deploy.Because(deploy.RolledBack, "ref", "v41", "why", deploy.VerifyFailed, "missed", "i-0002")
			return o, nil
		},
		"chore-failed": func() (deploy.Operation, []deploy.Offer) {
			o := WithChores(Begin(Plan(deploy.KindDeploy, 2)).Approve(time.Minute).Op)
			o.Lanes[2].Phase, o.Lanes[2].Cause, o.Lanes[2].StartAt = deploy.PhaseFailed, deploy.Because(deploy.CommandFailed, "exit", 2), at
			o.Lanes[0].Gate = deploy.Because(deploy.GateChore, "chore", deploy.VerbBefore)
			f := func(v deploy.ActVerb) deploy.Offer { return deploy.Offer{Verb: v, Lane: "before", Attempt: 1} }
			return o, []deploy.Offer{f(deploy.ActRetry), f(deploy.ActGoOn)}
		},
		"tolerated": func() (deploy.Operation, []deploy.Offer) {
			o := Rollout(4)
			o.Plan.Rules.Tolerate, o.Lanes[1].Failed = 1, true
			o.Lanes[1].Phase, o.Lanes[1].Cause = deploy.PhaseFailed, deploy.Because(deploy.CommandFailed, "exit", 1)
			return o, nil
		},
		"old-and-new": func() (deploy.Operation, []deploy.Offer) {
			o := Rollout(3)
			o.Plan.Preview.Current = map[string]string{"i-0001": "v41", "i-0002": "v41", "i-0003": "v40\n"}
			return o, nil
		},
		"scheduled": func() (deploy.Operation, []deploy.Offer) {
			p := Plan(deploy.KindDeploy, 2)
			p.StartAt = T0.Add(18 * time.Hour)
			o := Begin(p).Op
			o.State, o.Waiting, o.ApprovedAt = deploy.StateQueued, deploy.Because(deploy.Scheduled, "at", p.StartAt.Format(time.RFC3339)), at
			return o, nil
		},
		"queued": func() (deploy.Operation, []deploy.Offer) {
			o := Begin(Plan(deploy.KindDeploy, 2)).Op
			o.State, o.Waiting, o.ApprovedAt = deploy.StateQueued, deploy.Because(deploy.Behind, "op", "261121-090000-abc"), at
			return o, nil
		},
		"emergency": func() (deploy.Operation, []deploy.Offer) {
			p := Plan(deploy.KindDeploy, 2)
			p.Emergency, p.Preview.Ask.Reason = true, "payments are down"
			return Begin(p).Op, nil
		},
		"emergency-without-approval": func() (deploy.Operation, []deploy.Offer) {
			p := Plan(deploy.KindDeploy, 2)
			p.Emergency, p.Preview.Ask.Reason = true, "payments are down"
			p.Rules.Approval.None = true
			return Begin(p).Does(time.Second, deploy.Event{Type: deploy.EventStarted, Plan: &p}).Op, nil
		},
		"locked": func() (deploy.Operation, []deploy.Offer) {
			o := Begin(Plan(deploy.KindDeploy, 1+1)).Op
			o.Plan.Kind, o.Plan.Lanes, o.Lanes, o.Plan.Preview.Order, o.Plan.Preview.Ask.Reason = deploy.KindLock, nil, nil, nil, "audit"
			o.State, o.StartedAt, o.FinishedAt = deploy.StateSucceeded, at, at
			return o, nil
		},
		"rollback-asked": func() (deploy.Operation, []deploy.Offer) {
			p := Plan(deploy.KindDeploy, 2)
			p.Kind, p.Ref, p.Preview.Previous = deploy.KindRollback, "v41", "v42"
			return Begin(p).Op, nil
		},
	}
}

// Health is how healthy an operation's groups are, as of its last event: all but the instances that are out.
func Health(o deploy.Operation) (out []deploy.GroupHealth) {
	for _, g := range o.Plan.Preview.Groups {
		h := deploy.GroupHealth{Group: g.Name, Healthy: o.Plan.Preview.Healthy[g.ARN], Minimum: o.Plan.Preview.Minimum[g.ARN], At: o.Updated}
		for _, l := range o.Lanes {
			if l.Out() {
				h.Healthy--
			}
		}
		out = append(out, h)
	}
	return out
}

// Place is where an operation stands in the queue: somewhere in it, if another one was approved earlier.
func Place(o deploy.Operation) deploy.Queued {
	if o.Waiting.Code == deploy.Behind {
		return deploy.Queued{N: 2, Of: 3}
	}
	return deploy.Queued{}
}
