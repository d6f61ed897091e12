package deploy

import (
	"time"
	_ "time/tzdata" // a host without zone files must not move the windows
)

// horizon is how far ahead an opening is looked for.
const horizon = 400 * 24 * time.Hour

// Opens answers the first moment at or after t at which an operation may start: t itself if it may now; the zero time
// if it may not within the next 400 days. A window is as long as the clocks on the wall say: in a night in which they
// are set it is shorter or longer.
func (c Calendar) Opens(t time.Time) time.Time {
	at := t
	for at.Sub(t) < horizon {
		next := c.thawed(at)
		next = c.inWindow(next)
		if next.IsZero() || next.Equal(at) {
			return next
		}
		at = next
	}
	return time.Time{}
}

// location is the calendar's zone; an unknown one, which the configuration refuses, reads as UTC.
func (c Calendar) location() *time.Location {
	loc, err := time.LoadLocation(c.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// inWindow is the first moment at or after t inside of a window; t itself without windows.
func (c Calendar) inWindow(t time.Time) time.Time {
	if len(c.Windows) == 0 {
		return t
	}
	loc := c.location()
	y, mo, d := t.In(loc).Date()
	var first time.Time
	for day := -1; day <= 8; day++ { // -1: a window that began yesterday may reach into today
		weekday := time.Date(y, mo, d+day, 12, 0, 0, 0, loc).Weekday()
		for _, w := range c.Windows {
			if !w.on(weekday) {
				continue
			}
			from, to := w.span(y, mo, d+day, loc)
			if !t.Before(to) {
				continue
			}
			if from.Before(t) {
				from = t
			}
			if first.IsZero() || from.Before(first) {
				first = from
			}
		}
	}
	return first
}

func (w Window) on(day time.Weekday) bool {
	for _, d := range w.Days {
		if d == day {
			return true
		}
	}
	return false
}

// span is the window that begins on a day.
func (w Window) span(y int, mo time.Month, d int, loc *time.Location) (from, to time.Time) {
	from, _ = onClock(time.Date(y, mo, d, 0, int(w.From), 0, 0, loc), time.Date(y, mo, d, 0, int(w.From), 0, 0, time.UTC))
	if w.To <= w.From {
		d++
	}
	_, to = onClock(time.Date(y, mo, d, 0, int(w.To), 0, 0, loc), time.Date(y, mo, d, 0, int(w.To), 0, 0, time.UTC))
	return from, to
}

// onClock answers the first and the last moment at which the clock shows what is asked for, as a time in UTC, from what
// time.Date made of it: for an hour that the clock goes through twice that is either pass, for one that it leaves out a
// time before or after the gap. The moment of a time in a gap is the gap itself.
func onClock(t, want time.Time) (first, last time.Time) {
	_, off := t.Zone()
	start, end := t.ZoneBounds()
	switch shown := t.Add(time.Duration(off) * time.Second); {
	case shown.Before(want) && !end.IsZero():
		return end, end
	case shown.After(want) && !start.IsZero():
		return start, start
	}
	first, last = t, t
	if !start.IsZero() {
		_, before := start.Add(-time.Second).Zone()
		if other := t.Add(time.Duration(off-before) * time.Second); other.Before(start) && before > off {
			first = other
		}
	}
	if !end.IsZero() {
		_, after := end.Zone()
		if other := t.Add(time.Duration(off-after) * time.Second); !other.Before(end) && after < off {
			last = other
		}
	}
	return first, last
}

// thawed is the first moment at or after t outside of every freeze.
func (c Calendar) thawed(t time.Time) time.Time {
	loc := c.location()
	for again := true; again; {
		again = false
		for _, f := range c.Freeze {
			from, to, ok := f.Span(loc)
			if ok && !t.Before(from) && t.Before(to) {
				t, again = to, true
			}
		}
	}
	return t
}

// Span is the freeze in a zone; ok is false if it cannot be read.
func (f Freeze) Span(loc *time.Location) (from, to time.Time, ok bool) {
	wall, _, okFrom := moment(f.From)
	from, _ = onClock(in(wall, loc), wall)
	wall, date, okTo := moment(f.To)
	if date {
		wall = wall.AddDate(0, 0, 1)
	}
	_, to = onClock(in(wall, loc), wall)
	return from, to, okFrom && okTo
}

// moment reads a wall-clock time, as if it were one of UTC.
func moment(s string) (t time.Time, date, ok bool) {
	if t, err := time.Parse("2006-01-02", s); err == nil {
		return t, true, true
	}
	t, err := time.Parse("2006-01-02T15:04", s)
	return t, false, err == nil
}

// in reads the clock of a time in another zone.
func in(wall time.Time, loc *time.Location) time.Time {
	y, mo, d := wall.Date()
	return time.Date(y, mo, d, wall.Hour(), wall.Minute(), 0, 0, loc)
}

// Closed says why nothing may start at a moment; ok is true if something may.
func (c Calendar) Closed(t time.Time) (Cause, bool) {
	opens := c.Opens(t)
	if opens.Equal(t) {
		return Cause{}, true
	}
	if c.thawed(t) != t {
		return Because(Frozen, "opens", stamp(opens)), false
	}
	return Because(OutsideWindow, "opens", stamp(opens)), false
}
