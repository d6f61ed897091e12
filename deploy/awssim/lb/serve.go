package lb

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
)

// Serve accepts clients on l, which it closes, until ctx is done, and then
// returns nil. Connections are not drained then: a balancer that is switched
// off is not what is simulated here. It returns after every client's goroutine
// has ended; an error means that l failed before ctx was done.
//
// Several calls may run at once, one per listener.
func (b *Balancer) Serve(ctx context.Context, l net.Listener) error {
	var open sync.WaitGroup // client connections and the requests on them
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// An upgraded connection is the server's no more, but still ours.
			open.Add(1)
			defer open.Done()
			b.handle(w, r)
		}),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnState: func(_ net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew: // called before Serve returns, so before the Wait below
				open.Add(1)
			case http.StateClosed, http.StateHijacked:
				open.Done()
			}
		},
		ReadHeaderTimeout: b.opts.IdleTimeout,
		IdleTimeout:       b.opts.IdleTimeout,
		ErrorLog:          slog.NewLogLogger(b.log.Handler(), slog.LevelDebug),
		Protocols:         new(http.Protocols),
	}
	srv.Protocols.SetHTTP1(true)

	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	err := srv.Serve(l)
	_ = srv.Close()
	open.Wait()
	b.closeIdle()
	if ctx.Err() == nil {
		return fmt.Errorf("serving clients of the load balancer on %s: %w", l.Addr(), err)
	}
	return nil
}

// handle carries one request to a target and the answer back.
func (b *Balancer) handle(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodTrace {
		b.refuse(w)
		return
	}
	t := b.admit(r)
	if t == nil {
		answer(w, http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(t.stay, func() { cancel(errLeft) })()

	// Without this the server swallows the rest of an upload when the target
	// begins to answer, under the feet of the proxy that still reads it.
	if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
		b.log.Debug("an answer cannot overlap its request", "err", err)
	}
	x := &exchange{log: b.log, target: t, cookies: b.cookies(t), header: w.Header(), client: r.Context(), ctx: ctx}
	// Deferred, as ReverseProxy panics to break the client's connection off
	// when the target's answer breaks off.
	defer func() { b.settle(t, x.ending()) }()
	proxy := httputil.ReverseProxy{
		Rewrite:        x.rewrite,
		Transport:      t.transport,
		ModifyResponse: x.watch,
		ErrorHandler:   x.fail,
		FlushInterval:  -1, // bodies are streamed
		ErrorLog:       slog.NewLogLogger(b.log.Handler(), slog.LevelDebug),
	}
	proxy.ServeHTTP(w, r.WithContext(ctx))
	x.returned = true
}

// refuse answers TRACE, which an Application Load Balancer does not carry.
func (b *Balancer) refuse(w http.ResponseWriter) {
	b.mu.Lock()
	b.counts.requests++
	b.counts.ended[refused]++
	b.mu.Unlock()
	answer(w, http.StatusMethodNotAllowed)
}

// answer sends a page of the balancer's own, in the form AWS gives it.
func answer(w http.ResponseWriter, status int) {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	if status == http.StatusServiceUnavailable {
		title = "503 Service Temporarily Unavailable"
	}
	w.Header().Set("Server", "awselb/2.0")
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	// The client may be gone; there is nobody to tell.
	_, _ = io.WriteString(w, "<html>\r\n<head><title>"+title+"</title></head>\r\n<body>\r\n<center><h1>"+
		title+"</h1></center>\r\n</body>\r\n</html>\r\n")
}
