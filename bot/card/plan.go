package card

import (
	"fmt"
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

// preview tells an approver what will be done: order, ports, time and its reason, the least that stays healthy.
func preview(p deploy.Plan) Text {
	v := p.Preview
	out := T(order(p))
	for _, g := range v.Groups {
		if p.Kind == deploy.KindRestore {
			continue
		}
		least := v.Healthy[g.ARN] - min(v.Window, len(p.Lanes))
		line := fmt.Sprintf("\n%s: %d healthy now, at least %d during it, minimum %d.", g.Name, v.Healthy[g.ARN], max(0, least), v.Minimum[g.ARN])
		if least <= 0 {
			line = fmt.Sprintf("\n%s: %d healthy now, so the service is DOWN for about %s.", g.Name, v.Healthy[g.ARN], Duration(v.Estimate.PerInstance))
		}
		out = append(out, T(line)...)
	}
	for _, s := range v.Skipped {
		out = append(out, T("\nSkipped: ", B(v.Name(s.Instance)), ". ", Because(s.Cause, v.Name))...)
	}
	if e := v.Estimate; e.PerInstance > 0 && p.Kind != deploy.KindRestore {
		and := ""
		if p.Kind == deploy.KindDeploy {
			and = " and the commands"
		}
		out = append(out, T(fmt.Sprintf("\nAbout %s%s; of %s per instance, %s is the deregistration delay.", Duration(e.Total), and, Duration(e.PerInstance), Duration(e.Delay)))...)
		if e.Delay >= time.Minute {
			out = append(out, T(" Lower it if your requests are shorter than that.")...)
		}
	}
	return out
}

func order(p deploy.Plan) Text {
	v := p.Preview
	out := T(map[deploy.Kind]string{
		deploy.KindDeploy:  fmt.Sprintf("%d of %d at a time, in this order: ", v.Window, len(p.Lanes)),
		deploy.KindDrain:   "Out of service, and held: ",
		deploy.KindRestore: "Back into service: ",
	}[p.Kind])
	for n, i := range v.Order {
		if n == many && len(v.Order) > many+1 {
			return append(out, T(fmt.Sprintf(" and %d more.", len(v.Order)-many))...)
		}
		if n > 0 {
			out = append(out, T(", ")...)
		}
		l := p.Lanes[i]
		out = append(out, T(B(v.Name(l.Name)), " ("+ports(l)+")")...)
	}
	return append(out, T(".")...)
}

func ports(l deploy.Lane) string {
	var out []string
	for _, pair := range l.Steps[0].Pairs {
		out = append(out, fmt.Sprintf("port %d", pair.Port))
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
			out.WriteString(s.At.Format("15:04"))
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
