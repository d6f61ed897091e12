package bot

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

// waiting is an operation that waits for an approval.
func waitingOp(id deploy.ID, by string) deploy.Operation {
	o := actsOp(id, "web", "production", deploy.StateRequested)
	o.RequestedBy, o.Hash, o.Expires, o.StartedAt = by, "hash-1", time.Now().Add(time.Hour), time.Time{}
	o.Plan.Rules = deploy.Rules{MayDeploy: []string{"S0DEVS"}, Approval: deploy.Approval{Allow: []string{"S0LEADS"}, Required: 1, Expires: time.Hour}}
	return o
}

// judging is a desk whose operations judge acts.
func (s *formStage) judged() {
	s.desk.judge = func(o deploy.Operation, a deploy.Act) error {
		a.By, _ = s.people.Person(s.t.Context(), a.By.ID, []string{"S0DEVS", "S0LEADS"})
		_, err := deploy.Decide(o, a, time.Now())
		return err
	}
}

// pressed is the click on a button of an operation's message.
func (s *formStage) pressed(who string, o deploy.Operation, label string) Envelope {
	s.t.Helper()
	b := button(s.t, s.b.Voice.Parent(o, time.Now(), card.Around{}).Blocks, label)
	return Envelope{Kind: InputClick, User: who, Channel: "C5", Message: "5.5", Response: "https://click/", Trigger: "t", Action: b.Action, Value: b.Value}
}

// Deny, and approving with a comment, ask why in a form. The click does nothing else; the act is judged when the form
// is sent, as the button showed it.
func TestAReasonIsAskedInAForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFormStage(t)
		s.judged()
		o := waitingOp("op-web", dev)
		s.desk.add(o)
		for _, c := range []struct {
			label, title, text string
			verb               deploy.ActVerb
		}{
			{"Deny", "Deny", "  not before\nthe fair ", deploy.ActDeny}, {"Deny", "Deny", "", deploy.ActDeny},
			{"Approve with a comment…", "Approve", "looks good", deploy.ActApprove},
		} {
			s.desk.acts = nil
			s.does(s.pressed(lead, o, c.label))
			v := s.form()
			if len(s.desk.acts) != 0 || v.Title != c.title || !strings.Contains(shown(v), "Deploy web v42 to production") || !input(t, v, card.FieldReason).Optional {
				t.Fatalf("%s: did %v, opened %+v", c.label, s.desk.acts, v)
			}
			reply := s.does(Envelope{ID: "sent-" + c.text, Kind: InputSubmit, User: lead, View: filled(v, map[string]string{card.FieldReason: c.text})})
			if reply.View != nil || len(reply.Errors) != 0 || len(s.desk.acts) != 1 {
				t.Fatalf("%s: answered %+v, did %v", c.label, reply, s.desk.acts)
			}
			a := s.desk.acts[0]
			if a.Verb != c.verb || a.Hash != "hash-1" || a.By.ID != lead || a.Reason != strings.Join(strings.Fields(c.text), " ") || a.ID != "sent-"+c.text {
				t.Errorf("%s: did %+v", c.label, a)
			}
			s.does(Envelope{ID: "sent-" + c.text, Kind: InputSubmit, User: lead, View: filled(v, map[string]string{card.FieldReason: c.text})})
			if len(s.desk.acts) != 1 {
				t.Errorf("%s: a second delivery acts again: %v", c.label, s.desk.acts)
			}
		}
		// What was asked for is denied by somebody else meanwhile: the form is judged when it is sent.
		s.does(s.pressed(lead, o, "Deny"))
		o.State, o.Cause = deploy.StateDenied, deploy.Because(deploy.Denied, "by", "U0OTHER")
		s.desk.ops[o.ID] = o
		s.does(Envelope{Kind: InputSubmit, User: lead, View: filled(s.form(), nil)})
		if !strings.Contains(s.chat.last(), "denied") || s.chat.to.Response != "https://click/" {
			t.Errorf("told %q at %+v", s.chat.last(), s.chat.to)
		}
	})
}

