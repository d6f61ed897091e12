package slacksim_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func input(id string, element map[string]any, pairs ...any) map[string]any {
	element["action_id"] = "v"
	b := obj("type", "input", "block_id", id, "label", plain(5), "element", element)
	for i := 0; i < len(pairs); i += 2 {
		b[pairs[i].(string)] = pairs[i+1]
	}
	return b
}

func modal(blocks ...any) map[string]any {
	return obj("type", "modal", "callback_id", "deploy", "private_metadata", "op1", "title", plain(6), "submit", plain(4), "close", plain(5), "blocks", append([]any{}, blocks...))
}

func option(value string) map[string]any {
	return obj("text", obj("type", "plain_text", "text", "The "+value), "value", value)
}

// deployForm asks for a service, a ref and what else.
func deployForm() map[string]any {
	return modal(
		input("service", obj("type", "static_select", "options", []any{option("web"), option("api")}), "dispatch_action", true),
		input("ref", obj("type", "plain_text_input", "min_length", 2, "max_length", 10)),
		input("why", obj("type", "plain_text_input", "multiline", true), "optional", true),
	)
}

func text(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func errorOf(body map[string]any) string {
	if body["ok"] == true {
		return "ok"
	}
	code, _ := body["error"].(string)
	return code
}

// former is a bot that opens the form on every command and notes what comes back.
type former struct {
	app
	trigger string
	form    map[string]any
	got     []slack.InteractionCallback
	answer  any // to submissions
	news    chan struct{}
}

func (f *former) start(t *testing.T, p *place) {
	t.Helper()
	if f.form == nil {
		f.form = deployForm()
	}
	f.news = make(chan struct{}, 1)
	f.onCommand = func(c slack.SlashCommand) any { f.note(c.TriggerID, nil); return nil }
	f.notes = func(c slack.InteractionCallback) { f.note(c.TriggerID, &c) }
	f.onSubmit = func(c slack.InteractionCallback) any { f.note(c.TriggerID, &c); return f.answer }
	f.run(t, p)
}

func (f *former) note(trigger string, c *slack.InteractionCallback) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trigger = trigger
	if c != nil {
		f.got = append(f.got, *c)
	}
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// until waits for what comes back, in real time: the workspace may have changed last before it came.
func (f *former) until(t *testing.T, what string, ok func(slack.InteractionCallback) bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for !ok(f.last()) {
		select {
		case <-f.news:
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}

func (f *former) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.got)
}

func (f *former) last() slack.InteractionCallback {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.got) == 0 {
		return slack.InteractionCallback{}
	}
	return f.got[len(f.got)-1]
}

// open types the command and opens the form with its trigger; it answers the view.
func (f *former) open(t *testing.T, p *place) map[string]any {
	t.Helper()
	if _, err := p.Command(t.Context(), alice, deploys, "/deploy", ""); err != nil {
		t.Fatal(err)
	}
	body := p.call(t, "views.open", map[string]string{"trigger_id": f.trigger, "view": text(f.form)})
	if errorOf(body) != "ok" {
		t.Fatalf("views.open: %v", body)
	}
	return body["view"].(map[string]any)
}

func (f *former) fill(t *testing.T, p *place, values ...string) {
	t.Helper()
	for i := 0; i < len(values); i += 2 {
		if err := p.Fill(t.Context(), alice, "", values[i], values[i+1]); err != nil {
			t.Fatal(err)
		}
	}
}
