package slackapi

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slack-go/slack"
)

// SetupError lists all that is wrong with the app, its tokens and its channels, each with what to do.
type SetupError struct {
	Problems []string            // all of them, as sentences without a full stop
	Scopes   []string            // that the app lacks, each with what it is for
	Channels map[string][]string // by a channel's id: those of Problems that are about it
	Others   []string            // those of Problems that are about neither
}

func (e *SetupError) Error() string {
	return "the Slack app is not set up:\n- " + strings.Join(e.Problems, "\n- ")
}

// Check asks Slack whether the bot can work: both tokens and their kinds, the scopes, Socket Mode, and for each of
// Options.Channels that the bot is in it and that it is not shared with another workspace. All that is wrong comes in
// one *SetupError. Any other error means that Slack could not be asked; then nothing is known to be wrong.
func (c *Client) Check(ctx context.Context) (Identity, error) {
	k := &check{c: c}
	botToken, appToken := c.tokens()
	k.tokenKind("SLACK_BOT_TOKEN", botToken, "a bot token", "xoxb-", "xoxe.xoxb-")
	k.tokenKind("SLACK_APP_TOKEN", appToken, "an app-level token", "xapp-")
	if len(k.problems) > 0 {
		return Identity{}, k.setup()
	}
	k.bot(ctx)
	k.socket(ctx)
	if k.self.Team != "" {
		k.app(ctx, appToken)
		for _, id := range c.channels {
			k.channel(ctx, id)
		}
	}
	switch {
	case k.failed != nil:
		return Identity{}, k.failed
	case len(k.problems) > 0:
		return Identity{}, k.setup()
	}
	return k.self, nil
}

// check is one run of Check.
type check struct {
	c        *Client
	self     Identity
	problems []string
	scopes   []string
	channels map[string][]string
	others   []string
	failed   error // Slack could not be asked
}

func (k *check) setup() *SetupError { return &SetupError{k.problems, k.scopes, k.channels, k.others} }

func (k *check) bad(format string, args ...any) {
	k.problems = append(k.problems, fmt.Sprintf(format, args...))
	k.others = append(k.others, fmt.Sprintf(format, args...))
}

// badChannel is bad for what is about one channel.
func (k *check) badChannel(id, format string, args ...any) {
	if k.channels == nil {
		k.channels = map[string][]string{}
	}
	k.problems = append(k.problems, fmt.Sprintf(format, args...))
	k.channels[id] = append(k.channels[id], fmt.Sprintf(format, args...))
}

// ask makes a call unless an earlier one found Slack away. It answers whether Slack has said yes; a no is told to bad.
func (k *check) ask(
	ctx context.Context, doing string, p *pace, call func(context.Context) error, bad func(format string, args ...any),
) bool {
	if k.failed != nil {
		return false
	}
	err := k.c.again(ctx, p, call)
	switch {
	case err == nil:
		return true
	case ctx.Err() != nil || judge(err).transient():
		k.failed = k.c.told(doing, err)
	default:
		bad("%v", k.c.told(doing, err))
	}
	return false
}

func (k *check) tokenKind(name string, token Secret, what string, prefixes ...string) {
	switch {
	case token == "":
		k.bad("%s is not set", name)
	case !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(string(token), p) }):
		k.bad("%s must be %s (%s…)", name, what, prefixes[0])
	}
}

func (k *check) bot(ctx context.Context) {
	var answer *slack.AuthTestResponse
	ok := k.ask(ctx, "checking SLACK_BOT_TOKEN", k.c.paces.auth, func(ctx context.Context) (err error) {
		answer, err = k.c.authTest(ctx)
		return err
	}, k.bad)
	if !ok {
		return
	}
	k.self = k.c.remember(answer)
	header := answer.Header.Get("X-OAuth-Scopes")
	if header == "" {
		k.c.log.WarnContext(ctx, "Slack did not say which scopes the bot has")
		return
	}
	if missing := lacking(splitScopes(header)); len(missing) > 0 {
		k.scopes = missing
		k.problems = append(k.problems, fmt.Sprintf("the app lacks the scopes %s: add them (`junban manifest` has them all) and install the app again",
			strings.Join(missing, ", ")))
	}
}

// socket opens a connection's address and leaves it: only so does Slack say whether the app-level token and Socket
// Mode are right. An address that nobody uses expires.
func (k *check) socket(ctx context.Context) {
	k.ask(ctx, "checking SLACK_APP_TOKEN", k.c.paces.open, func(ctx context.Context) error {
		_, _, err := k.c.api.StartSocketModeContext(ctx)
		return err
	}, k.bad)
}

var appIDPattern = regexp.MustCompile(`^A[0-9A-Z]{8,}$`)

// app learns the app's id from the bot's profile. App-level tokens carry it too (xapp-1-A…-…-…): two tokens of two
// apps would work without a word, and no click would ever arrive.
func (k *check) app(ctx context.Context, appToken Secret) {
	var user *slack.User
	err := k.c.again(ctx, k.c.paces.users, func(ctx context.Context) (err error) {
		user, err = k.c.api.GetUserInfoContext(ctx, k.self.BotUser, slack.GetUserInfoOptionIncludeLocale(false))
		return err
	})
	if err != nil || user.Profile.ApiAppID == "" {
		return // a missing scope has been named already, and the id is not needed to work
	}
	k.self.AppID = user.Profile.ApiAppID
	k.c.mu.Lock()
	k.c.self.AppID = k.self.AppID
	k.c.mu.Unlock()
	parts := strings.Split(string(appToken), "-")
	if len(parts) > 2 && appIDPattern.MatchString(parts[2]) && parts[2] != k.self.AppID {
		k.bad("the tokens are of two apps: SLACK_BOT_TOKEN of %s, SLACK_APP_TOKEN of %s", k.self.AppID, parts[2])
	}
}

func (k *check) channel(ctx context.Context, id string) {
	bad := func(format string, args ...any) { k.badChannel(id, format, args...) }
	var channel *slack.Channel
	ok := k.ask(ctx, "checking channel "+id, k.c.paces.channels, func(ctx context.Context) (err error) {
		channel, err = k.c.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
		return err
	}, bad)
	if !ok {
		return
	}
	name := fmt.Sprintf("channel %s (#%s)", id, channel.Name)
	if channel.IsArchived {
		bad("%s is archived: %s", name, advice("is_archived"))
		return
	}
	if !channel.IsMember {
		bad("the bot is not in %s: invite it there", name)
	}
	if sharedAbroad(channel) {
		bad("%s is shared with another workspace, whose people could click the buttons: use a channel of your own", name)
	}
}
