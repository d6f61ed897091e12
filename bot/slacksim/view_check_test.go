package slacksim_test

import (
	"fmt"
	"strings"
	"testing"

	"junban/bot/slacksim"
)

func with(m map[string]any, pairs ...any) map[string]any {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(m, pairs[i].(string))
		} else {
			m[pairs[i].(string)] = pairs[i+1]
		}
	}
	return m
}

func field(kind string, pairs ...any) map[string]any {
	return modal(input("f", with(obj("type", kind), pairs...)))
}

func options(n int) []any {
	return times(n, func(i int) any { return option(fmt.Sprint(i)) })
}

// Every limit of a view at its edge: the largest that Slack takes, and one more.
func TestViewLimits(t *testing.T) {
	p := overSockets(t, slacksim.Options{NoRates: true, TriggerLife: -1})
	f := &former{}
	f.start(t, p)
	divider := func(int) any { return obj("type", "divider") }
	const at = " [json-pointer:/view/blocks/0"
	for _, c := range []struct {
		name  string
		view  map[string]any
		error string // "" if it is legal
	}{
		{"title 24", with(modal(), "title", plain(24)), ""},
		{"title 25", with(modal(), "title", plain(25)), "must be less than 25 characters [json-pointer:/view/title/text]"},
		{"title mrkdwn", with(modal(), "title", mrkdwn(5)), "unsupported type: mrkdwn [json-pointer:/view/title/type]"},
		{"no title", with(modal(), "title", nil), "missing required field: title [json-pointer:/view]"},
		{"submit 25", with(modal(), "submit", plain(25)), "must be less than 25 characters [json-pointer:/view/submit/text]"},
		{"close 25", with(modal(), "close", plain(25)), "must be less than 25 characters [json-pointer:/view/close/text]"},
		{"100 blocks", modal(times(100, divider)...), ""},
		{"101 blocks", modal(times(101, divider)...), "no more than 100 items allowed [json-pointer:/view/blocks]"},
		{"no blocks", with(modal(), "blocks", nil), "missing required field: blocks [json-pointer:/view]"},
		{"private 3000", with(modal(), "private_metadata", strings.Repeat("あ", 3000)), ""},
		{"private 3001", with(modal(), "private_metadata", strings.Repeat("あ", 3001)), "must be less than 3001 characters [json-pointer:/view/private_metadata]"},
		{"callback 256", with(modal(), "callback_id", strings.Repeat("c", 256)), "must be less than 256 characters [json-pointer:/view/callback_id]"},
		{"external 256", with(modal(), "external_id", strings.Repeat("c", 256)), "must be less than 256 characters [json-pointer:/view/external_id]"},
		{"home", obj("type", "home", "blocks", []any{}), "must be one of: modal [json-pointer:/view/type]"},
		{"unknown property", with(modal(), "submit_disabled", false), "invalid additional property: submit_disabled [json-pointer:/view]"},
		{"notify", with(modal(), "notify_on_close", "yes"), "must provide a boolean [json-pointer:/view/notify_on_close]"},
		{"input without submit", with(field("plain_text_input"), "submit", nil), "must define `submit` to use `input` block" + at + "/input]"},
		{"same block_id", modal(obj("type", "divider", "block_id", "b"), obj("type", "divider", "block_id", "b")), `block_id "b" already exists [json-pointer:/view/blocks/1/block_id]`},
		{"markdown", modal(obj("type", "markdown", "text", "x")), "unsupported type: markdown" + at + "/type]"},
		{"label 2000", modal(with(input("f", obj("type", "plain_text_input")), "label", plain(2000))), ""},
		{"label 2001", modal(with(input("f", obj("type", "plain_text_input")), "label", plain(2001))), "must be less than 2001 characters" + at + "/label/text]"},
		{"hint 2001", modal(input("f", obj("type", "plain_text_input"), "hint", plain(2001))), "must be less than 2001 characters" + at + "/hint/text]"},
		{"no label", modal(with(input("f", obj("type", "plain_text_input")), "label", nil)), "missing required field: label" + at + "]"},
		{"no element", modal(with(input("f", obj("type", "plain_text_input")), "element", nil)), "missing required field: element" + at + "]"},
		{"button as a field", field("button", "text", plain(3)), "unsupported type: button" + at + "/element/type]"},
		{"placeholder 150", field("plain_text_input", "placeholder", plain(150)), ""},
		{"placeholder 151", field("plain_text_input", "placeholder", plain(151)), "must be less than 151 characters" + at + "/element/placeholder/text]"},
		{"max_length 3001", field("plain_text_input", "max_length", 3001), "must be between 1 and 3000" + at + "/element/max_length]"},
		{"min over max", field("plain_text_input", "max_length", 5, "min_length", 6), "must be less than 6" + at + "/element/min_length]"},
		{"initial too long", field("plain_text_input", "max_length", 5, "initial_value", "123456"), "must be less than 6 characters" + at + "/element/initial_value]"},
		{"dispatch config", field("plain_text_input", "dispatch_action_config", obj("trigger_actions_on", []any{"on_enter_pressed"})), ""},
		{"100 options", field("static_select", "options", options(100), "initial_option", option("7")), ""},
		{"101 options", field("static_select", "options", options(101)), "no more than 100 items allowed" + at + "/element/options]"},
		{"no options", field("static_select"), "must provide either options or option_groups" + at + "/element]"},
		{"both", field("static_select", "options", options(1), "option_groups", []any{obj("label", plain(1), "options", options(1))}), "must provide either options or option_groups" + at + "/element]"},
		{"100 groups", field("static_select", "option_groups", times(100, func(int) any { return obj("label", plain(75), "options", options(2)) }), "initial_option", option("1")), ""},
		{"101 groups", field("static_select", "option_groups", times(101, func(int) any { return obj("label", plain(1), "options", options(1)) })), "no more than 100 items allowed" + at + "/element/option_groups]"},
		{"group label 76", field("static_select", "option_groups", []any{obj("label", plain(76), "options", options(1))}), "must be less than 76 characters" + at + "/element/option_groups/0/label/text]"},
		{"initial not offered", field("static_select", "options", options(2), "initial_option", option("2")), "must be one of the provided options" + at + "/element/initial_option]"},
		{"option text 76", field("static_select", "options", []any{obj("text", plain(76), "value", "v")}), "must be less than 76 characters" + at + "/element/options/0/text/text]"},
		{"option value 150", field("static_select", "options", []any{obj("text", plain(75), "value", strings.Repeat("v", 150))}), ""},
		{"option value 151", field("static_select", "options", []any{obj("text", plain(1), "value", strings.Repeat("v", 151))}), "must be less than 151 characters" + at + "/element/options/0/value]"},
		{"10 radio buttons", field("radio_buttons", "options", options(10), "initial_option", option("1")), ""},
		{"11 radio buttons", field("radio_buttons", "options", options(11)), "no more than 10 items allowed" + at + "/element/options]"},
		{"checkboxes", field("checkboxes", "options", options(3), "initial_options", []any{option("0"), option("2")}), ""},
		{"checkbox not offered", field("checkboxes", "options", options(3), "initial_options", []any{option("3")}), "must be one of the provided options" + at + "/element/initial_options]"},
		{"date", field("datepicker", "initial_date", "2026-12-28"), ""},
		{"no date", field("datepicker", "initial_date", "2026-02-30"), "must be a date as YYYY-MM-DD" + at + "/element/initial_date]"},
		{"time", field("timepicker", "initial_time", "23:59"), ""},
		{"no time", field("timepicker", "initial_time", "24:00"), "must be a time as HH:mm" + at + "/element/initial_time]"},
		{"moment", field("datetimepicker", "initial_date_time", 1_800_000_000), ""},
		{"no moment", field("datetimepicker", "initial_date_time", 18), "must be between 1000000000 and 9999999999" + at + "/element/initial_date_time]"},
		{"select in actions", modal(actions(obj("type", "static_select", "options", options(2), "action_id", "s"))), ""},
		{"moment in a section", modal(obj("type", "section", "text", mrkdwn(3), "accessory", obj("type", "datetimepicker"))), "unsupported type: datetimepicker" + at + "/accessory/type]"},
		{"focus twice", modal(input("f", obj("type", "datepicker", "focus_on_load", true)), input("g", obj("type", "datepicker", "focus_on_load", true))), "only one element can have focus_on_load [json-pointer:/view/blocks/1/element/focus_on_load]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := p.Command(t.Context(), alice, deploys, "/deploy", ""); err != nil {
				t.Fatal(err)
			}
			body := p.call(t, "views.open", map[string]string{"trigger_id": f.trigger, "view": text(c.view)})
			if c.error == "" {
				if errorOf(body) != "ok" {
					t.Errorf("refused: %v", body)
				}
				return
			}
			meta, _ := body["response_metadata"].(map[string]any)
			messages, _ := meta["messages"].([]any)
			if errorOf(body) != "invalid_arguments" || len(messages) != 2 || messages[1] != "[ERROR] "+c.error ||
				messages[0] != "[ERROR] failed to match all allowed schemas [json-pointer:/view]" {
				t.Errorf("%v, want %q", body, c.error)
			}
		})
	}
	large := modal(times(90, func(int) any { return obj("type", "section", "text", mrkdwn(2900)) })...)
	if body := p.call(t, "views.open", map[string]string{"trigger_id": f.trigger, "view": text(large)}); errorOf(body) != "view_too_large" {
		t.Errorf("large: %v", errorOf(body))
	}
	if body := p.call(t, "chat.postMessage", map[string]string{"channel": deploys, "text": "t", "blocks": text([]any{input("f", obj("type", "datepicker"))})}); errorOf(body) != "invalid_blocks" {
		t.Errorf("an input in a message: %v", body)
	}
}

