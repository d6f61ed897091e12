package config

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// build lays the layers over each other and makes the valid form of the file at
// path. What it answers is of use only if nothing was reported, here or before.
func build(r *report, table *key, path string, file *node) *Config {
	whole, gaps := complete(file, table, nil)
	for _, g := range gaps {
		g.report(r, "", enclosing(file, file.at, g.path))
	}
	c := &Config{
		Path:    path,
		Observe: get[string](whole, "mode") == "observe",
		Slack: Slack{
			Channel:  get[string](whole, "slack", "channel"),
			Channels: values[string](whole, "slack", "channels"),
			Command:  get[string](whole, "slack", "command"),
			Language: get[string](whole, "slack", "language"),
		},
		Zone:      get[*time.Location](whole, "zone"),
		AWS:       AWS{Region: get[string](whole, "aws", "region"), Accounts: accountsOf(whole.get("aws", "accounts"))},
		Operators: named(whole, "operators"),
	}
	c.Store.Bolt = c.beside(get[string](whole, "store", "bolt"))
	rooms(r, whole, c.Slack.Channel, whole.get("slack", "channel"))
	services := file.get("services")
	if services == nil {
		return c
	}
	for _, f := range services.fields {
		b := serviceBuilder{report: r, config: c, file: whole, defaults: file.get("defaults"), service: f, key: table.sub("services").each}
		c.Services = append(c.Services, b.build())
	}
	slices.SortFunc(c.Services, func(a, b Service) int { return strings.Compare(a.Name, b.Name) })
	return c
}

// beside makes a path that is relative to the file absolute; "" stays.
func (c *Config) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.Path), path)
}

func accountsOf(tree *node) map[string]Account {
	out := map[string]Account{}
	if tree == nil {
		return out
	}
	for _, f := range tree.fields {
		out[f.name] = Account{
			RoleARN:    get[string](f.value, "role_arn"),
			ExternalID: get[string](f.value, "external_id"),
			Region:     get[string](f.value, "region"),
		}
	}
	return out
}

// report says what is missing and what belongs there.
func (g gap) report(r *report, owner string, at position) {
	path, where := strings.Join(g.path, "."), ""
	if owner != "" {
		where = owner + ": "
	}
	if g.key.lack != "" {
		r.add(at, "%s%s is missing; %s", where, path, g.key.lack)
		return
	}
	r.add(at, "%s%s is missing: %s%s", where, path, g.key.about, g.key.asIn())
}

// serviceBuilder makes one service out of its layers.
type serviceBuilder struct {
	*report
	config   *Config
	file     *node // the whole file, completed
	defaults *node
	service  field
	key      *key // the row of a service
}

func (b *serviceBuilder) build() Service {
	s := Service{Name: b.service.name, targets: map[string]Target{}}
	if b.service.value.broken {
		return s
	}
	var environments []field
	if e := b.service.value.get("environments"); e != nil && e.kind == mappingNode {
		environments = e.fields
	}
	base := overlay(b.defaults, b.service.value, b.key)
	if len(environments) == 0 {
		tree, gaps := complete(base, b.key, nil)
		b.missing(gaps)
		s.targets[""] = b.target(tree, "")
		return s
	}
	gaps := make([][]gap, len(environments))
	for i, f := range environments {
		var tree *node
		tree, gaps[i] = complete(overlay(base, f.value, b.key), b.key, nil)
		s.Environments = append(s.Environments, f.name)
		s.targets[f.name] = b.target(tree, f.name)
	}
	slices.Sort(s.Environments)
	b.missingIn(environments, gaps)
	return s
}

// missingIn reports what every environment lacks at the service, once, and the
// rest at the environments that lack it.
func (b *serviceBuilder) missingIn(environments []field, gaps [][]gap) {
	lacking := map[string]int{} // by path: how many environments
	for _, g := range slices.Concat(gaps...) {
		lacking[strings.Join(g.path, ".")]++
	}
	for i, f := range environments {
		for _, g := range gaps[i] {
			switch {
			case lacking[strings.Join(g.path, ".")] < len(environments):
				g.report(b.report, f.value.path, enclosing(f.value, f.at, g.path))
			case i == 0:
				b.missing([]gap{g})
			}
		}
	}
}

// missing reports what no environment has: the service itself may give it.
func (b *serviceBuilder) missing(gaps []gap) {
	for _, g := range gaps {
		g.report(b.report, b.service.value.path, enclosing(b.service.value, b.service.at, g.path))
	}
}

func (b *serviceBuilder) target(tree *node, environment string) Target {
	b.cross(tree)
	t := Target{
		Service:      b.service.name,
		Environment:  environment,
		Account:      get[string](tree, "account"),
		Channel:      get[string](tree, "channel"),
		TargetGroups: values[string](tree, "target_groups"),
		Sessions:     get[string](tree, "sessions"),
		Run:          b.run(tree.get("run")),
		Ref:          Ref{Pattern: get[*regexp.Regexp](tree, "ref", "pattern"), Resolve: get[string](tree, "ref", "resolve")},
		Rolling:      rollingOf(tree.get("rolling")),
		Deploy:       Deploy{Allow: values[string](tree, "deploy", "allow")},
		Approve:      approveOf(tree),
		Changes:      changesOf(tree.get("changes")),
		Attention: Attention{
			Mention: values[string](tree, "attention", "mention"),
			After:   values[time.Duration](tree, "attention", "after"),
			Then:    get[string](tree, "attention", "then"),
		},
		Windows: windowsOf(tree.get("windows")),
		Freeze:  freezeOf(tree.get("freeze")),
		Alarms:  values[string](tree, "alarms"),
		Accept:  named(tree, "doctor", "accept"),
	}
	if tags := named(tree, "instances", "tags"); len(tags) > 0 {
		t.Tags = tags
	}
	if t.Channel == "" {
		t.Channel = b.config.Slack.Channel
	}
	return t
}

// get answers the typed value at a path, or T's zero when there is none.
func get[T any](n *node, path ...string) T {
	var zero T
	if n = n.get(path...); n == nil {
		return zero
	}
	value, _ := n.value.(T)
	return value
}

// values answers the typed values of a list.
func values[T any](n *node, path ...string) []T {
	var out []T
	if n = n.get(path...); n != nil {
		for _, item := range n.items {
			out = append(out, get[T](item))
		}
	}
	return out
}

// named answers texts by the user's own names; never nil.
func named(n *node, path ...string) map[string]string {
	out := map[string]string{}
	if n = n.get(path...); n != nil && n.kind == mappingNode {
		for _, f := range n.fields {
			out[f.name] = get[string](f.value)
		}
	}
	return out
}
