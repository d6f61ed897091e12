package card

import (
	"encoding/json"
	"slices"
	"strings"

	"junban/bot/lang"
	"junban/deploy"
)

// What forms are called when they come back.
const (
	FormRequest   = "request"   // asks for a deploy
	FormReason    = "reason"    // asks why an act is done
	FormOperation = "operation" // shows one operation, with what may be done
)

// The fields of forms.
const (
	FieldTarget = "target" // the service, in its environment
	FieldRef    = "ref"
	FieldRecent = "recent" // a ref that was used before; RecentTyped = the one in FieldRef
	FieldWhen   = "when"
	FieldReason = "reason"
	FieldWindow = "window" // WindowInside or WindowOutside
)

// Values of choices.
const (
	RecentTyped   = "-"
	WindowInside  = "inside"
	WindowOutside = "outside"
)

// LongestReason is how many characters a reason may have that is written in a form.
const LongestReason = 500

// longestWhen is how many characters a time may have.
const longestWhen = 60

const (
	opens = "form:" // before an action that opens a form
	asks  = "ask:"  // before an action that asks for an operation
)

// ActionRequest is the action of a button that opens the form that asks for a deploy.
const ActionRequest = opens + "request"

// Opens reports whether a button's action opens a form, and does nothing else, and for what: request, or an act.
func Opens(action string) (what string, ok bool) { return strings.CutPrefix(action, opens) }

// Asks reports whether a button's action asks for an operation; its value is a Want.
func Asks(action string) bool { return strings.HasPrefix(action, asks) }

// Want is what such a button asks for.
type Want struct {
	Kind        deploy.Kind `json:"kind"`
	Service     string      `json:"service"`
	Environment string      `json:"environment,omitempty"`
	On          string      `json:"on,omitempty"`
}

func (x Want) value() string {
	value, _ := json.Marshal(x) // strings: cannot fail
	return string(value)
}

// Target is one service in one environment, to choose from.
type Target struct{ Value, Service, Environment string }

// RequestForm is what the form that asks for a deploy holds.
type RequestForm struct {
	Targets []Target // those that this person may deploy, those of one service behind each other
	Chosen  string   // the value of one of them; "" = none yet
	Refs    []string // used there before, newest first
	Outside bool     // this person may ask for an emergency there
	Free    bool     // nobody is asked for approval there
	Values  map[string]string
	Refusal Text // why the last try came to nothing
	Private string
	Slash   string
	Zone    string
}

// atMost is how many options a choice, and how many groups it may have.
const atMost = 100

// RequestForm is the form that asks for a deploy.
func (w Voice) RequestForm(f RequestForm) View {
	v := View{
		Callback: FormRequest, Private: f.Private, Title: w.Line("form.request.title"), Close: w.Line("form.request.close"),
	}
	if len(f.Refusal) > 0 {
		v.Blocks = append(v.Blocks, Block{Text: w.Say("form.refused", "why", f.Refusal)}, Block{Divider: true})
	}
	options, left := w.targets(f.Targets)
	if len(options) == 0 {
		v.Blocks = append(v.Blocks, Block{Text: w.Say("form.request.none")})
		v.Close = w.Line("form.close")
		return v
	}
	v.Submit = w.Line("form.request.submit")
	target := Input{ID: FieldTarget, Label: w.Line("form.target"), Empty: w.Line("form.target.empty"), Kind: Choice, Options: options, Value: f.Chosen, Tells: true}
	v.Blocks = append(v.Blocks, Block{Input: &target})
	if left > 0 {
		v.Blocks = append(v.Blocks, Block{Context: w.Say("form.request.more", "n", lang.Count(left), "slash", f.Slash)})
	}
	for _, in := range w.requestFields(f) {
		v.Blocks = append(v.Blocks, Block{Input: &in})
	}
	after := "form.request.after"
	if f.Free {
		after = "form.request.after.none"
	}
	v.Blocks = append(v.Blocks, Block{Context: T(w.Say(after), w.gap(), w.Say("form.request.help", "slash", f.Slash))})
	return v
}

// requestFields are the fields behind the service.
func (w Voice) requestFields(f RequestForm) []Input {
	var out []Input
	field := func(in Input) { out = append(out, in) }
	recent := w.recent(f.Refs)
	field(Input{ID: FieldRef, Label: w.Line("form.ref"), Empty: w.Line("form.ref.empty"), Kind: Line, Value: f.Values[FieldRef], Longest: 200, Optional: len(recent) > 0})
	if len(recent) > 0 {
		field(Input{ID: FieldRecent, Label: w.Line("form.recent"), Kind: Choice, Options: recent, Value: oneOf(recent, f.Values[FieldRecent]), Optional: true})
	}
	field(Input{
		ID: FieldWhen, Label: w.Line("form.when"), Empty: w.Line("form.when.empty"), Hint: w.Line("form.when.hint", "zone", f.Zone, "times", w.Line("help.times")),
		Kind: Line, Value: f.Values[FieldWhen], Longest: longestWhen, Optional: true,
	})
	if f.Outside {
		windows := []Option{{Label: w.Line("form.window.inside"), Value: WindowInside}, {Label: w.Line("form.window.outside"), Value: WindowOutside}}
		field(Input{ID: FieldWindow, Label: w.Line("form.window"), Kind: Choice, Options: windows, Value: oneOf(windows, f.Values[FieldWindow])})
	}
	field(Input{
		ID: FieldReason, Label: w.Line("form.reason"), Hint: w.Line("form.reason.hint"), Kind: Lines, Value: f.Values[FieldReason],
		Longest: LongestReason, Optional: true,
	})
	return out
}

