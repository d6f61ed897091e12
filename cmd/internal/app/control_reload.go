package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"junban/bot/card"
	"junban/bot/slackapi"
	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/engine"
	"junban/deploy/sshrun"
)

// shelf holds the configuration that counts now, and answers from it. A reload replaces it as a whole: whoever has
// begun to read goes on with the one of then.
type shelf struct {
	now    atomic.Pointer[config.Config]
	change sync.Mutex // one reload at a time
	voice  card.Voice // its language, which cannot change while the bot runs
}

func newShelf(c *config.Config) *shelf {
	s := &shelf{voice: voiceOf(c)}
	s.now.Store(c)
	return s
}

func (s *shelf) config() *config.Config { return s.now.Load() }

func (s *shelf) book() book {
	c := s.config()
	return book{c, c.Slack.Command}
}

// Request is engine.Book.
func (s *shelf) Request(ask deploy.Ask) (deploy.Request, engine.Want, error) {
	return s.book().Request(ask)
}

// Resolve is engine.Book.
func (s *shelf) Resolve(ctx context.Context, ask deploy.Ask) (string, error) {
	return s.book().Resolve(ctx, ask)
}

// Reach is sshrun.Reach.
func (s *shelf) Reach(service, environment string) (sshrun.Options, error) {
	return s.book().Reach(service, environment)
}

// Targets lists every service in every environment.
func (s *shelf) Targets() []config.Target { return s.config().Targets() }

// Channel is bot.Rooms.
func (s *shelf) Channel(service, environment string) string {
	return s.book().Channel(service, environment)
}

// fixed are the keys that what was made at the start goes by, so that a running bot cannot change them.
var fixed = []struct {
	key string
	of  func(*config.Config) any
}{
	{"store.bolt", func(c *config.Config) any { return c.Store.Bolt }},
	{"slack.command", func(c *config.Config) any { return c.Slack.Command }},
	{"slack.language", func(c *config.Config) any { return c.Slack.Language }},
	{"slack.channels", func(c *config.Config) any { return c.Slack.Channels }},
	{"zone", func(c *config.Config) any { return c.Zone.String() }},
	{"aws.region", func(c *config.Config) any { return c.AWS.Region }},
	{"aws.accounts", func(c *config.Config) any { return c.AWS.Accounts }},
}

// Reload reads deploy.yaml again. From its return on, requests, approvals, buttons and orders are judged by the new
// file; what has started goes on under the terms that were approved. A faulty file (config.Faults), or one that differs
// where a running bot cannot change (*Refused), is not taken at all, and the old one stays. warning is what could not be
// checked, or done, about a file that was taken.
func (a *App) Reload(ctx context.Context) (warning string, err error) {
	a.shelf.change.Lock()
	defer a.shelf.change.Unlock()
	old := a.shelf.config()
	c, err := config.Load(a.path)
	if err != nil {
		return "", err
	}
	var keys []string
	for _, f := range fixed {
		if !reflect.DeepEqual(f.of(old), f.of(c)) {
			keys = append(keys, f.key)
		}
	}
	if len(keys) > 0 {
		return "", &Refused{
			Why:    fmt.Sprintf("%s cannot change while the bot runs, so nothing was taken over. Put the old value back, or restart the bot, which loses nothing.", strings.Join(keys, ", ")),
			status: http.StatusConflict,
		}
	}
	warning, err = a.newChannels(ctx, book{old, ""}.channels(), book{c, ""}.channels())
	if err != nil {
		return "", err
	}
	a.shelf.now.Store(c)
	if err := atRest(ctx, c, a.desk); err != nil { // asked once nothing more can be asked for
		a.shelf.now.Store(old)
		return "", &Refused{Why: "The new file is not taken over: " + err.Error(), status: http.StatusConflict}
	}
	if err := a.admit(); err != nil {
		warning = strings.TrimSpace(warning + " " + err.Error())
	}
	a.log.Info("the configuration was read again", "file", a.path, "services", len(c.Services))
	return warning, nil
}

// channelPatience is how long a reload waits for Slack to say whether the bot is in the new channels.
const channelPatience = 10 * time.Second

// newChannels asks Slack about the channels that only the new file names. If it cannot be asked, they are taken all
// the same: without Slack, the file may be what has to change.
func (a *App) newChannels(ctx context.Context, old, now []string) (warning string, err error) {
	added := slices.DeleteFunc(now, func(id string) bool { return slices.Contains(old, id) })
	if len(added) == 0 {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, channelPatience)
	defer cancel()
	_, err = a.slackFor(added).Check(ctx)
	if wrong, ok := errors.AsType[*slackapi.SetupError](err); ok {
		return "", &Refused{Why: "The new file is not taken over: " + wrong.Error(), status: http.StatusConflict}
	}
	if err != nil {
		return fmt.Sprintf("Slack could not be asked whether the bot is in %s: %v.", strings.Join(added, ", "), err), nil
	}
	return "", nil
}

// admit lets the operators' group reach the control socket, or nobody but the bot's own user if there are none.
func (a *App) admit() error {
	path := socketPath(a.shelf.config().Store.Bolt)
	err := admit(path, len(a.operators()) > 0)
	if err != nil {
		return fmt.Errorf("the control socket %s stays this user's alone: %w", path, err)
	}
	return nil
}
