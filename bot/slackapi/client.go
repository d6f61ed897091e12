package slackapi

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"

	"junban/bot"
)

const (
	callLimit      = 20 * time.Second // of one call, unless Options.HTTP has a limit of its own
	handshakeLimit = 15 * time.Second // of opening a websocket
	writeBuffer    = 32 << 10         // acknowledgements must go out in one frame (slack-go, socketmode.go)
)

var _ bot.Chat = (*Client)(nil)

// Options say which Slack app this is.
type Options struct {
	BotToken Secret       // "xoxb-…"
	AppToken Secret       // "xapp-…", with connections:write
	APIURL   string       // another server than Slack's, as http://127.0.0.1:8702/api/; "" is Slack
	Command  string       // the slash command, with its slash; another one is still taken, with a warning
	Channels []string     // ids of the channels that Check looks at
	Log      *slog.Logger // nil: nothing is logged
	HTTP     *http.Client // nil: one with a limit of 20 s a call; websockets use its transport's dialer, TLS and proxy
}

// Identity is who the bot is in Slack, as auth.test tells it.
type Identity struct {
	Team       string // "T…"
	TeamName   string
	Enterprise string // "E…" on Enterprise Grid, else ""
	URL        string // of the workspace
	BotUser    string // "U…": what people mention
	BotID      string // "B…"
	AppID      string // "A…"; "" if Slack did not say
}

// Client speaks with one workspace. Its methods may be called from any goroutine.
type Client struct {
	log      *slog.Logger
	scrub    scrubber
	http     *http.Client
	dialer   *websocket.Dialer
	options  []slack.Option
	api      *slack.Client
	tokens   func() (bot, app Secret) // behind a function, so that no print of a Client shows them
	command  string
	channels []string
	paces    *paces
	groups   groupCache
	rooms    rooms

	mu   sync.Mutex
	self Identity // empty until Slack was asked
}

// New makes a client. It asks Slack nothing and starts nothing.
func New(o Options) *Client {
	c := &Client{
		log: o.Log, scrub: newScrubber(o.BotToken, o.AppToken), command: o.Command, channels: o.Channels,
		tokens: func() (Secret, Secret) { return o.BotToken, o.AppToken },
		paces:  newPaces(), groups: newGroupCache(), rooms: rooms{seen: map[string]roomSeen{}},
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.http = &http.Client{}
	if o.HTTP != nil {
		*c.http = *o.HTTP
	}
	if c.http.Timeout == 0 {
		c.http.Timeout = callLimit
	}
	c.dialer = dialerLike(c.http)
	url := o.APIURL
	if url == "" {
		url = slack.APIURL
	}
	if !strings.HasSuffix(url, "/") {
		url += "/"
	}
	c.options = []slack.Option{
		slack.OptionAPIURL(url), slack.OptionAppLevelToken(string(o.AppToken)),
		// slack-go logs to stderr if it is not told otherwise; what matters comes as errors and events.
		slack.OptionLog(log.New(io.Discard, "", 0)),
	}
	c.api = c.newAPI(c.http)
	return c
}

// newAPI makes a slack-go client that calls through h. slack-go does not repeat anything by itself unless told to.
func (c *Client) newAPI(h interface {
	Do(*http.Request) (*http.Response, error)
}) *slack.Client {
	token, _ := c.tokens()
	return slack.New(string(token), append([]slack.Option{slack.OptionHTTPClient(h)}, c.options...)...)
}

// dialerLike makes a websocket dialer that reaches the network as h does.
func dialerLike(h *http.Client) *websocket.Dialer {
	d := &websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: handshakeLimit, WriteBufferSize: writeBuffer}
	if t, ok := h.Transport.(*http.Transport); ok {
		d.Proxy, d.NetDialContext = t.Proxy, t.DialContext
		if t.TLSClientConfig != nil {
			d.TLSClientConfig = t.TLSClientConfig.Clone()
			d.TLSClientConfig.NextProtos = nil // a websocket cannot be opened over HTTP/2
		}
	}
	return d
}

// Format keeps a client's insides out of every print.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "slackapi.Client") }

// identity answers who the bot is, and asks Slack the first time.
func (c *Client) identity(ctx context.Context) (Identity, error) {
	if self, ok := c.known(); ok {
		return self, nil
	}
	var answer *slack.AuthTestResponse
	err := c.again(ctx, c.paces.auth, func(ctx context.Context) (err error) {
		answer, err = c.authTest(ctx)
		return err
	})
	if err != nil {
		return Identity{}, c.told("asking Slack who we are", err)
	}
	return c.remember(answer), nil
}

func (c *Client) authTest(ctx context.Context) (*slack.AuthTestResponse, error) {
	answer, err := c.api.AuthTestContext(ctx)
	if err == nil && (answer.TeamID == "" || answer.UserID == "") {
		return nil, errHollow
	}
	return answer, err
}

func (c *Client) known() (Identity, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.self, c.self.Team != ""
}

// remember keeps what auth.test said; the app's id is kept if it is known from before.
func (c *Client) remember(a *slack.AuthTestResponse) Identity {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.self = Identity{
		Team: a.TeamID, TeamName: a.Team, Enterprise: a.EnterpriseID, URL: a.URL,
		BotUser: a.UserID, BotID: a.BotID, AppID: c.self.AppID,
	}
	return c.self
}
