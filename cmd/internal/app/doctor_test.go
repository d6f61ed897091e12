package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/bot/slackapi"
	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/doctor"
	"junban/deploy/engine"
)

// surveyed is a cloud that answers one survey and remembers what it was asked.
type surveyed struct {
	engine.Cloud
	survey doctor.Survey
	asked  []awscloud.Subject
	err    error
}

func (s *surveyed) Survey(_ context.Context, of awscloud.Subject) (doctor.Survey, error) {
	s.asked = append(s.asked, of)
	return s.survey, s.err
}

// twoOfWeb is a survey of two healthy instances.
func twoOfWeb() doctor.Survey {
	at := func(id string) deploy.Target {
		return deploy.Target{Pair: deploy.Pair{Group: "arn", Target: id, Port: 80}, State: deploy.Healthy}
	}
	return doctor.Survey{
		Groups: []doctor.Group{{
			Group: deploy.Group{ARN: "arn", Name: "web-prod", Type: "instance", Port: 80, Delay: time.Second, Targets: []deploy.Target{at("i-1"), at("i-2")}}, Balancers: []string{"lb"}, Attributes: true,
		}},
		Instances: map[string]doctor.Instance{
			"i-1": {Instance: deploy.Instance{ID: "i-1", State: "running"}, Profile: "p"}, "i-2": {Instance: deploy.Instance{ID: "i-2", State: "running"}, Profile: "p"},
		},
		Agents: map[string]string{"i-1": doctor.Online, "i-2": doctor.Online},
	}
}

func testExaminer(t *testing.T, cloud engine.Cloud, running ...View) *examiner {
	t.Helper()
	return newExaminer(testBook(t), func(string) engine.Cloud { return cloud }, func(context.Context) (Status, error) { return Status{Operations: running}, nil })
}

func named(all []deploy.Finding) []string {
	var out []string
	for _, f := range all {
		out = append(out, string(f.Severity)+" "+f.Name)
	}
	return out
}

func TestPlanApprovalAndStartShareOneSurvey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := &surveyed{survey: twoOfWeb()}
		e := testExaminer(t, cloud)
		r, w, err := e.book.Request(deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Environment: "production", Ref: "v1"})
		if err != nil {
			t.Fatal(err)
		}
		findings := func(f deploy.Fleet) []string {
			t.Helper()
			found, err := e.Findings(t.Context(), r, w, f)
			if err != nil {
				t.Fatal(err)
			}
			return named(found)
		}
		if got := findings(deploy.Fleet{}); got != nil {
			t.Errorf("%v", got)
		}
		time.Sleep(20 * time.Second)
		if findings(deploy.Fleet{}); len(cloud.asked) != 1 {
			t.Errorf("%d surveys", len(cloud.asked))
		}
		// The second is out now: the fleet of this plan is newer than the survey.
		f := deploy.Fleet{Groups: []deploy.Group{{ARN: "arn", Targets: twoOfWeb().Groups[0].Targets[:1]}}}
		if d := cmp.Diff([]string{"blocks one-healthy-target"}, findings(f)); d != "" {
			t.Error(d)
		}
		if len(cloud.asked) != 2 {
			t.Errorf("what blocks may have been mended since, so it is looked at again: %d surveys", len(cloud.asked))
		}
		time.Sleep(31 * time.Second)
		findings(deploy.Fleet{})
		if len(cloud.asked) != 3 || !cloud.asked[2].Agents || cloud.asked[2].Others != nil {
			t.Errorf("%+v", cloud.asked)
		}
		if _, err := e.Doctor(t.Context(), "web", "production"); err != nil || len(cloud.asked) != 4 {
			t.Errorf("who asks wants to know how it is now: %v %d", err, len(cloud.asked))
		}
	})
}

func TestDoctorKnowsWhatRollsAndWhatIsShared(t *testing.T) {
	s := twoOfWeb()
	s.Groups[0].Targets = s.Groups[0].Targets[:1]
	cloud := &surveyed{survey: s}
	rolling := func(environment string, state deploy.State) View {
		v := View{Instances: []Instance{{ID: "i-1"}, {ID: "i-2"}}}
		v.Service, v.Environment, v.State = "web", environment, state
		return v
	}
	found, err := testExaminer(t, cloud, rolling("production", deploy.StateRolling)).Doctor(t.Context(), "web", "production")
	if d := cmp.Diff([]string{"warns one-healthy-target"}, named(found)); err != nil || d != "" {
		t.Errorf("i-2 is out for a while only: %v %s", err, d)
	}
	if got := cloud.asked[0]; !slices.Equal(got.Besides, []string{"i-1", "i-2"}) || len(got.Others) != 2 || got.Others["api"].Groups[0] != "api" || got.Others["web in staging"].Groups[0] != "web-staging" {
		t.Errorf("%+v", got)
	}
	for _, v := range []View{rolling("staging", deploy.StateRolling), rolling("production", deploy.StateRequested)} {
		found, err := testExaminer(t, cloud, v).Doctor(t.Context(), "web", "production")
		if d := cmp.Diff([]string{"blocks one-healthy-target"}, named(found)); err != nil || d != "" {
			t.Errorf("%v %s", err, d)
		}
	}
}

func TestDoctorSaysWhatSlackSays(t *testing.T) {
	setup := &slackapi.SetupError{
		Scopes: []string{"chat:write (posting)"}, Others: []string{"SLACK_APP_TOKEN is not set"},
		Channels: map[string][]string{"C0000000WEB": {"the bot is not in it"}, "C0OTHER": {"archived"}},
	}
	for _, c := range []struct {
		err  error
		want []string
	}{
		{nil, nil},
		{setup, []string{"blocks slack-setup", "blocks slack-scope-missing", "blocks slack-not-in-channel"}},
		{&slackapi.SetupError{Channels: map[string][]string{"C0OTHER": {"archived"}}}, nil},
		{errors.New("Slack is away"), []string{"notes not-checked"}},
	} {
		e := testExaminer(t, &surveyed{survey: twoOfWeb()})
		e.slack = func(context.Context) (slackapi.Identity, error) { return slackapi.Identity{}, c.err }
		found, err := e.Doctor(t.Context(), "web", "staging")
		if d := cmp.Diff(c.want, named(found)); err != nil || d != "" {
			t.Errorf("%v: %v %s", c.err, err, d)
		}
		// A plan asks no Slack: its being away must stop nothing.
		r, w, err := e.book.Request(deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Environment: "staging", Ref: "v1"})
		if err != nil {
			t.Fatal(err)
		}
		if found, err := e.Findings(t.Context(), r, w, deploy.Fleet{}); err != nil || found != nil {
			t.Errorf("%v %v", found, err)
		}
	}
}

func TestDoctorRefusesWhatItDoesNotKnow(t *testing.T) {
	e := testExaminer(t, &surveyed{err: errors.New("AWS is away")})
	for _, c := range []struct{ service, environment, says string }{
		{"wbe", "", "web"},
		{"web", "", "Which environment"},
		{"web", "nowhere", "production"},
		{"web", "staging", "examining web: AWS is away"},
	} {
		if _, err := e.Doctor(t.Context(), c.service, c.environment); err == nil || !strings.Contains(Explain(err).Error(), c.says) {
			t.Errorf("%v: %v", c, err)
		}
	}
	e.clouds = func(string) engine.Cloud { return nil }
	if _, err := e.Doctor(t.Context(), "api", ""); err == nil {
		t.Error("no error")
	}
}
