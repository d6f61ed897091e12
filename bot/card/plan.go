package card

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"junban/deploy"
)

// Plan is the dry run of a plan, for one reader.
func Plan(p deploy.Plan) Message {
	return Message{
		Text:   "Plan: " + planTitle(p),
		Blocks: []Block{{Header: "Plan: " + planTitle(p)}, {Text: preview(p)}, {Context: T("Nothing was touched. Times are without the commands' own.")}},
	}
}

// PlanText is the same as plain lines, for a terminal.
func PlanText(p deploy.Plan) string {
	return planTitle(p) + "\n" + strings.ReplaceAll(preview(p).Plain(), "\n", "\n  ") + "\n"
}

func planTitle(p deploy.Plan) string { return Title(deploy.Operation{Plan: p}) }

// preview tells an approver what will be done: when, in which order, through which ports, for how long and why, the
// least that stays healthy, what speaks against it and what happens if it goes wrong.
func preview(p deploy.Plan) Text {
	v := p.Preview
	lines := []Text{order(p)}
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
		add(T("Not before ", At(at), "."))
	}
	add(canary(p), choresOf(p))
	add(capacity(p)...)
	add(fleet(p)...)
	if len(v.Under) > 0 {
		under, _ := locks(v.Under)
		for _, l := range under {
			add(T(B("In spite of the lock"), " by ", holder(l, U), " since ", At(l.Since), heldWhy(l)))
		}
	}
	for _, s := range v.Skipped {
		add(T("Skipped: ", B(v.Name(s.Instance)), ". ", Because(s.Cause, v.Name)))
	}
	add(doctorSays(p)...)
	add(ifItFails(p), duration(p))
	return paragraphs(lines)
}

// capacity is how many stay healthy in each target group.
func capacity(p deploy.Plan) []Text {
	v := p.Preview
	if p.Kind == deploy.KindRestore {
		return nil
	}
	var out []Text
	for _, g := range v.Groups {
		least := v.Healthy[g.ARN] - min(v.Window, len(p.Instances()))
		least = max(least, min(v.Healthy[g.ARN], v.Minimum[g.ARN])) // the gate keeps as many, however many may be out
		switch {
		case v.Healthy[g.ARN] == 0:
			out = append(out, T(g.Name+": ", B("none healthy now"), fmt.Sprintf(", minimum %d.", v.Minimum[g.ARN])))
		case least <= 0:
			out = append(out, T(fmt.Sprintf("%s: %d healthy now, so the service is ", g.Name, v.Healthy[g.ARN]), B("DOWN"),
				fmt.Sprintf(" for about %s%s.", Duration(v.Estimate.PerInstance), commands(p, " and the command"))))
		default:
			out = append(out, T(fmt.Sprintf("%s: %d healthy now, at least %d during it, minimum %d.", g.Name, v.Healthy[g.ARN], least, v.Minimum[g.ARN])))
		}
	}
	if len(v.Groups) == 0 && p.Kind.Rolls() {
		out = append(out, T("No load balancer is in front of them: nothing is drained."))
	}
	return out
}

// fleet is what is on the instances now: one ref, or a mixture.
func fleet(p deploy.Plan) []Text {
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
		return []Text{T("Now on all of them: ", C(refs[0]), ".")}
	}
	out := T(B("Not all have the same now:"))
	for n, ref := range refs {
		names := on[ref]
		if len(names) > many {
			names = append(slices.Clone(names[:many]), fmt.Sprintf("%d more", len(names)-many))
		}
		out = T(out, map[bool]string{true: "; ", false: " "}[n > 0], C(ref), " on "+strings.Join(names, ", "))
	}
	return []Text{T(out, ".")}
}

// canary says what goes first, and what is waited for after it.
func canary(p deploy.Plan) Text {
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
	then := ""
	if c.Bake > 0 {
		then = "; it bakes for " + Duration(c.Bake)
	}
	if c.Confirm {
		then += "; then somebody who may approve says whether it is good"
	}
	return T("Canary: ", B(strings.Join(names, ", ")), ", alone"+then+".")
}

