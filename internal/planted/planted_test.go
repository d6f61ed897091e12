package planted

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestPlantedBugsAreFound builds the tree with each bug in turn, through an overlay, and demands that its guards fail,
// by assertion and not because the bug does not compile. It takes some minutes, so it runs only if asked for, or in CI,
// where each run takes some of the bugs, others each time.
func TestPlantedBugsAreFound(t *testing.T) {
	if os.Getenv("JUNBAN_PLANTED") == "" && os.Getenv("CI") != "true" {
		t.Skip("set JUNBAN_PLANTED=all, or to a number of bugs, to plant them; CI=true does too")
	}
	chosen := choose(t)
	guardsPass(t, chosen)
	for _, b := range chosen {
		t.Run(b.name, func(t *testing.T) {
			overlay := plant(t, b)
			for _, g := range b.guards {
				out, err := tests(t, g.pkg, g.run, "-overlay="+overlay)
				switch {
				case err == nil:
					t.Errorf("it survives %s of %s", g.run, g.pkg)
				case !bytes.Contains(out, []byte("--- FAIL")):
					t.Errorf("%s of %s ended without an assertion that failed: %v\n%s", g.run, g.pkg, err, tail(out))
				}
			}
		})
	}
}

// TestTheBugsCanBePlanted is quick and runs always: whoever changes a line that a bug replaces hears it at once.
func TestTheBugsCanBePlanted(t *testing.T) {
	names := map[string]bool{}
	for _, b := range bugs {
		if _, err := planted(b); err != "" {
			t.Errorf("%s: %s", b.name, err)
		}
		if names[b.name] || len(b.guards) == 0 {
			t.Errorf("%s: named twice, or guarded by nothing", b.name)
		}
		names[b.name] = true
	}
}

// choose takes all bugs, or as many as JUNBAN_PLANTED says, by a seed: JUNBAN_SEED, or a fresh one that it tells.
func choose(t *testing.T) []bug {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("JUNBAN_PLANTED"))
	if err != nil || n >= len(bugs) {
		return bugs
	}
	seed, err := strconv.ParseUint(os.Getenv("JUNBAN_SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Logf("%d of %d bugs, by JUNBAN_SEED=%d", n, len(bugs), seed)
	var out []bug
	for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(bugs))[:n] {
		out = append(out, bugs[i])
	}
	return out
}

// guardsPass shows that the guards pass without a bug: else their failing would prove nothing.
func guardsPass(t *testing.T, chosen []bug) {
	t.Helper()
	runs := map[string][]string{}
	for _, b := range chosen {
		for _, g := range b.guards {
			top, _, _ := strings.Cut(g.run, "/")
			runs[g.pkg] = append(runs[g.pkg], top)
		}
	}
	for pkg, run := range runs {
		if out, err := tests(t, pkg, strings.Join(run, "|")); err != nil {
			t.Fatalf("the guards of %s fail with no bug planted: %v\n%s", pkg, err, tail(out))
		}
	}
}

// planted is the text of a bug's file with the bug in it; else what is in the way.
func planted(b bug) (text, trouble string) {
	data, err := os.ReadFile(filepath.Join(root, b.file))
	if err != nil {
		return "", err.Error()
	}
	if n := bytes.Count(data, []byte(b.old)); n != 1 {
		return "", "the text that it replaces stands in " + b.file + " not once: the code has changed, so say the bug anew: " + b.old
	}
	return strings.Replace(string(data), b.old, b.new, 1), ""
}

const limit = 2 * time.Minute // for one run of tests

// root is the module's folder, from this one.
const root = "../.."

// plant writes the bug's file and the overlay that shows it to the compiler in the place of the true one.
func plant(t *testing.T, b bug) string {
	t.Helper()
	text, trouble := planted(b)
	if trouble != "" {
		t.Fatal(trouble)
	}
	true1, err := filepath.Abs(filepath.Join(root, b.file))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	false1 := filepath.Join(dir, filepath.Base(b.file))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {true1: false1}})
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{false1: []byte(text), filepath.Join(dir, "overlay.json"): overlay} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "overlay.json")
}

// tests runs some tests of a package. A bug may also hang them: the limit makes that a failure without an assertion.
func tests(t *testing.T, pkg, run string, flags ...string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	args := append([]string{"test", "-vet=off", "-count=1", "-failfast", "-timeout=" + limit.String(), "-run=" + run}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "JUNBAN_RUNS=1500", "JUNBAN_SHRINK=1ms", "CI=") // random runs: enough to fail, and as they failed
	return cmd.CombinedOutput()
}

// tail is the end of an output, for messages.
func tail(out []byte) []byte { return out[max(0, len(out)-2000):] }
