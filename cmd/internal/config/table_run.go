package config

import "time"

func runKeys() []*key {
	return []*key{
		{name: "via", about: "how the host is reached", words: []string{"ssm", "ssh", "local"}, def: "ssm"},
		{name: "ssh", kind: mappingKey, about: "how to log in with `via: ssh`", example: "{user: deploy, known_hosts: known_hosts}", opt: true, keys: sshKeys()},
		{name: "user", about: "a user of the host", example: "deploy", parse: user, pattern: hostUser.String()},
		{name: "directory", about: "an absolute path on the host", example: "/srv/web", parse: directory, pattern: "^/"},
		{name: "shell", about: "a shell", example: "bash", parse: shell, pattern: "^(sh|bash|/.*)$", def: "sh"},
		{
			name: "env", kind: namedKey, about: "environment variables", example: "{APP_ENV: production}", label: variableNames,
			each: &key{about: "a variable's value", example: "production", parse: func(text string) (any, error) { return text, nil }},
		},
		commandText(key{name: "command", about: "what deploys on one instance, for the shell", example: `./deploy.sh "$REF"`, required: true}),
		{
			name: "verify", kind: mappingKey, about: "a command that must succeed before the instance is put back", example: "curl -fsS http://127.0.0.1/", short: "command", opt: true,
			keys: []*key{
				commandText(key{name: "command", about: "what exits 0 when all is well, for the shell", example: "curl -fsS http://127.0.0.1/", required: true}),
				lasting(time.Second, time.Hour, key{name: "for", about: "how long to keep trying", example: "60s", def: "60s"}),
				lasting(100*time.Millisecond, 10*time.Minute, key{name: "every", about: "the time from one try to the next", example: "2s", def: "2s"}),
			},
		},
		inSeconds(lasting(time.Second, 24*time.Hour, key{name: "timeout", about: "how long the command may take", example: "10m", def: "10m"})),
		{
			name: "once", kind: mappingKey, about: "what runs once in a rollout", example: "{first: php artisan migrate --force}", opt: true,
			keys: []*key{
				commandText(key{name: "before", about: "what runs on the bot's host before anything leaves", example: "./assets.sh"}),
				commandText(key{name: "first", about: "what runs on the first instance that is drained, before any command", example: "php artisan migrate --force"}),
				commandText(key{name: "after", about: "what runs on the bot's host when all instances are done", example: "./notify.sh"}),
			},
		},
		commandText(key{name: "rollback", about: "what takes one instance back, for the shell; without it, command with the ref before", example: "./rollback.sh"}),
		commandText(key{name: "current", about: "what prints what is on the host, for the shell", example: "cat REVISION"}),
	}
}

func sshKeys() []*key {
	return []*key{
		{name: "user", about: "the user to log in as; run.user unless it is named", example: "deploy", parse: user, pattern: hostUser.String()},
		whole(1, 65535, key{name: "port", about: "the port of sshd", example: "22", def: "22"}),
		{name: "key", about: "a private key's path, relative to this file; without it, ssh-agent is asked", example: "id_ed25519", parse: filePath, pattern: `^[^~]`},
		{name: "known_hosts", about: "the path of a file with the hosts' keys, relative to this file", example: "known_hosts", parse: filePath, pattern: `^[^~]`},
	}
}

func rollingKeys() []*key {
	const day = 24 * time.Hour
	return []*key{
		counted(1, key{name: "max_unavailable", about: "instances out at a time", example: "1 or 25%", def: "1"}),
		counted(0, key{name: "min_healthy", about: "instances that must stay healthy", example: "1 or 50%", def: "1"}),
		{name: "order", about: "which instances go first", words: []string{"zone"}, def: "zone"},
		{
			name: "canary", kind: mappingKey, about: "the instances that go first, and the wait after them", example: "{instances: 1, bake: 5m, confirm: true}", opt: true, word: "none",
			keys: []*key{
				whole(1, 1000, key{name: "instances", about: "how many go first, one at a time", example: "1", def: "1"}),
				lasting(0, day, key{name: "bake", about: "how long to wait after them", example: "5m", def: "0s"}),
				{name: "confirm", kind: flagKey, about: "whether somebody who may approve must let it go on then", example: "true", parse: yesNo, def: "false"},
			},
		},
		lasting(0, day, key{name: "pause_between", about: "the least time from one instance's end to the next one's leave", example: "30s", def: "0s"}),
		{name: "drain", kind: mappingKey, about: "when an instance counts as drained", example: "{until: deregistered}", keys: []*key{
			{name: "until", about: "what ends the wait", words: []string{"deregistered", "idle"}, def: "deregistered"},
			lasting(0, time.Hour, key{name: "settle", about: "with `until: idle`, how long to wait before the first look", example: "20s", def: "20s"}),
			commandText(key{name: "idle_command", about: "with `until: idle`, what exits 0 once the instance is idle, instead of a look at its connections", example: "./idle.sh"}),
		}},
		lasting(time.Second, day, key{name: "healthy_timeout", about: "how long an instance may take to become healthy", example: "10m", def: "10m"}),
		lasting(time.Minute, week, key{name: "timeout", about: "how long the whole rollout may take", example: "6h"}),
		{name: "on_failure", about: "what a failure does", words: []string{"ask", "stop", "rollback"}, def: "ask"},
		whole(0, 1000, key{name: "tolerate_failures", about: "instances that may fail", example: "0", def: "0"}),
		{name: "fleet", about: "which instances belong to the rollout", words: []string{"pinned", "dynamic"}, def: "pinned"},
	}
}
