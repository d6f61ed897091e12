package config

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const several = `
slack: {channel: C0COMMON}
aws: {region: us-east-1}
defaults: {approve: none, deploy: {allow: [S0DEVS]}, run: {command: a}, target_groups: [g]}
services:
  web: {environments: {staging: , production: }}
  batch: {environments: {production: }}
  api:
`

func TestTargetNeverGuessesAnEnvironment(t *testing.T) {
	c := parse(t, several)
	_, err := c.Target("web", "")
	var needed *EnvironmentNeededError
	if !errors.As(err, &needed) || err.Error() != "to which environment? web has production, staging" {
		t.Errorf("several: %v", err)
	}
	if got, err := c.Target("batch", ""); err != nil || got.Environment != "production" {
		t.Errorf("the only one: %q, %v", got.Environment, err)
	}
	if got, err := c.Target("api", ""); err != nil || got.Environment != "" {
		t.Errorf("none: %q, %v", got.Environment, err)
	}
}

func TestTargetSaysWhatThereIs(t *testing.T) {
	c := parse(t, several)
	for _, ask := range []struct{ service, environment, want string }{
		{"wep", "", `there is no service "wep"; did you mean web? known: api, batch, web`},
		{"nothing-like-it", "", `there is no service "nothing-like-it"; known: api, batch, web`},
		{"web", "producton", `web has no environment "producton"; did you mean production? known: production, staging`},
		{"batch", "staging", `batch has no environment "staging"; known: production`},
		{"api", "production", `api has no environments, so it cannot go to "production"; name the service alone`},
	} {
		_, err := c.Target(ask.service, ask.environment)
		if err == nil || err.Error() != ask.want {
			t.Errorf("%s to %s: %v", ask.service, ask.environment, err)
		}
		service, environment := new(*UnknownServiceError), new(*UnknownEnvironmentError)
		if errors.As(err, service) == errors.As(err, environment) {
			t.Errorf("%s to %s: %T", ask.service, ask.environment, err)
		}
	}
}

func TestTargetsAreSorted(t *testing.T) {
	var got []string
	for _, target := range parse(t, several).Targets() {
		got = append(got, target.Service+" "+target.Environment)
	}
	if diff := cmp.Diff([]string{"api ", "batch production", "web production", "web staging"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatACallerChangesIsItsOwn(t *testing.T) {
	c := parse(t, layered)
	ask := func(c *Config) Target {
		t.Helper()
		got, err := c.Target("web", "production")
		if err != nil {
			t.Fatal(err)
		}
		got.Ref = Ref{}
		return got
	}
	want, spoiled := ask(parse(t, layered)), ask(c)
	spoiled.TargetGroups[0], spoiled.Deploy.Allow[0], spoiled.Approve.Allow[0] = "x", "x", "x"
	spoiled.Run.Env["FROM"], spoiled.Run.Verify.Command = "x", "x"
	if diff := cmp.Diff(want, ask(c)); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsSharedBetweenCallers(t *testing.T) {
	c := everything(t)
	ask := func(c *Config) Target {
		t.Helper()
		got, err := c.Target("web", "")
		if err != nil {
			t.Fatal(err)
		}
		workers, err := c.Target("workers", "two")
		if err != nil {
			t.Fatal(err)
		}
		got.Ref, got.Tags = Ref{}, workers.Tags
		return got
	}
	want, spoiled := ask(everything(t)), ask(c)
	spoiled.Tags["Role"], spoiled.Accept["fleet-differs"], spoiled.Run.SSH.User = "x", "x", "x"
	spoiled.Attention.Mention[0], spoiled.Attention.After[0] = "x", 1
	spoiled.Windows[0].Days[0], spoiled.Windows[1], spoiled.Freeze[0], spoiled.Alarms[0] = 0, Window{}, Freeze{}, "x"
	if diff := cmp.Diff(want, ask(c)); diff != "" {
		t.Error(diff)
	}
}

func TestCountIsWrittenAsInTheFile(t *testing.T) {
	for text, want := range map[string]Count{"0": {}, "3": {N: 3}, "25%": {N: 25, Percent: true}} {
		got, err := count(0)(text)
		if err != nil || got != want || want.String() != text {
			t.Errorf("%s: %v, %v, %s", text, got, err, want)
		}
	}
}
