package card

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"junban/bot/card/scenes"
	"junban/deploy"
	"junban/deploy/doctor"
)

var some = scenes.Findings()

func TestEveryFindingHasItsSentences(t *testing.T) {
	for _, name := range doctor.Names() {
		if !en.lang.Has("finding."+name+".seen") || !en.lang.Has("finding."+name+".mend") {
			t.Errorf("%s has no sentences", name)
		}
		shown := false
		for _, f := range some {
			shown = shown || f.Name == name
		}
		if !shown {
			t.Errorf("%s is not among the findings of this test", name)
		}
	}
	for name := range findings {
		known := false
		for _, n := range doctor.Names() {
			known = known || n == name
		}
		if !known {
			t.Errorf("there is no finding %s any more", name)
		}
	}
	for _, f := range some {
		seen, mend := en.Finding(f)
		for k, v := range f.Values {
			if d := en.text(duration(values{en, f.Values, nil}, k)).Plain(); !strings.Contains(seen.Plain()+mend.Plain(), v) && !strings.Contains(seen.Plain(), d) && !unsaid[f.Name+" "+k] {
				t.Errorf("%s does not say its %s: %s", f.Name, k, seen.Plain())
			}
		}
		if s := seen.Plain(); strings.Contains(s, "  ") || !strings.HasSuffix(s, ".") {
			t.Errorf("%s: %q", f.Name, s)
		}
	}
}

// unsaid are values that choose a sentence or say what another value says.
var unsaid = map[string]bool{
	"one-healthy-target minimum": true, "one-healthy-target registered": true, "no-healthy-target registered": true, "target-in-disabled-zone scheme": true,
	"zone-without-target cross_zone": true, "fleet-differs what": true, "slow-start pause_between": true,
}

func TestFindingsGolden(t *testing.T) {
	for tag, w := range voices {
		compare(t, filepath.Join("testdata", tag, "findings.txt"), w.FindingsText("web in production", some)+"\n"+w.FindingsText("api", nil))
	}
}

func TestAMessageOfFindingsFitsSlack(t *testing.T) {
	var many []deploy.Finding
	for n := range 60 {
		many = append(many, deploy.Finding{
			Name: doctor.DeregistrationZero, Severity: deploy.Warns, Fix: strings.Repeat("aws line\n", 100), Values: map[string]string{"group": fmt.Sprint("web", n)},
		})
	}
	m := en.Findings("web", append(many, some[len(some)-1]))
	if len(m.Blocks) > 50 {
		t.Errorf("%d blocks", len(m.Blocks))
	}
	text := m.Plain()
	for _, says := range []string{"Nothing blocks a deploy; 60 warnings.", "And 40 more", "Accepted in deploy.yaml: fleet-differs (pets).", "# and 91 more"} {
		if !strings.Contains(text, says) {
			t.Errorf("%q is not in the message", says)
		}
	}
	f := deploy.Finding{Name: doctor.ProfileMissing, Values: map[string]string{"instances": strings.Repeat("web-1 (i-1), ", 1000)}}
	if seen, _ := en.Finding(f); len(seen.Plain()) > 800 || !strings.Contains(seen.Plain(), "and more") {
		t.Errorf("a long list is not cut: %d bytes", len(seen.Plain()))
	}
}
