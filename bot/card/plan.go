package card

import (
	"slices"
	"strings"
	"time"

	"junban/deploy"
)

// Plan is the dry run of a plan, for one reader.
func (w Voice) Plan(p deploy.Plan) Message {
	title := w.Line("plan.title", "title", w.planTitle(p))
	blocks := append([]Block{{Header: title}}, w.changes(p)...)
	return Message{Text: title, Blocks: append(blocks, Block{Text: w.preview(p)}, Block{Context: w.Say("plan.untouched")})}
}

// PlanText is the same as plain lines, for a terminal.
func (w Voice) PlanText(p deploy.Plan) string {
	return w.planTitle(p) + "\n" + strings.ReplaceAll(w.preview(p).Plain(), "\n", "\n  ") + "\n"
}

func (w Voice) planTitle(p deploy.Plan) string { return w.Title(deploy.Operation{Plan: p}) }

// preview tells an approver what will be done: when, in which order, through which ports, for how long and why, the
// least that stays healthy, what speaks against it and what happens if it goes wrong.
func (w Voice) preview(p deploy.Plan) Text {
	v := p.Preview
	lines := []Text{w.order(p)}
	add := func(more ...Text) {
		for _, t := range more {
			if len(t) > 0 {
				lines = append(lines, t)
			}
		}
	}
	if p.Kind == deploy.KindLock || p.Kind == deploy.KindUnlock {
		return paragraphs(lines)
	}
	if at := startAt(p); !at.IsZero() {
		add(w.Say("plan.start", "at", at))
	}
	add(w.canary(p), w.choresOf(p))
	add(w.capacity(p)...)
	add(w.fleet(p)...)
	if len(v.Under) > 0 {
		under, _ := w.locks(v.Under)
		for _, l := range under {
			add(w.Say("plan.overridden", "by", w.holder(l, U), "since", l.Since, "why", w.heldWhy(l)))
		}
	}
	for _, s := range v.Skipped {
		add(w.Say("plan.skipped", "name", v.Name(s.Instance), "cause", w.Because(s.Cause, v.Name)))
	}
	add(w.doctorSays(p)...)
	add(w.ifItFails(p), w.lasts(p))
	return paragraphs(lines)
}

// outline is what of a plan holds while it is carried out. The rest was read before it was approved, and the order stands
// in the details.
func (w Voice) outline(p deploy.Plan) Text {
	if !p.Kind.Rolls() {
		return w.preview(p)
	}
	lines := []Text{w.Say("plan.outline", "window", p.Preview.Window, "all", len(p.Instances())), w.canary(p), w.choresOf(p)}
	lines = append(lines, w.capacity(p)...)
	for _, s := range p.Preview.Skipped {
		lines = append(lines, w.Say("plan.skipped", "name", p.Preview.Name(s.Instance), "cause", w.Because(s.Cause, p.Preview.Name)))
	}
	return paragraphs(append(lines, w.lasts(p)))
}

// capacity is how many stay healthy in each target group.
func (w Voice) capacity(p deploy.Plan) []Text {
	v := p.Preview
	if p.Kind == deploy.KindRestore {
		return nil
	}
	var out []Text
	for _, g := range v.Groups {
		least := v.Healthy[g.ARN] - min(v.Window, len(p.Instances()))
		least = max(least, min(v.Healthy[g.ARN], v.Minimum[g.ARN])) // the gate keeps as many, however many may be out
		id := "plan.capacity"
		switch {
		case v.Healthy[g.ARN] == 0:
			id = "plan.capacity.none"
		case least <= 0 && p.Kind.Rolls():
			id = "plan.capacity.down.command"
		case least <= 0:
			id = "plan.capacity.down"
		}
		out = append(out, w.Say(id, "group", g.Name, "healthy", v.Healthy[g.ARN], "least", least, "minimum", v.Minimum[g.ARN], "time", v.Estimate.PerInstance))
	}
	if len(v.Groups) == 0 && p.Kind.Rolls() {
		out = append(out, w.Say("plan.unbalanced"))
	}
	return out
}

// fleet is what is on the instances now: one ref, or a mixture.
func (w Voice) fleet(p deploy.Plan) []Text {
	v := p.Preview
	if len(v.Current) == 0 || !p.Kind.Rolls() {
		return nil
	}
	on := map[string][]string{}
	var refs []string
	for _, i := range v.Order {
		l := p.Lanes[i]
		ref := short(v.Current[l.Name])
		if l.Chore() || ref == "" {
			continue
		}
		if on[ref] == nil {
			refs = append(refs, ref)
		}
		on[ref] = append(on[ref], v.Name(l.Name))
	}
	switch len(refs) {
	case 0:
		return nil
	case 1:
		return []Text{w.Say("plan.now", "ref", refs[0])}
	}
	var list Text
	for n, ref := range refs {
		names := on[ref]
		if len(names) > many {
			names = append(slices.Clone(names[:many]), w.Line("plan.now.more", "n", len(names)-many))
		}
		if n > 0 {
			list = T(list, w.Line("plan.clauses"))
		}
		list = T(list, w.Say("plan.now.on", "ref", ref, "names", strings.Join(names, ", ")))
	}
	return []Text{w.Say("plan.now.mixed", "list", list)}
}

// canary says what goes first, and what is waited for after it.
func (w Voice) canary(p deploy.Plan) Text {
	v, c := p.Preview, p.Rules.Canary
	if v.Canaries == 0 || !p.Kind.Rolls() {
		return nil
	}
	var names []string
	for _, i := range v.Order {
		if !p.Lanes[i].Chore() && len(names) < v.Canaries {
			names = append(names, v.Name(p.Lanes[i].Name))
		}
	}
	var bake, confirm Text
	if c.Bake > 0 {
		bake = w.Say("plan.canary.bake", "bake", c.Bake)
	}
	if c.Confirm {
		confirm = w.Say("plan.canary.confirm")
	}
	return w.Say("plan.canary", "names", strings.Join(names, ", "), "bake", bake, "confirm", confirm)
}

