package config

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zones must not depend on what is installed on the bot's host
)

// The parse functions take a scalar's text and answer its typed value, or an
// error that says what is wrong with it and what would be accepted.

var (
	bareNumber = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	days       = regexp.MustCompile(`^([0-9]+) ?(d|days?|w|weeks?)$`)
)

// duration accepts Go's syntax between two bounds, both included.
func duration(least, most time.Duration) func(string) (any, error) {
	return func(text string) (any, error) {
		d, err := time.ParseDuration(text)
		zero := text == "0" && least > 0 // another unit would not make it right
		switch {
		case bareNumber.MatchString(text) && !zero:
			return nil, fmt.Errorf("%s has no unit; write %ss for seconds or %sm for minutes", clip(text), clip(text), clip(text))
		case days.MatchString(text):
			return nil, fmt.Errorf("%s: the largest unit is the hour; a day is 24h", quote(text))
		case err != nil || strings.HasPrefix(text, "+"):
			return nil, fmt.Errorf("%s is not a duration; write numbers and units (ms, s, m, h) without spaces, as in 90s, 10m or 1h30m", quote(text))
		case d < least || d > most || strings.HasPrefix(text, "-"):
			return nil, fmt.Errorf("%s is out of range; accepted: %s to %s", text, brief(least), brief(most))
		}
		return d, nil
	}
}

// durationPattern is what duration accepts, but for the bounds.
const durationPattern = `^(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`

// inSeconds is the row of a duration that the other side counts in whole
// seconds.
func inSeconds(k *key) *key {
	parse := k.parse
	k.parse = func(text string) (any, error) {
		value, err := parse(text)
		if d, ok := value.(time.Duration); ok && d%time.Second != 0 {
			return nil, fmt.Errorf("%s is not a whole number of seconds", text)
		}
		return value, err
	}
	return k
}

// brief writes 10m where Go writes 10m0s.
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// count accepts n or n%, n being at least least.
func count(least int) func(string) (any, error) {
	return func(text string) (any, error) {
		digits, percent := strings.CutSuffix(text, "%")
		n, err := strconv.Atoi(digits)
		switch {
		case err != nil || strings.HasPrefix(digits, "+"):
			return nil, fmt.Errorf("%s is neither a number of instances (1) nor a percentage (25%%)", quote(text))
		case n < least:
			return nil, fmt.Errorf("%s is too few; accepted: %d or more, or %d%% or more", text, least, least)
		case percent && n > 100:
			return nil, fmt.Errorf("%s is more than all; accepted: up to 100%%", text)
		}
		return Count{N: n, Percent: percent}, nil
	}
}

// number accepts whole numbers between two bounds, both included.
func number(least, most int) func(string) (any, error) {
	return func(text string) (any, error) {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s is not a whole number in plain digits", clip(text))
		case n < least || n > most:
			return nil, fmt.Errorf("%d is out of range; accepted: %d to %d", n, least, most)
		}
		return n, nil
	}
}

func yesNo(text string) (any, error) {
	value, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		return nil, fmt.Errorf("%s is no flag; accepted: true or false", quote(text))
	}
	return value, nil
}

// script keeps shell text byte for byte.
func script(text string) (any, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("the command is empty")
	}
	return text, nil
}

func zone(text string) (any, error) {
	location, err := time.LoadLocation(text)
	if err != nil || text == "Local" || text == "" {
		return nil, fmt.Errorf("%s is not a time zone; accepted: an IANA name, as in Asia/Tokyo, Europe/Berlin or UTC", quote(text))
	}
	return location, nil
}

// filePath accepts the path of a file.
func filePath(text string) (any, error) {
	if strings.HasPrefix(text, "~") {
		return nil, fmt.Errorf("%s: no shell reads this, so ~ is not the home folder; write the path out", quote(text))
	}
	if text == "" || strings.HasSuffix(text, "/") || path.Clean(text) == "." || path.Clean(text) == ".." {
		return nil, fmt.Errorf("%s is a folder; name a file, as in junban.db", quote(text))
	}
	return text, nil
}
