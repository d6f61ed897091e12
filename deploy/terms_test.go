package deploy_test

import (
	"strings"
	"testing"
	"time"

	"junban/deploy"
)

func TestCount(t *testing.T) {
	for _, c := range []struct {
		count   deploy.Count
		fleet   int
		atLeast int
		atMost  int
		said    string
	}{
		{deploy.Count{N: 0}, 5, 0, 1, "0"},
		{deploy.Count{N: 2}, 5, 2, 2, "2"},
		{deploy.Count{N: 7}, 5, 7, 7, "7"},
		{deploy.Count{N: 0, Percent: true}, 5, 0, 1, "0%"},
		{deploy.Count{N: 1, Percent: true}, 5, 1, 1, "1%"},
		{deploy.Count{N: 40, Percent: true}, 5, 2, 2, "40%"},
		{deploy.Count{N: 41, Percent: true}, 5, 3, 2, "41%"},
		{deploy.Count{N: 59, Percent: true}, 5, 3, 2, "59%"},
		{deploy.Count{N: 100, Percent: true}, 5, 5, 5, "100%"},
		{deploy.Count{N: 29, Percent: true}, 100, 29, 29, "29%"}, // 0.29 is no binary fraction
		{deploy.Count{N: 50, Percent: true}, 0, 0, 1, "50%"},
	} {
		if got := c.count.AtLeast(c.fleet); got != c.atLeast {
			t.Errorf("at least %s of %d: %d, not %d", c.count, c.fleet, got, c.atLeast)
		}
		if got := c.count.AtMost(c.fleet); got != c.atMost {
			t.Errorf("at most %s of %d: %d, not %d", c.count, c.fleet, got, c.atMost)
		}
		if c.count.String() != c.said {
			t.Errorf("%+v is said %q", c.count, c.count.String())
		}
	}
}

// TestAFlapDoesNotChangeTheHash: an approval binds to what will be done, not to how the fleet feels.
func TestAFlapDoesNotChangeTheHash(t *testing.T) {
	base := plan(t, request(deploy.KindDeploy, ""), fleet(3, "web", "api"))
	for name, change := range map[string]func(*deploy.Fleet, *deploy.Request){
		"health":       func(f *deploy.Fleet, _ *deploy.Request) { f.Groups[0].Targets[1].State = deploy.Unhealthy },
		"order":        func(f *deploy.Fleet, _ *deploy.Request) { rename(f, "i-1", "web-9") },
		"target order": func(f *deploy.Fleet, _ *deploy.Request) { g := f.Groups[0].Targets; g[0], g[2] = g[2], g[0] },
		"zone": func(f *deploy.Fleet, _ *deploy.Request) {
			i := f.Instances["i-1"]
			i.Zone = "z"
			f.Instances["i-1"] = i
		},
		"group order":  func(f *deploy.Fleet, _ *deploy.Request) { f.Groups[0], f.Groups[1] = f.Groups[1], f.Groups[0] },
		"interval":     func(f *deploy.Fleet, _ *deploy.Request) { f.Groups[0].Interval = time.Minute },
		"the last ref": func(_ *deploy.Fleet, r *deploy.Request) { r.Previous = "v1" },
		"an empty map": func(_ *deploy.Fleet, r *deploy.Request) { r.Rules.Approval.Self = false },
		"a new address": func(f *deploy.Fleet, _ *deploy.Request) {
			i := f.Instances["i-1"]
			i.IP = "10.9.9.9"
			f.Instances["i-1"] = i
		},
	} {
		f, r := fleet(3, "web", "api"), request(deploy.KindDeploy, "")
		change(&f, &r)
		p := plan(t, r, f)
		if p.Hash() != base.Hash() {
			t.Errorf("%s voids an approval: %s", name, deploy.Difference(base.Terms, p.Terms))
		}
		if d := deploy.Difference(base.Terms, p.Terms); d != "" {
			t.Errorf("%s is told as a difference: %s", name, d)
		}
	}
	if back := through(t, base); back.Hash() != base.Hash() {
		t.Error("the hash changes on the way through the journal")
	}
}

func rename(f *deploy.Fleet, id, name string) {
	i := f.Instances[id]
	i.Name = name
	f.Instances[id] = i
}

