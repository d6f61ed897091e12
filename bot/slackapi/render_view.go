package slackapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"junban/bot/card"
)

// Slack's limits on forms and home tabs: docs.slack.dev/reference/views and its pages on input blocks, plain-text
// inputs, selects and options.
const (
	maxViewTitle    = 24
	maxViewBlocks   = 100
	maxViewBytes    = 250_000
	maxPrivate      = 3000
	maxCallback     = 255
	maxInputLabel   = 2000
	maxHint         = 2000
	maxPlaceholder  = 150
	maxInputText    = 3000
	maxOption       = 75
	maxOptionValue  = 150
	maxOptions      = 100
	maxOptionGroups = 100

	// maxViewChars bounds the text of all blocks of a view together, so that even text of which encoding/json makes
	// six bytes a character stays below maxViewBytes.
	maxViewChars = 35_000
)

// modal makes Slack's form of a form. Texts that are too long are cut; it is an error if something that comes back
// cannot be shown as it is, or if what was filled in could not be sent. chars bounds the text of all blocks.
func modal(v card.View, chars int) (slack.ModalViewRequest, error) {
	fields := slices.ContainsFunc(v.Blocks, func(b card.Block) bool { return b.Input != nil })
	out := slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: v.Callback, PrivateMetadata: v.Private,
		Title: plain(oneLine(v.Title), maxViewTitle), Submit: plain(oneLine(v.Submit), maxViewTitle), Close: plain(oneLine(v.Close), maxViewTitle),
	}
	switch {
	case out.Title == nil:
		return out, errors.New("rendering a form: it has no title")
	case fields && out.Submit == nil:
		return out, errors.New("rendering a form: it has fields, and nothing that sends them")
	}
	blocks, err := viewBlocks(v, chars)
	out.Blocks = blocks
	return out, within(out, "a form", err)
}

// homeTab makes Slack's form of a home tab.
func homeTab(v card.View) (slack.HomeTabViewRequest, error) {
	out := slack.HomeTabViewRequest{Type: slack.VTHomeTab, CallbackID: v.Callback, PrivateMetadata: v.Private}
	if slices.ContainsFunc(v.Blocks, func(b card.Block) bool { return b.Input != nil }) {
		return out, errors.New("rendering a home tab: it has a field, and only forms have fields")
	}
	blocks, err := viewBlocks(v, maxViewChars)
	out.Blocks = blocks
	return out, within(out, "a home tab", err)
}

func viewBlocks(v card.View, chars int) (slack.Blocks, error) {
	if utf8.RuneCountInString(v.Private) > maxPrivate || utf8.RuneCountInString(v.Callback) > maxCallback {
		return slack.Blocks{}, fmt.Errorf("rendering view %.40q: what comes back unseen has more than %d characters, or its name more than %d",
			v.Callback, maxPrivate, maxCallback)
	}
	r := &renderer{left: chars, most: maxViewBlocks, kept: map[int]slack.Block{}}
	if err := r.all(v.Blocks); err != nil {
		return slack.Blocks{}, err
	}
	out := r.fitting()
	if out == nil {
		out = []slack.Block{} // [] in JSON: null is no list of blocks
	}
	return slack.Blocks{BlockSet: out}, nil
}

// within checks the size of a whole view.
func within(view any, what string, err error) error {
	if err != nil {
		return err
	}
	data, err := json.Marshal(view)
	if err != nil {
		return fmt.Errorf("rendering %s: %w", what, err)
	}
	if len(data) > maxViewBytes {
		return fmt.Errorf("rendering %s: it has %d bytes, at most %d are possible", what, len(data), maxViewBytes)
	}
	return nil
}

// inputs renders the fields.
func (r *renderer) inputs(blocks []card.Block) error {
	var seen []string
	for i, b := range blocks {
		if b.Input == nil {
			continue
		}
		in := *b.Input
		if slices.Contains(seen, in.ID) {
			return fmt.Errorf("rendering field %q: there are two of this id", in.ID)
		}
		seen = append(seen, in.ID)
		block, err := r.input(in)
		if err != nil {
			return fmt.Errorf("rendering field %q: %w", in.ID, err)
		}
		r.kept[i] = block
	}
	return nil
}

