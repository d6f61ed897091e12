package blockkit

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// longest is how many characters Slack takes, by the type of what holds a text and the text's place in it. From the
// pages under docs.slack.dev/reference/block-kit and docs.slack.dev/reference/views, read in November 2026.
var longest = map[string]map[string]int{
	"section":          {"text": 3000, "fields": 2000, "block_id": 255},
	"header":           {"text": 150, "block_id": 255},
	"context":          {"elements": 3000, "block_id": 255}, // no limit is told; a section's holds in practice
	"actions":          {"block_id": 255},
	"divider":          {"block_id": 255},
	"input":            {"label": 2000, "hint": 2000, "block_id": 255},
	"image":            {"alt_text": 2000, "image_url": 3000, "title": 2000, "block_id": 255},
	"button":           {"text": 75, "action_id": 255, "value": 2000, "url": 3000, "accessibility_label": 75},
	"static_select":    {"placeholder": 150, "action_id": 255},
	"plain_text_input": {"placeholder": 150, "action_id": 255, "initial_value": 3000},
	"confirm":          {"title": 100, "text": 300, "confirm": 30, "deny": 30},
	"option":           {"text": 75, "value": 150, "description": 75},
	"option group":     {"label": 75},
	string(Modal):      {"title": 24, "submit": 24, "close": 24, "private_metadata": 3000, "callback_id": 255, "external_id": 255},
	string(Home):       {"private_metadata": 3000, "callback_id": 255, "external_id": 255},
	string(Message):    {"text": 4000}, // of chat.update; what is posted is edited later
}

// most is how many items Slack takes, by the same.
var most = map[string]map[string]int{
	"section":       {"fields": 10},
	"context":       {"elements": 10},
	"actions":       {"elements": 25},
	"static_select": {"options": 100, "option_groups": 100},
	"option group":  {"options": 100},
	string(Message): {"blocks": 50, "attachments": 20},
	"attachment":    {"blocks": 50},
	string(Modal):   {"blocks": 100},
	string(Home):    {"blocks": 100},
}

const (
	wholeView    = 250_000 // bytes of a view
	wholeMessage = 12_000  // characters of all blocks: msg_blocks_too_long (bolt-js issues 2509 and 2867)
)

// judge collects what is wrong.
type judge struct {
	faults []error
	chars  int // of all text objects
}

func (j *judge) bad(at, format string, args ...any) {
	j.faults = append(j.faults, fmt.Errorf("%s %s", at, fmt.Sprintf(format, args...)))
}

func limits(kind Kind, value map[string]any, bytes int) error {
	j := &judge{}
	j.holder(string(kind), string(kind), value)
	if kind == Message {
		for i, a := range items(value["attachments"]) {
			j.holder(fmt.Sprintf("attachments[%d]", i), "attachment", a)
		}
	}
	blocks := allBlocks(kind, value)
	ids := map[any]string{}
	for _, at := range sorted(blocks) {
		b := blocks[at]
		j.visit(at, b)
		if id := b["block_id"]; id != nil {
			if other := ids[id]; other != "" {
				j.bad(at, "has the block_id %v of %s", id, other)
			}
			ids[id] = at
		}
		if b["type"] == "input" && kind == Modal && value["submit"] == nil {
			j.bad(at, "is a field, and nothing sends it")
		}
	}
	switch {
	case kind == Message && j.chars > wholeMessage:
		j.bad("the message", "has %d characters in its blocks, at most %d are possible", j.chars, wholeMessage)
	case kind != Message && bytes > wholeView:
		j.bad("the view", "has %d bytes, at most %d are possible", bytes, wholeView)
	}
	return errors.Join(j.faults...)
}

// visit walks through a block and all that it holds.
func (j *judge) visit(at string, v map[string]any) {
	what, _ := v["type"].(string)
	switch {
	case what == "plain_text" || what == "mrkdwn":
		n := length(v)
		j.chars += n
		if n == 0 {
			j.bad(at, "is an empty text")
		}
		return
	case what == "" && v["options"] != nil:
		what = "option group"
	case what == "" && v["value"] != nil:
		what = "option"
	case what == "":
		what = "confirm"
	}
	if longest[what] == nil {
		j.bad(at, "is of type %q, whose limits are not known", what)
		return
	}
	j.holder(at, what, v)
	j.whole(at, what, v)
	actions := map[any]bool{}
	for _, key := range sorted(v) {
		switch part := v[key].(type) {
		case map[string]any:
			j.visit(at+"."+key, part)
		case []any:
			for i, item := range part {
				m, ok := item.(map[string]any)
				if !ok {
					continue
				}
				j.visit(fmt.Sprintf("%s.%s[%d]", at, key, i), m)
				if id := m["action_id"]; id != nil {
					if actions[id] {
						j.bad(at, "has two elements with the action_id %v", id)
					}
					actions[id] = true
				}
			}
		}
	}
}

// holder holds the direct parts of something against their limits.
func (j *judge) holder(at, what string, value any) {
	v, _ := value.(map[string]any)
	for key, limit := range longest[what] {
		parts := items(v[key])
		if parts == nil && v[key] != nil {
			parts = []any{v[key]}
		}
		for _, p := range parts {
			if n := length(p); n > limit {
				j.bad(at+"."+key, "has %d characters, at most %d are possible", n, limit)
			}
		}
	}
	for key, limit := range most[what] {
		if n := len(items(v[key])); n > limit {
			j.bad(at+"."+key, "has %d items, at most %d are possible", n, limit)
		}
	}
}

// whole holds against what no single part says.
func (j *judge) whole(at, what string, v map[string]any) {
	switch what {
	case "section":
		if v["text"] == nil && len(items(v["fields"])) == 0 {
			j.bad(at, "has neither text nor fields")
		}
	case "actions", "context":
		if len(items(v["elements"])) == 0 {
			j.bad(at, "holds nothing")
		}
	case "static_select":
		j.choice(at, v)
	case "plain_text_input":
		limit := 3000
		if n, ok := v["max_length"].(float64); ok {
			limit = int(n)
		}
		if limit < 1 || limit > 3000 {
			j.bad(at+".max_length", "is %d, 1 to 3000 are possible", limit)
		}
		if n := length(v["initial_value"]); n > limit {
			j.bad(at+".initial_value", "has %d characters, the field takes %d", n, limit)
		}
	}
}

// choice demands options of different values, one of them the first.
func (j *judge) choice(at string, v map[string]any) {
	options := items(v["options"])
	for _, g := range items(v["option_groups"]) {
		if m, ok := g.(map[string]any); ok {
			options = append(options, items(m["options"])...)
		}
	}
	if len(options) == 0 {
		j.bad(at, "offers nothing to choose")
	}
	values := map[any]bool{}
	for _, o := range options {
		m, _ := o.(map[string]any)
		if values[m["value"]] {
			j.bad(at, "has two options of value %v", m["value"])
		}
		values[m["value"]] = true
	}
	if first, ok := v["initial_option"].(map[string]any); ok && !values[first["value"]] {
		j.bad(at+".initial_option", "is none of its options")
	}
}

// length is that of a string or a text object, in characters.
func length(v any) int {
	if m, ok := v.(map[string]any); ok {
		v = m["text"]
	}
	s, _ := v.(string)
	return utf8.RuneCountInString(s)
}
