package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"junban/bot"
	"junban/bot/card"
	"junban/deploy"
	"junban/deploy/engine"
)

// Order is what an operator orders on the control socket. Who orders it is none of its fields: the kernel says so.
type Order struct {
	Verb        string `json:"verb"` // deploy rollback drain restore lock unlock, pause resume abort, reload
	Service     string `json:"service,omitempty"`
	Ref         string `json:"ref,omitempty"`
	Environment string `json:"environment,omitempty"`
	On          string `json:"on,omitempty"` // instance id or Name tag
	At          string `json:"at,omitempty"` // a time to start at, as bot.When reads it
	Reason      string `json:"reason,omitempty"`
	Emergency   bool   `json:"emergency,omitempty"` // without an approval, and outside of windows: Reason says why
	Which       string `json:"which,omitempty"`     // pause, resume, abort: an operation's id, or a service; "" = the only one
	RollBack    bool   `json:"roll_back,omitempty"` // abort: and go back to the ref before
}

// Receipt is what has become of an order.
type Receipt struct {
	Operation *deploy.Row `json:"operation,omitempty"` // nil after reload
	Text      string      `json:"text"`                // the same in words, one line
}

// Refused is the bot's no to an order. Nothing was done.
type Refused struct {
	Why    string `json:"why"`              // a sentence; may hold lines
	Accept string `json:"accept,omitempty"` // what would be accepted, as lines to copy
	status int
}

func (r *Refused) Error() string {
	if r.Accept == "" {
		return r.Why
	}
	return r.Why + "\n  " + strings.ReplaceAll(r.Accept, "\n", "\n  ")
}

// Limits of an order: more is no order that a person gives.
const (
	longestOrder = 16 << 10 // bytes
	longestField = 500      // characters, as in a command that is typed in Slack
	orderWithin  = 5 * time.Second
)

// way is one row of the table of orders.
type way struct {
	needs, takes []string // fields, as in JSON, beside verb
	house        bool     // the bot's own user and root need no mapping: they can do it by a signal
	do           func(*App, context.Context, Order, string) (Receipt, error)
}

// ways is the table of what can be ordered. It has no approvals: those stay in Slack, where somebody else is asked.
var ways = map[string]way{
	"deploy":   {needs: []string{"service", "ref"}, takes: []string{"environment", "on", "at", "reason", "emergency"}, do: (*App).request},
	"rollback": {needs: []string{"service"}, takes: []string{"ref", "environment", "reason", "emergency"}, do: (*App).request},
	"drain":    {needs: []string{"service", "on"}, takes: []string{"environment", "reason", "emergency"}, do: (*App).request},
	"restore":  {needs: []string{"service", "on"}, takes: []string{"environment", "reason", "emergency"}, do: (*App).request},
	"lock":     {needs: []string{"service", "reason"}, takes: []string{"environment", "emergency"}, do: (*App).request},
	"unlock":   {needs: []string{"service"}, takes: []string{"environment", "reason", "emergency"}, do: (*App).request},
	"pause":    {takes: []string{"which", "reason"}, do: (*App).act},
	"resume":   {takes: []string{"which", "reason"}, do: (*App).act},
	"abort":    {takes: []string{"which", "reason", "roll_back"}, do: (*App).act},
	"reload":   {house: true, do: (*App).reload},
}

// looks are the operator's verbs that change nothing and are called as in Slack.
var looks = map[string]bool{"status": true, "history": true, "plan": true, "doctor": true}

// order answers POST /do: it finds out who orders, reads what, and does it.
func (a *App) order(w http.ResponseWriter, r *http.Request) {
	who := peerFrom(r.Context())
	id, unknown := who.operator(a.operators())
	if unknown != nil && !who.house() {
		a.deny(w, who, Order{}, unknown)
		return
	}
	o, err := readOrder(w, r)
	if err == nil && unknown != nil && !ways[o.Verb].house {
		err = unknown
	}
	if err != nil {
		a.deny(w, who, o, err)
		return
	}
	c := &caller{id: id}
	receipt, err := ways[o.Verb].do(a, withCaller(r.Context(), c), o, id)
	if err != nil {
		a.deny(w, who, o, c.explain(a.refusal(o, err), err))
		return
	}
	a.log.Info("ordered on the control socket", "unix user", who.name, "slack", id, "verb", o.Verb, "done", receipt.Text)
	reply(w, http.StatusOK, receipt)
}

func (a *App) deny(w http.ResponseWriter, who peer, o Order, err error) {
	a.log.Info("refused on the control socket", "unix user", who.name, "uid", who.uid, "verb", o.Verb, "service", o.Service, "which", o.Which, "why", err.Error())
	a.refuse(w, err)
}

// refuse writes an error as a *Refused with its status.
func (a *App) refuse(w http.ResponseWriter, err error) {
	no := a.refusal(Order{}, err)
	reply(w, no.status, no)
}

// readOrder reads an order strictly: one JSON object, no field that is unknown or means nothing for its verb.
func readOrder(w http.ResponseWriter, r *http.Request) (Order, error) {
	var o Order
	limit := http.NewResponseController(w)
	_ = limit.SetReadDeadline(time.Now().Add(orderWithin)) // where it cannot be set, the client's own patience counts
	defer func() { _ = limit.SetReadDeadline(time.Time{}) }()
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, longestOrder))
	dec.DisallowUnknownFields()
	err := dec.Decode(&o)
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return o, o.check()
		}
		err = errors.New("something stands behind it")
	}
	return Order{}, &Refused{Why: fmt.Sprintf("That is no order: one JSON object of at most %d bytes is, with the fields of its verb: %v.", longestOrder, err), status: http.StatusBadRequest}
}

