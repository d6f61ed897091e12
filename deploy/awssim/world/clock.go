package world

import (
	"slices"
	"time"
)

// due is one thing that time alone will do.
type due struct {
	at time.Time
	do func(at time.Time)
}

// advance does what has become due, in the order of time, so that the log
// tells each transition at its own moment however late somebody asks.
func (w *World) advance(now time.Time) {
	for {
		if w.planned && (w.next.IsZero() || w.next.After(now)) {
			w.at = now
			return
		}
		d, ok := w.earliest()
		if !ok || d.at.After(now) {
			w.plan(d.at)
			w.at = now
			return
		}
		if d.at.After(w.at) {
			w.at = d.at
		}
		d.do(w.at)
		w.planned = false
	}
}

// plan keeps when time will next do something, until the world changes: with a
// thousand targets it takes long to find, and every call asks. What an Auto
// Scaling group will do depends on too much for that.
func (w *World) plan(next time.Time) { w.next, w.planned = next, len(w.scalings) == 0 }

// NextChange is when time alone will next change something (a draining ends,
// a registration settles, an instance has stopped); zero if nothing will.
func (w *World) NextChange() time.Time {
	w.enter()
	defer w.mu.Unlock()
	if !w.planned {
		d, _ := w.earliest()
		w.plan(d.at)
	}
	return w.next
}

func (w *World) earliest() (due, bool) {
	var first due
	found := false
	offer := func(at time.Time, do func(time.Time)) {
		if !found || at.Before(first.at) {
			first, found = due{at, do}, true
		}
	}
	for _, i := range w.instances {
		if settled(i.State) != i.State {
			offer(i.until, func(time.Time) { w.settle(i) })
		}
	}
	for _, g := range w.groups {
		for _, r := range g.regs {
			if !r.draining.IsZero() {
				offer(r.draining, func(time.Time) { w.drained(g, r) })
			} else if !r.settling.IsZero() {
				offer(r.settling, func(time.Time) {
					at := r.settling
					r.settling = time.Time{}
					w.note(g, r.pair, at)
				})
			}
		}
		for p, died := range g.gone {
			offer(died.Add(memoryOfDead), func(time.Time) {
				delete(g.gone, p)
				w.note(g, p, died.Add(memoryOfDead))
			})
		}
	}
	w.offerScaling(offer)
	return first, found
}

func (w *World) drained(g *group, r *registration) {
	g.drop(r)
	w.note(g, r.pair, r.draining)
}

// settle ends an instance's passing state.
func (w *World) settle(i *instance) {
	i.State = settled(i.State)
	if i.State == Terminated {
		for _, g := range w.groups {
			for _, r := range slices.Clone(g.regs) {
				if g.TargetType == instanceType && r.pair.ID == i.ID {
					g.drop(r)
					g.gone[r.pair] = i.until
					w.note(g, r.pair, i.until)
				}
			}
		}
	}
	w.reassess(i.until)
}
