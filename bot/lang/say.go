package lang

import (
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// Part is a piece of a message: words of the catalogue, or the value of a placeholder.
type Part struct {
	Style Style
	Text  string // the catalogue's own words
	Value any    // what was given for a placeholder; Text is empty then
	Given bool   // Value holds, even if it is nil
}

// Style is how a catalogue marks a piece of a message.
type Style string

const (
	Plain Style = ""
	Bold  Style = "bold" // **bold**
	Code  Style = "code" // `code`
)

// Count is a value that also chooses between the singular and the plural of a message.
type Count int

// firstMark is the first of the characters that stand for values on their way through the library. They are of a
// private plane of Unicode; no catalogue holds one, and no value passes this way.
const firstMark = 0xF0000

// piece is a part before its values are known.
type piece struct {
	style Style
	text  string
	value int // which placeholder; -1 = text
}

// Say says a message with its values, given as pairs of a name and a value. A message that is not in the catalogue is
// its name: a card that says less is better than none.
func (l *Lang) Say(id string, pairs ...any) []Part {
	m, ok := l.messages[id]
	if !ok {
		return []Part{{Text: id}}
	}
	given := make([]any, len(m.values))
	var count any
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		if at := slices.Index(m.values, name); at >= 0 {
			given[at] = pairs[i+1]
		}
		if n, counts := pairs[i+1].(Count); counts {
			count = int(n)
		}
	}
	pieces := m.pieces
	if m.plural {
		var err error
		if pieces, err = l.localize(id, m, count); err != nil { // a message of this very catalogue, with all its marks
			return []Part{{Text: id}}
		}
	}
	out := make([]Part, len(pieces))
	for i, p := range pieces {
		out[i] = Part{Style: p.style, Text: p.text}
		if p.value >= 0 {
			out[i].Value, out[i].Given = given[p.value], true
		}
	}
	return out
}

// localize asks the library for a message, with a mark for each value; count, if there is one, chooses its plural.
func (l *Lang) localize(id string, m message, count any) ([]piece, error) {
	marks := map[string]string{}
	for i, name := range m.values {
		marks[name] = string(rune(firstMark + i))
	}
	text, err := l.words.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: marks, PluralCount: count})
	return split(text), err
}

// split reads the markup of a catalogue's text, and the marks of its values.
func split(text string) []piece {
	var out []piece
	var words strings.Builder
	style := Plain
	flush := func() {
		if words.Len() > 0 {
			out = append(out, piece{style, words.String(), -1})
			words.Reset()
		}
	}
	toggle := func(s Style) {
		flush()
		if style == s {
			s = Plain
		}
		style = s
	}
	runes := []rune(text)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; {
		case r >= firstMark:
			flush()
			out = append(out, piece{style, "", int(r - firstMark)})
		case r == '`':
			toggle(Code)
		case r == '*' && style != Code && i+1 < len(runes) && runes[i+1] == '*':
			toggle(Bold)
			i++
		default:
			words.WriteRune(r)
		}
	}
	flush()
	return out
}
