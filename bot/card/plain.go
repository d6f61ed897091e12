package card

import "strings"

// Plain is a text without its markup.
func (t Text) Plain() string {
	var out strings.Builder
	for _, s := range t {
		switch s.Kind {
		case Time:
			out.WriteString(s.At.Format("2006-01-02 15:04 MST"))
		default:
			out.WriteString(s.Value)
		}
	}
	return out.String()
}

// Plain is a message as plain lines, for a terminal.
func (m Message) Plain() string {
	var out []string
	for _, b := range m.Blocks {
		switch {
		case b.Header != "":
			out = append(out, b.Header)
		case b.Text != nil:
			out = append(out, b.Text.Plain())
		case b.Context != nil:
			out = append(out, b.Context.Plain())
		case b.Code != "":
			out = append(out, b.Code)
		}
	}
	return strings.Join(out, "\n")
}
