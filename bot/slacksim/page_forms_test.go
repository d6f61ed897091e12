package slacksim_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"junban/bot/slacksim"
)

// A page opens the home tab, uses a shortcut, fills and sends a form, and is told of each change.
func TestPageForms(t *testing.T) {
	p := overSockets(t, slacksim.Options{NoRates: true})
	f := &former{answer: obj("response_action", "errors", "errors", obj("ref", "no such ref"))}
	f.start(t, p)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/slack/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	next := func(kind string) (event struct {
		Type, User string
		Modals     []slacksim.Surface
		Home       slacksim.Surface
	}) {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &event) == nil && event.Type == kind {
				return event
			}
		}
		t.Fatalf("no event %s: %v", kind, lines.Err())
		return event
	}
	next("hello")
	act := func(want bool, path, body string) {
		t.Helper()
		if _, answer := p.page(t, "/slack/"+path, body, nil); answer["ok"] != want {
			t.Errorf("%s %s: %v", path, body, answer)
		}
	}
	act(true, "home", `{"user":"U0ALICE"}`)
	p.call(t, "views.publish", map[string]string{"user_id": alice, "view": text(home("one"))})
	tab := next("home")
	if tab.User != alice || !strings.Contains(string(tab.Home.Blocks), "one") {
		t.Errorf("home = %+v", tab)
	}
	act(true, "view/click", `{"user":"U0ALICE","view":"`+tab.Home.ID+`","action_id":"go"}`)
	act(false, "view/click", `{"user":"U0BOB","view":"`+tab.Home.ID+`","action_id":"go"}`)

	ts, err := p.Post(t.Context(), bob, deploys, "", "v42")
	if err != nil {
		t.Fatal(err)
	}
	act(true, "shortcut", `{"user":"U0ALICE","channel":"C0DEPLOYS","ts":"`+ts+`","callback_id":"deploy_this"}`)
	f.until(t, "the shortcut came", func(c slack.InteractionCallback) bool { return c.CallbackID == "deploy_this" })
	p.call(t, "views.open", map[string]string{"trigger_id": f.last().TriggerID, "view": text(deployForm())})
	form := next("modals").Modals[0]
	of := `{"user":"U0ALICE","view":"` + form.ID + `"`
	act(false, "view/submit", of+`}`)
	if e := next("modals"); e.Modals[0].Errors["ref"] == "" {
		t.Errorf("incomplete: %+v", e)
	}
	act(false, "view/fill", of+`,"block_id":"service","action_id":"v","values":["db"]}`)
	act(true, "view/fill", of+`,"block_id":"service","action_id":"v","values":["web"]}`)
	act(true, "view/fill", of+`,"block_id":"ref","values":["v42"]}`)
	act(true, "view/submit", of+`}`)

	var state struct {
		Modals    map[string][]slacksim.Surface
		Homes     map[string]slacksim.Surface
		HomeApp   string `json:"home_app"`
		Shortcuts []slacksim.Shortcut
	}
	got, err := p.client.Get(p.base + "/slack/state")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	if err := json.NewDecoder(got.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	if state.Modals[alice][0].Errors["ref"] != "no such ref" || state.Homes[alice].ID != tab.Home.ID || state.HomeApp != "junban" || state.Shortcuts[0].Name != "Deploy this" {
		t.Errorf("state = %+v", state)
	}
	act(true, "view/close", of+`,"all":true}`)
	act(false, "view/close", of+`}`)
	if status, _ := p.page(t, "/slack/view/submit", of+`}`, map[string]string{"Origin": "https://evil.example"}); status != http.StatusForbidden {
		t.Errorf("another site: %d", status)
	}
}
