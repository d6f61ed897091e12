package doctor

import (
	"strings"

	"junban/deploy"
)

// slackSetup: with this the bot does not start.
func slackSetup(x *exam) []deploy.Finding {
	if len(x.Slack.Problems) == 0 {
		return nil
	}
	return []deploy.Finding{found(deploy.Blocks, "", "problems", strings.Join(x.Slack.Problems, "; "))}
}

// slackScopeMissing: the bot does not start without its scopes.
func slackScopeMissing(x *exam) []deploy.Finding {
	if len(x.Slack.Scopes) == 0 {
		return nil
	}
	return []deploy.Finding{found(deploy.Blocks, "", "scopes", x.Slack.Scopes)}
}

// slackNotInChannel: nobody can approve what is never posted.
func slackNotInChannel(x *exam) []deploy.Finding {
	if x.Slack.Channel == "" {
		return nil
	}
	return []deploy.Finding{found(deploy.Blocks, "", "channel", x.Slack.Channel, "why", x.Slack.Why)}
}
