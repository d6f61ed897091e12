// Package app joins the parts into one bot: configuration, store, AWS, Slack, engine and conversation.
//
// It holds no rule and no text of its own beyond that, and must never handle signals: main does.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"junban/bot"
	"junban/bot/slackapi"
	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/engine"
	"junban/store"
)

// Options say which bot this is. AWS is configured by the AWS SDK's own variables.
type Options struct {
	Config   string // path of deploy.yaml
	BotToken string // xoxb-…
	AppToken string // xapp-…
	SlackAPI string // another server than Slack's; "" = Slack
	Log      *slog.Logger
}

// App is one bot. Close it if it never runs.
type App struct {
	path     string // of deploy.yaml
	shelf    *shelf
	store    *store.Store
	slack    *slackapi.Client
	slackFor func(channels []string) *slackapi.Client // another client, to Check some channels with
	people   people
	engine   *engine.Engine
	desk     bot.Desk // the engine, as orders and the conversation reach it
	bot      *bot.Bot
	log      *slog.Logger
	moved    *bell // some operation has moved on
}

// New reads the configuration and opens the store. It asks neither AWS nor Slack anything.
func New(ctx context.Context, o Options) (*App, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := tokens(o); err != nil {
		return nil, err
	}
	c, err := config.Load(o.Config)
	if err != nil {
		return nil, err
	}
	cfg, err := awsFor(ctx, c)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(c.Store.Bolt, store.Options{Logger: o.Log})
	if err != nil {
		return nil, err
	}
	if err := atRest(ctx, c, s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	a := &App{path: o.Config, shelf: newShelf(c), store: s, log: o.Log, moved: newBell()}
	a.slackFor = func(channels []string) *slackapi.Client {
		return slackapi.New(slackapi.Options{
			BotToken: slackapi.Secret(o.BotToken), AppToken: slackapi.Secret(o.AppToken), APIURL: o.SlackAPI,
			Command: c.Slack.Command, Channels: channels, Log: o.Log,
		})
	}
	a.slack = a.slackFor(a.shelf.book().channels())
	a.people = people{a.slack}
	sink := &relay{}
	places := newPlaces(cfg, accountsOf(c), a.shelf.Reach)
	doctor := newExaminer(a.shelf, places.cloud, func(ctx context.Context) (Status, error) { return readStatus(ctx, s, a.shelf.voice, c.Zone) })
	doctor.slack = a.slack.Check
	a.engine = engine.New(engine.Options{
		Journal: s, Cloud: places.cloud, Runner: places.runner, Doctor: doctor, Historian: newHistorian(a.shelf.config),
		Directory: a.people, Book: a.shelf, Sink: sink, Log: o.Log,
	})
	a.desk = &watched{a.engine, a.shelf.config}
	a.bot = bot.New(bot.Options{
		Desk: a.desk, Channels: c.Slack.Channels, Chat: a.slack, Directory: a.slack, Memory: s, Rooms: a.shelf, Examiner: doctor, NewID: engine.NewID,
		Offering: offering{a.shelf}, Panels: a.slack, Where: a.slack,
		Slash: c.Slack.Command, Zone: c.Zone, Voice: a.shelf.voice, Log: o.Log,
	})
	sink.to = append(sink.to, a.bot.Moved, a.moved.ring)
	return a, nil
}

func tokens(o Options) error {
	var missing []error
	for _, t := range []struct{ name, value, begins, from string }{
		{"SLACK_BOT_TOKEN", o.BotToken, "xoxb-", "OAuth & Permissions"},
		{"SLACK_APP_TOKEN", o.AppToken, "xapp-", "Basic Information, App-Level Tokens"},
	} {
		switch {
		case t.value == "":
			missing = append(missing, fmt.Errorf("%s is not set: it is the token that begins with %s, from the Slack app's page %q", t.name, t.begins, t.from))
		case len(t.value) < len(t.begins) || t.value[:len(t.begins)] != t.begins:
			missing = append(missing, fmt.Errorf("%s is another kind of token: the one wanted begins with %s, from the Slack app's page %q", t.name, t.begins, t.from))
		}
	}
	return errors.Join(missing...)
}

func awsFor(ctx context.Context, c *config.Config) (aws.Config, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(c.AWS.Region))
	if err != nil {
		return cfg, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	return cfg, nil
}

// Close lets go of the store.
func (a *App) Close() error { return a.store.Close() }

// Run serves until the context ends, and then closes the store. It answers an error if Slack refuses the bot for good;
// what rolls then is first carried to where it needs a person or has ended, since Slack must stop nothing.
func (a *App) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, a.Close()) }()
	control, err := listen(socketPath(a.shelf.config().Store.Bolt))
	if err != nil {
		return err
	}
	if err := a.admit(); err != nil {
		a.log.Warn("operators cannot reach the bot", "error", err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var parts sync.WaitGroup
	part := func(name string, run func(context.Context) error) {
		parts.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				stop(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	part("control socket", func(ctx context.Context) error { return a.serve(ctx, control) })
	part("engine", a.engine.Run)
	part("conversation", a.bot.Run)
	part("Slack", a.listenToSlack)
	parts.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// listenToSlack checks the set-up and takes envelopes in.
func (a *App) listenToSlack(ctx context.Context) error {
	err := a.check(ctx)
	if err == nil {
		err = a.slack.Run(ctx, a.bot)
	}
	if err != nil && ctx.Err() == nil {
		a.log.Error("Slack refuses the bot; what rolls goes on until it has ended or needs a person", "error", err)
		a.settle(ctx)
	}
	return err
}

// check asks Slack about the set-up until it answers.
func (a *App) check(ctx context.Context) error {
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		who, err := a.slack.Check(ctx)
		if err == nil {
			a.log.Info("connected to Slack", "team", who.TeamName, "bot", who.BotUser)
			return nil
		}
		if _, wrong := errors.AsType[*slackapi.SetupError](err); wrong || ctx.Err() != nil {
			return err
		}
		a.log.Warn("Slack cannot be asked; trying again", "error", err, "again in", pause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// settle waits until no operation can go on without a person.
func (a *App) settle(ctx context.Context) {
	for ctx.Err() == nil {
		moved := a.moved.rung()
		rolling := false
		rows, err := a.store.Unfinished(ctx)
		for _, r := range rows {
			op, err := a.engine.Operation(ctx, r.Op)
			rolling = rolling || err == nil && op.State == deploy.StateRolling && len(op.Undecided()) == 0
		}
		if err != nil || !rolling {
			return
		}
		select {
		case <-ctx.Done():
		case <-moved:
		}
	}
}
