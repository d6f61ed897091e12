package card

import (
	"strings"
	"time"
	"unicode/utf8"

	"junban/deploy"
)

// Output is the end of what the last command on one instance, or of one chore, printed.
type Output struct {
	Lane     int
	Instance string // id
	Verb     deploy.Verb
	At       time.Time // when it ended
	OK       bool
	Text     string
}

// Outputs reads the last output of each lane from an operation's journal, in the order of the lanes, and answers the
// operation with it.
func Outputs(events []deploy.Event) (deploy.Operation, []Output, error) {
	var o deploy.Operation
	last := map[int]Output{}
	for _, e := range events {
		if (e.Type == deploy.EventEnded || e.Type == deploy.EventUnknown) && e.Output != "" && e.Lane >= 0 && e.Lane < len(o.Lanes) {
			step, _ := o.Lanes[e.Lane].Step()
			last[e.Lane] = Output{Lane: e.Lane, Instance: o.Lanes[e.Lane].Name, Verb: step.Verb, At: e.At, OK: e.OK, Text: e.Output}
		}
		var err error
		if o, err = deploy.Apply(o, e); err != nil {
			return o, nil, err
		}
	}
	var out []Output
	for i := range o.Lanes {
		if l, ok := last[i]; ok {
			out = append(out, l)
		}
	}
	return o, out, nil
}

const (
	logsRoom  = 9000 // characters of output in one message, which holds about 11,500 in all
	logsBlock = 2900 // in one block of it
	logsLanes = 15   // instances in one message
)

// Logs shows the end of what was printed, shared out among the instances; failures first.
func (w Voice) Logs(o deploy.Operation, outputs []Output) Message {
	title := w.Title(o)
	m := Message{
		Text:   w.Line("logs.title", "title", title),
		Blocks: []Block{{Text: w.Say("logs.head", "title", title, "op", string(o.ID), "headline", w.headline(o))}},
	}
	var sorted []Output
	for _, ok := range []bool{false, true} {
		for _, out := range outputs {
			if out.OK == ok {
				sorted = append(sorted, out)
			}
		}
	}
	if len(sorted) == 0 {
		m.Blocks = append(m.Blocks, Block{Text: w.Say("logs.nothing")})
		return m
	}
	shown := sorted[:min(len(sorted), logsLanes)]
	for _, out := range shown {
		id := "logs.ended"
		if !out.OK {
			id = "logs.failed"
		}
		m.Blocks = append(m.Blocks, Block{Text: w.Say(id, "lane", w.instance(o, out.Lane), "doing", w.doing(out.Verb), "at", out.At)})
		for _, part := range parts(tail(out.Text, logsRoom/len(shown))) {
			m.Blocks = append(m.Blocks, Block{Code: part})
		}
	}
	if more := len(sorted) - len(shown); more > 0 {
		m.Blocks = append(m.Blocks, Block{Context: w.Say("logs.more", "n", more)})
	}
	return m
}

// tail is the end of a text, of at most n characters, from the beginning of a line if it can be.
func tail(s string, n int) string {
	s = strings.TrimRight(s, "\n ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	s = string(r[len(r)-n:])
	if _, rest, ok := strings.Cut(s, "\n"); ok && len(rest) > n/2 {
		s = rest
	}
	return "…" + s
}

// parts cuts a text into pieces that one block can show, at the ends of lines where it can be.
func parts(s string) []string {
	var out []string
	for utf8.RuneCountInString(s) > logsBlock {
		head := string([]rune(s)[:logsBlock])
		if i := strings.LastIndexByte(head, '\n'); i > logsBlock/2 {
			head = head[:i+1]
		}
		out = append(out, strings.TrimRight(head, "\n"))
		s = s[len(head):]
	}
	return append(out, s)
}
