package card

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"junban/bot/lang"
	"junban/deploy"
)

// Home is what a person's home tab is made of.
type Home struct {
	Person     deploy.Person
	Operations []deploy.Operation // that have not finished
	Held       []Held             // what outlives its operation, each lock of a service once
	Ended      []deploy.Row       // newest first
	Form       bool               // there is a form that asks for a deploy
	Slash      string
	Zone       *time.Location
	Now        time.Time
}

// The most that each part of a home tab shows, in items of at most two blocks: with its heads a tab stays below the
// hundred blocks that Slack takes, and below ten thousand characters.
const (
	homeMine    = 10
	homeRunning = 8
	homeQueue   = 10
	homeHeld    = 12
	homeEnded   = 10
)

// Home is a person's home tab: what waits for them first, then what runs, waits, is held, and has ended.
func (w Voice) Home(h Home) View {
	t := &tab{w: w, h: h}
	if h.Form {
		t.add(Block{Buttons: []Button{{Action: ActionRequest, Label: w.Line("home.deploy"), Style: Primary}}})
	}
	var mine, running, queued, open []deploy.Operation
	for _, o := range h.Operations {
		switch waits := len(urgent(o, Mine(o, h.Person, h.Now))) > 0; {
		case waits:
			mine = append(mine, o)
		case o.State.Rolling():
			running = append(running, o)
		case o.State == deploy.StateRequested:
			open = append(open, o)
		default:
			queued = append(queued, o)
		}
	}
	slices.SortStableFunc(queued, func(a, b deploy.Operation) int {
		return cmp.Or(a.ApprovedAt.Compare(b.ApprovedAt), cmp.Compare(a.ID, b.ID))
	})
	t.mine(mine)
	t.running(running)
	t.queue(queued, open)
	t.held()
	t.ended()
	return View{Blocks: t.blocks}
}

