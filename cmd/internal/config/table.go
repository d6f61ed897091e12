package config

import "time"

// root is the table of every key that deploy.yaml knows, also of those that
// are still to come. What the file means follows from it alone.
func root() *key {
	settings := settingsKeys()
	service := append([]*key{}, settings...)
	service = append(service, &key{
		name: "environments", kind: namedKey, about: "the environments and their settings", example: "{production: {target_groups: [web-prod]}}",
		label: commandWord,
		each:  &key{kind: mappingKey, about: "settings that differ in this environment", example: "{target_groups: [web-prod]}", keys: settings},
	})
	inDefaults := append([]*key{}, settings...)
	inDefaults = append(inDefaults, &key{name: "environments", unbuilt: "environments belong to a service, not to defaults"})
	return &key{kind: mappingKey, keys: []*key{
		{name: "slack", kind: mappingKey, about: "where people ask", example: "{channel: C0123456789}", keys: slackKeys()},
		{name: "zone", about: "a time zone's IANA name", example: "Asia/Tokyo", parse: zone, def: "UTC"},
		{name: "aws", kind: mappingKey, about: "the account's side", example: "{region: ap-northeast-1}", keys: []*key{
			{name: "region", about: "an AWS region", example: "ap-northeast-1", parse: region, required: true},
			later("accounts"),
		}},
		{name: "store", kind: mappingKey, about: "where the journal lives", example: "{bolt: junban.db}", keys: []*key{
			{name: "bolt", about: "a file's path, relative to this file", example: "junban.db", parse: storePath, def: "junban.db"},
		}},
		{name: "defaults", kind: mappingKey, about: "settings for every service", example: "{run: {user: deploy}}", keys: inDefaults, part: true},
		{
			name: "services", kind: namedKey, about: "the services and their settings", example: "{web: {target_groups: [web]}}", required: true,
			label: commandWord,
			each:  &key{kind: mappingKey, about: "the service's settings", example: "{target_groups: [web]}", keys: service},
		},
	}}
}

func later(name string) *key { return &key{name: name, unbuilt: notYet} }

func slackKeys() []*key {
	return []*key{
		{name: "channel", about: "the id of the channel for requests", example: "C0123456789", parse: channel, required: true},
		{name: "command", about: "a slash command", example: "/deploy", parse: slashCommand, def: "/deploy"},
		{name: "language", about: "a language", example: "en", words: []string{"en"}, later: []string{"ja"}, def: "en"},
	}
}

// settingsKeys are the keys of a service, of an environment and of defaults.
func settingsKeys() []*key {
	return []*key{
		{
			name: "target_groups", kind: listKey, about: "the target groups", example: "[web]", required: true,
			each: &key{about: "a target group's name or ARN", example: "web", parse: targetGroup},
		},
		{name: "channel", about: "the id of the channel for this service's requests", example: "C0123456789", parse: channel},
		{name: "run", kind: mappingKey, about: "what happens on an instance", example: "{command: ./deploy.sh \"$REF\"}", keys: runKeys()},
		{name: "ref", kind: mappingKey, about: "which refs may be asked for", example: "{pattern: '^v[0-9.]+$'}", keys: []*key{
			{name: "pattern", about: "a regular expression that binds the whole ref", example: "'^v[0-9.]+$'", parse: refPattern, def: `^[A-Za-z0-9][A-Za-z0-9._/-]*$`},
			later("resolve"),
		}},
		{name: "rolling", kind: mappingKey, about: "how many instances may be out", example: "{min_healthy: 2}", keys: rollingKeys()},
		{name: "deploy", kind: mappingKey, about: "who may ask for a deploy", example: "{allow: [S0DEVS]}", keys: []*key{
			{
				name: "allow", kind: listKey, about: "ids of the Slack user groups, users and bots that may ask", example: "[S0DEVS, U0ALICE]", required: true,
				each: &key{about: "the id of a Slack user group, user or bot", example: "S0DEVS", parse: asker},
			},
		}},
		{
			name: "approve", kind: mappingKey, about: "who must approve", example: "{allow: [S0LEADS]}", required: true, opt: true,
			lack: "say who must approve, as in {allow: [S0LEADS]}, or write `approve: none`: that nobody is asked is never assumed",
			word: "none", keys: approveKeys(),
		},
		later("account"), later("instances"), later("sessions"), later("attention"),
		later("windows"), later("freeze"), later("alarms"), later("doctor"),
	}
}

