package app

import (
	"context"
	"fmt"
	"strings"

	"junban/bot"
	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/engine"
)

// watched is a desk that takes no orders while the configuration says `mode: observe`, whichever way they come.
type watched struct {
	bot.Desk
	config func() *config.Config
}

// Request is bot.Desk.
func (w *watched) Request(ctx context.Context, id deploy.ID, ask deploy.Ask, by string) (deploy.Operation, error) {
	if err := observes(w.config()); err != nil {
		return deploy.Operation{}, err
	}
	return w.Desk.Request(ctx, id, ask, by)
}

// Act is bot.Desk.
func (w *watched) Act(ctx context.Context, id deploy.ID, a deploy.Act) (deploy.Operation, error) {
	if err := observes(w.config()); err != nil {
		return deploy.Operation{}, err
	}
	return w.Desk.Act(ctx, id, a)
}

// observes says that the configuration lets nothing be asked for, if it does.
func observes(c *config.Config) error {
	if !c.Observe {
		return nil
	}
	var lines []string
	for _, can := range []string{"status", "plan SERVICE REF", "doctor", "history"} {
		lines = append(lines, c.Slack.Command+" "+can)
	}
	return &engine.Mistake{
		What:   deploy.Because("mistake.observes"),
		Accept: strings.Join(lines, "\n"),
	}
}

// atRest refuses to observe while operations have not finished: they would go on, and nobody could decide or stop them.
func atRest(ctx context.Context, c *config.Config, j interface {
	Unfinished(ctx context.Context) ([]deploy.Row, error)
}) error {
	if !c.Observe {
		return nil
	}
	rows, err := j.Unfinished(ctx)
	if err != nil {
		return fmt.Errorf("looking for operations that have not finished, before only observing: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	var ids []string
	for _, r := range rows {
		ids = append(ids, string(r.Op))
	}
	return fmt.Errorf("deploy.yaml says mode: observe, and %s has not finished: with mode: operate, let it end, or abort or withdraw it", strings.Join(ids, ", "))
}
