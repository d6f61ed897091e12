package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// everything reads the fixture that sets every key.
func everything(t *testing.T) *Config {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "good", "everything.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(data))
}

func TestEveryKeyReachesTheTypes(t *testing.T) {
	c := everything(t)
	got, err := c.Target("web", "")
	if err != nil {
		t.Fatal(err)
	}
	if pattern := got.Ref.Pattern.String(); pattern != "^v[0-9]+$" {
		t.Errorf("ref.pattern = %s", pattern)
	}
	got.Ref.Pattern = nil
	want := Target{
		Service: "web", Account: "prod", Channel: "G0123456789", Sessions: "local",
		TargetGroups: []string{"web", "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web-internal/0123456789abcdef"},
		Run: Run{
			Via: "ssh", SSH: &SSH{User: "admin", Port: 2222, Key: "/etc/junban/keys/id_ed25519", KnownHosts: "/etc/junban/known_hosts"},
			User: "deploy", Directory: "/srv/web", Shell: "bash", Env: map[string]string{"APP_ENV": "production"},
			Command: `./deploy.sh "$REF"`, Verify: &Verify{Command: "./verify.sh", For: 90 * time.Second, Every: 500 * time.Millisecond},
			Timeout: 15 * time.Minute, Once: Once{Before: "./assets.sh", First: "php artisan migrate --force", After: "./notify.sh"},
			Rollback: "./rollback.sh", Current: "cat REVISION",
		},
		Ref:     Ref{Resolve: `git ls-remote --exit-code https://example.com/web.git "$REF" | cut -f1`},
		Changes: Changes{Command: `git log --oneline "$PREVIOUS_REF..$REF"`},
		Rolling: Rolling{
			MaxUnavailable: Count{N: 2}, MinHealthy: Count{N: 50, Percent: true},
			Canary: Canary{Instances: 2, Bake: 5 * time.Minute, Confirm: true}, PauseBetween: 30 * time.Second,
			Drain:          Drain{Idle: true, Settle: 10 * time.Second, IdleCommand: "./idle.sh"},
			HealthyTimeout: 5 * time.Minute, Timeout: 6 * time.Hour, OnFailure: "rollback", Tolerate: 1, Dynamic: true,
		},
		Deploy: Deploy{Allow: []string{"S0DEVS", "U0ALICE", "B0ROBOT"}},
		Approve: Approve{
			Allow: []string{"S0LEADS", "W0BOB"}, Required: 2, Self: true, Expires: 20 * time.Minute, StartWithin: 3 * time.Hour, FreeRollback: true,
		},
		Attention: Attention{Mention: []string{"S0ONCALL", "U0ALICE"}, After: []time.Duration{0, 15 * time.Minute, 90 * time.Minute}, Then: "stop"},
		Windows: []Window{
			{Days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday}, From: 600, To: 960},
			{Days: []time.Weekday{time.Monday, time.Friday, time.Saturday, time.Sunday}, From: 1350, To: 240},
			{Days: []time.Weekday{time.Wednesday}, From: 0, To: 1440},
		},
		Freeze: []Freeze{{From: "2026-12-28", To: "2027-01-04"}, {From: "2027-02-28T18:00", To: "2027-03-01"}},
		Alarms: []string{"web-5xx", "Web latency (p99)"},
		Accept: map[string]string{"fleet-differs": "pets"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("target (-want +got):\n%s", diff)
	}
	accounts := map[string]Account{
		"prod":    {RoleARN: "arn:aws:iam::123456789012:role/teams/junban", ExternalID: "x7k2", Region: "us-east-1"},
		"Audit_2": {RoleARN: "arn:aws-cn:iam::210987654321:role/a+b=c,d.e@f-g"},
	}
	if diff := cmp.Diff(accounts, c.AWS.Accounts); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"alice": "U0ALICE", "deploy_bot.1": "W0BOB"}, c.Operators); diff != "" {
		t.Errorf("operators (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"C0COMMON", "G0123456789"}, c.Slack.Channels); diff != "" || !c.Observe {
		t.Errorf("channels (-want +got):\n%s, observes %t", diff, c.Observe)
	}
	if c.Zone.String() != "Europe/Berlin" || c.Slack.Command != "/ship" || c.Store.Bolt != "/etc/junban/state/junban.db" {
		t.Errorf("zone %v, command %s, bolt %s", c.Zone, c.Slack.Command, c.Store.Bolt)
	}
}

