package app

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/engine"
	"junban/deploy/localrun"
	"junban/deploy/sshrun"
)

// resolveWithin limits ref.resolve, which somebody waits for.
const resolveWithin = 20 * time.Second

// revisions are what ref.resolve may answer: it goes into the environment of commands, and people read it.
var revisions = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,199}$`)

// Resolve answers what a ref means now; "" if the configuration does not say how to find out. It runs ref.resolve on the
// bot's host, without the bot's own tokens: its first word is the revision. Exit 0 with nothing said, and any other exit,
// mean that there is no such ref; what could not be run at all is another error.
func (b book) Resolve(ctx context.Context, ask deploy.Ask) (string, error) {
	t, err := b.config.Target(ask.Service, ask.Environment)
	if err != nil {
		return "", b.mistake(ask, err)
	}
	if t.Ref.Resolve == "" {
		return "", nil
	}
	got, err := localrun.Output(ctx, localrun.Options{}, localrun.Script{
		Text: t.Ref.Resolve, Limit: resolveWithin,
		Env: []string{"REF=" + ask.Ref, "SERVICE=" + t.Service, "ENVIRONMENT=" + t.Environment},
	})
	if err != nil {
		return "", fmt.Errorf("finding out what %s is (ref.resolve): %w", ask.Ref, err)
	}
	words := strings.Fields(got.Stdout)
	switch {
	case got.Exit != 0 || len(words) == 0:
		code, complaint := deploy.Code("mistake.ref.none"), complaint(got)
		if complaint != "" {
			code = "mistake.ref.none.said"
		}
		return "", b.wrong(ask, code, "ref", ask.Ref, "service", t.Service, "exit", got.Exit, "said", complaint)
	case !revisions.MatchString(words[0]):
		return "", fmt.Errorf("ref.resolve answered %q, which is no revision: one word of letters, digits and ._/:@+- is wanted", deploy.FirstLine(got.Stdout))
	}
	return words[0], nil
}

// complaint is what a script gave as the reason: the last line of what it said, if anything.
func complaint(a localrun.Answer) string {
	lines := strings.Split(strings.TrimSpace(a.Stderr), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return deploy.FirstLine(deploy.Redact(last))
	}
	return ""
}

// Reach is how a service's hosts are reached through ssh.
func (b book) Reach(service, environment string) (sshrun.Options, error) {
	t, err := b.config.Target(service, environment)
	if err != nil {
		return sshrun.Options{}, err
	}
	if t.Run.SSH == nil {
		return sshrun.Options{}, &engine.Mistake{What: deploy.Because("mistake.no_ssh", "service", service)}
	}
	s := t.Run.SSH
	return sshrun.Options{User: s.User, Port: s.Port, Key: s.Key, KnownHosts: s.KnownHosts}, nil
}

// Targets lists every service in every environment.
func (b book) Targets() []config.Target { return b.config.Targets() }
