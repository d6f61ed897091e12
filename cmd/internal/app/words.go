package app

import (
	"errors"
	"strings"

	"junban/bot/card"
	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/engine"
)

// voiceOf is the voice of a configuration, which has checked that its language is one.
func voiceOf(c *config.Config) card.Voice {
	if voice, err := card.In(c.Slack.Language); err == nil {
		return voice
	}
	return card.English()
}

// Voice is the voice of the configuration in a file, for what is printed on a terminal.
func Voice(path string) (card.Voice, error) {
	c, err := config.Load(path)
	if err != nil {
		return card.Voice{}, err
	}
	return voiceOf(c), nil
}

// Explain makes an error for a terminal, in English, of what the rules or the configuration refuse; any other stays as
// it is.
func Explain(err error) error {
	if cause, ok := deploy.RefusalOf(err); ok {
		return errors.New(card.English().Because(cause, nil).Plain())
	}
	if m, ok := errors.AsType[*engine.Mistake](err); ok {
		return errors.New(strings.TrimSpace(card.English().Mistake(m.What).Plain() + " " + m.Accept))
	}
	return err
}
