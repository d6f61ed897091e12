package lang

import (
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

// Say says a message with its values, given as pairs of a name and a value. A message that is not in the catalogue is
// its name: a card that says less is better than none.
func (l *Lang) Say(id string, pairs ...any) []Part {
	m, ok := l.messages[id]
	if !ok {
		return []Part{{Text: id}}
	}
	if m.empty {
		return nil
	}
	ask := &i18n.LocalizeConfig{MessageID: id}
	given := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		given[name] = pairs[i+1]
		if n, counts := pairs[i+1].(Count); counts && m.plural {
			ask.PluralCount = int(n)
		}
	}
	marks := map[string]string{}
	for i, name := range m.values {
		marks[name] = string(rune(firstMark + i))
	}
	ask.TemplateData = marks
	text, err := l.words.Localize(ask)
	if err != nil { // a message of this very catalogue, with marks for all its placeholders
		return []Part{{Text: id}}
	}
	return split(text, func(mark int) any { return given[m.values[mark]] })
}

// split reads the markup of a catalogue's text, and puts the values where their marks are.
func split(text string, value func(mark int) any) []Part {
	var out []Part
	var words strings.Builder
	style := Plain
	flush := func() {
		if words.Len() > 0 {
			out = append(out, Part{Style: style, Text: words.String()})
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
			out = append(out, Part{Style: style, Value: value(int(r - firstMark)), Given: true})
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
