package card

import (
	"strings"
	"time"

	"junban/deploy"
)

// Held is one thing that is kept out of service or locked, with what is known of it.
type Held struct {
	deploy.Lock
	Service, Environment string
	Name                 string // of the instance: its Name tag, or its id
	Slash                string // the slash command
}

// Reminder speaks of what is still held: what, since when, by whom, why, and the line that ends it.
func (w Voice) Reminder(held []Held, now time.Time, zone *time.Location) Message {
	m := Message{Tone: Asking}
	var names []string
	for _, h := range held {
		t := deploy.Terms{Service: h.Service, Environment: h.Environment}
		id, line, name := "held.out.of", restore(t, h.Name), h.Name
		switch {
		case h.Instance() == "" && h.Service == "":
			id, name = "held.locked", w.resource(h.Resource, nil)
		case h.Instance() == "":
			id, line, name = "held.locked", unlock(t), w.service(t)
		case h.Service == "": // its operation cannot be read
			id = "held.out"
		}
		names = append(names, name)
		m.Blocks = append(m.Blocks, Block{Text: w.Say(id, "name", name, "service", w.service(t), "since", day(h.Since, zone), "time", w.long(now.Sub(h.Since)),
			"by", w.holder(h.Lock, P), "why", w.heldWhy(h.Lock), "op", string(h.Op))})
		if h.Service != "" {
			m.Blocks = append(m.Blocks, Block{Code: h.Slash + " " + line})
		}
	}
	m.Text = w.Line("held.text", "names", strings.Join(names, ", "))
	return m
}

// day is a moment in the bot's own zone, for lists.
func day(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02 15:04") }

// holder is who holds something: a person, or a rule where nobody is named.
func (w Voice) holder(l deploy.Lock, as func(string) Span) Span {
	if l.By == "" {
		return Span{Value: w.Line("word.rule")}
	}
	return as(l.By)
}

// locks are the locks that one operation has left on a service, as one; those on instances stay as they are.
func (w Voice) locks(held []deploy.Lock) (out []deploy.Lock, on map[deploy.ID]string) {
	on = map[deploy.ID]string{}
	for _, l := range held {
		if l.Instance() != "" {
			out = append(out, l)
			continue
		}
		if on[l.Op] == "" {
			out = append(out, l)
		}
		on[l.Op] = commas(on[l.Op], w.resource(l.Resource, nil))
	}
	return out, on
}

func (w Voice) heldWhy(l deploy.Lock) Text {
	switch {
	case l.Why != "":
		return w.Say("list.why", "reason", l.Why)
	case l.Cause.Code != "":
		return w.Say("list.why.cause", "cause", w.Because(l.Cause, nil))
	}
	return w.Say("list.why.none")
}
