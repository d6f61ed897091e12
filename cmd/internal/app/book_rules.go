package app

import (
	"junban/cmd/internal/config"
	"junban/deploy"
)

// rules are a target's settings as the core has them. What is the default there is left at its zero, so that terms
// hold what somebody chose.
func (b book) rules(t config.Target) deploy.Rules {
	r := deploy.Rules{
		MaxUnavailable: deploy.Count(t.Rolling.MaxUnavailable), MinHealthy: deploy.Count(t.Rolling.MinHealthy),
		Canary:       deploy.Canary(t.Rolling.Canary),
		PauseBetween: t.Rolling.PauseBetween,
		OnFailure:    policy(t.Rolling.OnFailure),
		Tolerate:     t.Rolling.Tolerate,
		Dynamic:      t.Rolling.Dynamic,
		Within:       t.Rolling.Timeout,
		Attention:    deploy.Attention{Mention: t.Attention.Mention, After: t.Attention.After, Then: policy(t.Attention.Then)},
		Calendar:     deploy.Calendar{Zone: b.config.Zone.String()},
		Alarms:       t.Alarms,
		MayDeploy:    t.Deploy.Allow,
		Approval: deploy.Approval{
			None: t.Approve.None, Allow: t.Approve.Allow, Required: t.Approve.Required, Self: t.Approve.Self,
			Any: t.Approve.Any, Expires: t.Approve.Expires, StartWithin: t.Approve.StartWithin,
		},
	}
	for _, p := range t.Approve.Parties {
		r.Approval.Parties = append(r.Approval.Parties, deploy.Party(p))
	}
	if t.Rolling.Drain.Idle {
		r.Drain = deploy.Drain{Idle: true, Settle: t.Rolling.Drain.Settle}
	}
	for _, w := range t.Windows {
		r.Calendar.Windows = append(r.Calendar.Windows, deploy.Window{Days: w.Days, From: deploy.Clock(w.From), To: deploy.Clock(w.To)})
	}
	for _, f := range t.Freeze {
		r.Calendar.Freeze = append(r.Calendar.Freeze, deploy.Freeze(f))
	}
	return r
}

// policy is a word of on_failure or attention.then; to ask and to go on waiting are the same, and the default.
func policy(word string) deploy.Policy {
	switch word {
	case "stop":
		return deploy.PolicyStop
	case "rollback":
		return deploy.PolicyRollback
	}
	return ""
}

func runOf(t config.Target) deploy.Run {
	run := deploy.Run{
		Via: t.Run.Via, User: t.Run.User, Directory: t.Run.Directory, Shell: t.Run.Shell, Env: t.Run.Env,
		Command: t.Run.Command, Timeout: t.Run.Timeout,
		Rollback: t.Run.Rollback, Current: t.Run.Current,
		Before: t.Run.Once.Before, First: t.Run.Once.First, After: t.Run.Once.After,
	}
	if t.Rolling.Drain.Idle {
		run.Idle = t.Rolling.Drain.IdleCommand
	}
	if v := t.Run.Verify; v != nil {
		run.Verify, run.VerifyFor, run.VerifyEvery = v.Command, v.For, v.Every
	}
	return run
}
