package config

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxValues bounds what a file may hold once its aliases are followed.
const maxValues = 50_000

type nodeKind int

const (
	scalarNode nodeKind = iota
	listNode
	mappingNode
)

// node is one value of the file with its aliases followed and its merge keys
// laid out. It is never changed once made: aliases share what they point at.
type node struct {
	kind   nodeKind
	at     position
	tag    string // of a scalar, as YAML resolved it: !!str, !!int, …
	text   string // of a scalar
	items  []*node
	fields []field
	size   int // values below and including this one, as if nothing were shared

	path   string // from the walk: "services.web.run"
	value  any    // from the walk: the typed value of a scalar
	broken bool   // reported already: counts as present, and says nothing more
}

type field struct {
	name  string
	at    position // of the key
	value *node
}

// get follows names through mappings; nil when one of them is missing.
func (n *node) get(names ...string) *node {
	for _, name := range names {
		if n == nil || n.broken || n.kind != mappingNode {
			return nil
		}
		f := n.field(name)
		if f == nil {
			return nil
		}
		n = f.value
	}
	return n
}

func (n *node) field(name string) *field {
	for i := range n.fields {
		if n.fields[i].name == name {
			return &n.fields[i]
		}
	}
	return nil
}

// found says what somebody wrote, for "found …; accepted: …".
func (n *node) found() string {
	switch {
	case n.kind == listNode:
		return "a list"
	case n.kind == mappingNode:
		return "a mapping"
	case n.tag == "!!null":
		return "no value"
	case n.tag == "!!int" || n.tag == "!!float":
		return "the number " + clip(n.text)
	case n.tag == "!!bool":
		return "the flag " + clip(n.text)
	case n.tag == "!!timestamp":
		return "the date " + clip(n.text)
	case n.tag == "!!str":
		return "the text " + quote(n.text)
	}
	return "the tag " + quote(n.tag)
}

// quote shows a piece of the file on one line and not at any length.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strconv.Quote(text)
}

// clip is quote without the quotes.
func clip(text string) string {
	quoted := quote(text)
	return quoted[1 : len(quoted)-1]
}

// treeBuilder turns YAML's nodes into ours.
type treeBuilder struct {
	*report
	done   map[*yaml.Node]*node
	busy   map[*yaml.Node]bool // being built: an alias to one of these never ends
	budget int                 // fields that merge keys may still copy
}

// buildTree answers nil after reporting when there is nothing to walk.
func buildTree(r *report, document *yaml.Node) *node {
	b := treeBuilder{report: r, done: map[*yaml.Node]*node{}, busy: map[*yaml.Node]bool{}, budget: maxValues}
	tree := b.build(document)
	at := position{document.Line, document.Column}
	switch {
	case tree.size > maxValues || b.budget < 0:
		r.add(at, "the file holds more than %d values, counting again what aliases (*) repeat", maxValues)
	case tree.kind == scalarNode && tree.tag == "!!null":
		r.add(at, "the file is empty; %s", smallest)
	case tree.kind != mappingNode:
		r.add(at, "found %s; the file is a mapping: %s", tree.found(), smallest)
	default:
		return tree
	}
	return nil
}

func (b *treeBuilder) build(y *yaml.Node) *node {
	at := position{y.Line, y.Column}
	if y.Kind == yaml.AliasNode {
		return b.alias(y, at)
	}
	if n := b.done[y]; n != nil {
		return n
	}
	b.busy[y] = true
	n := &node{at: at, size: 1}
	switch y.Kind {
	case yaml.SequenceNode:
		n.kind = listNode
		for _, item := range y.Content {
			n.items = append(n.items, n.sized(b.build(item)))
		}
	case yaml.MappingNode:
		n.kind = mappingNode
		b.fields(n, y)
	default:
		n.tag, n.text = y.ShortTag(), y.Value
	}
	delete(b.busy, y)
	b.done[y] = n
	return n
}

// alias answers a copy that stands where the alias stands, so that a scalar
// which is wrong only here is reported here.
func (b *treeBuilder) alias(y *yaml.Node, at position) *node {
	if b.busy[y.Alias] {
		b.add(at, "the alias *%s stands inside the value that it names", y.Value)
		return &node{at: at, size: 1, broken: true}
	}
	n := *b.build(y.Alias)
	n.at = at
	return &n
}

// sized adds a child's size, without overflowing on aliases of aliases.
func (n *node) sized(child *node) *node {
	n.size = min(n.size+child.size, maxValues+1)
	return child
}

func (b *treeBuilder) fields(n *node, y *yaml.Node) {
	var merges []*node
	seen := map[string]position{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := b.build(y.Content[i]), b.build(y.Content[i+1])
		n.sized(value)
		if key.tag == "!!merge" {
			merges = append(merges, value)
			continue
		}
		if !b.plainKey(key) {
			continue
		}
		if first, twice := seen[key.text]; twice {
			b.add(key.at, "the key %s is here twice; the first is at %d:%d", quote(key.text), first.line, first.column)
			continue
		}
		seen[key.text] = key.at
		n.fields = append(n.fields, field{key.text, key.at, value})
	}
	for _, m := range merges {
		b.merge(n, m, seen)
	}
}

func (b *treeBuilder) plainKey(key *node) bool {
	switch {
	case key.broken:
		return false
	case key.kind == scalarNode && key.tag == "!!str":
		return true
	case key.kind == scalarNode && strings.HasPrefix(key.tag, "!!") && key.tag != "!!null":
		b.add(key.at, "a key is text, found %s; in quotes it is text: %s", key.found(), quote(key.text))
		return true // what was meant is clear enough to go on with
	default:
		b.add(key.at, "a key is text, found %s", key.found())
	}
	return false
}

// merge lays out `<<: *base` and `<<: [*a, *b]`: what the mapping itself says
// wins, then the earlier of the merged.
func (b *treeBuilder) merge(n, from *node, seen map[string]position) {
	switch {
	case from.broken:
	case from.kind == listNode:
		for _, item := range from.items {
			if item.kind == listNode {
				b.add(item.at, "found a list in a list; << takes mappings")
				continue
			}
			b.merge(n, item, seen)
		}
	case from.kind == mappingNode:
		if b.budget -= len(from.fields); b.budget < 0 {
			return
		}
		for _, f := range from.fields {
			if _, have := seen[f.name]; !have {
				seen[f.name] = f.at
				n.fields = append(n.fields, f)
				n.sized(f.value)
			}
		}
	default:
		b.add(from.at, "found %s; << takes a mapping or a list of mappings, as in <<: *base", from.found())
	}
}
