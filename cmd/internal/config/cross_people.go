package config

import (
	"slices"
	"strings"

	"junban/deploy"
)

// approvals refuses two answers to who must approve, and a request that nobody could ever get approved.
func (b *serviceBuilder) approvals(tree *node) {
	approve := tree.get("approve")
	if approve == nil || approve.broken || approve.kind != mappingNode {
		return
	}
	named := b.oneOf(approve, "allow", "all_of", "any_of")
	if len(named) != 1 || named[0].broken {
		return
	}
	list, required := named[0], approve.get("required")
	parties := list.kind == listNode && len(list.items) > 0 && list.items[0].kind == mappingNode
	if parties && required.written() {
		b.add(required.at, "%s: means nothing here, since each party says how many of it must approve; remove it", required.path)
		return
	}
	of, ok := approvalOf(approve, list, parties)
	if !ok || b.impossible(of, list, required) {
		return
	}
	b.lonely(tree, of, list)
}

// oneOf answers those of some keys that are there, and refuses more than one.
func (b *serviceBuilder) oneOf(tree *node, names ...string) []*node {
	var out []*node
	for _, name := range names {
		f := tree.field(name)
		if f == nil {
			continue
		}
		if out = append(out, f.value); len(out) > 1 {
			first := out[0]
			b.add(f.at, "%s: there is another answer at %d:%d (%s); accepted: one of %s", f.value.path, first.at.line, first.at.column, last(first.path), strings.Join(names, ", "))
		}
	}
	return out
}

func last(path string) string { return path[strings.LastIndex(path, ".")+1:] }

// approvalOf is what the core will count by; ok is false if something in it was reported already.
func approvalOf(approve, list *node, parties bool) (a deploy.Approval, ok bool) {
	party := func(allow, required *node) bool {
		if allow == nil || allow.broken || required == nil || required.broken {
			return false
		}
		p := deploy.Party{Required: get[int](required)}
		for _, item := range allow.items {
			if item.broken {
				return false
			}
			p.Allow = append(p.Allow, item.text)
		}
		a.Parties, a.Allow = append(a.Parties, p), append(a.Allow, p.Allow...)
		return true
	}
	a.Any, a.Self = approve.field("any_of") != nil, get[bool](approve, "self")
	if !parties {
		return a, party(list, approve.get("required"))
	}
	for _, item := range list.items {
		if item.broken || !party(item.get("allow"), item.get("required")) {
			return a, false
		}
	}
	return a, true
}

// impossible refuses a quorum for which there are too few people, whoever asks.
func (b *serviceBuilder) impossible(of deploy.Approval, list, required *node) bool {
	found := false
	for i, p := range of.Parties {
		if open(p) || p.Required <= len(p.Allow) {
			continue
		}
		found = true
		at := list
		if i < len(list.items) && list.items[i].kind == mappingNode {
			at, required = list.items[i], list.items[i].get("required")
		}
		if required.written() {
			at = required
		}
		b.add(at.at, "%s: %d must approve, and %d %s listed; name more people or a group, or require fewer", at.path, p.Required, len(p.Allow), map[bool]string{true: "is", false: "are"}[len(p.Allow) == 1])
	}
	if !found && !possible(of, "") {
		found = true
		b.add(list.at, "%s: there are too few people for all parties, since a person's vote counts for one of them only; name more people or a group", list.path)
	}
	return found
}

// lonely refuses a request that nobody could ever approve since whoever may ask is needed to approve, and may not.
func (b *serviceBuilder) lonely(tree *node, of deploy.Approval, list *node) {
	ask := tree.get("deploy", "allow")
	if ask == nil || ask.broken || of.Self || slices.ContainsFunc(of.Parties, open) {
		return
	}
	askers := slices.Clone(of.Allow) // they may ask too
	for _, item := range ask.items {
		if item.broken || !userID.MatchString(item.text) {
			return
		}
		askers = append(askers, item.text)
	}
	for _, who := range askers {
		if possible(of, who) {
			return
		}
	}
	if len(of.Allow) == 1 {
		only := list
		if list.items[0].kind == scalarNode {
			only = list.items[0]
		}
		b.add(only.at, "%s: %s alone may ask and alone may approve, so nobody could; name another approver, or set approve.self: true", only.path, of.Allow[0])
		return
	}
	b.add(list.at, "%s: whoever may ask is needed to approve, and nobody approves their own request; name another approver, require fewer, or set approve.self: true", list.path)
}

// open tells whether a party may hold any number of people: it names a group.
func open(p deploy.Party) bool {
	return slices.ContainsFunc(p.Allow, func(id string) bool { return strings.HasPrefix(id, "S") })
}

// possible tells whether all who are listed, but for one, could fill the quorum.
func possible(of deploy.Approval, without string) bool {
	var voters []deploy.Person
	for _, id := range of.Allow {
		if id != without {
			voters = append(voters, deploy.Person{ID: id, Kind: deploy.Member})
		}
	}
	closed := slices.DeleteFunc(slices.Clone(of.Parties), open)
	if len(closed) == 0 || of.Any && len(closed) < len(of.Parties) {
		return true
	}
	return deploy.Approval{Parties: closed, Any: of.Any}.Quorum(voters).Full()
}

// changes refuses two answers to where changes are read, and an address where no one is asked.
func (b *serviceBuilder) changes(tree *node) {
	changes := tree.get("changes")
	if changes == nil || changes.broken || changes.kind != mappingNode {
		return
	}
	if len(b.oneOf(changes, "command", "github")) > 1 {
		return
	}
	if api := changes.get("api"); api.written() && changes.field("github") == nil {
		b.add(api.at, "%s: means nothing without changes.github; name the repository, or remove it", api.path)
	}
}

// room refuses a channel where requests are posted and no click is taken.
func (b *serviceBuilder) room(tree *node) {
	rooms(b.report, b.file, get[string](tree, "channel"), tree.get("channel"))
}

func rooms(r *report, file *node, id string, at *node) {
	list := file.get("slack", "channels")
	if list == nil || list.broken || !at.written() || slices.ContainsFunc(list.items, func(n *node) bool { return n.broken || n.text == id }) {
		return
	}
	r.add(at.at, "%s: requests are posted there, and slack.channels (%d:%d) does not name it, so nobody could press a button; add it there", at.path, list.at.line, list.at.column)
}
