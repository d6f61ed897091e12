package slacksim

import (
	"net/http"
	"time"
)

// The events of the people API.
const (
	eventMessage   = "message"
	eventChanged   = "message_changed"
	eventDeleted   = "message_deleted"
	eventEphemeral = "ephemeral"
	eventModals    = "modals"
	eventHome      = "home"
)

// watcherQueue is how many events a page may be behind before its stream ends and it has to read the state again.
const watcherQueue = 1024

// watcher is one page that listens.
type watcher struct {
	events chan []byte // closed when it fell behind
}

// tell sends a message's change to all pages and wakes everybody who waits. The caller holds mu.
func (w *Workspace) tell(kind string, m *Message) {
	if len(w.watchers) > 0 {
		w.broadcast(map[string]any{"type": kind, "channel": m.Channel, "message": m})
	}
	w.notify()
}

// tellView tells of a change in a view, tellModals of one in the whole modal of a user. The caller holds mu.
func (w *Workspace) tellView(v *view) {
	switch {
	case v.kind == modalView:
		w.tellModals(v.user)
		return
	case len(w.watchers) > 0:
		w.broadcast(map[string]any{"type": eventHome, "user": v.user, "home": v.surface()})
	}
	w.notify()
}

func (w *Workspace) tellModals(user string) {
	if len(w.watchers) > 0 {
		w.broadcast(map[string]any{"type": eventModals, "user": user, "modals": surfaces(w.modals[user])})
	}
	w.notify()
}

// broadcast sends an event to all pages. The caller holds mu.
func (w *Workspace) broadcast(event map[string]any) {
	data := encode(event)
	for x := range w.watchers {
		select {
		case x.events <- data:
		default:
			delete(w.watchers, x)
			close(x.events)
		}
	}
}

func (w *Workspace) serveEvents(rw http.ResponseWriter, r *http.Request) {
	x := &watcher{events: make(chan []byte, watcherQueue)}
	w.mu.Lock()
	w.watchers[x] = struct{}{}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.watchers, x)
		w.mu.Unlock()
	}()
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(rw)
	send := func(line string) bool {
		_, err := rw.Write([]byte(line + "\n\n"))
		return err == nil && flush.Flush() == nil
	}
	if !send(`data: {"type":"hello"}`) {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		alive := true
		select {
		case event, ok := <-x.events:
			alive = ok && send("data: "+string(event))
		case <-beat.C:
			alive = send(": alive")
		case <-r.Context().Done():
			return
		case <-w.ctx.Done():
			return
		}
		if !alive {
			return
		}
	}
}