// choresOf says what is done once per rollout.
func choresOf(p deploy.Plan) Text {
	where := map[deploy.Verb]string{
		deploy.VerbBefore: "before anything leaves, on the bot's host", deploy.VerbFirst: "on the first instance that is drained", deploy.VerbAfter: "at the end, on the bot's host",
	}
	var out []string
	first := ""
	for _, verb := range []deploy.Verb{deploy.VerbBefore, deploy.VerbFirst, deploy.VerbAfter} {
		for _, l := range p.Lanes {
			if l.Chore() && l.Steps[0].Verb == verb {
				out = append(out, where[verb])
				if verb == deploy.VerbFirst {
					first = " What runs on the first instance (a migration) is not undone by a rollback."
				}
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return T("Once: " + strings.Join(out, "; ") + "." + first)
}

// doctorSays are the findings: what blocks first, then the warnings, and what the team lives with in one line.
func doctorSays(p deploy.Plan) []Text {
	var out []Text
	var accepted []string
	for _, severity := range []deploy.Severity{deploy.Blocks, deploy.Warns} {
		for _, f := range p.Preview.Findings {
			switch {
			case f.Severity != severity:
			case f.Accepted != "":
				accepted = append(accepted, f.Name+" ("+f.Accepted+")")
			default:
				seen, mend := Finding(f)
				out = append(out, T(map[deploy.Severity]string{deploy.Blocks: "Blocks: ", deploy.Warns: "Warning: "}[severity], B(f.Name), ". ", seen, " ", mend))
			}
		}
	}
	if len(accepted) > 0 {
		out = append(out, T("Accepted: "+strings.Join(accepted, ", ")+"."))
	}
	return out
}

// ifItFails says what becomes of the rollout when an instance fails, where that is not simply asked.
func ifItFails(p deploy.Plan) Text {
	if !p.Kind.Rolls() {
		return nil
	}
	var out []string
	r := p.Rules
	failure := "a failure"
	if n := r.Tolerate; n > 0 {
		out = append(out, fmt.Sprintf("up to %d may fail while the others go on (tolerate_failures)", n))
		failure = "a further failure"
	}
	switch r.OnFailure {
	case deploy.PolicyStop:
		out = append(out, failure+" stops the rollout")
	case deploy.PolicyRollback:
		if p.Kind == deploy.KindDeploy {
			out = append(out, failure+" sends everything that was touched back to "+before(p)+" and locks "+service(p.Terms))
		} else {
			out = append(out, failure+" stops it: a rollback is not rolled back")
		}
	}
	if len(r.Alarms) > 0 {
		out = append(out, "no instance leaves while one of these alarms is on: "+strings.Join(r.Alarms, ", "))
	}
	if len(out) == 0 {
		return nil
	}
	return T(capital(strings.Join(out, "; ")) + ".")
}

// duration is how long it takes, and what takes most of it.
func duration(p deploy.Plan) Text {
	e := p.Preview.Estimate
	if e.PerInstance <= 0 || p.Kind == deploy.KindRestore {
		return nil
	}
	var longest time.Duration
	for _, g := range p.Preview.Groups {
		longest = max(longest, g.Delay)
	}
	about := fmt.Sprintf("About %s%s; of %s per instance, ", Duration(e.Total), commands(p, " and the commands"), Duration(e.PerInstance))
	if p.Rules.Drain.Idle && e.Delay < longest {
		return T(about + fmt.Sprintf("about %s is the wait until its connections are idle (drain.until: idle), at most the deregistration delay of %s.", Duration(e.Delay), Duration(longest)))
	}
	out := T(about + fmt.Sprintf("%s is the deregistration delay.", Duration(e.Delay)))
	switch {
	case e.Delay < time.Minute:
	case p.Rules.Drain.Idle:
		out = append(out, T(" It is cut short when the connections are idle (drain.until: idle).")...)
	default:
		out = append(out, T(" Lower it if your requests are shorter than that, or use drain.until: idle.")...)
	}
	return out
}

// commands is said where commands run, whose time nobody knows.
func commands(p deploy.Plan, words string) string {
	if p.Kind.Rolls() {
		return words
	}
	return ""
}

// order is what is done, in which order.
func order(p deploy.Plan) Text {
	v := p.Preview
	switch p.Kind {
	case deploy.KindLock:
		return T("Nothing is deployed to ", B(service(p.Terms)), " until somebody unlocks it. No instance is touched.")
	case deploy.KindUnlock:
		return T(B(service(p.Terms)), " may be deployed to again. No instance is touched.")
	}
	all := len(p.Instances())
	out := T(map[deploy.Kind]string{
		deploy.KindDeploy:   fmt.Sprintf("%d of %d at a time, in this order: ", v.Window, all),
		deploy.KindRollback: fmt.Sprintf("Back to %s, %d of %d at a time, in this order: ", before(p), v.Window, all),
		deploy.KindDrain:    "Out of service, and held: ",
		deploy.KindRestore:  "Back into service: ",
	}[p.Kind])
	n := 0
	for _, i := range v.Order {
		l := p.Lanes[i]
		if l.Chore() {
			continue
		}
		if n == many && all > many+1 {
			return append(out, T(fmt.Sprintf(" and %d more.", all-many))...)
		}
		if n > 0 {
			out = append(out, T(", ")...)
		}
		n++
		out = append(out, T(B(v.Name(l.Name)), " ("+commas(ports(l), onNow(p, l))+")")...)
	}
	return append(out, T(".")...)
}

// onNow is what is on an instance and what comes to it.
func onNow(p deploy.Plan, l deploy.Lane) string {
	return version(p, deploy.LaneState{Name: l.Name, Phase: deploy.PhaseDue})
}

func ports(l deploy.Lane) string {
	var out []string
	for _, s := range l.Steps {
		for _, pair := range s.Pairs {
			out = append(out, fmt.Sprintf("port %d", pair.Port))
		}
		if len(out) > 0 {
			break
		}
	}
	if len(out) == 0 {
		return l.Name
	}
	return l.Name + ", " + strings.Join(out, " and ")
}

// Plain is a text without its markup.
func (t Text) Plain() string {
	var out strings.Builder
	for _, s := range t {
		switch s.Kind {
		case Time:
			out.WriteString(s.At.Format("2006-01-02 15:04 MST"))
		default:
			out.WriteString(s.Value)
		}
	}
	return out.String()
}

// Plain is a message as plain lines, for a terminal.
func (m Message) Plain() string {
	var out []string
	for _, b := range m.Blocks {
		switch {
		case b.Header != "":
			out = append(out, b.Header)
		case b.Text != nil:
			out = append(out, b.Text.Plain())
		case b.Context != nil:
			out = append(out, b.Context.Plain())
		case b.Code != "":
			out = append(out, b.Code)
		}
	}
	return strings.Join(out, "\n")
}