func TestRequiredFieldsOfEveryKind(t *testing.T) {
	p := overSockets(t, slacksim.Options{NoRates: true})
	f := &former{form: modal(
		input("s", obj("type", "static_select", "option_groups", []any{obj("label", plain(2), "options", options(2))})),
		input("r", obj("type", "radio_buttons", "options", options(2))),
		input("c", obj("type", "checkboxes", "options", options(3))),
		input("d", obj("type", "datepicker")), input("t", obj("type", "timepicker")), input("m", obj("type", "datetimepicker")),
		input("i", obj("type", "plain_text_input", "initial_value", "first")),
	)}
	f.start(t, p)
	f.open(t, p)
	if _, err := p.Submit(t.Context(), alice, ""); err == nil || strings.Count(err.Error(), "Please complete") != 6 {
		t.Errorf("empty: %v", err)
	}
	f.fill(t, p, "s", "1", "r", "The 0", "d", "2026-12-28", "t", "10:30", "m", "1800000000")
	if err := p.Fill(t.Context(), alice, "", "c", "0", "2"); err != nil {
		t.Fatal(err)
	}
	for field, value := range map[string]string{"d": "tomorrow", "t": "25:00", "m": "noon", "r": "9"} {
		if err := p.Fill(t.Context(), alice, "", field, value); err == nil {
			t.Errorf("%s took %q", field, value)
		}
	}
	if _, err := p.Submit(t.Context(), alice, ""); err != nil {
		t.Fatal(err)
	}
	got := f.last().View.State.Values
	if got["s"]["v"].SelectedOption.Value != "1" || got["r"]["v"].SelectedOption.Value != "0" || len(got["c"]["v"].SelectedOptions) != 2 ||
		got["d"]["v"].SelectedDate != "2026-12-28" || got["t"]["v"].SelectedTime != "10:30" || got["m"]["v"].SelectedDateTime != 1800000000 || got["i"]["v"].Value != "first" {
		t.Errorf("values = %+v", got)
	}
}
