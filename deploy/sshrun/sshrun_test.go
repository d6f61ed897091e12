package sshrun_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"junban/deploy"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
	"junban/deploy/hostscript/direct"
	"junban/deploy/sshrun"
)

const poll = 50 * time.Millisecond

func to(o sshrun.Options) *direct.Runner { return sshrun.New(sshrun.To(o), poll) }

func TestRunner(t *testing.T) {
	s := serve(t)
	var n atomic.Int32
	deploytest.RunnerSuite(t, func(t *testing.T) deploytest.RunnerHost {
		return deploytest.RunnerHost{
			Runner: func() engine.Runner { return to(s.options) },
			Job:    deploy.Job{Via: "ssh", Instance: fmt.Sprintf("i-%d", n.Add(1)), Address: "127.0.0.1"},
			Dir:    t.TempDir(),
		}
	})
}

// runs checks that a job goes through.
func runs(t *testing.T, o sshrun.Options, token string) {
	t.Helper()
	j := job()
	j.Token = token
	r := to(o)
	id, err := r.Send(t.Context(), j, time.Time{})
	must(t, err)
	got, err := r.Wait(t.Context(), j, id)
	must(t, err)
	if got.State != deploy.ReportExited || got.Output != "hello\n" {
		t.Errorf("got %+v", got)
	}
}

// fails checks that a job does not, by a fault of a class whose text holds all of the words.
func fails(t *testing.T, o sshrun.Options, class deploy.Class, words ...string) {
	t.Helper()
	_, err := to(o).Send(t.Context(), job(), time.Time{})
	f, ok := errors.AsType[*deploy.Fault](err)
	if !ok {
		t.Fatalf("got %T %v, want a fault", err, err)
	}
	if f.Class != class {
		t.Errorf("got class %s of %q, want %s", f.Class, f, class)
	}
	for _, w := range append(words, "i-1") {
		if !strings.Contains(f.Error(), w) {
			t.Errorf("%q lacks %q", f, w)
		}
	}
}