// urgent are the offers with which an operation waits for a person: an approval, a decision, an answer.
func urgent(o deploy.Operation, offers []deploy.Offer) []deploy.Offer {
	var out []deploy.Offer
	for _, f := range offers {
		if f.Verb == deploy.ActApprove || f.Verb == deploy.ActContinue || f.Lane != "" {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return nil
	}
	for _, f := range offers { // what else it may be answered with
		if f.Verb == deploy.ActDeny || o.State.Rolling() && (f.Verb == deploy.ActAbort || f.Verb == deploy.ActRollback) {
			out = append(out, f)
		}
	}
	return out
}

// tab is a home tab that is being written.
type tab struct {
	w      Voice
	h      Home
	blocks []Block
}

func (t *tab) add(b ...Block) { t.blocks = append(t.blocks, b...) }

// head begins a part; none is what it says if it holds nothing, and none = nil leaves it out then.
func (t *tab) head(id string, n int, none Text) bool {
	t.add(Block{Header: t.w.Line(id)})
	if n == 0 {
		t.add(Block{Context: none})
	}
	return n > 0
}

// more says how many items a part does not show, and where they are.
func (t *tab) more(n int, verb string) {
	if n > 0 {
		t.add(Block{Context: t.w.Say("home.more", "n", lang.Count(n), "line", t.h.Slash+" "+verb)})
	}
}

// item is one thing with its buttons, in one row.
func (t *tab) item(text Text, rows []Block) {
	t.add(Block{Text: text})
	var row []Button
	for _, b := range rows {
		for _, button := range b.Buttons {
			if len(row) < inRow {
				row = append(row, button)
			}
		}
	}
	if len(row) > 0 {
		t.add(Block{Buttons: row})
	}
}

func (t *tab) mine(ops []deploy.Operation) {
	t.head("home.mine", len(ops), t.w.Say("home.mine.none"))
	for _, o := range ops[:min(len(ops), homeMine)] {
		text := t.w.Say("home.item", "title", t.w.Title(o), "headline", t.w.headline(o), "state", t.w.state(o))
		t.item(text, t.w.acts(o, urgent(o, Mine(o, t.h.Person, t.h.Now))))
	}
	t.more(len(ops)-homeMine, "status")
}

func (t *tab) running(ops []deploy.Operation) {
	t.head("home.running", len(ops), t.w.Say("home.running.none"))
	for _, o := range ops[:min(len(ops), homeRunning)] {
		text := t.w.Say("home.item", "title", t.w.Title(o), "headline", t.w.headline(o), "state", t.w.state(o))
		if out := t.out(o); out != "" {
			text = T(text, "\n", t.w.Say("home.out", "names", out))
		}
		t.item(text, t.w.acts(o, Mine(o, t.h.Person, t.h.Now)))
	}
	t.more(len(ops)-homeRunning, "status")
}

// out names the instances that an operation has out of service now, with their states.
func (t *tab) out(o deploy.Operation) string {
	var names []string
	more := 0
	for i, l := range o.Lanes {
		switch {
		case l.Chore() || !l.Out():
		case len(names) < many:
			names = append(names, t.w.called(o, i)+" ("+t.w.shown(l)+")")
		default:
			more++
		}
	}
	if more > 0 {
		names = append(names, t.w.Line("home.out.more", "n", more))
	}
	return strings.Join(names, ", ")
}

// queue shows what is approved, in the order in which it starts where it shares something, then what nobody has
// approved yet.
func (t *tab) queue(queued, open []deploy.Operation) {
	none := t.w.Say("home.queue.none.idle", "slash", t.h.Slash)
	if t.h.Form {
		none = t.w.Say("home.queue.none", "slash", t.h.Slash, "label", t.w.Line("home.deploy"))
	}
	t.head("home.queue", len(queued)+len(open), none)
	for n, o := range slices.Concat(queued, open) {
		if n == homeQueue {
			break
		}
		text := t.w.Say("home.open", "title", t.w.Title(o), "by", U(o.RequestedBy), "until", o.Expires)
		if n < len(queued) {
			text = t.w.Say("home.place", "nth", t.nth(o), "title", t.w.Title(o), "headline", t.w.headline(o), "by", U(o.RequestedBy), "why", t.waits(o))
		}
		t.item(text, t.w.acts(o, Mine(o, t.h.Person, t.h.Now)))
	}
	t.more(len(queued)+len(open)-homeQueue, "queue")
}

// nth is an operation's place among those that wait for the same; nothing if it waits for something else.
func (t *tab) nth(o deploy.Operation) Text {
	if q, ok := deploy.Place(t.h.Operations, o.ID); ok {
		return t.w.Say("home.nth", "n", q.N, "of", q.Of)
	}
	return nil
}

// waits is why an approved operation has not started.
func (t *tab) waits(o deploy.Operation) Text {
	q, asks := asked(o)
	switch {
	case asks:
		return T(capital(t.w.Line(q.id + ".head")))
	case o.Waiting.Code != "":
		return t.w.Because(o.Waiting, o.Plan.Preview.Name)
	case !startAt(o.Plan).IsZero():
		return t.w.Say("list.starts", "at", startAt(o.Plan))
	}
	return nil
}

func (t *tab) held() {
	t.head("home.held", len(t.h.Held), t.w.Say("home.held.none"))
	for _, h := range t.h.Held[:min(len(t.h.Held), homeHeld)] {
		t.lock(h)
	}
	t.more(len(t.h.Held)-homeHeld, "status")
}

// lock is one thing that is kept out of service or locked, with the way to end that.
func (t *tab) lock(h Held) {
	name := t.w.Service(h.Service, h.Environment)
	say := func(id string, pairs ...any) Text {
		return t.w.Say(id, append(pairs, "since", h.Since, "by", t.w.holder(h.Lock, U), "why", t.w.heldWhy(h.Lock))...)
	}
	x := Want{Kind: deploy.KindRestore, Service: h.Service, Environment: h.Environment, On: t.named(h)}
	switch {
	case h.Instance() == "" && h.Service == "":
		t.item(say("home.held.lock", "service", t.w.resource(h.Resource, nil)), nil)
	case h.Service == "": // its operation cannot be read
		t.item(say("home.held.bare", "name", h.Name), nil)
	case h.Instance() != "":
		t.item(say("home.held.instance", "name", h.Name, "service", name), []Block{{Buttons: []Button{t.w.asking("home.restore", x, "name", h.Name)}}})
	default:
		x = Want{Kind: deploy.KindUnlock, Service: h.Service, Environment: h.Environment}
		button := t.w.asking("home.unlock", x, "service", name)
		if h.By != "" && h.By != t.h.Person.ID {
			button = t.w.UnlockButton(x)
			button.Label, button.Style = t.w.Line("home.unlock.why"), Plain
		}
		t.item(say("home.held.lock", "service", name), []Block{{Buttons: []Button{button}}})
	}
}

// named is what a held instance is asked for by: its name, as in what people type, or its id if another one has that too.
func (t *tab) named(h Held) string {
	for _, other := range t.h.Held {
		if other.Name == h.Name && other.Instance() != h.Instance() {
			return h.Instance()
		}
	}
	return h.Name
}

// asking is a button that asks for an operation, after a question.
func (w Voice) asking(id string, x Want, pairs ...any) Button {
	return Button{Action: asks + string(x.Kind), Label: w.Line(id), Value: x.value(), Confirm: w.confirm(id, pairs...)}
}

func (t *tab) ended() {
	if !t.head("home.ended", len(t.h.Ended), t.w.Say("home.ended.none", "slash", t.h.Slash)) {
		return
	}
	var lines []Text
	for _, r := range t.h.Ended[:min(len(t.h.Ended), homeEnded)] {
		at := r.Finished
		if at.IsZero() {
			at = r.Requested
		}
		lines = append(lines, t.w.Say("home.line", "sign", mark(outcome(r.State)), "title", t.w.RowTitle(r),
			"state", t.w.word("state", string(r.State)), "at", at, "by", U(r.By)))
	}
	t.add(Block{Text: paragraphs(lines)})
}

// outcome is the state of an instance whose sign tells how an operation has ended.
func outcome(s deploy.State) string {
	switch s {
	case deploy.StateSucceeded:
		return "healthy"
	case deploy.StateFailed, deploy.StateAborted:
		return "failed"
	}
	return "skipped"
}
