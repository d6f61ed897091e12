package slacksim_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
	"go.uber.org/goleak"

	"junban/bot/slacksim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	deploys  = "C0DEPLOYS"
	secrets  = "C0SECRETS"
	alice    = "U0ALICE"
	bob      = "U0BOB"
	guest    = "U0GUEST"
	stranger = "U0STRANGER"
	botToken = "xoxb-1-test"
	appToken = "xapp-1-test"
)

// place is a workspace behind a server, and a way to reach it.
type place struct {
	*slacksim.Workspace
	base   string
	client *http.Client
	dialer *gorilla.Dialer
}

// peopled is a workspace with people, two channels and one app.
func peopled(opt slacksim.Options) *slacksim.Workspace {
	w := slacksim.New(opt)
	w.AddUser(slacksim.User{ID: alice, Name: "alice", RealName: "Alice Aoki", Email: "alice@example.com"})
	w.AddUser(slacksim.User{ID: bob, Name: "bob", RealName: "Bob Baba"})
	w.AddUser(slacksim.User{ID: guest, Name: "gwen", IsRestricted: true})
	w.AddUser(slacksim.User{ID: stranger, Name: "sam", IsStranger: true, TeamID: "T0OTHER"})
	w.AddGroup(slacksim.Group{ID: "S0LEADS", Handle: "leads", Users: []string{bob}})
	w.AddChannel(slacksim.Channel{ID: deploys, Name: "deploys", BotIsMember: true})
	w.AddChannel(slacksim.Channel{ID: secrets, Name: "secrets", Private: true, Members: []string{alice}})
	w.AddApp(slacksim.App{
		AppID: "A0JUNBAN", BotToken: botToken, AppToken: appToken, BotUser: "U0JUNBAN", Commands: []string{"/deploy", "/form", "/file"},
		Events: []string{"app_mention", "app_home_opened"}, HomeTab: true,
		Shortcuts: []slacksim.Shortcut{{CallbackID: "deploy_this", Name: "Deploy this"}},
	})
	return w
}

// overSockets serves a workspace on a real port.
func overSockets(t *testing.T, opt slacksim.Options) *place {
	t.Helper()
	w := peopled(opt)
	mux := http.NewServeMux()
	mux.Handle("/", w.Handler())
	mux.Handle("/slack/", w.Page())
	server := httptest.NewServer(mux)
	client := server.Client()
	t.Cleanup(func() {
		client.CloseIdleConnections()
		w.Close()
		server.Close()
	})
	return &place{w, server.URL, client, gorilla.DefaultDialer}
}

// overPipes serves a workspace on an in-memory listener, for use inside testing/synctest.
func overPipes(t *testing.T, opt slacksim.Options) *place {
	t.Helper()
	w := peopled(opt)
	lis := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: w.Handler()}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(lis)
	}()
	transport := &http.Transport{DialContext: lis.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		w.Close()
		_ = server.Close()
		<-served
	})
	return &place{w, "http://slack.test", &http.Client{Transport: transport}, &gorilla.Dialer{NetDialContext: lis.dial}}
}

type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.closed:
		return nil, errors.New("connection refused")
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

func (p *place) api(options ...slack.Option) *slack.Client {
	options = append([]slack.Option{
		slack.OptionAPIURL(p.base + "/api/"), slack.OptionAppLevelToken(appToken), slack.OptionHTTPClient(p.client),
	}, options...)
	return slack.New(botToken, options...)
}

// call posts a form to a method with the bot's token and answers the body.
func (p *place) call(t *testing.T, method string, args map[string]string) map[string]any {
	t.Helper()
	return p.callAs(t, botToken, method, args)
}

func (p *place) callAs(t *testing.T, token, method string, args map[string]string) map[string]any {
	t.Helper()
	body, err := p.try(token, method, args)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return body
}

func (p *place) try(token, method string, args map[string]string) (map[string]any, error) {
	form := make([]string, 0, len(args))
	for key, value := range args {
		form = append(form, key+"="+url.QueryEscape(value))
	}
	req, err := http.NewRequest(http.MethodPost, p.base+"/api/"+method, strings.NewReader(strings.Join(form, "&")))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var body map[string]any
	if err := json.Unmarshal(data, &body); err != nil {
		return nil, err
	}
	return body, nil
}

