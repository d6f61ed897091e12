package card

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"junban/bot/lang"
)

// In answers the voice of a language, as slack.language names it: en or ja. Any other is an error.
func In(tag string) (Voice, error) {
	l, err := lang.In(tag)
	return Voice{lang: l}, err
}

// English is the voice of errors on a terminal, and of whoever names no language.
func English() Voice {
	w, err := In(lang.English)
	if err != nil {
		panic("card: the English catalogue is part of the program: " + err.Error())
	}
	return w
}

// Voice makes messages in one language. It is never changed, and may be used from many goroutines. The zero value is
// mute: In and English make one.
type Voice struct {
	lang  *lang.Lang
	slash string // the slash command, in front of lines to type
}

// For is the same voice where lines are typed behind a slash command, such as /deploy.
func (w Voice) For(slash string) Voice {
	w.slash = slash
	return w
}

// typed is a line as it is typed where the voice is heard.
func (w Voice) typed(line string) string { return strings.TrimSpace(w.slash + " " + line) }

// Mute reports whether it is the zero value, which can say nothing.
func (w Voice) Mute() bool { return w.lang == nil }

// Say says a message of the catalogue with its values, in pairs of a placeholder's name and what stands there: a string,
// a number, a duration, a moment, a Span or a Text. A value of nil is nothing.
func (w Voice) Say(id string, pairs ...any) Text {
	var out Text
	for _, p := range w.lang.Say(id, pairs...) {
		spans := Text{{Kind: kinds[p.Style], Value: p.Text}}
		if p.Given {
			spans = w.text(p.Value)
		}
		for _, s := range spans {
			if s.Kind == Words {
				s.Kind = kinds[p.Style]
			}
			out = join(out, s)
		}
	}
	return out
}

// Line is Say as one plain line, for labels and titles, which take no markup.
func (w Voice) Line(id string, pairs ...any) string { return w.Say(id, pairs...).Plain() }

// kinds are the spans of what a catalogue marks.
var kinds = map[lang.Style]SpanKind{lang.Plain: Words, lang.Bold: Bold, lang.Code: Code}

// join appends a span; one that goes on in the same style is the same span.
func join(t Text, s Span) Text {
	if s.Value == "" && s.Kind != Time {
		return t
	}
	n := len(t) - 1
	if n >= 0 && t[n].Kind == s.Kind && (s.Kind == Words || s.Kind == Bold || s.Kind == Code) {
		t[n].Value += s.Value
		return t
	}
	return append(t, s)
}

// text is a value of a placeholder as spans.
func (w Voice) text(v any) Text {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return Text{{Value: v}}
	case Span:
		return Text{v}
	case Text:
		return v
	case int:
		return Text{{Value: strconv.Itoa(v)}}
	case lang.Count:
		return Text{{Value: strconv.Itoa(int(v))}}
	case time.Duration:
		return Text{{Value: w.Duration(v)}}
	case time.Time:
		return Text{At(v)}
	}
	return Text{{Value: fmt.Sprint(v)}}
}

// word is the message of a family that a code names; what the catalogue does not know stays as it is: states and
// reasons of AWS and of hosts, codes of a later version.
func (w Voice) word(family, code string) string {
	if id := family + "." + strings.ReplaceAll(code, " ", "_"); w.lang.Has(id) {
		return w.Line(id)
	}
	return code
}

// gap is what stands between two sentences.
func (w Voice) gap() string { return w.Line("word.gap") }

// reason sets off why a person did something; "" says nothing.
func (w Voice) reason(why string) Text { return w.clause("clause.reason", "reason", why) }

// because is reason, behind what they did.
func (w Voice) because(why string) Text { return w.clause("clause.because", "reason", why) }

// clause is said if there is something to say.
func (w Voice) clause(id, name, value string) Text {
	if value == "" {
		return nil
	}
	return w.Say(id, name, value)
}

// Duration writes a time span as people say it: 5 s, 12 min 30 s, 2 h.
func (w Voice) Duration(d time.Duration) string {
	seconds := ""
	switch {
	case d < 0:
		seconds = "0"
	case d < 10*time.Second:
		seconds = strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0")
	case d < time.Minute:
		seconds = strconv.Itoa(int(d.Round(time.Second).Seconds()))
	}
	if seconds != "" {
		return w.Line("duration.seconds", "n", seconds)
	}
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	var parts []string
	for _, p := range []struct {
		n    int
		unit string
	}{{h, "duration.hours"}, {m, "duration.minutes"}, {s, "duration.seconds"}} {
		if p.n > 0 && len(parts) < 2 {
			parts = append(parts, w.Line(p.unit, "n", p.n))
		}
	}
	return strings.Join(parts, w.gap())
}

// long is a time span in days, once it is that long.
func (w Voice) long(d time.Duration) string {
	if days := int(d / (24 * time.Hour)); days > 0 {
		return w.Line("duration.days", "n", lang.Count(days))
	}
	return w.Duration(d)
}

// capital begins a sentence, in languages that have capitals.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
