package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"junban/deploy"
	"junban/deploy/engine"
)

const (
	auditTable = "audit" // by moment and envelope: what was refused; what was done stands in the journal
	// auditMost is how many refusals are kept, about 400 bytes each; the oldest go first.
	auditMost = 10_000
	// auditAge is how long they are kept.
	auditAge = 90 * 24 * time.Hour
	// auditKey orders the keys by time.
	auditKey = "20060102T150405.000000000"
)

// Refused is one line of the audit: somebody tried something, and it was refused.
type Refused struct {
	At      time.Time         `json:"at"`
	User    string            `json:"user,omitempty"`
	Robot   string            `json:"robot,omitempty"`
	Team    string            `json:"team,omitempty"`
	Channel string            `json:"channel,omitempty"`
	Kind    Input             `json:"kind"`
	What    string            `json:"what"`           // what was typed or pressed, in at most 60 characters
	Code    deploy.Code       `json:"code,omitempty"` // of the refusal or the mistake; "" if something failed
	Values  map[string]string `json:"values,omitempty"`
	Why     string            `json:"why"`
}

// refused writes a refusal down. It is told to the person all the same if that fails.
func (b *Bot) refused(ctx context.Context, e Envelope, why error) {
	r := Refused{At: e.At.UTC(), User: e.User, Robot: e.Robot, Team: e.Team, Channel: e.Channel, Kind: e.Kind, What: clip(e.Text), Why: why.Error()}
	switch {
	case e.View != nil && e.Kind == InputSubmit:
		r.What = clip(e.View.Callback)
	case e.Action != "":
		r.What = clip(e.Action)
	}
	if cause, ok := deploy.RefusalOf(why); ok {
		r.Code, r.Values = cause.Code, cause.Values
	} else if m, ok := errors.AsType[*engine.Mistake](why); ok {
		r.Code, r.Values = m.What.Code, m.What.Values
	}
	b.Log.Info("refused", "kind", r.Kind, "user", r.User, "channel", r.Channel, "what", r.What, "code", r.Code, "why", r.Why)
	data, err := json.Marshal(r)
	if err == nil {
		err = b.Memory.Put(ctx, auditTable, r.At.Format(auditKey)+" "+e.ID, data)
	}
	if err != nil {
		b.Log.Error("a refusal could not be written into the audit", "error", err)
	}
}

// Audit reads the refusals that are kept, newest first, at most limit of them.
func Audit(ctx context.Context, m interface {
	List(ctx context.Context, table string, f func(key string, value []byte) error) error
}, limit int,
) ([]Refused, error) {
	out := []Refused{}
	err := m.List(ctx, auditTable, func(_ string, value []byte) error {
		var r Refused
		if err := json.Unmarshal(value, &r); err != nil {
			r = Refused{Why: "this line cannot be read: " + err.Error()}
		}
		out = append(out, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the audit: %w", err)
	}
	slices.Reverse(out)
	return out[:min(limit, len(out))], nil
}

// pruneAudit forgets what is too old, and the oldest of what is too much.
func (b *Bot) pruneAudit(ctx context.Context, now time.Time) error {
	var keys []string
	if err := b.Memory.List(ctx, auditTable, func(key string, _ []byte) error {
		keys = append(keys, key)
		return nil
	}); err != nil {
		return err
	}
	eldest := now.Add(-auditAge).UTC().Format(auditKey)
	var errs error
	for i, key := range keys {
		if key < eldest || i < len(keys)-auditMost {
			errs = errors.Join(errs, b.Memory.Delete(ctx, auditTable, key))
		}
	}
	return errs
}
