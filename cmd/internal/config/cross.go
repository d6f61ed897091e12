package config

import "time"

// cross checks what one key says against another, over all layers. Its
// messages name no service: the same two lines are reported once.
func (b *serviceBuilder) cross(tree *node) {
	b.verifyOnce(tree)
	b.groups(tree)
	b.lonely(tree)
}

// verifyOnce refuses a verification that would be tried once and given up.
func (b *serviceBuilder) verifyOnce(tree *node) {
	limit, pause := tree.get("run", "verify", "for"), tree.get("run", "verify", "every")
	if limit == nil || pause == nil || limit.broken || pause.broken {
		return
	}
	l, p := get[time.Duration](limit), get[time.Duration](pause)
	if l >= p {
		return
	}
	if limit.at.line > 0 {
		b.add(limit.at, "%s: %s is shorter than run.verify.every (%s); accepted: at least as long", limit.path, brief(l), brief(p))
	} else {
		b.add(pause.at, "%s: %s is longer than run.verify.for (%s, the default); accepted: at most as long", pause.path, brief(p), brief(l))
	}
}

// groups refuses ARNs of another region, and one group named in two ways.
func (b *serviceBuilder) groups(tree *node) {
	list := tree.get("target_groups")
	if list == nil {
		return
	}
	names := map[string]bool{}
	for _, item := range list.items {
		if item.broken {
			continue
		}
		group := item.text
		if parts := groupARN.FindStringSubmatch(item.text); parts != nil {
			if home := b.config.AWS.Region; home != "" && parts[1] != home {
				b.add(item.at, "%s: the target group is in %s, but aws.region is %s", item.path, parts[1], home)
			}
			group = parts[2]
		}
		if names[group] {
			b.add(item.at, "%s: the target group %s is here twice, by name and by ARN", item.path, group)
		}
		names[group] = true
	}
}

// lonely refuses a request that nobody could ever approve: one person may ask,
// and the same one alone may approve, but not for themselves.
func (b *serviceBuilder) lonely(tree *node) {
	ask, agree, self := tree.get("deploy", "allow"), tree.get("approve", "allow"), tree.get("approve", "self")
	if ask == nil || agree == nil || self == nil || self.broken || get[bool](self) {
		return
	}
	if len(ask.items) != 1 || len(agree.items) != 1 || ask.items[0].broken || agree.items[0].broken {
		return
	}
	only := agree.items[0]
	if only.text == ask.items[0].text && only.text[0] != 'S' {
		b.add(only.at, "%s: %s alone may ask and alone may approve, so nobody could; name another approver, or set approve.self: true", only.path, only.text)
	}
}
