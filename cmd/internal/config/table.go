package config

import (
	"strings"
	"time"
)

const week = 7 * 24 * time.Hour

// root is the table of every key that deploy.yaml knows, also of those that
// are still to come. What the file means follows from it alone.
func root() *key {
	settings := settingsKeys()
	service := append([]*key{}, settings...)
	service = append(service, &key{
		name: "environments", kind: namedKey, about: "the environments and their settings", example: "{production: {target_groups: [web-prod]}}",
		label: commandWords,
		each:  &key{kind: mappingKey, about: "settings that differ in this environment", example: "{target_groups: [web-prod]}", keys: settings, part: true},
	})
	inDefaults := append([]*key{}, settings...)
	inDefaults = append(inDefaults, &key{name: "environments", unbuilt: "environments belong to a service, not to defaults"})
	return &key{kind: mappingKey, keys: []*key{
		{name: "mode", about: "whether the bot may do anything, or only looks", words: []string{"operate", "observe"}, def: "operate"},
		{name: "slack", kind: mappingKey, about: "where people ask", example: "{channel: C0123456789}", keys: slackKeys()},
		{name: "zone", about: "a time zone's IANA name", example: "Asia/Tokyo", parse: zone, pattern: `^[A-Za-z]`, def: "UTC"},
		{name: "aws", kind: mappingKey, about: "the account's side", example: "{region: ap-northeast-1}", keys: awsKeys()},
		{name: "store", kind: mappingKey, about: "where the journal lives", example: "{bolt: junban.db}", keys: []*key{
			{name: "bolt", about: "a file's path, relative to this file", example: "junban.db", parse: filePath, pattern: `^[^~]`, def: "junban.db"},
		}},
		{
			name: "operators", kind: namedKey, about: "users of the bot's host who may act through the control socket, with their Slack ids",
			example: "{alice: U0ALICE}", label: hostUsers,
			each: &key{about: "the id of a Slack user", example: "U0ALICE", parse: oneUser, pattern: userID.String()},
		},
		{name: "defaults", kind: mappingKey, about: "settings for every service", example: "{run: {user: deploy}}", keys: inDefaults, part: true},
		{
			name: "services", kind: namedKey, about: "the services and their settings", example: "{web: {target_groups: [web]}}", required: true, some: true,
			label: commandWords,
			each:  &key{kind: mappingKey, about: "the service's settings", example: "{target_groups: [web]}", keys: service, part: true},
		},
	}}
}

func slackKeys() []*key {
	return []*key{
		{name: "channel", about: "the id of the channel for requests", example: "C0123456789", parse: channel, pattern: channelID.String(), required: true},
		{name: "command", about: "a slash command", example: "/deploy", parse: slashCommand, pattern: `^/[^\s/A-Z]{1,31}$`, def: "/deploy"},
		{
			name: "channels", kind: listKey, about: "ids of the channels where commands, mentions and clicks are taken; without it, all that are not shared with another workspace",
			example: "[C0123456789]", each: &key{about: "the id of a channel", example: "C0123456789", parse: channel, pattern: channelID.String()},
		},
		{name: "language", about: "a language", example: "en", words: []string{"en", "ja"}, def: "en"},
	}
}

func awsKeys() []*key {
	return []*key{
		{name: "region", about: "an AWS region", example: "ap-northeast-1", parse: region, pattern: regionName.String(), required: true},
		{
			name: "accounts", kind: namedKey, about: "other accounts and regions, each reached by assuming a role", label: accountNames,
			example: `{prod: {role_arn: "arn:aws:iam::123456789012:role/junban"}}`,
			each: &key{kind: mappingKey, about: "an account", example: `{role_arn: "arn:aws:iam::123456789012:role/junban"}`, keys: []*key{
				{name: "role_arn", about: "the role to assume there", example: "arn:aws:iam::123456789012:role/junban", parse: roleARN, pattern: roleName.String(), required: true},
				{name: "external_id", about: "the external id that the role's trust policy asks for", example: "x7k2", parse: externalID, pattern: externalName.String()},
				{name: "region", about: "its region, where it is not aws.region", example: "us-east-1", parse: region, pattern: regionName.String()},
			}},
		},
	}
}

