package bot

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

// Desk is where operations are asked for, acted on and read; engine.Engine is one.
type Desk interface {
	Plan(ctx context.Context, ask deploy.Ask) (deploy.Plan, error)
	Request(ctx context.Context, id deploy.ID, ask deploy.Ask, by string) (deploy.Operation, error)
	Act(ctx context.Context, id deploy.ID, a deploy.Act) (deploy.Operation, error)
	Operation(ctx context.Context, id deploy.ID) (deploy.Operation, error)
	Events(ctx context.Context, id deploy.ID) ([]deploy.Event, error)
	// EventsAfter answers the events after a seq, from 0 on; none if there are none.
	EventsAfter(ctx context.Context, id deploy.ID, seq int) ([]deploy.Event, error)
	Recent(ctx context.Context, service string, limit int) ([]deploy.Row, error)
	Unfinished(ctx context.Context) ([]deploy.Row, error)
	Locks(ctx context.Context) ([]deploy.Lock, error)
	// Health is how healthy an operation's groups were when they were last looked at; nothing if it does not run.
	Health(id deploy.ID) []deploy.GroupHealth
}

// Directory tells who somebody is now.
type Directory interface {
	Person(ctx context.Context, id string, groups []string) (deploy.Person, error)
}

// Rooms says where an operation is posted: a channel's id.
type Rooms interface {
	Channel(service, environment string) string
}

// Examiner looks for what would make a rolling deploy unsafe. It only reads.
type Examiner interface {
	// Doctor answers what it finds about one service in one environment ("" = the service has none). A service that
	// the configuration does not know is an *engine.Mistake.
	Doctor(ctx context.Context, service, environment string) ([]deploy.Finding, error)
	// Services lists what there is to look at, in the configuration's order.
	Services() []Service
}

// Service is one service in one of its environments; "" if it has none.
type Service struct{ Name, Environment string }

// Options are what a bot works with. All fields but Examiner, Log, Offering, Panels, Voice and Zone are required.
type Options struct {
	Desk      Desk
	Chat      Chat
	Directory Directory
	Memory    Memory
	Rooms     Rooms
	Examiner  Examiner // for doctor; nil = there is none
	Offering  Offering // for the form that asks for a deploy; nil = there is none
	Where     Channels // what a channel is; nil = none is shared with another organisation
	Panels    Panels   // forms and home tabs; nil = there are none, and no button opens one
	NewID     func() deploy.ID
	Slash     string         // the slash command, with its slash
	Channels  []string       // ids of the channels where commands, mentions and clicks are taken; nil = all that are not shared with another workspace
	Zone      *time.Location // for times in lists and times that are typed; UTC if nil
	Voice     card.Voice     // the language of everything that is said; English if it is mute
	Log       *slog.Logger
}

// Bot is the conversation of one process.
type Bot struct {
	Options
	inbox chan Envelope
	forms chan Envelope // those that are answered by a form, soon
	homes *homes
	line  *line

	mu      sync.Mutex
	tellers map[deploy.ID]*teller
	tell    func(deploy.ID) // nil while Run does not run
	ready   chan struct{}   // closed when Run has listed what a former life left
}

// workers is how many envelopes are worked on at once; each may wait for AWS or Slack.
const workers = 8

// waiting is how many envelopes may wait to be worked on; each is about 300 bytes.
const waiting = 8192

// New makes a bot. Nothing happens before Run.
func New(o Options) *Bot {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Voice.Mute() {
		o.Voice = card.English()
	}
	o.Voice = o.Voice.For(o.Slash)
	return &Bot{Options: o, inbox: make(chan Envelope, waiting), forms: make(chan Envelope, waiting), homes: newHomes(), line: newLine(), tellers: map[deploy.ID]*teller{}, ready: make(chan struct{})}
}

// Run works on envelopes and tells operations until the context ends, beginning with those that a former life left
// behind. It answers when all its goroutines have ended.
func (b *Bot) Run(ctx context.Context) error {
	left, err := b.leftovers(ctx)
	if err != nil {
		return fmt.Errorf("reading the inbox: %w", err)
	}
	close(b.ready)
	var all sync.WaitGroup
	b.mu.Lock()
	b.tell = func(id deploy.ID) {
		t := newTeller(b, id)
		b.tellers[id] = t
		all.Go(func() { t.run(ctx) })
	}
	b.mu.Unlock()
	b.tellAll(ctx)
	for range workers {
		all.Go(func() { b.work(ctx, b.inbox) })
	}
	for range quickWorkers {
		all.Go(func() { b.work(ctx, b.forms) })
	}
	all.Go(func() { b.drawHomes(ctx) })
	all.Go(func() { b.prune(ctx) })
	all.Go(func() { b.remind(ctx) })
	all.Go(func() {
		for _, e := range left {
			select {
			case b.inbox <- e:
			case <-ctx.Done():
			}
		}
	})
	<-ctx.Done()
	b.mu.Lock()
	b.tell = nil
	b.mu.Unlock()
	all.Wait()
	return nil
}

// Moved hears that an operation has moved on. It never blocks.
func (b *Bot) Moved(id deploy.ID) {
	b.homes.all()
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.tellers[id]; t != nil {
		t.poke()
	} else if b.tell != nil {
		b.tell(id)
	}
}
