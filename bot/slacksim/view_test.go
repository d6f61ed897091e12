package slacksim_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"junban/bot/slacksim"
)

func TestATriggerOpensOneViewWithinThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{NoRates: true})
		f := &former{}
		f.start(t, p)
		open := func(trigger string, view any) string {
			return errorOf(p.call(t, "views.open", map[string]string{"trigger_id": trigger, "view": text(view)}))
		}
		command := func() string {
			if _, err := p.Command(t.Context(), alice, deploys, "/deploy", ""); err != nil {
				t.Fatal(err)
			}
			return f.trigger
		}
		first := command()
		time.Sleep(3 * time.Second)
		for _, step := range []struct {
			trigger string
			view    any
			want    string
		}{
			{first, obj("type", "modal"), "invalid_arguments"}, // does not use it up
			{first, deployForm(), "ok"},
			{first, deployForm(), "exchanged_trigger_id"},
			{"x", deployForm(), "invalid_arguments"},
			{"1.2.abc", deployForm(), "invalid_trigger_id"},
		} {
			if got := open(step.trigger, step.view); got != step.want {
				t.Errorf("%s: %s, want %s", step.trigger, got, step.want)
			}
		}
		second := command()
		time.Sleep(3*time.Second + time.Millisecond)
		if got := open(second, deployForm()); got != "expired_trigger_id" {
			t.Errorf("late: %s", got)
		}
		p.AddApp(slacksim.App{AppID: "A0OTHER", BotToken: "xoxb-other", BotUser: "U0OTHER", Name: "other"})
		body := p.callAs(t, "xoxb-other", "views.open", map[string]string{"trigger_id": command(), "view": text(deployForm())})
		if errorOf(body) != "invalid_trigger_id" {
			t.Errorf("of another app: %v", body)
		}
	})
}

func TestTriggersCanLiveForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{TriggerLife: -1})
		f := &former{}
		f.start(t, p)
		if _, err := p.Command(t.Context(), alice, deploys, "/deploy", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if body := p.call(t, "views.open", map[string]string{"trigger_id": f.trigger, "view": text(deployForm())}); errorOf(body) != "ok" {
			t.Errorf("%v", body)
		}
	})
}

func TestAFormIsFilledAndSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		f := &former{}
		f.start(t, p)
		view := f.open(t, p)
		ctx := t.Context()
		if _, err := p.Submit(ctx, alice, ""); !errors.Is(err, slacksim.ErrIncomplete) || !strings.Contains(err.Error(), "ref: Please complete") || strings.Contains(err.Error(), "why") {
			t.Errorf("empty: %v", err)
		}
		if s, _ := p.Modal(alice); s.Errors["service"] == "" || s.Errors["why"] != "" {
			t.Errorf("the person sees %+v", s.Errors)
		}
		f.fill(t, p, "service", "web", "ref", "v", "why", "a <b>\nc")
		synctest.Wait()
		act := f.last()
		if act.Type != slack.InteractionTypeBlockActions || act.Container.Type != "view" || act.Container.ViewID != view["id"] ||
			act.ActionCallback.BlockActions[0].SelectedOption.Value != "web" || act.View.State.Values["service"]["v"].SelectedOption.Value != "web" || act.TriggerID == "" {
			t.Errorf("the select told %+v", act)
		}
		for field, value := range map[string]string{"ref": "12345678901", "service": "db", "none": "x"} {
			if err := p.Fill(ctx, alice, "", field, value); err == nil {
				t.Errorf("%s took %q", field, value)
			}
		}
		if err := p.Fill(ctx, alice, "", "ref", "a\nb"); err == nil {
			t.Error("a line took two")
		}
		if _, err := p.Submit(ctx, alice, ""); !errors.Is(err, slacksim.ErrIncomplete) || !strings.Contains(err.Error(), "at least 2") {
			t.Errorf("too short: %v", err)
		}
		f.fill(t, p, "ref", "v42")
		sent, err := p.Submit(ctx, alice, view["id"].(string))
		if err != nil || !sent.Closed || sent.Failure != "" {
			t.Fatalf("sent = %+v, %v", sent, err)
		}
		got := f.last()
		if got.Type != slack.InteractionTypeViewSubmission || got.User.ID != alice || got.View.CallbackID != "deploy" || got.View.PrivateMetadata != "op1" ||
			got.View.Hash != view["hash"] || got.View.State.Values["ref"]["v"].Value != "v42" || got.View.State.Values["why"]["v"].Value != "a <b>\nc" {
			t.Errorf("submission = %+v", got)
		}
		for _, e := range f.received() {
			if says := strings.Contains(string(e.Payload), `"view_submission"`); e.Type == "interactive" && e.AcceptsResponsePayload != says {
				t.Errorf("accepts a payload: %v, %s", e.AcceptsResponsePayload, e.Payload)
			}
		}
		if _, open := p.Modal(alice); open {
			t.Error("the form is still open")
		}
		if _, err := p.Submit(ctx, alice, ""); !errors.Is(err, slacksim.ErrNotShown) {
			t.Errorf("twice: %v", err)
		}
		body := p.call(t, "views.update", map[string]string{"view_id": view["id"].(string), "view": text(deployForm())})
		if errorOf(body) != "not_found" {
			t.Errorf("an update of a closed form: %v", body)
		}
	})
}

