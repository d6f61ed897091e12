package slackapi

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"junban/bot/card"
)

const (
	ellipsis = "…"
	// shy is a soft hyphen. Slack's mrkdwn has no escape character; a marker that touches one is no marker any more
	// (jsx-slack, docs/about-escape-and-exact-mode.md).
	shy = "\u00ad"
	// gap is a zero width space, which counts as the boundary of a word: without one, *bold* that touches a letter
	// stays plain (slackify-markdown does the same).
	gap = "\u200b"
	// tick stands for a backtick inside inline code, which cannot hold one.
	tick = "\u02cb"
)

var (
	idPattern    = regexp.MustCompile(`^[A-Z][A-Z0-9]+$`)
	emojiPattern = regexp.MustCompile(`^:[\p{L}0-9_+'-]+:`)
	ansiPattern  = regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|[@-_])")
)

// clean drops what no message may hold: invalid UTF-8, terminal sequences, control characters but line break and tab,
// and the characters that turn the direction of writing, which make a text look like another.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = ansiPattern.ReplaceAllString(s, "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
}

// oneLine is clean, without line breaks.
func oneLine(s string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(clean(s))
}

// entity escapes the three characters that Slack reads as control (docs.slack.dev/messaging/formatting-message-text).
func entity(r rune) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	}
	return string(r)
}

// plainPieces are the characters of a text that is shown as it is, escaped one by one: text is cut between pieces.
func plainPieces(s string) []string {
	var out []string
	for _, r := range s {
		out = append(out, entity(r))
	}
	return out
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// wordPieces are the characters of people's words inside mrkdwn, so that none of them formats anything.
func wordPieces(s string) []string {
	var out []string
	before := '\n' // the character before, as if the text began a line
	for at, r := range s {
		after, _ := utf8.DecodeRuneInString(s[at+utf8.RuneLen(r):])
		end := at+utf8.RuneLen(r) == len(s)
		piece := entity(r)
		switch r {
		case '*', '_', '~': // a marker only at the edge of a word: a_b stays as it can be copied
			if end || !isWord(after) || !isWord(before) {
				piece = shy + piece + shy
			}
		case '`':
			piece = shy + piece + shy
		case '>', '＞': // a quotation, at the beginning of a line
			if before == '\n' {
				piece = shy + piece
			}
		case ':':
			if emojiPattern.MatchString(s[at:]) {
				piece += shy
			}
		}
		out = append(out, piece)
		if r != ' ' || before != '\n' {
			before = r
		}
	}
	return out
}

// boldPieces are wordPieces in which no asterisk at all can end the bold.
func boldPieces(s string) []string {
	out := wordPieces(s)
	for i, piece := range out {
		if piece == "*" {
			out[i] = shy + piece + shy
		}
	}
	return out
}

// codePieces are the characters of inline code, where only the backtick still means something.
func codePieces(s string) []string {
	out := plainPieces(s)
	for i, piece := range out {
		if piece == "`" {
			out[i] = tick
		}
	}
	return out
}

// blockPieces are the characters of a code block, which three backticks in a row would end.
func blockPieces(s string) []string {
	out := plainPieces(s)
	for i, piece := range out {
		if piece == "`" {
			out[i] = "`" + gap
		}
	}
	return out
}

// line is a text under way: at most max characters, an ellipsis where it was cut.
type line struct {
	b       strings.Builder
	n, max  int
	full    bool
	last    rune // the last character written
	touched bool // last closes a style: a letter must not touch it
}

// put writes a piece whole, leaving room for tail characters and the ellipsis, or answers false.
func (l *line) put(piece string, tail int) bool {
	if piece == "" {
		return !l.full
	}
	first, _ := utf8.DecodeRuneInString(piece)
	if l.touched && isWord(first) {
		piece = gap + piece
	}
	n := utf8.RuneCountInString(piece)
	if l.full || l.n+n+tail+1 > l.max {
		l.full = true
		return false
	}
	l.write(piece)
	l.touched = false
	return true
}

func (l *line) write(piece string) {
	l.b.WriteString(piece)
	l.n += utf8.RuneCountInString(piece)
	l.last, _ = utf8.DecodeLastRuneInString(piece)
}

func (l *line) puts(pieces []string) {
	for _, p := range pieces {
		if !l.put(p, 0) {
			return
		}
	}
}

// styled writes pieces between two marks.
func (l *line) styled(mark string, pieces []string) {
	opening := mark
	if isWord(l.last) || l.touched {
		opening = gap + mark
	}
	for _, p := range pieces {
		if !l.put(opening+p, utf8.RuneCountInString(mark)) {
			break
		}
		opening = ""
	}
	if opening == "" {
		l.write(mark)
		l.touched = true
	}
}

func (l *line) span(s card.Span) {
	switch s.Kind {
	case card.Bold:
		l.styled("*", boldPieces(strings.TrimSpace(oneLine(s.Value))))
	case card.Code:
		l.styled("`", codePieces(oneLine(s.Value)))
	case card.Time:
		l.put(moment(s), 0)
	case card.User, card.Ping, card.Link, card.Room:
		if token, ok := token(s); ok {
			l.put(token, 0)
			return
		}
		l.puts(wordPieces(oneLine(s.Value)))
	default:
		l.puts(wordPieces(clean(s.Value)))
	}
}

func (l *line) String() string {
	if l.full {
		return l.b.String() + ellipsis
	}
	return l.b.String()
}

// token is Slack's own notation for a person, a group or an address; ok is false if the value is none of these.
func token(s card.Span) (string, bool) {
	switch {
	case s.Kind == card.Link:
		if !isAddress(s.Value) {
			return "", false
		}
		return "<" + strings.ReplaceAll(s.Value, "&", "&amp;") + ">", true
	case !idPattern.MatchString(s.Value):
		return "", false
	case s.Kind == card.Room:
		return "<#" + s.Value + ">", s.Value[0] == 'C' || s.Value[0] == 'G'
	case s.Value[0] == 'U' || s.Value[0] == 'W':
		return "<@" + s.Value + ">", true
	case s.Value[0] == 'S' && s.Kind == card.Ping:
		return "<!subteam^" + s.Value + ">", true
	}
	return "", false
}

// isAddress says whether a text is a web address that Slack's notation can hold.
func isAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && !strings.ContainsAny(s, "<>|\n ")
}