// TestTheFixtureSetsEveryKeyAndEveryField: no key of the table is left out of
// the fixture, and no field of the types stays at its zero, so that the test
// above cannot forget one.
func TestTheFixtureSetsEveryKeyAndEveryField(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "good", "everything.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	r := newReport("everything.yaml", data)
	set := map[*key]bool{}
	table := root()
	mark(set, buildTree(r, readDocument(r, data)), table)
	var unset func(path string, k *key)
	unset = func(path string, k *key) {
		for _, sub := range k.keys {
			if sub.unbuilt == "" && !set[sub] {
				t.Errorf("%s is not in the fixture", join(path, sub.name))
			}
			unset(join(path, sub.name), sub)
		}
		if k.each != nil {
			unset(path+"[]", k.each)
		}
	}
	unset("", table)

	c := everything(t)
	web, err := c.Target("web", "")
	if err != nil {
		t.Fatal(err)
	}
	workers, err := c.Target("workers", "one")
	if err != nil {
		t.Fatal(err)
	}
	// What excludes each other stands in two targets.
	web.Environment, web.Tags, web.Approve.None = workers.Environment, workers.Tags, workers.Approve.None
	production, staging := asked(t, c, "shop", "production"), asked(t, c, "shop", "staging")
	web.Changes.GitHub, web.Changes.API, web.Approve.Parties, web.Approve.Any = production.Changes.GitHub, production.Changes.API, production.Approve.Parties, staging.Approve.Any
	c.Services = c.Services[:1]
	for _, value := range []any{*c, web} {
		filled(t, reflect.TypeOf(value).Name(), reflect.ValueOf(value))
	}
}

// mark notes the rows whose keys a tree has.
func mark(set map[*key]bool, n *node, k *key) {
	for _, f := range n.fields {
		sub := k.below(f.name)
		if sub == nil {
			continue // of a mapping that `short` or `word` stands for
		}
		set[sub] = true
		mark(set, f.value, sub)
	}
	for _, item := range n.items {
		mark(set, item, k.each)
	}
}

func filled(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil() && v.Elem().Kind() == reflect.Struct && v.Elem().Type().PkgPath() == reflect.TypeFor[Config]().PkgPath():
		filled(t, path, v.Elem())
	case v.Kind() == reflect.Struct && v.Type().PkgPath() == reflect.TypeFor[Config]().PkgPath() && v.Type() != reflect.TypeFor[Count]():
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				filled(t, path+"."+f.Name, v.Field(i))
			}
		}
	case v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0:
		t.Errorf("%s: no key of the fixture reaches it", path)
	}
}

