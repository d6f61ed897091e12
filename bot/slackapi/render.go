package slackapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"junban/bot/card"
)

// Block Kit's limits, in characters and items, from docs.slack.dev/reference/block-kit.
const (
	maxText         = 4000 // of chat.update; chat.postMessage takes more
	maxSection      = 3000
	maxHeader       = 150
	maxField        = 2000
	maxFields       = 10
	maxLabel        = 75
	maxValue        = 2000
	maxAction       = 255
	maxButtons      = 25
	maxBlocks       = 50
	maxConfirmTitle = 100
	maxConfirmText  = 300
	maxConfirmLabel = 30
	maxAddress      = 3000

	// maxChars bounds the text of all blocks of a message together. Slack refuses more than about 12,000 characters
	// with msg_blocks_too_long (bolt-js issues 2509 and 2867).
	maxChars = 11_500
	// leastChars is what a text is worth being begun with.
	leastChars = 40
)

// refuseLabel is the other button of a confirmation dialog, which Slack asks for, where card.Confirm does not name it.
const refuseLabel = "Cancel"

// twin marks the action id of a button whose action its block has already: Slack wants them unique. What comes back
// is cut there.
const twin = "#"

// colour is the bar of an attachment.
func colour(t card.Tone) string {
	switch t {
	case card.Asking:
		return "#ecb22e"
	case card.Moving:
		return "#36c5f0"
	case card.Good:
		return "#2eb67d"
	case card.Bad:
		return "#e01e5a"
	case card.Faded:
		return "#9e9ea6"
	}
	return ""
}

// rendered is a message as Slack takes it.
type rendered struct {
	text        string
	blocks      []slack.Block      // of a neutral message: text is then what notifications show
	attachments []slack.Attachment // empty, never nil: an update with none must take the old ones away
}

// render makes Slack's form of a message. Texts that are too long are cut with an ellipsis, code at its beginning;
// it is an error if a button cannot be shown as it is, or if there is nothing to show.
func render(m card.Message) (rendered, error) {
	if slices.ContainsFunc(m.Blocks, func(b card.Block) bool { return b.Input != nil }) {
		return rendered{}, errors.New("rendering a message: it has a field, and only forms have fields")
	}
	r := &renderer{left: maxChars, most: maxBlocks, kept: map[int]slack.Block{}}
	if err := r.all(m.Blocks); err != nil {
		return rendered{}, err
	}
	out := rendered{text: topText(m), attachments: []slack.Attachment{}}
	switch {
	case len(r.out) == 0:
	case m.Tone == card.Neutral:
		out.blocks = r.fitting() // no bar: Slack shows the text of an attachment's message above it, a second time
	default:
		out.attachments = append(out.attachments, slack.Attachment{
			Color: colour(m.Tone), Fallback: out.text, Blocks: slack.Blocks{BlockSet: r.fitting()},
		})
	}
	if strings.TrimSpace(out.text) == "" {
		return rendered{}, errors.New("rendering a message: it has no text")
	}
	return out, nil
}

// topText is the message in one line, with the people it must reach in front: Slack notifies nobody of a mention
// inside an attachment.
func topText(m card.Message) string {
	l := &line{max: maxText}
	var reached []string
	for _, b := range m.Blocks {
		for _, t := range append([]card.Text{b.Text, b.Context}, fieldValues(b.Fields)...) {
			for _, s := range t {
				if s.Kind != card.Ping || slices.Contains(reached, s.Value) {
					continue
				}
				if mention, ok := token(s); ok {
					l.put(mention+" ", 0)
					reached = append(reached, s.Value)
				}
			}
		}
	}
	l.puts(wordPieces(strings.TrimSpace(clean(firstOf(m.Text, title(m.Blocks))))))
	return l.String()
}

