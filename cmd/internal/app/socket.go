package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"junban/bot"
	"junban/deploy"
)

// socketPath is where the running bot of a store listens for its operator.
func socketPath(bolt string) string { return bolt + ".sock" }

// longestSocket is how long a Unix socket's path may be on every system that the bot runs on (macOS: 103 bytes).
const longestSocket = 103

// listen opens the control socket, for this user alone. What lies there from a former life is removed: the store's
// lock has shown that nobody uses it.
func listen(path string) (net.Listener, error) {
	if len(path) > longestSocket {
		return nil, fmt.Errorf("the control socket's path %s is %d bytes long, and systems take %d: give store.bolt a shorter path", path, len(path), longestSocket)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("removing the old control socket: %w", err)
	}
	// Bound in a folder of this user's alone and moved, so that no moment has a wider mode.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".s")
	if err != nil {
		return nil, fmt.Errorf("opening the control socket: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // empty by then
	made := filepath.Join(dir, "s")
	if len(made) > longestSocket {
		return nil, fmt.Errorf("the control socket's folder %s has too long a path: give store.bolt a shorter one", filepath.Dir(path))
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("opening the control socket: %w", err)
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the control socket: %w", err), l.Close())
	}
	return l, nil
}

// closing is how long a request may take to end when the bot does.
const closing = 5 * time.Second

// serve answers the operator's verbs until the context ends.
func (a *App) serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	read := func(pattern string, f func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			err := peerFrom(r.Context()).reader(a.operators())
			if err != nil {
				a.refuse(w, err)
				return
			}
			v, err := f(r)
			if err != nil {
				a.refuse(w, err)
				return
			}
			reply(w, http.StatusOK, v)
		})
	}
	read("GET /status", func(r *http.Request) (any, error) {
		s, err := readStatus(r.Context(), a.store, a.shelf.voice, a.shelf.config().Zone)
		s.Running = true
		return s, err
	})
	read("GET /history", func(r *http.Request) (any, error) { return a.store.Recent(r.Context(), "", historyLimit) })
	read("GET /audit", func(r *http.Request) (any, error) { return bot.Audit(r.Context(), a.store, auditLimit) })
	read("GET /locks", func(r *http.Request) (any, error) { return a.store.Locks(r.Context()) })
	read("GET /follow", a.follow)
	read("GET /picture", func(r *http.Request) (any, error) {
		return readPicture(r.Context(), a.desk.Events, deploy.ID(r.URL.Query().Get("op")), a.shelf.voice, a.shelf.config().Zone)
	})
	mux.HandleFunc("POST /do", a.order)
	srv := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }, ConnContext: withPeer,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
		defer cancel()
		if srv.Shutdown(end) != nil { // requests end with ctx; whoever sends half a request is cut off
			_ = srv.Close()
		}
		_ = os.Remove(l.Addr().String())
		_ = os.Remove(socketPath(a.shelf.config().Store.Bolt))
	}()
	err := srv.Serve(l)
	if ctx.Err() != nil {
		<-done
		return nil //nolint:nilerr // the end that was asked for
	}
	return fmt.Errorf("the control socket: %w", err)
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a reader that has gone needs no answer
}

// ask reads one answer of the running bot; asked is false if none is running.
func ask(ctx context.Context, path, what string, into any) (asked bool, err error) {
	if len(path) > longestSocket {
		return false, nil
	}
	client := dialing(path)
	client.Timeout = 10 * time.Second
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://junban"+what, nil)
	if err != nil {
		return false, err
	}
	res, err := client.Do(req)
	if err != nil {
		return false, nil //nolint:nilerr // nobody listens: the store's lock tells whether a bot runs all the same
	}
	defer res.Body.Close()
	return true, heard(res, into)
}

// dialing is a client whose every request goes to the control socket at path.
func dialing(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	}}
}

// heard decodes the bot's answer; a refusal is a *Refused.
func heard(res *http.Response, into any) error {
	if res.StatusCode != http.StatusOK {
		no := &Refused{status: res.StatusCode}
		if err := json.NewDecoder(res.Body).Decode(no); err != nil || no.Why == "" {
			return fmt.Errorf("the running bot answered %s", res.Status)
		}
		return no
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return fmt.Errorf("reading the running bot's answer: %w", err)
	}
	return nil
}
