package config

import "slices"

// overlay lays one walked tree over another: mappings key by key, everything
// else, lists too, replaced whole. Neither is changed. A text that stands for a
// mapping (`verify`) replaces; a mapping laid over such a text keeps it.
func overlay(under, over *node, k *key) *node {
	if under == nil {
		return over
	}
	if over == nil {
		return under
	}
	if over.kind != mappingNode || under.kind != mappingNode || over.broken || under.broken || over.stands(k) {
		return over
	}
	out := *over
	out.fields = nil
	for _, f := range under.fields {
		if k.displaced(f.name, over) {
			continue
		}
		if top := over.field(f.name); top != nil {
			f.at, f.value = top.at, overlay(f.value, top.value, k.below(f.name))
		}
		out.fields = append(out.fields, f)
	}
	for _, f := range over.fields {
		if under.field(f.name) == nil {
			out.fields = append(out.fields, f)
		}
	}
	return &out
}

// displaced tells whether a key of a lower layer has lost its place to another key of this one.
func (k *key) displaced(name string, over *node) bool {
	return slices.ContainsFunc(k.keys, func(s *key) bool { return slices.Contains(s.displace, name) && over.field(s.name) != nil })
}

// stands tells whether the file has a lone text here and the mapping was made
// from it.
func (n *node) stands(k *key) bool { return k.short != "" && n.tag != "" }

// below answers the row of a key, also where names are the user's own.
func (k *key) below(name string) *key {
	if k.kind == namedKey {
		return k.each
	}
	return k.sub(name)
}

// gap is a required key that no layer has.
type gap struct {
	path []string // from the tree's top
	key  *key
}

// complete answers the tree with the table's defaults under it, and the
// required keys that are in no layer.
func complete(n *node, k *key, path []string) (*node, []gap) {
	if n == nil {
		n = &node{kind: mappingNode}
	}
	if n.broken || n.kind != mappingNode {
		return n, nil
	}
	out := *n
	out.fields = append([]field(nil), n.fields...)
	var gaps []gap
	for _, sub := range k.keys {
		here := slices.Concat(path, []string{sub.name})
		f := out.field(sub.name)
		switch {
		case sub.unbuilt != "" || sub.part:
		case f == nil && slices.ContainsFunc(sub.instead, func(name string) bool { return out.field(name) != nil }):
		case f == nil && sub.required:
			gaps = append(gaps, gap{here, sub})
		case f == nil && sub.def != "":
			value, err := sub.value(sub.def)
			if err != nil {
				panic("config: the table's own default is refused: " + sub.name + ": " + err.Error())
			}
			out.fields = append(out.fields, field{name: sub.name, value: &node{text: sub.def, value: value}})
		case sub.kind == mappingKey && (f != nil || !sub.opt):
			var below *node
			if f != nil {
				below = f.value
			}
			value, more := complete(below, sub, here)
			gaps = append(gaps, more...)
			if f != nil {
				f.value = value
			} else {
				out.fields = append(out.fields, field{name: sub.name, value: value})
			}
		case sub.kind == namedKey && f != nil && !sub.each.part:
			value, more := completeEach(f.value, sub, here)
			gaps, f.value = append(gaps, more...), value
		}
	}
	return &out, gaps
}

// completeEach completes what stands behind each of the user's own names.
func completeEach(n *node, k *key, path []string) (*node, []gap) {
	if n.broken || n.kind != mappingNode || k.each.kind != mappingKey {
		return n, nil
	}
	out := *n
	out.fields = nil
	var gaps []gap
	for _, f := range n.fields {
		value, more := complete(f.value, k.each, slices.Concat(path, []string{f.name}))
		out.fields, gaps = append(out.fields, field{f.name, f.at, value}), append(gaps, more...)
	}
	return &out, gaps
}

// value is what a text means for this key.
func (k *key) value(text string) (any, error) {
	if len(k.words) > 0 || k.parse == nil {
		return text, nil
	}
	return k.parse(text)
}

// enclosing answers where the innermost mapping on the path begins in a tree
// whose own key is at top: that is where the missing key would go.
func enclosing(tree *node, top position, path []string) position {
	for _, name := range path {
		if tree == nil || tree.kind != mappingNode {
			break
		}
		f := tree.field(name)
		if f == nil {
			break
		}
		top, tree = f.at, f.value
	}
	return top
}
