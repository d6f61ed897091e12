package card_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/bot/card"
	"junban/deploy"
)

var update = flag.Bool("update", false, "write the goldens of plans anew; read the difference before you commit it")

// planFleet has n instances behind each group, healthy, with the delay that AWS gives a new group.
func planFleet(n int, groups ...string) deploy.Fleet {
	f := deploy.Fleet{Instances: map[string]deploy.Instance{}}
	for k := 1; k <= n; k++ {
		id := fmt.Sprintf("i-%017d", k)
		f.Instances[id] = deploy.Instance{ID: id, Name: fmt.Sprintf("web-%d", k), IP: fmt.Sprintf("10.0.0.%d", k), Zone: "a", State: "running"}
	}
	for _, name := range groups {
		g := deploy.Group{ARN: "arn:" + name, Name: name, Type: "instance", Port: 80, Delay: 300 * time.Second, Interval: 30 * time.Second, Balanced: true}
		for k := 1; k <= n; k++ {
			g.Targets = append(g.Targets, deploy.Target{Pair: deploy.Pair{Group: g.ARN, Target: fmt.Sprintf("i-%017d", k), Port: 8080}, State: deploy.Healthy})
		}
		f.Groups = append(f.Groups, g)
	}
	return f
}

func planHold(n int) deploy.Lock {
	id := fmt.Sprintf("i-%017d", n)
	return deploy.Lock{
		Resource: "instance:" + id, Op: "op-0", By: "U-kana", Why: "new disk", Hold: true, Since: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC),
		Pairs: []deploy.Pair{{Group: "arn:web", Target: id, Port: 8080}},
	}
}

// TestPlanText: what an approver reads before anything is touched, as plain lines.
func TestPlanText(t *testing.T) {
	for name, set := range map[string]func(*deploy.Request, *deploy.Fleet){
		"deploy": func(*deploy.Request, *deploy.Fleet) {},
		"two-groups": func(_ *deploy.Request, f *deploy.Fleet) {
			*f = planFleet(3, "web", "api")
			f.Groups[1].Targets[0].Port = 9999
		},
		"quick": func(_ *deploy.Request, f *deploy.Fleet) {
			f.Groups[0].Delay, f.Groups[0].Interval = 20*time.Second, 5*time.Second
		},
		"fifteen": func(r *deploy.Request, f *deploy.Fleet) {
			*f, r.Rules.MaxUnavailable = planFleet(15, "web"), deploy.Count{N: 20, Percent: true}
		},
		"the-only-one": func(r *deploy.Request, f *deploy.Fleet) { *f, r.Rules.MinHealthy = planFleet(1, "web"), deploy.Count{} },
		"ill-held-stopped-foreign": func(_ *deploy.Request, f *deploy.Fleet) {
			*f = planFleet(5, "web")
			f.Groups[0].Targets[2].State = deploy.Unhealthy
			f.Groups[0].Targets = f.Groups[0].Targets[:4]
			f.Held = []deploy.Lock{planHold(5)}
			i := f.Instances["i-00000000000000004"]
			i.State = "stopped"
			f.Instances[i.ID] = i
			f.Groups[0].Targets = append(f.Groups[0].Targets, deploy.Target{Pair: deploy.Pair{Group: "arn:web", Target: "i-elsewhere", Port: 80}, State: deploy.Healthy})
		},
		"drain": func(r *deploy.Request, _ *deploy.Fleet) { r.Kind, r.On, r.Ref = deploy.KindDrain, "web-2", "" },
		"restore": func(r *deploy.Request, f *deploy.Fleet) {
			r.Kind, r.On, r.Ref = deploy.KindRestore, "web-3", ""
			f.Groups[0].Targets, f.Held = f.Groups[0].Targets[:2], []deploy.Lock{planHold(3)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := deploy.Request{
				Ask:   deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Environment: "production", Ref: "v42"},
				Rules: deploy.Rules{MaxUnavailable: deploy.Count{N: 1}, MinHealthy: deploy.Count{N: 1}},
				Run:   deploy.Run{Command: "./deploy.sh", Timeout: time.Minute}, HealthyWithin: 10 * time.Minute,
			}
			f := planFleet(3, "web")
			set(&r, &f)
			p, err := deploy.MakePlan(r, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, tag := range []string{"en", "ja"} {
				voice, err := card.In(tag)
				if err != nil {
					t.Fatal(err)
				}
				goldenPlan(t, filepath.Join("testdata", "plan", strings.TrimPrefix(tag, "en"), name+".txt"), voice.PlanText(p))
			}
		})
	}
}

func goldenPlan(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("the plan reads otherwise (-was +is); go test ./bot/card -update writes it anew\n%s", d)
	}
}