// moment is a time that Slack shows in the reader's own zone (docs.slack.dev/messaging/formatting-message-text); old
// clients and notifications show the part after the bar.
func moment(s card.Span) string {
	return fmt.Sprintf("<!date^%d^{date_short} {time_secs}|%s UTC>", s.At.Unix(), s.At.UTC().Format("2006-01-02 15:04:05"))
}

// paragraph makes a text object of at most limit characters; nil if there is nothing to show. Words alone go as plain
// text, where no character can mean anything.
func paragraph(t card.Text, limit int) *slack.TextBlockObject {
	if !slices.ContainsFunc(t, func(s card.Span) bool { return s.Kind != card.Words }) {
		var all strings.Builder
		for _, s := range t {
			all.WriteString(s.Value)
		}
		return plain(clean(all.String()), limit)
	}
	l := &line{max: limit}
	for _, s := range t {
		l.span(s)
	}
	return marked(l)
}

// plain makes a plain_text object; nil if the text is blank.
func plain(s string, limit int) *slack.TextBlockObject {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	l := &line{max: limit}
	l.puts(plainPieces(s))
	return slack.NewTextBlockObject(slack.PlainTextType, l.String(), false, false)
}

// marked makes a mrkdwn object, verbatim: Slack makes no links of what only looks like an address or a name.
func marked(l *line) *slack.TextBlockObject {
	text := l.String()
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
}
