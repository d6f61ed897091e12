package card

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"junban/deploy"
)

// Status tells what runs, what waits in which order, what is held and what is locked. held are the locks that outlive
// their operation.
func (w Voice) Status(ops []deploy.Operation, held []deploy.Lock, zone *time.Location) Message {
	m := Message{Text: w.Line("list.status")}
	for _, o := range ops {
		if o.StartedAt.IsZero() {
			continue
		}
		line := w.Say("list.running", "title", w.Title(o), "headline", w.headline(o), "by", U(o.RequestedBy), "op", string(o.ID), "lanes", w.instances(o))
		m.Blocks = append(m.Blocks, Block{Text: line})
	}
	if lines := w.waiting(ops, zone); len(lines) > 0 {
		m.Blocks = append(m.Blocks, Block{Text: paragraphs(lines)})
	}
	held, on := w.locks(held)
	for _, h := range held {
		id := "list.held"
		if h.Instance() == "" {
			id = "list.locked"
		}
		m.Blocks = append(m.Blocks, Block{Text: w.Say(id, "instance", h.Instance(), "resource", on[h.Op], "since", day(h.Since, zone),
			"by", w.holder(h, U), "why", w.heldWhy(h), "op", string(h.Op))})
	}
	if len(m.Blocks) == 0 {
		m.Text = w.Line("list.nothing")
		m.Blocks = []Block{{Text: T(m.Text)}}
	}
	return m
}

// Queue tells what waits: what is approved, in the order in which it starts where it shares something, then what nobody
// has approved yet.
func (w Voice) Queue(ops []deploy.Operation, zone *time.Location) Message {
	m := Message{Text: w.Line("list.queue")}
	lines := w.waiting(ops, zone)
	if len(lines) == 0 {
		m.Text = w.Line("list.queue.nothing")
		lines = []Text{T(m.Text)}
	}
	m.Blocks = []Block{{Text: paragraphs(lines)}}
	return m
}

// waiting is one line for each operation that has not started.
func (w Voice) waiting(ops []deploy.Operation, zone *time.Location) []Text {
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
		var more Text
		q, asks := asked(o)
		switch {
		case asks:
			more = T(capital(w.Line(q.id + ".head")))
		case o.Waiting.Code != "":
			more = w.Because(o.Waiting, o.Plan.Preview.Name)
		case !startAt(o.Plan).IsZero():
			more = w.Say("list.starts", "at", startAt(o.Plan))
		}
		out = append(out, w.Say("list.queued", "n", n+1, "title", w.Title(o), "headline", w.headline(o), "by", U(o.RequestedBy),
			"approved", day(o.ApprovedAt, zone), "op", string(o.ID), "more", more))
	}
	for _, o := range open {
		out = append(out, w.Say("list.requested", "title", w.Title(o), "by", U(o.RequestedBy), "until", o.Expires.In(zone).Format("15:04"),
			"op", string(o.ID), "starts", w.starts(o.Plan)))
	}
	return out
}

// History lists ended and running operations, newest first.
func (w Voice) History(rows []deploy.Row, zone *time.Location) Message {
	m := Message{Text: w.Line("list.history")}
	for _, r := range rows {
		m.Blocks = append(m.Blocks, Block{Text: w.Say("list.history.line", "at", day(r.Requested, zone), "title", w.RowTitle(r),
			"state", w.word("state", string(r.State)), "by", U(r.By), "op", string(r.Op))})
	}
	if len(rows) == 0 {
		m.Blocks = []Block{{Text: w.Say("list.history.nothing")}}
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