// settingsKeys are the keys of a service, of an environment and of defaults.
func settingsKeys() []*key {
	keys := []*key{
		{name: "account", about: "one of aws.accounts", example: "prod", parse: accountName, pattern: plainLabel.String()},
		{
			name: "target_groups", kind: listKey, about: "the target groups", example: "[web]", required: true, instead: []string{"instances"},
			lack: "name its target groups, as in target_groups: [web], or instances behind no load balancer, as in instances: {tags: {Role: worker}}",
			each: &key{about: "a target group's name or ARN", example: "web", parse: targetGroup, pattern: "^(" + bare(groupName) + "|" + bare(groupARN) + ")$"},
		},
		{
			name: "instances", kind: mappingKey, about: "instances behind no load balancer", example: "{tags: {Role: worker}}", opt: true,
			keys: []*key{{
				name: "tags", kind: namedKey, about: "EC2 tags that an instance bears, all of them", example: "{Role: worker}", label: tagKeys, required: true, some: true,
				each: &key{about: "the tag's value", example: "worker", parse: tagValue, pattern: `^[^*\x00-\x1f]{0,256}$`},
			}},
		},
		{name: "channel", about: "the id of the channel for this service's requests", example: "C0123456789", parse: channel, pattern: channelID.String()},
		{name: "sessions", about: "where sessions live", words: []string{"local", "shared"}},
		{name: "run", kind: mappingKey, about: "what happens on an instance", example: "{command: ./deploy.sh \"$REF\"}", keys: runKeys()},
		{name: "ref", kind: mappingKey, about: "which refs may be asked for", example: "{pattern: '^v[0-9.]+$'}", keys: []*key{
			{name: "pattern", about: "a regular expression that binds the whole ref", example: "'^v[0-9.]+$'", parse: refPattern, pattern: `^\^.*\$$`, def: `^[A-Za-z0-9][A-Za-z0-9._/-]*$`},
			commandText(key{name: "resolve", about: "what prints the revision that $REF means, for the shell of the bot's host", example: `git ls-remote --exit-code https://example.com/web.git "$REF" | cut -f1`}),
		}},
		changesKey(),
		{name: "rolling", kind: mappingKey, about: "how many instances may be out", example: "{min_healthy: 2}", keys: rollingKeys()},
		{name: "deploy", kind: mappingKey, about: "who may ask for a deploy", example: "{allow: [S0DEVS]}", keys: []*key{
			{
				name: "allow", kind: listKey, about: "ids of the Slack user groups, users and bots that may ask", example: "[S0DEVS, U0ALICE]", required: true,
				each: &key{about: "the id of a Slack user group, user or bot", example: "S0DEVS", parse: asker, pattern: "^(" + bare(personID) + "|" + bare(botID) + ")$"},
			},
		}},
		{
			name: "approve", kind: mappingKey, about: "who must approve", example: "{allow: [S0LEADS]}", required: true, opt: true,
			lack: "say who must approve, as in {allow: [S0LEADS]}, or write `approve: none`: that nobody is asked is never assumed",
			word: "none", keys: approveKeys(),
		},
		attentionKey(),
		{
			name: "windows", kind: listKey, about: "when operations may start", example: `[{days: mon-thu, from: "10:00", to: "16:00"}]`, none: true,
			each: &key{kind: mappingKey, about: "days and times", example: `{days: mon-thu, from: "10:00", to: "16:00"}`, keys: windowKeys()},
		},
		{
			name: "freeze", kind: listKey, about: "when operations may not start", example: "[{from: 2026-12-28, to: 2027-01-04}]", none: true,
			each: &key{kind: mappingKey, about: "the first and the last day", example: "{from: 2026-12-28, to: 2027-01-04}", keys: []*key{
				{name: "from", kind: momentKey, about: "when it begins", example: "2026-12-28T18:00", parse: moment, pattern: momentPattern, required: true},
				{name: "to", kind: momentKey, about: "its last day, or the time when it ends", example: "2027-01-04", parse: moment, pattern: momentPattern, required: true},
			}},
		},
		{
			name: "alarms", kind: listKey, about: "CloudWatch alarms that stop the rollout", example: "[web-5xx]", none: true,
			each: &key{about: "an alarm's name", example: "web-5xx", parse: alarm, pattern: `^[^\s\x00-\x1f]([^\x00-\x1f]{0,253}[^\s\x00-\x1f])?$`},
		},
		{name: "doctor", kind: mappingKey, about: "what doctor says", example: `{accept: {fleet-differs: "pets"}}`, keys: []*key{{
			name: "accept", kind: namedKey, about: "findings that the team lives with, each with the reason why", example: `{fleet-differs: "pets"}`, label: findingNames,
			each: &key{about: "why the team lives with it", example: "pets", parse: why, pattern: `\S`},
		}}},
	}
	for _, k := range keys {
		k.shared = true
	}
	return keys
}

