package config

import (
	"fmt"
	"strings"
)

// walker checks a tree against the table. It answers a new tree of the known
// keys alone, with typed scalars; what it reported stays in as broken, so that
// nothing is called missing that somebody wrote.
type walker struct {
	*report
	table *key
}

// complain reports a fault about a path; the path of the file itself is "".
func (w *walker) complain(at position, path, format string, args ...any) {
	if path != "" {
		path += ": "
	}
	w.add(at, "%s%s", path, fmt.Sprintf(format, args...))
}

func (w *walker) walk(n *node, k *key, path string) *node {
	out := &node{kind: n.kind, at: n.at, tag: n.tag, text: n.text, path: path, broken: n.broken}
	if n.broken {
		return out
	}
	empty := n.kind == scalarNode && n.tag == "!!null"
	switch k.kind {
	case mappingKey, namedKey:
		if empty && k.short == "" && k.word == "" {
			out.kind = mappingNode // `staging:` alone is an environment with nothing of its own
			return out
		}
		if n.kind == scalarNode {
			w.stand(out, k)
			return out
		}
	case listKey:
		if k.lone && n.kind == scalarNode && n.tag == "!!str" {
			out.kind, out.items = listNode, []*node{w.walk(n, k.each, path)}
			out.broken = out.items[0].broken
			return out
		}
	default:
		w.scalar(out, k)
		return out
	}
	switch {
	case n.kind == listNode && k.kind == listKey:
		w.list(out, n, k)
	case n.kind == mappingNode && k.kind == mappingKey:
		w.mapping(out, n, k)
	case n.kind == mappingNode && k.kind == namedKey:
		w.named(out, n, k)
	default:
		w.wrong(out, k)
	}
	return out
}

// wrong reports a value of the wrong type.
func (w *walker) wrong(out *node, k *key) {
	out.broken = true
	if out.kind == scalarNode && k.kind == listKey && out.tag == "!!str" {
		w.complain(out.at, out.path, "found %s; accepted: %s; in brackets it is a list: [%s]", out.found(), k.expected(), clip(out.text))
		return
	}
	w.complain(out.at, out.path, "found %s; accepted: %s", out.found(), k.expected())
}

// stand takes the scalar that may stand for a mapping: `approve: none`, or the
// command of `verify`.
func (w *walker) stand(out *node, k *key) {
	switch {
	case k.word != "" && out.tag == "!!str" && out.text == k.word:
		out.value = k.word
	case k.short != "" && out.tag == "!!str":
		command := *out
		w.scalar(&command, k.sub(k.short))
		out.kind, out.broken = mappingNode, command.broken
		out.fields = []field{{k.short, out.at, &command}}
	default:
		w.wrong(out, k)
	}
}

func (w *walker) list(out, n *node, k *key) {
	if len(n.items) == 0 && !k.none {
		out.broken = true
		w.complain(n.at, out.path, "the list is empty; accepted: %s", k.expected())
		return
	}
	seen := map[string]bool{}
	for _, item := range n.items {
		got := w.walk(item, k.each, out.path)
		if got.kind == mappingNode && !got.broken {
			got = w.entry(got, k.each)
		}
		out.items = append(out.items, got)
		if got.broken || got.kind != scalarNode {
			continue
		}
		if seen[got.text] {
			got.broken = true
			w.complain(item.at, out.path, "%s is here twice", quote(got.text))
		}
		seen[got.text] = true
	}
}

// entry completes a mapping in a list. Lists are replaced whole, so no other
// layer will give what it lacks.
func (w *walker) entry(n *node, k *key) *node {
	whole, gaps := complete(n, k, nil)
	for _, g := range gaps {
		g.report(w.report, n.path, n.at)
	}
	return whole
}

func (w *walker) named(out, n *node, k *key) {
	for _, f := range n.fields {
		if err := k.label.check(f.name); err != nil {
			w.complain(f.at, out.path, "%v", err)
		}
		out.fields = append(out.fields, field{f.name, f.at, w.walk(f.value, k.each, join(out.path, f.name))})
	}
}

