package system

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"junban/bot"
	"junban/bot/slacksim"
	"junban/deploy"
	"junban/store"
)

const (
	carol = "U000CAROL0" // may deploy and approve
	twin  = "U0000TWIN0" // in no group, with the names of the lead
	left  = "U0000LEFT0" // was a lead when it was asked for
	stray = "U000STRAY0" // another app's bot that deploy.allow does not name

	shared = "C000SHARED0" // shared with another organisation
	office = "C000OFFICE0" // of our own; slack.channels may not name it
)

// abuse is one row of a table: somebody does what they may not. It is refused, they are told, the audit names them and
// why, and no journal changes.
type abuse struct {
	name string
	who  string
	does deed
	code string // in the audit
	says string // that is told; "" = what is said of the code
}

// deed is what somebody does; it answers what they were told.
type deed func(a *abused, who string) string

// abused is a stage on which people do such things.
type abused struct {
	*stage
	seen map[string]slacksim.Message // messages by name, as somebody's screen still shows them
}

// said is what people are told of a refusal, by its code.
var said = map[string]string{
	"own_request":          "somebody else has to approve",
	"not_allowed":          "not among those who may",
	"not_a_member":         "Only full members",
	"not_yours":            "may withdraw it",
	"not_now":              "not possible now|Too late",
	"need_approver":        "Only those who may approve",
	"wrong_hash":           "other terms",
	"old_button":           "earlier attempt",
	"no_such_lane":         "no instance",
	"unknown_act":          "There is no act",
	"not_found":            "no such operation",
	"robot_only_asks":      "for people",
	"lock_of_another":      "needs a reason",
	"view.foreign":         "not one of mine",
	"why.nothing":          "nothing that this bot has written",
	"mistake.button":       "nothing that this bot has written",
	"mistake.shared":       "shared with another organisation",
	"mistake.not_here":     "Nothing is taken in this channel",
	"mistake.nothing_runs": "Nothing of that name runs",
	"mistake.thread_ended": "has ended",
	"mistake.no_service":   "no service",
	"mistake.quoted":       "without quotation marks",
	"mistake.character":    "cannot be typed",
	"mistake.long":         "at most 500",
	"mistake.ref.dash":     "dash",
	"mistake.ref.wide":     "Did you mean",
	"mistake.ref.pattern":  "of the pattern",
	"fault.target":         "Choose a service",
	"fault.target.unknown": "no such service",
	"fault.ref":            "a branch, a tag or a commit",
	"fault.ref.words":      "one word",
	"fault.fields":         "does not ask for",
	"fault.long":           "at most 500",
	"fault.typed":          "cannot be typed",
	"fault.reason":         "Write why",
	"fault.reason.lock":    "lock of somebody else",
}

func newAbused(t *testing.T, s setup) *abused {
	t.Helper()
	s.free = true
	a := &abused{stage: newStage(t, s), seen: map[string]slacksim.Message{}}
	a.slack.AddUser(slacksim.User{ID: carol, Name: "carol"})
	a.slack.AddUser(slacksim.User{ID: twin, Name: "bob", RealName: "bob"})
	a.slack.AddUser(slacksim.User{ID: left, Name: "leo"})
	a.slack.SetGroup("S0000DEVS", dev, carol)
	a.slack.SetGroup("S000LEADS", lead, carol, left, guest, extern, gone)
	a.slack.AddChannel(slacksim.Channel{ID: shared, Name: "with-a-partner", BotIsMember: true, IsExtShared: true})
	a.slack.AddChannel(slacksim.Channel{ID: office, Name: "office", BotIsMember: true})
	return a
}

// refuses goes through a table, and then looks at the journals once more, when the bot has gone.
func (a *abused) refuses(bot *process, table []abuse) {
	a.t.Helper()
	first := a.books()
	if len(first.journals) == 0 {
		a.t.Fatal("there is no journal that could be changed")
	}
	for _, c := range table {
		before := a.books()
		told := c.does(a, c.who)
		want := c.says
		if want == "" {
			want = said[c.code]
		}
		if ok, err := regexp.MatchString(want, told); err != nil || !ok || want == "" {
			a.t.Errorf("%s: told %q, not of %q (%v)", c.name, told, want, err)
		}
		var after books
		a.await("a line in the audit: "+c.name, func() bool {
			after = a.books()
			return len(after.audit) > len(before.audit)
		})
		switch r := after.audit[0]; { // the newest
		case len(after.audit) != len(before.audit)+1:
			a.t.Errorf("%s: %d lines in the audit", c.name, len(after.audit)-len(before.audit))
		case r.User != c.who || string(r.Code) != c.code || r.At.IsZero() || r.What == "" || r.Why == "":
			a.t.Errorf("%s: the audit has %+v, not %s by %s", c.name, r, c.code, c.who)
		}
		if !maps.Equal(before.journals, after.journals) {
			a.t.Fatalf("%s: a journal has changed:\n%v\n%v", c.name, before.journals, after.journals)
		}
	}
	lines := a.prints(0, "history", "--refused", "--json")
	bot.kill()
	if now := a.books(); !maps.Equal(first.journals, now.journals) {
		a.t.Errorf("a journal has changed after all:\n%v\n%v", first.journals, now.journals)
	}
	var audit []struct{ User, Code string }
	if err := json.Unmarshal([]byte(lines), &audit); err != nil || len(audit) < len(table) {
		a.t.Fatalf("history --refused has %d lines for %d refusals: %v", len(audit), len(table), err)
	}
	for i, c := range table {
		if got := audit[len(table)-1-i]; got.User != c.who || got.Code != c.code {
			a.t.Errorf("%s: history --refused says %+v", c.name, got)
		}
	}
}

