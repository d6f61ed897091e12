package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// junban runs the program as a user would and answers its exit code and what it printed.
func junban(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, func(k string) string { return env[k] }, &out, &err)
	return code, out.String(), err.String()
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "deploy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readmes is the configuration that README shows first.
func readmes(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	yaml := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(text)
	if yaml == nil {
		t.Fatal("README shows no configuration")
	}
	return string(yaml[1])
}

func TestCheckAcceptsWhatTheDocumentsShow(t *testing.T) {
	if code, out, err := junban(t, nil, "check", "--config", "../../deploy.yaml"); code != 0 || !strings.Contains(out, "is right") {
		t.Errorf("%d %s %s", code, out, err)
	}
	yaml := readmes(t)
	if n := strings.Count(yaml, "\n"); n > 15 {
		t.Errorf("README's first example has %d lines", n)
	}
	if code, _, err := junban(t, nil, "check", "--config", write(t, yaml)); code != 0 {
		t.Errorf("README's example: %s", err)
	}
}

func TestCheckNamesEveryFaultAtOnce(t *testing.T) {
	path := write(t, "slack: {chanel: C0123456789}\naws: {region: 7}\nservices:\n  web:\n    rolling: {max_unavailable: 0, canary: {instances: 0}}\n    approve: {required: 0}\n")
	code, _, err := junban(t, nil, "check", "--config", path)
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	lines := strings.Split(strings.TrimSpace(err), "\n")
	position := regexp.MustCompile(`^` + regexp.QuoteMeta(path) + `:\d+:\d+: .`)
	for _, l := range lines {
		if !position.MatchString(l) {
			t.Errorf("no file:line:column: message: %s", l)
		}
	}
	for _, says := range []string{":1:9: ", `did you mean "channel"`, ":2:15: ", "max_unavailable", "canary.instances", "approve.required", "command"} {
		if !strings.Contains(err, says) {
			t.Errorf("%q is not named:\n%s", says, err)
		}
	}
}

func TestErrorsForWhoCausedThem(t *testing.T) {
	good := write(t, readmes(t))
	for _, c := range []struct {
		name string
		code int
		says string
		env  map[string]string
		args []string
	}{
		{"no such verb", exitUsage, "junban --help", nil, []string{"dploy"}},
		{"no verb", exitUsage, "junban --help", nil, nil},
		{"no file", exitFailed, "no such file", nil, []string{"check", "--config", "nowhere.yaml"}},
		{"no tokens", exitFailed, "SLACK_APP_TOKEN is not set", nil, []string{"run", "--config", good}},
		{"tokens the wrong way round", exitFailed, "another kind of token", map[string]string{"SLACK_BOT_TOKEN": "xapp-1-planted", "SLACK_APP_TOKEN": "xoxb-planted"}, []string{"run", "--config", good}},
		{"no store yet", exitFailed, "never made", nil, []string{"status", "--config", good}},
		{"an unknown service", exitFailed, "api", nil, []string{"plan", "api", "v1", "--config", good}},
		{"a ref like an option", exitFailed, "dash", nil, []string{"plan", "web", "--config", good, "--", "-rf"}},
	} {
		code, out, err := junban(t, c.env, c.args...)
		if code != c.code || !strings.Contains(err, c.says) || out != "" {
			t.Errorf("%s: exit code %d\nstdout: %s\nstderr: %s", c.name, code, out, err)
		}
		if strings.Contains(err, "planted") {
			t.Errorf("%s: a token is printed: %s", c.name, err)
		}
	}
}

func TestManifestIsWhatSlackTakes(t *testing.T) {
	code, out, err := junban(t, nil, "manifest", "--config", write(t, strings.Replace(readmes(t), "slack:\n", "slack:\n  command: /ship\n", 1)))
	if code != 0 {
		t.Fatal(err)
	}
	var m struct {
		Features struct {
			SlashCommands []struct{ Command string } `json:"slash_commands"`
		}
		Settings struct {
			SocketMode bool `json:"socket_mode_enabled"`
		}
	}
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Features.SlashCommands) != 1 || m.Features.SlashCommands[0].Command != "/ship" || !m.Settings.SocketMode {
		t.Errorf("%s", out)
	}
}

func TestHelpEndsWell(t *testing.T) {
	if code, out, _ := junban(t, nil, "--help"); code != 0 || !strings.Contains(out, "Connect to Slack") {
		t.Errorf("%d %s", code, out)
	}
}