func asked(t *testing.T, c *Config, service, environment string) Target {
	t.Helper()
	got, err := c.Target(service, environment)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestWhoMustApproveInEachEnvironment: parties and a plain list take each other's place, whichever layer has which.
func TestWhoMustApproveInEachEnvironment(t *testing.T) {
	c := everything(t)
	for environment, want := range map[string]Approve{
		"production": {
			Allow: []string{"S0LEADS", "W0BOB", "S0SEC"}, Parties: []Party{{Allow: []string{"S0LEADS", "W0BOB"}, Required: 2}, {Allow: []string{"S0SEC"}, Required: 1}},
		},
		"staging": {
			Allow: []string{"S0LEADS", "S0DEVS", "W0BOB"}, Any: true, Parties: []Party{{Allow: []string{"S0LEADS"}, Required: 1}, {Allow: []string{"S0DEVS", "W0BOB"}, Required: 2}},
		},
		"preview": {Allow: []string{"S0DEVS"}, Required: 1},
	} {
		want.Expires, want.StartWithin = 30*time.Minute, 2*time.Hour
		if diff := cmp.Diff(want, asked(t, c, "shop", environment).Approve); diff != "" {
			t.Errorf("%s (-want +got):\n%s", environment, diff)
		}
	}
	if got := asked(t, c, "shop", "staging").Changes; got != (Changes{Command: "git log"}) {
		t.Errorf("changes = %+v", got)
	}
	if got := asked(t, c, "shop", "production").Changes; got != (Changes{GitHub: "acme/shop", API: "https://github.example.com/api/v3"}) {
		t.Errorf("changes = %+v", got)
	}
}

func TestWhatIsSwitchedOffInOneEnvironment(t *testing.T) {
	const text = `
slack: {channel: C0COMMON}
aws: {region: us-east-1}
defaults:
  rolling: {canary: {instances: 2, bake: 5m}}
  attention: {mention: [S0ONCALL], after: [5m]}
  windows: [{days: mon-fri, from: "10:00", to: "16:00"}]
  freeze: [{from: 2026-12-28, to: 2027-01-04}]
  alarms: [web-5xx]
services:
  web:
    target_groups: [web]
    run: {command: a}
    deploy: {allow: [S0DEVS]}
    approve: {allow: [S0LEADS]}
    environments:
      production: {rolling: {canary: {bake: 1h}}, attention: {then: rollback}}
      staging: {rolling: {canary: none}, attention: none, windows: [], freeze: [], alarms: []}
`
	production, staging := target(t, text, "web", "production"), target(t, text, "web", "staging")
	if got, want := production.Rolling.Canary, (Canary{Instances: 2, Bake: time.Hour}); got != want {
		t.Errorf("canary = %+v", got)
	}
	want := Attention{Mention: []string{"S0ONCALL"}, After: []time.Duration{5 * time.Minute}, Then: "rollback"}
	if diff := cmp.Diff(want, production.Attention); diff != "" {
		t.Error(diff)
	}
	if len(production.Windows) != 1 || len(production.Freeze) != 1 || len(production.Alarms) != 1 {
		t.Errorf("production = %+v", production)
	}
	if staging.Rolling.Canary != (Canary{}) || !reflect.DeepEqual(staging.Attention, Attention{}) || staging.Windows != nil || staging.Freeze != nil || staging.Alarms != nil {
		t.Errorf("staging = %+v", staging)
	}
}

// TestWhatLowerLayersSayForOthersIsNoFault: defaults are for whoever wants
// them, and a service's settings for those of its environments that do.
func TestWhatLowerLayersSayForOthersIsNoFault(t *testing.T) {
	const text = `
slack: {channel: C0COMMON}
aws: {region: us-east-1}
defaults:
  run: {command: a, user: deploy, ssh: {known_hosts: known_hosts}}
  rolling: {min_healthy: 2, drain: {settle: 5s}}
  sessions: local
  deploy: {allow: [S0DEVS]}
  approve: none
services:
  web: {target_groups: [web]}
  far: {target_groups: [far], run: {via: ssh}}
  mixed:
    rolling: {drain: {until: idle, idle_command: ./idle.sh}}
    run: {ssh: {port: 23}}
    environments:
      groups: {target_groups: [mixed], run: {via: ssh}}
      hosts: {instances: {tags: {Role: mixed}}, run: {via: ssm}}
      plain: {target_groups: [mixed], rolling: {drain: {until: deregistered}}, run: {via: local}}
`
	if got, want := target(t, text, "far", "").Run.SSH, (&SSH{User: "deploy", Port: 22, KnownHosts: "/etc/junban/known_hosts"}); !reflect.DeepEqual(got, want) {
		t.Errorf("run.ssh = %+v", got)
	}
	if got := target(t, text, "mixed", "groups").Run.SSH; got == nil || got.Port != 23 {
		t.Errorf("run.ssh = %+v", got)
	}
	if got := target(t, text, "mixed", "hosts"); got.Run.SSH != nil || got.TargetGroups != nil || len(got.Tags) != 1 {
		t.Errorf("hosts = %+v", got)
	}
}

func TestWeekdays(t *testing.T) {
	for text, want := range map[string]string{
		"mon": "Mon", "mon-thu": "Mon Tue Wed Thu", "fri-mon": "Mon Fri Sat Sun", "mon-sun": "Mon Tue Wed Thu Fri Sat Sun",
		"wed,mon": "Mon Wed", "sat , mon-tue ,mon": "Mon Tue Sat", "sun-sun": "Sun",
		"": "", "Mon": "", "mon-": "", "-mon": "", "mon--tue": "", "mon,": "", "mon-tue-wed": "", "月": "",
	} {
		got, err := weekdays(text)
		var days []string
		if err == nil {
			for _, d := range got.([]time.Weekday) {
				days = append(days, d.String()[:3])
			}
		}
		if strings.Join(days, " ") != want {
			t.Errorf("%q: %v, %v", text, days, err)
		}
	}
}

func TestTimesOfDay(t *testing.T) {
	for text, want := range map[string]int{"00:00": 0, "09:30": 570, "23:59": 1439, "24:00": 1440, "24:01": -1, "9:30": -1, "09:60": -1, "0930": -1, "": -1, "０９:３０": -1} {
		got, err := closing(text)
		if c, _ := got.(Clock); (err != nil) != (want < 0) || err == nil && (int(c) != want || c.String() != text) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if _, err := opening(text); (err != nil) != (want < 0 || want == 1440) {
			t.Errorf("opening %q: %v", text, err)
		}
	}
}

func TestDurationsHaveUnitsAndNoSigns(t *testing.T) {
	parse := duration(0, time.Hour)
	for text, want := range map[string]time.Duration{"0s": 0, "1h": time.Hour, "1.5m": 90 * time.Second, "0": -1, "+5m": -1, "-0s": -1, "": -1, "1d": -1, "5 m": -1} {
		got, err := parse(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}
