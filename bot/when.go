package bot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// farthest is how far ahead an operation may be scheduled; a time beyond it is a slip of the year.
const farthest = 366 * 24 * time.Hour

// When reads a time to start at, as it is typed: 03:00 (the next one), today or tomorrow 03:00, mon 10:00 (the next
// one), 2026-11-23T03:00. It is meant in loc, UTC if nil, and lies after now. One that the clocks leave out when they
// are put forward is an error; of one that they show twice when they are put back, the first that is still to come is
// taken: Twice tells. Errors are *engine.Mistake.
func When(text string, now time.Time, loc *time.Location) (time.Time, error) {
	if loc == nil {
		loc = time.UTC
	}
	words := strings.Fields(strings.ToLower(Narrow(text)))
	if len(words) == 1 {
		if day, clock, ok := strings.Cut(words[0], "t"); ok && strings.Contains(day, "-") {
			words = []string{day, clock}
		}
	}
	if len(words) == 0 || len(words) > 2 {
		return time.Time{}, fault("mistake.when.form", "text", quote(text))
	}
	clock, err := time.Parse("15:04", words[len(words)-1])
	if err != nil {
		return time.Time{}, fault("mistake.when.clock", "text", quote(words[len(words)-1]))
	}
	day := ""
	if len(words) == 2 {
		day = words[0]
	}
	days, every, err := dates(day, now.In(loc))
	if err != nil {
		return time.Time{}, err
	}
	t, err := firstOf(days, clock, now, loc)
	switch {
	case err != nil:
		return time.Time{}, err
	case t.IsZero() && every:
		return time.Time{}, fault("mistake.when.week", "text", capital(clip(text)))
	case t.IsZero():
		return time.Time{}, fault("mistake.when.over", "text", capital(clip(text)), "now", now.In(loc).Format("2006-01-02 15:04"), "zone", loc)
	case t.Sub(now) > farthest:
		return time.Time{}, fault("mistake.when.far", "text", capital(clip(text)))
	}
	return t, nil
}

// date is one day of the calendar.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time, more int) date {
	y, m, d := t.Date()
	y, m, d = time.Date(y, m, d+more, 12, 0, 0, 0, time.UTC).Date()
	return date{y, m, d}
}

// dates are the days that a word may mean, nearest first; every says that the word comes round again.
func dates(word string, now time.Time) (days []date, every bool, err error) {
	switch word {
	case "":
		return []date{dateOf(now, 0), dateOf(now, 1)}, true, nil
	case "today":
		return []date{dateOf(now, 0)}, false, nil
	case "tomorrow":
		return []date{dateOf(now, 1)}, false, nil
	}
	if d, err := time.Parse("2006-01-02", word); err == nil {
		return []date{dateOf(d, 0)}, false, nil
	}
	if on, ok := weekday(word); ok {
		ahead := (int(on) - int(now.Weekday()) + 7) % 7
		return []date{dateOf(now, ahead), dateOf(now, ahead+7)}, true, nil
	}
	return nil, false, fault("mistake.when.day", "text", quote(word))
}

// weekday reads mon or monday.
func weekday(word string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if name := strings.ToLower(d.String()); word == name || word == name[:3] {
			return d, true
		}
	}
	return 0, false
}

// isDay reports whether a word of a command names a day, so that a time of the day follows.
func isDay(word string) bool {
	_, _, err := dates(strings.ToLower(Narrow(word)), time.Time{})
	return err == nil && word != ""
}

// firstOf is the first time after now that the clock shows on one of the days; zero if all are over. It is an error if
// the clock leaves that time out on a day on which it would still be to come.
func firstOf(days []date, clock, now time.Time, loc *time.Location) (time.Time, error) {
	for _, d := range days {
		shown := showings(d, clock, loc)
		for _, t := range shown {
			if t.After(now) {
				return t, nil
			}
		}
		if jump, to := leap(d, clock, loc); len(shown) == 0 && jump.After(now) {
			return time.Time{}, fault("mistake.when.left_out", "clock", clock.Format("15:04"), "day", fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day),
				"zone", loc, "from", to, "to", jump.In(loc).Format("15:04"))
		}
	}
	return time.Time{}, nil
}

// showings are the moments at which the clocks of a zone show a time of a day, in order: none, one or two.
func showings(d date, clock time.Time, loc *time.Location) []time.Time {
	wall := time.Date(d.year, d.month, d.day, clock.Hour(), clock.Minute(), 0, 0, time.UTC)
	var out []time.Time
	for _, around := range []time.Duration{-26 * time.Hour, 26 * time.Hour} { // farther than any zone is from UTC
		_, offset := wall.Add(around).In(loc).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second)
		if t.In(loc).Format("2006-01-02 15:04") == wall.Format("2006-01-02 15:04") && !slices.ContainsFunc(out, t.Equal) {
			out = append(out, t.In(loc))
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// leap is the moment at which the clocks of a zone leave a time out, and what they show when they begin to.
func leap(d date, clock time.Time, loc *time.Location) (at time.Time, shows string) {
	near := time.Date(d.year, d.month, d.day, clock.Hour(), clock.Minute(), 0, 0, loc)
	from, until := near.ZoneBounds()
	at = from
	if from.IsZero() || !until.IsZero() && until.Sub(near) < near.Sub(from) {
		at = until
	}
	_, offset := at.Add(-time.Second).In(loc).Zone()
	return at, at.In(time.FixedZone("", offset)).Format("15:04")
}

// Twice reports whether the clocks of a zone show the time of t twice on its day, since they are put back.
func Twice(t time.Time, loc *time.Location) bool {
	if loc == nil {
		return false
	}
	t = t.In(loc)
	return len(showings(dateOf(t, 0), t, loc)) > 1
}

func quote(s string) string { return strconv.Quote(clip(s)) }

// capital begins a sentence with what somebody typed.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
