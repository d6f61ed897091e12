package config

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// cross checks what one key says against another, over all layers. Its
// messages name no service: the same two lines are reported once.
func (b *serviceBuilder) cross(tree *node) {
	b.verifyOnce(tree)
	b.login(tree)
	b.membership(tree)
	b.account(tree)
	b.groups(tree)
	b.approvals(tree)
	b.changes(tree)
	b.room(tree)
	b.drain(tree)
	b.failures(tree)
	b.canary(tree)
	b.attention(tree)
	b.calendar(tree)
}

// written tells whether the file has this value, and nothing was wrong with it.
func (n *node) written() bool { return n != nil && n.at.line > 0 && !n.broken }

// pointless tells whether a value was written for nothing, beside what makes it
// mean nothing: in the same layer or in one above it. In a lower one it is there
// for others, and in defaults for whoever wants it.
func (b *serviceBuilder) pointless(n, beside *node) bool {
	return n.written() && b.layer(n) > 0 && b.layer(n) >= b.layer(beside)
}

// layer answers where a value was written: -1 nowhere, 0 in defaults, 1 at the
// service, 2 at the environment.
func (b *serviceBuilder) layer(n *node) int {
	switch {
	case n == nil || n.at.line == 0:
		return -1
	case strings.HasPrefix(n.path, b.service.value.path+".environments."):
		return 2
	case strings.HasPrefix(n.path, b.service.value.path+"."):
		return 1
	}
	return 0
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

// login refuses `via: ssh` without what it needs, and run.ssh without `via: ssh`.
func (b *serviceBuilder) login(tree *node) {
	via, ssh := tree.get("run", "via"), tree.get("run", "ssh")
	if via == nil || via.broken {
		return
	}
	if via.text != "ssh" {
		if b.pointless(ssh, via) {
			b.add(ssh.at, "%s: means nothing with `via: %s`; write run.via: ssh, or remove it", ssh.path, via.text)
		}
		return
	}
	if ssh != nil && (ssh.broken || ssh.kind != mappingNode) {
		return
	}
	if ssh.get("known_hosts") == nil && (ssh == nil || ssh.field("known_hosts") == nil) {
		b.add(via.at, "%s: ssh needs run.ssh.known_hosts, a file with the hosts' keys, as `ssh-keyscan` and a second look make it: without it any host could say that it is the right one", via.path)
	}
	if tree.get("run", "user") == nil && (ssh == nil || ssh.field("user") == nil) {
		b.add(via.at, "%s: ssh needs run.ssh.user (or run.user), the user to log in as", via.path)
	}
}

// membership refuses two answers to which instances a service has, and settings
// that are about a load balancer where there is none.
func (b *serviceBuilder) membership(tree *node) {
	groups, tagged := tree.get("target_groups"), tree.get("instances")
	if tagged == nil {
		return
	}
	if groups != nil {
		b.add(tagged.at, "%s: target_groups are named too, at %d:%d; accepted: one of the two", tagged.path, groups.at.line, groups.at.column)
		return
	}
	for _, path := range [][]string{
		{"sessions"},
		{"rolling", "min_healthy"},
		{"rolling", "healthy_timeout"},
		{"rolling", "drain", "until"},
		{"rolling", "drain", "settle"},
		{"rolling", "drain", "idle_command"},
	} {
		if n := tree.get(path...); b.pointless(n, tagged) {
			b.add(n.at, "%s: means nothing with `instances`, which are behind no load balancer; remove it", n.path)
		}
	}
}

// account refuses an account that the file does not describe.
func (b *serviceBuilder) account(tree *node) {
	account, all := tree.get("account"), b.file.get("aws", "accounts")
	if !account.written() || all != nil && all.broken {
		return
	}
	if _, known := b.config.AWS.Accounts[account.text]; known {
		return
	}
	if len(b.config.AWS.Accounts) == 0 {
		b.add(account.at, "%s: %s is not described; there is no aws.accounts, where it would be, as in {prod: {role_arn: …}}", account.path, quote(account.text))
		return
	}
	known := slices.Sorted(maps.Keys(b.config.AWS.Accounts))
	b.add(account.at, "%s: there is no %s in aws.accounts; %s", account.path, quote(account.text), suggest(account.text, known))
}

// groups refuses ARNs of another region or account, and one group named in two
// ways.
func (b *serviceBuilder) groups(tree *node) {
	list := tree.get("target_groups")
	if list == nil {
		return
	}
	home, says, owner := b.config.AWS.Region, "aws.region", ""
	name := get[string](tree, "account")
	if account, ok := b.config.AWS.Accounts[name]; ok {
		if account.Region != "" {
			home, says = account.Region, "aws.accounts."+name+".region"
		}
		if parts := roleName.FindStringSubmatch(account.RoleARN); parts != nil {
			owner = parts[1]
		}
	}
	names := map[string]bool{}
	for _, item := range list.items {
		if item.broken {
			continue
		}
		group := item.text
		if parts := groupARN.FindStringSubmatch(item.text); parts != nil {
			if home != "" && parts[1] != home {
				b.add(item.at, "%s: the target group is in %s, but %s is %s", item.path, parts[1], says, home)
			}
			if owner != "" && parts[2] != owner {
				b.add(item.at, "%s: the target group belongs to the account %s, but the role of aws.accounts.%s to %s", item.path, parts[2], name, owner)
			}
			group = parts[3]
		}
		if names[group] {
			b.add(item.at, "%s: the target group %s is here twice, by name and by ARN", item.path, group)
		}
		names[group] = true
	}
}