func runKeys() []*key {
	return []*key{
		{name: "via", about: "how the host is reached", words: []string{"ssm"}, later: []string{"ssh", "local"}, def: "ssm"},
		{name: "user", about: "a user of the host", example: "deploy", parse: user},
		{name: "directory", about: "an absolute path on the host", example: "/srv/web", parse: directory},
		{name: "shell", about: "a shell", example: "bash", parse: shell, def: "sh"},
		{
			name: "env", kind: namedKey, about: "environment variables", example: "{APP_ENV: production}", label: variableName,
			each: &key{about: "a variable's value", example: "production", parse: func(text string) (any, error) { return text, nil }},
		},
		{name: "command", about: "what deploys on one instance, for the shell", example: `./deploy.sh "$REF"`, parse: script, required: true},
		{
			name: "verify", kind: mappingKey, about: "a command that must succeed before the instance is put back", example: "curl -fsS http://127.0.0.1/", short: "command", opt: true,
			keys: []*key{
				{name: "command", about: "what exits 0 when all is well, for the shell", example: "curl -fsS http://127.0.0.1/", parse: script, required: true},
				{name: "for", kind: durationKey, about: "how long to keep trying", example: "60s", parse: duration(time.Second, time.Hour), def: "60s"},
				{name: "every", kind: durationKey, about: "the time from one try to the next", example: "2s", parse: duration(100*time.Millisecond, 10*time.Minute), def: "2s"},
			},
		},
		{name: "timeout", kind: durationKey, about: "how long the command may take", example: "10m", parse: seconds(time.Second, 24*time.Hour), def: "10m"},
		later("once"), later("rollback"), later("current"),
	}
}

func rollingKeys() []*key {
	return []*key{
		{name: "max_unavailable", kind: countKey, about: "instances out at a time", example: "1", parse: oneOut, def: "1"},
		{name: "min_healthy", kind: countKey, about: "instances that must stay healthy", example: "1 or 50%", parse: count(0), def: "1"},
		{name: "drain", kind: mappingKey, about: "when an instance counts as drained", example: "{until: deregistered}", keys: []*key{
			{name: "until", about: "what ends the wait", words: []string{"deregistered"}, later: []string{"idle"}, def: "deregistered"},
			later("settle"), later("idle_command"),
		}},
		{name: "healthy_timeout", kind: durationKey, about: "how long an instance may take to become healthy", example: "10m", parse: duration(time.Second, 24*time.Hour), def: "10m"},
		{name: "on_failure", about: "what a failure does", words: []string{"ask"}, later: []string{"stop", "rollback"}, def: "ask"},
		{name: "tolerate_failures", kind: wholeKey, about: "instances that may fail", example: "0", parse: only(0, 0), def: "0"},
		{name: "fleet", about: "which instances belong to the rollout", words: []string{"pinned"}, later: []string{"dynamic"}, def: "pinned"},
		later("order"), later("canary"), later("pause_between"),
	}
}

func approveKeys() []*key {
	const week = 7 * 24 * time.Hour
	return []*key{
		{
			name: "allow", kind: listKey, about: "ids of the Slack user groups and users that may approve", example: "[S0LEADS]", required: true,
			each: &key{about: "the id of a Slack user group or user", example: "S0LEADS", parse: approver},
		},
		{name: "required", kind: wholeKey, about: "how many must approve", example: "1", parse: only(1, 1), def: "1"},
		{name: "self", kind: flagKey, about: "whether the requester may approve", example: "false", parse: yesNo, def: "false"},
		{name: "expires", kind: durationKey, about: "how long a request waits for approval", example: "30m", parse: duration(time.Second, week), def: "30m"},
		{name: "start_within", kind: durationKey, about: "how long an approval is good for", example: "2h", parse: duration(time.Second, week), def: "2h"},
		later("rollback"),
	}
}
