package app

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/engine"
)

const careful = `slack: {channel: C0123456789}
zone: Asia/Tokyo
aws:
  region: ap-northeast-1
  accounts: {prod: {role_arn: "arn:aws:iam::123456789012:role/junban"}}
services:
  web:
    account: prod
    target_groups: [web]
    sessions: shared
    run:
      via: local
      user: deploy
      directory: /srv/web
      shell: bash
      env: {A: "1"}
      command: ./web.sh
      timeout: 3m
      verify: {command: ./ok.sh, for: 5s, every: 1s}
      once: {before: ./before.sh, first: ./first.sh, after: ./after.sh}
      rollback: ./rollback.sh
      current: cat REVISION
    rolling:
      max_unavailable: 25%
      min_healthy: 2
      canary: {instances: 2, bake: 5m, confirm: true}
      pause_between: 30s
      drain: {until: idle, settle: 5s, idle_command: ./idle.sh}
      healthy_timeout: 4m
      timeout: 2h
      on_failure: rollback
      tolerate_failures: 1
      fleet: dynamic
    deploy: {allow: [S0DEVS]}
    approve: {allow: [S0LEADS], self: true, rollback: none}
    attention: {mention: [S0ONCALL], after: [5m, 15m], then: stop}
    windows: [{days: mon-tue, from: "10:00", to: "24:00"}]
    freeze: [{from: 2026-12-28, to: 2027-01-04T09:00}]
    alarms: [web-5xx]
    doctor: {accept: {fleet-differs: pets}}
  plain:
    target_groups: [plain]
    run: {command: ./plain.sh}
    deploy: {allow: [S0DEVS]}
    approve: {allow: [S0LEADS]}
  parties:
    target_groups: [plain]
    run: {command: ./plain.sh}
    deploy: {allow: [S0DEVS]}
    approve: {any_of: [{allow: [S0LEADS], required: 2}, {allow: [U0ALICE, S0LEADS]}]}
  workers:
    instances: {tags: {Role: worker}}
    run: {command: ./work.sh}
    deploy: {allow: [S0DEVS]}
    approve: none
`

func carefulBook(t *testing.T) book {
	t.Helper()
	c, err := config.Parse("deploy.yaml", []byte(careful))
	if err != nil {
		t.Fatal(err)
	}
	return book{c, "/deploy"}
}

func TestEverySettingReachesTheRequest(t *testing.T) {
	r, want, err := carefulBook(t).Request(deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v42"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(engine.Want{Groups: []string{"web"}}, want); diff != "" {
		t.Error(diff)
	}
	expected := deploy.Request{
		Ask:     deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v42"},
		Account: "prod", Sessions: "shared", Accept: map[string]string{"fleet-differs": "pets"}, FreeRollback: true, HealthyWithin: 4 * time.Minute,
		Rules: deploy.Rules{
			MaxUnavailable: deploy.Count{N: 25, Percent: true}, MinHealthy: deploy.Count{N: 2},
			Canary: deploy.Canary{Instances: 2, Bake: 5 * time.Minute, Confirm: true}, PauseBetween: 30 * time.Second,
			Drain: deploy.Drain{Idle: true, Settle: 5 * time.Second}, OnFailure: deploy.PolicyRollback, Tolerate: 1, Dynamic: true, Within: 2 * time.Hour,
			Attention: deploy.Attention{Mention: []string{"S0ONCALL"}, After: []time.Duration{5 * time.Minute, 15 * time.Minute}, Then: deploy.PolicyStop},
			Calendar: deploy.Calendar{
				Zone:    "Asia/Tokyo",
				Windows: []deploy.Window{{Days: []time.Weekday{time.Monday, time.Tuesday}, From: 600, To: 1440}},
				Freeze:  []deploy.Freeze{{From: "2026-12-28", To: "2027-01-04T09:00"}},
			},
			Alarms: []string{"web-5xx"}, MayDeploy: []string{"S0DEVS"},
			Approval: deploy.Approval{Allow: []string{"S0LEADS"}, Required: 1, Self: true, Expires: 30 * time.Minute, StartWithin: 2 * time.Hour},
		},
		Run: deploy.Run{
			Via: "local", User: "deploy", Directory: "/srv/web", Shell: "bash", Env: map[string]string{"A": "1"}, Command: "./web.sh", Timeout: 3 * time.Minute,
			Verify: "./ok.sh", VerifyFor: 5 * time.Second, VerifyEvery: time.Second, Rollback: "./rollback.sh", Current: "cat REVISION",
			Before: "./before.sh", First: "./first.sh", After: "./after.sh", Idle: "./idle.sh",
		},
	}
	if diff := cmp.Diff(expected, r); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	// A field that nobody fills here would be one that deploy.yaml cannot say.
	for _, v := range []any{r.Run, r.Rules} {
		s := reflect.ValueOf(v)
		for i := range s.NumField() {
			if s.Field(i).IsZero() {
				t.Errorf("%s.%s is not filled", s.Type(), s.Type().Field(i).Name)
			}
		}
	}
}

func TestDefaultsAreNoTerms(t *testing.T) {
	r, _, err := carefulBook(t).Request(deploy.Ask{Kind: deploy.KindDeploy, Service: "plain", Ref: "v42"})
	if err != nil {
		t.Fatal(err)
	}
	want := deploy.Rules{
		MaxUnavailable: deploy.Count{N: 1}, MinHealthy: deploy.Count{N: 1}, Calendar: deploy.Calendar{Zone: "Asia/Tokyo"}, MayDeploy: []string{"S0DEVS"},
		Approval: deploy.Approval{Allow: []string{"S0LEADS"}, Required: 1, Expires: 30 * time.Minute, StartWithin: 2 * time.Hour},
	}
	if diff := cmp.Diff(want, r.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if r.FreeRollback || r.Run.Idle != "" || r.Run.Via != "ssm" {
		t.Errorf("%+v", r)
	}
}

func TestPartiesReachTheRules(t *testing.T) {
	r, _, err := carefulBook(t).Request(deploy.Ask{Kind: deploy.KindDeploy, Service: "parties", Ref: "v42"})
	if err != nil {
		t.Fatal(err)
	}
	want := deploy.Approval{
		Allow: []string{"S0LEADS", "U0ALICE"}, Any: true, Expires: 30 * time.Minute, StartWithin: 2 * time.Hour,
		Parties: []deploy.Party{{Allow: []string{"S0LEADS"}, Required: 2}, {Allow: []string{"U0ALICE", "S0LEADS"}, Required: 1}},
	}
	if diff := cmp.Diff(want, r.Rules.Approval); diff != "" {
		t.Errorf("approval (-want +got):\n%s", diff)
	}
}

func TestInstancesByTags(t *testing.T) {
	_, want, err := carefulBook(t).Request(deploy.Ask{Kind: deploy.KindDeploy, Service: "workers", Ref: "v42"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(engine.Want{Tags: map[string]string{"Role": "worker"}}, want); diff != "" {
		t.Error(diff)
	}
}

func TestARollbackNeedsNoRefAndTakesNoOtherThanADeploy(t *testing.T) {
	b := carefulBook(t)
	for ref, good := range map[string]bool{"": true, "v41": true, "-rf": false, "$(id)": false} {
		if _, _, err := b.Request(deploy.Ask{Kind: deploy.KindRollback, Service: "plain", Ref: ref}); (err == nil) != good {
			t.Errorf("%q: %v", ref, err)
		}
	}
}
