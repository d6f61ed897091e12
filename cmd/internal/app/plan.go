package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"

	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/engine"
)

// Plan makes the plan of a deploy, from AWS as it is now and from what the bot holds. It touches nothing, and needs no
// Slack.
func Plan(ctx context.Context, path string, want deploy.Ask, log *slog.Logger) (deploy.Plan, error) {
	c, err := config.Load(path)
	if err != nil {
		return deploy.Plan{}, err
	}
	cfg, err := awsFor(ctx, c)
	if err != nil {
		return deploy.Plan{}, err
	}
	var known memory
	if err := known.read(ctx, path); err != nil {
		return deploy.Plan{}, err
	}
	b := book{c, "junban plan"}
	places := newPlaces(cfg, accountsOf(c), b.Reach)
	doctor := newExaminer(b, places.cloud, func(ctx context.Context) (Status, error) {
		s, err := ReadStatus(ctx, path)
		if errors.Is(err, fs.ErrNotExist) {
			return s, nil // nothing was ever done here
		}
		return s, err
	})
	e := engine.New(engine.Options{
		Journal: known, Cloud: places.cloud, Runner: places.runner, Doctor: doctor, Directory: nobody{},
		Historian: newHistorian(func() *config.Config { return c }),
		Book:      b, Sink: &relay{}, Log: log,
	})
	return e.Plan(ctx, want)
}

// memory is what a dry run knows of the journal: enough to plan, and nothing to write to.
type memory struct {
	engine.Journal // nil: a dry run calls nothing else
	rows           []deploy.Row
	locks          []deploy.Lock
}

func (m *memory) read(ctx context.Context, path string) error {
	_, err := read(ctx, path, "/history", &m.rows, func(j journal, _ *config.Config) (err error) {
		m.rows, err = j.Recent(ctx, "", historyLimit)
		return err
	})
	if err == nil {
		_, err = read(ctx, path, "/locks", &m.locks, func(j journal, _ *config.Config) (err error) {
			m.locks, err = j.Locks(ctx)
			return err
		})
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was ever done here
	}
	return err
}

func (m memory) Recent(_ context.Context, service string, _ int) ([]deploy.Row, error) {
	var out []deploy.Row
	for _, r := range m.rows {
		if service == "" || r.Service == service {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m memory) Locks(context.Context) ([]deploy.Lock, error) { return m.locks, nil }