// choresOf says what is done once per rollout.
func (w Voice) choresOf(p deploy.Plan) Text {
	var out []string
	id := "plan.once"
	for _, verb := range []deploy.Verb{deploy.VerbBefore, deploy.VerbFirst, deploy.VerbAfter} {
		for _, l := range p.Lanes {
			if l.Chore() && l.Steps[0].Verb == verb {
				out = append(out, w.word("plan.once.where", string(verb)))
				if verb == deploy.VerbFirst {
					id = "plan.once.first"
				}
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return w.Say(id, "list", strings.Join(out, w.Line("plan.clauses")))
}

// doctorSays are the findings: what blocks first, then the warnings, and what the team lives with in one line.
func (w Voice) doctorSays(p deploy.Plan) []Text {
	var out []Text
	var accepted []string
	for _, severity := range []deploy.Severity{deploy.Blocks, deploy.Warns} {
		for _, f := range p.Preview.Findings {
			switch {
			case f.Severity != severity:
			case f.Accepted != "":
				accepted = append(accepted, f.Name+" ("+f.Accepted+")")
			default:
				seen, mend := w.Finding(f)
				out = append(out, w.Say("plan."+string(severity), "name", f.Name, "seen", seen, "mend", mend))
			}
		}
	}
	if len(accepted) > 0 {
		out = append(out, w.Say("plan.accepted", "list", strings.Join(accepted, ", ")))
	}
	return out
}

// ifItFails says what becomes of the rollout when an instance fails, where that is not simply asked.
func (w Voice) ifItFails(p deploy.Plan) Text {
	if !p.Kind.Rolls() {
		return nil
	}
	var out []string
	r := p.Rules
	further := ""
	if n := r.Tolerate; n > 0 {
		out = append(out, w.Line("plan.fails.tolerate", "n", n))
		further = ".further"
	}
	switch r.OnFailure {
	case deploy.PolicyStop:
		out = append(out, w.Line("plan.fails.stop"+further))
	case deploy.PolicyRollback:
		id := "plan.fails.halt"
		if p.Kind == deploy.KindDeploy {
			id = "plan.fails.back"
		}
		out = append(out, w.Line(id+further, "ref", w.before(p), "service", w.service(p.Terms)))
	}
	if len(r.Alarms) > 0 {
		out = append(out, w.Line("plan.fails.alarms", "alarms", strings.Join(r.Alarms, ", ")))
	}
	if len(out) == 0 {
		return nil
	}
	return w.Say("plan.fails", "clauses", capital(strings.Join(out, w.Line("plan.fails.join"))))
}

// lasts is how long it takes, and what takes most of it.
func (w Voice) lasts(p deploy.Plan) Text {
	e := p.Preview.Estimate
	if e.PerInstance <= 0 || p.Kind == deploy.KindRestore {
		return nil
	}
	var longest time.Duration
	for _, g := range p.Preview.Groups {
		longest = max(longest, g.Delay)
	}
	id, most, hint := "plan.about", "plan.delay", ""
	if p.Kind.Rolls() { // commands run, whose time nobody knows
		id = "plan.about.commands"
	}
	switch {
	case p.Rules.Drain.Idle && e.Delay < longest:
		most = "plan.delay.idle"
	case e.Delay < time.Minute:
	case p.Rules.Drain.Idle:
		hint = "plan.delay.cut"
	default:
		hint = "plan.delay.lower"
	}
	out := w.Say(id, "total", e.Total, "each", e.PerInstance, "most", w.Say(most, "delay", e.Delay, "longest", longest))
	if hint != "" {
		out = T(out, w.gap(), w.Say(hint))
	}
	return out
}

// order is what is done, in which order.
func (w Voice) order(p deploy.Plan) Text {
	if p.Kind == deploy.KindLock || p.Kind == deploy.KindUnlock {
		return w.Say("plan.order."+string(p.Kind), "service", w.service(p.Terms))
	}
	v := p.Preview
	all := len(p.Instances())
	var list Text
	n := 0
	for _, i := range v.Order {
		l := p.Lanes[i]
		if l.Chore() {
			continue
		}
		if n == many && all > many+1 {
			list = T(list, w.Say("plan.instance.more", "n", all-many))
			break
		}
		if n > 0 {
			list = T(list, ", ")
		}
		n++
		list = T(list, w.Say("plan.instance", "name", v.Name(l.Name), "about", commas(w.ports(l), w.onNow(p, l))))
	}
	id := "plan.order." + string(p.Kind)
	if !w.lang.Has(id) {
		id = "plan.order.other"
	}
	return w.Say(id, "window", v.Window, "all", all, "ref", w.before(p), "list", list)
}

// onNow is what is on an instance and what comes to it.
func (w Voice) onNow(p deploy.Plan, l deploy.Lane) string {
	return w.version(p, &deploy.LaneState{Name: l.Name, Phase: deploy.PhaseDue})
}

func (w Voice) ports(l deploy.Lane) string {
	var out []string
	for _, s := range l.Steps {
		for _, pair := range s.Pairs {
			out = append(out, w.Line("plan.port", "port", pair.Port))
		}
		if len(out) > 0 {
			break
		}
	}
	if len(out) == 0 {
		return l.Name
	}
	return l.Name + ", " + strings.Join(out, w.Line("plan.and"))
}