func (w *walker) mapping(out, n *node, k *key) {
	var guesses []field
	for _, f := range n.fields {
		sub := k.sub(f.name)
		switch {
		case sub == nil:
			if meant := w.unknown(f, k, out.path); meant != "" {
				guesses = append(guesses, field{meant, f.at, &node{at: f.at, broken: true}})
			}
		case sub.unbuilt != "":
			w.complain(f.at, join(out.path, f.name), "%s", sub.unbuilt)
		default:
			got := w.walk(f.value, sub, join(out.path, f.name))
			if sub.some && got.kind == mappingNode && len(got.fields) == 0 && !got.broken {
				got.broken = true
				w.complain(f.at, got.path, "there is none; accepted: %s", sub.expected())
			}
			out.fields = append(out.fields, field{f.name, f.at, got})
		}
	}
	for _, g := range guesses {
		if out.field(g.name) == nil {
			out.fields = append(out.fields, g)
		}
	}
}

// unknown reports a key that is not in the table here, and answers the one
// that was most likely meant.
func (w *walker) unknown(f field, k *key, path string) string {
	accepted := strings.Join(k.accepted(), ", ")
	if meant := near(f.name, k.accepted()); meant != "" {
		w.complain(f.at, path, "unknown key %s; did you mean %s? accepted here: %s", quote(f.name), quote(meant), accepted)
		return meant
	}
	if inside := k.home(f.name); inside != "" {
		w.complain(f.at, path, "unknown key %s; it belongs deeper, at %s; accepted here: %s", quote(f.name), inside, accepted)
		return ""
	}
	if elsewhere := w.table.home(f.name); elsewhere != "" {
		w.complain(f.at, path, "unknown key %s; it belongs at %s; accepted here: %s", quote(f.name), elsewhere, accepted)
		return ""
	}
	w.complain(f.at, path, "unknown key %s; accepted here: %s", quote(f.name), accepted)
	return ""
}

// scalar checks a value's YAML type, then what it says.
func (w *walker) scalar(out *node, k *key) {
	if out.broken = !w.typed(out, k); out.broken {
		return
	}
	if len(k.words) > 0 {
		w.wordOf(out, k)
		return
	}
	if strings.ContainsRune(out.text, 0) {
		out.broken = true
		w.complain(out.at, out.path, "holds the character NUL, which no program takes")
		return
	}
	value, err := k.value(out.text)
	if err != nil {
		out.broken = true
		w.complain(out.at, out.path, "%v", err)
		return
	}
	out.value = value
}

// typed reports a scalar of the wrong YAML type. YAML's numbers are let through
// to parse where a person may well write one, so that it can say what is
// missing: `timeout: 600` lacks a unit.
func (w *walker) typed(out *node, k *key) bool {
	if out.kind != scalarNode {
		w.wrong(out, k)
		return false
	}
	number := out.tag == "!!int" || out.tag == "!!float"
	switch k.kind {
	case wholeKey:
		if out.tag == "!!int" {
			return true
		}
	case flagKey:
		if out.tag == "!!bool" {
			return true
		}
	case durationKey, countKey:
		if out.tag == "!!str" || number {
			return true
		}
	case momentKey:
		if out.tag == "!!str" || out.tag == "!!timestamp" {
			return true
		}
	default:
		switch out.tag {
		case "!!str":
			return true
		case "!!int", "!!float", "!!bool", "!!timestamp":
			if len(k.words) == 0 {
				w.complain(out.at, out.path, "found %s; accepted: %s; in quotes it is text: %s", out.found(), k.expected(), quote(out.text))
				return false
			}
		}
	}
	w.wrong(out, k)
	return false
}

func (w *walker) wordOf(out *node, k *key) {
	for _, word := range k.words {
		if out.text == word {
			out.value = word
			return
		}
	}
	out.broken = true
	accepted := strings.Join(k.words, ", ")
	if meant := near(out.text, k.words); meant != "" {
		w.complain(out.at, out.path, "%s is unknown; did you mean %s? accepted: %s", quote(out.text), meant, accepted)
		return
	}
	w.complain(out.at, out.path, "%s is unknown; accepted: %s", quote(out.text), accepted)
}

// join makes the path that messages begin with; a name of the user's own that
// would not read well there is quoted.
func join(path, name string) string {
	if !inCaps.MatchString(name) || len(name) > 63 {
		name = quote(name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}
