// Package house holds the tests of the house itself: which package may import which, that the core is pure, and that
// the code stays readable. It is for tests only; nothing may import it.
package house_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

// pkg is what `go list` says of one package of this module.
type pkg struct {
	ImportPath string
	Dir        string
	Name       string
	Doc        string
	GoFiles    []string
	Imports    []string
	Deps       []string
}

const module = "junban"

// packages lists the packages of this module by import path, without their tests.
var packages = sync.OnceValues(func() (map[string]pkg, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Name,Doc,GoFiles,Imports,Deps", module+"/...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.New("go list: " + err.Error())
	}
	all := map[string]pkg{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, errors.New("what go list says: " + err.Error())
		}
		if len(p.GoFiles) > 0 {
			all[p.ImportPath] = p
		}
	}
})

func list(t *testing.T) map[string]pkg {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages only: these tests would prove nothing", len(all))
	}
	return all
}

// under reports whether an import path is one of the roots, or below one that ends in "/...".
func under(path string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		if base, ok := strings.CutSuffix(root, "/..."); ok {
			return path == base || strings.HasPrefix(path, base+"/")
		}
		return path == root
	})
}

var simulators = []string{module + "/deploy/awssim/...", module + "/bot/slacksim/..."}

// TestImportDirection: imports point inward. Each rule says of whom it speaks, what they must not reach, and why.
func TestImportDirection(t *testing.T) {
	aws := []string{"github.com/aws/..."}
	slack := []string{"github.com/slack-go/..."}
	forTests := []string{module + "/bot/card/gallery", module + "/bot/card/scenes", module + "/bot/slackapi/blockkit", module + "/bot/slackapi/sent"}
	for _, rule := range []struct {
		who      []string
		not      []string
		except   []string
		direct   bool // only what is imported by the package itself
		why      string
		optional bool // the package need not exist yet
	}{
		{who: []string{module + "/deploy"}, not: []string{module + "/..."}, except: []string{module + "/deploy"}, why: "the core imports nothing of the product"},
		{
			who: []string{module + "/deploy"}, direct: true,
			not: []string{"context", "sync/...", "log/...", "os/...", "net/...", "io/...", "syscall", "math/rand/...", "crypto/rand", "testing/...", "unsafe"},
			why: "the core is pure: time and facts come in as arguments, orders go out as values",
		},
		{who: []string{module + "/deploy"}, not: []string{"context", "log/...", "net/...", "os/exec", "math/rand/..."}, why: "nothing impure may come in through another package"},
		{who: []string{module + "/deploy/doctor"}, not: []string{module + "/..."}, except: []string{module + "/deploy", module + "/deploy/doctor"}, why: "an examination knows the core only: a survey is handed in"},
		{
			who: []string{module + "/deploy/doctor"}, direct: true,
			not: []string{"context", "sync/...", "log/...", "os/...", "net/...", "io/...", "syscall", "math/rand/...", "crypto/rand", "testing/...", "unsafe"},
			why: "an examination is pure",
		},
		{who: []string{module + "/deploy/engine"}, not: slices.Concat(aws, slack, []string{"go.etcd.io/...", module + "/store/...", module + "/bot/..."}), why: "the engine knows its ports only"},
		{who: []string{module + "/bot"}, not: slices.Concat(slack, aws, []string{module + "/store/...", module + "/bot/slackapi/...", "go.etcd.io/..."}), why: "bot speaks card.Message and knows no Slack library, and no store"},
		{who: []string{module + "/bot/card", module + "/bot/lang", module + "/bot/timeline"}, not: slices.Concat(slack, aws, []string{module + "/deploy/engine", "net/http"}), why: "cards are pure", optional: true},
		{who: []string{module + "/store/..."}, not: slices.Concat(slack, aws, []string{module + "/bot/..."}), why: "bot and store never import each other: app joins them"},
		{who: []string{module + "/deploy/awscloud/...", module + "/deploy/ssmrun/..."}, not: slices.Concat(slack, []string{module + "/bot/...", module + "/store/..."}), why: "the adapters know AWS and the core"},
		{who: []string{module + "/deploy/hostscript/...", module + "/deploy/localrun", module + "/deploy/sshrun"}, not: slices.Concat(slack, aws, []string{module + "/bot/...", module + "/store/...", module + "/deploy/awscloud/..."}), why: "a host is reached without Slack and AWS"},
		{who: []string{module + "/deploy/hostscript"}, not: []string{"os/exec", "net/...", "golang.org/x/crypto/..."}, why: "the guard's text is the same for every way of sending it"},
		{
			who: []string{module + "/cmd/bot"}, not: slices.Concat(simulators, forTests, []string{"github.com/chromedp/...", module + "/deploy/deploytest", "testing", "pgregory.net/...", module + "/cmd/demo/..."}),
			why: "the daemon links no simulator and nothing made for tests",
		},
		{who: []string{module + "/cmd/demo"}, not: slices.Concat(forTests, []string{"github.com/chromedp/...", module + "/deploy/deploytest", "testing"}), why: "the demo links nothing made for tests"},
		{who: []string{module + "/bot/slackapi/blockkit"}, not: slices.Concat(slack, []string{module + "/..."}), except: []string{module + "/bot/slackapi/blockkit"}, why: "what judges a payload must not know how it was made"},
		{who: simulators, not: []string{module + "/..."}, except: simulators, why: "a simulator that knew the product would repeat its mistakes"},
		{who: []string{module + "/..."}, not: []string{module + "/internal/house", module + "/internal/planted"}, why: "these hold tests only"},
	} {
		met := false
		for path, p := range list(t) {
			if !under(path, rule.who...) {
				continue
			}
			met = true
			reached := p.Deps
			if rule.direct {
				reached = p.Imports
			}
			for _, dep := range reached {
				if dep != path && under(dep, rule.not...) && !under(dep, rule.except...) {
					t.Errorf("%s reaches %s%s: %s", path, dep, through(list(t), p, dep), rule.why)
				}
			}
		}
		if !met && !rule.optional {
			t.Errorf("there is no package %v: the rule %q guards nothing", rule.who, rule.why)
		}
	}
}

// through names one direct import of a package by which it reaches another.
func through(all map[string]pkg, p pkg, dep string) string {
	for _, i := range p.Imports {
		if i == dep {
			return ""
		}
	}
	for _, i := range p.Imports {
		if slices.Contains(all[i].Deps, dep) {
			return " through " + i
		}
	}
	return ""
}

func TestPackageNamesSayWhatTheyAreFor(t *testing.T) {
	for path, p := range list(t) {
		for _, name := range []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base", "types"} {
			if p.Name == name {
				t.Errorf("%s: a package named %q can hold anything", path, name)
			}
		}
		if strings.TrimSpace(p.Doc) == "" {
			t.Errorf("%s has no package comment: say what it is for and what it must never do", path)
		}
	}
}