// title stands in for a missing text: the first words of the blocks.
func title(blocks []card.Block) string {
	for _, b := range blocks {
		words := b.Header
		for _, s := range b.Text {
			words += s.Value
		}
		if words != "" {
			return words
		}
	}
	return ""
}

func fieldValues(fields []card.Field) []card.Text {
	var out []card.Text
	for _, f := range fields {
		out = append(out, f.Value)
	}
	return out
}

// renderer makes blocks while the characters last.
type renderer struct {
	left int                 // characters
	most int                 // blocks
	kept map[int]slack.Block // what is never cut, by the block's place: buttons and fields
	out  []slack.Block
}

// all renders blocks, buttons and fields first: whatever else is cut, people can still act.
func (r *renderer) all(blocks []card.Block) error {
	if err := r.actions(blocks); err != nil {
		return err
	}
	if err := r.inputs(blocks); err != nil {
		return err
	}
	for i, b := range blocks {
		if kept, ok := r.kept[i]; ok {
			r.out = append(r.out, kept)
			continue
		}
		r.block(b)
	}
	return nil
}

// room is how many characters a text may have, 0 if it is not worth beginning.
func (r *renderer) room(limit int) int {
	if r.left < leastChars {
		return 0
	}
	return min(limit, r.left)
}

func (r *renderer) spend(texts ...*slack.TextBlockObject) {
	for _, t := range texts {
		if t != nil {
			r.left -= utf8.RuneCountInString(t.Text)
		}
	}
}

// actions renders the buttons.
func (r *renderer) actions(blocks []card.Block) error {
	for i, b := range blocks {
		if len(b.Buttons) == 0 {
			continue
		}
		if len(b.Buttons) > maxButtons {
			return fmt.Errorf("rendering a message: %d buttons in a block, at most %d are possible", len(b.Buttons), maxButtons)
		}
		count := map[string]int{}
		var elements []slack.BlockElement
		for _, button := range b.Buttons {
			count[button.Action]++
			element, err := r.button(button, count[button.Action])
			if err != nil {
				return err
			}
			elements = append(elements, element)
		}
		r.kept[i] = slack.NewActionBlock("", elements...)
	}
	return nil
}

func (r *renderer) button(b card.Button, nth int) (*slack.ButtonBlockElement, error) {
	id := b.Action
	if nth > 1 {
		id = fmt.Sprintf("%s%s%d", b.Action, twin, nth)
	}
	label := plain(oneLine(b.Label), maxLabel)
	switch {
	case b.Action == "" || strings.Contains(b.Action, twin) || utf8.RuneCountInString(id) > maxAction:
		return nil, fmt.Errorf("rendering button %q: its action id %q is empty, too long or holds a %s", b.Label, b.Action, twin)
	case label == nil:
		return nil, fmt.Errorf("rendering button %q: it has no label", b.Action)
	case utf8.RuneCountInString(b.Value) > maxValue:
		return nil, fmt.Errorf("rendering button %q: its value has more than %d characters", b.Label, maxValue)
	case b.URL != "" && (!isAddress(b.URL) || utf8.RuneCountInString(b.URL) > maxAddress):
		return nil, fmt.Errorf("rendering button %q: it opens no http or https address of at most %d characters", b.Label, maxAddress)
	}
	element := slack.NewButtonBlockElement(id, b.Value, label).WithStyle(slack.Style(b.Style)).WithURL(b.URL)
	r.spend(label)
	if b.Confirm == nil {
		return element, nil
	}
	confirm := slack.NewConfirmationBlockObject(
		orElse(plain(oneLine(b.Confirm.Title), maxConfirmTitle), label),
		orElse(plain(clean(b.Confirm.Text), maxConfirmText), label),
		orElse(plain(oneLine(b.Confirm.OK), maxConfirmLabel), plain(oneLine(b.Label), maxConfirmLabel)),
		orElse(plain(oneLine(b.Confirm.Cancel), maxConfirmLabel), plain(refuseLabel, maxConfirmLabel)))
	if b.Style == card.Danger {
		confirm = confirm.WithStyle(slack.StyleDanger)
	}
	r.spend(confirm.Title, confirm.Text, confirm.Confirm, confirm.Deny)
	return element.WithConfirm(confirm), nil
}

