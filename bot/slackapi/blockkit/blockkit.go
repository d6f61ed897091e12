// Package blockkit judges what is sent to Slack: its shape by Slack's own types, and its lengths by Slack's limits.
//
// It is made for tests. It must know nothing of how payloads are made, so that a mistake there is no mistake here: the
// shapes are generated from @slack/types (see schema/), the limits are written down from Slack's pages, once more.
package blockkit

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"
)

// Kind is what a payload is for.
type Kind string

const (
	Message Kind = "Message" // text, blocks and attachments of chat.postMessage, chat.update and response URLs
	Modal   Kind = "Modal"   // the view of views.open and views.update
	Home    Kind = "Home"    // the view of views.publish
)

//go:embed schema.json
var schema []byte

// Check answers all that Slack would refuse or cut: everything found, in one error.
func Check(kind Kind, payload []byte) error {
	var value map[string]any
	if err := json.Unmarshal(payload, &value); err != nil {
		return fmt.Errorf("%s: reading the payload: %w", kind, err)
	}
	return errors.Join(shape(kind, value), limits(kind, value, len(payload)))
}

// shape validates against Slack's types. Of a block that does not fit, only what its own type asks for is told: "none
// of twenty kinds of blocks" would help nobody.
func shape(kind Kind, value map[string]any) error {
	resolve, ok := wholes[kind]
	if !ok {
		return fmt.Errorf("there is no kind of payload %q", kind)
	}
	whole, err := resolve()
	if err != nil {
		return err
	}
	wrong := whole.Validate(value)
	if wrong == nil {
		return nil
	}
	var faults []error
	for at, block := range allBlocks(kind, value) {
		name := blockNames()[fmt.Sprint(block["type"])]
		if name == "" {
			faults = append(faults, fmt.Errorf("%s: there is no block of type %v", at, block["type"]))
			continue
		}
		own, err := definition(name)
		if err != nil {
			return err
		}
		if err := own.Validate(block); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", at, err))
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	return fmt.Errorf("%s: %w", kind, wrong)
}

// wholes are the schemas of whole payloads, each made once: they are large.
var wholes = map[Kind]func() (*jsonschema.Resolved, error){Message: once(Message), Modal: once(Modal), Home: once(Home)}

func once(kind Kind) func() (*jsonschema.Resolved, error) {
	return sync.OnceValues(func() (*jsonschema.Resolved, error) { return definition(string(kind)) })
}

var read = sync.OnceValues(func() (*jsonschema.Schema, error) {
	s := new(jsonschema.Schema)
	if err := json.Unmarshal(schema, s); err != nil {
		return nil, fmt.Errorf("reading the schema of Slack's types: %w", err)
	}
	return s, nil
})

// definition is one of Slack's types, ready to validate.
func definition(name string) (*jsonschema.Resolved, error) {
	all, err := read()
	if err != nil {
		return nil, err
	}
	if all.Definitions[name] == nil {
		return nil, fmt.Errorf("the schema of Slack's types has no %s", name)
	}
	one := &jsonschema.Schema{Schema: all.Schema, Ref: "#/definitions/" + name, Definitions: map[string]*jsonschema.Schema{}}
	for n, d := range all.Definitions {
		one.Definitions[n] = d.CloneSchemas() // a schema can be resolved in one tree only
	}
	r, err := one.Resolve(nil)
	if err != nil {
		return nil, fmt.Errorf("resolving %s of Slack's types: %w", name, err)
	}
	return r, nil
}

// blockNames are the definitions of blocks by the type that a block of each names.
var blockNames = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	all, err := read()
	if err != nil {
		return out // definition tells it
	}
	for _, ref := range all.Definitions["KnownBlock"].AnyOf {
		name := ref.Ref[len("#/definitions/"):]
		if kind := all.Definitions[name].Properties["type"]; kind != nil && kind.Const != nil {
			out[fmt.Sprint(*kind.Const)] = name
		}
	}
	return out
})

// allBlocks are the payload's blocks, by where they stand.
func allBlocks(kind Kind, value map[string]any) map[string]map[string]any {
	out := map[string]map[string]any{}
	add := func(at string, list any) {
		for i, b := range items(list) {
			if m, ok := b.(map[string]any); ok {
				out[fmt.Sprintf("%sblocks[%d]", at, i)] = m
			}
		}
	}
	add("", value["blocks"])
	if kind == Message {
		for i, a := range items(value["attachments"]) {
			if m, ok := a.(map[string]any); ok {
				add(fmt.Sprintf("attachments[%d].", i), m["blocks"])
			}
		}
	}
	return out
}

func items(list any) []any {
	out, _ := list.([]any)
	return out
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
