package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"junban/cmd/internal/app"
)

// botMark in the environment makes this binary the bot. The rest of its environment is what the real bot reads.
const (
	botMark   = "JUNBAN_DEMO_BOT"
	botConfig = "JUNBAN_DEMO_CONFIG"
)

func isBot() bool { return os.Getenv(botMark) != "" }

// botMain is the child process: the bot, exactly as cmd/bot runs it, until SIGTERM or until the demo is gone.
func botMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	wait := withParent(leave)
	defer wait()

	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := runBot(ctx, log); err != nil {
		log.Error("the bot ended", "err", err)
		return 1
	}
	return 0
}

func runBot(ctx context.Context, log *slog.Logger) error {
	a, err := app.New(ctx, app.Options{
		Config:   os.Getenv(botConfig),
		BotToken: os.Getenv("SLACK_BOT_TOKEN"), AppToken: os.Getenv("SLACK_APP_TOKEN"), SlackAPI: os.Getenv("SLACK_API_URL"),
		Log: log,
	})
	if err != nil {
		return fmt.Errorf("starting: %w", err)
	}
	return a.Run(ctx)
}

// withParent calls gone when standard input ends, which it does when the demo has died without a word. The function
// that it returns ends the watch.
func withParent(gone func()) (stop func()) {
	// Made non-blocking, so that Close ends the Read.
	if err := syscall.SetNonblock(0, true); err != nil {
		return func() {}
	}
	pipe := os.NewFile(0, "the demo")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 1); ; {
			if _, err := pipe.Read(buf); err != nil {
				gone()
				return
			}
		}
	}()
	return func() {
		_ = pipe.Close()
		<-done
	}
}

// botEnv is the child's environment: nothing of the caller's Slack or AWS reaches it, and it reaches nothing but the
// simulators.
func botEnv(config string, d doors) []string {
	var env []string
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "SLACK_") && !strings.HasPrefix(name, "JUNBAN_") {
			env = append(env, e)
		}
	}
	return append(env,
		botMark+"=1", botConfig+"="+config,
		"SLACK_BOT_TOKEN="+botToken, "SLACK_APP_TOKEN="+appToken, "SLACK_API_URL="+urlOf(d.slack)+"/api/",
		"AWS_ENDPOINT_URL="+urlOf(d.aws), "AWS_REGION="+region, "AWS_ACCESS_KEY_ID=demo", "AWS_SECRET_ACCESS_KEY=demo",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
	)
}
