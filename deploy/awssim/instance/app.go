package instance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// supervisor starts and stops the application for one Run. It is used by Run's
// goroutine alone.
type supervisor struct {
	i   *Instance
	app *app // nil while stopped
}

// obey carries out one line from the pipe.
func (s *supervisor) obey(line string) {
	var err error
	switch line {
	case "":
	case "start":
		err = s.start()
	case "stop":
		err = s.stop()
	default:
		err = errors.New("only start and stop are known")
	}
	if err != nil {
		s.i.log.Warn("a command was not carried out", "command", line, "err", err)
	}
}

// start starts the release in REVISION, unless the application runs already.
func (s *supervisor) start() error {
	if s.app != nil {
		return nil
	}
	version, err := s.i.revision()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.i.Addr())
	if err != nil {
		return fmt.Errorf("starting the application: %w", err)
	}
	s.i.setAddr(l.Addr().String())
	s.app = launch(l, s.i.pages(version), s.i.log)
	s.i.log.Info("the application runs", "version", version, "addr", l.Addr().String())
	return s.i.show(version, true)
}

// stop kills the application if it runs.
func (s *supervisor) stop() error {
	if s.app == nil {
		return nil
	}
	s.app.kill()
	s.app = nil
	s.i.log.Info("the application is stopped")
	return s.i.show("", false)
}

// app is one life of the application.
type app struct {
	srv    *http.Server
	cancel context.CancelFunc
	all    sync.WaitGroup // the acceptor, the connections and the requests on them

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// launch serves h on l until kill.
func launch(l net.Listener, h http.Handler, log *slog.Logger) *app {
	ctx, cancel := context.WithCancel(context.Background())
	a := &app{cancel: cancel, conns: map[net.Conn]struct{}{}}
	a.srv = &http.Server{
		Handler:     h,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnState:   a.note,
		// No IdleTimeout: AWS asks for a keep-alive longer than the load
		// balancer's, lest a connection is closed as a request comes on it.
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	a.all.Go(func() {
		if err := a.srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the application takes no more connections", "err", err)
		}
	})
	return a
}

func (a *app) note(c net.Conn, s http.ConnState) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch s {
	case http.StateNew: // called by the acceptor, so before kill's Wait can end
		a.all.Add(1)
		a.conns[c] = struct{}{}
	case http.StateClosed:
		delete(a.conns, c)
		a.all.Done()
	}
}

// kill ends the application without a word, as kill -9 does: nobody listens any
// more, and every connection is reset, whatever is going on over it.
func (a *app) kill() {
	a.mu.Lock()
	for c := range a.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // fails only on a connection that is closed already
		}
	}
	a.mu.Unlock()
	_ = a.srv.Close() // before cancel, lest a cancelled request is still answered
	a.cancel()
	a.all.Wait()
}

// slowest bounds /slow.
const slowest = 10 * time.Minute

// pages is the application itself.
func (i *Instance) pages(version string) http.Handler {
	hello := func(w http.ResponseWriter) {
		w.Header().Set("X-Version", version)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, i.opts.Name+" "+version+"\n")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { hello(w) })
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := os.Stat(i.path(unhealthyFile)); err == nil {
			http.Error(w, "unhealthy", http.StatusServiceUnavailable)
			return
		}
		hello(w)
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		ms, err := strconv.Atoi(r.URL.Query().Get("ms"))
		if err != nil || ms < 0 || ms > int(slowest/time.Millisecond) {
			http.Error(w, "say /slow?ms=N, N up to 600000", http.StatusBadRequest)
			return
		}
		wait := time.NewTimer(time.Duration(ms) * time.Millisecond)
		defer wait.Stop()
		select {
		case <-wait.C:
			hello(w)
		case <-r.Context().Done():
			panic(http.ErrAbortHandler) // returning would answer 200
		}
	})
	return mux
}
