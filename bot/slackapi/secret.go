package slackapi

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

const hidden = "[secret]"

// Secret is a token. It prints as "[secret]" with every verb of package fmt, in slog, JSON and YAML; string(s) is the
// token itself. fmt cannot see that in an unexported field of another struct, so keep it in none that is printed.
type Secret string

// Format hides the token from every verb of package fmt, %q, %x and %#v among them.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String hides the token.
func (Secret) String() string { return hidden }

// LogValue hides the token from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the token from JSON, YAML and XML.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// scrubber takes out of a text what nobody may read: the tokens, whatever looks like a token, and the paths and
// queries of addresses, which hold Socket Mode's tickets and the response URLs' secrets. The path of a Web API method
// stays.
type scrubber struct {
	known *strings.Replacer
}

var (
	tokenPattern = regexp.MustCompile(`x(?:ox[a-z]|app|oxe\.xox[a-z])-[0-9A-Za-z.-]+`)
	urlPattern   = regexp.MustCompile(`((?:https?|wss?)://[^/\s"'<>?]+)([^\s"'<>]*)`)
	methodPath   = regexp.MustCompile(`^/api/[a-zA-Z.]+$`)
)

func newScrubber(tokens ...Secret) scrubber {
	var pairs []string
	for _, t := range tokens {
		if t != "" {
			pairs = append(pairs, string(t), hidden)
		}
	}
	return scrubber{strings.NewReplacer(pairs...)}
}

func (s scrubber) text(text string) string {
	text = s.known.Replace(text)
	text = tokenPattern.ReplaceAllString(text, hidden)
	return urlPattern.ReplaceAllStringFunc(text, func(found string) string {
		parts := urlPattern.FindStringSubmatch(found)
		if parts[2] == "" || methodPath.MatchString(parts[2]) {
			return found
		}
		return parts[1] + "/…"
	})
}

// error answers the same error with a clean text. errors.Is still sees what it was; errors.As does not, because what
// it would hand out can be printed.
func (s scrubber) error(err error) error {
	if err == nil {
		return nil
	}
	return &cleanError{text: s.text(err.Error()), cause: err}
}

type cleanError struct {
	text  string
	cause error
}

func (e *cleanError) Error() string        { return e.text }
func (e *cleanError) GoString() string     { return e.text }
func (e *cleanError) Is(target error) bool { return errors.Is(e.cause, target) }
