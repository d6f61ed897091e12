package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"junban/bot"
	"junban/bot/card"
	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/store"
)

// journal is what status and history read: the engine's own, or the store when no bot runs.
type journal interface {
	Load(ctx context.Context, op deploy.ID) ([]deploy.Event, error)
	Unfinished(ctx context.Context) ([]deploy.Row, error)
	Recent(ctx context.Context, service string, limit int) ([]deploy.Row, error)
	Locks(ctx context.Context) ([]deploy.Lock, error)
	List(ctx context.Context, table string, f func(key string, value []byte) error) error // of the conversation's memory
}

// Status is what runs, waits and is held.
type Status struct {
	Running    bool          `json:"running"` // a bot answered; else the store was read
	Operations []View        `json:"operations"`
	Held       []deploy.Lock `json:"held"`
	Text       string        `json:"text"` // the same as lines to read
}

// View is one operation with its instances.
type View struct {
	deploy.Row
	Instances []Instance `json:"instances"`
}

// Instance is one instance of an operation, as people see it.
type Instance struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Status string `json:"status"`
}

func readStatus(ctx context.Context, j journal, voice card.Voice, zone *time.Location) (Status, error) {
	s := Status{Operations: []View{}, Held: []deploy.Lock{}}
	rows, err := j.Unfinished(ctx)
	if err != nil {
		return s, fmt.Errorf("reading the unfinished operations: %w", err)
	}
	var ops []deploy.Operation
	for _, r := range rows {
		events, err := j.Load(ctx, r.Op)
		if err != nil {
			return s, err
		}
		op, err := deploy.Replay(events)
		if err != nil {
			return s, err
		}
		v := View{Row: r, Instances: []Instance{}}
		for _, l := range op.Lanes {
			v.Instances = append(v.Instances, Instance{ID: l.Name, Name: op.Plan.Preview.Instances[l.Name].Name, Status: l.Status()})
		}
		s.Operations, ops = append(s.Operations, v), append(ops, op)
	}
	locks, err := j.Locks(ctx)
	if err != nil {
		return s, fmt.Errorf("reading the locks: %w", err)
	}
	for _, l := range locks {
		if l.Hold {
			s.Held = append(s.Held, l)
		}
	}
	s.Text = voice.Status(ops, s.Held, zone).Plain()
	return s, nil
}

// ReadStatus asks the running bot of a configuration, or, with none running, reads its store.
func ReadStatus(ctx context.Context, path string) (s Status, err error) {
	_, err = read(ctx, path, "/status", &s, func(j journal, c *config.Config) (err error) {
		s, err = readStatus(ctx, j, voiceOf(c), c.Zone)
		return err
	})
	return s, err
}

// ReadHistory is the same for the last operations, newest first.
func ReadHistory(ctx context.Context, path string) (rows []deploy.Row, text string, err error) {
	rows = []deploy.Row{}
	c, err := read(ctx, path, "/history", &rows, func(j journal, _ *config.Config) (err error) {
		rows, err = j.Recent(ctx, "", historyLimit)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return rows, voiceOf(c).History(rows, c.Zone).Plain(), nil
}

// ReadAudit is the same for what was refused in the chat, newest first.
func ReadAudit(ctx context.Context, path string) (refused []bot.Refused, err error) {
	_, err = read(ctx, path, "/audit", &refused, func(j journal, _ *config.Config) (err error) {
		refused, err = bot.Audit(ctx, j, auditLimit)
		return err
	})
	return refused, err
}

// auditLimit is how many refusals are listed.
const auditLimit = 200

// errNoStore says that no bot has ever run with a configuration.
var errNoStore = fmt.Errorf("its store was never made (%w)", fs.ErrNotExist)

// historyLimit is how many operations history lists.
const historyLimit = 50

// read asks the bot first, and reads the store if nobody answers.
func read(ctx context.Context, path, what string, into any, offline func(journal, *config.Config) error) (*config.Config, error) {
	c, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	if asked, err := ask(ctx, socketPath(c.Store.Bolt), what, into); asked {
		return c, err
	}
	r, err := store.OpenReader(c.Store.Bolt)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no bot is running for %s, and %w: %s; `junban run` makes it", path, errNoStore, c.Store.Bolt)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // it was only read
	return c, offline(r, c)
}