// books are what the bot has written.
type books struct {
	journals map[deploy.ID]string
	audit    []bot.Refused // newest first
}

// books reads the bot's store while it runs. A bbolt file never changes what its newest meta page leads to, and that page
// is written last: so a copy is whole if the file read alike twice in a row.
func (a *abused) books() books {
	a.t.Helper()
	path := filepath.Join(a.dir, "copy.db")
	var data []byte
	a.await("a quiet moment of the store", func() bool {
		var err, also error
		var again []byte
		data, err = os.ReadFile(filepath.Join(a.dir, "junban.db"))
		again, also = os.ReadFile(filepath.Join(a.dir, "junban.db"))
		if err := errors.Join(err, also); err != nil {
			a.t.Fatal(err)
		}
		return bytes.Equal(data, again)
	})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		a.t.Fatal(err)
	}
	r, err := store.OpenReader(path)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	ctx := a.t.Context()
	rows, err := r.Recent(ctx, "", 100)
	open, also := r.Unfinished(ctx)
	if err := errors.Join(err, also); err != nil {
		a.t.Fatal(err)
	}
	out := books{journals: map[deploy.ID]string{}}
	for _, row := range append(rows, open...) {
		events, err := r.Load(ctx, row.Op)
		if err != nil {
			a.t.Fatal(err)
		}
		text, err := json.Marshal(events)
		if err != nil {
			a.t.Fatal(err)
		}
		out.journals[row.Op] = string(text)
	}
	if out.audit, err = bot.Audit(ctx, r, 1000); err != nil {
		a.t.Fatal(err)
	}
	return out
}

// stands waits until an operation's journal says something of it.
func (a *abused) stands(what string, is func(deploy.Operation) bool) {
	a.t.Helper()
	a.await(what, func() bool {
		for _, text := range a.books().journals {
			var events []deploy.Event
			if err := json.Unmarshal([]byte(text), &events); err != nil {
				a.t.Fatal(err)
			}
			if op, err := deploy.Replay(events); err == nil && is(op) {
				return true
			}
		}
		return false
	})
}

// sees keeps a message under a name, as it is once it has a button.
func (a *abused) sees(name, ts, action string) {
	a.t.Helper()
	a.await("a button "+action, func() bool {
		m, ok := a.slack.Message(channel, ts)
		a.seen[name] = m
		return ok && strings.Contains(string(m.Blocks)+string(m.Attachments), `"action_id":"`+action+`"`)
	})
}

// whispered does something and answers what the person alone is then told. Nobody else's attention can be called by it.
func (a *abused) whispered(who string, act func(ctx context.Context) error) string {
	a.t.Helper()
	a.connected() // a connection may be renewed just now, and Slack tells the person
	before := len(a.slack.Ephemerals(who))
	a.doing(act)
	a.await("an answer to "+who, func() bool { return len(a.slack.Ephemerals(who)) > before })
	m := a.slack.Ephemerals(who)[before]
	for _, text := range append(mrkdwn(a.t, m.Blocks), m.Text) {
		if calls.MatchString(text) {
			a.t.Errorf("the answer calls people: %s", text)
		}
	}
	return slacksim.Text(m)
}

// calls are the control sequences that call many people (docs.slack.dev/messaging/formatting-message-text).
var calls = regexp.MustCompile(`<!(channel|here|everyone|subteam)`)

// mrkdwn lists the texts of blocks in which Slack reads control sequences.
func mrkdwn(t testing.TB, blocks json.RawMessage) (out []string) {
	t.Helper()
	var tree any
	if len(blocks) > 0 {
		if err := json.Unmarshal(blocks, &tree); err != nil {
			t.Fatal(err)
		}
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if text, ok := v["text"].(string); ok && v["type"] == "mrkdwn" {
				out = append(out, text)
			}
			for _, child := range v {
				walk(child)
			}
		case []any:
			for _, child := range v {
				walk(child)
			}
		}
	}
	walk(tree)
	return out
}

// types types a command in a channel.
func types(where, text string) deed {
	return func(a *abused, who string) string {
		return a.whispered(who, func(ctx context.Context) error {
			_, err := a.slack.Command(ctx, who, where, "/deploy", text)
			return err
		})
	}
}

