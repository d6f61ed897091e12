package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"junban/bot"
	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/engine"
)

// longestRef is how many characters a ref may have, whatever the pattern says.
const longestRef = 200

// book answers asks from deploy.yaml.
type book struct {
	config *config.Config
	slash  string
}

// Request resolves an ask. What the configuration does not know is an *engine.Mistake with what it does know.
func (b book) Request(ask deploy.Ask) (deploy.Request, engine.Want, error) {
	t, err := b.config.Target(ask.Service, ask.Environment)
	if err != nil {
		return deploy.Request{}, engine.Want{}, b.mistake(ask, err)
	}
	if ask.Kind == deploy.KindDeploy || ask.Kind == deploy.KindRollback && ask.Ref != "" {
		if err := b.ref(ask, t); err != nil {
			return deploy.Request{}, engine.Want{}, err
		}
	}
	ask.Environment = t.Environment
	r := deploy.Request{
		Ask: ask, Account: t.Account, Rules: b.rules(t), Run: runOf(t), HealthyWithin: t.Rolling.HealthyTimeout,
		Sessions: t.Sessions, Accept: t.Accept, FreeRollback: t.Approve.FreeRollback,
	}
	return r, engine.Want{Groups: t.TargetGroups, Tags: t.Tags}, nil
}

// ref refuses a ref that the service's pattern does not allow. It reaches commands by the environment only; the
// pattern is the second wall.
func (b book) ref(ask deploy.Ask, t config.Target) error {
	switch n := len([]rune(ask.Ref)); {
	case n > longestRef:
		return b.wrong(ask, "mistake.ref.long", "n", n, "most", longestRef)
	case strings.HasPrefix(ask.Ref, "-"):
		return b.wrong(ask, "mistake.ref.dash")
	case bot.Narrow(ask.Ref) != ask.Ref && t.Ref.Pattern.MatchString(bot.Narrow(ask.Ref)):
		ask.Ref = bot.Narrow(ask.Ref)
		return &engine.Mistake{What: deploy.Because("mistake.ref.wide"), Accept: b.line(ask)}
	case !t.Ref.Pattern.MatchString(ask.Ref):
		return b.wrong(ask, "mistake.ref.pattern", "service", ask.Service, "pattern", t.Ref.Pattern)
	}
	return nil
}

func (b book) mistake(ask deploy.Ask, err error) error {
	what := deploy.Because("mistake.other", "error", capital(err.Error()))
	if needed, ok := errors.AsType[*config.EnvironmentNeededError](err); ok {
		var lines []string
		for _, env := range needed.Known {
			ask.Environment = env
			lines = append(lines, b.line(ask))
		}
		return &engine.Mistake{What: deploy.Because("mistake.which_environment"), Accept: strings.Join(lines, "\n")}
	}
	if unknown, ok := errors.AsType[*config.UnknownServiceError](err); ok {
		name, near := unknown.Named()
		what = deploy.Because(nearer("mistake.no_service", near), "name", name, "near", near, "known", strings.Join(unknown.Known, ", "))
		return &engine.Mistake{What: what, Accept: b.slash + " SERVICE REF [to ENVIRONMENT] [on INSTANCE]"}
	}
	if unknown, ok := errors.AsType[*config.UnknownEnvironmentError](err); ok {
		name, near := unknown.Named()
		code := nearer("mistake.no_environment", near)
		if len(unknown.Known) == 0 {
			code = "mistake.no_environments"
		}
		what = deploy.Because(code, "service", unknown.Service, "name", name, "near", near, "known", strings.Join(unknown.Known, ", "))
	}
	return &engine.Mistake{What: what}
}

// nearer is the sentence that also says what was probably meant, if something was.
func nearer(code deploy.Code, near string) deploy.Code {
	if near == "" {
		return code
	}
	return code + ".near"
}

func (b book) wrong(ask deploy.Ask, what deploy.Code, pairs ...any) error {
	ask.Ref = "REF"
	return &engine.Mistake{What: deploy.Because(what, pairs...), Accept: b.line(ask)}
}

// line writes an ask as it is typed.
func (b book) line(ask deploy.Ask) string {
	words := []string{b.slash}
	if ask.Kind != deploy.KindDeploy {
		words = append(words, string(ask.Kind))
	}
	words = append(words, ask.Service)
	if ask.Ref != "" {
		words = append(words, ask.Ref)
	}
	if ask.Environment != "" {
		words = append(words, "to", ask.Environment)
	}
	if ask.On != "" {
		words = append(words, "on", ask.On)
	}
	return strings.Join(words, " ")
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// Channel is where operations of a service are posted.
func (b book) Channel(service, environment string) string {
	if t, err := b.config.Target(service, environment); err == nil {
		return t.Channel
	}
	return b.config.Slack.Channel // the service has left the file; its operation is still told
}

// channels are all channels that the configuration names, without repeats.
func (b book) channels() []string {
	out := []string{b.config.Slack.Channel}
	for _, t := range b.config.Targets() {
		if !slices.Contains(out, t.Channel) {
			out = append(out, t.Channel)
		}
	}
	return out
}

// relay hands on what the engine says to whoever listens: the bot is made after the engine.
type relay struct{ to []func(deploy.ID) }

func (r *relay) Moved(id deploy.ID) {
	for _, f := range r.to {
		f(id)
	}
}

// nobody is the directory of a dry run: everybody is unknown, and nothing is granted.
type nobody struct{}

func (nobody) Person(_ context.Context, id string, _ []string) (deploy.Person, error) {
	return deploy.Person{ID: id, Kind: deploy.Stranger}, nil
}
