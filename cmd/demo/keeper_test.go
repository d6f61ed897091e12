package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// orphanMark makes the test binary a child that ends when its parent is gone.
const orphanMark = "JUNBAN_DEMO_TEST_ORPHAN"

func orphanMain() int {
	ctx, gone := context.WithCancel(context.Background())
	stop := withParent(gone)
	defer stop()
	os.Stdout.WriteString("up\n")
	<-ctx.Done()
	return 42
}

func TestTheBotEndsWithTheDemo(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), orphanMark+"=1")
	parent, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "up\n" {
		t.Errorf("it said %q, %v", line, err)
	}
	parent.Close() // as the system does for a process that is killed
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 42 {
		t.Errorf("it ended with %d", code)
	}
}

// keep runs a keeper until the test's end.
func keep(t *testing.T, k *keeper) <-chan error {
	t.Helper()
	k.log = filepath.Join(t.TempDir(), "bot.log")
	if k.connected == nil {
		k.connected = func() bool { return true }
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- k.run(ctx); close(over) }()
	t.Cleanup(func() {
		cancel()
		for range over { // whatever is left to be told
		}
		if s := k.state(); s.State != "down" || s.PID != 0 {
			t.Errorf("after the end: %+v", s)
		}
	})
	return over
}

// await polls what nothing announces.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(20 * time.Second); !ok(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("waited in vain until ", what)
		}
	}
}

func TestAKilledBotIsStartedAgain(t *testing.T) {
	t.Parallel()
	var in atomic.Bool
	var told buffer
	k := &keeper{command: func() (*exec.Cmd, error) { return exec.Command("cat"), nil }, connected: in.Load, err: &told}
	if err := k.kill(); err == nil {
		t.Error("a bot that is down was killed")
	}
	keep(t, k)
	await(t, "it starts", func() bool { return k.state().State == "starting" })
	in.Store(true)
	first := k.state()
	if first.State != "running" || first.PID == 0 || first.Restarts != 0 {
		t.Errorf("%+v", first)
	}
	for n := 1; n <= quickDeaths+1; n++ { // killed by us, however often, is not dying by itself
		pid := k.state().PID
		if err := k.kill(); err != nil {
			t.Fatal(err)
		}
		await(t, "it runs again", func() bool {
			s := k.state()
			return s.State == "running" && s.PID != pid && s.Restarts == n
		})
	}
	if told.String() != "" {
		t.Errorf("a kill by us was told as a fault: %s", told.String())
	}
}

func TestABotThatCannotLiveIsGivenUp(t *testing.T) {
	t.Parallel()
	var told buffer
	k := &keeper{command: func() (*exec.Cmd, error) { return exec.Command("sh", "-c", "echo no such thing >&2; exit 3"), nil }, err: &told}
	err := <-keep(t, k)
	if err == nil || !strings.Contains(err.Error(), "3 times") {
		t.Errorf("it ended with %v", err)
	}
	if out := told.String(); strings.Count(out, "exit status 3") != quickDeaths || !strings.Contains(out, "no such thing") {
		t.Errorf("it told: %s", out)
	}
}

func TestABotThatIgnoresTheEndIsKilled(t *testing.T) {
	t.Parallel()
	var told buffer
	k := &keeper{
		command: func() (*exec.Cmd, error) {
			return exec.Command("sh", "-c", "trap '' TERM; echo deaf >&2; exec sleep 600"), nil
		},
		err: &told, patience: 50 * time.Millisecond,
	}
	keep(t, k)
	await(t, "it listens no more", func() bool { return strings.Contains(k.tail(), "deaf") })
}

func TestTheBotSeesOnlyTheSimulators(t *testing.T) {
	for _, name := range []string{"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_SSM", "SLACK_BOT_TOKEN", "JUNBAN_STATE"} {
		t.Setenv(name, "the caller's own")
	}
	d, err := listen(t.Context(), quick(2))
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	env := botEnv("/x/deploy.yaml", d)
	if i := slices.IndexFunc(env, func(e string) bool { return strings.Contains(e, "the caller's own") }); i >= 0 {
		t.Errorf("it sees %s", env[i])
	}
	for _, want := range []string{
		"AWS_ENDPOINT_URL=" + urlOf(d.aws), "SLACK_API_URL=" + urlOf(d.slack) + "/api/", "AWS_EC2_METADATA_DISABLED=true",
		"PATH=" + os.Getenv("PATH"),
	} {
		if !slices.Contains(env, want) {
			t.Errorf("it does not see %s", want)
		}
	}
}

func TestTheCrewEndsInTheOppositeOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended []string
		c := newCrew(t.Context())
		for _, name := range []string{"first", "second", "third"} {
			c.start(name, func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(time.Second) // in fake time
				ended = append(ended, name)
				return nil
			})
		}
		c.start("fourth", func(context.Context) error { return os.ErrClosed })
		<-c.ctx.Done()
		if err := c.stop(); err == nil || err.Error() != "fourth: file already closed" {
			t.Errorf("failed: %v", err)
		}
		if !slices.Equal(ended, []string{"third", "second", "first"}) {
			t.Errorf("ended in the order %v", ended)
		}
	})
}
