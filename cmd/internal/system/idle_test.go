package system

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"junban/deploy/awssim/world"
)

// drainedFor is how long an instance had been out when its command began, as AWS saw it.
func (st *stage) drainedFor(n int, mark world.Mark) time.Duration {
	st.t.Helper()
	var out time.Time
	for _, e := range st.w.LogSince(mark) {
		switch {
		case e.Kind == world.KindDeregister && e.Pair.ID == st.ids[n]:
			out = e.At
		case e.Kind == world.KindCommand && e.Instance == st.ids[n] && strings.HasSuffix(e.Comment, "/command"):
			return e.At.Sub(out)
		}
	}
	st.t.Fatalf("no command ran on %s\n%s", st.ids[n], st.transcript())
	return 0
}

// touch makes an empty file in an instance's folder.
func (st *stage) touch(n int, name string) {
	st.t.Helper()
	if err := os.WriteFile(filepath.Join(st.dir, st.ids[n], name), nil, 0o600); err != nil {
		st.t.Fatal(err)
	}
}

func TestWithUntilIdleAnInstanceIsDeployedToWhenItsIdleCommandSaysSo(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{delay: 80 * time.Second, service: `    rolling: {drain: {until: idle, settle: 1s, idle_command: "until test -e idle; do sleep 0.1; done"}}
`})
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.await("the first instance is asked when it is idle", func() bool { return st.w.Commands(st.ids[0], mark) == 1 })
	for n := range st.ids[1:] {
		st.touch(n+1, "idle")
	}
	if ran := st.ran(0); len(ran) > 0 {
		t.Errorf("it was deployed to before it was idle: %v", ran)
	}
	st.touch(0, "idle")
	st.shows(ts, "Succeeded")
	st.safe(mark)
	for n := range st.ids {
		if took := st.drainedFor(n, mark); took > 40*time.Second {
			t.Errorf("%s was out for %v before its command: the delay of 80 s was waited for", st.ids[n], took)
		}
	}
	if n := st.serving(); n != 3 {
		t.Errorf("%d serve", n)
	}
	if said := st.thread(ts); !strings.Contains(said, "in service → idle in ") || !strings.Contains(said, "is the wait until its connections are idle") {
		t.Errorf("the thread does not tell that it waited for idle connections:\n%s", said)
	}
}

func TestWhereIdleCannotBeSeenTheDelayIsWaitedOut(t *testing.T) {
	t.Parallel()
	const delay = 5 * time.Second
	st := newStage(t, setup{delay: delay, instances: 2, service: "    rolling: {drain: {until: idle, settle: 0s}}\n"}) // nothing listens on the targets' port
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	st.safe(mark)
	for n := range st.ids {
		if took := st.drainedFor(n, mark); took < delay {
			t.Errorf("%s was deployed to after %v of a delay of %v", st.ids[n], took, delay)
		}
	}
	for _, says := range []string{"It cannot be seen when its connections are idle (", "so the deregistration delay is waited out", "in service → drained in 5"} {
		if said := st.thread(ts); !strings.Contains(said, says) || strings.Contains(said, "→ idle") {
			t.Errorf("the thread does not say that it took the whole delay, and why:\n%s", said)
		}
	}
}

// A real server with a kept-alive connection, as the load balancer keeps them: a request that waits for its answer holds
// the drain up, and the connection alone does not.
func TestARequestInFlightHoldsTheDrainAndAKeptAliveConnectionDoesNot(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ss"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ss is missing (iproute2)")
		}
		t.Skip("ss is missing (iproute2)")
	}
	if os.Getuid() != 0 {
		t.Skip("the probe needs root to see the packet filter")
	}
	st := newStage(t, setup{instances: 2, delay: 80 * time.Second, service: "    rolling: {drain: {until: idle, settle: 0s}}\n"})
	answer := make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-answer
		}
		_, _ = io.WriteString(w, "hello")
	}))
	t.Cleanup(backend.Close)
	st.joinsAt(backend.Listener.Addr().(*net.TCPAddr).Port)
	client := backend.Client()
	ask := func(path string) error {
		resp, err := client.Get(backend.URL + path)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	if err := ask("/"); err != nil {
		t.Fatal(err)
	}
	slow := make(chan error, 1)
	go func() { slow <- ask("/slow") }()
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42 on web-3")
	st.clicks(lead, ts, "Approve")
	probed := func() int { return st.w.Commands(st.ids[2], mark) }
	st.await("its host is asked", func() bool { return probed() == 1 })
	answered := time.Now()
	close(answer)
	if err := <-slow; err != nil {
		t.Fatal(err)
	}
	st.shows(ts, "Succeeded")
	for _, e := range st.w.LogSince(mark) {
		if e.Kind == world.KindCommand && strings.HasSuffix(e.Comment, "/command") {
			if after := e.At.Sub(answered); after < 10*time.Second {
				t.Errorf("its command began %v after the last answer, not at least 10 s", after)
			}
		}
	}
	if took := st.drainedFor(2, mark); took > 60*time.Second {
		t.Errorf("it was out for %v before its command: the kept-alive connection held it", took)
	}
	if strings.Contains(st.thread(ts), "cannot be seen") {
		t.Errorf("the probe could not tell:\n%s", st.thread(ts))
	}
}

// joinsAt adds one more instance, healthy, whose target is on a port.
func (st *stage) joinsAt(port int) {
	st.t.Helper()
	n := len(st.ids) + 1
	id := fmt.Sprintf("i-%017d", n)
	st.instance(id, fmt.Sprintf("web-%d", n))
	st.ids = append(st.ids, id)
	pair := world.Pair{ID: id, Port: port}
	if err := st.w.Register(st.group, []world.Pair{pair}); err != nil {
		st.t.Fatal(err)
	}
	st.w.Checked(st.group, pair, true, "")
}
