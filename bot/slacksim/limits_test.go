package slacksim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"junban/bot/slacksim"
)

func obj(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

func join(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }

func plain(n int) map[string]any  { return obj("type", "plain_text", "text", strings.Repeat("あ", n)) }
func mrkdwn(n int) map[string]any { return obj("type", "mrkdwn", "text", strings.Repeat("x", n)) }

func times(n int, v func(i int) any) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = v(i)
	}
	return list
}

func button(pairs ...any) map[string]any {
	b := obj("type", "button", "text", plain(7), "action_id", "a")
	for i := 0; i < len(pairs); i += 2 {
		b[pairs[i].(string)] = pairs[i+1]
	}
	return b
}

func actions(elements ...any) map[string]any { return obj("type", "actions", "elements", elements) }

// Every limit at its edge: the largest that Slack takes, and one more.
func TestBlockKitLimits(t *testing.T) {
	p := overSockets(t, slacksim.Options{NoRates: true})
	divider := func(int) any { return obj("type", "divider") }
	for _, c := range []struct {
		name   string
		blocks []any
		error  string // "" if it is legal
	}{
		{"section 3000", []any{obj("type", "section", "text", mrkdwn(3000))}, ""},
		{"section 3001", []any{obj("type", "section", "text", mrkdwn(3001))}, "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{"section empty", []any{obj("type", "section", "text", mrkdwn(0))}, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		{"section without text", []any{obj("type", "section")}, "missing required field: text [json-pointer:/blocks/0]"},
		{"10 fields", []any{obj("type", "section", "fields", times(10, func(int) any { return mrkdwn(100) }))}, ""},
		{"11 fields", []any{obj("type", "section", "fields", times(11, func(int) any { return mrkdwn(100) }))}, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"},
		{"field 2001", []any{obj("type", "section", "fields", []any{mrkdwn(2001)})}, "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]"},
		{"header 150", []any{obj("type", "header", "text", plain(150))}, ""},
		{"header 151", []any{obj("type", "header", "text", plain(151))}, "must be less than 151 characters [json-pointer:/blocks/0/text/text]"},
		{"header mrkdwn", []any{obj("type", "header", "text", mrkdwn(5))}, "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"},
		{"context 10", []any{obj("type", "context", "elements", times(10, func(int) any { return mrkdwn(5) }))}, ""},
		{"context 11", []any{obj("type", "context", "elements", times(11, func(int) any { return mrkdwn(5) }))}, "no more than 10 items allowed [json-pointer:/blocks/0/elements]"},
		{"actions 25", []any{actions(times(25, func(i int) any { return button("action_id", fmt.Sprint(i)) })...)}, ""},
		{"actions 26", []any{actions(times(26, func(i int) any { return button("action_id", fmt.Sprint(i)) })...)}, "no more than 25 items allowed [json-pointer:/blocks/0/elements]"},
		{"actions empty", []any{actions()}, "must provide an array [json-pointer:/blocks/0/elements]"},
		{"same action_id", []any{actions(button(), button())}, `action_id "a" already exists [json-pointer:/blocks/0/elements/1/action_id]`},
		{"button 75", []any{actions(button("text", plain(75)))}, ""},
		{"button 76", []any{actions(button("text", plain(76)))}, "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"},
		{"button mrkdwn", []any{actions(button("text", mrkdwn(5)))}, "unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/text/type]"},
		{"value 2000", []any{actions(button("value", strings.Repeat("v", 2000)))}, ""},
		{"value 2001", []any{actions(button("value", strings.Repeat("v", 2001)))}, "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"},
		{"action_id 256", []any{actions(button("action_id", strings.Repeat("v", 256)))}, "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]"},
		{"style", []any{actions(button("style", "green"))}, "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]"},
		{"block_id 255", []any{obj("type", "divider", "block_id", strings.Repeat("b", 255))}, ""},
		{"block_id 256", []any{obj("type", "divider", "block_id", strings.Repeat("b", 256))}, "must be less than 256 characters [json-pointer:/blocks/0/block_id]"},
		{"same block_id", []any{obj("type", "divider", "block_id", "b"), obj("type", "divider", "block_id", "b")}, `block_id "b" already exists [json-pointer:/blocks/1/block_id]`},
		{"50 blocks", times(50, divider), ""},
		{"51 blocks", times(51, divider), "no more than 50 items allowed [json-pointer:/blocks]"},
		{"plan", []any{obj("type", "plan")}, "unsupported type: plan [json-pointer:/blocks/0/type]"},
		{"task_card", []any{obj("type", "task_card")}, "unsupported type: task_card [json-pointer:/blocks/0/type]"},
		{"alert", []any{obj("type", "alert")}, "unsupported type: alert [json-pointer:/blocks/0/type]"},
		{"no type", []any{obj("text", "x")}, "missing required field: type [json-pointer:/blocks/0]"},
		{"unknown property", []any{obj("type", "divider", "colour", "red")}, "invalid additional property: colour [json-pointer:/blocks/0]"},
		{"emoji in mrkdwn", []any{obj("type", "section", "text", obj("type", "mrkdwn", "text", "x", "emoji", true))}, "invalid additional property: emoji [json-pointer:/blocks/0/text]"},
		{"confirm", []any{actions(button("confirm", obj("title", plain(100), "text", mrkdwn(300), "confirm", plain(30), "deny", plain(30))))}, ""},
		{"confirm too long", []any{actions(button("confirm", obj("title", plain(100), "text", mrkdwn(301), "confirm", plain(30), "deny", plain(30))))}, "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]"},
		{"image", []any{obj("type", "image", "image_url", "https://example.com/a.png", "alt_text", "a")}, ""},
		{"image without alt", []any{obj("type", "image", "image_url", "https://example.com/a.png")}, "missing required field: alt_text [json-pointer:/blocks/0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, where := range []string{"blocks", "attachments"} {
				value, code, pointer := any(c.blocks), "invalid_blocks", "/blocks"
				if where == "attachments" {
					value, code, pointer = []any{obj("color", "#ff0000", "blocks", c.blocks)}, "invalid_attachments", "/attachments/0/blocks"
				}
				data, err := json.Marshal(value)
				if err != nil {
					t.Fatal(err)
				}
				body := p.call(t, "chat.postMessage", map[string]string{"channel": deploys, "text": "t", where: string(data)})
				if c.error == "" {
					if body["ok"] != true {
						t.Errorf("%s: refused: %v", where, body)
					}
					continue
				}
				want := "[ERROR] " + strings.Replace(c.error, "/blocks", pointer, 1)
				meta, _ := body["response_metadata"].(map[string]any)
				messages, _ := meta["messages"].([]any)
				if body["error"] != code || len(messages) == 0 || messages[0] != want {
					t.Errorf("%s: got %v %v, want %s %q", where, body["error"], messages, code, want)
				}
			}
		})
	}
}

