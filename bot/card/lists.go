package card

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"junban/deploy"
)

// Status tells what runs, what waits in which order, what is held and what is locked. held are the locks that outlive
// their operation.
func Status(ops []deploy.Operation, held []deploy.Lock, zone *time.Location) Message {
	m := Message{Text: "Status"}
	for _, o := range ops {
		if o.StartedAt.IsZero() {
			continue
		}
		line := T(B(Title(o)), ": ", headline(o), ", asked for by ", U(o.RequestedBy), ", ", C(string(o.ID)), "\n", instances(o))
		m.Blocks = append(m.Blocks, Block{Text: line})
	}
	if lines := waiting(ops, zone); len(lines) > 0 {
		m.Blocks = append(m.Blocks, Block{Text: paragraphs(lines)})
	}
	held, on := locks(held)
	for _, h := range held {
		what := T("Held: ", C(h.Instance()))
		if h.Instance() == "" {
			what = T("Locked: ", B(on[h.Op]))
		}
		m.Blocks = append(m.Blocks, Block{Text: T(what, " since ", h.Since.In(zone).Format("2006-01-02 15:04"), " by ", holder(h, U), heldWhy(h), " ", C(string(h.Op)))})
	}
	if len(m.Blocks) == 0 {
		m.Text = "Nothing runs, nothing waits, nothing is held."
		m.Blocks = []Block{{Text: T(m.Text)}}
	}
	return m
}

// Queue tells what waits: what is approved, in the order in which it starts where it shares something, then what nobody
// has approved yet.
func Queue(ops []deploy.Operation, zone *time.Location) Message {
	m := Message{Text: "Queue"}
	lines := waiting(ops, zone)
	if len(lines) == 0 {
		m.Text = "Nothing waits."
		lines = []Text{T(m.Text)}
	}
	m.Blocks = []Block{{Text: paragraphs(lines)}}
	return m
}

// waiting is one line for each operation that has not started.
func waiting(ops []deploy.Operation, zone *time.Location) []Text {
	var queued, open []deploy.Operation
	for _, o := range ops {
		switch o.State {
		case deploy.StateApproved, deploy.StateQueued:
			queued = append(queued, o)
		case deploy.StateRequested:
			open = append(open, o)
		}
	}
	slices.SortStableFunc(queued, func(a, b deploy.Operation) int {
		return cmp.Or(a.ApprovedAt.Compare(b.ApprovedAt), cmp.Compare(a.ID, b.ID))
	})
	var out []Text
	for n, o := range queued {
		line := T(fmt.Sprintf("%d. ", n+1), B(Title(o)), ": "+headline(o)+", asked for by ", U(o.RequestedBy), ", approved "+o.ApprovedAt.In(zone).Format("2006-01-02 15:04"), ", ", C(string(o.ID)), ". ")
		q, asks := asked(o)
		switch {
		case asks:
			line = T(line, capital(q.head))
		case o.Waiting.Code != "":
			line = T(line, Because(o.Waiting, o.Plan.Preview.Name))
		case !startAt(o.Plan).IsZero():
			line = T(line, "It starts at ", At(startAt(o.Plan)), ".")
		}
		out = append(out, line)
	}
	for _, o := range open {
		out = append(out, T("Waiting for approval: ", B(Title(o)), ", asked for by ", U(o.RequestedBy), ", until "+o.Expires.In(zone).Format("15:04"), ", ", C(string(o.ID)), ".", starts(o.Plan)))
	}
	return out
}

// History lists ended and running operations, newest first.
func History(rows []deploy.Row, zone *time.Location) Message {
	m := Message{Text: "History"}
	var lines []Text
	for _, r := range rows {
		lines = append(lines, T(r.Requested.In(zone).Format("2006-01-02 15:04"), "  ", B(RowTitle(r)), "  ", string(r.State), " ", U(r.By), " ", C(string(r.Op))))
	}
	if len(lines) == 0 {
		lines = []Text{T("Nothing has been asked for yet.")}
	}
	for _, l := range lines {
		m.Blocks = append(m.Blocks, Block{Text: l})
	}
	m.Blocks = merge(m.Blocks)
	return m
}

// Refusal answers one person: what was wrong, and what would be accepted.
func Refusal(what Text, accept string) Message {
	m := Message{Text: what.Plain(), Blocks: []Block{{Text: what}}}
	if accept != "" {
		m.Text = strings.TrimSpace(m.Text + " " + accept)
		m.Blocks = append(m.Blocks, Block{Code: accept})
	}
	return m
}
