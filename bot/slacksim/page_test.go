package slacksim_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"junban/bot/slacksim"
)

func (p *place) page(t *testing.T, path, body string, header map[string]string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, p.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for key, value := range header {
		req.Header.Set(key, value)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&answer) // a refused request is answered in plain text
	return resp.StatusCode, answer
}

func TestPageActs(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	bot := &app{onCommand: func(c slack.SlashCommand) any { return map[string]any{"text": "got " + c.Text} }}
	bot.run(t, p)
	_, ts, err := bot.api.PostMessage(deploys, card("web v1")...)
	if err != nil {
		t.Fatal(err)
	}
	ok := func(path, body string) {
		t.Helper()
		if status, answer := p.page(t, path, body, nil); status != 200 || answer["ok"] != true {
			t.Errorf("%s %s: %d %v", path, body, status, answer)
		}
	}
	ok("/slack/send", `{"user":"U0ALICE","channel":"C0DEPLOYS","text":"/deploy web  v2"}`)
	ok("/slack/send", `{"user":"U0ALICE","channel":"C0DEPLOYS","text":"/deploy web","thread_ts":"`+ts+`"}`)
	ok("/slack/send", `{"user":"U0ALICE","channel":"C0DEPLOYS","text":"/nothing"}`)
	ok("/slack/send", `{"user":"U0ALICE","channel":"C0DEPLOYS","text":"@junban status","thread_ts":"`+ts+`"}`)
	ok("/slack/click", `{"user":"U0BOB","channel":"C0DEPLOYS","ts":"`+ts+`","block_id":"acts","action_id":"approve"}`)
	wait(t, p, "all envelopes came", func(slacksim.View) bool { return len(p.AckTimes()) == 3 })

	got := p.Ephemerals(alice)
	if len(got) != 3 || got[0].Text != "got web  v2" || got[1].Text != "/deploy is not supported in threads. Sorry!" ||
		got[1].ThreadTS != ts || !strings.HasPrefix(got[2].Text, "/nothing is not a valid command.") {
		t.Errorf("alice sees %+v", got)
	}
	if thread := p.Thread(deploys, ts); len(thread) != 2 || thread[1].Text != "<@U0JUNBAN> status" {
		t.Errorf("thread = %+v", thread)
	}
	for body, path := range map[string]string{
		`{"user":"U0BOB","channel":"C0DEPLOYS","ts":"` + ts + `","block_id":"acts","action_id":"none"}`: "/slack/click",
		`{"user":"U0BOB","channel":"C0SECRETS","text":"hello"}`:                                         "/slack/send",
		`{"user":"U0NONE","channel":"C0DEPLOYS","text":"hello"}`:                                        "/slack/send",
		`{`: "/slack/send",
	} {
		if _, answer := p.page(t, path, body, nil); answer["ok"] != false || answer["error"] == "" {
			t.Errorf("%s %s: %v", path, body, answer)
		}
	}
}

func TestPageRefusesOtherSites(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	body := `{"user":"U0ALICE","channel":"C0DEPLOYS","text":"hello"}`
	for name, c := range map[string]struct {
		header map[string]string
		status int
	}{
		"own page":    {map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": p.base}, 200},
		"no browser":  {nil, 200},
		"other site":  {map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403},
		"old browser": {map[string]string{"Origin": "https://evil.example"}, 403},
		"a form":      {map[string]string{"Content-Type": "text/plain"}, 415},
	} {
		if status, _ := p.page(t, "/slack/send", body, c.header); status != c.status {
			t.Errorf("%s: %d, want %d", name, status, c.status)
		}
	}
	if n := len(p.Messages(deploys)); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}

func TestPageState(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	if _, _, err := p.api().PostMessage(deploys, card("web v1")...); err != nil {
		t.Fatal(err)
	}
	if _, err := p.api().PostEphemeral(deploys, alice, slack.MsgOptionText("psst", false)); err != nil {
		t.Fatal(err)
	}
	resp, err := p.client.Get(p.base + "/slack/state")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var state struct {
		Users []struct {
			ID, Kind, Color string
			RealName        string `json:"real_name"`
		}
		Groups []struct {
			ID, Handle string
		}
		Channels []struct {
			ID, Name string
			Private  bool
		}
		Messages, Ephemerals map[string][]slacksim.Message
	}
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	kinds := ""
	for _, u := range state.Users {
		kinds += u.Kind + " "
	}
	if kinds != "member member guest external bot " || state.Users[0].RealName != "Alice Aoki" || len(state.Users[0].Color) != 6 {
		t.Errorf("users = %+v", state.Users)
	}
	if len(state.Groups) != 1 || state.Groups[0].ID != "S0LEADS" || state.Groups[0].Handle != "leads" {
		t.Errorf("groups = %+v", state.Groups)
	}
	if len(state.Channels) != 2 || !state.Channels[1].Private || len(state.Messages[deploys]) != 1 || state.Messages[deploys][0].Attachments == nil {
		t.Errorf("channels = %+v, messages = %+v", state.Channels, state.Messages)
	}
	if e := state.Ephemerals[alice]; len(e) != 1 || e[0].Text != "psst" || e[0].EphemeralTo != alice {
		t.Errorf("ephemerals = %+v", state.Ephemerals)
	}
}

func TestPageEvents(t *testing.T) {
	p := overSockets(t, slacksim.Options{NoRates: true})
	ctx, cancel := context.WithCancel(t.Context())
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
	next := func() (event struct {
		Type, Channel string
		Message       slacksim.Message
	}) {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &event); err != nil {
					t.Fatal(err)
				}
				return event
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return event
	}
	if e := next(); e.Type != "hello" {
		t.Fatalf("first event %+v", e)
	}
	api := p.api()
	_, ts, err := api.PostMessage(deploys, slack.MsgOptionText("one", false))
	if err != nil {
		t.Fatal(err)
	}
	steps := []func() error{
		func() error {
			_, _, _, err := api.UpdateMessage(deploys, ts, slack.MsgOptionText("two", false))
			return err
		},
		func() error {
			_, err := api.PostEphemeral(deploys, alice, slack.MsgOptionText("psst", false))
			return err
		},
		func() error { _, _, err := api.DeleteMessage(deploys, ts); return err },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"message one", "message_changed two", "ephemeral psst", "message_deleted two"} {
		if e := next(); e.Type+" "+e.Message.Text != want || e.Channel != deploys {
			t.Errorf("event %+v, want %s", e, want)
		}
	}
}
