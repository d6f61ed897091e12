package slackapi

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"junban/bot"
)

// pace is the line in which the calls of one kind wait for their turn at Slack's rate: urgent ones first, else as they
// came. After a refused rate the whole line is held back. It has no goroutine of its own: whoever waits keeps watch.
type pace struct {
	limit *rate.Limiter
	every time.Duration
	rest  time.Duration // between calls about one thing, if they are not urgent
	merge bool          // of the calls about one thing that wait, only the newest is made

	mu      sync.Mutex
	until   time.Time // nothing goes before
	arrived int
	line    []*turn              // as they will go
	busy    map[string]bool      // what calls under way are about
	resting map[string]time.Time // what is not to be spoken of before
}

// turn is one call's place in the line. Two calls about one thing are never under way at once: whatever is shown last
// was sent last.
type turn struct {
	about    string // "" = nothing that other calls are about
	urgent   bool
	number   int // by arrival, from 1; kept when the call has to be made again
	replaced bool
	wake     chan struct{}
}

func newTurn(about string, urgent bool) *turn {
	return &turn{about: about, urgent: urgent, wake: make(chan struct{}, 1)}
}

func newPace(every time.Duration, burst int) *pace {
	return &pace{
		limit: rate.NewLimiter(rate.Every(every), burst), every: every,
		busy: map[string]bool{}, resting: map[string]time.Time{},
	}
}

// wait blocks until it is the caller's turn, which then ends with leave. It answers the context's error (at once, if
// the turn would come after its deadline), or bot.ErrReplaced.
func (p *pace) wait(ctx context.Context, t *turn) error {
	p.enter(t)
	for {
		mine, late, left, err := p.look(ctx, t)
		if mine || err != nil {
			return err
		}
		if late || ctx.Err() != nil {
			p.abandon(t)
			return turnError(ctx)
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-t.wake:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func turnError(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		err = context.DeadlineExceeded
	}
	return fmt.Errorf("waiting for a turn at Slack's rates: %w", err)
}

// longest is how long somebody sleeps who is not the next. They are woken when they are.
const longest = time.Hour

// look takes the turn if it has come. If not, it says whether that would be too late, and how long to wait.
func (p *pace) look(ctx context.Context, t *turn) (mine, late bool, left time.Duration, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.replaced {
		return false, false, 0, bot.ErrReplaced
	}
	now := time.Now()
	next, at := p.next(now)
	if next == t && !at.After(now) && ctx.Err() == nil && p.limit.AllowN(now, 1) {
		p.line = slices.DeleteFunc(p.line, func(x *turn) bool { return x == t })
		if t.about != "" {
			p.busy[t.about] = true
		}
		p.nudge(now)
		return true, false, 0, nil
	}
	if deadline, ok := ctx.Deadline(); ok && p.opens(now, slices.Index(p.line, t)+1).After(deadline) {
		return false, true, 0, nil
	}
	if next != t {
		return false, false, longest, nil
	}
	return false, false, max(at.Sub(now), time.Millisecond), nil
}

// opens is when the nth call from now on may be made.
func (p *pace) opens(now time.Time, n int) time.Time {
	at := now
	if lacking := float64(n) - p.limit.TokensAt(now); lacking > 0 {
		at = now.Add(time.Duration(math.Ceil(lacking * float64(p.every))))
	}
	if p.until.After(at) {
		return p.until
	}
	return at
}

// next is whose turn comes first, and when.
func (p *pace) next(now time.Time) (first *turn, at time.Time) {
	opens := p.opens(now, 1)
	for _, t := range p.line {
		if p.busy[t.about] {
			continue
		}
		when := opens
		if rested := p.resting[t.about]; !t.urgent && rested.After(when) {
			when = rested
		}
		if first == nil || when.Before(at) {
			first, at = t, when
		}
		if at.Equal(opens) {
			break
		}
	}
	return first, at
}

// nudge wakes whoever is next now: every change of the line does it.
func (p *pace) nudge(now time.Time) {
	if next, _ := p.next(now); next != nil {
		next.call()
	}
}

func (t *turn) call() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// enter puts a turn in the line. A newer call about the same thing takes the place of one that waits there.
func (p *pace) enter(t *turn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	again := t.number > 0
	if !again {
		p.arrived++
		t.number = p.arrived
	}
	if p.merge && t.about != "" {
		if i := slices.IndexFunc(p.line, func(x *turn) bool { return x.about == t.about }); i >= 0 {
			older, newer := p.line[i], t
			if again {
				older, newer = t, p.line[i] // it came while this one was under way
			}
			older.replaced = true
			newer.number, newer.urgent = min(older.number, newer.number), older.urgent || newer.urgent
			p.line = slices.Delete(p.line, i, i+1)
			older.call()
			t = newer
		}
	}
	p.line = append(p.line, t)
	slices.SortStableFunc(p.line, func(a, b *turn) int {
		if a.urgent != b.urgent {
			if a.urgent {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.number, b.number)
	})
	p.nudge(time.Now())
}

func (p *pace) abandon(t *turn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = slices.DeleteFunc(p.line, func(x *turn) bool { return x == t })
	p.nudge(time.Now())
}

// leave says that the call of a turn has ended.
func (p *pace) leave(t *turn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, t.about)
	p.pause(t.about)
	p.nudge(time.Now())
}

// spoken says that something was spoken of by another kind of call.
func (p *pace) spoken(about string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pause(about)
}

// pause lets a thing rest. The caller holds mu.
func (p *pace) pause(about string) {
	if p.rest == 0 || about == "" {
		return
	}
	now := time.Now()
	for other, until := range p.resting {
		if !until.After(now) {
			delete(p.resting, other)
		}
	}
	p.resting[about] = now.Add(p.rest)
}

// hold lets nothing through for this long, and then one call, and the others at the usual rate: those that wait have
// saved up nothing.
func (p *pace) hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := time.Now().Add(d)
	if !until.After(p.until) {
		return
	}
	p.until = until
	if saved := int(p.limit.TokensAt(until)) - 1; saved > 0 {
		p.limit.AllowN(until, saved)
	}
}
