package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// beat is how often the page gets a new picture.
const beat = 200 * time.Millisecond

// live shares one picture among all who look at it.
type live struct {
	mu      sync.Mutex
	picture picture
	changed chan struct{} // closed at the next beat
}

func newLive(p picture) *live { return &live{picture: p, changed: make(chan struct{})} }

// run keeps the rates fresh and tells the pages, until ctx is done.
func (l *live) run(ctx context.Context) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			l.state()
			l.mu.Lock()
			close(l.changed)
			l.changed = make(chan struct{})
			l.mu.Unlock()
		}
	}
}

func (l *live) state() state {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.picture.look()
}

func (l *live) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.picture.reset()
}

func (l *live) next() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

func (l *live) serveState(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	answer(w, l.state())
}

// serveEvents sends the state as server-sent events, at once and at each beat.
func (l *live) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(w)
	for {
		changed := l.next()
		body, err := json.Marshal(l.state())
		if err != nil {
			return // a state always can be marshalled
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", body); err != nil || flush.Flush() != nil {
			return // the page is gone
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the page may be gone
}
