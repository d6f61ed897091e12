package scenes

import (
	"time"

	"junban/deploy"
)

// FourEyes is a request that two sides must approve, of which one has, with what it would change.
func FourEyes() *Story {
	p := Plan(deploy.KindDeploy, 3)
	p.Rules.Approval.Allow = []string{"S0LEADS", "S0ONCALL"}
	p.Rules.Approval.Parties = []deploy.Party{{Allow: []string{"S0LEADS"}, Required: 2}, {Allow: []string{"S0ONCALL"}, Required: 1}}
	p.Preview.Changes = &deploy.Changelog{
		From: "v41", To: "8f3c2a1", Lines: []string{"8f3c2a1 <b>the *new* front page</b> (#42)", "77aa001 fix: `rm -rf`, <!channel>"}, More: 3, Behind: 2,
	}
	return Begin(p).Does(time.Minute, deploy.Event{Type: deploy.EventVoted, By: "U0BOB", Act: &deploy.Act{
		Verb: deploy.ActApprove, By: deploy.Person{ID: "U0BOB", Groups: []string{"S0LEADS"}}, Hash: p.Hash(), Reason: "looks good",
	}})
}

// Unread is a request of which one approval of several is enough, and whose changes could not be read.
func Unread() *Story {
	p := Plan(deploy.KindDeploy, 2)
	p.Rules.Approval.Allow, p.Rules.Approval.Any = []string{"S0LEADS", "U0BOB"}, true
	p.Rules.Approval.Parties = []deploy.Party{{Allow: []string{"S0LEADS"}, Required: 2}, {Allow: []string{"U0BOB"}, Required: 1}}
	p.Preview.Changes = &deploy.Changelog{From: "v41", To: "v42", Unread: deploy.Because(deploy.ChangesUnread, "why", "exit 128, not a git repository")}
	return Begin(p)
}
