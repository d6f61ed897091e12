package card_test

import (
	"strings"
	"testing"

	"junban/bot/card"
	"junban/bot/card/scenes"
)

// An approver sees who has approved and who still must, and what would change; what others wrote stays as they wrote it.
func TestAnApproverSeesTheQuorumAndTheChanges(t *testing.T) {
	for _, c := range []struct {
		story *scenes.Story
		says  []string
	}{
		{scenes.FourEyes(), []string{
			"Approvals: 1 of 2 of S0LEADS (U0BOB); 0 of 1 of S0ONCALL.", "Changes from v41 to 8f3c2a1:", "8f3c2a1 <b>the *new* front page</b> (#42)",
			"… and 3 more", "2 commits of v41 are not in it, and would be undone.", "Waiting for approval by S0LEADS, S0ONCALL until",
		}},
		{scenes.Unread(), []string{
			"Approvals, one of these is enough: 0 of 2 of S0LEADS; 0 of 1 of U0BOB.", "What would change could not be read (exit 128, not a git repository).",
		}},
	} {
		said := card.English().Parent(c.story.Op, c.story.Op.Updated, card.Around{}).Plain()
		for _, want := range c.says {
			if !strings.Contains(said, want) {
				t.Errorf("it does not say %q:\n%s", want, said)
			}
		}
	}
	if said := card.English().Parent(scenes.Begin(scenes.Plan("deploy", 2)).Op, scenes.T0, card.Around{}).Plain(); strings.Contains(said, "Approvals") || strings.Contains(said, "Changes") {
		t.Errorf("with one approver and no changes there is nothing to say of them:\n%s", said)
	}
}
