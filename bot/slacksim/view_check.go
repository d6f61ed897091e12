package slacksim

import (
	"encoding/json"
	"slices"
	"strings"
)

// The limits of views, in characters, items and bytes, from docs.slack.dev/reference/views.
const (
	maxViewBlocks = 100
	maxViewLabel  = 24 // of title, submit and close
	maxPrivate    = 3000
	maxView       = 250_000
)

// The kinds of views. Where a message is meant there is none.
const (
	modalView = "modal"
	homeView  = "home"
)

// checkView reads a view of the given kind and holds it against Slack's rules. It answers the view with the block and
// action ids that Slack fills in. What is wrong is said with its place below /view.
func checkView(text, kind string) (map[string]any, *refusal) {
	if len(text) > maxView {
		return nil, refuse("view_too_large")
	}
	if text == "" {
		return nil, invalidArguments("missing required field: view [json-pointer:]")
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var body any
	if err := dec.Decode(&body); err != nil || dec.More() {
		return nil, invalidArguments("must provide an object [json-pointer:/view]")
	}
	k := &checker{surface: kind, blockIDs: map[string]bool{}}
	if n, ok := k.node("/view", body); ok {
		k.view(n)
		if len(k.problems) == 0 {
			return n.m, nil
		}
	}
	return nil, invalidArguments(append([]string{"failed to match all allowed schemas [json-pointer:/view]"}, k.problems...)...)
}

func (k *checker) view(n node) {
	if n.m["type"] != k.surface {
		if n.str("type", 1, maxID) != "" {
			n.bad("type", "must be one of: %s", k.surface)
		}
		return
	}
	n.str("private_metadata", 0, maxPrivate)
	n.str("callback_id", 0, maxID)
	n.str("external_id", 0, maxID)
	if k.surface == homeView {
		n.only("blocks", "private_metadata", "callback_id", "external_id")
	} else {
		n.only("blocks", "private_metadata", "callback_id", "external_id", "title", "submit", "close", "clear_on_close", "notify_on_close")
		n.text("title", maxViewLabel, true)
		for _, key := range []string{"submit", "close"} {
			if n.m[key] == nil {
				delete(n.m, key) // null is as good as nothing
			} else {
				n.text(key, maxViewLabel, true)
			}
		}
		n.boolean("clear_on_close")
		n.boolean("notify_on_close")
	}
	list, ok := n.m["blocks"].([]any)
	switch {
	case !n.has("blocks"):
		k.bad(n.at, "missing required field: blocks")
	case !ok:
		n.bad("blocks", "must provide an array")
	default:
		k.blocks("/view/blocks", list)
		k.submitNeeded(n, list)
	}
}

// submitNeeded refuses inputs in a modal that cannot be sent (node-slack-sdk issue 875).
func (k *checker) submitNeeded(n node, blocks []any) {
	if k.surface != modalView || n.has("submit") {
		return
	}
	at := slices.IndexFunc(blocks, func(value any) bool {
		b, _ := value.(map[string]any)
		return b["type"] == "input"
	})
	if at >= 0 {
		k.bad(pointer("/view/blocks", at)+"/input", "must define `submit` to use `input` block")
	}
}