func TestMessageLimits(t *testing.T) {
	p := overSockets(t, slacksim.Options{NoRates: true})
	posted := p.call(t, "chat.postMessage", map[string]string{"channel": deploys, "text": "first"})
	ts, _ := posted["ts"].(string)
	sections := func(n int) string {
		data, _ := json.Marshal(times(n, func(int) any { return obj("type", "section", "text", mrkdwn(3000)) }))
		return string(data)
	}
	for _, c := range []struct {
		name, method string
		args         map[string]string
		want         string
	}{
		{"no text", "chat.postMessage", map[string]string{"channel": deploys}, "no_text"},
		{"empty blocks", "chat.postMessage", map[string]string{"channel": deploys, "blocks": "[]"}, "no_text"},
		{"long", "chat.postMessage", map[string]string{"channel": deploys, "text": strings.Repeat("あ", 40_000)}, "ok"},
		{"too long", "chat.postMessage", map[string]string{"channel": deploys, "text": strings.Repeat("あ", 40_001)}, "msg_too_long"},
		{"update long", "chat.update", map[string]string{"channel": deploys, "ts": ts, "text": strings.Repeat("あ", 4000)}, "ok"},
		{"update too long", "chat.update", map[string]string{"channel": deploys, "ts": ts, "text": strings.Repeat("あ", 4001)}, "msg_too_long"},
		{"all blocks", "chat.postMessage", map[string]string{"channel": deploys, "blocks": sections(4)}, "ok"},
		{"all blocks too long", "chat.postMessage", map[string]string{"channel": deploys, "blocks": sections(5)}, "msg_blocks_too_long"},
		{"blocks twice encoded", "chat.postMessage", map[string]string{"channel": deploys, "blocks": `"[]"`}, "invalid_blocks_format"},
		{"colour", "chat.postMessage", map[string]string{"channel": deploys, "attachments": `[{"color":"reddish","text":"x"}]`}, "invalid_attachments"},
		{"text beside blocks", "chat.postMessage", map[string]string{"channel": deploys, "attachments": `[{"text":"x","blocks":[{"type":"divider"}]}]`}, "invalid_attachments"},
		{"metadata", "chat.postMessage", map[string]string{"channel": deploys, "text": "x", "metadata": `{"event_type":"a","event_payload":{}}`}, "ok"},
		{"metadata not an object", "chat.postMessage", map[string]string{"channel": deploys, "text": "x", "metadata": `{"event_type":"a","event_payload":"b"}`}, "invalid_metadata_schema"},
		{"metadata not JSON", "chat.postMessage", map[string]string{"channel": deploys, "text": "x", "metadata": `{`}, "invalid_metadata_format"},
		{"no channel", "chat.postMessage", map[string]string{"channel": "C0NONE", "text": "x"}, "channel_not_found"},
		{"by name", "chat.postMessage", map[string]string{"channel": "#deploys", "text": "x"}, "ok"},
		{"private", "chat.postMessage", map[string]string{"channel": secrets, "text": "x"}, "channel_not_found"},
		{"not there", "chat.update", map[string]string{"channel": deploys, "ts": "1.000001", "text": "x"}, "message_not_found"},
		{"delete not there", "chat.delete", map[string]string{"channel": deploys, "ts": "1.000001"}, "message_not_found"},
		{"ephemeral to nobody", "chat.postEphemeral", map[string]string{"channel": deploys, "user": "U0NONE", "text": "x"}, "user_not_found"},
		{"no method", "dialog.open", map[string]string{}, "unknown_method"},
	} {
		body := p.call(t, c.method, c.args)
		if got := body["error"]; got != c.want && (body["ok"] != true || c.want != "ok") {
			t.Errorf("%s: %v, want %s", c.name, body, c.want)
		}
	}
	p.AddChannel(slacksim.Channel{ID: deploys, Name: "deploys", BotIsMember: true, IsArchived: true})
	if body := p.call(t, "chat.postMessage", map[string]string{"channel": deploys, "text": "x"}); body["error"] != "is_archived" {
		t.Errorf("archived: %v", body)
	}
	p.AddChannel(slacksim.Channel{ID: deploys, Name: "deploys"})
	if body := p.call(t, "chat.postMessage", map[string]string{"channel": deploys, "text": "x"}); body["error"] != "not_in_channel" {
		t.Errorf("not invited: %v", body)
	}
}

