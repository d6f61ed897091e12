package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/awscloud/awstest"
	"junban/deploy/awscloud/iam"
	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
	"junban/deploy/engine"
)

const twoAccounts = `
slack: {channel: C0123456789}
aws:
  region: ap-northeast-1
  accounts:
    prod: {role_arn: "arn:aws:iam::210987654321:role/junban", external_id: x-1}
defaults:
  run: {command: "true"}
  deploy: {allow: [S0DEVS]}
  approve: {allow: [S0LEADS]}
services:
  web: {target_groups: [web], alarms: [web-5xx]}
  shop: {account: prod, target_groups: [web]}
  jobs: {account: prod, instances: {tags: {Role: worker}}}
`

// land is one account of the simulator, with what its services need.
type land struct {
	sim  *awssim.Server
	who  string // ARN of the bot there: a user, or the role
	want engine.Want
	name string // in aws.accounts
}

// peopled fills a world: web-1 in target group web and a worker, in the Auto Scaling group asg.
func peopled(t *testing.T, w *world.World) {
	t.Helper()
	w.AddInstance(world.Instance{ID: "i-1", Name: "web-1", Tags: map[string]string{"Role": "worker"}, AgentOnline: true})
	w.PutAlarm(world.Alarm{Name: "web-5xx", State: "OK"})
	w.AddScalingGroup(world.ScalingGroup{Name: "asg", Max: 2})
	if err := w.AttachInstances("asg", []string{"i-1"}); err != nil {
		t.Fatal(err)
	}
	lb, arn := w.AddBalancer(world.Balancer{Name: "lb"}), w.AddGroup(world.Group{Name: "web", Delay: 20 * time.Second})
	w.AddListener(world.Listener{Balancer: lb, Port: 80, Group: arn})
	if err := w.Register("web", []world.Pair{{ID: "i-1"}}); err != nil {
		t.Fatal(err)
	}
}

