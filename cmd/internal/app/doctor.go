package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"junban/bot"
	"junban/bot/card"
	"junban/bot/slackapi"
	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/doctor"
	"junban/deploy/engine"
)

// surveyor reads the facts that an examination judges; a cloud that is none cannot be examined.
type surveyor interface {
	Survey(ctx context.Context, of awscloud.Subject) (doctor.Survey, error)
}

// freshSurvey is how long the plan, the approval and the start of one operation share a survey. What must be fresh,
// the targets' health, is laid over it from the fleet of each.
const freshSurvey = 30 * time.Second

// examiner is the doctor of one bot. It implements engine.Doctor for plans, and Doctor for those who ask.
type examiner struct {
	targets func() []config.Target
	book    engine.Book
	clouds  func(account string) engine.Cloud
	status  func(ctx context.Context) (Status, error)            // what runs, and so may have instances out
	slack   func(ctx context.Context) (slackapi.Identity, error) // nil: without tokens
	channel func(service, environment string) string

	mu   sync.Mutex
	kept map[string]keptSurvey // by what was surveyed
}

type keptSurvey struct {
	doctor.Survey
	at time.Time
}

// Findings examines the fleet that a plan is made from. It asks neither Slack, which must stop nothing, nor about the
// instances that other services share, which takes a call for each of their target groups.
func (e *examiner) Findings(ctx context.Context, r deploy.Request, w engine.Want, f deploy.Fleet) ([]deploy.Finding, error) {
	for _, p := range f.Out {
		if strings.HasPrefix(p.Target, "i-") && !slices.Contains(w.Besides, p.Target) {
			w.Besides = append(slices.Clone(w.Besides), p.Target)
		}
	}
	began := time.Now()
	s, err := e.survey(ctx, r, awscloud.Subject{Want: w}, began.Add(-freshSurvey))
	if err != nil {
		return nil, err
	}
	found := doctor.Examine(s.With(f), r)
	if len(doctor.Blocking(found)) == 0 {
		return found, nil
	}
	// What blocks may have been mended since: whoever mended it and asks again is not refused by an old survey.
	if s, err = e.survey(ctx, r, awscloud.Subject{Want: w}, began); err != nil {
		return nil, err
	}
	return doctor.Examine(s.With(f), r), nil
}

// Services lists what the configuration has, each in its environments.
func (e *examiner) Services() []bot.Service {
	var out []bot.Service
	for _, t := range e.targets() {
		out = append(out, bot.Service{Name: t.Service, Environment: t.Environment})
	}
	return out
}

var _ bot.Examiner = (*examiner)(nil)

