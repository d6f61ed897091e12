package slacksim_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"junban/bot/slacksim"
)

// Slack's own JavaScript client works against the simulator, unchanged but for slackApiUrl: command and ack
// payload, button and chat.update, mention, response URL, reconnecting after a disconnect, forms, the home tab, a
// message's shortcut, files and another bot.
func TestBolt(t *testing.T) {
	if testing.Short() {
		t.Skip("installs from npm")
	}
	folder := installBolt(t)
	p := overSockets(t, slacksim.Options{})
	startBolt(t, p, folder)
	ctx := t.Context()

	reply, err := p.Command(ctx, alice, deploys, "/deploy", "web v42")
	if err != nil || len(reply.Ephemeral) != 1 || reply.Ephemeral[0].Text != "ack: web v42" {
		t.Fatalf("reply = %+v, %v", reply, err)
	}
	wait(t, p, "the card and the response", func(v slacksim.View) bool {
		return len(v.Messages(deploys)) == 1 && len(v.Ephemerals(alice)) == 2
	})
	m := p.Messages(deploys)[0]
	if got := slacksim.Text(m); got != "*web v42*\n[Approve]" || !bytes.Contains(m.Metadata, []byte(`"id":"web v42"`)) {
		t.Errorf("card = %q, metadata %s", got, m.Metadata)
	}
	if e := p.Ephemerals(alice)[1]; e.Text != "responded" {
		t.Errorf("response = %+v", e)
	}
	if err := p.Click(ctx, stranger, deploys, m.TS, "approve"); err != nil {
		t.Fatal(err)
	}
	wait(t, p, "the card changed", func(v slacksim.View) bool {
		changed, _ := v.Message(deploys, m.TS)
		return changed.Text == "web v42 approved by U0STRANGER of T0OTHER" && changed.Blocks == nil
	})
	if _, err := p.Mention(ctx, bob, deploys, m.TS, "status"); err != nil {
		t.Fatal(err)
	}
	wait(t, p, "the answer in the thread", func(v slacksim.View) bool {
		thread := v.Thread(deploys, m.TS)
		return len(thread) == 3 && thread[2].Text == "heard: <@U0JUNBAN> status"
	})

	p.Disconnect(slacksim.ReasonRefresh)
	wait(t, p, "Bolt connected again", func(slacksim.View) bool {
		return len(p.CallsOf("apps.connections.open")) == 2 && p.Connections() == 1
	})
	if reply, err := p.Command(ctx, bob, deploys, "/deploy", "web v43"); err != nil || reply.Failure != "" || len(reply.Ephemeral) != 1 {
		t.Errorf("after the reconnect: %+v, %v", reply, err)
	}
	wait(t, p, "the second response", func(v slacksim.View) bool { return len(v.Ephemerals(bob)) == 2 })
	boltForms(t, p)
	boltHome(t, p)
	boltFiles(t, p, m.TS)
	if at := slices.IndexFunc(p.Calls(), func(c slacksim.Call) bool { return c.Outcome != "ok" }); at >= 0 {
		t.Errorf("a call failed: %+v", p.Calls()[at])
	}
}

