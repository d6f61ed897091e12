package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// jsonSchema is as much of JSON Schema, draft 2020-12, as the table needs.
type jsonSchema struct {
	Schema      string `json:"$schema,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Ref         string `json:"$ref,omitempty"`
	Type        any    `json:"type,omitempty"` // a name or several
	Const       any    `json:"const,omitempty"`
	Enum        []any  `json:"enum,omitempty"`
	Default     any    `json:"default,omitempty"`
	Pattern     string `json:"pattern,omitempty"`
	Minimum     *int   `json:"minimum,omitempty"`
	Maximum     *int   `json:"maximum,omitempty"`

	AnyOf []*jsonSchema `json:"anyOf,omitempty"`
	Not   *jsonSchema   `json:"not,omitempty"`

	Items       *jsonSchema `json:"items,omitempty"`
	MinItems    int         `json:"minItems,omitempty"`
	UniqueItems bool        `json:"uniqueItems,omitempty"`

	Properties    map[string]*jsonSchema `json:"properties,omitempty"`
	PropertyNames *jsonSchema            `json:"propertyNames,omitempty"`
	Required      []string               `json:"required,omitempty"`
	MinProperties int                    `json:"minProperties,omitempty"`
	Additional    any                    `json:"additionalProperties,omitempty"` // false, or the schema of each

	Defs map[string]*jsonSchema `json:"$defs,omitempty"`
}

// Schema answers deploy.yaml's JSON Schema (draft 2020-12), for editors. It
// refuses no file that Parse accepts; what it cannot express (bounds of
// durations, keys that another layer must give, one key against another) is
// left to Parse.
func Schema() ([]byte, error) {
	w := schemaWriter{defs: map[string]*jsonSchema{}}
	s := w.of(root(), false)
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = "Junban's deploy.yaml"
	s.Defs = w.defs
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // regular expressions are to be read
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		return nil, fmt.Errorf("writing the JSON Schema: %w", err)
	}
	return out.Bytes(), nil
}

// schemaWriter writes rows of the table as schemas; rows that stand in several
// places are written once.
type schemaWriter struct {
	defs map[string]*jsonSchema
}

// below writes the row of a key, or a reference to it. layered tells that what
// is missing here may stand in another layer.
func (w schemaWriter) below(k *key, layered bool) *jsonSchema {
	if !k.shared {
		return w.of(k, layered)
	}
	if w.defs[k.name] == nil {
		w.defs[k.name] = w.of(k, layered)
	}
	return &jsonSchema{Ref: "#/$defs/" + k.name}
}

func (w schemaWriter) of(k *key, layered bool) *jsonSchema {
	layered = layered || k.part
	s := &jsonSchema{}
	switch k.kind {
	case wholeKey:
		s.Type, s.Minimum, s.Maximum = "integer", &k.least, &k.most
	case flagKey:
		s.Type = "boolean"
	case countKey:
		s.AnyOf = countSchemas(k)
	case listKey:
		s = w.list(k)
	case mappingKey:
		s = w.mapping(k, layered)
	case namedKey:
		s = w.named(k, layered)
	default:
		s.Type, s.Pattern = "string", k.pattern
		for _, word := range k.words {
			s.Enum = append(s.Enum, word)
		}
	}
	s.Description = k.describe()
	s.Default = k.defaultValue()
	return s
}

func (w schemaWriter) list(k *key) *jsonSchema {
	// Lists are replaced whole, so what stands in them is in no layer.
	s := &jsonSchema{Type: "array", Items: w.of(k.each, false), UniqueItems: k.each.kind < listKey}
	if !k.none {
		s.MinItems = 1
	}
	if k.lone {
		return &jsonSchema{AnyOf: []*jsonSchema{w.of(k.each, false), s}}
	}
	return s
}

func (w schemaWriter) mapping(k *key, layered bool) *jsonSchema {
	s := &jsonSchema{Type: "object", Properties: map[string]*jsonSchema{}, Additional: false}
	for _, sub := range k.keys {
		if sub.unbuilt != "" {
			continue
		}
		s.Properties[sub.name] = w.below(sub, layered)
		if !layered && k.demands(sub) {
			s.Required = append(s.Required, sub.name)
		}
		if len(sub.instead) > 0 {
			s.Not = both(append([]string{sub.name}, sub.instead...))
		}
	}
	slices.Sort(s.Required)
	switch {
	case k.short != "":
		lone := w.of(k.sub(k.short), layered)
		return &jsonSchema{AnyOf: []*jsonSchema{lone, s}}
	case k.word != "":
		return &jsonSchema{AnyOf: []*jsonSchema{{Const: k.word}, s}}
	case len(s.Required) == 0:
		s.Type = []string{"object", "null"} // a name alone, as in `staging:`
	}
	return s
}

// both describes what has two of some keys.
func both(names []string) *jsonSchema {
	var pairs []*jsonSchema
	for i, a := range names {
		for _, b := range names[i+1:] {
			pairs = append(pairs, &jsonSchema{Type: "object", Required: []string{a, b}})
		}
	}
	if len(pairs) == 1 {
		return pairs[0]
	}
	return &jsonSchema{AnyOf: pairs}
}

// demands tells whether a key must be there, itself or for what it holds.
func (k *key) demands(sub *key) bool {
	if sub.required || sub.kind != mappingKey || sub.opt || sub.part {
		return sub.required
	}
	return slices.ContainsFunc(sub.keys, sub.demands)
}

func (w schemaWriter) named(k *key, layered bool) *jsonSchema {
	names := &jsonSchema{Pattern: k.label.pattern}
	if len(k.label.never) > 0 {
		names.Not = &jsonSchema{}
		for _, name := range k.label.never {
			names.Not.Enum = append(names.Not.Enum, name)
		}
	}
	s := &jsonSchema{Type: []string{"object", "null"}, PropertyNames: names, Additional: w.of(k.each, layered)}
	if k.some {
		s.Type, s.MinProperties = "object", 1
	}
	return s
}

// countSchemas say n or n%, also n in quotes.
func countSchemas(k *key) []*jsonSchema {
	pattern := `^0*([0-9]+|([0-9]|[1-9][0-9]|100)%)$`
	if k.least > 0 {
		pattern = `^0*([1-9][0-9]*|([1-9]|[1-9][0-9]|100)%)$`
	}
	return []*jsonSchema{{Type: "integer", Minimum: &k.least}, {Type: "string", Pattern: pattern}}
}

// describe is what an editor shows beside the key.
func (k *key) describe() string {
	if k.span == "" {
		return k.about
	}
	return k.about + "; " + k.span
}

// defaultValue is the default as JSON has it; nil for none.
func (k *key) defaultValue() any {
	if k.def == "" {
		return nil
	}
	if value, err := k.value(k.def); err == nil && (k.kind == wholeKey || k.kind == flagKey) {
		return value
	}
	if count, err := k.value(k.def); k.kind == countKey && err == nil {
		if c, ok := count.(Count); ok && !c.Percent {
			return c.N
		}
	}
	return k.def
}
