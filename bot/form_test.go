package bot

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot/card"
	"junban/deploy"
	"junban/deploy/engine"
)

// A command that names nothing opens the form, with what its person may deploy and nothing else.
func TestTheFormOffersWhatItsPersonMayDeploy(t *testing.T) {
	s := newFormStage(t)
	if got := labels(input(t, s.types(dev), card.FieldTarget)); !slices.Equal(got, []string{"web in production", "web in staging"}) {
		t.Errorf("a developer may choose of %v", got)
	}
	if got := labels(input(t, s.types(lead), card.FieldTarget)); !slices.Equal(got, []string{"api", "web in production", "web in staging"}) {
		t.Errorf("a lead may choose of %v", got)
	}
	if v := s.types(otto); len(fieldsOf(v)) != 0 || v.Submit != "" || !strings.Contains(shown(v), "no service here that you may deploy") {
		t.Errorf("who may deploy nothing sees:\n%s", shown(v))
	}
	for _, c := range []struct {
		who, says string
		fail      error
	}{{guest, "Only full members", nil}, {dev, "Slack is down", errDown}} {
		n := len(s.panels.opened)
		s.people.fail = c.fail
		s.does(Envelope{Kind: InputCommand, User: c.who, Channel: "C9", Trigger: "t"})
		if s.people.fail = nil; len(s.panels.opened) != n || !strings.Contains(s.chat.last(), c.says) {
			t.Errorf("%s: a form was opened, or told %q", c.who, s.chat.last())
		}
	}
	if len(s.desk.asks) != 0 {
		t.Errorf("asked for %v", s.desk.asks)
	}
	n := len(s.panels.opened)
	s.config.closed = &engine.Mistake{What: deploy.Because("mistake.observes"), Accept: "/deploy status"}
	s.does(Envelope{Kind: InputCommand, User: dev, Channel: "C9", Trigger: "t"})
	if s.config.closed = nil; len(s.panels.opened) != n || !strings.Contains(s.chat.last(), "only observes") {
		t.Errorf("a form was opened by a bot that only observes, or told %q", s.chat.last())
	}
	s.b.Channels = []string{"C1"}
	for _, e := range []Envelope{{Kind: InputCommand}, {Kind: InputMessage, Action: card.FormOperation}, {Kind: InputClick, Action: card.ActionRequest}} {
		e.User, e.Channel, e.Trigger = dev, "C9", "t"
		if s.does(e); len(s.panels.opened) != n || !strings.Contains(s.chat.last(), "C1") {
			t.Errorf("%s: a form was opened where nothing is taken, or told %q", e.Kind, s.chat.last())
		}
	}
}

// "deploy" alone is the same; a mention has no trigger, and is answered with help; a trigger that is used up is told.
func TestWhereNoFormCanBeOpenedHelpIsGiven(t *testing.T) {
	s := newFormStage(t)
	s.does(Envelope{Kind: InputCommand, User: dev, Channel: "C9", Text: "　ＤＥＰＬＯＹ ", Trigger: "t"})
	if s.form().Callback != card.FormRequest {
		t.Errorf("opened %+v", s.form())
	}
	s.does(Envelope{Kind: InputMention, User: dev, Channel: "C9", Text: "<@U0BOT> deploy"})
	if len(s.panels.opened) != 1 || !strings.Contains(s.chat.last(), "How to use /deploy") {
		t.Errorf("a mention is told %q", s.chat.last())
	}
	s.panels.dead = true
	s.does(Envelope{Kind: InputCommand, User: dev, Channel: "C9", Trigger: "t"})
	if !strings.Contains(s.chat.last(), "three seconds") || !strings.Contains(s.chat.last(), "/deploy SERVICE REF") {
		t.Errorf("with a dead trigger: %q", s.chat.last())
	}
}

