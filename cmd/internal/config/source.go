package config

import (
	"bytes"
	"errors"
	"io"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

const smallest = "it needs at least slack, aws and services"

// readDocument answers the one document in data, or nil after reporting why
// there is none. After a syntax error nothing else can be said.
func readDocument(r *report, data []byte) *yaml.Node {
	if len(data) > maxSize {
		r.add(position{1, 1}, "the file is larger than 1 MiB; is this the right file?")
		return nil
	}
	if at, what := unreadable(data); what != "" {
		r.add(at, "%s", what)
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		r.add(position{1, 1}, "the file cannot be read as YAML: %v", err)
		return nil
	}
	var first, second yaml.Node
	switch err := loader.Load(&first); {
	case errors.Is(err, io.EOF):
		r.add(position{1, 1}, "the file is empty; %s", smallest)
		return nil
	case err != nil:
		reportSyntax(r, data, err)
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		r.add(position{second.Line, second.Column}, "a second document begins here; the file holds one: remove the \"---\", or what follows it")
	case !errors.Is(err, io.EOF):
		reportSyntax(r, data, err)
		return nil
	}
	return first.Content[0]
}

// unreadable finds what is no text at all. YAML's reader refuses these too, but
// without a position.
func unreadable(data []byte) (position, string) {
	at := position{1, 1}
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return at, "the file is UTF-16; save it as UTF-8"
	}
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			return at, "this byte is not UTF-8; save the file as UTF-8"
		case c == '\n':
			at = position{at.line + 1, 0}
		case hiddenBreak(c, data[i+size:]):
			return at, "an invisible line break that YAML sees and editors do not stands here; remove it, or save with the line ends of Unix or Windows"
		case unicode.IsControl(c) && c != '\t' && c != '\r':
			return at, "an invisible control character stands here; remove it, or write it as \"\\x..\" in double quotes"
		}
		at.column++
		i += size
	}
	return at, ""
}

// hiddenBreak finds the line breaks of YAML that would make its line numbers
// differ from an editor's.
func hiddenBreak(c rune, rest []byte) bool {
	return c == '\u0085' || c == '\u2028' || c == '\u2029' || c == '\r' && !bytes.HasPrefix(rest, []byte("\n"))
}

// reportSyntax reports the parser's complaint where a person would look for it.
func reportSyntax(r *report, data []byte, err error) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		r.add(position{1, 1}, "this is not YAML: %v", err)
		return
	}
	at := position{load.Mark.Line, load.Mark.Column}
	began := position{load.ContextMark.Line, load.ContextMark.Column}
	switch c := charAt(data, at); {
	case load.Mark.Line == 0:
		r.add(position{1, 1}, "this is not YAML: %s", load.Message)
	case c == '\t':
		r.add(at, "a tab cannot indent YAML; use spaces")
	case c == '%' && at.column == 1:
		r.add(at, "this directive is not understood; remove the line")
	case c == '@' || c == '`' || c == '%':
		r.add(at, "a value cannot begin with %q in YAML; put it in quotes", c)
	case c == 0 && began.line > 0 && began != at:
		r.add(began, "this is not closed before the end of the file (%s)", load.ContextMsg)
	case c == 0:
		r.add(at, "the file ends in the middle of a value (%s)", load.Message)
	case began.line > 0 && began != at:
		r.add(at, "this is not YAML: %s (%s that begins at %d:%d); check the indentation, quotes and brackets", load.Message, load.ContextMsg, began.line, began.column)
	case c == ':':
		r.add(at, "this is not YAML: a second \": \" in one value; put the value in quotes, or check the indentation")
	default:
		r.add(at, "this is not YAML: %s", load.Message)
	}
}

// charAt answers the character at a position, or 0 at the end of the file.
func charAt(data []byte, at position) rune {
	lines := bytes.SplitAfter(data, []byte("\n"))
	if at.line < 1 || at.line > len(lines) {
		return 0
	}
	line := bytes.TrimPrefix(lines[at.line-1], []byte("\ufeff"))
	for column := 1; len(line) > 0; column++ {
		c, size := utf8.DecodeRune(line)
		if column == at.column {
			return c
		}
		line = line[size:]
	}
	return 0
}
