package scenes

import (
	"time"

	"junban/deploy"
)

// Plans are what an approver reads of canaries, chores, windows, versions and rules, by name.
func Plans() map[string]deploy.Plan {
	out := map[string]deploy.Plan{}
	for name, set := range map[string]func(*deploy.Plan){
		"canary": func(p *deploy.Plan) {
			p.Rules.Canary, p.Preview.Canaries = deploy.Canary{Instances: 1, Bake: 5 * time.Minute, Confirm: true}, 1
		},
		"chores": func(p *deploy.Plan) {
			for _, v := range []deploy.Verb{deploy.VerbBefore, deploy.VerbFirst, deploy.VerbAfter} {
				p.Lanes = append(p.Lanes, deploy.Lane{Name: string(v), Steps: []deploy.Step{{Verb: v}}})
				p.Preview.Order = append([]int{len(p.Lanes) - 1}, p.Preview.Order...)
			}
		},
		"mixed": func(p *deploy.Plan) {
			p.Preview.Current = map[string]string{"i-0001": "v41", "i-0002": "v40\n", "i-0003": "v41"}
		},
		"all-the-same": func(p *deploy.Plan) {
			p.Preview.Current = map[string]string{"i-0001": "v41", "i-0002": "v41", "i-0003": "v41"}
		},
		"at-night": func(p *deploy.Plan) { p.StartAt = T0.Add(18 * time.Hour) },
		"emergency": func(p *deploy.Plan) {
			p.Emergency, p.Preview.Ask.Reason = true, "payments are down"
		},
		"rules": func(p *deploy.Plan) {
			p.Rules.OnFailure, p.Rules.Tolerate, p.Rules.Alarms = deploy.PolicyRollback, 1, []string{"web-5xx", "web-latency"}
			p.Rules.Drain.Idle = true
		},
		"rollback": func(p *deploy.Plan) {
			p.Kind, p.Ref, p.Rules.OnFailure = deploy.KindRollback, "v40", deploy.PolicyRollback
			p.Preview.Current = map[string]string{"i-0001": "v42", "i-0002": "v42", "i-0003": "v41"}
		},
		"no-load-balancer": func(p *deploy.Plan) {
			p.Preview.Groups, p.Preview.Estimate = nil, deploy.Estimate{}
			for i := range p.Lanes {
				p.Lanes[i].Steps = []deploy.Step{{Verb: deploy.VerbCommand, On: p.Lanes[i].Name}}
			}
		},
		"none-healthy": func(p *deploy.Plan) { p.Preview.Healthy = map[string]int{} },
		"lock": func(p *deploy.Plan) {
			p.Kind, p.Ref, p.Lanes, p.Preview.Order = deploy.KindLock, "", nil, nil
		},
		"unlock": func(p *deploy.Plan) {
			p.Kind, p.Ref, p.Lanes, p.Preview.Order = deploy.KindUnlock, "", nil, nil
		},
	} {
		p := Plan(deploy.KindDeploy, 3)
		set(&p)
		out[name] = p
	}
	return out
}