// Doctor examines a service in an environment ("" = its only one) as it is now. One that the configuration does not know
// is an *engine.Mistake.
func (e *examiner) Doctor(ctx context.Context, service, environment string) ([]deploy.Finding, error) {
	r, w, err := e.book.Request(deploy.Ask{Kind: asked, Service: service, Environment: environment})
	if err != nil {
		return nil, err
	}
	r.Kind = ""
	away, err := e.away(ctx, r)
	if err != nil {
		return nil, err
	}
	w.Besides = away
	s, err := e.survey(ctx, r, awscloud.Subject{Want: w, Others: e.others(r)}, time.Now())
	if err != nil {
		return nil, err
	}
	s.Away = append(s.Away, away...)
	if e.slack != nil {
		_, err := e.slack(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s = slackFacts(s, err, e.channel(r.Service, r.Environment))
	}
	return doctor.Examine(s, r), nil
}

// asked is the kind under which the book resolves what is examined: no ref is needed.
const asked deploy.Kind = "doctor"

// survey answers a survey begun at since or later.
func (e *examiner) survey(ctx context.Context, r deploy.Request, of awscloud.Subject, since time.Time) (doctor.Survey, error) {
	cloud, ok := e.clouds(r.Account).(surveyor)
	if !ok {
		return doctor.Survey{}, errors.New("this cloud cannot be examined")
	}
	of.Agents = r.Run.Via == "" || r.Run.Via == "ssm"
	data, err := json.Marshal([]any{r.Account, of.Want, of.Agents})
	if err != nil {
		return doctor.Survey{}, fmt.Errorf("naming a survey: %w", err)
	}
	key := string(data)
	e.mu.Lock()
	k, found := e.kept[key]
	e.mu.Unlock()
	if found && k.at.After(since) {
		return k.Survey, nil
	}
	at := time.Now()
	s, err := cloud.Survey(ctx, of)
	if err != nil {
		return doctor.Survey{}, fmt.Errorf("examining %s: %w", r.Service, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.kept == nil {
		e.kept = map[string]keptSurvey{}
	}
	for k, old := range e.kept {
		if at.Sub(old.at) > freshSurvey {
			delete(e.kept, k)
		}
	}
	e.kept[key] = keptSurvey{s, at}
	return s, nil
}

// others are the other services of the request's account, by name and environment.
func (e *examiner) others(r deploy.Request) map[string]engine.Want {
	out := map[string]engine.Want{}
	for _, t := range e.targets() {
		if t.Service == r.Service && t.Environment == r.Environment {
			continue
		}
		o, w, err := e.book.Request(deploy.Ask{Kind: asked, Service: t.Service, Environment: t.Environment})
		if err == nil && o.Account == r.Account {
			out[placeName(t.Service, t.Environment)] = w
		}
	}
	return out
}

// placeName is a service in an environment, for people.
func placeName(service, environment string) string {
	if environment == "" {
		return service
	}
	return service + " in " + environment
}

// away are the instances that unfinished operations of this service are about: those that no target group lists are
// out for a while.
func (e *examiner) away(ctx context.Context, r deploy.Request) ([]string, error) {
	s, err := e.status(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, op := range s.Operations {
		if op.Service != r.Service || op.Environment != r.Environment || op.State != deploy.StateRolling && op.State != deploy.StatePaused {
			continue
		}
		for _, i := range op.Instances {
			if strings.HasPrefix(i.ID, "i-") {
				out = append(out, i.ID)
			}
		}
	}
	return out, nil
}

// slackFacts adds what Slack says of the bot.
func slackFacts(s doctor.Survey, err error, channel string) doctor.Survey {
	setup, wrong := errors.AsType[*slackapi.SetupError](err)
	switch {
	case err == nil:
	case !wrong:
		s.Unread = append(slices.Clone(s.Unread), doctor.Unread{Action: "Slack", Why: err.Error()})
	default:
		s.Slack.Scopes, s.Slack.Problems = setup.Scopes, setup.Others
		if why := setup.Channels[channel]; len(why) > 0 {
			s.Slack.Channel, s.Slack.Why = channel, strings.Join(why, "; ")
		}
	}
	return s
}

// Examination is what doctor has to say of one service in one environment.
type Examination struct {
	Service     string `json:"service"`
	Environment string `json:"environment,omitempty"`
	Blocked     bool   `json:"blocked"` // something blocks a deploy, or nothing could be read
	Findings    []Told `json:"findings"`
	Error       string `json:"error,omitempty"` // why nothing could be read

	voice card.Voice // in which it is told
}

// Told is a finding with its sentences.
type Told struct {
	deploy.Finding
	Seen string `json:"seen"`
	Mend string `json:"mend"`
}

// Name is the examined service, for people.
func (e Examination) Name() string { return placeName(e.Service, e.Environment) }

// Text is the examination as lines to read.
func (e Examination) Text() string {
	if e.Error != "" {
		return e.Name() + ": " + e.Error + "\n"
	}
	list := make([]deploy.Finding, 0, len(e.Findings))
	for _, f := range e.Findings {
		list = append(list, f.Finding)
	}
	return e.voice.FindingsText(e.voice.Service(e.Service, e.Environment), list)
}

// Examine examines a service of a configuration in an environment, "" meaning all of them, from AWS as it is now. It needs
// no Slack; with tokens in the options it looks at the Slack app too. It touches nothing.
func Examine(ctx context.Context, o Options, service, environment string) ([]Examination, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c, err := config.Load(o.Config)
	if err != nil {
		return nil, err
	}
	cfg, err := awsFor(ctx, c)
	if err != nil {
		return nil, err
	}
	b := book{c, "junban"}
	status, err := ReadStatus(ctx, o.Config)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // nothing was ever done here
		return nil, err
	}
	e := newExaminer(b, newPlaces(cfg, accountsOf(c), b.Reach).cloud, func(context.Context) (Status, error) { return status, nil })
	if o.BotToken != "" || o.AppToken != "" {
		check := slackapi.New(slackapi.Options{
			BotToken: slackapi.Secret(o.BotToken), AppToken: slackapi.Secret(o.AppToken), APIURL: o.SlackAPI,
			Command: c.Slack.Command, Channels: b.channels(), Log: o.Log,
		})
		who, err := check.Check(ctx)
		e.slack = func(context.Context) (slackapi.Identity, error) { return who, err }
	}
	chosen := slices.DeleteFunc(c.Targets(), func(t config.Target) bool {
		return service != "" && t.Service != service || environment != "" && t.Environment != environment
	})
	out := make([]Examination, len(chosen))
	voice := voiceOf(c)
	var all errgroup.Group
	all.SetLimit(atOnce)
	for i, t := range chosen {
		all.Go(func() error {
			out[i] = examine(ctx, e, t, voice)
			return ctx.Err()
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	if len(out) == 0 && service == "" {
		return nil, fmt.Errorf("no service has an environment %q", environment)
	}
	if len(out) == 0 { // the book knows how to say what there is
		_, _, err := b.Request(deploy.Ask{Kind: asked, Service: service, Environment: environment})
		return nil, Explain(err)
	}
	return out, nil
}

// atOnce bounds the services that are examined side by side; the calls to AWS have a budget of their own.
const atOnce = 6

// catalogue is the configuration as the doctor needs it.
type catalogue interface {
	engine.Book
	bot.Rooms
	Targets() []config.Target
}

func newExaminer(b catalogue, clouds func(string) engine.Cloud, status func(context.Context) (Status, error)) *examiner {
	return &examiner{targets: b.Targets, book: b, clouds: clouds, status: status, channel: b.Channel}
}

func examine(ctx context.Context, e *examiner, t config.Target, voice card.Voice) Examination {
	out := Examination{Service: t.Service, Environment: t.Environment, Findings: []Told{}, voice: voice}
	found, err := e.Doctor(ctx, t.Service, t.Environment)
	if err != nil {
		out.Error, out.Blocked = Explain(err).Error(), true
		return out
	}
	out.Blocked = len(doctor.Blocking(found)) > 0
	for _, f := range found {
		seen, mend := voice.Finding(f)
		out.Findings = append(out.Findings, Told{f, seen.Plain(), mend.Plain()})
	}
	return out
}
