package app

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"errors"

	"junban/deploy"
	"junban/deploy/awscloud/awstest"
	"junban/deploy/engine"
)

const prodRole = "arn:aws:iam::222222222222:role/junban"

// abroad runs a test with an account that knows prodRole, and the places of a bot that may assume it.
func abroad(t *testing.T, test func(t *testing.T, at *awstest.Account, p *places)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		at := awstest.NewAccount(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Amz-Target") != "" { // SSM: whatever is asked for, there is none
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				fmt.Fprint(w, `{"Commands":[]}`)
				return
			}
			fmt.Fprint(w, `<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions/></DescribeTargetHealthResult></DescribeTargetHealthResponse>`)
		}))
		at.AddRole(prodRole, "x-1")
		cfg := awstest.Config(t, at, nil)
		test(t, at, newPlaces(cfg, map[string]account{
			"prod":  {RoleARN: prodRole, ExternalID: "x-1", Region: "eu-west-1"},
			"prod2": {RoleARN: "arn:aws:iam::222222222222:role/other", ExternalID: "x-1", Region: "eu-west-1"},
			"near":  {RoleARN: prodRole, ExternalID: "x-1"},
			"wrong": {RoleARN: prodRole, ExternalID: "guessed"},
		}, nil))
	})
}

func look(t *testing.T, p *places, name string) error {
	t.Helper()
	_, err := p.cloud(name).Health(t.Context(), "arn:aws:elasticloadbalancing:x:1:targetgroup/web/1", time.Now())
	return err
}

func TestAnAccountIsWorkedInByItsRole(t *testing.T) {
	abroad(t, func(t *testing.T, at *awstest.Account, p *places) {
		if err := look(t, p, ""); err != nil {
			t.Fatal(err)
		}
		if n := len(at.Of("AssumeRole")); n != 0 {
			t.Errorf("%d sessions for the bot's own account", n)
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := look(t, p, "prod"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if _, err := p.runner("prod", "ssm").Find(t.Context(), deploy.Job{Token: "t", Instance: "i-1"}, time.Now()); err != nil {
			t.Error(err)
		}
		sessions := at.Of("AssumeRole")
		if len(sessions) != 1 {
			t.Fatalf("%d sessions, want one for all", len(sessions))
		}
		asked := sessions[0]
		if f := asked.Form; f.Get("RoleArn") != prodRole || f.Get("ExternalId") != "x-1" || f.Get("RoleSessionName") != "junban" || asked.Key != "AKIDEXAMPLE" {
			t.Errorf("%s asked for %v", asked.Key, f)
		}
		for _, c := range at.Calls() {
			switch own := c.Region == "ap-northeast-1"; {
			case c.Action == "DescribeTargetHealth" && own && c.Key == "AKIDEXAMPLE" && !c.Token:
			case c.Action == "AssumeRole":
			case !own && c.Region == "eu-west-1" && c.Key == "ROLE1" && c.Token:
			default:
				t.Errorf("%s in %s was signed by %s", c.Action, c.Region, c.Key)
			}
		}
	})
}

func TestASessionIsRenewedBeforeItEnds(t *testing.T) {
	abroad(t, func(t *testing.T, at *awstest.Account, p *places) {
		for range 60 { // an hour, a minute apart
			if err := look(t, p, "near"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		if n := len(at.Of("AssumeRole")); n != 5 { // each is good for 15 minutes less one
			t.Errorf("%d sessions in an hour, want 5", n)
		}
		if c := at.Of("DescribeTargetHealth"); c[59].Key != "ROLE5" || c[0].Region != "ap-northeast-1" {
			t.Errorf("the last was signed by %s, the first in %s", c[59].Key, c[0].Region)
		}
	})
}

func TestPlacesAreMadeOnceAndShareTheirBudgets(t *testing.T) {
	abroad(t, func(t *testing.T, _ *awstest.Account, p *places) {
		if p.cloud("prod") != p.cloud("prod") || p.runner("prod", "") != p.runner("prod", "ssm") || p.cloud("") != p.cloud("") {
			t.Error("one account was made twice")
		}
		if p.cloud("prod") == p.cloud("near") {
			t.Error("two regions are one")
		}
		p.cloud("prod2")
		if len(p.budgets) != 3 { // the bot's own, 222222222222 in eu-west-1 (prod, prod2), and in ap-northeast-1
			t.Errorf("%d budgets, want 3", len(p.budgets))
		}
	})
}

func TestARoleThatMayNotBeAssumedIsSaid(t *testing.T) {
	abroad(t, func(t *testing.T, _ *awstest.Account, p *places) {
		f, ok := errors.AsType[*deploy.Fault](look(t, p, "wrong"))
		if !ok || f.Class != deploy.Refused || !strings.Contains(f.Message, "sts:AssumeRole on resource: "+prodRole) {
			t.Errorf("got %+v", f)
		}
	})
}

func TestAnSTSThatFailsHasDoneNothing(t *testing.T) {
	abroad(t, func(t *testing.T, at *awstest.Account, p *places) {
		at.Fail("AssumeRole", "InternalFailure", 500, 99)
		err := p.cloud("prod").Deregister(t.Context(), "g", []deploy.Pair{{Group: "g", Target: "i-1", Port: 80}}, time.Time{})
		if f, ok := errors.AsType[*deploy.Fault](err); !ok || f.Class != deploy.Throttled {
			t.Errorf("got %T %v, want a fault of class throttled", err, err)
		}
		if n := len(at.Of("DeregisterTargets")); n != 0 {
			t.Errorf("%d calls left", n)
		}
	})
}

func TestAnSTSThatNeverAnswersHoldsUpNobodyForLong(t *testing.T) {
	abroad(t, func(t *testing.T, at *awstest.Account, p *places) {
		at.Delay = time.Minute
		began := time.Now()
		err := look(t, p, "prod")
		if f, ok := errors.AsType[*deploy.Fault](err); !ok || f.Class != deploy.Throttled || !strings.Contains(f.Message, prodRole) {
			t.Errorf("got %T %v, want a fault of class throttled that names the role", err, err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAnUnknownAccountRefusesEverything(t *testing.T) {
	abroad(t, func(t *testing.T, at *awstest.Account, p *places) {
		c, r, ctx := p.cloud("prodd"), p.runner("prodd", "ssm"), t.Context()
		var errs []error
		_, err := c.Fleet(ctx, engine.Want{})
		errs = append(errs, err, look(t, p, "prodd"))
		_, err = c.Alarms(ctx, nil)
		errs = append(errs, err)
		_, err = c.Host(ctx, "i-1")
		errs = append(errs, err, c.Deregister(ctx, "g", nil, time.Time{}), c.Register(ctx, "g", nil))
		_, err = r.Send(ctx, deploy.Job{}, time.Time{})
		errs = append(errs, err)
		_, err = r.Find(ctx, deploy.Job{}, time.Time{})
		errs = append(errs, err)
		_, err = r.Wait(ctx, deploy.Job{}, "")
		errs = append(errs, err)
		_, err = r.Cancel(ctx, deploy.Job{})
		errs = append(errs, err)
		for n, err := range errs {
			f, ok := errors.AsType[*deploy.Fault](err)
			if !ok || f.Class != deploy.Refused || f.Message != "deploy.yaml has no account prodd: aws.accounts has near, prod, prod2, wrong" {
				t.Errorf("%d: got %v", n, err)
			}
		}
		if n := len(at.Calls()); n != 0 {
			t.Errorf("%d calls were made", n)
		}
	})
}