func TestAHostKeyThatIsNotKnownIsRefusedAndNoConnectionMade(t *testing.T) {
	s := serve(t)
	keyscan := fmt.Sprintf("ssh-keyscan -p %d 127.0.0.1 >>'%s'", s.port, s.path("known_hosts"))
	r := &relay{}
	o := s.options
	o.Dial = r.dial
	s.knownHosts(t, strings.Replace(s.line(t, "host.pub"), "127.0.0.1", "127.0.0.2", 1))
	fails(t, o, deploy.Refused, "no key of 127.0.0.1", keyscan, "compare")
	must(t, os.Remove(s.path("known_hosts")))
	fails(t, o, deploy.Refused, "cannot be used", keyscan)
	s.knownHosts(t, "127.0.0.1 ssh-ed25519 nonsense")
	fails(t, o, deploy.Refused, "cannot be used", "known_hosts:3")
	if n := r.dials(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestAChangedHostKeyIsRefused(t *testing.T) {
	s := serve(t)
	s.keygen(t, "other", "ed25519")
	s.know(t, "other.pub")
	remove := fmt.Sprintf("ssh-keygen -R '[127.0.0.1]:%d' -f '%s'", s.port, s.path("known_hosts"))
	fails(t, s.options, deploy.Refused, "is not the host that", "it shows ssh-ed25519 SHA256:", remove, "ssh-keyscan")
	s.keygen(t, "other_rsa", "rsa")
	s.know(t, "other_rsa.pub")
	fails(t, s.options, deploy.Refused, "is not the host that", "no key of the kinds that are known", remove)
	s.knownHosts(t, s.line(t, "host.pub"), "@revoked * "+strings.SplitN(s.line(t, "host.pub"), " ", 2)[1])
	fails(t, s.options, deploy.Refused, "line 4 revokes")
	if _, err := os.Stat(s.path("state")); err == nil {
		t.Error("something was run")
	}
}

func TestAnyOfTheHostsKeysWillDo(t *testing.T) {
	s := serve(t)
	s.know(t, "host_ecdsa.pub") // the server likes its other one better
	runs(t, s.options, "op/ecdsa")
	out, err := exec.Command("ssh-keyscan", "-p", fmt.Sprint(s.port), "127.0.0.1").Output()
	must(t, err)
	must(t, os.WriteFile(s.path("known_hosts"), out, 0o600))
	runs(t, s.options, "op/keyscan")
	if out, err := exec.Command("ssh-keygen", "-H", "-f", s.path("known_hosts")).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
	runs(t, s.options, "op/hashed")
}

func TestAHostKeyThatAKnownAuthorityHasSigned(t *testing.T) {
	s := newServer(t)
	s.keygen(t, "ca", "ed25519")
	out, err := exec.Command("ssh-keygen", "-q", "-s", s.path("ca"), "-h", "-I", "host", "-n", "127.0.0.1", s.path("host.pub")).CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
	s.start(t, "HostCertificate "+s.path("host-cert.pub"))
	s.knownHosts(t, "@cert-authority "+s.line(t, "ca.pub"))
	runs(t, s.options, "op/certificate")
	s.knownHosts(t, "@cert-authority "+s.line(t, "mine.pub"))
	fails(t, s.options, deploy.Refused, "is not the host that")
}

func TestAKeyThatTheHostDoesNotTakeIsRefused(t *testing.T) {
	s := serve(t)
	o := s.options
	s.keygen(t, "stranger", "ed25519")
	o.Key = s.path("stranger")
	fails(t, o, deploy.Refused, "does not let "+o.User+" in", "authorized_keys")
	o.Key = s.path("none")
	fails(t, o, deploy.Refused, "cannot be read", "none")
	o.Key = s.path("config")
	fails(t, o, deploy.Refused, "is not a private key")
	o.Key = s.path("locked")
	lockedKey(t, o.Key)
	fails(t, o, deploy.Refused, "passphrase", "agent")
	o = s.options
	o.User = "no-such-user"
	fails(t, o, deploy.Refused, "does not let no-such-user in")
}

func TestTheAgentsKeys(t *testing.T) {
	s := serve(t)
	text, err := os.ReadFile(s.path("mine"))
	must(t, err)
	key, err := ssh.ParseRawPrivateKey(text)
	must(t, err)
	ring := agent.NewKeyring()
	must(t, ring.Add(agent.AddedKey{PrivateKey: key}))
	socket := s.path("agent")
	listener, err := net.Listen("unix", socket)
	must(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = agent.ServeAgent(ring, conn)
			_ = conn.Close()
		}
	}()
	o := s.options
	o.Key, o.Agent = "", socket
	runs(t, o, "op/agent")
	t.Setenv("SSH_AUTH_SOCK", socket)
	o.Agent = ""
	runs(t, o, "op/environment")
	must(t, ring.RemoveAll())
	fails(t, o, deploy.Refused, "does not let")
	must(t, listener.Close())
	<-ended
	fails(t, o, deploy.Refused, "agent cannot be reached")
}

func TestOptionsSayEverythingThatIsWrong(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	err := sshrun.Options{Port: 70000}.Check()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"ssh user", "70000", "known_hosts", "SSH_AUTH_SOCK"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
	fails(t, sshrun.Options{User: "deploy"}, deploy.Refused, "known_hosts")
	j := job()
	j.Address = ""
	_, err = to(sshrun.Options{User: "deploy", KnownHosts: "x", Key: "y"}).Send(t.Context(), j, time.Time{})
	if err == nil || !strings.Contains(err.Error(), "no address") {
		t.Errorf("got %v", err)
	}
	failing := func(service, environment string) (sshrun.Options, error) {
		return sshrun.Options{}, fmt.Errorf("no %s in %s", service, environment)
	}
	j.Service, j.Environment = "web", "production"
	if _, err = sshrun.New(failing, poll).Send(t.Context(), j, time.Time{}); err == nil || !strings.Contains(err.Error(), "no web in production") {
		t.Errorf("got %v", err)
	}
}

func TestAHostThatDoesNotAnswerHasRunNothing(t *testing.T) {
	s := serve(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	silent := s.options
	silent.Port, silent.Connect = listener.Addr().(*net.TCPAddr).Port, 300*time.Millisecond
	s.knownHosts(t, strings.ReplaceAll(s.line(t, "host.pub"), fmt.Sprint(s.port), fmt.Sprint(silent.Port)))
	fails(t, silent, deploy.Throttled, "does not answer")
	must(t, listener.Close())
	fails(t, silent, deploy.Throttled, "cannot be reached")
	silent.Dial = func(context.Context, string, string) (net.Conn, error) {
		a, b := net.Pipe()
		return a, b.Close()
	}
	fails(t, silent, deploy.Throttled, "ended the connection")
}