// input makes an input block. Its block and its element have the field's id, by which Slack sends back what was
// filled in and takes what is wrong with it.
func (r *renderer) input(in card.Input) (slack.Block, error) {
	if in.ID == "" || strings.Contains(in.ID, twin) || utf8.RuneCountInString(in.ID) > maxAction {
		return nil, fmt.Errorf("its id is empty, has more than %d characters or holds a %s", maxAction, twin)
	}
	label := plain(oneLine(in.Label), maxInputLabel)
	if label == nil {
		return nil, errors.New("it has no label")
	}
	element, err := r.element(in)
	if err != nil {
		return nil, err
	}
	var hint *slack.TextBlockObject
	if room := r.room(maxHint); room > 0 {
		hint = plain(oneLine(in.Hint), room)
	}
	r.spend(label, hint)
	return slack.NewInputBlock(in.ID, label, hint, element).WithOptional(in.Optional).
		WithDispatchAction(in.Tells && in.Kind == card.Choice), nil
}

func (r *renderer) element(in card.Input) (slack.BlockElement, error) {
	empty := plain(oneLine(in.Empty), maxPlaceholder)
	r.spend(empty)
	switch in.Kind {
	case card.Line, card.Lines:
		text := slack.NewPlainTextInputBlockElement(empty, in.ID)
		text.Multiline = in.Kind == card.Lines
		text.MaxLength = min(in.Longest, maxInputText)
		value := clean(in.Value)
		if in.Kind == card.Line {
			value = oneLine(in.Value)
		}
		limit := maxInputText
		if text.MaxLength > 0 {
			limit = text.MaxLength
		}
		text.InitialValue = firstRunes(value, limit)
		r.left -= utf8.RuneCountInString(text.InitialValue)
		return text, nil
	case card.Choice:
		return r.choice(in, empty)
	}
	return nil, fmt.Errorf("it is filled in no known way, %q; known are %s, %s and %s", in.Kind, card.Line, card.Lines, card.Choice)
}

// firstRunes cuts a text without a mark: it is what will come back.
func firstRunes(s string, n int) string {
	for at := range s {
		if n == 0 {
			return s[:at]
		}
		n--
	}
	return s
}

func (r *renderer) choice(in card.Input, empty *slack.TextBlockObject) (slack.BlockElement, error) {
	out := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, empty, in.ID)
	grouped := slices.ContainsFunc(in.Options, func(o card.Option) bool { return o.Group != "" })
	var group *slack.OptionGroupBlockObject
	var values []string
	for i, o := range in.Options {
		option, err := r.option(o)
		if err != nil {
			return nil, err
		}
		if slices.Contains(values, o.Value) {
			return nil, fmt.Errorf("two options have the value %q", o.Value)
		}
		values = append(values, o.Value)
		if o.Value == in.Value {
			out.InitialOption = option
		}
		if !grouped {
			out.Options = append(out.Options, option)
			continue
		}
		if i == 0 || o.Group != in.Options[i-1].Group {
			label := plain(oneLine(o.Group), maxOption)
			if label == nil {
				return nil, fmt.Errorf("option %q is in no group, and others are", o.Label)
			}
			r.spend(label)
			group = slack.NewOptionGroupBlockElement(label)
			out.OptionGroups = append(out.OptionGroups, group)
		}
		group.Options = append(group.Options, option)
	}
	many := len(out.Options) > maxOptions || slices.ContainsFunc(out.OptionGroups, func(g *slack.OptionGroupBlockObject) bool { return len(g.Options) > maxOptions })
	switch {
	case len(in.Options) == 0:
		return nil, errors.New("it has nothing to choose from")
	case many || len(out.OptionGroups) > maxOptionGroups:
		return nil, fmt.Errorf("it has more than %d options of one group, or more than %d groups", maxOptions, maxOptionGroups)
	}
	return out, nil
}

func (r *renderer) option(o card.Option) (*slack.OptionBlockObject, error) {
	label := plain(oneLine(o.Label), maxOption)
	if label == nil || o.Value == "" || utf8.RuneCountInString(o.Value) > maxOptionValue {
		return nil, fmt.Errorf("option %q has no label, or a value %.20q that is empty or has more than %d characters", o.Label, o.Value, maxOptionValue)
	}
	r.spend(label)
	return slack.NewOptionBlockObject(o.Value, label, nil), nil
}