// boltForms opens a form by a command and by a message's shortcut, and sends it with errors, then without.
func boltForms(t *testing.T, p *place) {
	t.Helper()
	ctx := t.Context()
	opened := func() slacksim.Surface {
		t.Helper()
		wait(t, p, "the form opens", func(v slacksim.View) bool { _, open := v.Modal(alice); return open })
		s, _ := p.Modal(alice)
		return s
	}
	ts, err := p.Post(ctx, bob, deploys, "", "v42")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.UseShortcut(ctx, alice, deploys, ts, "deploy_this"); err != nil {
		t.Fatal(err)
	}
	if s := opened(); s.Values["ref"]["v"]["value"] != "v42" {
		t.Errorf("the shortcut's form = %+v", s)
	}
	if err := p.Dismiss(ctx, alice, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Command(ctx, alice, deploys, "/form", "v41"); err != nil {
		t.Fatal(err)
	}
	opened()
	if err := p.Fill(ctx, alice, "", "service", "web"); err != nil {
		t.Fatal(err)
	}
	if sent, err := p.Submit(ctx, alice, ""); err != nil || sent.Errors["ref"] != "v41 is not there" || sent.Closed {
		t.Fatalf("sent = %+v, %v", sent, err)
	}
	if err := p.Fill(ctx, alice, "", "ref", "v42"); err != nil {
		t.Fatal(err)
	}
	if sent, err := p.Submit(ctx, alice, ""); err != nil || !sent.Closed || sent.Failure != "" {
		t.Fatalf("sent = %+v, %v", sent, err)
	}
	said(t, p, "U0ALICE: web v42 from /form")
}

func boltHome(t *testing.T, p *place) {
	t.Helper()
	for _, label := range []string{"First", "Again"} {
		if err := p.OpenHome(t.Context(), bob); err != nil {
			t.Fatal(err)
		}
		wait(t, p, "the home tab is published", func(v slacksim.View) bool {
			s, _ := v.Home(bob)
			return s.Text() == "["+label+"]"
		})
	}
	s, _ := p.Home(bob)
	if err := p.ClickIn(t.Context(), bob, s.ID, "again"); err != nil {
		t.Fatal(err)
	}
	said(t, p, "home home of U0BOB")
}

// boltFiles uploads a file with files.uploadV2, and mentions the app as another bot.
func boltFiles(t *testing.T, p *place, thread string) {
	t.Helper()
	if _, err := p.Command(t.Context(), alice, deploys, "/file", thread); err != nil {
		t.Fatal(err)
	}
	wait(t, p, "the file", func(v slacksim.View) bool { return len(v.Thread(deploys, thread)) == 4 })
	m := p.Thread(deploys, thread)[3]
	if _, data, ok := p.File(m.Files[0].ID); !ok || string(data) != "<svg/>" || m.Files[0].Title != "Timeline" || m.Text != "How it went" {
		t.Errorf("file = %+v, %q", m, data)
	}
	p.AddApp(slacksim.App{AppID: "A0CI", Name: "ci", BotUser: "U0CI"})
	if _, err := p.PostAsBot(t.Context(), "A0CI", deploys, "", "@junban deploy"); err != nil {
		t.Fatal(err)
	}
	said(t, p, "heard: ci (B0CI): <@U0JUNBAN> deploy")
}

// said waits until the channel has a message with this text.
func said(t *testing.T, p *place, text string) {
	t.Helper()
	wait(t, p, text, func(v slacksim.View) bool {
		return slices.ContainsFunc(v.Messages(deploys), func(m slacksim.Message) bool { return m.Text == text })
	})
}

// installBolt installs the locked packages into a temporary copy of testdata/bolt. Without node, npm or what npm
// downloads, the test is skipped; where CI is true it fails.
func installBolt(t *testing.T) string {
	t.Helper()
	missing := func(format string, args ...any) {
		t.Helper()
		if os.Getenv("CI") == "true" {
			t.Fatalf(format, args...)
		}
		t.Skipf(format, args...)
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing("needs %s: %v", tool, err)
		}
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(filepath.Join("testdata", "bolt"))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--prefer-offline")
	install.Dir = folder
	if out, err := install.CombinedOutput(); err != nil {
		missing("npm ci: %v\n%s", err, out)
	}
	return folder
}

// startBolt runs the app until the end of the test, and waits until it is connected.
func startBolt(t *testing.T, p *place, folder string) {
	t.Helper()
	node := exec.Command("node", "app.mjs")
	node.Dir = folder
	node.Env = append(os.Environ(), "SLACK_BOT_TOKEN="+botToken, "SLACK_APP_TOKEN="+appToken, "SLACK_API_URL="+p.base+"/api/", "CHANNEL="+deploys)
	node.WaitDelay = 5 * time.Second
	var output lockedBuffer
	node.Stdout, node.Stderr = &output, &output
	stdin, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		stuck := time.AfterFunc(10*time.Second, func() { _ = node.Process.Kill() })
		defer stuck.Stop()
		if err := node.Wait(); err != nil || t.Failed() {
			t.Errorf("bolt ended: %v\n%s", err, output.String())
		}
	})
	wait(t, p, "Bolt is connected", func(slacksim.View) bool { return p.Connections() == 1 })
}

// lockedBuffer collects output that two pipes write.
type lockedBuffer struct {
	mu  sync.Mutex
	all strings.Builder
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}
