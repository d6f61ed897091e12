// Demo is the whole world of Junban on one machine: the real bot as a child process, a simulated Slack and AWS, a load
// balancer that carries real HTTP requests to real servers, and a page that shows all of it.
//
// It must never reach anything outside this machine: the bot that it starts sees no credentials and no endpoint but the
// simulators'. Nothing in it is part of the product; it links the bot only to start itself again as the bot.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	if isBot() {
		os.Exit(botMain())
	}
	var f flags
	kong.Parse(&f, kong.Name("demo"), kong.Description(
		"The whole world of Junban on one machine: the bot, a simulated Slack and AWS, and real HTTP traffic."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the demo at once
	if err := run(ctx, f); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		stop()
		os.Exit(1)
	}
	stop()
}

// run plays the demo until ctx is done or, unattended, until its one rollout has ended.
func run(ctx context.Context, f flags) error {
	doors, err := listen(ctx, f)
	if err != nil {
		return err
	}
	o := options{flags: f, doors: doors, out: os.Stdout, err: os.Stderr}
	d, err := newDemo(o)
	if err != nil {
		return errors.Join(err, doors.close())
	}
	if f.Unattended {
		return d.run(ctx, d.unattended)
	}
	return d.run(ctx, d.interactive)
}
