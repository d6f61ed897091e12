package slacksim

import (
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"
)

// Block Kit's limits, in characters and items, from docs.slack.dev/reference/block-kit.
const (
	maxBlocks      = 50
	maxAttachments = 100
	maxID          = 255
	maxSection     = 3000
	maxFields      = 10
	maxField       = 2000
	maxHeader      = 150
	maxContext     = 10
	maxActions     = 25
	maxButton      = 75
	maxValue       = 2000
	maxURL         = 3000

	// blockChars bounds all text in blocks together: msg_blocks_too_long. Slack documents 12,000 for markdown blocks
	// and refuses other blocks at about as many (bolt-js issues 2509 and 2867).
	blockChars = 12_000
)

// checker holds blocks and attachments against Block Kit's rules and fills in the ids that Slack fills in.
// It knows what apps put in messages: actions, context, divider, header, image, markdown, rich_text and section
// blocks; in views there are input blocks, and no markdown blocks. All others are refused as unsupported, as Slack
// refuses plan, task_card and alert.
type checker struct {
	problems []string
	blockIDs map[string]bool
	made     int // generated ids
	chars    int
	surface  string // modalView or homeView; "" in messages
	focused  bool   // an element has the focus
}

func (k *checker) bad(at, format string, args ...any) {
	k.problems = append(k.problems, fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
}

// node is a JSON object and where it stands.
type node struct {
	k  *checker
	at string
	m  map[string]any
}

// node answers the object at a place, or false after noting that there is none.
func (k *checker) node(at string, value any) (node, bool) {
	m, ok := value.(map[string]any)
	if !ok {
		k.bad(at, "must provide an object")
	}
	return node{k, at, m}, ok
}

func (n node) bad(key, format string, args ...any) { n.k.bad(n.at+"/"+key, format, args...) }

// only refuses properties that Slack does not know here.
func (n node) only(keys ...string) {
	for key := range n.m {
		if key != "type" && !slices.Contains(keys, key) {
			n.k.bad(n.at, "invalid additional property: %s", key)
		}
	}
}

func (n node) has(key string) bool { _, ok := n.m[key]; return ok }

// str checks a string of at least least and at most most characters; one that may be missing has least zero.
func (n node) str(key string, least, most int) string {
	value, present := n.m[key]
	if !present {
		if least > 0 {
			n.k.bad(n.at, "missing required field: %s", key)
		}
		return ""
	}
	s, ok := value.(string)
	if !ok {
		n.bad(key, "must provide a string")
		return ""
	}
	n.length(key, s, least, most)
	return s
}

func (n node) length(key, s string, least, most int) {
	switch count := utf8.RuneCountInString(s); {
	case count < least:
		n.bad(key, "must be more than %d characters", least-1)
	case count > most:
		n.bad(key, "must be less than %d characters", most+1)
	}
}

// items checks a list's length and answers it.
func (n node) items(key string, most int) []any {
	value, present := n.m[key]
	if !present {
		n.k.bad(n.at, "missing required field: %s", key)
		return nil
	}
	list, ok := value.([]any)
	switch {
	case !ok:
		n.bad(key, "must provide an array")
	case len(list) == 0:
		n.bad(key, "must provide at least 1 item")
	case len(list) > most:
		n.bad(key, "no more than %d items allowed", most)
	}
	return list
}

// text checks the text object under key.
func (n node) text(key string, most int, plainOnly bool) {
	if !n.has(key) {
		n.k.bad(n.at, "missing required field: %s", key)
		return
	}
	n.k.text(n.at+"/"+key, n.m[key], most, plainOnly)
}

func (k *checker) text(at string, value any, most int, plainOnly bool) {
	t, ok := k.node(at, value)
	if !ok {
		return
	}
	switch kind := t.m["type"]; {
	case kind == "plain_text":
		t.only("text", "emoji")
	case kind == "mrkdwn" && !plainOnly:
		t.only("text", "verbatim")
	default:
		t.bad("type", "unsupported type: %v", kind)
		return
	}
	k.chars += utf8.RuneCountInString(t.str("text", 1, most))
}

func (k *checker) blocks(at string, list []any) {
	most := maxBlocks
	if k.surface != "" {
		most = maxViewBlocks
	}
	if len(list) > most {
		k.bad(at, "no more than %d items allowed", most)
		return
	}
	for i, value := range list {
		if n, ok := k.node(pointer(at, i), value); ok {
			k.block(n)
		}
	}
}

func (k *checker) block(n node) {
	kind := n.m["type"]
	if k.surface == "" && kind == "input" || k.surface != "" && kind == "markdown" {
		n.bad("type", "unsupported type: %v", kind)
		return
	}
	switch kind {
	case "section":
		k.section(n)
	case "header":
		n.only("block_id", "text", "level")
		n.text("text", maxHeader, true)
	case "divider":
		n.only("block_id")
	case "context":
		k.context(n)
	case "actions":
		k.actions(n)
	case "input":
		k.input(n)
	case "image":
		n.only("block_id", "image_url", "slack_file", "alt_text", "title")
		k.image(n)
	case "markdown":
		n.only("block_id", "text")
		k.chars += utf8.RuneCountInString(n.str("text", 1, blockChars))
	case "rich_text":
		n.only("block_id", "elements")
		n.items("elements", 1000)
	case nil:
		k.bad(n.at, "missing required field: type")
		return
	default:
		n.bad("type", "unsupported type: %v", kind)
		return
	}
	k.blockID(n)
}

// blockID checks that a block's id is its own, and gives it one if it has none, as Slack does.
func (k *checker) blockID(n node) {
	id := n.str("block_id", 0, maxID)
	if id == "" {
		for id == "" || k.blockIDs[id] {
			id = k.newID()
		}
		n.m["block_id"] = id
	}
	if k.blockIDs[id] {
		n.bad("block_id", "block_id %q already exists", id)
	}
	k.blockIDs[id] = true
}

func (k *checker) newID() string {
	k.made++
	return fmt.Sprintf("b%03d", k.made)
}

func (k *checker) section(n node) {
	n.only("block_id", "text", "fields", "accessory", "expand")
	if !n.has("text") && !n.has("fields") {
		k.bad(n.at, "missing required field: text")
	}
	if n.has("text") {
		n.text("text", maxSection, false)
	}
	if n.has("fields") {
		for i, field := range n.items("fields", maxFields) {
			k.text(pointer(n.at+"/fields", i), field, maxField, false)
		}
	}
	if n.has("accessory") {
		if accessory, ok := k.node(n.at+"/accessory", n.m["accessory"]); ok {
			k.element(accessory, map[string]bool{}, k.takes("section")...)
		}
	}
}

func (k *checker) context(n node) {
	n.only("block_id", "elements")
	for i, value := range n.items("elements", maxContext) {
		element, ok := k.node(pointer(n.at+"/elements", i), value)
		switch {
		case !ok:
		case element.m["type"] == "image":
			k.element(element, nil, "image")
		default:
			k.text(element.at, value, maxSection, false)
		}
	}
}

func (k *checker) actions(n node) {
	n.only("block_id", "elements")
	ids := map[string]bool{}
	for i, value := range n.items("elements", maxActions) {
		if element, ok := k.node(pointer(n.at+"/elements", i), value); ok {
			k.element(element, ids, k.takes("actions")...)
		}
	}
}

// element checks a button, an image or a field; ids are the action ids that the block has already.
func (k *checker) element(n node, ids map[string]bool, allowed ...string) {
	kind, _ := n.m["type"].(string)
	switch {
	case !slices.Contains(allowed, kind):
		n.bad("type", "unsupported type: %v", n.m["type"])
	case kind == "image":
		n.only("image_url", "slack_file", "alt_text")
		k.image(n)
	case kind == "button":
		k.button(n, ids)
	default:
		k.field(n, ids, kind)
	}
}

func (k *checker) image(n node) {
	if n.has("image_url") == n.has("slack_file") {
		k.bad(n.at, "must provide either image_url or slack_file")
	}
	n.str("image_url", 0, maxURL)
	n.str("alt_text", 1, maxValue)
	if n.has("title") {
		n.text("title", maxValue, true)
	}
}

func (k *checker) button(n node, ids map[string]bool) {
	n.only("text", "action_id", "url", "value", "style", "confirm", "accessibility_label")
	n.text("text", maxButton, true)
	n.str("value", 0, maxValue)
	n.str("url", 0, maxURL)
	n.str("accessibility_label", 0, maxButton)
	if n.has("style") && n.m["style"] != "primary" && n.m["style"] != "danger" {
		n.bad("style", "must be one of: primary, danger")
	}
	k.actionID(n, ids)
	k.confirm(n)
}

// confirm checks the question that an element may ask first.
func (k *checker) confirm(n node) {
	if !n.has("confirm") {
		return
	}
	confirm, ok := k.node(n.at+"/confirm", n.m["confirm"])
	if !ok {
		return
	}
	confirm.only("title", "text", "confirm", "deny", "style")
	confirm.text("title", 100, true)
	confirm.text("text", 300, false)
	confirm.text("confirm", 30, true)
	confirm.text("deny", 30, true)
}

var colorPattern = regexp.MustCompile(`^(#?[0-9A-Fa-f]{6}|good|warning|danger)$`)

func (k *checker) attachments(at string, list []any) {
	if len(list) > maxAttachments {
		k.bad(at, "no more than %d items allowed", maxAttachments)
		return
	}
	for i, value := range list {
		n, ok := k.node(pointer(at, i), value)
		if !ok {
			continue
		}
		if color := n.str("color", 0, 7+maxID); color != "" && !colorPattern.MatchString(color) {
			n.bad("color", "must be a hex color")
		}
		switch blocks := n.m["blocks"].(type) {
		case []any:
			if len(blocks) > 0 {
				n.only("id", "color", "fallback", "blocks")
			}
			k.blocks(n.at+"/blocks", blocks)
		case nil:
			delete(n.m, "blocks")
		default:
			n.bad("blocks", "must provide an array")
		}
		n.m["id"] = i + 1
		if n.str("fallback", 0, postText) == "" {
			n.m["fallback"] = "[no preview available]"
		}
	}
}
