package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"junban/cmd/internal/app"
	"junban/cmd/internal/config"
	"junban/deploy"
)

// control are the orders to the running bot, by its control socket.
type control struct {
	Deploy   deployCmd   `cmd:"" group:"orders" help:"Ask for a deploy."`
	Rollback rollbackCmd `cmd:"" group:"orders" help:"Ask for a deploy of the last ref that succeeded, or of an earlier one."`
	Drain    drainCmd    `cmd:"" group:"orders" help:"Ask to take one instance out of service and hold it."`
	Restore  restoreCmd  `cmd:"" group:"orders" help:"Ask to put a held instance back."`
	Lock     lockCmd     `cmd:"" group:"orders" help:"Keep a service from being deployed to."`
	Unlock   unlockCmd   `cmd:"" group:"orders" help:"End that."`
	Pause    pauseCmd    `cmd:"" group:"orders" help:"Let no other instance leave service."`
	Resume   resumeCmd   `cmd:"" group:"orders" help:"End a pause."`
	Abort    abortCmd    `cmd:"" group:"orders" help:"End a rollout in order: put back, or held. A second one cancels the running command."`
	Reload   reloadCmd   `cmd:"" group:"orders" help:"Read deploy.yaml again (so does SIGHUP)."`
}

// orders is what help says above these verbs.
const orders = "Orders to the running bot, from operating-system users whom deploy.yaml maps to Slack ids (operators)"

// target is how a verb reaches the bot, and how it answers.
type target struct {
	file
	Socket string `help:"The control socket, instead of what the configuration says." placeholder:"FILE"`
	JSON   bool   `name:"json" help:"The operation as JSON."`
}

func (t target) way() app.Way { return app.Way{Config: t.Config, Socket: t.Socket} }

// give gives an order and prints what became of it, in one line.
func (t target) give(ctx context.Context, o output, order app.Order) (deploy.Row, error) {
	receipt, err := t.way().Do(ctx, order)
	if _, faulty := errors.AsType[config.Faults](err); faulty && t.Socket == "" {
		fmt.Fprintln(o.stderr, "junban: nothing was ordered: the configuration says where the bot listens, and cannot be read. --socket FILE names it directly.")
	}
	switch {
	case err != nil:
		return deploy.Row{}, err
	case receipt.Operation == nil && t.JSON:
		return deploy.Row{}, o.json(receipt)
	case receipt.Operation == nil:
		_, err = fmt.Fprintln(o.stdout, receipt.Text)
		return deploy.Row{}, err
	case t.JSON:
		return *receipt.Operation, nil
	}
	_, err = fmt.Fprintf(o.stdout, "%s %s  %s\n", receipt.Operation.Op, receipt.Operation.State, receipt.Text)
	return *receipt.Operation, err
}

// asking is what all requests for an operation have in common.
type asking struct {
	target
	To        string `help:"The environment, where a service has several." placeholder:"ENVIRONMENT"`
	Reason    string `xor:"why" help:"Why, for whoever approves and for the journal."`
	Emergency string `xor:"why" help:"Go without an approval, and outside of windows, for this reason. Only for those who may approve; it is journalled, and posted in Slack." placeholder:"REASON"`
	Wait      bool   `help:"Tell the thread until it has ended; exit 0 only if it succeeded."`
}

func (a asking) ask(ctx context.Context, o output, order app.Order) error {
	order.Environment, order.Reason = a.To, a.Reason
	if a.Emergency != "" {
		order.Reason, order.Emergency = a.Emergency, true
	}
	row, err := a.give(ctx, o, order)
	if err != nil || !a.Wait {
		return a.last(o, row, err)
	}
	row, err = a.way().Follow(ctx, row.Op, func(line string) {
		if !a.JSON {
			fmt.Fprintln(o.stdout, line)
		}
	})
	if err != nil {
		return err
	}
	if !a.JSON {
		fmt.Fprintf(o.stdout, "junban: %s %s\n", row.Op, row.State)
	}
	if err := a.last(o, row, nil); err != nil || row.State == deploy.StateSucceeded {
		return err
	}
	return errNotSucceeded
}

// last prints the operation for whoever wants it as JSON: as it is when the verb ends.
func (t target) last(o output, row deploy.Row, err error) error {
	if err != nil || !t.JSON {
		return err
	}
	return o.json(row)
}

