package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

const (
	homeTable = "home" // by person: when they last looked at their home tab
	// homeFor is how long after somebody has looked at their home tab it is kept up to date: a tab that stays open is
	// not told of. Later, opening it draws it anew.
	homeFor = 4 * time.Hour
	// homeEvery is the least time between two drawings of one person's tab.
	homeEvery = 5 * time.Second
	// homeMost is how many people's tabs are kept up to date: of those who have looked last.
	homeMost = 40
	// homeAgain is the time to the next try when a tab could not be drawn.
	homeAgain = 30 * time.Second
	// homeEnded is how many ended operations a tab is given.
	homeEnded = 10
)

// homes are the home tabs that people look at.
type homes struct {
	mu    sync.Mutex
	seen  map[string]*viewer // by person
	moved chan struct{}      // something is stale
}

// viewer is somebody with a home tab.
type viewer struct {
	looked time.Time
	next   time.Time // no drawing before this
	stale  bool
	shown  uint64 // what the tab shows; 0 = not known
}

func newHomes() *homes { return &homes{seen: map[string]*viewer{}, moved: make(chan struct{}, 1)} }

// looks notes that somebody looks at their tab, which is drawn whatever it shows.
func (h *homes) looks(user string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.seen[user]
	if v == nil {
		v = &viewer{}
		h.seen[user] = v
	}
	v.looked, v.stale, v.shown = at, true, 0
	h.bound()
	h.poke()
}

// bound forgets those who have looked first, beyond the number of tabs that are kept.
func (h *homes) bound() {
	for len(h.seen) > homeMost {
		first := ""
		for user, v := range h.seen {
			if first == "" || v.looked.Before(h.seen[first].looked) {
				first = user
			}
		}
		delete(h.seen, first)
	}
}

// all says that every tab may be out of date. It never blocks for long.
func (h *homes) all() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range h.seen {
		v.stale = true
	}
	if len(h.seen) > 0 {
		h.poke()
	}
}

func (h *homes) poke() {
	select {
	case h.moved <- struct{}{}:
	default:
	}
}

// due are those whose tab is to be drawn now, and how long it is until another one's is; an hour if none's is. Whoever
// has not looked for long is forgotten.
func (h *homes) due(now time.Time) (users []string, next time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	next = time.Hour
	for user, v := range h.seen {
		switch left := v.next.Sub(now); {
		case now.Sub(v.looked) > homeFor:
			delete(h.seen, user)
		case !v.stale:
		case left > 0:
			next = min(next, left)
		default:
			v.stale, v.next = false, now.Add(homeEvery)
			users = append(users, user)
		}
	}
	slices.Sort(users)
	return users, next
}

// shows reports whether a person's tab shows this already, and notes that it does.
func (h *homes) shows(user string, what uint64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.seen[user]
	if v == nil || v.shown == what {
		return true
	}
	v.shown = what
	return false
}

// failed says that a tab could not be drawn: it is tried again later.
func (h *homes) failed(user string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v := h.seen[user]; v != nil {
		v.stale, v.shown, v.next = true, 0, now.Add(homeAgain)
	}
}

// looked works on somebody's opening of their home tab.
func (b *Bot) looked(ctx context.Context, e Envelope) {
	if b.Panels == nil {
		return
	}
	at := time.Now() // an old envelope too: the tab shows what another life drew
	if err := b.Memory.Put(ctx, homeTable, e.User, []byte(at.UTC().Format(time.RFC3339Nano))); err != nil {
		b.Log.Warn("it could not be noted that somebody looks at their home tab", "user", e.User, "error", err)
	}
	b.homes.looks(e.User, at)
}

// drawHomes keeps the home tabs up to date until the context ends: those of people who have looked lately, each at most
// once in some seconds.
func (b *Bot) drawHomes(ctx context.Context) {
	if b.Panels == nil {
		return
	}
	b.recallHomes(ctx)
	for ctx.Err() == nil {
		users, next := b.homes.due(time.Now())
		if len(users) == 0 {
			wait(ctx, b.homes.moved, next)
			continue
		}
		if err := b.drawFor(ctx, users); err != nil && ctx.Err() == nil {
			b.Log.Warn("not every home tab could be drawn; trying again", "error", err, "again in", homeAgain)
		}
	}
}

