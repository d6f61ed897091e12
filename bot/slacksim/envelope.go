package slacksim

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// What can become of an envelope.
var (
	ErrNoClient        = errors.New("no Socket Mode connection of the app is open")
	ErrNotAcknowledged = errors.New("the app did not acknowledge in time")
	ErrOutage          = errors.New("Slack is down")
)

// keptAcks bounds the list of acknowledged envelopes, so that a demonstration can run for days.
const keptAcks = 100_000

// maxAck is the size from which an acknowledgement is dropped in silence, in bytes (slack-go, socketmode.go).
const maxAck = 20 << 10

// The types of envelopes.
const (
	slashCommands = "slash_commands"
	interactive   = "interactive"
	eventsAPI     = "events_api"
)

// AckTime is one acknowledged envelope.
type AckTime struct {
	Type string // slash_commands, interactive or events_api
	Sent time.Time
	Took time.Duration // from sending it to reading its acknowledgement
}

// AckTimes lists the acknowledged envelopes in the order of their acknowledgements; of very many, the latest 100,000.
func (w *Workspace) AckTimes() []AckTime {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.acks)
}

// pending is an envelope that waits for its acknowledgement.
type pending struct {
	kind string
	sent time.Time
	ack  chan json.RawMessage // buffered: the reader does not wait for the person
}

// envelope is what goes to an app. payload is called with mu held and the address under which the chosen client
// reaches us.
type envelope struct {
	kind    string
	what    string // of interactive ones: the payload's type
	payload func(base string) any
	accepts bool   // a payload in the acknowledgement means something
	attempt int    // of events: how many tries came before
	reason  string // of events: why it is sent again
}

// deliver sends an envelope to any one connection and waits for the acknowledgement, whose payload it answers.
func (w *Workspace) deliver(ctx context.Context, a *app, e envelope) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, err // who has left does nothing; below, an acknowledgement may be as quick
	}
	id, p, err := w.dispatch(a, e)
	if err != nil {
		return nil, err
	}
	defer func() {
		w.mu.Lock()
		delete(w.pending, id)
		w.mu.Unlock()
	}()
	timer := time.NewTimer(w.opt.AckTimeout)
	defer timer.Stop()
	select {
	case payload := <-p.ack:
		return payload, nil
	case <-timer.C:
		return nil, ErrNotAcknowledged
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for an acknowledgement: %w", ctx.Err())
	case <-w.ctx.Done():
		return nil, fmt.Errorf("waiting for an acknowledgement: the workspace was closed")
	}
}

// dispatch chooses a connection and queues the envelope there.
func (w *Workspace) dispatch(a *app, e envelope) (string, *pending, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.outage {
		return "", nil, ErrOutage
	}
	c := w.choose(a, nil)
	if c == nil {
		return "", nil, ErrNoClient
	}
	id := envelopeID()
	message := map[string]any{
		"envelope_id": id, "type": e.kind, "payload": e.payload(c.base), "accepts_response_payload": e.accepts,
	}
	if e.kind == eventsAPI {
		message["retry_attempt"], message["retry_reason"] = e.attempt, e.reason
	}
	p := &pending{kind: e.kind, sent: time.Now(), ack: make(chan json.RawMessage, 1)}
	w.pending[id] = p
	hit := w.mishap(e.kind, true, Call{Method: e.kind, Params: map[string]string{"type": e.what}, At: w.opt.Now()})
	if hit != nil && hit.fault.Do == DropEnvelope {
		return id, p, nil
	}
	if !c.send(message) {
		c.cut() // its queue is full: it has not read for long
		return id, p, nil
	}
	if hit != nil && hit.fault.Do == RepeatEnvelope {
		if other := w.choose(a, c); other != nil {
			c = other
		}
		c.send(message)
	}
	return id, p, nil
}

// acknowledge takes what a client sent. What is too large, not an acknowledgement, late or repeated has no effect.
func (w *Workspace) acknowledge(data []byte) {
	if len(data) >= maxAck {
		return
	}
	id, payload, err := parseAck(data)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p, waiting := w.pending[id]
	if !waiting {
		return
	}
	delete(w.pending, id)
	w.acks = append(w.acks, AckTime{Type: p.kind, Sent: p.sent, Took: time.Since(p.sent)})
	if len(w.acks) > keptAcks {
		w.acks = slices.Delete(w.acks, 0, keptAcks/10)
	}
	p.ack <- payload
	w.notify()
}

// eventRetries is when Slack sends an event again that was not acknowledged (docs.slack.dev/apis/events-api).
func eventRetries() []time.Duration {
	return []time.Duration{0, time.Second, time.Minute, 5 * time.Minute}
}

// emit delivers an event in the background, with Slack's retries. Close waits for it. The caller holds mu.
func (w *Workspace) emit(a *app, payload func(base string) any) {
	w.spawn(func() {
		reason := ""
		for attempt, pause := range eventRetries() {
			if !w.pause(pause) {
				return
			}
			_, err := w.deliver(w.ctx, a, envelope{kind: eventsAPI, payload: payload, attempt: attempt, reason: reason})
			if err == nil {
				return
			}
			reason = "timeout"
		}
	})
}

// pause waits; it answers false if the workspace is closed meanwhile.
func (w *Workspace) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-w.ctx.Done():
		return false
	}
}

// envelopeID looks like Slack's: a UUID.
func envelopeID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