// Once a service is chosen, the form offers the refs that were used there, newest first; and, to those who may approve,
// to go outside of windows.
func TestAChosenServiceHasItsRefs(t *testing.T) {
	s := newFormStage(t)
	for n, ref := range []string{"v9", "v8", "v9", "", "v7", "v6", "v5", "v4", "v3", "v2", "v1", "v0", "va", "vb"} {
		s.desk.rows = append(s.desk.rows, deploy.Row{Op: "x", Kind: deploy.KindDeploy, Service: "web", Environment: "production", Ref: ref})
		s.desk.rows = append(s.desk.rows, deploy.Row{Op: "y", Kind: deploy.KindDeploy, Service: "web", Environment: "staging", Ref: "staged"})
		if n == 0 {
			s.desk.rows = append(s.desk.rows, deploy.Row{Op: "z", Kind: deploy.KindDrain, Service: "web", Environment: "production", Ref: "drained"})
		}
	}
	opened := s.types(dev)
	if ids := fieldsOf(opened); slices.Contains(ids, card.FieldRecent) || slices.Contains(ids, card.FieldWindow) {
		t.Errorf("before anything is chosen the form has %v", ids)
	}
	choose := func(who, value string) card.View {
		f := filled(opened, map[string]string{card.FieldTarget: value, card.FieldWhen: "mon 10:00", card.FieldReason: "because"})
		s.does(Envelope{Kind: InputClick, User: who, Action: card.FieldTarget, Value: value, View: f})
		return s.redrawn()
	}
	v := choose(dev, "web/production")
	want := []string{"The one above", "v9", "v8", "v7", "v6", "v5", "v4", "v3", "v2", "v1", "v0"}
	if got := labels(input(t, v, card.FieldRecent)); !slices.Equal(got, want) {
		t.Errorf("offers %v", got)
	}
	if input(t, v, card.FieldTarget).Value != "web/production" || input(t, v, card.FieldWhen).Value != "mon 10:00" || input(t, v, card.FieldReason).Value != "because" {
		t.Errorf("what was filled in is lost: %+v", v)
	}
	if slices.Contains(fieldsOf(v), card.FieldWindow) {
		t.Error("a developer is offered an emergency")
	}
	if s.panels.hashes[0] != "h1" {
		t.Errorf("drawn over hash %q: what was changed since would be lost", s.panels.hashes[0])
	}
	if !slices.Contains(fieldsOf(choose(lead, "web/production")), card.FieldWindow) {
		t.Error("a lead is offered no emergency")
	}
	if v := choose(dev, "api/"); input(t, v, card.FieldTarget).Value != "" || slices.Contains(fieldsOf(v), card.FieldRecent) {
		t.Errorf("a service that is not theirs shows its refs: %v", fieldsOf(v))
	}
}

