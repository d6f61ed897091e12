package localrun_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"junban/deploy"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
	"junban/deploy/localrun"
)

// asBot in the environment makes this test binary a bot that sends one job and then lives until it is killed.
const asBot = "LOCALRUN_TEST_BOT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asBot); dir != "" {
		beBot(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func options(dir string) localrun.Options {
	return localrun.Options{State: filepath.Join(dir, "state"), Poll: 20 * time.Millisecond}
}

func TestRunner(t *testing.T) {
	for _, instance := range []string{"i-0abc", ""} { // an instance's job, and the bot's own
		t.Run("of "+instance, func(t *testing.T) {
			deploytest.RunnerSuite(t, func(t *testing.T) deploytest.RunnerHost {
				o := options(t.TempDir())
				return deploytest.RunnerHost{
					Runner: func() engine.Runner { return localrun.New(o) },
					Job:    deploy.Job{Via: "local", Instance: instance},
					Dir:    t.TempDir(),
				}
			})
		})
	}
}

func longJob(dir string) deploy.Job {
	return deploy.Job{
		Token: "op/i-1/1/command", Instance: "i-1", Directory: dir, Timeout: time.Minute,
		Script: "echo ran >>ran; until [ -e gate ] || [ ! -d . ]; do sleep 0.05; done; echo done; exit 7",
	}
}

func beBot(dir string) {
	r := localrun.New(options(dir))
	if _, err := r.Send(context.Background(), longJob(dir), time.Time{}); err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		return
	}
	os.Stdout.WriteString("sent\n")
	_, _ = r.Wait(context.Background(), longJob(dir), "")
}

func TestAJobOutlivesAKilledBot(t *testing.T) {
	dir := t.TempDir()
	bot := exec.Command(os.Args[0])
	bot.Env = append(os.Environ(), asBot+"="+dir)
	bot.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := bot.StdoutPipe()
	must(t, err)
	must(t, bot.Start())
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "sent\n" {
		t.Fatalf("the bot says %q", line)
	}
	must(t, syscall.Kill(-bot.Process.Pid, syscall.SIGKILL)) // with all of its process group
	_ = bot.Wait()

	r := localrun.New(options(dir))
	id, err := r.Find(t.Context(), longJob(dir), time.Now())
	must(t, err)
	if id == "" {
		t.Fatal("the next bot does not find it")
	}
	must(t, os.WriteFile(filepath.Join(dir, "gate"), nil, 0o644))
	got, err := r.Wait(t.Context(), longJob(dir), id)
	must(t, err)
	if got.State != deploy.ReportExited || got.Exit != 7 || got.Output != "done\n" {
		t.Errorf("got %+v", got)
	}
	if ran, _ := os.ReadFile(filepath.Join(dir, "ran")); string(ran) != "ran\n" {
		t.Errorf("it ran: %q", ran)
	}
}

func TestSeveralInstancesSideBySide(t *testing.T) {
	dir := t.TempDir()
	r := localrun.New(options(dir))
	var jobs []deploy.Job
	for _, instance := range []string{"i-1", "i-2", ""} {
		j := longJob(dir)
		j.Instance, j.Token = instance, "op/"+instance+"/1/command"
		_, err := r.Send(t.Context(), j, time.Time{})
		must(t, err)
		jobs = append(jobs, j)
	}
	must(t, os.WriteFile(filepath.Join(dir, "gate"), nil, 0o644))
	for _, j := range jobs {
		got, err := r.Wait(t.Context(), j, j.Token)
		must(t, err)
		if got.Exit != 7 {
			t.Errorf("%s: %+v", j.Instance, got)
		}
	}
	for _, record := range []string{"i-1", "i-2", "bot"} {
		if _, err := os.Stat(filepath.Join(dir, "state", record, "log")); err != nil {
			t.Error(err)
		}
	}
}