// targets are the services as options, in groups if any has environments, and how many do not fit.
func (w Voice) targets(all []Target) (out []Option, left int) {
	grouped := len(all) > atMost || slices.ContainsFunc(all, func(t Target) bool { return t.Environment != "" })
	groups, in := 0, 0
	for i, t := range all {
		o := Option{Label: w.Service(t.Service, t.Environment), Value: t.Value}
		if in++; grouped {
			if o.Group = t.Service; i == 0 || all[i-1].Service != t.Service {
				groups, in = groups+1, 1
			}
		}
		if in > atMost || groups > atMost {
			left++
			continue
		}
		out = append(out, o)
	}
	return out, left
}

// recent are refs as options, behind the choice of none of them. What is too long to be an option is left out.
func (w Voice) recent(refs []string) []Option {
	out := []Option{{Label: w.Line("form.recent.typed"), Value: RecentTyped}}
	for _, ref := range refs {
		if len([]rune(ref)) <= 75 && ref != RecentTyped {
			out = append(out, Option{Label: ref, Value: ref})
		}
	}
	if len(out) == 1 {
		return nil
	}
	return out
}

// oneOf is a value if it is one of the options', else the first's.
func oneOf(options []Option, value string) string {
	if slices.ContainsFunc(options, func(o Option) bool { return o.Value == value }) {
		return value
	}
	return options[0].Value
}

// Moment is a form while what it asked for is looked into.
func (w Voice) Moment() View {
	return View{
		Callback: FormRequest, Title: w.Line("form.request.title"), Close: w.Line("form.close"),
		Blocks: []Block{{Header: w.Line("form.moment")}, {Text: w.Say("form.moment.text")}},
	}
}

// Asked says what was asked for, and in which channel it is told.
func (w Voice) Asked(o deploy.Operation, channel string) Text {
	if channel == "" {
		return w.Say("form.asked.plain", "title", w.Title(o))
	}
	return w.Say("form.asked", "title", w.Title(o), "room", Span{Kind: Room, Value: channel})
}

// AskedForm is a form that has come to an operation; more is a word of warning.
func (w Voice) AskedForm(text, more Text) View {
	v := View{Callback: FormRequest, Title: w.Line("form.request.title"), Close: w.Line("form.close"), Blocks: []Block{{Text: text}}}
	if len(more) > 0 {
		v.Blocks = append(v.Blocks, Block{Text: more})
	}
	return v
}

// ReasonForm asks why an act is done: what is its title (an act, or unlock), about what it says; needed says that it
// cannot be left out.
func (w Voice) ReasonForm(what string, about Text, needed bool, private string) View {
	return View{
		Callback: FormReason, Private: private, Title: w.Line("why." + what), Submit: w.Line("why." + what), Close: w.Line("form.request.close"),
		Blocks: []Block{
			{Text: about},
			{Input: &Input{
				ID: FieldReason, Label: w.Line("why." + what + ".label"), Empty: w.whyEmpty(what), Kind: Lines, Longest: LongestReason, Optional: !needed,
			}},
		},
	}
}

func (w Voice) whyEmpty(what string) string {
	if id := "why." + what + ".empty"; w.lang.Has(id) {
		return w.Line(id)
	}
	return ""
}

// UnlockForm is ReasonForm for the lock of somebody else.
func (w Voice) UnlockForm(x Want, private string) View {
	return w.ReasonForm("unlock", w.Say("why.unlock.text", "service", w.Service(x.Service, x.Environment)), true, private)
}

// UnlockButton opens that form.
func (w Voice) UnlockButton(x Want) Button {
	return Button{Action: opens + string(deploy.KindUnlock), Label: w.Line("why.unlock.button"), Value: x.value(), Style: Danger}
}

// About is an operation in a line, for a form about it.
func (w Voice) About(o deploy.Operation) Text {
	return w.Say("home.item.brief", "title", w.Title(o), "headline", w.headline(o))
}

// OperationView shows one operation with the acts that are open to one person; refusal is why the last one came to
// nothing.
func (w Voice) OperationView(o deploy.Operation, mine []deploy.Offer, refusal Text) View {
	v := View{Callback: FormOperation, Title: w.Line("view.title"), Close: w.Line("view.close")}
	if len(refusal) > 0 {
		v.Blocks = append(v.Blocks, Block{Text: refusal}, Block{Divider: true})
	}
	v.Blocks = append(v.Blocks, Block{Text: T(B(w.Title(o)), "\n", w.state(o))})
	lines := w.preview(o.Plan)
	if !o.StartedAt.IsZero() {
		lines = w.instances(o)
	}
	if len(lines) > 0 {
		v.Blocks = append(v.Blocks, Block{Text: lines})
	}
	acts := w.acts(o, mine)
	if len(acts) == 0 && !o.State.Finished() {
		v.Blocks = append(v.Blocks, Block{Text: w.Say("view.acts.none")})
	}
	v.Blocks = append(v.Blocks, acts...)
	v.Blocks = append(v.Blocks, Block{Context: w.Say("small.operation", "op", string(o.ID))})
	return v
}

// inRow is how many buttons stand in one row.
const inRow = 5

// acts are buttons for some of an operation's offers, in rows: one for each instance, one for the whole.
func (w Voice) acts(o deploy.Operation, offers []deploy.Offer) []Block {
	var out []Block
	last := ""
	for _, f := range offers {
		for _, b := range w.offer(o, f) {
			n := len(out) - 1
			if n < 0 || f.Lane != last || len(out[n].Buttons) == inRow {
				out = append(out, Block{})
				n++
			}
			out[n].Buttons, last = append(out[n].Buttons, b), f.Lane
		}
	}
	return out
}