func TestWhatTheAcknowledgementMakesOfAForm(t *testing.T) {
	next := modal(obj("type", "divider"))
	next["title"] = obj("type", "plain_text", "text", "Next")
	for _, c := range []struct {
		name   string
		answer any
		want   slacksim.Sent
		titles string // of the views that are open afterwards
	}{
		{"nothing", nil, slacksim.Sent{Closed: true}, ""},
		{"empty", obj(), slacksim.Sent{Closed: true}, ""},
		{"clear", obj("response_action", "clear"), slacksim.Sent{Closed: true}, ""},
		{"errors", obj("response_action", "errors", "errors", obj("ref", "no such ref")), slacksim.Sent{Errors: map[string]string{"ref": "no such ref"}}, "ああああああ"},
		{"errors at unknown blocks", obj("response_action", "errors", "errors", obj("reff", "x")), slacksim.Sent{Failure: "invalid_response"}, "ああああああ"},
		{"no errors", obj("response_action", "errors"), slacksim.Sent{Failure: "invalid_response"}, "ああああああ"},
		{"update", obj("response_action", "update", "view", next), slacksim.Sent{}, "Next"},
		{"push", obj("response_action", "push", "view", next), slacksim.Sent{}, "ああああああ Next"},
		{"invalid view", obj("response_action", "update", "view", obj("type", "modal")), slacksim.Sent{Failure: "invalid_response"}, "ああああああ"},
		{"unknown", obj("response_action", "close"), slacksim.Sent{Failure: "invalid_response"}, "ああああああ"},
		{"too large", obj("response_action", "errors", "errors", obj("ref", strings.Repeat("x", 20<<10))), slacksim.Sent{Failure: "operation_timeout"}, "ああああああ"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := overPipes(t, slacksim.Options{})
				f := &former{answer: c.answer}
				f.start(t, p)
				f.open(t, p)
				f.fill(t, p, "service", "web", "ref", "v42")
				sent, err := p.Submit(t.Context(), alice, "")
				if err != nil || sent.Failure != c.want.Failure || sent.Closed != c.want.Closed || fmt.Sprint(sent.Errors) != fmt.Sprint(orEmpty(c.want.Errors)) {
					t.Errorf("sent = %+v, %v; want %+v", sent, err, c.want)
				}
				var titles []string
				for _, s := range p.Modals(alice) {
					titles = append(titles, s.Title)
					if (s.Trouble != "") != (c.want.Failure != "") {
						t.Errorf("trouble = %q", s.Trouble)
					}
				}
				if got := strings.Join(titles, " "); got != c.titles {
					t.Errorf("open are %q, want %q", got, c.titles)
				}
			})
		})
	}
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// An app that answers too late leaves the form with a complaint; what was filled in stays.
func TestALateAcknowledgementLeavesTheForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		f := &former{}
		f.start(t, p)
		slow := f.onSubmit
		f.open(t, p)
		f.fill(t, p, "service", "web", "ref", "v42")
		f.onSubmit = func(c slack.InteractionCallback) any { time.Sleep(3*time.Second + time.Millisecond); return slow(c) }
		sent, err := p.Submit(t.Context(), alice, "")
		if err != nil || sent.Failure != "operation_timeout" || sent.Closed {
			t.Fatalf("sent = %+v, %v", sent, err)
		}
		time.Sleep(time.Second)
		s, open := p.Modal(alice)
		if !open || s.Trouble == "" || s.Values["ref"]["v"]["value"] != "v42" {
			t.Errorf("the person sees %+v", s)
		}
		if got := s.Text(); !strings.Contains(got, "あああああ: <The web>") || !strings.Contains(got, "trouble connecting") {
			t.Errorf("the person reads %q", got)
		}
	})
}

func TestUpdatePushAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{NoRates: true})
		f := &former{form: deployForm()}
		f.form["external_id"], f.form["notify_on_close"] = "ext", true
		f.form["blocks"] = append(f.form["blocks"].([]any), actions(button("action_id", "more")))
		f.start(t, p)
		view := f.open(t, p)
		f.fill(t, p, "ref", "v42", "service", "api")
		update := func(args ...string) string {
			form := deployForm()
			form["external_id"], form["notify_on_close"] = "ext", true
			form["blocks"].([]any)[0] = input("service", obj("type", "static_select", "options", []any{option("web")}))
			form["blocks"] = append(form["blocks"].([]any), actions(button("action_id", "more")))
			m := map[string]string{"view": text(form)}
			for i := 0; i < len(args); i += 2 {
				m[args[i]] = args[i+1]
			}
			return errorOf(p.call(t, "views.update", m))
		}
		id, hash := view["id"].(string), view["hash"].(string)
		for _, c := range []struct {
			args []string
			want string
		}{
			{[]string{"view_id", id, "hash", "1.x"}, "hash_conflict"},
			{[]string{"view_id", id, "hash", hash}, "ok"},
			{[]string{"view_id", id, "hash", hash}, "hash_conflict"},
			{[]string{"external_id", "ext"}, "ok"},
			{[]string{"external_id", "none"}, "not_found"},
			{nil, "invalid_arguments"},
		} {
			if got := update(c.args...); got != c.want {
				t.Errorf("%v: %s, want %s", c.args, got, c.want)
			}
		}
		s, _ := p.Modal(alice)
		if s.Values["ref"]["v"]["value"] != "v42" || s.Values["service"]["v"]["selected_option"] != nil {
			t.Errorf("after the update: %v", s.Values)
		}
		push := func() string {
			if err := p.ClickIn(t.Context(), alice, "", "more"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			form := modal(actions(button("action_id", "more")))
			form["notify_on_close"] = true
			return errorOf(p.call(t, "views.push", map[string]string{"trigger_id": f.last().TriggerID, "view": text(form)}))
		}
		for i, want := range []string{"ok", "ok", "push_limit_reached"} {
			if got := push(); got != want {
				t.Errorf("push %d: %s, want %s", i, got, want)
			}
		}
		if stack := p.Modals(alice); len(stack) != 3 || stack[0].ID != id {
			t.Fatalf("%d views", len(stack))
		}
		if err := p.ClickIn(t.Context(), alice, id, "more"); !errors.Is(err, slacksim.ErrNotShown) {
			t.Errorf("a view below: %v", err)
		}
		if err := p.Dismiss(t.Context(), alice, ""); err != nil || len(p.Modals(alice)) != 2 {
			t.Fatalf("closing one: %v, %d left", err, len(p.Modals(alice)))
		}
		synctest.Wait()
		if c := f.last(); c.Type != slack.InteractionTypeViewClosed || c.IsCleared {
			t.Errorf("closed = %+v", c)
		}
		synctest.Wait()
		before := f.count()
		if err := p.DismissAll(t.Context(), alice, ""); err != nil || len(p.Modals(alice)) != 0 {
			t.Fatalf("closing all: %v", err)
		}
		synctest.Wait()
		if c := f.last(); f.count() != before+2 || !c.IsCleared {
			t.Errorf("cleared = %+v", c)
		}
		if _, err := p.Command(t.Context(), alice, deploys, "/deploy", ""); err != nil {
			t.Fatal(err)
		}
		if body := p.call(t, "views.push", map[string]string{"trigger_id": f.trigger, "view": text(deployForm())}); errorOf(body) != "not_found" {
			t.Errorf("a push on nothing: %v", body)
		}
	})
}
