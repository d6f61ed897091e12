// Package awssim is a simulated AWS over the wire: ELBv2, EC2, Auto Scaling and
// STS in the Query protocol, SSM in JSON 1.1, CloudWatch in CBOR and the
// protocols before it, behind one http.Handler, so that
// AWS_ENDPOINT_URL pointing at it is all that the AWS SDKs and the AWS CLI
// need. Package world holds the rules; this package holds protocols, commands
// on instances, throttling and faults.
//
// It must never be linked into the product and imports nothing of it. It
// believes every signature, but not every caller: see AddUser and AddRole. It takes its time from the world's clock, apart from
// its own waiting, which is package time's, so that it also runs inside
// testing/synctest over in-memory connections.
package awssim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"

	"junban/deploy/awssim/world"
)

// Options say what a Server stands for.
type Options struct {
	World *world.World // needed
	// Exec runs a command on an instance; default Shell.
	Exec func(context.Context, Exec) Outcome
	// Look makes a health check at once, without the network, for targets that
	// nothing real stands behind: a thousand of them then cost no goroutine
	// and no connection. False leaves the target to Probe. nil: all are.
	Look func(world.Check) (world.Result, bool)
	// Probe makes one health check, in a goroutine of its own; default HTTPProbe.
	Probe  func(context.Context, world.Check) world.Result
	Limits Limits
	Seed   uint64 // of request and command ids
	Logger *slog.Logger
}

// Server answers AWS's API for one world. It is safe for concurrent use.
type Server struct {
	world    *world.World
	exec     func(context.Context, Exec) Outcome
	look     func(world.Check) (world.Result, bool)
	probe    func(context.Context, world.Check) world.Result
	log      *slog.Logger
	table    map[string]operation
	gates    gates
	faults   faults
	calls    calls
	ssm      commands
	launches launches
	accounts *accounts // shared by all servers of one endpoint

	closing chan struct{} // closed by Close: held calls and commands let go
	close   sync.Once

	idMu sync.Mutex
	rng  *rand.Rand
}

// New makes a server. It panics without a World.
func New(o Options) *Server {
	if o.World == nil {
		panic("awssim: Options.World is nil")
	}
	if o.Exec == nil {
		o.Exec = Shell
	}
	if o.Probe == nil {
		o.Probe = httpProbe()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		world: o.World, exec: o.Exec, look: o.Look, probe: o.Probe, log: o.Logger,
		gates:   newGates(o.Limits),
		closing: make(chan struct{}),
		rng:     rand.New(rand.NewPCG(o.Seed, 0x617773)),
	}
	s.calls.count = map[string]int{}
	s.accounts = &accounts{servers: []*Server{s}, keys: map[string]*credential{}, identities: map[string]*identity{}}
	s.launches.byToken = map[string][]string{}
	s.ssm.init()
	s.table = s.operations()
	return s
}

// World is the world that the server answers for.
func (s *Server) World() *world.World { return s.world }

// Close lets go of all held calls, refuses new commands and waits for those
// that run. When ctx is done first it kills them, waits for their end and
// returns ctx's error. It does not close listeners: they are the caller's.
func (s *Server) Close(ctx context.Context) error {
	s.close.Do(func() { close(s.closing) })
	return s.ssm.close(ctx)
}

// uuid is a random UUID from the server's seed.
func (s *Server) uuid() string {
	s.idMu.Lock()
	defer s.idMu.Unlock()
	a, b := s.rng.Uint64(), s.rng.Uint64()
	a = a&^0xf000 | 0x4000         // version 4
	b = b&^(3<<62) | uint64(1)<<63 // variant 1
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

const maxBody = 1 << 20

// ServeHTTP answers one API call, by the account whose credentials signed it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "request body: "+err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	signed := scopeOf(r)
	who, home, why := s.accounts.identify(s, signed)
	home.serve(w, r, body, signed, who, why)
}

// serve answers a call of a principal of this account; why is what was wrong
// with its credentials.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, body []byte, signed scope, who principal, why badCredentials) {
	req, err := s.parse(r, body, signed)
	req.id, req.who = s.uuid(), who
	call := s.calls.begin(req, s.world.Now())
	if err == nil {
		err = s.admit(req, why)
	}
	if err != nil {
		s.reply(w, req, call, nil, err)
		return
	}
	fault := s.faults.take(call, s.world.Now())
	if fault != nil && !fault.After {
		if !s.suffer(w, req, call, fault) {
			return
		}
	}
	res, err := req.op.do(req)
	call.Effect = err == nil
	if fault != nil && fault.After {
		if !s.suffer(w, req, call, fault) {
			return
		}
	}
	s.reply(w, req, call, res, err)
}

// admit refuses a call before anything else looks at it.
func (s *Server) admit(req *request, why badCredentials) error {
	if why != "" {
		return why.in(req.service)
	}
	if !s.gates.allow(req.service, req.op.kind, s.world.Now()) {
		return throttled(req.service)
	}
	return s.judge(req)
}

// reply writes the answer in the protocol of the call.
func (s *Server) reply(w http.ResponseWriter, req *request, call Call, res any, err error) {
	status, body := http.StatusOK, []byte(nil)
	var e *world.Error
	switch {
	case err == nil:
		call.Outcome = OK
		if body, err = req.encode(res); err != nil {
			s.log.Error("encoding an answer", "action", req.action, "error", err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	case errors.As(err, &e):
		call.Outcome = e.Code
		status = e.Status
		body = req.fail(e, w.Header())
	default:
		call.Outcome = "InternalFailure"
		e = &world.Error{Code: "InternalFailure", Message: err.Error(), Status: http.StatusInternalServerError}
		status = e.Status
		body = req.fail(e, w.Header())
	}
	s.calls.end(call, s.world.Now())
	w.Header().Set("Content-Type", req.wire.mime())
	if req.wire == cborRPC {
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	}
	w.Header().Set("X-Amzn-Requestid", req.id)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone: the call is logged as it was
}
