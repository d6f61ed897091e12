package card

import (
	"fmt"
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
func Reminder(held []Held, now time.Time, zone *time.Location) Message {
	m := Message{Tone: Asking}
	var names []string
	for _, h := range held {
		t := deploy.Terms{Service: h.Service, Environment: h.Environment}
		what, line, name := T(B(h.Name), " of "+service(t), " is still out of service"), restore(t, h.Name), h.Name
		switch {
		case h.Instance() == "" && h.Service == "":
			name = resourceName(h.Resource, nil)
			what = T(B(name), " is still locked")
		case h.Instance() == "":
			name = service(t)
			what, line = T(B(name), " is still locked"), unlock(t)
		case h.Service == "": // its operation cannot be read
			what = T(B(h.Name), " is still out of service")
		}
		names = append(names, name)
		m.Blocks = append(m.Blocks, Block{Text: T(what, " since ", h.Since.In(zone).Format("2006-01-02 15:04"), ", for ", long(now.Sub(h.Since)),
			", by ", holder(h.Lock, P), heldWhy(h.Lock), " ", C(string(h.Op)))})
		if h.Service != "" {
			m.Blocks = append(m.Blocks, Block{Code: h.Slash + " " + line})
		}
	}
	m.Text = "Still held: " + strings.Join(names, ", ")
	return m
}

// long is a time span in days, once it is that long.
func long(d time.Duration) string {
	switch days := int(d / (24 * time.Hour)); days {
	case 0:
		return Duration(d)
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", days)
	}
}

// holder is who holds something: a person, or a rule where nobody is named.
func holder(l deploy.Lock, as func(string) Span) Span {
	if l.By == "" {
		return Span{Value: "a rule"}
	}
	return as(l.By)
}

// locks are the locks that one operation has left on a service, as one; those on instances stay as they are.
func locks(held []deploy.Lock) (out []deploy.Lock, on map[deploy.ID]string) {
	on = map[deploy.ID]string{}
	for _, l := range held {
		if l.Instance() != "" {
			out = append(out, l)
			continue
		}
		if on[l.Op] == "" {
			out = append(out, l)
		}
		on[l.Op] = commas(on[l.Op], resourceName(l.Resource, nil))
	}
	return out, on
}

func heldWhy(l deploy.Lock) Text {
	switch {
	case l.Why != "":
		return T(": ", l.Why, ".")
	case l.Cause.Code != "":
		return T(". ", Because(l.Cause, nil))
	}
	return T(".")
}