// lands makes two accounts behind one endpoint, judged by the policies of a deploy.yaml.
func lands(t *testing.T) (*places, []*land, map[string]iam.Document) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "deploy.yaml")
	if err := os.WriteFile(path, []byte(twoAccounts), 0o600); err != nil {
		t.Fatal(err)
	}
	exec := func(context.Context, awssim.Exec) awssim.Outcome { return awssim.Outcome{} }
	options := func(account string) awssim.Options {
		w := world.New(world.Options{Seed: 1, Account: account})
		peopled(t, w)
		return awssim.Options{World: w, Exec: exec, Limits: awssim.NoLimits()}
	}
	own := awssim.New(options("123456789012"))
	prod := own.AddAccount(options("210987654321"))
	t.Cleanup(func() {
		for _, s := range []*awssim.Server{own, prod} {
			if err := s.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	cfg := awstest.Config(t, own, nil)
	user, err := own.AddUser(awssim.User{Name: "bot", AccessKey: "AKIDEXAMPLE"})
	if err != nil {
		t.Fatal(err)
	}
	documents := map[string]iam.Document{}
	for _, name := range []string{"", "prod"} {
		p, err := Policy(path, name, map[string]string{"prod": user}[name])
		if err != nil {
			t.Fatal(err)
		}
		documents[name] = p.Policy
		if p.Trust != nil {
			if _, err := prod.AddRole(awssim.Role{Name: "junban", Trust: p.Trust.String()}); err != nil {
				t.Fatal(err)
			}
		}
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return newPlaces(cfg, accountsOf(c), nil), []*land{
		{own, user, engine.Want{Groups: []string{"web"}}, ""},
		{prod, "arn:aws:iam::210987654321:role/junban", engine.Want{Groups: []string{"web"}, Tags: map[string]string{"Role": "worker"}}, "prod"},
	}, documents
}

// work does everything in an account that a rollout does, up to the first failure.
func work(t *testing.T, p *places, at *land) error {
	c, r, ctx := p.cloud(at.name), p.runner(at.name, "ssm"), t.Context()
	f, err := c.Fleet(ctx, at.want)
	if err != nil {
		return err
	}
	group, pairs := f.Groups[0].ARN, []deploy.Pair{{Group: f.Groups[0].ARN, Target: "i-1", Port: f.Groups[0].Port}}
	job := deploy.Job{Instance: "i-1", Token: fmt.Sprintf("op-1/%d/1", time.Now().UnixNano()), Script: "true", Timeout: time.Minute}
	steps := []func() error{
		func() error { _, err := c.Health(ctx, group, time.Now()); return err },
		func() error { _, err := c.Host(ctx, "i-1"); return err },
		func() error { return examined(ctx, c, at.want) },
		func() error { return c.Deregister(ctx, group, pairs, time.Time{}) },
		func() error {
			id, err := r.Send(ctx, job, time.Time{})
			if err == nil {
				_, err = r.Wait(ctx, job, id)
			}
			return err
		},
		func() error { _, err := r.Find(ctx, job, time.Now().Add(-time.Minute)); return err },
		func() error { return c.Register(ctx, group, pairs) },
	}
	if at.name == "" {
		steps = append(steps,
			func() error { _, err := c.Alarms(ctx, []string{"web-5xx"}); return err },
			func() error { _, err := p.cloud("prod").Host(ctx, "i-1"); return err })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// examined is the doctor's look, which names what it may not see.
func examined(ctx context.Context, c engine.Cloud, w engine.Want) error {
	s, err := c.(surveyor).Survey(ctx, awscloud.Subject{Want: w, Agents: true})
	if err == nil && len(s.Denied) > 0 {
		err = fmt.Errorf("not authorized to perform: %s", s.Denied[0].Action)
	}
	return err
}

func TestThePolicyIsEnoughAndOneActionLessIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, accounts, documents := lands(t)
		allow := func(at *land, d iam.Document) {
			if err := at.sim.SetPolicy(at.who, d.String()); err != nil {
				t.Fatal(err)
			}
		}
		for _, at := range accounts {
			allow(at, documents[at.name])
		}
		for _, at := range accounts {
			if err := work(t, p, at); err != nil {
				t.Fatalf("account %q: the policy is not enough: %v", at.name, err)
			}
			less := 0
			for s, statement := range documents[at.name].Statement {
				for _, action := range statement.Action {
					allow(at, without(documents[at.name], s, action))
					less++
					if action == "sts:AssumeRole" {
						p = renewed(p)
					}
					if err := work(t, p, at); err == nil || !strings.Contains(err.Error(), "not authorized to perform") || !strings.Contains(err.Error(), action) {
						t.Errorf("account %q without %s of %s: got %v", at.name, action, statement.Sid, err)
					}
				}
			}
			allow(at, documents[at.name])
			if less < 10 {
				t.Errorf("account %q: only %d actions were taken away", at.name, less)
			}
		}
	})
}

// without is a document without one action of one statement.
func without(d iam.Document, statement int, action string) iam.Document {
	d.Statement = slices.Clone(d.Statement)
	s := &d.Statement[statement]
	s.Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool { return a == action })
	if len(s.Action) == 0 {
		d.Statement = slices.Delete(d.Statement, statement, statement+1)
	}
	return d
}

// renewed are places that have no session yet.
func renewed(p *places) *places { return newPlaces(p.cfg, p.accounts, nil) }

// TestATaggedServiceRunsOnItsOwnInstancesOnly: where nothing else is in an account, its role reaches no other host.
func TestATaggedServiceRunsOnItsOwnInstancesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, accounts, _ := lands(t)
		prod := accounts[1]
		got, err := policies("ap-northeast-1", p.accounts, []demand{{account: "prod", tags: prod.want.Tags, ssm: true}}, "prod", "")
		if err != nil {
			t.Fatal(err)
		}
		if err := prod.sim.SetPolicy(prod.who, got.Policy.String()); err != nil {
			t.Fatal(err)
		}
		prod.sim.World().AddInstance(world.Instance{ID: "i-2", AgentOnline: true})
		send := func(id string) error {
			_, err := p.runner("prod", "ssm").Send(t.Context(), deploy.Job{Instance: id, Token: "op-1/0/1", Script: "true", Timeout: time.Minute}, time.Time{})
			return err
		}
		if err := send("i-1"); err != nil {
			t.Errorf("its own instance: %v", err)
		}
		if err := send("i-2"); err == nil || !strings.Contains(err.Error(), "ssm:SendCommand") {
			t.Errorf("another instance: %v", err)
		}
	})
}