// errNotSucceeded ends a verb whose operation ended otherwise; what it came to has been printed.
var errNotSucceeded = errors.New("the operation did not succeed")

type deployCmd struct {
	asking
	Service string `arg:"" help:"As in deploy.yaml."`
	Ref     string `arg:"" help:"Branch, tag or commit."`
	On      string `help:"Only this instance, by Name tag or id." placeholder:"INSTANCE"`
	At      string `help:"Not before this time: 03:00, tomorrow 03:00, mon 10:00, 2026-11-23T03:00." placeholder:"TIME"`
}

func (c *deployCmd) Run(ctx context.Context, o output) error {
	return c.ask(ctx, o, app.Order{Verb: "deploy", Service: c.Service, Ref: c.Ref, On: c.On, At: c.At})
}

type rollbackCmd struct {
	asking
	Service string `arg:"" help:"As in deploy.yaml."`
	Ref     string `arg:"" optional:"" help:"The last one that succeeded, if none is given."`
}

func (c *rollbackCmd) Run(ctx context.Context, o output) error {
	return c.ask(ctx, o, app.Order{Verb: "rollback", Service: c.Service, Ref: c.Ref})
}

// oneInstance is drain and restore.
type oneInstance struct {
	asking
	Service  string `arg:"" help:"As in deploy.yaml."`
	Instance string `arg:"" help:"By Name tag or id."`
}

type drainCmd struct{ oneInstance }

func (c *drainCmd) Run(ctx context.Context, o output) error {
	return c.ask(ctx, o, app.Order{Verb: "drain", Service: c.Service, On: c.Instance})
}

type restoreCmd struct{ oneInstance }

func (c *restoreCmd) Run(ctx context.Context, o output) error {
	return c.ask(ctx, o, app.Order{Verb: "restore", Service: c.Service, On: c.Instance})
}

// wholeService is lock and unlock.
type wholeService struct {
	asking
	Service string `arg:"" help:"As in deploy.yaml."`
}

type lockCmd struct{ wholeService }

func (c *lockCmd) Run(ctx context.Context, o output) error {
	return c.ask(ctx, o, app.Order{Verb: "lock", Service: c.Service})
}

type unlockCmd struct{ wholeService }

func (c *unlockCmd) Run(ctx context.Context, o output) error {
	return c.ask(ctx, o, app.Order{Verb: "unlock", Service: c.Service})
}

// acting is what all acts on an operation have in common.
type acting struct {
	target
	Which  string `arg:"" optional:"" name:"id-or-service" help:"The operation's id, or its service; needed where several run or wait."`
	Reason string `help:"Why, for the journal."`
}

func (a acting) act(ctx context.Context, o output, order app.Order) error {
	order.Which, order.Reason = a.Which, a.Reason
	row, err := a.give(ctx, o, order)
	return a.last(o, row, err)
}

type pauseCmd struct{ acting }

func (c *pauseCmd) Run(ctx context.Context, o output) error {
	return c.act(ctx, o, app.Order{Verb: "pause"})
}

type resumeCmd struct{ acting }

func (c *resumeCmd) Run(ctx context.Context, o output) error {
	return c.act(ctx, o, app.Order{Verb: "resume"})
}

type abortCmd struct {
	acting
	RollBack bool `help:"And go back to the ref before, where something was deployed."`
}

func (c *abortCmd) Run(ctx context.Context, o output) error {
	return c.act(ctx, o, app.Order{Verb: "abort", RollBack: c.RollBack})
}

type reloadCmd struct{ target }

func (c *reloadCmd) Run(ctx context.Context, o output) error {
	_, err := c.give(ctx, o, app.Order{Verb: "reload"})
	return err
}

// serve runs the bot, and has it read its configuration again at each SIGHUP.
func serve(ctx context.Context, a *app.App, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	var reloads sync.WaitGroup
	defer reloads.Wait()
	defer cancel()
	reloads.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
			}
			warning, err := a.Reload(ctx)
			switch {
			case err != nil:
				log.Error("the configuration is not taken over; the bot goes on with the old one", "error", err)
			case warning != "":
				log.Warn("the configuration was read again", "but", warning)
			}
		}
	})
	return a.Run(ctx)
}
