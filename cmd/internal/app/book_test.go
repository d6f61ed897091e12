package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"junban/bot/card"
	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/engine"
)

const yaml = `slack: {channel: C0123456789}
aws: {region: ap-northeast-1}
defaults:
  run: {user: deploy, env: {A: "1"}}
  deploy: {allow: [S0DEVS]}
  approve: {allow: [S0LEADS], expires: 10m}
services:
  api:
    target_groups: [api]
    run: {command: ./api.sh}
    approve: none
  web:
    channel: C0000000WEB
    run: {command: ./web.sh, verify: {command: ./ok.sh, for: 5s, every: 1s}}
    environments:
      production: {target_groups: [web-prod], rolling: {min_healthy: 50%}, run: {env: {B: "2"}}}
      staging: {target_groups: [web-staging]}
`

func testBook(t *testing.T) book {
	t.Helper()
	c, err := config.Parse("deploy.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return book{c, "/deploy"}
}

func TestTheBookSaysWhatIsConfigured(t *testing.T) {
	b := testBook(t)
	r, want, err := b.Request(deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Environment: "production", Ref: "v42"})
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Groups) != 1 || want.Groups[0] != "web-prod" || r.Environment != "production" || r.Run.Command != "./web.sh" || r.Run.Verify != "./ok.sh" ||
		r.Run.VerifyFor != 5*time.Second || r.Run.Env["A"] != "1" || r.Run.Env["B"] != "2" || r.Rules.MinHealthy != (deploy.Count{N: 50, Percent: true}) ||
		r.Rules.Approval.Expires != 10*time.Minute || r.Rules.Approval.None || r.Rules.MayDeploy[0] != "S0DEVS" {
		t.Errorf("%v %+v", want, r)
	}
	if r, _, err = b.Request(deploy.Ask{Kind: deploy.KindDeploy, Service: "api", Ref: "v42"}); err != nil || !r.Rules.Approval.None || r.Run.User != "deploy" {
		t.Errorf("%v %+v", err, r)
	}
	if c := b.Channel("web", "staging"); c != "C0000000WEB" {
		t.Errorf("web is posted to %s", c)
	}
	if c := b.Channel("gone", ""); c != "C0123456789" {
		t.Errorf("a service that left the file is posted to %s", c)
	}
	if c := b.channels(); len(c) != 2 {
		t.Errorf("the channels to check: %v", c)
	}
}

func TestTheBookAnswersMistakesWithLinesToCopy(t *testing.T) {
	b := testBook(t)
	for name, c := range map[string]struct {
		ask    deploy.Ask
		wrong  string
		accept string
	}{
		"no environment": {
			deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v42", On: "web-2"}, "Which environment",
			"/deploy web v42 to production on web-2\n/deploy web v42 to staging on web-2",
		},
		"no environment of a drain": {
			deploy.Ask{Kind: deploy.KindDrain, Service: "web", On: "web-2"}, "Which environment",
			"/deploy drain web to production on web-2\n/deploy drain web to staging on web-2",
		},
		"another environment": {deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Environment: "prod", Ref: "v42"}, "production", ""},
		"another service":     {deploy.Ask{Kind: deploy.KindDeploy, Service: "wbe", Ref: "v42"}, "web", "/deploy SERVICE REF [to ENVIRONMENT] [on INSTANCE]"},
		"a dash":              {deploy.Ask{Kind: deploy.KindDeploy, Service: "api", Ref: "-rf"}, "dash", "/deploy api REF"},
		"shell characters":    {deploy.Ask{Kind: deploy.KindDeploy, Service: "api", Ref: "$(id)"}, "pattern", "/deploy api REF"},
		"a newline":           {deploy.Ask{Kind: deploy.KindDeploy, Service: "api", Ref: "v1\nid"}, "pattern", "/deploy api REF"},
		"no ref":              {deploy.Ask{Kind: deploy.KindDeploy, Service: "api"}, "pattern", "/deploy api REF"},
		"full width":          {deploy.Ask{Kind: deploy.KindDeploy, Service: "api", Ref: "ｖ４２"}, "full-width", "/deploy api v42"},
		"too long":            {deploy.Ask{Kind: deploy.KindDeploy, Service: "api", Ref: strings.Repeat("v", 201)}, "at most 200", "/deploy api REF"},
	} {
		_, _, err := b.Request(c.ask)
		m, ok := errors.AsType[*engine.Mistake](err)
		if !ok || !strings.Contains(card.English().Mistake(m.What).Plain(), c.wrong) || m.Accept != c.accept {
			t.Errorf("%s: %v\n%q", name, err, m)
		}
	}
}
