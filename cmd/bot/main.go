// Command junban is the bot that deploys to the instances behind a load balancer one after another, and its operator's
// verbs. It parses, handles signals and turns errors into exit codes; what it does is in package app.
//
// It links no simulator, and must never print a token.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"junban/bot/slackapi"
	"junban/cmd/internal/app"
	"junban/cmd/internal/config"
	"junban/deploy"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes: the work was done, it failed, the command line was wrong.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is the program, with its surroundings handed in.
func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) int {
	var c commands
	exited, code := false, exitDone
	parser, err := kong.New(&c, kong.Name("junban"), kong.Description("Deploys to the instances behind an AWS Application Load Balancer one after another, from Slack, while the service stays up."),
		kong.Writers(stdout, stderr), kong.BindTo(ctx, (*context.Context)(nil)), kong.ExplicitGroups([]kong.Group{{Key: "orders", Title: orders}}), kong.Exit(func(c int) { exited, code = true, c }))
	if err != nil {
		fmt.Fprintln(stderr, "junban:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if exited {
		return code // --help
	}
	if err != nil {
		fmt.Fprintf(stderr, "junban: %v\nTry junban --help.\n", err)
		return exitUsage
	}
	out := output{stdout, stderr, env, isTerminal(stdout)}
	if err := parsed.Run(out); err != nil {
		if faults, ok := errors.AsType[config.Faults](err); ok {
			fmt.Fprintln(stderr, faults) // one a line, as editors and CI read them
		} else if !errors.Is(err, errNotSucceeded) {
			fmt.Fprintln(stderr, "junban:", err)
		}
		return exitFailed
	}
	return exitDone
}

// output is where a verb writes, and what it reads of the environment.
type output struct {
	stdout, stderr io.Writer
	env            func(string) string
	terminal       bool // a person reads stdout: what they cannot read has no place there
}

// isTerminal reports whether a person reads what is written there: it is a device, and not the one that swallows all.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

func (o output) json(v any) error {
	enc := json.NewEncoder(o.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

type file struct {
	Config string `help:"The configuration." default:"deploy.yaml" placeholder:"FILE"`
}

type commands struct {
	Run      runCmd      `cmd:"" help:"Connect to Slack and serve. Reads SLACK_BOT_TOKEN and SLACK_APP_TOKEN, and the AWS SDK's own variables."`
	Init     initCmd     `cmd:"" help:"Write a first configuration from a target group as it is now. Only reads AWS."`
	Check    checkCmd    `cmd:"" help:"Check the configuration, offline: exit 0, or 1 with file:line:column: message."`
	Doctor   doctorCmd   `cmd:"" help:"What would make a rolling deploy unsafe, from AWS as it is now: exit 0, or 1 if something blocks. Touches nothing."`
	Plan     planCmd     `cmd:"" help:"Print what a deploy would do, from AWS as it is now. Touches nothing."`
	Status   statusCmd   `cmd:"" help:"What runs, waits and is held: asks the running bot, or reads the store."`
	History  historyCmd  `cmd:"" help:"The last operations and how they ended; or, with --png, one of them as a picture."`
	Schema   schemaCmd   `cmd:"" help:"Print the configuration's JSON Schema, for editors."`
	Manifest manifestCmd `cmd:"" help:"Print the Slack app's manifest, to be pasted into Slack."`
	Policy   policyCmd   `cmd:"" help:"Print the least IAM policy that this configuration needs."`
	control
}

type runCmd struct {
	file
	Verbose bool `help:"Log every event."`
}

func (r *runCmd) Run(ctx context.Context, o output) error {
	level := slog.LevelInfo
	if r.Verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(o.stderr, &slog.HandlerOptions{Level: level}))
	a, err := app.New(ctx, app.Options{
		Config: r.Config, BotToken: o.env("SLACK_BOT_TOKEN"), AppToken: o.env("SLACK_APP_TOKEN"), SlackAPI: o.env("SLACK_API_URL"), Log: log,
	})
	if err != nil {
		return err
	}
	return serve(ctx, a, log)
}

type checkCmd struct{ file }

func (c *checkCmd) Run(o output) error {
	conf, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "%s is right. Services: %d, in %d environments all told.\n", c.Config, len(conf.Services), len(conf.Targets()))
	return nil
}

type planCmd struct {
	file
	Service     string `arg:"" help:"As in deploy.yaml."`
	Ref         string `arg:"" help:"Branch, tag or commit."`
	Environment string `name:"to" help:"The environment, where a service has several."`
	Instance    string `name:"on" help:"Only this instance, by Name tag or id."`
	JSON        bool   `name:"json" help:"The plan as JSON."`
}

func (p *planCmd) Run(ctx context.Context, o output) error {
	log := slog.New(slog.NewTextHandler(o.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	plan, err := app.Plan(ctx, p.Config, deploy.Ask{
		Kind: deploy.KindDeploy, Service: p.Service, Ref: p.Ref, Environment: p.Environment, On: p.Instance,
	}, log)
	if err != nil {
		return app.Explain(err)
	}
	if p.JSON {
		return o.json(plan)
	}
	voice, err := app.Voice(p.Config)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(o.stdout, voice.PlanText(plan))
	return err
}

type statusCmd struct {
	file
	JSON bool `name:"json" help:"As JSON."`
}

func (s *statusCmd) Run(ctx context.Context, o output) error {
	status, err := app.ReadStatus(ctx, s.Config)
	if err != nil {
		return err
	}
	if s.JSON {
		return o.json(status)
	}
	if !status.Running {
		fmt.Fprintln(o.stderr, "No bot is running; this is what the store says.")
	}
	_, err = fmt.Fprintln(o.stdout, status.Text)
	return err
}

type manifestCmd struct{ file }

func (m *manifestCmd) Run(o output) error {
	command := "/deploy"
	if conf, err := config.Load(m.Config); err == nil {
		command = conf.Slack.Command
	}
	manifest, err := slackapi.Manifest("Junban", command)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(o.stdout, string(manifest))
	return err
}