// Who may not deny is refused at the click, and once more if a form is forged.
func TestAFormGivesNobodyARight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFormStage(t)
		s.judged()
		o := waitingOp("op-web", dev)
		s.desk.add(o)
		for who, says := range map[string]string{otto: "approve.allow", guest: "Only full members"} {
			if s.does(s.pressed(who, o, "Deny")); len(s.panels.opened) != 0 || !strings.Contains(s.chat.last(), says) {
				t.Errorf("%s is told %q", who, s.chat.last())
			}
		}
		s.does(s.pressed(lead, o, "Deny"))
		v := s.form()
		s.does(Envelope{Kind: InputSubmit, User: otto, View: filled(v, nil)})
		if !strings.Contains(s.chat.last(), "approve.allow") || s.desk.done != 0 {
			t.Errorf("did %d, told %q", s.desk.done, s.chat.last())
		}
		forge := func(p any) *Filled {
			data, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			f := filled(v, nil)
			f.Private = string(data)
			return f
		}
		abort, deny := `{"op":"op-web","verb":"abort"}`, `{"op":"op-web","verb":"deny","hash":"hash-1"}`
		for name, f := range map[string]*Filled{
			"nothing":            {ID: "V1", Callback: card.FormReason, Values: map[string]string{card.FieldReason: ""}},
			"another act":        forge(private{What: "deny", Value: abort}),
			"an act of no form":  forge(private{What: "abort", Value: abort}),
			"more than it knows": forge(map[string]string{"what": "deny", "value": deny, "by": "U00BOB0"}),
			"a lock as deny":     forge(private{What: "unlock", Value: deny}),
			"a lock of nothing":  forge(private{What: "unlock", Value: `{"kind":"unlock","service":""}`}),
			"a deploy as unlock": forge(private{What: "unlock", Value: `{"kind":"deploy","service":"web"}`}),
		} {
			acts, asks := len(s.desk.acts), len(s.desk.asks)
			reply := s.does(Envelope{Kind: InputSubmit, User: lead, View: f})
			if len(s.desk.acts) != acts || len(s.desk.asks) != asks || !strings.Contains(reply.Errors[card.FieldReason], "nothing that this bot has written") {
				t.Errorf("%s: did %v, asked for %v, answered %v", name, s.desk.acts[acts:], s.desk.asks[asks:], reply)
			}
		}
		f := filled(v, nil)
		f.Callback = "another app's"
		s.does(Envelope{Kind: InputSubmit, User: lead, View: f})
		if !strings.Contains(s.chat.last(), "nothing that this bot has written") || s.desk.done != 0 {
			t.Errorf("did %d, told %q", s.desk.done, s.chat.last())
		}
		for _, e := range []Envelope{
			{Kind: InputClick, User: lead, Channel: "C5", Trigger: "t", Action: "form:deny", Value: `{"op":"op-web","verb":"approve"}`},
			{Kind: InputClick, User: lead, Channel: "C5", Trigger: "t", Action: "form:reboot", Value: deny},
			{Kind: InputClick, User: lead, Channel: "C5", Action: "ask:restore", Value: `{"kind":"deploy","service":"web"}`},
		} {
			n, asks := len(s.panels.opened), len(s.desk.asks)
			if s.does(e); len(s.panels.opened) != n || len(s.desk.asks) != asks || !strings.Contains(s.chat.last(), "That button says nothing") {
				t.Errorf("%+v is told %q", e, s.chat.last())
			}
		}
	})
}

// A trigger that is used up is told, and nothing is done; without forms the button acts at once.
func TestAFormThatCannotBeOpened(t *testing.T) {
	s := newFormStage(t)
	o := waitingOp("op-web", dev)
	s.desk.add(o)
	s.panels.dead = true
	s.does(s.pressed(lead, o, "Deny"))
	if len(s.desk.acts) != 0 || !strings.Contains(s.chat.last(), "Press again") {
		t.Errorf("did %v, told %q", s.desk.acts, s.chat.last())
	}
	s.b.Panels = nil
	s.does(s.pressed(lead, o, "Deny"))
	if len(s.desk.acts) != 1 || s.desk.acts[0].Verb != deploy.ActDeny {
		t.Errorf("without forms: did %v, told %q", s.desk.acts, s.chat.last())
	}
}

// To unlock what somebody else has locked, a form asks why; without a reason it stays.
func TestUnlockingAnothersLockAsksWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFormStage(t)
		s.desk.refuse = &deploy.Refusal{Cause: deploy.Because(deploy.LockOfAnother, "service", "web", "by", dev)}
		s.does(Envelope{Kind: InputCommand, User: lead, Channel: "C9", Text: "unlock web to production"})
		x := button(t, s.chat.message.Blocks, "Unlock all the same…")
		s.does(Envelope{Kind: InputClick, User: lead, Channel: "C9", Response: "https://r/", Trigger: "t", Action: x.Action, Value: x.Value})
		v := s.form()
		if input(t, v, card.FieldReason).Optional || !strings.Contains(shown(v), "web in production was locked by somebody else") {
			t.Errorf("opened %+v", v)
		}
		s.desk.refuse = nil
		if reply := s.does(Envelope{Kind: InputSubmit, User: lead, View: filled(v, map[string]string{card.FieldReason: " "})}); !strings.Contains(reply.Errors[card.FieldReason], "Write why") || len(s.desk.asks) != 0 {
			t.Errorf("answered %v, asked for %v", reply, s.desk.asks)
		}
		e := Envelope{ID: "sent", Kind: InputSubmit, User: lead, View: filled(v, map[string]string{card.FieldReason: "audit is over"})}
		s.does(e)
		want := deploy.Ask{Kind: deploy.KindUnlock, Service: "web", Environment: "production", Reason: "audit is over"}
		if s.does(e); !slices.Equal(s.desk.asks, []deploy.Ask{want}) {
			t.Errorf("asked for %+v", s.desk.asks)
		}
	})
}

