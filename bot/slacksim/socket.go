package slacksim

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const (
	maxConnections = 10               // of one app
	pongWithin     = 10 * time.Second // or the connection is given up
	leaveGrace     = 10 * time.Second // between a disconnect message and the end of the connection
	sendQueue      = 256              // envelopes that may wait for a slow client
	socketHost     = "applink-slacksim"
)

// The reasons of a disconnect message, from docs.slack.dev/apis/events-api/using-socket-mode.
const (
	ReasonWarning           = "warning"           // the connection ends in about ten seconds, and still carries envelopes
	ReasonRefresh           = "refresh_requested" // the routine renewal
	ReasonLinkDisabled      = "link_disabled"     // Socket Mode was switched off
	ReasonTooManyWebsockets = "too_many_websockets"
)

// conn is one Socket Mode connection.
type conn struct {
	app    *app
	base   string
	out    chan []byte
	leave  chan time.Duration // ask the connection to end after this time
	cut    context.CancelFunc // end it now
	isLeft bool               // a disconnect message went out; guarded by Workspace.mu
}

func (w *Workspace) openConnection(req *request) (answer, *refusal) {
	ticket := rand.Text()
	w.tickets[ticket] = req.app
	url := "ws" + strings.TrimPrefix(req.base, "http") + "/link/?ticket=" + ticket + "&app_id=" + req.app.AppID
	return answer{"url": url}, nil
}

// serveLink is the websocket that a ticket opens, once. The handler owns the connection and its goroutines.
func (w *Workspace) serveLink(rw http.ResponseWriter, r *http.Request) {
	switch w.suffer(rw, r, "link", params{}) {
	case done:
		return
	case cut, garbled:
		panic(http.ErrAbortHandler)
	}
	a, ended := w.enter(r.URL.Query().Get("ticket"))
	if a == nil {
		http.Error(rw, "unknown ticket", http.StatusNotFound)
		return
	}
	defer ended()
	// slack-go sends the Origin of Slack's own API, whatever server it talks to.
	ws, err := websocket.Accept(rw, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	ws.SetReadLimit(maxBody)
	ctx, cut := context.WithCancel(w.ctx)
	defer cut()
	c := &conn{app: a, base: baseOf(r), out: make(chan []byte, sendQueue), leave: make(chan time.Duration, 1), cut: cut}
	w.greet(c, r.URL.Query().Get("debug_reconnects") == "true")
	c.run(ctx, w, ws)
}

// enter takes a ticket and counts the handler in, so that Close waits for it. Without a valid ticket it answers nil.
func (w *Workspace) enter(ticket string) (*app, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.tickets[ticket]
	if !ok || w.closed {
		return nil, nil
	}
	delete(w.tickets, ticket)
	w.wg.Add(1)
	return a, w.wg.Done
}

// greet says hello, or that there are too many connections already.
func (w *Workspace) greet(c *conn, short bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	count := 1
	for _, other := range w.conns {
		if other.app == c.app {
			count++
		}
	}
	if count > maxConnections {
		w.disconnect(c, ReasonTooManyWebsockets)
		return
	}
	w.conns = append(w.conns, c)
	lives := 18060
	if short {
		lives = 360
	}
	c.send(map[string]any{
		"type": "hello", "num_connections": count,
		"debug_info":      map[string]any{"host": socketHost, "build_number": 1, "approximate_connection_time": lives},
		"connection_info": map[string]any{"app_id": c.app.AppID},
	})
	w.notify()
}

// send queues a message. It answers false if the client is so slow that the queue is full.
func (c *conn) send(message any) bool {
	select {
	case c.out <- encode(message):
		return true
	default:
		return false
	}
}

// run carries the connection until it ends, and returns when its goroutines have.
func (c *conn) run(ctx context.Context, w *Workspace, ws *websocket.Conn) {
	ended := make(chan struct{}, 2)
	go func() {
		c.read(ctx, w, ws)
		c.cut()
		ended <- struct{}{}
	}()
	go func() {
		c.write(ctx, ws)
		c.cut()
		ended <- struct{}{}
	}()
	c.supervise(ctx, w, ws)

	w.mu.Lock()
	w.conns = slices.DeleteFunc(w.conns, func(x *conn) bool { return x == c })
	w.notify()
	w.mu.Unlock()
	c.cut()
	_ = ws.CloseNow() // the peer may have closed it
	<-ended
	<-ended
}

// supervise pings, renews the connection when its life is over, and ends it when it was asked to leave.
func (c *conn) supervise(ctx context.Context, w *Workspace, ws *websocket.Conn) {
	var pings, life, end <-chan time.Time
	if w.opt.PingEvery > 0 {
		ticker := time.NewTicker(w.opt.PingEvery)
		defer ticker.Stop()
		pings = ticker.C
	}
	if w.opt.ConnectionLife > 0 {
		timer := time.NewTimer(w.opt.ConnectionLife)
		defer timer.Stop()
		life = timer.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-pings:
			if err := ping(ctx, ws); err != nil {
				return
			}
		case <-life:
			w.mu.Lock()
			w.disconnect(c, ReasonRefresh)
			w.mu.Unlock()
		case grace := <-c.leave:
			if end == nil || grace < leaveGrace {
				timer := time.NewTimer(grace)
				defer timer.Stop()
				end = timer.C
			}
		case <-end:
			_ = ws.Close(websocket.StatusNormalClosure, "")
			return
		}
	}
}

