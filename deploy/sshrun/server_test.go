package sshrun_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"junban/deploy"
	"junban/deploy/sshrun"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is OpenSSH's own, as a process of this test, on a port of its own.
type server struct {
	sshd    string
	dir     string
	port    int
	options sshrun.Options
}

// serve starts sshd. more are lines of its configuration; the first word that it finds for a key counts.
func serve(t *testing.T, more ...string) *server {
	t.Helper()
	s := newServer(t)
	s.start(t, more...)
	return s
}

// newServer has its keys, and is not started yet.
func newServer(t *testing.T) *server {
	t.Helper()
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		sshd = "/usr/sbin/sshd"
	}
	if _, err := os.Stat(sshd); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("sshd is missing (openssh-server)")
		}
		t.Skip("sshd is missing (openssh-server)")
	}
	me, err := user.Current()
	must(t, err)
	s := &server{sshd: sshd, dir: t.TempDir()}
	if me.Uid == "0" {
		must(t, os.MkdirAll("/run/sshd", 0o755)) // where sshd locks itself in
	}
	must(t, os.Chmod(s.dir, 0o755))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.port = listener.Addr().(*net.TCPAddr).Port
	must(t, listener.Close())
	s.keygen(t, "host", "ed25519")
	s.keygen(t, "host_ecdsa", "ecdsa")
	s.keygen(t, "mine", "ed25519")
	s.know(t, "host.pub")
	s.options = sshrun.Options{User: me.Username, Port: s.port, Key: s.path("mine"), KnownHosts: s.path("known_hosts")}
	return s
}

func (s *server) start(t *testing.T, more ...string) {
	t.Helper()
	config := append(slices.Clone(more),
		fmt.Sprintf("ListenAddress 127.0.0.1:%d", s.port), "HostKey "+s.path("host"), "HostKey "+s.path("host_ecdsa"),
		"PidFile none", "AuthorizedKeysFile "+s.path("mine.pub"), "StrictModes no", "UsePAM no", "PermitRootLogin yes",
		"PasswordAuthentication no", "KbdInteractiveAuthentication no", "MaxStartups 200", "MaxSessions 200",
		"SetEnv JUNBAN_STATE="+s.path("state"))
	must(t, os.WriteFile(s.path("config"), []byte(strings.Join(config, "\n")+"\n"), 0o600))
	var said bytes.Buffer
	cmd := exec.Command(s.sshd, "-D", "-e", "-f", s.path("config"))
	cmd.Stderr = &said
	cmd.WaitDelay = time.Second // its sessions hold stderr open a little longer
	must(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("sshd says:\n%s", said.String())
		}
	})
	tick, over := time.NewTicker(10*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port)); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			t.Fatalf("sshd has ended: %s", said.String())
		case <-over:
			t.Fatal("sshd does not listen after 20 s")
		}
	}
}

func (s *server) path(name string) string { return filepath.Join(s.dir, name) }

func (s *server) keygen(t *testing.T, name, kind string) {
	t.Helper()
	out, err := exec.Command("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", s.path(name)).CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
}

// know makes the public key of a file the only one that is known of the server.
func (s *server) know(t *testing.T, public string) {
	t.Helper()
	s.knownHosts(t, s.line(t, public))
}

// line is the server's line of known_hosts with the public key of a file.
func (s *server) line(t *testing.T, public string) string {
	t.Helper()
	text, err := os.ReadFile(s.path(public))
	must(t, err)
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	must(t, err)
	return knownhosts.Line([]string{fmt.Sprintf("127.0.0.1:%d", s.port)}, key)
}

func (s *server) knownHosts(t *testing.T, lines ...string) {
	t.Helper()
	must(t, os.WriteFile(s.path("known_hosts"), []byte("# known\n\n"+strings.Join(lines, "\n")+"\n"), 0o600))
}

// lockedKey writes a private key with a passphrase.
func lockedKey(t *testing.T, path string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("secret"))
	must(t, err)
	must(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
}

// relay stands between the bot and the server, and cuts.
type relay struct {
	mu     sync.Mutex
	conns  []net.Conn
	dialed int
	// lostWhen is a file; once it is there, what the server answers is lost.
	lostWhen string
}

// dial connects through the relay.
func (r *relay) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, conn)
	r.dialed++
	return relayed{conn, r}, nil
}

func (r *relay) dials() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dialed
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.conns = nil
}

// loseWhen loses what the server answers from the moment that a file is there: it is asked at each read.
func (r *relay) loseWhen(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lostWhen = path
}

func (r *relay) loses() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lostWhen == "" {
		return false
	}
	_, err := os.Stat(r.lostWhen)
	return err == nil
}

type relayed struct {
	net.Conn
	r *relay
}

func (c relayed) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if err != nil || !c.r.loses() {
			return n, err
		}
	}
}

func job() deploy.Job {
	return deploy.Job{Token: "op/i-1/1/command", Via: "ssh", Instance: "i-1", Address: "127.0.0.1", Script: "echo hello", Timeout: time.Minute}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