// The shortcut of a message shows its operation, with the acts that are open to whoever looks, and each act draws it
// anew; a message of others is said to be one.
func TestTheShortcutShowsAMessagesOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFormStage(t)
		s.judged()
		o := waitingOp("op-web", dev)
		s.desk.add(o)
		if err := s.b.remember(t.Context(), o.ID, talk{Parent: Place{"C5", "5.5"}}); err != nil {
			t.Fatal(err)
		}
		look := func(who, channel, ts, thread string) card.View {
			s.panels.opened = nil
			s.does(Envelope{Kind: InputMessage, User: who, Channel: channel, Message: ts, Thread: thread, Action: "operation", Trigger: "t"})
			if len(s.panels.opened) == 0 {
				return card.View{}
			}
			return s.form()
		}
		v := look(lead, "C5", "5.5", "")
		if got := shown(v); !strings.Contains(got, "Deploy web v42 to production") || !strings.Contains(got, "Waiting for approval") || !strings.Contains(got, "[Approve]") || strings.Contains(got, "[Withdraw]") {
			t.Errorf("a lead sees:\n%s", got)
		}
		if got := shown(look(dev, "C5", "6.6", "5.5")); !strings.Contains(got, "[Withdraw]") || strings.Contains(got, "[Approve]") {
			t.Errorf("the requester sees, from the thread:\n%s", got)
		}
		if got := shown(look(otto, "C5", "5.5", "")); !strings.Contains(got, "nothing that you may do") {
			t.Errorf("somebody else sees:\n%s", got)
		}
		for _, place := range [][2]string{{"C5", "7.7"}, {"C6", "5.5"}, {"C5", ""}} {
			if look(lead, place[0], place[1], ""); len(s.panels.opened) != 0 || !strings.Contains(s.chat.last(), "not one of mine") {
				t.Errorf("%v: opened %v, told %q", place, s.panels.opened, s.chat.last())
			}
		}
		s.does(Envelope{Kind: InputMessage, User: lead, Channel: "C5", Message: "5.5", Action: "another", Trigger: "t"})
		if !strings.Contains(s.chat.last(), "nothing that this bot has written") {
			t.Errorf("another shortcut is told %q", s.chat.last())
		}
		if look(guest, "C5", "5.5", ""); len(s.panels.opened) != 0 || !strings.Contains(s.chat.last(), "Only full members") {
			t.Errorf("a guest is shown %v, told %q", s.panels.opened, s.chat.last())
		}
		// Deny asks why in the same form; Approve acts and draws it anew; a refusal is said in it.
		deny := button(t, v.Blocks, "Deny")
		s.does(Envelope{Kind: InputClick, User: lead, Trigger: "t", Action: deny.Action, Value: deny.Value, View: filled(v, nil)})
		if got := s.redrawn(); got.Callback != card.FormReason || got.Title != "Deny" {
			t.Errorf("Deny shows %+v", got)
		}
		approve := button(t, v.Blocks, "Approve")
		e := Envelope{Kind: InputClick, User: lead, Trigger: "t", Action: approve.Action, Value: approve.Value, View: filled(v, nil)}
		if s.does(e); s.desk.done != 1 || s.redrawn().Callback != card.FormOperation {
			t.Errorf("Approve did %v, drew %+v", s.desk.acts, s.redrawn())
		}
		e.User = otto
		said := len(s.chat.said)
		if s.does(e); s.desk.done != 1 || !strings.Contains(shown(s.redrawn()), "approve.allow") || len(s.chat.said) != said {
			t.Errorf("did %d, the form shows\n%s", s.desk.done, shown(s.redrawn()))
		}
		s.panels.closed = true
		if s.does(e); !strings.Contains(s.chat.last(), "approve.allow") || s.chat.to.Channel != "C5" {
			t.Errorf("with the form closed, told %q at %+v", s.chat.last(), s.chat.to)
		}
	})
}
