package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"junban/cmd/internal/app"
)

type doctorCmd struct {
	file
	Service     string `arg:"" optional:"" help:"As in deploy.yaml; all of them if none is named."`
	Environment string `name:"to" help:"Only this environment."`
	JSON        bool   `name:"json" help:"As JSON."`
}

// Run prints what was found. Slack is asked only if its tokens are in the environment.
func (d *doctorCmd) Run(ctx context.Context, o output) error {
	all, err := app.Examine(ctx, app.Options{
		Config: d.Config, BotToken: o.env("SLACK_BOT_TOKEN"), AppToken: o.env("SLACK_APP_TOKEN"), SlackAPI: o.env("SLACK_API_URL"),
		Log: slog.New(slog.NewTextHandler(o.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}, d.Service, d.Environment)
	if err != nil {
		return err
	}
	var blocked []string
	for n, e := range all {
		if e.Blocked {
			blocked = append(blocked, e.Name())
		}
		if d.JSON {
			continue
		}
		if n > 0 {
			fmt.Fprintln(o.stdout)
		}
		fmt.Fprint(o.stdout, e.Text())
	}
	if d.JSON {
		if err := o.json(all); err != nil {
			return err
		}
	}
	if len(blocked) > 0 {
		return fmt.Errorf("a deploy of %s is blocked", strings.Join(blocked, ", "))
	}
	return nil
}