// What is wrong with a form is said beside its fields, in the acknowledgement; nothing is asked for.
func TestWhatIsWrongIsSaidBesideTheField(t *testing.T) {
	good := map[string]string{card.FieldTarget: "web/production", card.FieldRef: "v42"}
	for name, c := range map[string]struct {
		who    string
		values map[string]string
		field  string
		says   string
	}{
		"no service":           {dev, map[string]string{card.FieldTarget: ""}, card.FieldTarget, "Choose a service"},
		"no ref":               {dev, map[string]string{card.FieldRef: " "}, card.FieldRef, "Write a branch"},
		"a ref of no pattern":  {dev, map[string]string{card.FieldRef: "V42"}, card.FieldRef, "takes refs of the pattern"},
		"a full-width ref":     {dev, map[string]string{card.FieldRef: "ｖ４２"}, card.FieldRef, "Did you mean v42?"},
		"a quoted ref":         {dev, map[string]string{card.FieldRef: "“v42”"}, card.FieldRef, "without quotation marks"},
		"two words":            {dev, map[string]string{card.FieldRef: "v42 now"}, card.FieldRef, "one word"},
		"two refs":             {dev, map[string]string{card.FieldRecent: "v41"}, card.FieldRef, "two refs: v42 and v41"},
		"no time":              {dev, map[string]string{card.FieldWhen: "25:00"}, card.FieldWhen, "no time of the day"},
		"a long time":          {dev, map[string]string{card.FieldWhen: strings.Repeat("1", 61)}, card.FieldWhen, "at most 60"},
		"a long reason":        {dev, map[string]string{card.FieldReason: strings.Repeat("x", 501)}, card.FieldReason, "501 characters"},
		"an untyped reason":    {dev, map[string]string{card.FieldReason: "a\x07b"}, card.FieldReason, "cannot be typed"},
		"emergency, no reason": {lead, map[string]string{card.FieldWindow: card.WindowOutside}, card.FieldReason, "Write why"},
		"another's emergency":  {dev, map[string]string{card.FieldWindow: card.WindowOutside, card.FieldReason: "x"}, card.FieldTarget, "approve"},
		"another's service":    {dev, map[string]string{card.FieldTarget: "api/"}, card.FieldTarget, "deploy.allow"},
		"nobody's service":     {otto, nil, card.FieldTarget, "deploy.allow"},
		"a guest":              {guest, nil, card.FieldTarget, "Only full members"},
		"a forged service":     {lead, map[string]string{card.FieldTarget: "db/production"}, card.FieldTarget, "no such service"},
		"a forged window":      {lead, map[string]string{card.FieldWindow: "always"}, card.FieldTarget, "does not ask for"},
		"a foreign field":      {dev, map[string]string{"hash": "1"}, card.FieldTarget, "does not ask for: hash"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newFormStage(t)
			opened := s.types(lead) // the form says what it likes: what counts is who sends it
			f := filled(opened, good)
			maps.Copy(f.Values, c.values)
			reply := s.does(Envelope{ID: "sent", Kind: InputSubmit, User: c.who, View: f})
			if reply.View != nil || len(reply.Errors) != 1 || !strings.Contains(reply.Errors[c.field], c.says) {
				t.Errorf("%s: answered %v", name, reply)
			}
			if again := s.does(Envelope{ID: "sent", Kind: InputSubmit, User: c.who, View: f}); !maps.Equal(again.Errors, reply.Errors) {
				t.Errorf("%s: the second time answered %v", name, again)
			}
			if n := len(s.audited()); n != 1 {
				t.Errorf("%s: %d lines in the audit", name, n)
			}
			if len(s.desk.asks) != 0 || len(s.panels.redrawn) != 0 || len(s.chat.said) != 0 {
				t.Errorf("%s: asked for %v, drew %v, said %v", name, s.desk.asks, s.panels.redrawn, s.chat.said)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // a form without any of its fields
		s := newFormStage(t)
		reply := s.does(Envelope{Kind: InputSubmit, User: dev, View: &Filled{ID: "V1", Callback: card.FormRequest}})
		if len(reply.Errors) != 2 || len(s.desk.asks) != 0 {
			t.Errorf("an empty form is answered %v", reply)
		}
	})
}

// A form that can be understood is asked for behind its acknowledgement, once however often it comes.
func TestASentFormIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFormStage(t)
		began := time.Now()
		f := filled(s.types(lead), map[string]string{
			card.FieldTarget: "web/production", card.FieldRef: " v42 ", card.FieldWhen: "２３:００", card.FieldReason: "the\nfair", card.FieldWindow: card.WindowOutside,
		})
		e := Envelope{ID: "sent", Kind: InputSubmit, User: lead, View: f, At: began}
		reply := s.receives(e)
		if len(s.desk.asks) != 0 || reply.View == nil || !strings.Contains(shown(*reply.View), "One moment…") || reply.View.Submit != "" {
			t.Fatalf("before the work: asked for %v, answered %+v", s.desk.asks, reply)
		}
		s.works()
		if time.Since(began) < settled {
			t.Error("drawn before the acknowledgement can have drawn its part")
		}
		want := deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Environment: "production", Ref: "v42", Reason: "the fair", Emergency: true}
		if len(s.desk.asks) != 1 || s.desk.asks[0].At.Format("15:04 MST") != "23:00 CET" {
			t.Fatalf("asked for %+v", s.desk.asks)
		}
		if s.desk.asks[0].At = want.At; s.desk.asks[0] != want {
			t.Errorf("asked for %+v", s.desk.asks[0])
		}
		if got := shown(s.redrawn()); !strings.Contains(got, "was asked for. C1 shows the plan") {
			t.Errorf("the form says:\n%s", got)
		}
		again := s.does(e)
		if again.View == nil || len(s.desk.asks) != 1 || len(s.panels.redrawn) != 1 {
			t.Errorf("the second time: answered %+v, asked for %v", again, s.desk.asks)
		}
		// A crash between the request and its tick: another life comes to the same operation.
		s.restart()
		s.config.gone = "web"
		s.b.handle(t.Context(), e)
		if len(s.desk.asks) != 1 || len(s.desk.order) != 1 || !strings.Contains(shown(s.redrawn()), "was asked for") {
			t.Errorf("after a crash: asked for %v; shows\n%s", s.desk.asks, shown(s.redrawn()))
		}
		// One before the request: the noted id is used.
		s.config.gone = ""
		s.memory.m["asked/early"] = []byte("op-noted")
		e.ID = "early"
		s.b.handle(t.Context(), e)
		if got := s.desk.order[len(s.desk.order)-1]; got != "op-noted" {
			t.Errorf("asked for as %s", got)
		}
	})
}

