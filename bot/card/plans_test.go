package card

import (
	"path/filepath"
	"strings"
	"testing"

	"junban/bot/card/scenes"
	"junban/deploy"
)

// TestPlans: what an approver reads of canaries, chores, windows, findings, versions and rules.
func TestPlans(t *testing.T) {
	for name, p := range scenes.Plans() {
		t.Run(name, func(t *testing.T) {
			for tag, w := range voices {
				compare(t, filepath.Join("testdata", "plans", tag, name+".txt"), w.PlanText(p))
			}
		})
	}
}

// What blocks comes first; what the team lives with stands in one line, notes nowhere.
func TestThePlanNamesFindings(t *testing.T) {
	p := scenes.Plan(deploy.KindDeploy, 3)
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