// check refuses an order whose fields do not fit its verb.
func (o Order) check() error {
	bad := func(format string, args ...any) error {
		return &Refused{Why: fmt.Sprintf(format, args...), status: http.StatusBadRequest}
	}
	way, ok := ways[o.Verb]
	if !ok {
		return bad("There is no order %q.", o.Verb)
	}
	set := map[string]bool{"emergency": o.Emergency, "roll_back": o.RollBack}
	for field, value := range map[string]string{
		"service": o.Service, "ref": o.Ref, "environment": o.Environment, "on": o.On, "at": o.At, "reason": o.Reason, "which": o.Which,
	} {
		set[field] = value != ""
		if n := len([]rune(value)); n > longestField {
			return bad("%s has %d characters; at most %d are accepted.", field, n, longestField)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r == unicode.ReplacementChar || unicode.IsControl(r) }) {
			return bad("There is a character in %s that cannot be typed.", field)
		}
	}
	for field, is := range set {
		if is && !slices.Contains(way.needs, field) && !slices.Contains(way.takes, field) {
			return bad("%s takes no %s.", o.Verb, field)
		}
	}
	for _, field := range way.needs {
		switch {
		case set[field]:
		case field == "reason":
			return bad("%s needs a reason, since others will read it: add --reason REASON.", o.Verb)
		default:
			return bad("%s needs a %s.", o.Verb, field)
		}
	}
	switch {
	case o.Emergency && strings.TrimSpace(o.Reason) == "":
		return bad("An emergency needs a reason: it is journalled, and posted in Slack.")
	case o.Emergency && o.At != "":
		return bad("An emergency starts at once: it takes no time to start at.")
	}
	return nil
}

// refusal makes an answer of an error: what was wrong, and what would be accepted, as it is typed in a terminal.
func (a *App) refusal(o Order, err error) *Refused {
	if no, ok := errors.AsType[*Refused](err); ok {
		return no
	}
	if cause, ok := deploy.RefusalOf(err); ok {
		no := &Refused{Why: card.English().Because(cause, nil).Plain(), status: http.StatusConflict}
		if cause.Code == deploy.LockOfAnother {
			no.Accept = strings.TrimSpace("junban unlock "+o.Service+" "+environmentFlag(o.Environment)) + " --reason REASON"
		}
		return no
	}
	if m, ok := errors.AsType[*engine.Mistake](err); ok {
		return &Refused{Why: card.English().Mistake(m.What).Plain(), Accept: typed(a.shelf.config().Slack.Command, m.Accept), status: http.StatusUnprocessableEntity}
	}
	if errors.Is(err, engine.ErrNotFound) {
		return &Refused{Why: "There is no such operation. Running ones are listed by:", Accept: "junban status", status: http.StatusNotFound}
	}
	what := "That"
	if o.Verb != "" {
		what = o.Verb
	}
	return &Refused{Why: fmt.Sprintf("%s did not work, and nothing was changed: %v.", what, err), status: http.StatusInternalServerError}
}

func environmentFlag(environment string) string {
	if environment == "" {
		return ""
	}
	return "--to " + environment
}

// explain adds to a refusal of the person that Slack could not be asked about them.
func (c *caller) explain(no *Refused, err error) *Refused {
	cause, _ := deploy.RefusalOf(err)
	switch cause.Code {
	case deploy.NotAllowed, deploy.NeedApprover:
		if c.alone.Load() {
			no.Why += " Slack cannot be asked, so you count as " + c.id + " in no group: only a list that names this id lets you do it."
		}
	}
	return no
}

// typed turns lines as they are typed in Slack into lines for a terminal: words become flags.
func typed(slash, accept string) string {
	lines := strings.Split(accept, "\n")
	for n, line := range lines {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != slash {
			continue
		}
		verb, rest := "deploy", words[1:]
		if len(rest) > 0 && (ways[rest[0]].do != nil || looks[rest[0]]) {
			verb, rest = rest[0], rest[1:]
		}
		out := []string{"junban", verb}
		for _, w := range rest {
			switch w = strings.TrimLeft(w, "["); {
			case w == "to" || w == "at" || w == "on" && verb == "deploy":
				out = append(out, "--"+w)
			case w == "on": // drain and restore take the instance as a word of its own
			default:
				out = append(out, strings.TrimRight(w, "]"))
			}
		}
		lines[n] = strings.Join(out, " ")
	}
	return strings.Join(lines, "\n")
}

// receipt tells what an operation is and does now.
func receipt(op deploy.Operation) Receipt {
	row := op.Row()
	text := strings.TrimSuffix(card.English().Parent(op, time.Now(), card.Around{}).Text, ": "+string(op.State))
	if op.State == deploy.StateRequested {
		text += ", waits for an approval in Slack"
	}
	return Receipt{Operation: &row, Text: text}
}

// operators are who may give orders: operating-system users with their Slack ids.
func (a *App) operators() map[string]string { return a.shelf.config().Operators }

var _ bot.Rooms = (*shelf)(nil)
