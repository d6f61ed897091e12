package config

import (
	"strings"
	"testing"
)

// stable are the keys that scripts outside the project rely on; each is
// accepted, and none is unknown.
const stable = `
mode slack.channel slack.channels slack.command slack.language zone aws.region aws.accounts store.bolt operators defaults services
SERVICE.target_groups SERVICE.instances.tags SERVICE.channel SERVICE.sessions
SERVICE.run.via SERVICE.run.ssh.user SERVICE.run.ssh.port SERVICE.run.ssh.key SERVICE.run.ssh.known_hosts SERVICE.run.user SERVICE.run.directory SERVICE.run.shell SERVICE.run.env SERVICE.run.command
SERVICE.run.verify.command SERVICE.run.verify.for SERVICE.run.verify.every
SERVICE.run.once.before SERVICE.run.once.first SERVICE.run.once.after SERVICE.run.rollback SERVICE.run.current SERVICE.run.timeout
SERVICE.ref.pattern SERVICE.ref.resolve SERVICE.changes.command SERVICE.changes.github SERVICE.changes.api
SERVICE.rolling.max_unavailable SERVICE.rolling.min_healthy SERVICE.rolling.order SERVICE.rolling.canary.instances SERVICE.rolling.canary.bake SERVICE.rolling.canary.confirm
SERVICE.rolling.pause_between SERVICE.rolling.drain.until SERVICE.rolling.drain.settle SERVICE.rolling.drain.idle_command
SERVICE.rolling.healthy_timeout SERVICE.rolling.timeout SERVICE.rolling.on_failure SERVICE.rolling.tolerate_failures SERVICE.rolling.fleet
SERVICE.deploy.allow SERVICE.approve.allow SERVICE.approve.required SERVICE.approve.all_of SERVICE.approve.any_of SERVICE.approve.self SERVICE.approve.expires
SERVICE.approve.start_within SERVICE.approve.rollback
SERVICE.attention.mention SERVICE.attention.after SERVICE.attention.then SERVICE.windows SERVICE.freeze SERVICE.alarms
SERVICE.doctor.accept SERVICE.environments
ENVIRONMENT.account ENVIRONMENT.target_groups ENVIRONMENT.run.env`

func TestTheTableKnowsEveryStableKey(t *testing.T) {
	service := root().sub("services").each
	for path := range strings.FieldsSeq(stable) {
		k := root()
		for name := range strings.SplitSeq(path, ".") {
			switch name {
			case "SERVICE":
				k = service
			case "ENVIRONMENT":
				k = service.sub("environments").each
			default:
				if k = k.sub(name); k == nil {
					t.Fatalf("%s is not in the table", path)
				}
			}
		}
	}
}

// TestTheTableIsWhole holds what the walk and the messages take for granted.
func TestTheTableIsWhole(t *testing.T) {
	var visit func(path string, k *key)
	visit = func(path string, k *key) {
		if k.unbuilt != "" {
			return
		}
		switch {
		case k.about == "" && path != "":
			t.Errorf("%s: a message cannot say what it is", path)
		case k.kind == namedKey && (k.each == nil || k.label.check == nil || k.label.pattern == ""):
			t.Errorf("%s: names without a rule", path)
		case k.kind == listKey && k.each == nil:
			t.Errorf("%s: a list of nothing", path)
		case k.short != "" && k.sub(k.short) == nil:
			t.Errorf("%s: a lone text stands for an unknown key", path)
		case k.kind < listKey && k.parse == nil && len(k.words) == 0:
			t.Errorf("%s: nothing checks the value", path)
		case k.kind < listKey && k.kind != flagKey && k.kind != wholeKey && k.kind != countKey && k.pattern == "" && len(k.words) == 0 && !strings.HasSuffix(path, "run.env[]"):
			t.Errorf("%s: the JSON Schema would take any text", path)
		case k.kind == countKey, k.kind == namedKey, k.kind == mappingKey, k.kind == listKey, k.example == "":
		default:
			if _, err := k.value(strings.Trim(k.example, `'"`)); err != nil {
				t.Errorf("%s: its own example is refused: %v", path, err)
			}
		}
		if k.def != "" {
			if _, err := k.value(k.def); err != nil {
				t.Errorf("%s: its own default is refused: %v", path, err)
			}
		}
		for _, s := range k.keys {
			visit(join(path, s.name), s)
		}
		if k.each != nil {
			visit(path+"[]", k.each)
		}
	}
	visit("", root())
}

