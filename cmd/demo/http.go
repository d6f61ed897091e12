package main

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"junban/bot/slacksim"
	"junban/cmd/demo/page"
)

// serve answers on l until ctx is done, then lets what is under way end, and closes l.
func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // so that event streams end
	}
	down := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(down)
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if srv.Shutdown(end) != nil {
			_ = srv.Close() // what is left are connections that will not end
		}
	})
	err := srv.Serve(l)
	if stop() { // it failed by itself
		return fmt.Errorf("serving %s: %w", l.Addr(), errors.Join(err, srv.Close()))
	}
	<-down
	return nil
}

// routes is all that the page needs: itself, the chat and the world.
func routes(l *live, f *fleet, b *keeper, chat *slacksim.Workspace) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", page.Handler())
	mux.Handle("/slack/", chat.Page())
	mux.HandleFunc("GET /world/state", l.serveState)
	mux.HandleFunc("GET /world/events", l.serveEvents)
	for path, act := range map[string]func() error{
		"break": f.breakNext, "hurry": f.hurry, "kill": b.kill,
		"reset": func() error { l.reset(); return nil },
	} {
		mux.Handle("POST /world/"+path, sameOrigin(jsonOnly(done(act))))
	}
	return loopbackOnly(mux)
}

// done answers what became of an act, as slacksim does.
func done(act func() error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := act(); err != nil {
			answer(w, map[string]any{"ok": false, "error": err.Error()})
			return
		}
		answer(w, map[string]any{"ok": true})
	})
}

// sameOrigin refuses what a page of another site makes a browser send.
func sameOrigin(h http.Handler) http.Handler {
	return http.NewCrossOriginProtection().Handler(h)
}

// jsonOnly refuses bodies that a form could send.
func jsonOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
			http.Error(w, "the body must be application/json", http.StatusUnsupportedMediaType)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// loopbackOnly refuses requests for another name than this machine's own: a page elsewhere can make its name mean
// 127.0.0.1 (DNS rebinding), and would then be of the same origin.
func loopbackOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			http.Error(w, "only for this machine: ask for localhost or 127.0.0.1", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
