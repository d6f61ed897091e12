package config

import "time"

// drain refuses a look at connections that nobody can make, and settings of the
// look where nobody looks. An idle_command that `until: deregistered` switches
// off was written by somebody who knows both.
func (b *serviceBuilder) drain(tree *node) {
	until := tree.get("rolling", "drain", "until")
	if until == nil || until.broken || tree.get("instances") != nil {
		return
	}
	if until.at.line == 0 {
		for _, name := range []string{"settle", "idle_command"} {
			if n := tree.get("rolling", "drain", name); b.pointless(n, until) {
				b.add(n.at, "%s: means nothing unless rolling.drain.until is idle; write that too, or remove this", n.path)
			}
		}
		return
	}
	command := tree.get("rolling", "drain").field("idle_command")
	if until.text == "idle" && get[string](tree, "run", "via") == "local" && command == nil {
		b.add(until.at, "%s: the look at an instance's connections is made on the instance, where `run.via: local` does not go; name a rolling.drain.idle_command, or write until: deregistered", until.path)
	}
}

// failures refuses a tolerance that could have everything out.
func (b *serviceBuilder) failures(tree *node) {
	tolerate, most := tree.get("rolling", "tolerate_failures"), tree.get("rolling", "max_unavailable")
	if tolerate == nil || most == nil || tolerate.broken || most.broken {
		return
	}
	n, out := get[int](tolerate), get[Count](most)
	if n == 0 || out.Percent || n < out.N {
		return
	}
	b.add(tolerate.at, "%s: %d is not less than rolling.max_unavailable (%d): a failed instance keeps its place, and with no place left nothing goes on", tolerate.path, n, out.N)
}

// canary refuses a question that nobody may answer.
func (b *serviceBuilder) canary(tree *node) {
	confirm := tree.get("rolling", "canary", "confirm")
	if confirm.written() && get[bool](confirm) && get[string](tree, "approve") == "none" {
		b.add(confirm.at, "%s: somebody who may approve must let it go on, and with `approve: none` nobody may; name approvers, or write confirm: false", confirm.path)
	}
}

// attention refuses calls out of order.
func (b *serviceBuilder) attention(tree *node) {
	after := tree.get("attention", "after")
	if after == nil || after.broken {
		return
	}
	var last *node
	for _, item := range after.items {
		if item.broken {
			continue
		}
		if last != nil && get[time.Duration](item) <= get[time.Duration](last) {
			b.add(item.at, "%s: %s is not after %s; accepted: each longer than the one before, all of them counted from the beginning of the wait", item.path, item.text, last.text)
		}
		last = item
	}
}

// calendar refuses windows that never open and freezes that end before they
// begin.
func (b *serviceBuilder) calendar(tree *node) {
	if list := tree.get("windows"); list != nil {
		for _, item := range list.items {
			from, to := item.get("from"), item.get("to")
			if from.written() && to.written() && get[Clock](from) == get[Clock](to) {
				b.add(to.at, "%s: the window closes when it opens, at %s; accepted: another time (00:00 to 24:00 is the whole day)", to.path, to.text)
			}
		}
	}
	if list := tree.get("freeze"); list != nil {
		for _, item := range list.items {
			from, to := item.get("from"), item.get("to")
			if from.written() && to.written() && !ends(to.text).After(begins(from.text)) {
				b.add(to.at, "%s: %s is not after %s, when the freeze begins", to.path, to.text, from.text)
			}
		}
	}
}
