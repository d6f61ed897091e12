package slackapi_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"junban/bot"
	"junban/bot/slackapi"
	"junban/bot/slacksim"
	"junban/deploy/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ engine.Directory = (*slackapi.Client)(nil)

const (
	deploys  = "C0DEPLOYS"
	secrets  = "C0SECRETS" // private, and the bot is not in it
	private  = "C0PRIVATE" // private, and the bot is in it
	shared   = "C0SHARED"  // shared with another workspace
	alice    = "U0ALICE"
	bob      = "U0BOB"
	botUser  = "U0JUNBAN"
	leads    = "S0LEADS"
	botToken = "xoxb-1-planted-bot-token"
	appToken = "xapp-1-A0JUNBAN01-2-planted-app-token"
	appID    = "A0JUNBAN01"
)

// world is a workspace and a client of it.
type world struct {
	*slacksim.Workspace
	client *slackapi.Client
	http   *http.Client
	url    string
	logs   *logs
}

func peopled(opt slacksim.Options) *slacksim.Workspace {
	w := slacksim.New(opt)
	w.AddUser(slacksim.User{ID: alice, Name: "alice"})
	w.AddUser(slacksim.User{ID: bob, Name: "bob"})
	w.AddUser(slacksim.User{ID: "U0GUEST", Name: "gwen", IsRestricted: true})
	w.AddUser(slacksim.User{ID: "U0SINGLE", Name: "sina", IsUltraRestricted: true})
	w.AddUser(slacksim.User{ID: "U0STRANGER", Name: "sam", IsStranger: true, TeamID: "T0OTHER"})
	w.AddUser(slacksim.User{ID: "U0FOREIGN", Name: "fred", TeamID: "T0OTHER"})
	w.AddUser(slacksim.User{ID: "U0LEFT", Name: "leo", Deleted: true})
	w.AddUser(slacksim.User{ID: "U0ROBOT", Name: "robby", IsBot: true})
	w.AddGroup(slacksim.Group{ID: leads, Handle: "leads", Users: []string{bob, "U0GUEST", "U0ROBOT", "U0LEFT"}})
	w.AddGroup(slacksim.Group{ID: "S0DEVS", Handle: "devs", Users: []string{alice, bob}})
	w.AddChannel(slacksim.Channel{ID: deploys, Name: "deploys", BotIsMember: true})
	w.AddChannel(slacksim.Channel{ID: secrets, Name: "secrets", Private: true})
	w.AddChannel(slacksim.Channel{ID: private, Name: "private", Private: true, BotIsMember: true})
	w.AddChannel(slacksim.Channel{ID: shared, Name: "shared", IsExtShared: true, BotIsMember: true})
	w.AddApp(theApp(nil))
	return w
}

func theApp(scopes []string) slacksim.App {
	return slacksim.App{
		AppID: appID, BotToken: botToken, AppToken: appToken, BotUser: botUser, Commands: []string{"/deploy"}, Scopes: scopes,
		Events:  []string{"app_mention", "app_home_opened"},
		HomeTab: true, Shortcuts: []slacksim.Shortcut{{CallbackID: slackapi.ShortcutOperation, Name: "Junban: what is this?"}},
	}
}

func (w *world) options() slackapi.Options {
	return slackapi.Options{
		BotToken: botToken, AppToken: appToken, APIURL: w.url + "/api/", Command: "/deploy", HTTP: w.http,
		Log: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// overSockets is a workspace on a real port.
func overSockets(t *testing.T, opt slacksim.Options) *world {
	t.Helper()
	w := &world{Workspace: peopled(opt), logs: &logs{}}
	server := httptest.NewServer(w.Handler())
	w.http, w.url = server.Client(), server.URL
	w.client = slackapi.New(w.options())
	t.Cleanup(func() {
		w.http.CloseIdleConnections()
		w.Close()
		server.Close()
	})
	return w
}

// overPipes is a workspace in memory, for fake time.
func overPipes(t *testing.T, opt slacksim.Options) *world {
	t.Helper()
	w := &world{Workspace: peopled(opt), logs: &logs{}, url: "http://slack.test"}
	lis := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: w.Handler()}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(lis) })
	transport := &http.Transport{DialContext: lis.dial}
	w.http = &http.Client{Transport: transport}
	w.client = slackapi.New(w.options())
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		w.Close()
		_ = server.Close()
		served.Wait()
	})
	return w
}

// inFakeTime runs a test against a workspace in memory, where an hour passes in a moment.
func inFakeTime(t *testing.T, opt slacksim.Options, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, overPipes(t, opt)) })
}

type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.closed:
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// logs collects what is logged.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// receiver keeps what it received; answer, if set, answers for it.
type receiver struct {
	answer func(context.Context, bot.Envelope) error
	reply  func(bot.Envelope) bot.Reply // for forms

	mu   sync.Mutex
	seen []bot.Envelope
}

func (r *receiver) Receive(ctx context.Context, e bot.Envelope) (bot.Reply, error) {
	r.mu.Lock()
	r.seen = append(r.seen, e)
	r.mu.Unlock()
	if r.answer != nil {
		return bot.Reply{}, r.answer(ctx, e)
	}
	if r.reply != nil {
		return r.reply(e), nil
	}
	return bot.Reply{}, nil
}

func (r *receiver) envelopes() []bot.Envelope {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]bot.Envelope(nil), r.seen...)
}

// start runs the client until the test ends. It answers a channel with Run's result, and a way to end it early.
func (w *world) start(t *testing.T, r bot.Receiver) (<-chan error, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	var wg sync.WaitGroup
	wg.Go(func() { ended <- w.client.Run(ctx, r) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return ended, cancel
}

// overTheSame is another client of the same workspace.
func overTheSame(w *world) *slackapi.Client { return slackapi.New(w.options()) }

// connected waits until this many connections are up.
func (w *world) connected(t *testing.T, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
	defer cancel()
	if err := w.Wait(ctx, func(slacksim.View) bool { return w.Connections() == n }); err != nil {
		t.Fatalf("%d connections: %v; there are %d\n%s", n, err, w.Connections(), w.logs)
	}
}

// within fails the test if a channel does not deliver.
func within[T any](t *testing.T, d time.Duration, what string, ch <-chan T) T {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case v := <-ch:
		return v
	case <-timer.C:
		t.Fatalf("%s did not come within %v", what, d)
		panic("unreachable")
	}
}

func mustContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}
