package system

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The script that README shows waits for its deploy, and ends as that ends.
func TestThePipelineOfREADMEWaitsForItsDeploy(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is needed on CI: %v", tool, err)
			}
			t.Skipf("no %s: %v", tool, err)
		}
	}
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)```sh\n(call\\(\\).*?)```").FindSubmatch(readme)
	if shown == nil {
		t.Fatal("README shows no pipeline")
	}
	st := newStage(t, setup{})
	st.rewrite("deploy: {allow: [S0000DEVS]}", "deploy: {allow: [S0000DEVS, "+pipeline+"]}")
	st.robots()
	st.bot()
	script := strings.Replace(string(shown[1]), "https://slack.com/api/", st.apiAt, 1)
	run := func(tag string) (wait func() error, said *bytes.Buffer) {
		said = &bytes.Buffer{}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "SLACK_TOKEN=xoxb-pipe-token", "CHANNEL=" + channel, "JUNBAN=U0000BOT00", "TAG=" + tag, "EVERY=1",
		}
		cmd.Stdout, cmd.Stderr = said, said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd.Wait, said
	}

	wait, said := run("v42")
	st.clicks(lead, st.newest("Deploy web v42"), "Approve")
	if err := wait(); err != nil {
		t.Errorf("a deploy that succeeded: %v: %s", err, said)
	}
	wait, said = run("v43")
	st.clicks(lead, st.newest("Deploy web v43"), "Deny")
	ctx, cancel := st.ctx()
	defer cancel()
	st.await("the form that asks why", func() bool { _, ok := st.slack.Modal(lead); return ok })
	if sent, err := st.slack.Submit(ctx, lead, ""); err != nil || len(sent.Errors) > 0 {
		t.Fatalf("denying: %+v, %v", sent, err)
	}
	if err := wait(); err == nil || !strings.Contains(said.String(), " denied") {
		t.Errorf("a deploy that was denied: %v: %s", err, said)
	}
	wait, said = run("-rf")
	if err := wait(); err == nil || !strings.Contains(said.String(), "junban: - refused") {
		t.Errorf("a ref that is none: %v: %s", err, said)
	}
}

// newest waits for the message of an operation with this title and answers its timestamp.
func (st *stage) newest(title string) string {
	st.t.Helper()
	ts := ""
	st.await("a message about "+title, func() bool {
		for _, m := range st.parents() {
			if strings.HasPrefix(m.Text, title) || strings.Contains(m.Text, title+":") {
				ts = m.TS
			}
		}
		return ts != ""
	})
	return ts
}
