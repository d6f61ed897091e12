package config

import (
	"maps"
	"slices"
	"time"
)

func (b *serviceBuilder) run(tree *node) Run {
	run := Run{
		Via:       get[string](tree, "via"),
		User:      get[string](tree, "user"),
		Directory: get[string](tree, "directory"),
		Shell:     get[string](tree, "shell"),
		Env:       named(tree, "env"),
		Command:   get[string](tree, "command"),
		Timeout:   get[time.Duration](tree, "timeout"),
		Once: Once{
			Before: get[string](tree, "once", "before"),
			First:  get[string](tree, "once", "first"),
			After:  get[string](tree, "once", "after"),
		},
		Rollback: get[string](tree, "rollback"),
		Current:  get[string](tree, "current"),
	}
	if verify := tree.get("verify"); verify != nil {
		run.Verify = &Verify{
			Command: get[string](verify, "command"),
			For:     get[time.Duration](verify, "for"),
			Every:   get[time.Duration](verify, "every"),
		}
	}
	if ssh := tree.get("ssh"); ssh != nil && run.Via == "ssh" {
		run.SSH = &SSH{
			User:       get[string](ssh, "user"),
			Port:       get[int](ssh, "port"),
			Key:        b.config.beside(get[string](ssh, "key")),
			KnownHosts: b.config.beside(get[string](ssh, "known_hosts")),
		}
		if run.SSH.User == "" {
			run.SSH.User = run.User
		}
	}
	return run
}

func rollingOf(tree *node) Rolling {
	return Rolling{
		MaxUnavailable: get[Count](tree, "max_unavailable"),
		MinHealthy:     get[Count](tree, "min_healthy"),
		Canary: Canary{
			Instances: get[int](tree, "canary", "instances"),
			Bake:      get[time.Duration](tree, "canary", "bake"),
			Confirm:   get[bool](tree, "canary", "confirm"),
		},
		PauseBetween: get[time.Duration](tree, "pause_between"),
		Drain: Drain{
			Idle:        get[string](tree, "drain", "until") == "idle",
			Settle:      get[time.Duration](tree, "drain", "settle"),
			IdleCommand: get[string](tree, "drain", "idle_command"),
		},
		HealthyTimeout: get[time.Duration](tree, "healthy_timeout"),
		Timeout:        get[time.Duration](tree, "timeout"),
		OnFailure:      get[string](tree, "on_failure"),
		Tolerate:       get[int](tree, "tolerate_failures"),
		Dynamic:        get[string](tree, "fleet") == "dynamic",
	}
}

func approveOf(tree *node) Approve {
	a := Approve{
		None:         get[string](tree, "approve") == "none",
		Allow:        values[string](tree, "approve", "allow"),
		Required:     get[int](tree, "approve", "required"),
		Self:         get[bool](tree, "approve", "self"),
		Expires:      get[time.Duration](tree, "approve", "expires"),
		StartWithin:  get[time.Duration](tree, "approve", "start_within"),
		FreeRollback: get[string](tree, "approve", "rollback") == "none",
	}
	for _, name := range []string{"all_of", "any_of"} {
		list := tree.get("approve", name)
		if list == nil {
			continue
		}
		a.Any, a.Required = name == "any_of", 0
		for _, item := range list.items {
			p := Party{Allow: values[string](item, "allow"), Required: get[int](item, "required")}
			a.Parties = append(a.Parties, p)
			for _, id := range p.Allow {
				if !slices.Contains(a.Allow, id) {
					a.Allow = append(a.Allow, id)
				}
			}
		}
	}
	return a
}

func changesOf(tree *node) Changes {
	c := Changes{Command: get[string](tree, "command"), GitHub: get[string](tree, "github")}
	if c.GitHub != "" {
		c.API = get[string](tree, "api")
	}
	return c
}

func windowsOf(list *node) []Window {
	if list == nil {
		return nil
	}
	var out []Window
	for _, item := range list.items {
		days := slices.Concat(values[[]time.Weekday](item, "days")...)
		out = append(out, Window{Days: inWeek(days), From: get[Clock](item, "from"), To: get[Clock](item, "to")})
	}
	return out
}

func freezeOf(list *node) []Freeze {
	if list == nil {
		return nil
	}
	var out []Freeze
	for _, item := range list.items {
		out = append(out, Freeze{From: get[string](item, "from"), To: get[string](item, "to")})
	}
	return out
}

// clone keeps the caller's changes out of the configuration.
func (t Target) clone() Target {
	t.TargetGroups = slices.Clone(t.TargetGroups)
	t.Tags = maps.Clone(t.Tags)
	t.Run.Env = maps.Clone(t.Run.Env)
	t.Run.Verify = copied(t.Run.Verify)
	t.Run.SSH = copied(t.Run.SSH)
	t.Deploy.Allow = slices.Clone(t.Deploy.Allow)
	t.Approve.Allow = slices.Clone(t.Approve.Allow)
	t.Approve.Parties = slices.Clone(t.Approve.Parties)
	for i := range t.Approve.Parties {
		t.Approve.Parties[i].Allow = slices.Clone(t.Approve.Parties[i].Allow)
	}
	t.Attention.Mention = slices.Clone(t.Attention.Mention)
	t.Attention.After = slices.Clone(t.Attention.After)
	t.Windows = slices.Clone(t.Windows)
	for i := range t.Windows {
		t.Windows[i].Days = slices.Clone(t.Windows[i].Days)
	}
	t.Freeze = slices.Clone(t.Freeze)
	t.Alarms = slices.Clone(t.Alarms)
	t.Accept = maps.Clone(t.Accept)
	return t
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	value := *p
	return &value
}