func ping(ctx context.Context, ws *websocket.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, pongWithin)
	defer cancel()
	return ws.Ping(ctx)
}

func (c *conn) read(ctx context.Context, w *Workspace, ws *websocket.Conn) {
	for {
		_, data, err := ws.Read(ctx)
		if err != nil {
			return
		}
		w.acknowledge(data)
	}
}

func (c *conn) write(ctx context.Context, ws *websocket.Conn) {
	for {
		select {
		case <-ctx.Done():
			return
		case message := <-c.out:
			if err := ws.Write(ctx, websocket.MessageText, message); err != nil {
				return
			}
		}
	}
}

// disconnect sends a disconnect message and lets the connection end: soon, or at once if it may not be used.
// The caller holds mu.
func (w *Workspace) disconnect(c *conn, reason string) {
	c.isLeft = c.isLeft || reason != ReasonWarning
	c.send(map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": socketHost}})
	grace := leaveGrace
	if reason == ReasonTooManyWebsockets || reason == ReasonLinkDisabled {
		grace = time.Second
	}
	select {
	case c.leave <- grace:
	default: // it is leaving already
	}
}

// Disconnect sends a disconnect message with this reason to every open connection. Slack ends a connection some
// seconds later if the client has not; an envelope that goes there meanwhile can be lost.
func (w *Workspace) Disconnect(reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		w.disconnect(c, reason)
	}
}

// Cut ends every Socket Mode connection without a word, as a network does.
func (w *Workspace) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cutAll()
}

func (w *Workspace) cutAll() {
	for _, c := range w.conns {
		c.cut()
	}
	w.conns = nil
	w.notify()
}

// Connections is how many Socket Mode connections are open and have not been told to leave.
func (w *Workspace) Connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, c := range w.conns {
		if !c.isLeft {
			n++
		}
	}
	return n
}

// choose picks any one connection of an app, except one, in no pattern; one that was told to leave only if there is
// no other. The caller holds mu.
func (w *Workspace) choose(a *app, except *conn) *conn {
	var open, leaving []*conn
	for _, c := range w.conns {
		switch {
		case c.app != a || c == except:
		case c.isLeft:
			leaving = append(leaving, c)
		default:
			open = append(open, c)
		}
	}
	if len(open) == 0 {
		open = leaving
	}
	if len(open) == 0 {
		return nil
	}
	return open[w.rng.IntN(len(open))]
}

// parseAck reads an acknowledgement; slack-go leaves the payload out, Bolt always sends one.
func parseAck(data []byte) (id string, payload json.RawMessage, err error) {
	var ack struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(data, &ack); err != nil {
		return "", nil, fmt.Errorf("reading an acknowledgement: %w", err)
	}
	if ack.EnvelopeID == "" {
		return "", nil, errors.New("an acknowledgement without envelope_id")
	}
	return ack.EnvelopeID, ack.Payload, nil
}