func TestAJobDoesNotSeeTheBotsTokens(t *testing.T) {
	got := localrun.Environment([]string{"PATH=/bin", "SLACK_BOT_TOKEN=xoxb-1", "SLACK_APP_TOKEN=xapp-1", "NOTIFY_SOCKET=/run/x", "AWS_REGION=r", "LISTEN_FDS=1"})
	if want := []string{"PATH=/bin", "AWS_REGION=r"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-planted")
	a, err := localrun.Output(t.Context(), localrun.Options{}, localrun.Script{Text: "env"})
	must(t, err)
	if strings.Contains(a.Stdout, "xoxb-planted") {
		t.Error("the token is in the script's environment")
	}
	o := options(t.TempDir())
	r := localrun.New(o)
	j := deploy.Job{Token: "op", Script: "env"}
	id, err := r.Send(t.Context(), j, time.Time{})
	must(t, err)
	report, err := r.Wait(t.Context(), j, id)
	must(t, err)
	if report.Exit != 0 || strings.Contains(report.Output, "xoxb-planted") {
		t.Errorf("exit %d, or the token is in the job's environment", report.Exit)
	}
}

func TestOutput(t *testing.T) {
	dir := t.TempDir()
	o := localrun.Options{Directory: dir, Env: []string{"PATH=" + os.Getenv("PATH"), "A=1"}}
	for name, c := range map[string]struct {
		script localrun.Script
		want   localrun.Answer
	}{
		"an answer":   {localrun.Script{Text: "cat; echo \"$A$REF\"; pwd", Env: []string{"REF=v1 'x'"}}, localrun.Answer{Stdout: "1v1 'x'\n" + dir + "\n"}},
		"a failure":   {localrun.Script{Text: "echo no such ref >&2; exit 2"}, localrun.Answer{Stderr: "no such ref\n", Exit: 2}},
		"a signal":    {localrun.Script{Text: "kill -TERM $$"}, localrun.Answer{Exit: 143}},
		"no program":  {localrun.Script{Text: "no-such-program 2>/dev/null"}, localrun.Answer{Exit: 127}},
		"much output": {localrun.Script{Text: "i=0; while [ $i -lt 9000 ]; do echo 0123456789; i=$((i+1)); done"}, localrun.Answer{Stdout: strings.Repeat("0123456789\n", 9000)[:64<<10], More: 9000 - 5958}},
		"no UTF-8":    {localrun.Script{Text: `printf 'a\377b'`}, localrun.Answer{Stdout: "a\uFFFDb"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := localrun.Output(t.Context(), o, c.script)
			must(t, err)
			if got != c.want {
				t.Errorf("got %.300v, want %.300v", got, c.want)
			}
		})
	}
}

func TestOutputEndsAtItsLimitWithAllThatItStarted(t *testing.T) {
	dir := t.TempDir()
	script := localrun.Script{Text: "sleep 60 & echo $! >child; echo begun; wait", Limit: 500 * time.Millisecond}
	a, err := localrun.Output(t.Context(), localrun.Options{Directory: dir}, script)
	if !errors.Is(err, localrun.ErrLimit) || a.Stdout != "begun\n" {
		t.Errorf("got %q, %v", a.Stdout, err)
	}
	gone(t, dir)

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	script.Limit = time.Minute
	if _, err := localrun.Output(ctx, localrun.Options{Directory: dir}, script); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	gone(t, dir)
	if _, err := localrun.Output(t.Context(), localrun.Options{}, localrun.Script{Text: "x", Shell: "/no/such/shell"}); err == nil {
		t.Error("a shell that is not there ran a script")
	}
}

// gone waits until the child whose pid is in the folder has ended.
func gone(t *testing.T, dir string) {
	t.Helper()
	pid, err := os.ReadFile(filepath.Join(dir, "child"))
	must(t, err)
	tick, over := time.NewTicker(10*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for exec.Command("kill", "-0", strings.TrimSpace(string(pid))).Run() == nil {
		select {
		case <-tick.C:
		case <-over:
			t.Fatal("what the script had started still runs")
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