// TestWhatAnApprovalBindsTo: each of these changes what would be done, so each changes the hash and is told.
func TestWhatAnApprovalBindsTo(t *testing.T) {
	base := plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))
	for name, c := range map[string]struct {
		change func(*deploy.Fleet, *deploy.Request)
		told   string
	}{
		"another port":   {func(f *deploy.Fleet, _ *deploy.Request) { f.Groups[0].Targets[1].Port = 81 }, "steps:i-2"},
		"one more port":  {func(f *deploy.Fleet, _ *deploy.Request) { f.Groups[0].Targets = append(f.Groups[0].Targets, extra(1)) }, "steps:i-1"},
		"a new instance": {func(f *deploy.Fleet, _ *deploy.Request) { *f = fleet(4, "web") }, "+i-4"},
		"one less":       {func(f *deploy.Fleet, _ *deploy.Request) { f.Groups[0].Targets = f.Groups[0].Targets[:2] }, "-i-3"},
		"swapped": {func(f *deploy.Fleet, _ *deploy.Request) {
			f.Groups[0].Targets[1].Target = "i-4"
			f.Instances["i-4"] = deploy.Instance{ID: "i-4", State: "running"}
		}, "+i-4, -i-2"},
		"the command":     {func(_ *deploy.Fleet, r *deploy.Request) { r.Run.Command += " --fast" }, "scripts"},
		"no verification": {func(_ *deploy.Fleet, r *deploy.Request) { r.Run.Verify = "" }, "steps:i-1, steps:i-2, steps:i-3, scripts"},
		"its user":        {func(_ *deploy.Fleet, r *deploy.Request) { r.Run.User = "root" }, "steps:i-1, steps:i-2, steps:i-3"},
		"its environment": {func(_ *deploy.Fleet, r *deploy.Request) { r.Run.Env = map[string]string{"A": "2", "B": "2"} }, "steps:i-1, steps:i-2, steps:i-3"},
		"its time limit":  {func(_ *deploy.Fleet, r *deploy.Request) { r.Run.Timeout++ }, "steps:i-1, steps:i-2, steps:i-3"},
		"the minimum":     {func(_ *deploy.Fleet, r *deploy.Request) { r.Rules.MinHealthy.N = 2 }, "rules"},
		"the window":      {func(_ *deploy.Fleet, r *deploy.Request) { r.Rules.MaxUnavailable = deploy.Count{N: 1, Percent: true} }, "rules"},
		"the approvers": {func(_ *deploy.Fleet, r *deploy.Request) {
			r.Rules.Approval.Allow = append(r.Rules.Approval.Allow, "U-x")
		}, "rules"},
		"the ref":         {func(_ *deploy.Fleet, r *deploy.Request) { r.Ref = "v43" }, "ref"},
		"the service":     {func(_ *deploy.Fleet, r *deploy.Request) { r.Service = "shop" }, "ask"},
		"the environment": {func(_ *deploy.Fleet, r *deploy.Request) { r.Environment = "production" }, "ask"},
	} {
		f, r := fleet(3, "web"), request(deploy.KindDeploy, "")
		c.change(&f, &r)
		p := plan(t, r, f)
		if p.Hash() == base.Hash() {
			t.Errorf("%s does not change the hash", name)
		}
		if got := deploy.Difference(base.Terms, p.Terms); got != c.told {
			t.Errorf("%s is told as %q, not %q", name, got, c.told)
		}
	}
	other := base.Terms
	other.Revision = "0123abc"
	if other.Hash() == base.Hash() || deploy.Difference(base.Terms, other) != "ref" {
		t.Error("the revision is not bound")
	}
}

func extra(n int) deploy.Target {
	t := deploy.Target{Pair: pair("web", n), State: deploy.Healthy}
	t.Port++
	return t
}

func TestRedact(t *testing.T) {
	for secret, said := range map[string]string{
		"AKIAIOSFODNN7EXAMPLE":     "key AKIAIOSFODNN7EXAMPLE used",
		"xoxb-123456789012-abcdef": "token xoxb-123456789012-abcdef.",
		"xapp-1-A0123456789-abc":   "xapp-1-A0123456789-abc",
		"ghp_0123456789abcdefghij": "remote: ghp_0123456789abcdefghij",
		"hunter22":                 "DB_PASSWORD=hunter22 rails db:migrate",
		"hunter33":                 `{"api_key": "hunter33"}`,
		"s3cr3t@":                  "fatal: https://bot:s3cr3t@git.example.com/web",
		"MIIEowIBAAKCAQEA":         "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n",
		"MIIEowIBAAKCAQEB":         "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEB", // cut off
		"aws_secret_access_key = wJalrXUtnFEMI/K7MD": "aws_secret_access_key = wJalrXUtnFEMI/K7MD",
	} {
		if got := deploy.Redact(said); strings.Contains(got, secret) || !strings.Contains(got, "[redacted]") {
			t.Errorf("%q stays: %q", secret, got)
		}
	}
	for _, plain := range []string{
		"", "web-1: 200 OK", "https://git.example.com:8443/web", "commit 0123456789abcdef0123456789abcdef01234567", "mail a@b.example", "12:30:01 done",
		"順番に再起動しました",
	} {
		if got := deploy.Redact(plain); got != plain {
			t.Errorf("%q became %q", plain, got)
		}
	}
}
