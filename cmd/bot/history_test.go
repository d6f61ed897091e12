package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"junban/deploy"
	"junban/store"
)

const drawn = deploy.ID("261127-100205-k3x")

// recorded is a configuration with one operation in its store, and no bot that runs.
func recorded(t *testing.T) (config string) {
	t.Helper()
	config = write(t, readmes(t))
	s, err := store.Open(filepath.Join(filepath.Dir(config), "junban.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan := deploy.Plan{Terms: deploy.Terms{Kind: deploy.KindDeploy, Service: "web", Ref: "v42"}}
	e := deploy.Event{Version: deploy.EventVersion, Op: drawn, Seq: 1, At: time.Now(), Type: deploy.EventRequested, By: "U0000ALICE", Plan: &plan}
	op, err := deploy.Replay([]deploy.Event{e})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), e, op.Row(), deploy.Changes{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return config
}

const signature = "\x89PNG\r\n"

func TestAPictureGoesWhereItCanBeLookedAt(t *testing.T) {
	config := recorded(t)
	code, out, errs := junban(t, nil, "history", "--config", config, "--png", string(drawn))
	if code != 0 || !strings.HasPrefix(out, signature) || errs != "" {
		t.Errorf("to standard output: %d, %d bytes, %s", code, len(out), errs)
	}
	named := filepath.Join(t.TempDir(), "rollout.png")
	code, out, errs = junban(t, nil, "history", "--config", config, "--png", string(drawn), "--out", named)
	if code != 0 || out != "" || !strings.Contains(errs, named) {
		t.Errorf("to a file: %d %q %s", code, out, errs)
	}
	isPNG(t, named)
}

func TestATerminalIsNotFilledWithAPicture(t *testing.T) {
	config := recorded(t)
	t.Chdir(t.TempDir())
	var stdout, stderr bytes.Buffer
	h := historyCmd{file: file{Config: config}, PNG: drawn}
	if err := h.Run(t.Context(), output{stdout: &stdout, stderr: &stderr, terminal: true}); err != nil {
		t.Fatal(err)
	}
	if stdout.Len() > 0 || !strings.Contains(stderr.String(), string(drawn)+".png") {
		t.Errorf("stdout: %d bytes, stderr: %s", stdout.Len(), stderr.String())
	}
	isPNG(t, string(drawn)+".png")
}

func isPNG(t *testing.T, path string) {
	t.Helper()
	if data, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(data, []byte(signature)) {
		t.Errorf("%s: %d bytes, %v", path, len(data), err)
	}
}

func TestWhatIsATerminal(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	plain, err := os.Create(filepath.Join(t.TempDir(), "picture.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for name, w := range map[string]io.Writer{"a buffer": io.Discard, "the null device": null, "a file": plain} {
		if isTerminal(w) {
			t.Errorf("%s counts as a terminal", name)
		}
	}
	if tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err == nil { // no system has to have one
		defer tty.Close()
		if !isTerminal(tty) {
			t.Error("a terminal does not count as one")
		}
	}
}

func TestPicturesThatCannotBeDrawn(t *testing.T) {
	config := recorded(t)
	for name, c := range map[string]struct {
		code int
		says string
		args []string
	}{
		"an unknown id":     {exitFailed, `no operation "261127-000000-non"`, []string{"--png", "261127-000000-non"}},
		"no id":             {exitFailed, "--png ID", []string{"--out", "x.png"}},
		"two forms at once": {exitUsage, "--json", []string{"--png", string(drawn), "--json"}},
		"no such folder":    {exitFailed, "writing the picture", []string{"--png", string(drawn), "--out", filepath.Join(t.TempDir(), "no", "x.png")}},
	} {
		code, out, errs := junban(t, nil, append([]string{"history", "--config", config}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.says) || out != "" {
			t.Errorf("%s: exit code %d, stdout %q, stderr %s", name, code, out, errs)
		}
	}
}
