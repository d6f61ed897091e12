package instance_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"junban/deploy/awssim/instance"
)

// elsewhere is the folder that a copy of this test program serves from, as
// another process that can be killed.
const elsewhere = "INSTANCE_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(elsewhere); dir != "" {
		serveElsewhere(dir)
	}
	goleak.VerifyTestMain(m)
}

// serveElsewhere runs an instance until this process is killed.
func serveElsewhere(dir string) {
	i, err := instance.New(instance.Options{ID: "i-1", Name: "web-1", Dir: dir})
	if err == nil {
		err = i.Run(context.Background())
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// box is an Instance with what a test does to it.
type box struct {
	*instance.Instance
	t      *testing.T
	client *http.Client
	off    func() // ends Run and waits for it
}

func create(t *testing.T, o instance.Options) *box {
	t.Helper()
	o.ID, o.Name = "i-1", "web-1"
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "web-1")
	}
	i, err := instance.New(o)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &box{Instance: i, t: t, client: &http.Client{Transport: transport, Timeout: 20 * time.Second}}
}

// switchOn runs the instance until the test ends or off is called, and waits
// until its application answers.
func (b *box) switchOn() {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	off := false
	b.off = func() {
		if off {
			return
		}
		off = true
		cancel()
		if err := <-done; err != nil {
			b.t.Errorf("Run: %v", err)
		}
	}
	b.t.Cleanup(b.off)
	b.until("it runs", func() bool { return b.Running() })
}

// until waits for a state of the instance.
func (b *box) until(what string, ok func() bool) {
	b.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		changed := b.Changed()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-limit:
			b.t.Fatalf("waited 20 s in vain until %s: running %v, version %q", what, b.Running(), b.Version())
		}
	}
}

func (b *box) get(path string) (status int, version, body string, err error) {
	res, err := b.client.Get("http://" + b.Addr() + path)
	if err != nil {
		return 0, "", "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, res.Header.Get("X-Version"), string(text), err
}

func (b *box) wantPage(path, version string) {
	b.t.Helper()
	status, header, body, err := b.get(path)
	if err != nil || status != http.StatusOK || header != version || body != "web-1 "+version+"\n" {
		b.t.Errorf("%s: %d, %q, %q, %v; want version %s", path, status, header, body, err, version)
	}
}

// sh runs a command in the instance's folder, as its owner would.
func (b *box) sh(command string, env ...string) (output string, err error) {
	cmd := exec.CommandContext(b.t.Context(), "sh", "-c", command)
	cmd.Dir = b.Dir()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	return string(out), err
}

func (b *box) mustSh(command string, env ...string) string {
	b.t.Helper()
	out, err := b.sh(command, env...)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *box) file(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.Dir(), name))
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func (b *box) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.Dir(), name), []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}
