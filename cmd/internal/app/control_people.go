package app

import (
	"context"
	"sync/atomic"
	"time"

	"junban/bot"
	"junban/deploy"
)

// slackPatience is how long an order on the control socket waits for Slack to say who somebody is. Slack's own client
// would try for longer; whoever sits at a terminal because Slack is down should not.
const slackPatience = 5 * time.Second

// caller is the operator who gave an order on the control socket, while it is carried out.
type caller struct {
	id    string      // Slack's
	alone atomic.Bool // Slack could not be asked: the configuration alone vouches for them
}

type callerKey struct{}

func withCaller(ctx context.Context, c *caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// people is Slack's directory, with one exception: where Slack cannot be asked, an operator who gives an order on the
// control socket is a member in no group, because the configuration says who they are. What comes from Slack has no
// caller in its context, so for that nothing is granted, as ever.
type people struct{ slack bot.Directory }

// Person is engine.Directory.
func (p people) Person(ctx context.Context, id string, groups []string) (deploy.Person, error) {
	c, ok := ctx.Value(callerKey{}).(*caller)
	if !ok || c.id != id {
		return p.slack.Person(ctx, id, groups)
	}
	known := deploy.Person{ID: id, Kind: deploy.Member}
	if c.alone.Load() {
		return known, nil
	}
	asked, cancel := context.WithTimeout(ctx, slackPatience)
	defer cancel()
	person, err := p.slack.Person(asked, id, groups)
	if err == nil || ctx.Err() != nil {
		return person, err
	}
	c.alone.Store(true)
	return known, nil
}
