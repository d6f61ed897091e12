package card

import (
	"strings"
	"time"

	"junban/deploy"
)

// Thread tells what a few events have changed, in their order, as one message; ok is false if there is nothing to
// tell. before is the operation as it was before the first of them.
func Thread(before deploy.Operation, events []deploy.Event) (m Message, after deploy.Operation, ok bool, err error) {
	o := before
	var texts []Text
	for _, e := range events {
		was := o
		if o, err = deploy.Apply(o, e); err != nil {
			return m, o, false, err
		}
		text, code, bad := tell(was, o, e)
		if text == nil {
			continue
		}
		texts = append(texts, text)
		m.Blocks = append(m.Blocks, Block{Text: text})
		if code != "" {
			m.Blocks = append(m.Blocks, Block{Code: code})
		}
		if bad {
			m.Tone = Bad
		}
	}
	if len(texts) == 0 {
		return m, o, false, nil
	}
	m.Text = texts[len(texts)-1].Plain()
	if m.Tone == Bad {
		m.Text = Title(o) + ": " + headline(o)
	}
	m.Blocks = merge(m.Blocks)
	return m, o, true, nil
}

// merge puts paragraphs that follow each other into one block.
func merge(in []Block) []Block {
	var out []Block
	for _, b := range in {
		if n := len(out); n > 0 && b.Text != nil && out[n-1].Text != nil {
			out[n-1].Text = T(out[n-1].Text, "\n", b.Text)
			continue
		}
		out = append(out, b)
	}
	return out
}

// tell is one event in words: what changed, for whom, how long it took. code is output to show with it.
func tell(was, is deploy.Operation, e deploy.Event) (text Text, code string, bad bool) {
	name := is.Plan.Preview.Name
	switch e.Type {
	case deploy.EventVoted:
		return T("Approved by ", U(e.By), "."), "", false
	case deploy.EventQueued:
		return T("Queued. ", Because(e.Cause, name)), "", false
	case deploy.EventStarted:
		return T("Started: ", preview(is.Plan)), "", false
	case deploy.EventResumed:
		if is.State != deploy.StateRolling {
			return nil, "", false
		}
		return T("The bot was restarted, and goes on where it was."), "", false
	case deploy.EventAborted:
		if len(is.Aborts) > 1 {
			return T(U(e.By), " cancelled the running command."), "", true
		}
		return T(U(e.By), " aborted: what runs ends, what has not run is put back."), "", true
	case deploy.EventFinished:
		return T(verdict(is, ended(is)), " ", aftermath(is)), "", is.State == deploy.StateFailed
	}
	if len(was.Lanes) == 0 { // the request itself is the parent message
		return nil, "", false
	}
	return tellLane(was, is, e)
}

func ended(o deploy.Operation) string {
	if o.StartedAt.IsZero() {
		return ""
	}
	return " after " + Duration(o.FinishedAt.Sub(o.StartedAt))
}

func tellLane(was, is deploy.Operation, e deploy.Event) (text Text, code string, bad bool) {
	before, after := was.Lanes[e.Lane], is.Lanes[e.Lane]
	who := instance(is, e.Lane)
	step, _ := before.Step()
	switch e.Type {
	case deploy.EventGated:
		return T(who, Because(e.Cause, is.Plan.Preview.Name)), "", false
	case deploy.EventBegun:
		if step.Verb != deploy.VerbLeave {
			return nil, "", false // told when it has ended
		}
		return T(who, "in service → draining", attempt(after)), "", false
	case deploy.EventEnded:
		if !e.OK {
			return T(who, before.Status(), " → ", B(after.Status()), ". ", Because(e.Cause, is.Plan.Preview.Name), next(after)), e.Output, true
		}
		d := e.At.Sub(before.Begun)
		return T(who, transitions[step.Verb], " in ", Duration(d)), "", false
	case deploy.EventUnknown:
		return T(who, before.Status(), " → ", B("unknown"), ". ", Because(e.Cause, is.Plan.Preview.Name)), e.Output, true
	case deploy.EventChosen:
		return T(who, U(e.By), " ", choices[e.Act.Verb], because(e.Act.Reason)), "", false
	}
	return nil, "", false
}

var transitions = map[deploy.Verb]string{
	deploy.VerbLeave:   "draining → drained",
	deploy.VerbCommand: "deploying → deployed",
	deploy.VerbVerify:  "verifying → verified",
	deploy.VerbJoin:    "registering → healthy",
}

var choices = map[deploy.ActVerb]string{
	deploy.ActRetry:    "ordered another attempt",
	deploy.ActPutBack:  "puts it back as it is",
	deploy.ActLeaveOut: "leaves it out of service",
	deploy.ActLooked:   "looked: the command does not run there",
}

func next(l deploy.LaneState) string {
	if l.Phase == deploy.PhaseFailed {
		return " The rollout stands still; the buttons above are the ways out."
	}
	return ""
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " because " + reason
}

func attempt(l deploy.LaneState) string {
	if l.Attempt < 2 {
		return ""
	}
	return ", another attempt"
}

// instance names an instance with its id, as a person looks it up.
func instance(o deploy.Operation, lane int) Text {
	id := o.Lanes[lane].Name
	if n := o.Plan.Preview.Name(id); n != id {
		return T(B(n), " (", C(id), "): ")
	}
	return T(C(id), ": ")
}

// Status tells what runs, waits and is held.
func Status(running []deploy.Operation, holds []deploy.Lock, zone *time.Location) Message {
	m := Message{Text: "Status"}
	for _, o := range running {
		line := T(B(Title(o)), ": ", headline(o), ", asked for by ", U(o.RequestedBy), ", ", C(string(o.ID)))
		if o.State == deploy.StateQueued {
			line = append(line, T(". ", Because(o.Waiting, o.Plan.Preview.Name))...)
		}
		if !o.StartedAt.IsZero() {
			line = append(line, T("\n", instances(o))...)
		}
		m.Blocks = append(m.Blocks, Block{Text: line})
	}
	for _, h := range holds {
		m.Blocks = append(m.Blocks, Block{Text: T("Held: ", C(h.Instance()), " since ", h.Since.In(zone).Format("2006-01-02 15:04"), " by ", U(h.By), heldWhy(h), ", ", C(string(h.Op)))})
	}
	if len(m.Blocks) == 0 {
		m.Text = "Nothing runs, nothing waits, nothing is held."
		m.Blocks = []Block{{Text: T(m.Text)}}
	}
	return m
}

func heldWhy(h deploy.Lock) Text {
	switch {
	case h.Why != "":
		return T(": ", h.Why)
	case h.Cause.Code != "":
		return T(". ", Because(h.Cause, nil))
	}
	return nil
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