// app is a bot on slack-go, unchanged but for where it connects to.
type app struct {
	api *slack.Client

	onCommand func(slack.SlashCommand) any    // answers the payload of the acknowledgement
	notes     func(slack.InteractionCallback) // hears a click before it is acknowledged
	onClick   func(slack.InteractionCallback)
	onMention func(*slackevents.AppMentionEvent)
	onSubmit  func(slack.InteractionCallback) any // answers the payload of the acknowledgement
	onHome    func(*slackevents.AppHomeOpenedEvent)
	silent    bool // never acknowledges

	mu        sync.Mutex
	commands  int
	envelopes []socketmode.Request
}

// run connects the app and waits until it is connected; it ends with the test.
func (a *app) run(t *testing.T, p *place) {
	t.Helper()
	a.api = p.api()
	before := p.Connections()
	client := socketmode.New(a.api, socketmode.OptionDialer(p.dialer))
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := client.RunContext(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("socketmode: %v", err)
		}
		cancel()
	})
	wg.Go(func() { a.listen(ctx, client) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	wait(t, p, "the app is connected", func(slacksim.View) bool { return p.Connections() > before })
}

func (a *app) listen(ctx context.Context, client *socketmode.Client) {
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-client.Events:
			if event.Request == nil || event.Request.EnvelopeID == "" {
				continue
			}
			a.mu.Lock()
			a.envelopes = append(a.envelopes, *event.Request)
			a.mu.Unlock()
			a.handle(ctx, client, event)
		}
	}
}

func (a *app) handle(ctx context.Context, client *socketmode.Client, event socketmode.Event) {
	if a.silent {
		return
	}
	var payload any
	var then func()
	switch data := event.Data.(type) {
	case slack.SlashCommand:
		a.mu.Lock()
		a.commands++
		a.mu.Unlock()
		if a.onCommand != nil {
			payload = a.onCommand(data)
		}
	case slack.InteractionCallback:
		if data.Type == slack.InteractionTypeViewSubmission && a.onSubmit != nil {
			payload = a.onSubmit(data)
			break
		}
		if a.notes != nil {
			a.notes(data)
		}
		then = func() {
			if a.onClick != nil {
				a.onClick(data)
			}
		}
	case slackevents.EventsAPIEvent:
		then = func() {
			if mention, ok := data.InnerEvent.Data.(*slackevents.AppMentionEvent); ok && a.onMention != nil {
				a.onMention(mention)
			}
			if home, ok := data.InnerEvent.Data.(*slackevents.AppHomeOpenedEvent); ok && a.onHome != nil {
				a.onHome(home)
			}
		}
	}
	_ = client.AckCtx(ctx, event.Request.EnvelopeID, payload)
	if then != nil {
		then()
	}
}

func (a *app) received() []socketmode.Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]socketmode.Request(nil), a.envelopes...)
}

// wait fails the test if a state does not come.
func wait(t *testing.T, p *place, what string, ok func(slacksim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := p.Wait(ctx, ok); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// card is a message with two buttons in a coloured attachment, as the best cards are built.
func card(text string) []slack.MsgOption {
	approve := slack.NewButtonBlockElement("approve", "op1", slack.NewTextBlockObject("plain_text", "Approve", false, false))
	deny := slack.NewButtonBlockElement("deny", "op1", slack.NewTextBlockObject("plain_text", "Deny", false, false))
	return []slack.MsgOption{
		slack.MsgOptionText(text, false),
		slack.MsgOptionAttachments(slack.Attachment{Color: "#36a64f", Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", "*"+text+"*", false, false), nil, nil),
			slack.NewActionBlock("acts", approve, deny),
		}}}),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "operation", EventPayload: map[string]any{"id": "op1", "seq": 3}}),
	}
}

// dialRaw opens a Socket Mode connection by hand.
func (p *place) dialRaw(t *testing.T) *gorilla.Conn {
	t.Helper()
	_, url, err := p.api().StartSocketModeContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, _, err := p.dialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// dial is dialRaw, and reads the hello.
func (p *place) dial(t *testing.T) *gorilla.Conn {
	t.Helper()
	conn := p.dialRaw(t)
	var hello struct {
		Type           string `json:"type"`
		NumConnections int    `json:"num_connections"`
		ConnectionInfo struct {
			AppID string `json:"app_id"`
		} `json:"connection_info"`
	}
	if err := conn.ReadJSON(&hello); err != nil || hello.Type != "hello" || hello.ConnectionInfo.AppID != "A0JUNBAN" || hello.NumConnections < 1 {
		t.Fatalf("hello = %+v, %v", hello, err)
	}
	return conn
}
