package hostscript

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// State is what became of a token on a host.
type State string

// The states of a Report.
const (
	Exited    State = "exited"    // the command ended by itself; Exit is its code
	TimedOut  State = "timedout"  // it was ended at its limit; Exit is what it then left, as 143
	Cancelled State = "cancelled" // it was ended by Cancel, or never started because of it (Started is zero)
	Unknown   State = "unknown"   // it was started and has no exit code: killed with its supervisor, or the host restarted
	Refused   State = "refused"   // it was not started; Why says why, and Other which token is in the way, if one is
	Running   State = "running"   // it is running: Look only, or Cancel when it could not be ended
	Absent    State = "absent"    // the token had not come to this host: Look and Cancel only
)

// Report is a guard's answer.
type Report struct {
	Token     string
	State     State
	Exit      int    // 0 to 255, 128 and a signal's number for a command that a signal ended; -1 if there is none
	Output    string // the end of stdout and stderr together, at most 8 KiB of valid UTF-8
	Truncated bool   // the output was longer
	Size      int64  // bytes of the whole output, which is kept on the host
	Why       string // one English sentence without a full stop, for refused and unknown
	Other     string // the living token that was in the way
	// Started and Ended are the host's clock, in whole seconds; zero if it has not come to that.
	Started, Ended time.Time
	// OutputPath is where the host keeps the whole output, until 20 later runs; empty if the command never started.
	OutputPath string
}

const (
	outputLimit = 8 << 10
	// Magic is how the header of an answer begins.
	Magic   = "junban-guard "
	version = "1"
)

// Parse reads what a script of this package printed on stdout. The answer is about Report.Token, which the caller
// compares with the one it asked about. Parse fails on anything that no guard has printed, such as the output of a
// script that was ended before its answer; nothing is known of the command then.
func Parse(stdout string) (Report, error) {
	if stdout == "" {
		return Report{}, errors.New("the host's guard gave no answer: its output is empty")
	}
	header, output, complete := strings.Cut(stdout, "\n")
	rest, ok := strings.CutPrefix(header, Magic)
	if !ok || !complete {
		return Report{}, fmt.Errorf("not an answer of the host's guard: %.80q", stdout)
	}
	fields := strings.Split(rest, "\t")
	if fields[0] != version {
		return Report{}, fmt.Errorf("the host's guard answers in version %.20q, wanted %s", fields[0], version)
	}
	r := Report{Exit: -1}
	var sent int64
	for _, field := range fields[1:] {
		key, value, found := strings.Cut(field, "=")
		if !found {
			return Report{}, fmt.Errorf("the host's guard answered with a broken field %.80q", field)
		}
		if err := r.set(key, value, &sent); err != nil {
			return Report{}, fmt.Errorf("the host's guard answered with a broken %s: %w", key, err)
		}
	}
	if err := r.check(); err != nil {
		return Report{}, err
	}
	r.Truncated = r.Size > sent
	r.Output, r.Truncated = lastText(output, r.Truncated)
	return r, nil
}

func (r *Report) set(key, value string, sent *int64) error {
	var err error
	switch key {
	case "token":
		r.Token = value
	case "state":
		r.State = State(value)
	case "exit":
		r.Exit, err = strconv.Atoi(value)
	case "size":
		r.Size, err = strconv.ParseInt(value, 10, 64)
	case "sent":
		*sent, err = strconv.ParseInt(value, 10, 64)
	case "started":
		r.Started, err = parseTime(value)
	case "ended":
		r.Ended, err = parseTime(value)
	case "other":
		r.Other = value
	case "path":
		r.OutputPath = strings.ToValidUTF8(value, "\uFFFD")
	case "why":
		r.Why = strings.ToValidUTF8(value, "\uFFFD")
	} // unknown keys are a later guard's, and harmless
	return err
}

func (r *Report) check() error {
	if !tokenForm.MatchString(r.Token) {
		return fmt.Errorf("the host's guard answered for no token: %.80q", r.Token)
	}
	if r.Exit < -1 || r.Exit > 255 {
		return fmt.Errorf("the host's guard answered with an impossible exit code: %d", r.Exit)
	}
	switch r.State {
	case Exited:
		if r.Exit < 0 {
			return errors.New("the host's guard answered exited without an exit code")
		}
	case TimedOut, Cancelled, Unknown, Refused, Running, Absent:
	default:
		return fmt.Errorf("the host's guard answered with an unknown state: %.80q", r.State)
	}
	return nil
}

// parseTime reads seconds since 1970; 0 is no time.
func parseTime(s string) (time.Time, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n == 0 {
		return time.Time{}, err
	}
	return time.Unix(n, 0).UTC(), nil
}

// lastText makes valid UTF-8 of the output, at most outputLimit bytes of it, and says whether something is missing.
// Where bytes were cut off, a character may have lost its beginning; what is left of that is dropped.
func lastText(s string, cut bool) (string, bool) {
	if cut {
		for i := 0; i < utf8.UTFMax-1 && s != "" && !utf8.RuneStart(s[0]); i++ {
			s = s[1:]
		}
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= outputLimit {
		return s, cut
	}
	s = s[len(s)-outputLimit:]
	for s != "" && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s, true
}