// recallHomes takes up the tabs that a former life kept.
func (b *Bot) recallHomes(ctx context.Context) {
	var old []string
	err := b.Memory.List(ctx, homeTable, func(user string, value []byte) error {
		at, err := time.Parse(time.RFC3339Nano, string(value))
		if err != nil || time.Since(at) > homeFor {
			old = append(old, user)
			return nil //nolint:nilerr // a damaged note: whoever looks again is noted anew
		}
		b.homes.looks(user, at)
		return nil
	})
	for _, user := range old {
		err = errors.Join(err, b.Memory.Delete(ctx, homeTable, user))
	}
	if err != nil && ctx.Err() == nil {
		b.Log.Warn("the home tabs of a former life cannot be read; they are drawn when they are opened", "error", err)
	}
}

// drawFor draws the tabs of some people from one reading of the journal.
func (b *Bot) drawFor(ctx context.Context, users []string) error {
	h, err := b.readHome(ctx)
	if err != nil {
		for _, user := range users {
			b.homes.failed(user, time.Now())
		}
		return err
	}
	for _, user := range users {
		if wrong := b.drawHome(ctx, user, h); wrong != nil {
			b.homes.failed(user, time.Now())
			err = errors.Join(err, wrong)
		}
	}
	return err
}

// drawHome draws one person's tab, unless it shows just that.
func (b *Bot) drawHome(ctx context.Context, user string, h card.Home) error {
	who, err := b.personFor(ctx, user, h.Operations...)
	if err != nil {
		return err
	}
	h.Person, h.Now = who, time.Now()
	v := b.Voice.Home(h)
	if refusal := member(who); refusal != nil {
		v = card.View{Blocks: b.explain(refusal).Blocks}
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("comparing the home tab of %s: %w", user, err)
	}
	sum := fnv.New64a()
	_, _ = sum.Write(data) // never fails
	if b.homes.shows(user, sum.Sum64()|1) {
		return nil
	}
	return b.Panels.Home(ctx, user, v)
}

// readHome reads what all home tabs have in common.
func (b *Bot) readHome(ctx context.Context) (h card.Home, err error) {
	h = card.Home{Form: b.Offering != nil && b.Offering.Closed() == nil, Slash: b.Slash, Zone: b.Zone}
	if h.Operations, err = unfinished(ctx, b.Desk, ""); err != nil {
		return h, fmt.Errorf("reading what runs: %w", err)
	}
	locks, err := b.Desk.Locks(ctx)
	if err != nil {
		return h, fmt.Errorf("reading what is held: %w", err)
	}
	seen := map[deploy.ID]bool{}
	for _, l := range locks {
		if !l.Hold || l.Instance() == "" && seen[l.Op] {
			continue
		}
		seen[l.Op] = seen[l.Op] || l.Instance() == ""
		h.Held = append(h.Held, b.heldBy(ctx, l))
	}
	rows, err := b.Desk.Recent(ctx, "", 5*homeEnded)
	if err != nil {
		return h, fmt.Errorf("reading what has ended: %w", err)
	}
	for _, r := range rows {
		if r.State.Finished() && len(h.Ended) < homeEnded {
			h.Ended = append(h.Ended, r)
		}
	}
	return h, nil
}

// heldBy is a lock with what its operation says of it.
func (b *Bot) heldBy(ctx context.Context, l deploy.Lock) card.Held {
	h := card.Held{Lock: l, Name: l.Instance(), Slash: b.Slash}
	op, err := b.Desk.Operation(ctx, l.Op)
	if err != nil {
		b.Log.Error("the operation of a hold cannot be read; it is shown without its service", "op", l.Op, "error", err)
		return h
	}
	h.Service, h.Environment, h.Name = op.Plan.Service, op.Plan.Environment, op.Plan.Preview.Name(l.Instance())
	return h
}