func TestTodaysBehaviourMayBeWrittenOut(t *testing.T) {
	parse(t, strings.Replace(minimal, "slack:\n", "slack:\n  language: en\n", 1)+`      required: 1
    rolling:
      max_unavailable: 1
      drain: {until: deregistered}
      on_failure: ask
      tolerate_failures: 0
      fleet: pinned
    channel: G0123456789
    environments: {}
`)
	if got := target(t, strings.Replace(minimal, "run:\n", "run:\n      via: ssm\n", 1), "web", "").Run.Via; got != "ssm" {
		t.Errorf("via = %q", got)
	}
}

func TestTheBoundsThemselvesAreAccepted(t *testing.T) {
	for _, lines := range []string{
		"    run: {command: a, timeout: 1s, verify: {command: b, for: 1s, every: 1s}}\n",
		"    run: {command: a, timeout: 24h, verify: {command: b, for: 1h, every: 10m}}\n",
		"    rolling: {min_healthy: 0, healthy_timeout: 1s}\n",
		"    rolling: {min_healthy: 100%, healthy_timeout: 24h}\n",
		"    channel: C0123456789\n",
		"    rolling: {max_unavailable: 1%, canary: {instances: 1, bake: 0s}, pause_between: 0s, drain: {until: idle, settle: 0s}, timeout: 1m}\n",
		"    rolling: {max_unavailable: 100%, canary: {instances: 1000, bake: 24h}, pause_between: 24h, drain: {until: idle, settle: 1h}, timeout: 168h}\n",
		"    rolling: {max_unavailable: 3, tolerate_failures: 2}\n",
		"    rolling: {max_unavailable: 50%, tolerate_failures: 1000}\n",
		"    attention: {mention: [S0ONCALL], after: [0s, 168h]}\n",
		"    freeze: [{from: 2026-12-28, to: 2026-12-28}, {from: 2028-02-29T18:00, to: 2028-02-29}, {from: 2026-12-28, to: 2026-12-28T00:01}]\n",
		"    windows: [{days: sun, from: \"23:59\", to: \"24:00\"}, {days: mon, from: \"10:00\", to: \"09:59\"}]\n",
		"    run: {command: a, via: ssh, ssh: {user: a, port: 1, known_hosts: a}}\n",
		"    run: {command: a, via: ssh, ssh: {user: a, port: 65535, known_hosts: a}}\n",
	} {
		if strings.Contains(lines, "run:") {
			lines = strings.Replace(minimal, "    run:\n      command: ./deploy.sh \"$REF\"\n", lines, 1)
		} else {
			lines = minimal + lines
		}
		parse(t, lines)
	}
	parse(t, strings.Replace(minimal, "  web:", "  "+strings.Repeat("w", 63)+":", 1))
	parse(t, strings.Replace(minimal, "[web]", "["+strings.Repeat("w", 32)+"]", 1))
}

func TestAGroupMayApproveItsOwnMembers(t *testing.T) {
	parse(t, strings.Replace(minimal, "S0DEVS", "S0LEADS", 1))
	parse(t, strings.NewReplacer("S0DEVS", "U0ALICE", "[S0LEADS]", "[U0ALICE]\n      self: true").Replace(minimal))
}

func TestNear(t *testing.T) {
	known := []string{"target_groups", "channel", "run", "ref", "rolling"}
	for word, want := range map[string]string{
		"targetGroups": "target_groups", "TARGET-GROUPS": "target_groups", "chanel": "channel", "rollin": "rolling",
		"rum": "run", "colour": "", "x": "", "": "", "順番": "",
	} {
		if got := near(word, known); got != want {
			t.Errorf("near(%q) = %q, want %q", word, got, want)
		}
	}
}
