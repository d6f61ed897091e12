package card

import (
	"slices"
	"strings"
	"time"

	"junban/deploy"
)

// Because is a cause as a sentence: what was wrong, where, and what would be accepted. name gives an instance's name.
func (w Voice) Because(c deploy.Cause, name func(string) string) Text {
	v := values{w, c.Values, name}
	if say, ok := causes[c.Code]; ok {
		return say(v)
	}
	id := "cause." + string(c.Code)
	if c.Code == "" || !w.lang.Has(id) {
		return w.Say("cause.unheard", "cause", c.String())
	}
	return v.say(id)
}

// Mistake is what was wrong with what somebody typed, as a sentence: the code is the sentence's name.
func (w Voice) Mistake(c deploy.Cause) Text {
	if id := string(c.Code); w.lang.Has(id) {
		return values{w, c.Values, nil}.say(id, "times", w.Line("help.times"))
	}
	return w.Say("cause.unheard", "cause", c.String())
}

// values are a cause's values, with their meanings.
type values struct {
	w    Voice
	v    map[string]string
	name func(string) string
}

// say says a message. Its placeholders are the values by their meanings, but for those that are given, in pairs.
func (v values) say(id string, given ...any) Text {
	for _, name := range v.w.lang.Values(id) {
		if !slices.Contains(given, any(name)) {
			given = append(given, name, v.value(name))
		}
	}
	return v.w.Say(id, given...)
}

// value is a value in the form in which people read it.
func (v values) value(k string) any {
	if of, ok := meanings[k]; ok {
		return of(v, k)
	}
	return v.v[k]
}

// meanings is the table of what values mean, by their names; any other is shown as it is.
var meanings = map[string]func(v values, k string) any{
	"by": who, "who": who,
	"after": duration, "limit": duration, "bake": duration, "within": duration, "delay": duration, "estimate": duration,
	"until": moment, "opens": moment, "at": moment,
	"since":     func(v values, _ string) any { return v.since() },
	"reason":    func(v values, k string) any { return v.w.reason(v.v[k]) },
	"why":       func(v values, k string) any { return v.w.word("outcome", v.v[k]) },
	"instance":  func(v values, _ string) any { return v.instance() },
	"typed":     func(v values, _ string) any { return v.v["instance"] },
	"instances": func(v values, k string) any { return v.names(k) },
	"resource":  func(v values, k string) any { return v.w.resource(v.v[k], v.name) },
	"state":     func(v values, k string) any { return v.w.word("health", v.v[k]) },
	"seen":      func(v values, _ string) any { return commas(v.w.word("health", v.v["state"]), v.v["reason"]) },
}

func (v values) get(k string) string { return v.v[k] }

// who is a person's mention, or nobody.
func who(v values, k string) any {
	if v.v[k] == "" {
		return v.w.Line("word.somebody")
	}
	return U(v.v[k])
}

func duration(v values, k string) any {
	d, err := time.ParseDuration(v.v[k])
	if err != nil {
		return v.v[k]
	}
	return d
}

// moment is a time, shown in the reader's own zone.
func moment(v values, k string) any {
	t, err := time.Parse(time.RFC3339Nano, v.v[k])
	if err != nil {
		return v.v[k]
	}
	return At(t)
}

func (v values) instance() string {
	id := v.v["instance"]
	switch {
	case chores[deploy.Verb(id)]:
		return v.w.chore(deploy.Verb(id))
	case v.name == nil:
		return id
	}
	return v.name(id)
}

// names are the names of several instances.
func (v values) names(k string) string {
	ids := strings.Split(v.v[k], ", ")
	for i, id := range ids {
		if v.name != nil {
			ids[i] = v.name(id)
		}
	}
	return strings.Join(ids, ", ")
}

// since is the beginning of a state, set off.
func (v values) since() Text {
	if v.v["since"] == "" {
		return nil
	}
	return v.w.Say("clause.since", "since", moment(v, "since"))
}

// opening says when the next window begins, if that is known.
func (v values) opening(id string) Text {
	if v.get("opens") == "" {
		return v.w.Say("opening.none")
	}
	var until Text
	if v.get("until") != "" {
		until = v.w.Say("opening.until", "until", moment(v, "until"))
	}
	return v.say(id, "until", until)
}

// phrase is a cause's code in a few words, inside a sentence.
func (w Voice) phrase(code string) string {
	if code == "" {
		return w.Line("phrase.rule")
	}
	if id := "phrase." + code; w.lang.Has(id) {
		return w.Line(id)
	}
	return strings.ReplaceAll(code, "_", " ")
}

// resource is what a lock is on, as people say it.
func (w Voice) resource(resource string, name func(string) string) string {
	kind, id, _ := strings.Cut(resource, ":")
	switch kind {
	case "service":
		if service, environment, ok := strings.Cut(id, "/"); ok {
			return w.Line("resource.service.in", "id", service, "environment", environment)
		}
		return w.Line("resource.service", "id", id)
	case "instance":
		if name != nil {
			id = name(id)
		}
		return w.Line("resource.instance", "id", id)
	case "scaling":
		return w.Line("resource.scaling", "id", id)
	}
	if _, tail, ok := strings.Cut(id, "targetgroup/"); ok {
		id, _, _ = strings.Cut(tail, "/")
	}
	if kind == "group" {
		return w.Line("resource.group", "id", id)
	}
	return w.Line("resource.other", "kind", kind, "id", id)
}

// calls mentions people and groups, in front of a sentence.
func (w Voice) calls(ids string) Text {
	called := strings.FieldsFunc(ids, func(r rune) bool { return r == ',' || r == ' ' })
	var out Text
	for n, id := range called {
		way := "word.call"
		if n == len(called)-1 {
			way = "word.call.last"
		}
		out = append(out, w.Say(way, "who", P(id))...)
	}
	return out
}

// doing names a step as an activity.
func (w Voice) doing(v deploy.Verb) string {
	switch {
	case v == "":
		return w.Line("doing.step")
	case chores[v]:
		return w.chore(v)
	}
	return w.word("doing", string(v))
}

// differences are what has changed since something was asked for, as deploy.Difference has it.
func (w Voice) differences(list string) string {
	var out []string
	for _, d := range strings.Split(list, ", ") {
		if id, ok := strings.CutPrefix(d, "steps:"); ok {
			d = w.Line("difference.steps", "instance", id)
		}
		out = append(out, w.word("difference", d))
	}
	return strings.Join(out, ", ")
}