// What refuses a request later is said in the form, which keeps what was filled in; beside it, if it is closed.
func TestALaterRefusalKeepsTheForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFormStage(t)
		s.desk.refuse = &engine.Mistake{What: deploy.Because("mistake.ref.none", "ref", "v42", "service", "web", "exit", 2), Accept: "/deploy web REF to production"}
		v := s.types(dev)
		f := filled(v, map[string]string{card.FieldTarget: "web/production", card.FieldRef: "v42", card.FieldReason: "fair"})
		s.does(Envelope{Kind: InputSubmit, User: dev, View: f})
		got := s.redrawn()
		if !strings.Contains(shown(got), "There is no ref v42 in web") || !strings.Contains(shown(got), "/deploy web REF to production") {
			t.Errorf("the form says:\n%s", shown(got))
		}
		for id, value := range map[string]string{card.FieldTarget: "web/production", card.FieldRef: "v42", card.FieldReason: "fair"} {
			if in := input(t, got, id); in.Value != value {
				t.Errorf("%s is lost: %+v", id, in)
			}
		}
		if got.Private != v.Private || got.Submit == "" {
			t.Error("the form cannot be sent again")
		}
		if got := s.audited(); len(got) != 1 || got[0].Code != "mistake.ref.none" || got[0].User != dev {
			t.Errorf("the audit says %+v", got)
		}
		s.panels.closed = true
		s.does(Envelope{Kind: InputSubmit, User: dev, View: f})
		if !strings.Contains(s.chat.last(), "There is no ref v42 in web") || s.chat.to.Response != "https://r/" || s.chat.to.Channel != "C9" {
			t.Errorf("with the form closed, told %q at %+v", s.chat.last(), s.chat.to)
		}
		s.desk.refuse = nil
		s.does(Envelope{Kind: InputSubmit, User: dev, View: f})
		if !strings.Contains(s.chat.last(), "was asked for") {
			t.Errorf("with the form closed, told %q", s.chat.last())
		}
		// Another person's form is no way to answer that person in this one's name.
		s.does(Envelope{Kind: InputSubmit, User: lead, View: f})
		if s.chat.to.Response != "" || s.chat.to.Channel != "C1" {
			t.Errorf("a foreign origin is used: %+v", s.chat.to)
		}
	})
}

// While Slack cannot say who somebody is, the form is taken, and the desk decides.
func TestAFormIsNotJudgedByNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFormStage(t)
		f := filled(s.types(dev), map[string]string{card.FieldTarget: "web/production", card.FieldRef: "v42"})
		s.people.fail = errDown
		if reply := s.receives(Envelope{ID: "sent", Kind: InputSubmit, User: dev, View: f}); len(reply.Errors) > 0 || reply.View == nil {
			t.Errorf("answered %+v", reply)
		}
		s.works()
		if got := shown(s.redrawn()); len(s.desk.asks) != 0 || !strings.Contains(got, "Slack is down") || strings.Contains(got, "web") {
			t.Errorf("asked for %v, the form says\n%s", s.desk.asks, got)
		}
	})
}