func approveKeys() []*key {
	return []*key{
		withKey(approversKey(), func(k *key) { k.instead, k.displace = []string{"all_of", "any_of"}, []string{"all_of", "any_of"} }),
		requiredKey(),
		partiesKey("all_of", "parties of whom every one must approve; a person's vote counts for one of them only", "any_of"),
		partiesKey("any_of", "parties of whom one must approve", "all_of"),
		{name: "self", kind: flagKey, about: "whether the requester may approve", example: "false", parse: yesNo, def: "false"},
		lasting(time.Second, week, key{name: "expires", about: "how long a request waits for approval", example: "30m", def: "30m"}),
		lasting(time.Second, week, key{name: "start_within", about: "how long an approval is good for", example: "2h", def: "2h"}),
		{name: "rollback", about: "whether a rollback needs approval", words: []string{"required", "none"}, def: "required"},
	}
}

func approversKey() *key {
	return &key{
		name: "allow", kind: listKey, about: "ids of the Slack user groups and users that may approve", example: "[S0LEADS]", required: true,
		each: &key{about: "the id of a Slack user group or user", example: "S0LEADS", parse: approver, pattern: personID.String()},
	}
}

func requiredKey() *key {
	return whole(1, 20, key{name: "required", about: "how many must approve", example: "1", def: "1"})
}

// partiesKey is a list of parties, instead of one list of approvers.
func partiesKey(name, about, other string) *key {
	const one = "{allow: [S0LEADS], required: 1}"
	return &key{
		name: name, kind: listKey, about: about, example: "[" + one + ", {allow: [S0SEC]}]", displace: []string{"allow", "required", other},
		each: &key{kind: mappingKey, about: "who may approve, and how many of them must", example: one, keys: []*key{approversKey(), requiredKey()}},
	}
}

func withKey(k *key, change func(*key)) *key {
	change(k)
	return k
}

func changesKey() *key {
	return &key{
		name: "changes", kind: mappingKey, about: "where a request's changes are read", example: "{github: owner/web}", opt: true,
		keys: []*key{
			withKey(commandText(key{name: "command", about: "what prints the changes from $PREVIOUS_REF to $REF, one a line, for the shell of the bot's host", example: `git log --oneline "$PREVIOUS_REF..$REF"`}), func(k *key) {
				k.required, k.instead, k.displace = true, []string{"github"}, []string{"github", "api"}
				k.lack = `say how to read them, as in command: 'git log --oneline "$PREVIOUS_REF..$REF"', or where, as in github: owner/web`
			}),
			{name: "github", about: "a repository on GitHub", example: "owner/web", parse: repository, pattern: repositoryName.String(), displace: []string{"command"}},
			{name: "api", about: "the address of GitHub's API, for GitHub Enterprise", example: "https://github.example.com/api/v3", parse: apiAddress, pattern: "^https?://", def: publicGitHub},
		},
	}
}

func attentionKey() *key {
	return &key{
		name: "attention", kind: mappingKey, about: "who is called when an operation waits for a decision", opt: true, word: "none",
		example: "{mention: [S0ONCALL], after: [5m, 15m]}",
		keys: []*key{
			{
				name: "mention", kind: listKey, about: "ids of the Slack user groups and users to mention", example: "[S0ONCALL]", required: true,
				each: &key{about: "the id of a Slack user group or user", example: "S0ONCALL", parse: called, pattern: personID.String()},
			},
			{
				name: "after", kind: listKey, about: "how long after the wait began, each longer than the one before", example: "[5m, 15m, 30m]", required: true,
				each: lasting(0, week, key{about: "how long after the wait began", example: "5m"}),
			},
			{name: "then", about: "what happens if nobody has decided by then", words: []string{"wait", "stop", "rollback"}, def: "wait"},
		},
	}
}

func windowKeys() []*key {
	return []*key{
		{
			name: "days", kind: listKey, about: "the days on which it opens", example: "mon-thu", lone: true, required: true,
			each: &key{about: "days of the week", example: "mon-thu", parse: weekdays, pattern: weekdaysPattern},
		},
		{name: "from", about: "when it opens", example: `"10:00"`, parse: opening, pattern: clockPattern, required: true},
		{name: "to", about: "when it closes; before from: on the next day", example: `"16:00"`, parse: closing, pattern: "^(24:00|" + strings.Trim(clockPattern, "^$") + ")$", required: true},
	}
}
