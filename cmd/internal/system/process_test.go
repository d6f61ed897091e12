package system

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "junban/cmd/internal/app" // the bot is built by go build: so that a change in it makes these tests run again
	"junban/deploy/awssim"
)

// binary is the real program, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "jbin")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "junban")
	args := append(append([]string{"build"}, raceFlags...), "-o", path, "junban/cmd/bot")
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// TestMain lets many tests run at once: they wait for drains and health checks, not for the processor.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// process is the bot as a process of its own.
type process struct {
	t   testing.TB
	cmd *exec.Cmd
	log *bytes.Buffer
	end chan struct{}
}

// start runs the real binary.
func (st *stage) start(args ...string) *process {
	st.t.Helper()
	path, err := binary()
	if err != nil {
		st.t.Fatal(err)
	}
	p := &process{t: st.t, cmd: exec.Command(path, append(args, "--config", st.config())...), log: &bytes.Buffer{}, end: make(chan struct{})}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	for k, v := range st.env() {
		p.cmd.Env = append(p.cmd.Env, k+"="+v)
	}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		st.t.Fatal(err)
	}
	go func() { defer close(p.end); _ = p.cmd.Wait() }()
	st.t.Cleanup(func() {
		p.kill()
		if strings.Contains(p.log.String(), "DATA RACE") {
			st.t.Errorf("a data race:\n%s", p.log)
		}
		if st.t.Failed() {
			st.t.Logf("the bot's log:\n%s", p.log)
		}
		for _, secret := range []string{"xoxb-test-token", "xapp-test-token"} {
			if strings.Contains(p.log.String(), secret) {
				st.t.Errorf("a token is in the log")
			}
		}
	})
	return p
}

// bot starts the bot and waits until Slack reaches it.
func (st *stage) bot() *process {
	st.t.Helper()
	p := st.start("run")
	st.connected()
	return p
}

// kill is kill -9, and waits until the process has gone.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.end
}

// code waits for the process to end by itself.
func (p *process) code() int {
	p.t.Helper()
	select {
	case <-p.end:
	case <-time.After(2 * time.Minute):
		p.kill() // its log is read only when nobody writes it any more
		p.t.Fatalf("it does not end:\n%s", p.log)
	}
	return p.cmd.ProcessState.ExitCode()
}

// moment is where the bot is killed: the nth call of an action on AWS, as it arrives or when it has been done.
type moment struct {
	action string
	nth    int
	done   bool
}

var moments = []moment{
	{"DescribeTargetHealth", 3, false},
	{"DeregisterTargets", 1, false},
	{"DeregisterTargets", 1, true},
	{"DeregisterTargets", 2, true},
	{"SendCommand", 1, false},
	{"SendCommand", 1, true},
	{"SendCommand", 4, true},
	{"GetCommandInvocation", 2, true},
	{"RegisterTargets", 1, false},
	{"RegisterTargets", 2, true},
}

// TestKilledAtTenMomentsItGoesOnWhereItWas: every command runs once, and never fewer than all but one are healthy.
func TestKilledAtTenMomentsItGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	if _, err := binary(); err != nil {
		t.Fatal(err)
	}
	for _, m := range moments {
		t.Run(fmt.Sprintf("%s %d done=%t", m.action, m.nth, m.done), func(t *testing.T) {
			t.Parallel()
			st := newStage(t, setup{})
			bot := st.start("run")
			st.connected()
			mark := st.w.Mark()
			ts := st.asks(dev, "web v42")
			var once sync.Once
			var mu sync.Mutex
			seen := 0
			st.aws.OnCall(func(c awssim.Call) {
				mu.Lock()
				if c.Action == m.action && c.Done == m.done {
					seen++
				}
				hit := seen == m.nth
				mu.Unlock()
				if hit {
					once.Do(bot.kill)
				}
			})
			st.clicks(lead, ts, "Approve")
			st.await("the bot is killed", func() bool {
				select {
				case <-bot.end:
					return true
				default:
					return false
				}
			})
			st.start("run")
			st.shows(ts, "Succeeded")
			st.safe(mark)
			for n := range st.ids {
				if ran := st.ran(n); len(ran) != 1 {
					t.Errorf("instance %d ran %d commands: %v", n, len(ran), ran)
				}
			}
			if got := strings.Count(st.transcript(), "Deploy web v42: succeeded"); got < 1 {
				t.Errorf("the same card does not tell the end:\n%s", st.transcript())
			}
			if len(st.parents()) != 1 {
				t.Errorf("%d messages in the channel, not one:\n%s", len(st.parents()), st.transcript())
			}
		})
	}
}

func TestASecondBotOnOneStoreSaysWhyAndEnds(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.start("run")
	st.connected()
	second := st.start("run")
	if code := second.code(); code != 1 || !strings.Contains(second.log.String(), "another junban") {
		t.Fatalf("exit code %d:\n%s", code, second.log)
	}
}
