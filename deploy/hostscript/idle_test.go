package hostscript

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// prober runs idle probes with a shell. Its ss counts its calls.
type prober struct {
	t          *testing.T
	dir, shell string
}

func newProber(t *testing.T, shell string) *prober {
	p := &prober{t: t, dir: t.TempDir(), shell: filepath.Base(shell)}
	must(t, os.Mkdir(p.path("bin"), 0o755))
	must(t, os.Symlink(shell, p.path("bin/sh")))
	return p
}

func (p *prober) path(name string) string { return filepath.Join(p.dir, name) }

// tool puts a program before the host's own.
func (p *prober) tool(name, script string) {
	must(p.t, os.WriteFile(p.path("bin/"+name), []byte("#!/bin/sh\n"+script), 0o755))
}

// needSS skips where ss is missing, and counts its looks at connections.
func (p *prober) needSS() {
	ss, err := exec.LookPath("ss")
	if err != nil {
		if os.Getenv("CI") == "true" {
			p.t.Fatal("ss is missing (iproute2)")
		}
		p.t.Skip("ss is missing (iproute2)")
	}
	p.noFilter()
	p.tool("ss", fmt.Sprintf("case $1 in -tnai) echo >>'%s' ;; esac\nexec %s \"$@\"\n", p.path("looks"), ss))
}

func (p *prober) looks() int {
	text, _ := os.ReadFile(p.path("looks"))
	return bytes.Count(text, []byte("\n"))
}

type probe struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan struct{}
}

func (p *prober) start(script string) *probe {
	p.t.Helper()
	a := &probe{cmd: exec.Command(p.path("bin/sh"), "-c", script), done: make(chan struct{})}
	a.cmd.Env = append(os.Environ(), "PATH="+p.path("bin")+":"+os.Getenv("PATH"))
	a.cmd.Stdout, a.cmd.Stderr = &a.out, &a.out
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(p.t, a.cmd.Start())
	go func() { _ = a.cmd.Wait(); close(a.done) }()
	p.t.Cleanup(func() { _ = syscall.Kill(-a.cmd.Process.Pid, syscall.SIGKILL); <-a.done })
	return a
}

// ends waits for the probe's exit code and what it said.
func (p *prober) ends(a *probe) (int, string) {
	p.t.Helper()
	select {
	case <-a.done:
	case <-time.After(time.Minute):
		p.t.Fatalf("it still waits: %s", a.out.String())
	}
	return a.cmd.ProcessState.ExitCode(), a.out.String()
}

func (p *prober) wantIdle(a *probe) {
	p.t.Helper()
	if code, said := p.ends(a); code != 0 || said != "" {
		p.t.Errorf("exit %d, %q; want idle", code, said)
	}
}

// staysBusy waits for some more looks, none of which may end the probe.
func (p *prober) staysBusy(a *probe, more int) {
	p.t.Helper()
	from := p.looks()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for p.looks() < from+more {
		select {
		case <-tick.C:
		case <-a.done:
			p.t.Fatalf("exit %d %q while a request is in flight", a.cmd.ProcessState.ExitCode(), a.out.String())
		}
	}
}

func (p *prober) wantInvalid(script, why string) {
	p.t.Helper()
	code, said := p.ends(p.start(script))
	if code != IdleInvalid || !strings.Contains(said, why) || strings.Count(said, "\n") != 1 {
		p.t.Errorf("exit %d, %q; want %d and one line with %q", code, said, IdleInvalid, why)
	}
}

// lines is a server of lines: it reads one, waits until the answer is allowed, and answers.
type lines struct {
	net.Listener
	t *testing.T
	// answer says what a line gets, when it is time; "" leaves it unread for ever.
	answer func(line string) string
}

func serveLines(t *testing.T, network string, answer func(string) string) *lines {
	listener, err := net.Listen(network, map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0", "tcp": ":0"}[network])
	must(t, err)
	s := &lines{listener, t, answer}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go func() {
				in := bufio.NewReader(conn)
				for {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					_, _ = io.WriteString(conn, s.answer(line))
				}
			}()
		}
	}()
	return s
}

func (s *lines) port() int { return s.Addr().(*net.TCPAddr).Port }

func (s *lines) connect() *client {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	must(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	must(s.t, conn.(*net.TCPConn).SetKeepAlive(false))
	return &client{conn, bufio.NewReader(conn), s.t}
}

type client struct {
	net.Conn
	in *bufio.Reader
	t  *testing.T
}

func (c *client) ask(line string) { _, err := io.WriteString(c, line+"\n"); must(c.t, err) }

func (c *client) hear() string {
	c.t.Helper()
	line, err := c.in.ReadString('\n')
	must(c.t, err)
	return line
}

const quiet = time.Second

func eachProber(t *testing.T, test func(t *testing.T, p *prober)) {
	t.Parallel()
	for name, path := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProber(t, path)
			p.needSS()
			test(t, p)
		})
	}
}

