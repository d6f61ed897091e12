package instance_test

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"junban/deploy/awssim/instance"
)

func TestPages(t *testing.T) {
	b := create(t, instance.Options{})
	b.switchOn()
	b.wantPage("/", "v41")
	b.wantPage("/any/page", "v41")
	b.wantPage("/health", "v41")
	b.wantPage("/slow?ms=1", "v41")
	for _, bad := range []string{"/slow", "/slow?ms=-1", "/slow?ms=x", "/slow?ms=600001"} {
		if status, _, _, err := b.get(bad); status != http.StatusBadRequest {
			t.Errorf("%s: %d, %v", bad, status, err)
		}
	}
	b.write("unhealthy", "")
	if status, _, _, err := b.get("/health"); status != http.StatusServiceUnavailable {
		t.Errorf("/health of an unhealthy instance: %d, %v", status, err)
	}
}

func TestStopIsAKillAndStartReadsTheRelease(t *testing.T) {
	b := create(t, instance.Options{})
	b.switchOn()
	addr := b.Addr()
	if state := b.file("app.state"); state != "running v41" {
		t.Errorf("app.state %q", state)
	}
	idle, busy := dial(t, addr), dial(t, addr)
	b.wantPage("/", "v41") // so the two have been accepted
	if _, err := io.WriteString(busy, "GET /slow?ms=600000 HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}

	b.mustSh("echo stop > app.ctl")
	b.until("it is stopped", func() bool { return !b.Running() })
	for name, conn := range map[string]net.Conn{"idle": idle, "busy": busy} {
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the %s connection ended with %v, want a reset", name, err)
		}
	}
	if _, _, _, err := b.get("/"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while stopped: %v, want refused", err)
	}
	if state := b.file("app.state"); state != "stopped" {
		t.Errorf("app.state %q", state)
	}
	if v := b.Version(); v != "v41" {
		t.Errorf("version %q while stopped, want the last", v)
	}

	b.write("REVISION", "v42\nsecond line\n")
	b.mustSh("echo start > app.ctl")
	b.until("it runs", func() bool { return b.Running() })
	b.wantPage("/", "v42")
	if b.Addr() != addr {
		t.Errorf("address %s, was %s", b.Addr(), addr)
	}
	if state := b.file("app.state"); state != "running v42" {
		t.Errorf("app.state %q", state)
	}
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestCommandsThatMakeNoSense(t *testing.T) {
	b := create(t, instance.Options{})
	b.switchOn()
	b.write("REVISION", "v42")
	// A start while it runs is no restart; the lines after show that all was read.
	b.mustSh(`{ echo start; echo; echo dance; head -c 70000 /dev/zero; echo; echo stop; echo stop; } > app.ctl`)
	b.until("it is stopped", func() bool { return !b.Running() })
	if b.Version() != "v41" {
		t.Errorf("version %s: a start while running restarted it", b.Version())
	}
}

func TestAStartThatFailsLeavesItStopped(t *testing.T) {
	said, log := io.Pipe()
	lines := bufio.NewScanner(said)
	b := create(t, instance.Options{
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	b.switchOn()
	b.mustSh("echo stop > app.ctl")
	b.until("it is stopped", func() bool { return !b.Running() })
	b.write("REVISION", "")
	b.mustSh("echo start > app.ctl")
	if lines.Scan(); !strings.Contains(lines.Text(), "REVISION is empty") {
		t.Errorf("the log says %q", lines.Text())
	}
	if b.Running() || b.file("app.state") != "stopped" {
		t.Errorf("running %v, %s", b.Running(), b.file("app.state"))
	}
	b.write("REVISION", "v42")
	b.mustSh("echo start > app.ctl")
	b.until("it runs", func() bool { return b.Running() })
	b.wantPage("/", "v42")
	said.Close() // from here on nobody reads the log
}

func TestTheSecondRunKeepsAddressAndRelease(t *testing.T) {
	b := create(t, instance.Options{})
	b.switchOn()
	addr := b.Addr()
	if err := b.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second Run at the same time: %v", err)
	}
	b.mustSh("./release.sh", "REF=v42", "RELEASE_SECONDS=0")
	b.off()
	if b.Running() || b.file("app.state") != "stopped" {
		t.Errorf("after Run: running %v, %s", b.Running(), b.file("app.state"))
	}
	b.switchOn()
	if b.Addr() != addr {
		t.Errorf("address %s, was %s", b.Addr(), addr)
	}
	b.wantPage("/", "v42")
}

func TestAnotherProcessGoesOnAfterAKill(t *testing.T) {
	dir := t.TempDir()
	b := create(t, instance.Options{Dir: dir})
	first := exec.Command(os.Args[0])
	first.Env = append(os.Environ(), elsewhere+"="+dir)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	defer first.Process.Kill()
	b.mustSh(`until [ "$(cat app.state 2>/dev/null)" = "running v41" ]; do sleep 0.01; done`)
	b.mustSh("./release.sh", "REF=v42", "RELEASE_SECONDS=0")
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // killed, so it has an error to tell
	if state := b.file("app.state"); state != "running v42" {
		t.Errorf("the killed process left %q", state)
	}
	b.switchOn()
	b.wantPage("/", "v42")
	b.mustSh("./release.sh", "REF=v43", "RELEASE_SECONDS=0")
	b.wantPage("/", "v43")
}

// A state that is not true, half a file, and what a script makes where there is
// no pipe.
func TestAFolderInDisorder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"app.state": "running v99\n", "app.state.new": "half", "app.ctl": "start\n", "REVISION": "v77\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := create(t, instance.Options{Dir: dir})
	b.switchOn()
	b.wantPage("/", "v77")
	b.off()

	again := create(t, instance.Options{Dir: dir, Addr: b.Addr()}) // another process, the same address
	again.switchOn()
	again.mustSh("./release.sh", "REF=v78", "RELEASE_SECONDS=0")
	again.wantPage("/", "v78")
	if again.Addr() != b.Addr() {
		t.Errorf("address %s, want %s", again.Addr(), b.Addr())
	}
}

func TestAnAddressThatIsTakenIsSaid(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := create(t, instance.Options{Addr: l.Addr().String()})
	if err := b.Run(t.Context()); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "i-1") {
		t.Errorf("Run: %v", err)
	}
}

func TestAFirstStartThatFailsIsSaidAndLeavesNoLie(t *testing.T) {
	b := create(t, instance.Options{})
	b.write("REVISION", "\n")
	b.write("app.state", "running v99\n")
	if err := b.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "REVISION is empty") {
		t.Errorf("Run: %v", err)
	}
	if state := b.file("app.state"); state != "stopped" {
		t.Errorf("app.state %q", state)
	}
}

func TestOptionsThatAreMissing(t *testing.T) {
	for _, o := range []instance.Options{{ID: "i-1"}, {Dir: t.TempDir()}} {
		if _, err := instance.New(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}
