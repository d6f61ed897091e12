package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	clockPattern    = `^([01][0-9]|2[0-3]):[0-5][0-9]$`
	momentPattern   = `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9])?$`
	dayPattern      = `(mon|tue|wed|thu|fri|sat|sun)`
	weekdaysPattern = `^ *` + dayPattern + `(-` + dayPattern + `)?( *, *` + dayPattern + `(-` + dayPattern + `)?)* *$`
)

var (
	clockTime = regexp.MustCompile(clockPattern)
	oneDigit  = regexp.MustCompile(`^[0-9]:[0-5][0-9]$`)
	withMore  = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]+([0-9]{2}:[0-9]{2})`)
)

// week begins on Monday, as it is read aloud.
var dayNames = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// weekday is the day of that place in dayNames.
func weekday(i int) time.Weekday { return time.Weekday((i + 1) % len(dayNames)) }

// weekdays accepts days, ranges of days, and several of them with commas. A
// range may go over Sunday.
func weekdays(text string) (any, error) {
	const accepted = "accepted: mon, tue, wed, thu, fri, sat, sun, a range as in mon-thu, several with commas as in mon,wed"
	var out []time.Weekday
	for part := range strings.SplitSeq(text, ",") {
		part = strings.Trim(part, " ")
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, to := slices.Index(dayNames, first), slices.Index(dayNames, last)
		if from < 0 || to < 0 {
			return nil, fmt.Errorf("%s is not a day of the week; %s", quote(part), accepted)
		}
		for i := from; ; i = (i + 1) % len(dayNames) {
			out = append(out, weekday(i))
			if i == to {
				break
			}
		}
	}
	return inWeek(out), nil
}

// inWeek sorts days from Monday on, each once.
func inWeek(days []time.Weekday) []time.Weekday {
	place := func(d time.Weekday) int { return (int(d) + len(dayNames) - 1) % len(dayNames) }
	days = slices.Clone(days)
	slices.SortFunc(days, func(a, b time.Weekday) int { return place(a) - place(b) })
	return slices.Compact(days)
}

// opening is a time of day at which something begins.
func opening(text string) (any, error) {
	if text == "24:00" {
		return nil, fmt.Errorf("24:00 is the end of a day; write \"00:00\" and the day after")
	}
	return clock(text, "00:00 to 23:59")
}

// closing is a time of day at which something ends.
func closing(text string) (any, error) {
	if text == "24:00" {
		return Clock(24 * 60), nil
	}
	return clock(text, "00:00 to 24:00")
}

func clock(text, accepted string) (any, error) {
	if oneDigit.MatchString(text) {
		return nil, fmt.Errorf("%s has one digit for the hour; write \"0%s\"", quote(text), text)
	}
	if !clockTime.MatchString(text) {
		return nil, fmt.Errorf("%s is not a time of day; accepted: %s, as in \"10:00\"", quote(text), accepted)
	}
	at, err := time.Parse("15:04", text)
	if err != nil {
		return nil, fmt.Errorf("%s is not a time of day: %w", quote(text), err)
	}
	return Clock(at.Hour()*60 + at.Minute()), nil
}

const (
	dateForm   = "2006-01-02"
	minuteForm = "2006-01-02T15:04"
)

// moment keeps a date, or a date and a time, as it is written: which zone it is
// read in is the file's own.
func moment(text string) (any, error) {
	for _, form := range []string{dateForm, minuteForm} {
		if at, err := time.Parse(form, text); err == nil && at.Format(form) == text {
			return text, nil
		}
	}
	const accepted = "accepted: as in 2026-12-28 or 2026-12-28T18:00, in the file's zone"
	if parts := withMore.FindStringSubmatch(text); parts != nil && parts[1]+"T"+parts[2] != text {
		return nil, fmt.Errorf("%s says too much; write %sT%s (%s)", quote(text), parts[1], parts[2], accepted)
	}
	return nil, fmt.Errorf("%s is not a date of the calendar; %s", quote(text), accepted)
}

// begins and ends answer when a moment begins and ends; a date alone lasts its
// whole day. Only good to compare them with each other.
func begins(moment string) time.Time {
	at, _ := spanOf(moment)
	return at
}

func ends(moment string) time.Time {
	_, at := spanOf(moment)
	return at
}

func spanOf(moment string) (from, to time.Time) {
	if day, err := time.Parse(dateForm, moment); err == nil {
		return day, day.AddDate(0, 0, 1)
	}
	at, err := time.Parse(minuteForm, moment)
	if err != nil {
		panic("config: a moment that was never checked: " + moment)
	}
	return at, at
}
