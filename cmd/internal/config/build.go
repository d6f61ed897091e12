package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// build lays the layers over each other and makes the valid form. What it
// answers is of use only if nothing was reported, here or before.
func build(r *report, table *key, file *node) *Config {
	whole, gaps := complete(file, table, nil)
	for _, g := range gaps {
		g.report(r, "", enclosing(file, file.at, g.path))
	}
	services := file.get("services")
	if services != nil && services.kind == mappingNode && len(services.fields) == 0 && !services.broken {
		r.add(file.field("services").at, "services: there is none; accepted: %s", table.sub("services").expected())
	}
	c := &Config{
		Slack: Slack{
			Channel:  get[string](whole, "slack", "channel"),
			Command:  get[string](whole, "slack", "command"),
			Language: get[string](whole, "slack", "language"),
		},
		Zone:  get[*time.Location](whole, "zone"),
		AWS:   AWS{Region: get[string](whole, "aws", "region")},
		Store: Store{Bolt: get[string](whole, "store", "bolt")},
	}
	if services == nil {
		return c
	}
	for _, f := range services.fields {
		b := serviceBuilder{report: r, config: c, defaults: file.get("defaults"), service: f, key: table.sub("services").each}
		c.Services = append(c.Services, b.build())
	}
	slices.SortFunc(c.Services, func(a, b Service) int { return strings.Compare(a.Name, b.Name) })
	return c
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
		Channel:      get[string](tree, "channel"),
		TargetGroups: texts(tree, "target_groups"),
		Run:          runOf(tree.get("run")),
		Ref:          Ref{Pattern: get[*regexp.Regexp](tree, "ref", "pattern")},
		Rolling: Rolling{
			MaxUnavailable: get[Count](tree, "rolling", "max_unavailable"),
			MinHealthy:     get[Count](tree, "rolling", "min_healthy"),
			HealthyTimeout: get[time.Duration](tree, "rolling", "healthy_timeout"),
		},
		Deploy: Deploy{Allow: texts(tree, "deploy", "allow")},
		Approve: Approve{
			None:        get[string](tree, "approve") == "none",
			Allow:       texts(tree, "approve", "allow"),
			Required:    get[int](tree, "approve", "required"),
			Self:        get[bool](tree, "approve", "self"),
			Expires:     get[time.Duration](tree, "approve", "expires"),
			StartWithin: get[time.Duration](tree, "approve", "start_within"),
		},
	}
	if t.Channel == "" {
		t.Channel = b.config.Slack.Channel
	}
	return t
}

func runOf(tree *node) Run {
	run := Run{
		Via:       get[string](tree, "via"),
		User:      get[string](tree, "user"),
		Directory: get[string](tree, "directory"),
		Shell:     get[string](tree, "shell"),
		Env:       map[string]string{},
		Command:   get[string](tree, "command"),
		Timeout:   get[time.Duration](tree, "timeout"),
	}
	if env := tree.get("env"); env != nil {
		for _, f := range env.fields {
			run.Env[f.name] = get[string](f.value)
		}
	}
	if verify := tree.get("verify"); verify != nil {
		run.Verify = &Verify{
			Command: get[string](verify, "command"),
			For:     get[time.Duration](verify, "for"),
			Every:   get[time.Duration](verify, "every"),
		}
	}
	return run
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

func texts(n *node, path ...string) []string {
	var out []string
	if n = n.get(path...); n != nil {
		for _, item := range n.items {
			out = append(out, get[string](item))
		}
	}
	return out
}

// clone keeps the caller's changes out of the configuration.
func (t Target) clone() Target {
	t.TargetGroups = slices.Clone(t.TargetGroups)
	t.Run.Env = maps.Clone(t.Run.Env)
	if t.Run.Verify != nil {
		verify := *t.Run.Verify
		t.Run.Verify = &verify
	}
	t.Deploy.Allow = slices.Clone(t.Deploy.Allow)
	t.Approve.Allow = slices.Clone(t.Approve.Allow)
	return t
}