func orElse(t, other *slack.TextBlockObject) *slack.TextBlockObject {
	if t == nil {
		return other
	}
	return t
}

func (r *renderer) block(b card.Block) {
	switch {
	case b.Header != "":
		if text := plain(oneLine(b.Header), r.room(maxHeader)); text != nil && r.left >= leastChars {
			r.spend(text)
			r.out = append(r.out, slack.NewHeaderBlock(text))
		}
	case len(b.Text) > 0:
		if text := r.paragraph(b.Text); text != nil {
			r.out = append(r.out, slack.NewSectionBlock(text, nil, nil))
		}
	case len(b.Fields) > 0:
		for part := range slices.Chunk(b.Fields, maxFields) {
			if fields := r.fields(part); len(fields) > 0 {
				r.out = append(r.out, slack.NewSectionBlock(nil, fields, nil))
			}
		}
	case len(b.Context) > 0:
		if text := r.paragraph(b.Context); text != nil {
			r.out = append(r.out, slack.NewContextBlock("", text))
		}
	case strings.TrimSpace(b.Code) != "":
		if limit := r.room(maxSection); limit > 0 {
			text := slack.NewTextBlockObject(slack.MarkdownType, codeBlock(b.Code, limit), false, true)
			r.spend(text)
			r.out = append(r.out, slack.NewSectionBlock(text, nil, nil))
		}
	case b.Divider:
		r.out = append(r.out, slack.NewDividerBlock())
	}
}

func (r *renderer) paragraph(t card.Text) *slack.TextBlockObject {
	limit := r.room(maxSection)
	if limit == 0 {
		return nil
	}
	text := paragraph(t, limit)
	r.spend(text)
	return text
}

func (r *renderer) fields(fields []card.Field) []*slack.TextBlockObject {
	var out []*slack.TextBlockObject
	for _, f := range fields {
		limit := r.room(maxField)
		if limit == 0 {
			break
		}
		l := &line{max: limit}
		l.span(card.B(f.Label))
		l.put("\n", 0)
		for _, s := range f.Value {
			l.span(s)
		}
		if text := marked(l); text != nil {
			r.spend(text)
			out = append(out, text)
		}
	}
	return out
}

// codeBlock shows the end of a text, which is where a command says why it failed.
func codeBlock(code string, limit int) string {
	const fence = "```"
	pieces := blockPieces(strings.Trim(clean(code), "\n"))
	room := limit - 2*len(fence) - 2 - 1 // two line breaks, the ellipsis
	from := len(pieces)
	for n := 0; from > 0; from-- {
		n += utf8.RuneCountInString(pieces[from-1])
		if n > room {
			break
		}
	}
	body := strings.Join(pieces[from:], "")
	if from > 0 {
		body = ellipsis + body
	}
	return fence + "\n" + body + "\n" + fence
}

// fitting answers no more blocks than there may be: what is too much goes from the end, but never buttons and fields.
func (r *renderer) fitting() []slack.Block {
	out := r.out
	if len(out) <= r.most {
		return out
	}
	cut := -1
	for i := len(out) - 1; i >= 0 && len(out) > r.most-1; i-- {
		if kind := out[i].BlockType(); kind != slack.MBTAction && kind != slack.MBTInput {
			out = slices.Delete(slices.Clone(out), i, i+1)
			cut = i
		}
	}
	if cut < 0 || len(out) > r.most-1 {
		return out[:r.most]
	}
	note := slack.NewContextBlock("", slack.NewTextBlockObject(slack.PlainTextType, ellipsis, false, false))
	return slices.Insert(out, cut, slack.Block(note))
}