func TestKeptAliveConnectionsAreIdleAndARequestInFlightIsNot(t *testing.T) {
	eachProber(t, func(t *testing.T, p *prober) {
		networks := []string{"tcp4"}
		if p.shell == "dash" {
			networks = []string{"tcp"} // which listens for both families
			if listener, err := net.Listen("tcp6", "[::1]:0"); err == nil {
				_ = listener.Close()
				networks = append(networks, "tcp6")
			}
		}
		for _, network := range networks {
			release := make(chan struct{})
			s := serveLines(t, network, func(line string) string {
				if line == "long\n" {
					<-release
				}
				return "answer\n"
			})
			script := idleScript([]int{s.port()}, quiet, 1)
			p.wantIdle(p.start(script)) // nobody is there
			for range 3 {
				kept := s.connect()
				for range 20 { // past the first, whose acknowledgements are not delayed
					kept.ask("quick")
					kept.hear()
				}
			}
			s.connect() // and never asks
			p.wantIdle(p.start(script))
			long := s.connect()
			long.ask("long")
			a := p.start(script)
			p.staysBusy(a, 5)
			close(release)
			long.hear()
			p.wantIdle(a)
		}
	})
}

func TestWhatIsNotReadIsInFlight(t *testing.T) {
	t.Parallel()
	p := newProber(t, anyShellPath(t))
	p.needSS()
	s, err := net.Listen("tcp", "127.0.0.1:0") // which accepts nothing
	must(t, err)
	defer s.Close()
	conn, err := net.Dial("tcp", s.Addr().String())
	must(t, err)
	_, err = io.WriteString(conn, "hello\n")
	must(t, err)
	a := p.start(idleScript([]int{s.Addr().(*net.TCPAddr).Port}, quiet, 1))
	p.staysBusy(a, 5)
	must(t, conn.Close())
	served, err := s.Accept()
	must(t, err)
	_ = served.Close()
	p.wantIdle(a)
}

func TestARequestOnTheHeelsOfAnAnswerIsInFlight(t *testing.T) {
	t.Parallel()
	// Within one tick of the kernel's clock: only the missing acknowledgement tells it from an answer.
	p := newProber(t, anyShellPath(t))
	p.needSS()
	release := make(chan struct{})
	s := serveLines(t, "tcp4", func(line string) string {
		if line == "long\n" {
			<-release
		}
		return "answer\n"
	})
	var waiting []*client
	for range 40 {
		c := s.connect()
		for range 20 {
			c.ask("quick")
			c.hear()
		}
		c.ask("quick")
		c.hear()
		c.ask("long")
		waiting = append(waiting, c)
	}
	// They are let go one after another, so that each of them has to keep the probe waiting.
	a := p.start(idleScript([]int{s.port()}, quiet, 1))
	p.staysBusy(a, 6)
	for _, c := range waiting[1:] {
		_ = c.Close()
	}
	p.staysBusy(a, 6)
	close(release)
	waiting[0].hear()
	p.wantIdle(a)
}

func TestSeveralPorts(t *testing.T) {
	t.Parallel()
	p := newProber(t, anyShellPath(t))
	p.needSS()
	release := make(chan struct{})
	a := serveLines(t, "tcp4", func(string) string { return "answer\n" })
	b := serveLines(t, "tcp4", func(string) string { <-release; return "answer\n" })
	c := b.connect()
	c.ask("long")
	both := p.start(idleScript([]int{a.port(), b.port()}, quiet, 1))
	p.wantIdle(p.start(idleScript([]int{a.port()}, quiet, 1)))
	p.staysBusy(both, 5)
	close(release)
	p.wantIdle(both)
	must(t, b.Close())
	p.wantInvalid(idleScript([]int{a.port(), b.port()}, quiet, 1), fmt.Sprintf("nothing is seen to listen on port %d", b.port()))
	p.wantInvalid(IdleScript(nil), "no port was named")
}

func anyShellPath(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("sh")
	must(t, err)
	return path
}

func TestTheProbeGoesThroughTheGuard(t *testing.T) {
	t.Parallel()
	h := anyShell(t)
	(&prober{t: t, dir: h.dir}).needSS()
	s := serveLines(t, "tcp4", func(string) string { return "answer\n" })
	want(t, h.run(Job{Script: IdleScript([]int{s.port()}), Read: true, Timeout: time.Minute}), Exited, 0)
	must(t, s.Close())
	r := h.run(Job{Token: "again", Script: IdleScript([]int{s.port()}), Read: true, Timeout: time.Minute})
	want(t, r, Exited, IdleInvalid)
	if !strings.HasPrefix(r.Output, "the idle probe cannot tell: nothing is seen") {
		t.Errorf("output %q", r.Output)
	}
}
