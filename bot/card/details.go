package card

import (
	"slices"

	"junban/deploy"
)

const (
	rowsShown  = 40 // rows of a large operation, at most
	rowsABlock = 15 // of Details; a block holds 3,000 characters
)

// Details is the first reply in an operation's thread, edited in place: a row for each instance, or, above ten, counts,
// those that are out and the exceptions; and a row for each step that is done once.
func (w Voice) Details(o deploy.Operation) Message {
	id := "details.head"
	if o.State.Finished() {
		id = "details.ended"
	}
	m := Message{Text: w.Line("details.title", "title", w.Title(o), "headline", w.headline(o))}
	rows := append([]Text{w.Say(id, "headline", w.headline(o))}, w.rows(o)...)
	for some := range slices.Chunk(rows, rowsABlock) {
		m.Blocks = append(m.Blocks, Block{Text: paragraphs(some)})
	}
	return m
}

// Detailed reports whether there is anything to tell in rows: an operation that has started and touches instances.
func Detailed(o deploy.Operation) bool { return !o.StartedAt.IsZero() && len(o.Lanes) > 0 }

// instances is rows as one text.
func (w Voice) instances(o deploy.Operation) Text { return paragraphs(w.rows(o)) }

// rows is one line for each instance, or, above ten, counts, those that are out and the exceptions; and one for each
// chore.
func (w Voice) rows(o deploy.Operation) []Text {
	var out []Text
	var sums []string
	counts, words, order := map[string]int{}, map[string]string{}, []string{}
	_, all := progress(o)
	more := 0
	for _, i := range o.Plan.Preview.Order {
		l := o.Lanes[i]
		if l.Chore() {
			continue
		}
		now := status(l)
		if counts[now]++; counts[now] == 1 {
			order = append(order, now)
			words[now] = w.shown(l)
		}
		switch {
		case all > many && !exceptional(l) && !l.Out():
		case all > many && len(out) == rowsShown:
			more++
		default:
			out = append(out, w.row(o, l))
		}
	}
	if all > many {
		for _, k := range order {
			sums = append(sums, w.Line("lane.count", "n", counts[k], "status", words[k]))
		}
		out = append([]Text{T(commas(sums...))}, out...)
	}
	if more > 0 {
		out = append(out, w.Say("live.more", "n", more))
	}
	return append(out, w.choreLines(o)...)
}

// exceptional reports whether a lane is to be named however many there are.
func exceptional(l *deploy.LaneState) bool {
	return l.Waits() || l.Outcome == deploy.OutcomeHeld || l.Outcome == deploy.OutcomeGone
}

// row is one instance: what was and comes to it, its state, and how long it took or since when it is in it.
func (w Voice) row(o deploy.Operation, l *deploy.LaneState) Text {
	sign := mark(status(l))
	if o.Plan.Kind == deploy.KindDrain && l.Outcome == deploy.OutcomeHeld {
		sign = mark("skipped") // that it is held is what was asked for
	}
	text := T(sign+" ", B(o.Plan.Preview.Name(l.Name)), "  "+commas(w.version(o.Plan, l), w.shown(l), w.took(l)))
	if at := since(l); l.Touched && l.Phase != deploy.PhaseDone && !at.IsZero() {
		text = T(text, w.Say("clause.since", "since", at))
	}
	if l.Waits() {
		text = T(text, w.why(l))
	}
	return text
}

// why is what a lane waits for a decision for, in a few words.
func (w Voice) why(l *deploy.LaneState) Text {
	id := "phrase." + string(l.Cause.Code)
	if l.Chore() && l.Cause.Code == deploy.CommandFailed {
		return nil // that it failed is said, and it has no deploy command
	}
	if l.Chore() && w.lang.Has(id+".chore") {
		id += ".chore"
	}
	return w.Say("lane.why", "why", w.Line(id))
}

// choreLines is one line per chore, in the order in which they are done.
func (w Voice) choreLines(o deploy.Operation) []Text {
	var out []Text
	for _, verb := range []deploy.Verb{deploy.VerbBefore, deploy.VerbFirst, deploy.VerbAfter} {
		for _, l := range o.Lanes {
			if !l.Chore() || l.Steps[0].Verb != verb {
				continue
			}
			on := ""
			if id := l.Values["INSTANCE_ID"]; verb == deploy.VerbFirst && id != "" {
				on = w.Line("lane.on", "instance", o.Plan.Preview.Name(id))
			}
			text := T(mark(status(l))+" ", B(w.chore(verb)), "  "+commas(w.shown(l), w.took(l), on))
			if choreStatus(l) == "running" {
				text = T(text, w.Say("clause.since", "since", l.Begun))
			}
			if l.Waits() {
				text = T(text, w.why(l))
			}
			out = append(out, text)
		}
	}
	if o.Migrated() {
		out = append(out, w.Say("parent.migrated"))
	}
	return out
}
