package bot

import (
	"errors"
	"strings"
	"testing"
	"time"

	"junban/deploy/engine"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// A time is the next one that the clocks of the zone show, also on the days on which they are changed.
func TestWhen(t *testing.T) {
	for _, c := range []struct{ zone, now, text, want string }{
		// no daylight saving
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "03:00", "2026-11-22T03:00:00+09:00"},
		{"Asia/Tokyo", "2026-11-22T02:59:59+09:00", "03:00", "2026-11-22T03:00:00+09:00"},
		{"Asia/Tokyo", "2026-11-22T03:00:00+09:00", "03:00", "2026-11-23T03:00:00+09:00"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "3:00", "2026-11-22T03:00:00+09:00"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "０３：００", "2026-11-22T03:00:00+09:00"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "today 23:15", "2026-11-21T23:15:00+09:00"},
		{"Asia/Tokyo", "2026-11-21T02:00:00+09:00", "tomorrow 03:00", "2026-11-22T03:00:00+09:00"},
		{"Asia/Tokyo", "2026-12-31T22:00:00+09:00", "Tomorrow 03:00", "2027-01-01T03:00:00+09:00"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "2026-11-23T03:00", "2026-11-23T03:00:00+09:00"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "2026-11-23 03:00", "2026-11-23T03:00:00+09:00"},
		// 2026-11-21 is a Saturday
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "mon 10:00", "2026-11-23T10:00:00+09:00"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "Monday 10:00", "2026-11-23T10:00:00+09:00"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "sat 23:00", "2026-11-21T23:00:00+09:00"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "sat 10:00", "2026-11-28T10:00:00+09:00"},
		// the day is the zone's, not UTC's
		{"Asia/Tokyo", "2026-11-21T16:00:00Z", "tomorrow 03:00", "2026-11-23T03:00:00+09:00"},
		{"America/New_York", "2026-11-22T03:00:00Z", "today 23:00", "2026-11-21T23:00:00-05:00"},
		// forward: 2026-03-29 in Berlin 02:00 -> 03:00, 2026-03-08 in New York
		{"Europe/Berlin", "2026-03-28T22:00:00+01:00", "03:00", "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", "2026-03-28T22:00:00+01:00", "01:59", "2026-03-29T01:59:00+01:00"},
		{"Europe/Berlin", "2026-03-29T04:00:00+02:00", "02:30", "2026-03-30T02:30:00+02:00"},
		{"Europe/Berlin", "2026-03-28T01:00:00+01:00", "02:30", "2026-03-28T02:30:00+01:00"},
		{"America/New_York", "2026-03-07T22:00:00-05:00", "03:00", "2026-03-08T03:00:00-04:00"},
		// back: 2026-10-25 in Berlin 03:00 -> 02:00, 2026-11-01 in New York 02:00 -> 01:00: the first of the two
		{"Europe/Berlin", "2026-10-24T22:00:00+02:00", "02:30", "2026-10-25T02:30:00+02:00"},
		{"Europe/Berlin", "2026-10-25T02:45:00+02:00", "02:30", "2026-10-25T02:30:00+01:00"},
		{"Europe/Berlin", "2026-10-25T02:45:00+01:00", "02:30", "2026-10-26T02:30:00+01:00"},
		{"Europe/Berlin", "2026-10-24T22:00:00+02:00", "03:00", "2026-10-25T03:00:00+01:00"},
		{"America/New_York", "2026-10-31T22:00:00-04:00", "2026-11-01T01:30", "2026-11-01T01:30:00-04:00"},
		// half an hour: 2026-10-04 on Lord Howe 02:00 -> 02:30, 2026-04-05 02:00 -> 01:30
		{"Australia/Lord_Howe", "2026-10-03T22:00:00+10:30", "02:30", "2026-10-04T02:30:00+11:00"},
		{"Australia/Lord_Howe", "2026-04-04T22:00:00+11:00", "01:45", "2026-04-05T01:45:00+11:00"},
		// midnight itself: 2026-09-06 in Santiago 00:00 -> 01:00
		{"America/Santiago", "2026-09-05T22:00:00-04:00", "01:00", "2026-09-06T01:00:00-03:00"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := When(c.text, now, zone(t, c.zone))
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("at %s in %s, %q is %s (%v), want %s", c.now, c.zone, c.text, got.Format(time.RFC3339), err, c.want)
		}
	}
}

func TestTimesThatAreNone(t *testing.T) {
	for _, c := range []struct{ zone, now, text, says string }{
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "", "write 03:00"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "soon", "no time of the day"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "25:00", "no time of the day"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "3am", "no time of the day"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "someday 03:00", "no day"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "2026-02-30 03:00", "no day"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "mon tue 03:00", "write 03:00"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "today 03:00", "is over: it is 2026-11-21 22:00 in Asia/Tokyo"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "2026-11-20T03:00", "is over"},
		{"Asia/Tokyo", "2026-11-21T22:00:00+09:00", "2062-11-23T03:00", "the right year"},
		{"Europe/Berlin", "2026-03-28T22:00:00+01:00", "02:30", "02:30 does not exist on 2026-03-29 in Europe/Berlin: the clocks go from 02:00 to 03:00"},
		{"Europe/Berlin", "2026-03-28T01:00:00+01:00", "tomorrow 02:00", "does not exist"},
		{"Europe/Berlin", "2026-03-27T22:00:00+01:00", "sun 02:30", "does not exist on 2026-03-29"},
		{"America/New_York", "2026-03-07T22:00:00-05:00", "2026-03-08T02:15", "from 02:00 to 03:00"},
		{"Australia/Lord_Howe", "2026-10-03T22:00:00+10:30", "02:15", "from 02:00 to 02:30"},
		{"America/Santiago", "2026-09-05T22:00:00-04:00", "tomorrow 00:30", "from 00:00 to 01:00"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := When(c.text, now, zone(t, c.zone))
		m, ok := errors.AsType[*engine.Mistake](err)
		if !ok || !strings.Contains(english.Mistake(m.What).Plain(), c.says) {
			t.Errorf("at %s in %s, %q is %s (%v), want an error that says %q", c.now, c.zone, c.text, got, err, c.says)
		}
	}
}

func TestTwice(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for at, want := range map[string]bool{
		"2026-10-25T02:30:00+02:00": true, "2026-10-25T02:30:00+01:00": true, "2026-10-25T03:00:00+01:00": false,
		"2026-10-25T01:59:00+02:00": false, "2026-03-29T03:00:00+02:00": false,
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := Twice(moment, berlin); got != want {
			t.Errorf("%s: %v", at, got)
		}
	}
}

// Whatever is typed, a time lies ahead and shows in the zone what was typed, or it is an error.
func FuzzWhen(f *testing.F) {
	f.Add("02:30", int64(1774735200), "Europe/Berlin")
	f.Add("mon 00:30", int64(1788500000), "America/Santiago")
	f.Fuzz(func(t *testing.T, text string, unix int64, zone string) {
		loc, err := time.LoadLocation(zone)
		if err != nil || loc == time.Local || unix < 0 || unix > 4e9 {
			t.Skip()
		}
		now := time.Unix(unix, 0)
		if got, err := When(text, now, loc); err == nil && (!got.After(now) || got.Sub(now) > farthest) {
			t.Errorf("%q at %s in %s is %s", text, now, loc, got)
		}
	})
}
