package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"junban/bot/slacksim"
)

// options is what a demo is made of.
type options struct {
	flags
	doors    doors
	out, err io.Writer
	bot      func(config string) (*exec.Cmd, error) // default: this binary again; tests hand in another
	least    int64                                  // requests that an unattended run counts at least; default leastRequests
}

// demo is the whole world. It lives in one temporary folder.
type demo struct {
	options
	dir   string
	fleet *fleet
	chat  *slacksim.Workspace
	keep  *keeper
	live  *live
}

// newDemo lays everything out. Nothing runs yet; run removes the folder.
func newDemo(o options) (*demo, error) {
	if o.least == 0 {
		o.least = leastRequests
	}
	dir, err := os.MkdirTemp("", "junban-demo-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the demo: %w", err)
	}
	d := &demo{options: o, dir: dir, chat: newWorkspace()}
	if err := d.furnish(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return d, nil
}

func (d *demo) furnish() error {
	var err error
	if d.fleet, err = newFleet(d.flags, filepath.Join(d.dir, "instances"), urlOf(d.doors.service)); err != nil {
		return err
	}
	config, err := writeConfig(filepath.Join(d.dir, "bot"), d.Language, d.minHealthy())
	if err != nil {
		return err
	}
	if d.bot == nil {
		d.bot = d.itself
	}
	d.keep = &keeper{
		command:   func() (*exec.Cmd, error) { return d.bot(config) },
		connected: func() bool { return d.chat.Connections() > 0 },
		log:       filepath.Join(d.dir, "bot", "bot.log"), err: d.err, pause: restartAfter, patience: endWithin,
	}
	d.live = newLive(picture{flags: d.flags, fleet: d.fleet, bot: d.keep.state})
	return nil
}

// itself is this binary as the bot.
func (d *demo) itself(config string) (*exec.Cmd, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the demo's own binary: %w", err)
	}
	cmd := exec.Command(path) //nolint:noctx // the keeper ends it, in its own way
	cmd.Env, cmd.Dir = botEnv(config, d.doors), filepath.Dir(config)
	return cmd, nil
}

// run switches everything on, plays, and ends everything in the opposite order, whatever became of it.
func (d *demo) run(ctx context.Context, play func(context.Context) error) error {
	c := newCrew(ctx)
	err := d.start(c) //nolint:contextcheck // the crew's context is made of this one
	if err == nil {
		err = play(c.ctx) //nolint:contextcheck // it ends too when one of the crew fails
	}
	failed := c.stop()
	if failed != nil && errors.Is(err, context.Canceled) {
		err = nil // the failure is why
	}
	return errors.Join(failed, err, d.doors.close(), d.remove())
}

func (d *demo) start(c *crew) error {
	startSlack(c, d.chat, d.doors)
	if err := d.fleet.start(c, d.doors); err != nil {
		return err
	}
	d.fleet.visit(c)
	c.start("the bot", d.keep.run)
	c.start("the picture", d.live.run)
	c.start("the page", func(ctx context.Context) error {
		return serve(ctx, d.doors.http, routes(d.live, d.fleet, d.keep, d.chat))
	})
	return nil
}

// remove removes the demo's folder. A script that a killed command has left behind may still write there for a moment.
func (d *demo) remove() error {
	var err error
	for range 20 {
		if err = os.RemoveAll(d.dir); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("removing the demo's folder: %w", err)
}
