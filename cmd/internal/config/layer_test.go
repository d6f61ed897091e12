package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const layered = `
slack: {channel: C0COMMON}
aws: {region: us-east-1}
defaults:
  channel: C0DEFAULT
  run:
    user: deploy
    shell: bash
    command: ./default.sh
    env: {FROM: defaults, LEVEL: defaults, A: defaults}
    verify: "true"
    timeout: 1m
  deploy: {allow: [S0DEVS, U0ALICE]}
  approve: {allow: [S0LEADS], self: true, expires: 5m}
services:
  web:
    target_groups: [web, web-internal]
    channel: C0WEB
    run:
      command: ./web.sh
      env: {FROM: service, LEVEL: service, B: service}
    environments:
      staging:
        approve: none
      production:
        target_groups: [web-prod]
        channel: C0PROD
        run:
          env: {FROM: environment, C: environment}
          verify: {for: 2m}
        approve: {self: false}
        deploy: {allow: [S0OPS]}
  api:
    target_groups: [api]
`

func TestAnEnvironmentLiesOverTheServiceOverTheDefaults(t *testing.T) {
	got := target(t, layered, "web", "production")
	got.Ref = Ref{}
	want := Target{
		Service: "web", Environment: "production", Channel: "C0PROD", TargetGroups: []string{"web-prod"},
		Run: Run{
			Via: "ssm", User: "deploy", Shell: "bash", Command: "./web.sh", Timeout: time.Minute,
			Env:    map[string]string{"FROM": "environment", "LEVEL": "service", "A": "defaults", "B": "service", "C": "environment"},
			Verify: &Verify{Command: "true", For: 2 * time.Minute, Every: 2 * time.Second},
		},
		Rolling: usual,
		Deploy:  Deploy{Allow: []string{"S0OPS"}},
		Approve: Approve{Allow: []string{"S0LEADS"}, Required: 1, Expires: 5 * time.Minute, StartWithin: 2 * time.Hour},
		Accept:  map[string]string{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("target (-want +got):\n%s", diff)
	}
}

func TestOneEnvironmentSaysNothingAboutAnother(t *testing.T) {
	got := target(t, layered, "web", "staging")
	if diff := cmp.Diff([]string{"web", "web-internal"}, got.TargetGroups); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Approve{None: true}, got.Approve); diff != "" {
		t.Error(diff)
	}
	if got.Channel != "C0WEB" || got.Run.Env["FROM"] != "service" || got.Run.Verify.For != time.Minute {
		t.Errorf("staging = %+v", got)
	}
}

func TestDefaultsAloneServeAService(t *testing.T) {
	got := target(t, layered, "api", "")
	if got.Channel != "C0DEFAULT" || got.Run.Command != "./default.sh" || !got.Approve.Self || got.Environment != "" {
		t.Errorf("api = %+v", got)
	}
}

func TestAMappingReplacesNoneAndTheOtherWayRound(t *testing.T) {
	const text = `
slack: {channel: C0COMMON}
aws: {region: us-east-1}
defaults: {approve: none, deploy: {allow: [S0DEVS]}, run: {command: a, verify: {command: b, for: 90s}}}
services:
  web:
    target_groups: [web]
    environments:
      one: {approve: {allow: [S0LEADS]}, run: {verify: c}}
      two:
`
	one, two := target(t, text, "web", "one"), target(t, text, "web", "two")
	if one.Approve.None || one.Approve.Required != 1 || !two.Approve.None {
		t.Errorf("approve: %+v, %+v", one.Approve, two.Approve)
	}
	if diff := cmp.Diff(&Verify{Command: "c", For: time.Minute, Every: 2 * time.Second}, one.Run.Verify); diff != "" {
		t.Errorf("a lone text replaces the mapping below it: %s", diff)
	}
}

func TestAliasesAndMergeKeysAreFollowed(t *testing.T) {
	const text = `
slack: {channel: &home C0COMMON}
aws: {region: us-east-1}
services:
  web: &web
    channel: *home
    target_groups: &groups [web]
    run: &run {command: &go ./deploy.sh, user: web, verify: *go}
    deploy: &devs {allow: [S0DEVS]}
    approve: none
  copy: *web
  api:
    <<: [{run: {command: never}, approve: {allow: [S0LEADS]}}, *web]
    target_groups: [api]
    run: {<<: *run, user: api, env: {<<: [{A: first, B: first}, {A: second}], B: own}}
`
	if diff := cmp.Diff(target(t, text, "web", "").Run, target(t, text, "copy", "").Run); diff != "" {
		t.Errorf("an alias: %s", diff)
	}
	api := target(t, text, "api", "")
	if api.Run.User != "api" || api.Run.Command != "./deploy.sh" || api.Run.Verify.Command != "./deploy.sh" {
		t.Errorf("what stands beside << wins: %+v", api.Run)
	}
	if diff := cmp.Diff(map[string]string{"A": "first", "B": "own"}, api.Run.Env); diff != "" {
		t.Errorf("variables merge the same way: %s", diff)
	}
	if api.Approve.None || api.TargetGroups[0] != "api" || api.Deploy.Allow[0] != "S0DEVS" {
		t.Errorf("the earlier of the merged wins: %+v", api)
	}
}

func TestTextIsKeptByteForByte(t *testing.T) {
	const text = `
slack: {channel: C0COMMON}
aws: {region: us-east-1}
services:
  web:
    target_groups: [web]
    approve: none
    deploy: {allow: [S0DEVS]}
    run:
      env: {A: " a'b\"\t", EMPTY: "", ON: on}
      command: |
        set -eu
          ./deploy.sh "$REF"  # 順番
`
	run := target(t, text, "web", "").Run
	if want := "set -eu\n  ./deploy.sh \"$REF\"  # 順番\n"; run.Command != want {
		t.Errorf("command = %q", run.Command)
	}
	if diff := cmp.Diff(map[string]string{"A": " a'b\"\t", "EMPTY": "", "ON": "on"}, run.Env); diff != "" {
		t.Error(diff)
	}
}