// mentions says something to the bot, in the thread of a message or, without one, in a channel.
func mentions(where, thread, text string) deed {
	return func(a *abused, who string) string {
		return a.whispered(who, func(ctx context.Context) error {
			_, err := a.slack.Mention(ctx, who, where, a.seen[thread].TS, text)
			return err
		})
	}
}

// presses presses a button that is shown now.
func presses(name, action string) deed {
	return func(a *abused, who string) string {
		return a.whispered(who, func(ctx context.Context) error {
			return a.slack.Click(ctx, who, channel, a.seen[name].TS, action)
		})
	}
}

// forges presses a button of a message as somebody saw it, after changing what it says: pairs of a key and a value; nil
// takes the key out.
func forges(name, action string, changes ...any) deed {
	return func(a *abused, who string) string {
		return sends(name, action, a.changed(name, action, changes...))(a, who)
	}
}

// sends presses a button that need not exist, with any value.
func sends(name, action, value string) deed {
	return func(a *abused, who string) string {
		return a.whispered(who, func(ctx context.Context) error {
			return a.slack.ClickForged(ctx, who, channel, a.seen[name].TS, action, value)
		})
	}
}

// changed is what a button says, changed.
func (a *abused) changed(name, action string, changes ...any) string {
	a.t.Helper()
	value := map[string]any{}
	if err := json.Unmarshal([]byte(buttonValue(a.t, a.seen[name], action)), &value); err != nil {
		a.t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		key, _ := changes[i].(string)
		if value[key] = changes[i+1]; changes[i+1] == nil {
			delete(value, key)
		}
	}
	out, err := json.Marshal(value)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(out)
}

// submits sends a form that need not be open.
func submits(f func(a *abused) slacksim.Forged) deed {
	return func(a *abused, who string) string {
		a.t.Helper()
		before := len(a.slack.Ephemerals(who))
		var sent slacksim.Sent
		a.doing(func(ctx context.Context) (err error) {
			sent, err = a.slack.SubmitForged(ctx, who, f(a))
			return err
		})
		if len(sent.Errors) > 0 {
			return strings.Join(slices.Sorted(maps.Values(sent.Errors)), "\n")
		}
		a.await("an answer to a form", func() bool { return len(a.slack.Ephemerals(who)) > before })
		return slacksim.Text(a.slack.Ephemerals(who)[before])
	}
}

// asking is the form that asks for a deploy, with what is filled in: pairs of a field and its value.
func asking(pairs ...string) func(*abused) slacksim.Forged {
	return func(*abused) slacksim.Forged {
		f := slacksim.Forged{Callback: "request", Private: "{}", Values: map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			f.Values[pairs[i]] = pairs[i+1]
		}
		return f
	}
}

// explaining is the form that asks why, for an act as a button of a message says it.
func explaining(what, name, action, reason string, changes ...any) func(*abused) slacksim.Forged {
	return func(a *abused) slacksim.Forged {
		private, err := json.Marshal(map[string]string{"from": "forged", "what": what, "value": a.changed(name, action, changes...)})
		if err != nil {
			a.t.Fatal(err)
		}
		return slacksim.Forged{Callback: "reason", Private: string(private), Values: map[string]string{"reason": reason}}
	}
}

// reason is that form with any private metadata.
func reason(private, text string) func(*abused) slacksim.Forged {
	return func(*abused) slacksim.Forged {
		return slacksim.Forged{Callback: "reason", Private: private, Values: map[string]string{"reason": text}}
	}
}

// inView presses a button of a form, or of the home tab if it has no callback, that need not be open.
func inView(callback, name, action, as string, changes ...any) deed {
	return func(a *abused, who string) string {
		return a.whispered(who, func(ctx context.Context) error {
			return a.slack.ClickInForged(ctx, who, slacksim.Forged{Callback: callback}, as, a.changed(name, action, changes...))
		})
	}
}

// inHome presses a button of the home tab that need not be there.
func inHome(action, value string) deed {
	return func(a *abused, who string) string {
		return a.whispered(who, func(ctx context.Context) error {
			return a.slack.ClickInForged(ctx, who, slacksim.Forged{}, action, value)
		})
	}
}

// shortcut uses a shortcut of a message.
func shortcut(name, callback string) deed {
	return func(a *abused, who string) string {
		m := a.seen[name]
		return a.whispered(who, func(ctx context.Context) error {
			return a.slack.UseShortcut(ctx, who, m.Channel, m.TS, callback)
		})
	}
}

// robotSaying posts a mention as another app's bot, in the thread of a message or, without one, in the channel, and
// answers what it is told in its thread.
func robotSaying(app, thread, text string) deed {
	return func(a *abused, _ string) string {
		ts := a.seen[thread].TS
		posted := a.robotSays(app, ts, text)
		if ts == "" {
			ts = posted
		}
		a.await("an answer to a bot", func() bool { return a.lastLine(ts) == "junban: - refused" })
		all := a.slack.Thread(channel, ts)
		return slacksim.Text(all[len(all)-1])
	}
}
