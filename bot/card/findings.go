package card

import (
	"fmt"
	"strings"

	"junban/bot/lang"
	"junban/deploy"
)

// shorten cuts a long list: a fleet may have a thousand instances.
func (w Voice) shorten(s string) string {
	const most = 400
	if len(s) <= most {
		return s
	}
	short := s[:most]
	if i := strings.LastIndex(short, ", "); i > 0 {
		short = short[:i]
	}
	return strings.ToValidUTF8(short, "") + w.Line("doctor.more.names")
}

// manyFindings bounds the findings of one message: Slack takes 50 blocks in one.
const manyFindings = 20

// Findings is an examination of a service, for one reader: what blocks first, what is accepted last.
func (w Voice) Findings(service string, list []deploy.Finding) Message {
	prognosis := w.prognosis(list)
	m := Message{Text: w.Line("doctor.text", "service", service, "prognosis", prognosis)}
	m.Blocks = []Block{{Header: w.Line("doctor.title", "service", service)}, {Text: T(prognosis)}}
	var accepted []string
	told := 0
	for _, f := range list {
		if f.Accepted != "" {
			accepted = append(accepted, f.Name+" ("+f.Accepted+")")
			continue
		}
		if told++; told > manyFindings {
			continue
		}
		seen, mend := w.Finding(f)
		m.Blocks = append(m.Blocks, Block{Text: w.Say("doctor.finding."+string(f.Severity), "name", f.Name, "seen", seen, "mend", mend)})
		if f.Fix != "" {
			m.Blocks = append(m.Blocks, Block{Code: w.head(f.Fix)})
		}
	}
	if told > manyFindings {
		m.Blocks = append(m.Blocks, Block{Context: w.Say("doctor.more", "n", told-manyFindings, "service", service)})
	}
	if len(accepted) > 0 {
		m.Blocks = append(m.Blocks, Block{Context: w.Say("doctor.accepted", "list", strings.Join(accepted, ", "))})
	}
	return m
}

// head is the first of many lines.
func (w Voice) head(lines string) string {
	const most = 10
	all := strings.Split(lines, "\n")
	if len(all) <= most {
		return lines
	}
	return strings.Join(all[:most], "\n") + "\n" + w.Line("doctor.more.lines", "n", len(all)-most)
}

// prognosis is an examination in one sentence.
func (w Voice) prognosis(list []deploy.Finding) string {
	n := map[deploy.Severity]int{}
	for _, f := range list {
		if f.Accepted == "" {
			n[f.Severity]++
		}
	}
	switch {
	case n[deploy.Blocks] > 0:
		return w.Line("doctor.prognosis.blocks", "n", lang.Count(n[deploy.Blocks]))
	case n[deploy.Warns] > 0:
		return w.Line("doctor.prognosis.warns", "n", lang.Count(n[deploy.Warns]))
	}
	return w.Line("doctor.prognosis.good")
}

// FindingsText is the same as plain lines, for a terminal, with every finding.
func (w Voice) FindingsText(service string, list []deploy.Finding) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s\n", service, w.prognosis(list))
	for _, f := range list {
		seen, mend := w.Finding(f)
		fmt.Fprintf(&out, "\n  %-6s  %s\n          %s\n", w.word("doctor.line", string(f.Severity)), f.Name, seen.Plain())
		if f.Accepted != "" {
			fmt.Fprintf(&out, "          %s\n", w.Line("doctor.line.accepted", "reason", f.Accepted))
			continue
		}
		fmt.Fprintf(&out, "          %s\n", w.Line("doctor.line.mend", "mend", mend))
		for line := range strings.Lines(f.Fix) {
			fmt.Fprintf(&out, "          $ %s\n", strings.TrimSuffix(line, "\n"))
		}
	}
	return out.String()
}
