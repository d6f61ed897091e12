package slacksim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Options are the properties of a workspace. The zero value is a workspace as Slack runs one.
type Options struct {
	Now        func() time.Time // the clock behind timestamps, rates and expiry; time.Now if nil
	TeamID     string           // "T0JUNBAN" if empty
	TeamName   string           // "Junban Works" if empty
	TeamDomain string           // "junban-works" if empty

	EnterpriseID   string // "E…": the workspace is one of an Enterprise Grid organisation
	EnterpriseName string

	Rates   map[string]Rate // replaces the rate of the named methods; a zero Rate means no limit
	NoRates bool            // no method has a rate

	TriggerLife    time.Duration // how long a trigger_id opens a view; 3 s if zero, for ever if negative
	AckTimeout     time.Duration // how long an app has to acknowledge an envelope; 3 s if zero
	PingEvery      time.Duration // between the server's websocket pings; 5 s if zero, none if negative
	ConnectionLife time.Duration // after which Slack asks a connection to be renewed; never if zero
	Seed           uint64        // of the choice among connections, which has no pattern
}

// Workspace is one simulated Slack workspace. Its methods may be called from any goroutine.
type Workspace struct {
	opt     Options
	methods map[string]method

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	wg   sync.WaitGroup // socket connections and event deliveries

	mu           sync.Mutex
	closed       bool
	outage       bool
	rng          *rand.Rand
	lastMicro    int64
	users        map[string]*User
	userOrder    []string
	groups       map[string]*Group
	groupOrder   []string
	channels     map[string]*room
	channelOrder []string
	apps         []*app
	ephemerals   map[string][]*Message // by the user who sees them
	tickets      map[string]*app       // socket URLs given out and not used yet
	conns        []*conn               // in the order they were opened
	pending      map[string]*pending   // envelopes waiting for their acknowledgement
	acks         []AckTime
	responses    map[string]*responseURL
	triggers     map[string]*trigger
	modals       map[string][]*view // open, by user, the top one last
	homes        map[homeOf]*view
	files        map[string]*upload     // by file id
	usage        map[string][]time.Time // calls inside the rate window, by method, app and channel
	injections   []*Injection
	calls        []Call
	changed      chan struct{} // closed at the next change
	watchers     map[*watcher]struct{}
}

// New makes an empty workspace. It starts nothing; Close ends what its use has started.
func New(opt Options) *Workspace {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	setDefault(&opt.TeamID, "T0JUNBAN")
	setDefault(&opt.TeamName, "Junban Works")
	setDefault(&opt.TeamDomain, "junban-works")
	setDefault(&opt.TriggerLife, 3*time.Second)
	setDefault(&opt.AckTimeout, 3*time.Second)
	setDefault(&opt.PingEvery, 5*time.Second)
	ctx, stop := context.WithCancel(context.Background())
	return &Workspace{
		opt: opt, methods: methods(), ctx: ctx, stop: stop,
		rng:        rand.New(rand.NewPCG(opt.Seed, 0x5eed)),
		users:      map[string]*User{},
		groups:     map[string]*Group{},
		channels:   map[string]*room{},
		ephemerals: map[string][]*Message{},
		tickets:    map[string]*app{},
		pending:    map[string]*pending{},
		responses:  map[string]*responseURL{},
		triggers:   map[string]*trigger{},
		modals:     map[string][]*view{},
		homes:      map[homeOf]*view{},
		files:      map[string]*upload{},
		usage:      map[string][]time.Time{},
		changed:    make(chan struct{}),
		watchers:   map[*watcher]struct{}{},
	}
}

// Handler serves what apps use: /api/METHOD, the Socket Mode websocket at /link/, response URLs at /response/, and
// files at /upload/ and /files-pri/.
// The addresses it hands out take their host from the request, so it works behind any listener.
func (w *Workspace) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", w.serveAPI)
	mux.HandleFunc("/link/", w.serveLink)
	mux.HandleFunc("POST /response/{token}", w.serveResponse)
	mux.HandleFunc("POST /upload/v1/{token}", w.serveUpload)
	mux.HandleFunc("GET /files-pri/{id}/{name}", w.serveFileToApp)
	return mux
}

// Close cuts every connection, releases hanging requests and waits until all work of the workspace has ended.
// The workspace can be read afterwards.
func (w *Workspace) Close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.stop()
	w.wg.Wait()
}

// spawn runs f in a goroutine that Close waits for. After Close it does nothing. The caller holds mu.
func (w *Workspace) spawn(f func()) {
	if !w.closed {
		w.wg.Go(f)
	}
}

// notify wakes everybody who waits for a change. The caller holds mu.
func (w *Workspace) notify() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// stamp makes the next message timestamp: microseconds from the clock, unique and increasing. The caller holds mu.
func (w *Workspace) stamp() string {
	micro := w.opt.Now().UnixMicro()
	if micro <= w.lastMicro {
		micro = w.lastMicro + 1
	}
	w.lastMicro = micro
	return fmt.Sprintf("%d.%06d", micro/1e6, micro%1e6)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