func TestOthersMessagesCannotBeChanged(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	ts, err := p.Post(t.Context(), alice, deploys, "", "mine")
	if err != nil {
		t.Fatal(err)
	}
	for method, want := range map[string]string{"chat.update": "cant_update_message", "chat.delete": "cant_delete_message"} {
		if body := p.call(t, method, map[string]string{"channel": deploys, "ts": ts, "text": "x"}); body["error"] != want {
			t.Errorf("%s: %v", method, body)
		}
	}
}

// What an update does not send stays, save that a text without blocks takes the blocks away.
func TestUpdateKeepsWhatIsNotSent(t *testing.T) {
	p := overSockets(t, slacksim.Options{NoRates: true})
	api := p.api()
	block := slack.MsgOptionBlocks(slack.NewDividerBlock())
	post := func() string {
		_, ts, err := api.PostMessage(deploys, append(card("first"), block)...)
		if err != nil {
			t.Fatal(err)
		}
		return ts
	}
	update := func(options ...slack.MsgOption) slacksim.Message {
		t.Helper()
		ts := post()
		if _, _, _, err := api.UpdateMessage(deploys, ts, options...); err != nil {
			t.Fatal(err)
		}
		m, _ := p.Message(deploys, ts)
		return m
	}
	m := update(slack.MsgOptionText("second", false))
	if m.Text != "second" || m.Blocks != nil || m.Attachments == nil || m.Metadata == nil || m.Edited == nil {
		t.Errorf("by text: %+v", m)
	}
	m = update(slack.MsgOptionBlocks(slack.NewDividerBlock(), slack.NewDividerBlock()))
	if m.Text != "first" || strings.Count(string(m.Blocks), "divider") != 2 || m.Attachments == nil || m.Edited != nil {
		t.Errorf("by blocks: %+v", m)
	}
	m = update(slack.MsgOptionText("third", false), slack.MsgOptionAttachments([]slack.Attachment{}...), block)
	if m.Text != "third" || m.Attachments != nil || m.Blocks == nil {
		t.Errorf("without attachments: %+v", m)
	}
}
