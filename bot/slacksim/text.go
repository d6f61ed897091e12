package slacksim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// block and attachment are what reading a message needs of Block Kit.
type block struct {
	Type      string            `json:"type"`
	BlockID   string            `json:"block_id"`
	Text      json.RawMessage   `json:"text"` // a text object, or a string in markdown blocks
	Fields    []json.RawMessage `json:"fields"`
	Elements  []json.RawMessage `json:"elements"`
	Accessory json.RawMessage   `json:"accessory"`
	AltText   string            `json:"alt_text"`
	Label     json.RawMessage   `json:"label"` // of input blocks
}

type attachment struct {
	ID       int     `json:"id"`
	Blocks   []block `json:"blocks"`
	Pretext  string  `json:"pretext"`
	Title    string  `json:"title"`
	Text     string  `json:"text"`
	Fallback string  `json:"fallback"`
}

// decodeBlocks reads what the checker has accepted; nothing else is stored.
func decodeBlocks(raw json.RawMessage) []block {
	var list []block
	_ = json.Unmarshal(raw, &list)
	return list
}

func decodeAttachments(raw json.RawMessage) []attachment {
	var list []attachment
	_ = json.Unmarshal(raw, &list)
	return list
}

// Text renders what people see of a message as plain text, one line a block: mrkdwn is kept, &amp; &lt; &gt; are
// undone, buttons are [Label], an image or a file is (its alt text). As in Slack, a message's text shows only if it has no
// blocks.
func Text(m Message) string {
	var lines []string
	blocks := decodeBlocks(m.Blocks)
	if len(blocks) == 0 && m.Text != "" {
		lines = append(lines, m.Text)
	}
	lines = append(lines, blockLines(blocks)...)
	for _, a := range decodeAttachments(m.Attachments) {
		inner := blockLines(a.Blocks)
		for _, s := range []string{a.Pretext, a.Title, a.Text} {
			if s != "" {
				inner = append(inner, s)
			}
		}
		if len(inner) == 0 {
			inner = []string{a.Fallback}
		}
		lines = append(lines, inner...)
	}
	for _, f := range m.Files {
		lines = append(lines, "("+cmp.Or(f.Alt, f.Title, f.Name)+")")
	}
	return unescape(strings.Join(lines, "\n"))
}

func blockLines(blocks []block) []string {
	var lines []string
	for _, b := range blocks {
		var parts []string
		separator := " "
		switch b.Type {
		case "divider":
			parts = []string{"---"}
		case "image":
			parts = []string{"(" + b.AltText + ")"}
		case "rich_text":
			separator = ""
			parts = richText(b.Elements)
		default:
			parts = append(parts, textOf(b.Text))
			for _, raw := range append(append(b.Fields, b.Elements...), b.Accessory) {
				parts = append(parts, elementText(raw))
			}
		}
		parts = nonEmpty(parts)
		if len(parts) > 0 {
			lines = append(lines, strings.Join(parts, separator))
		}
	}
	return lines
}

// textOf is the text of a text object, or of a plain string.
func textOf(raw json.RawMessage) string {
	var object struct {
		Text string `json:"text"`
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	_ = json.Unmarshal(raw, &object)
	return object.Text
}

func elementText(raw json.RawMessage) string {
	var e struct {
		Type    string          `json:"type"`
		Text    json.RawMessage `json:"text"`
		AltText string          `json:"alt_text"`

		Placeholder json.RawMessage `json:"placeholder"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &e) != nil {
		return ""
	}
	switch e.Type {
	case "button", staticSelect:
		if len(e.Text) == 0 {
			e.Text = e.Placeholder
		}
		return "[" + textOf(e.Text) + "]"
	case "image":
		return "(" + e.AltText + ")"
	}
	return textOf(e.Text)
}

// richText collects the texts of nested rich text elements.
func richText(elements []json.RawMessage) []string {
	var out []string
	for _, raw := range elements {
		var e struct {
			Text     string            `json:"text"`
			UserID   string            `json:"user_id"`
			URL      string            `json:"url"`
			Elements []json.RawMessage `json:"elements"`
		}
		if json.Unmarshal(raw, &e) != nil {
			continue
		}
		switch {
		case e.Text != "":
			out = append(out, e.Text)
		case e.UserID != "":
			out = append(out, "<@"+e.UserID+">")
		case e.URL != "":
			out = append(out, e.URL)
		}
		out = append(out, richText(e.Elements)...)
	}
	return out
}

func nonEmpty(list []string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// surfaceText renders a view as [Surface.Text] says: a field as its label and, in brackets, what is filled in.
func surfaceText(s Surface) string {
	lines := nonEmpty([]string{s.Title, s.Trouble})
	var blocks []block
	_ = json.Unmarshal(s.Blocks, &blocks)
	for _, b := range blocks {
		if b.Type != "input" {
			lines = append(lines, blockLines([]block{b})...)
			continue
		}
		filled := ""
		for _, value := range s.Values[b.BlockID] {
			filled = valueText(value)
		}
		lines = append(lines, textOf(b.Label)+": <"+filled+">")
		lines = append(lines, nonEmpty([]string{s.Errors[b.BlockID]})...)
	}
	for _, label := range nonEmpty([]string{s.Close, s.Submit}) {
		lines = append(lines, "["+label+"]")
	}
	return unescape(strings.Join(lines, "\n"))
}

// valueText is what a field shows.
func valueText(value fieldValue) string {
	switch chosen := value[element{kind: fmt.Sprint(value["type"])}.key()].(type) {
	case nil:
		return ""
	case map[string]any:
		return labelOf(chosen)
	case []any:
		var labels []string
		for _, c := range chosen {
			o, _ := c.(map[string]any)
			labels = append(labels, labelOf(o))
		}
		return strings.Join(labels, ", ")
	default:
		return fmt.Sprint(chosen)
	}
}

func unescape(text string) string {
	return strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(text)
}
