package card

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"junban/deploy"
)

// TestPlans: what an approver reads of canaries, chores, windows, findings, versions and rules.
func TestPlans(t *testing.T) {
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
		"at-night": func(p *deploy.Plan) { p.StartAt = t0.Add(18 * time.Hour) },
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
		t.Run(name, func(t *testing.T) {
			p := plan(t, deploy.KindDeploy, 3)
			set(&p)
			for tag, w := range voices {
				compare(t, filepath.Join("testdata", "plans", tag, name+".txt"), w.PlanText(p))
			}
		})
	}
}

// What blocks comes first; what the team lives with stands in one line, notes nowhere.
func TestThePlanNamesFindings(t *testing.T) {
	p := plan(t, deploy.KindDeploy, 3)
	p.Preview.Findings = []deploy.Finding{
		{Name: "delay-long", Severity: deploy.Warns}, {Name: "fleet-differs", Severity: deploy.Warns, Accepted: "pets"},
		{Name: "agent-offline", Severity: deploy.Blocks}, {Name: "worth-knowing", Severity: deploy.Notes},
		{Name: "sessions-lost", Severity: deploy.Blocks, Accepted: "nobody logs in"},
	}
	text, from := en.PlanText(p), 0
	for _, words := range []string{"Blocks: agent-offline", "Warning: delay-long", "Accepted: sessions-lost (nobody logs in), fleet-differs (pets)."} {
		i := strings.Index(text[from:], words)
		if i < 0 {
			t.Fatalf("%q is missing, or in another order:\n%s", words, text)
		}
		from += i
	}
	if strings.Contains(text, "worth-knowing") {
		t.Errorf("a note stands in the plan:\n%s", text)
	}
}
