package slackapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"

	"junban/bot"
)

const (
	secondAfterHello = 2 * time.Second  // Slack renews connections by their age: two of the same age would go together
	secondAtLatest   = 6 * time.Second  // if the first gets no hello
	steadyLife       = time.Minute      // a connection that lived less did not work
	pauseFirst       = time.Second      // between connections that do not work, doubled each time
	pauseMost        = 30 * time.Second // Slack allows 20 calls of apps.connections.open a minute
	fatalPause       = 5 * time.Second  // a refusal in the middle of work is believed when it comes twice
)

// Run takes in what people do and hands it to r, until ctx ends (then it answers nil) or Slack refuses for good (the
// error says what to do). Two Socket Mode connections are kept, opened a few seconds apart, because an envelope that
// reaches a connection as it is renewed can be lost. Each envelope is acknowledged when r has answered nil, and not at
// all when r fails, takes longer than 2.5 s, or when 256 are under way: then Slack tells the person. Run waits for all
// that it started. It may be called once at a time.
func (c *Client) Run(ctx context.Context, r bot.Receiver) error {
	in := newIntake(context.WithoutCancel(ctx), c, r)
	defer in.wait()
	group, inner := errgroup.WithContext(ctx)
	worked := new(atomic.Bool)
	first, second := newSlot(c, in, 1, worked), newSlot(c, in, 2, worked)
	group.Go(func() error { c.learn(inner); return nil })
	group.Go(func() error { return first.run(inner) })
	group.Go(func() error {
		late := time.NewTimer(secondAtLatest)
		defer late.Stop()
		select {
		case <-first.greeted:
			sleep(inner, secondAfterHello)
		case <-late.C:
		case <-inner.Done():
		}
		return second.run(inner)
	})
	err := group.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// learn asks who the bot is until Slack says it, so that the bot does not answer its own mentions.
func (c *Client) learn(ctx context.Context) {
	for {
		_, err := c.identity(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		c.log.WarnContext(ctx, "the bot does not know itself yet", "err", err)
		sleep(ctx, pauseMost)
	}
}

// slot keeps one connection up. It uses one slack-go client for all of them, so that an acknowledgement that came too
// late for its connection still goes out on the next.
type slot struct {
	c       *Client
	in      *intake
	number  int
	gate    *gate
	sm      *socketmode.Client
	greeted chan struct{} // closed at the first hello
	once    sync.Once
	worked  *atomic.Bool // some connection of this Run has had its hello
}

func newSlot(c *Client, in *intake, number int, worked *atomic.Bool) *slot {
	g := &gate{http: c.http}
	sm := socketmode.New(c.newAPI(g), socketmode.OptionDialer(c.dialer), socketmode.OptionLog(log.New(io.Discard, "", 0)))
	return &slot{c: c, in: in, number: number, gate: g, sm: sm, greeted: make(chan struct{}), worked: worked}
}

// run connects again and again. slack-go would do so itself, but at once after a disconnect and with pauses of up to
// five minutes after a failure; here each of its runs is one connection, and the pauses are ours.
func (s *slot) run(ctx context.Context) error {
	failures, refusals := 0, 0
	for ctx.Err() == nil {
		life := s.connect(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end that was asked for
		}
		pause := time.Duration(0)
		v := judge(life.err)
		switch {
		case life.err != nil && fatal(v):
			if refusals++; refusals > 1 || !s.worked.Load() {
				return s.c.told("opening a Socket Mode connection", life.err)
			}
			pause = fatalPause
		case life.lasted >= steadyLife:
			failures, refusals = 0, 0
		default:
			failures, refusals = failures+1, 0
			pause = max(pauseFor(failures), v.after)
		}
		s.tell(ctx, life, pause)
		sleep(ctx, pause)
	}
	return nil
}

// pauseFor doubles from one second to thirty, less up to 30 % by chance, so that two slots do not march in step.
func pauseFor(failures int) time.Duration {
	d := pauseMost
	if failures <= 5 {
		d = pauseFirst << (failures - 1)
	}
	return time.Duration(float64(d) * (1 - 0.3*rand.Float64()))
}

func (s *slot) tell(ctx context.Context, l life, pause time.Duration) {
	log := s.c.log.With("connection", s.number, "lasted", l.lasted.Round(time.Millisecond), "pause", pause.Round(time.Millisecond))
	switch {
	case l.err != nil:
		log.WarnContext(ctx, "no connection to Slack", "err", s.c.scrub.error(l.err))
	case l.hello.IsZero():
		log.WarnContext(ctx, "Slack ended a connection before its hello: another process may hold the ten that an app can have")
	case pause > 0:
		log.WarnContext(ctx, "Slack ended a connection early")
	default:
		log.InfoContext(ctx, "Slack renews a connection")
	}
}

// life is what became of one connection.
type life struct {
	hello  time.Time
	lasted time.Duration // from the hello on
	err    error         // why it could not be opened
}

// connect opens one connection and serves it to its end.
func (s *slot) connect(ctx context.Context) life {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.gate.open(cancel)
	ended := make(chan error, 1)
	go func() { ended <- s.sm.RunContext(ctx) }()
	var l life
	for {
		select {
		case ev := <-s.sm.Events:
			s.event(ctx, ev, &l, cancel)
		case err := <-ended:
			s.rest(ctx, &l, cancel)
			if l.err == nil && !errors.Is(err, context.Canceled) {
				l.err = err
			}
			if !l.hello.IsZero() {
				l.lasted = time.Since(l.hello)
			}
			return l
		}
	}
}

// rest handles the events that came before the end and were not read yet.
func (s *slot) rest(ctx context.Context, l *life, cancel context.CancelFunc) {
	for {
		select {
		case ev := <-s.sm.Events:
			s.event(ctx, ev, l, cancel)
		default:
			return
		}
	}
}

// event must not block: while it does, slack-go reads nothing, and answers no ping.
func (s *slot) event(ctx context.Context, ev socketmode.Event, l *life, cancel context.CancelFunc) {
	log := s.c.log.With("connection", s.number)
	switch ev.Type {
	case socketmode.EventTypeHello:
		s.hello(ctx, ev, l)
	case socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive, socketmode.EventTypeEventsAPI:
		s.in.take(ctx, s.sm, ev)
	case socketmode.EventTypeConnectionError:
		if data, ok := ev.Data.(*slack.ConnectionErrorEvent); ok && !errors.Is(data.ErrorObj, errOneEach) && l.err == nil {
			l.err = data.ErrorObj
		}
		cancel() // else slack-go waits and tries by itself
	case socketmode.EventTypeInvalidAuth: // slack-go's word for a 404
		l.err = errors.New("there is no apps.connections.open at this address: check SLACK_API_URL")
	case socketmode.EventTypeErrorWriteFailed:
		if data, ok := ev.Data.(*socketmode.ErrorWriteFailed); ok {
			log.WarnContext(ctx, "an acknowledgement was not sent", "err", s.c.scrub.error(data.Cause))
		}
	case socketmode.EventTypeErrorBadMessage:
		if data, ok := ev.Data.(*socketmode.ErrorBadMessage); ok {
			log.ErrorContext(ctx, "Slack sent what cannot be read", "err", s.c.scrub.error(data.Cause))
		}
	case socketmode.EventTypeIncomingError:
		if data, ok := ev.Data.(*slack.IncomingEventError); ok && ctx.Err() == nil {
			log.InfoContext(ctx, "a connection to Slack broke", "err", s.c.scrub.error(data.ErrorObj))
		}
	}
}

func (s *slot) hello(ctx context.Context, ev socketmode.Event, l *life) {
	l.hello = time.Now()
	s.worked.Store(true)
	s.once.Do(func() { close(s.greeted) })
	attrs := []any{"connection", s.number}
	if ev.Request != nil {
		attrs = append(attrs, "app", ev.Request.ConnectionInfo.AppID, "connections", ev.Request.NumConnections)
	}
	s.c.log.InfoContext(ctx, "connected to Slack", attrs...)
}

// errOneEach ends a run of slack-go that wants to open a second connection.
var errOneEach = errors.New("this run has had its connection")

// gate is the HTTP client of a slot. It lets one apps.connections.open through for each run of slack-go and ends the
// run at the next: that is where it would reconnect without a pause.
type gate struct {
	http *http.Client
	mu   sync.Mutex
	end  context.CancelFunc
	used bool
}

// open lets the next connection be opened; end is called when yet another is wanted.
func (g *gate) open(end context.CancelFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end, g.used = end, false
}

func (g *gate) pass() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.used {
		g.end()
		return false
	}
	g.used = true
	return true
}

// Do is what slack-go calls.
func (g *gate) Do(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/apps.connections.open") && !g.pass() {
		return nil, errOneEach
	}
	resp, err := g.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("opening a connection: %w", err)
	}
	return resp, nil
}
