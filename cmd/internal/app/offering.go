package app

import (
	"junban/bot"
	"junban/deploy"
	"junban/deploy/engine"
)

// offering is what the configuration that counts now lets people ask for in forms.
type offering struct{ shelf *shelf }

var _ bot.Offering = offering{}

// Services lists what the configuration has, each in its environments.
func (o offering) Services() []bot.Service {
	var out []bot.Service
	for _, t := range o.shelf.Targets() {
		out = append(out, bot.Service{Name: t.Service, Environment: t.Environment})
	}
	return out
}

// Closed says that the bot only observes, if it does.
func (o offering) Closed() error { return observes(o.shelf.config()) }

// Request resolves an ask from deploy.yaml alone.
func (o offering) Request(ask deploy.Ask) (deploy.Request, engine.Want, error) {
	return o.shelf.Request(ask)
}
