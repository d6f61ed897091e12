package slackapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"junban/bot"
	"junban/bot/card"
)

func ask(inputs ...card.Input) card.View {
	v := card.View{Callback: "deploy", Title: "Deploy", Submit: "Ask"}
	for _, in := range inputs {
		v.Blocks = append(v.Blocks, card.Block{Input: &in})
	}
	return v
}

func TestAFieldOfEachKind(t *testing.T) {
	view, err := modal(ask(
		card.Input{ID: "ref", Label: "Ref <&>", Hint: "a tag", Empty: "v42", Kind: card.Line, Value: "v1\nv2", Longest: 9000},
		card.Input{ID: "why", Label: "Why", Kind: card.Lines, Value: "a\nb", Optional: true, Tells: true},
		card.Input{ID: "service", Label: "Service", Kind: card.Choice, Value: "api", Tells: true, Options: []card.Option{
			{Label: "web", Value: "web", Group: "front"}, {Label: "api", Value: "api", Group: "back"}, {Label: "jobs", Value: "jobs", Group: "back"},
		}},
		card.Input{ID: "plain", Label: "Plain", Kind: card.Choice, Value: "gone", Options: []card.Option{{Label: "a", Value: "a"}}},
	), maxViewChars)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(view.Blocks.BlockSet)
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) string { return fmt.Sprintf(`{"type":"plain_text","text":%q,"emoji":false}`, s) }
	option := func(s string) string { return fmt.Sprintf(`{"text":%s,"value":%q}`, text(s), s) }
	want := strings.Join([]string{
		`[{"type":"input","block_id":"ref","label":` + text("Ref &lt;&amp;&gt;") + `,"element":{"type":"plain_text_input","action_id":"ref","placeholder":` + text("v42") +
			`,"initial_value":"v1 v2","max_length":3000},"hint":` + text("a tag") + `}`,
		`{"type":"input","block_id":"why","label":` + text("Why") + `,"element":{"type":"plain_text_input","action_id":"why","initial_value":"a\nb","multiline":true},"optional":true}`,
		`{"type":"input","block_id":"service","label":` + text("Service") + `,"element":{"type":"static_select","action_id":"service","option_groups":[{"label":` + text("front") +
			`,"options":[` + option("web") + `]},{"label":` + text("back") + `,"options":[` + option("api") + `,` + option("jobs") + `]}],"initial_option":` + option("api") + `},"dispatch_action":true}`,
		`{"type":"input","block_id":"plain","label":` + text("Plain") + `,"element":{"type":"static_select","action_id":"plain","options":[` + option("a") + `]}}]`,
	}, ",")
	var got, wanted any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestFormsThatCannotBeShown(t *testing.T) {
	options := func(n int, group string) []card.Option {
		var out []card.Option
		for i := range n {
			out = append(out, card.Option{Label: "x", Value: fmt.Sprint(group, i), Group: group})
		}
		return out
	}
	line := card.Input{ID: "ref", Label: "Ref", Kind: card.Line}
	choice := func(options ...card.Option) card.Input {
		return card.Input{ID: "service", Label: "Service", Kind: card.Choice, Options: options}
	}
	change := func(v card.View, f func(*card.View)) card.View { f(&v); return v }
	for name, v := range map[string]card.View{
		"no title":       change(ask(line), func(v *card.View) { v.Title = " " }),
		"nothing sends":  change(ask(line), func(v *card.View) { v.Submit = "" }),
		"private":        change(ask(line), func(v *card.View) { v.Private = strings.Repeat("p", 3001) }),
		"callback":       change(ask(line), func(v *card.View) { v.Callback = strings.Repeat("p", 256) }),
		"no id":          ask(card.Input{Label: "Ref", Kind: card.Line}),
		"id":             ask(card.Input{ID: "a#2", Label: "Ref", Kind: card.Line}),
		"long id":        ask(card.Input{ID: strings.Repeat("i", 256), Label: "Ref", Kind: card.Line}),
		"two of one id":  ask(line, line),
		"no label":       ask(card.Input{ID: "ref", Kind: card.Line}),
		"no kind":        ask(card.Input{ID: "ref", Label: "Ref"}),
		"no options":     ask(choice()),
		"option":         ask(choice(card.Option{Value: "a"})),
		"no value":       ask(choice(card.Option{Label: "a"})),
		"long value":     ask(choice(card.Option{Label: "a", Value: strings.Repeat("v", 151)})),
		"two of a value": ask(choice(card.Option{Label: "a", Value: "a"}, card.Option{Label: "b", Value: "a"})),
		"in no group":    ask(choice(card.Option{Label: "a", Value: "a", Group: "g"}, card.Option{Label: "b", Value: "b"})),
		"many options":   ask(choice(options(101, "")...)),
		"many of one":    ask(choice(append(options(101, "a"), options(1, "b")...)...)),
		"button":         {Title: "x", Blocks: []card.Block{{Buttons: []card.Button{{Action: "a", Label: "A", URL: "javascript:x"}}}}},
	} {
		if _, err := modal(v, maxViewChars); err == nil {
			t.Errorf("%s: rendered", name)
		}
	}
	if _, err := modal(ask(choice(append(options(100, "a"), options(100, "b")...)...)), maxViewChars); err != nil {
		t.Errorf("a hundred of each group: %v", err)
	}
	if _, err := render(card.Message{Text: "x", Blocks: ask(line).Blocks}); err == nil {
		t.Error("a message with a field was rendered")
	}
}

// However much a form says, its fields and buttons are there, and it stays below Slack's limits.
func TestALongForm(t *testing.T) {
	v := ask(card.Input{ID: "ref", Label: strings.Repeat("ラ", 3000), Hint: strings.Repeat("h", 3000), Empty: strings.Repeat("e", 200), Kind: card.Line, Value: strings.Repeat("v", 4000)})
	v.Title, v.Submit, v.Close = strings.Repeat("T", 30), strings.Repeat("S", 30), strings.Repeat("C", 30)
	filler := slices.Repeat([]card.Block{{Text: card.T(strings.Repeat("<&>", 2000))}}, 150)
	v.Blocks = append(filler, v.Blocks...)
	v.Blocks = append(v.Blocks, card.Block{Buttons: []card.Button{{Action: "show", Label: "Show"}}})
	view, err := modal(v, maxViewChars)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []*slack.TextBlockObject{view.Title, view.Submit, view.Close} {
		if n := utf8.RuneCountInString(text.Text); n != maxViewTitle {
			t.Errorf("%d characters: %s", n, text.Text)
		}
	}
	set := view.Blocks.BlockSet
	if len(set) > maxViewBlocks || set[len(set)-1].BlockType() != slack.MBTAction {
		t.Fatalf("%d blocks", len(set))
	}
	in, ok := set[len(set)-2].(*slack.InputBlock)
	if !ok {
		t.Fatalf("the field is gone: %T", set[len(set)-2])
	}
	text, ok := in.Element.(*slack.PlainTextInputBlockElement)
	if !ok || utf8.RuneCountInString(in.Label.Text) != maxInputLabel || utf8.RuneCountInString(in.Hint.Text) != maxHint || utf8.RuneCountInString(text.Placeholder.Text) != maxPlaceholder || len(text.InitialValue) != maxInputText {
		t.Errorf("field %+v", in)
	}
	if data, err := json.Marshal(view); err != nil || len(data) > maxViewBytes {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if home, err := homeTab(card.View{Blocks: filler}); err != nil || len(home.Blocks.BlockSet) > maxViewBlocks {
		t.Errorf("home tab: %d blocks, %v", len(home.Blocks.BlockSet), err)
	}
}

// Only a form that was sent has an answer, and it is never too long for an acknowledgement.
func TestAnswers(t *testing.T) {
	errors, fields := map[string]string{}, map[string]string{}
	for i := range 90 {
		id := fmt.Sprint("field-", i)
		errors[id], fields[id] = strings.Repeat("<wrong> ", 100), ""
	}
	sent := bot.Envelope{Kind: bot.InputSubmit, View: &bot.Filled{Values: fields}}
	long := ask(card.Input{ID: "ref", Label: "Ref", Kind: card.Line})
	long.Blocks = append(long.Blocks, slices.Repeat([]card.Block{{Text: card.T(strings.Repeat("<&>", 1000))}}, 90)...)
	for name, r := range map[string]bot.Reply{"errors": {Errors: errors}, "view": {View: &long}} {
		answer, err := answerTo(sent, r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if data, _ := json.Marshal(answer); len(data) > maxReply || len(data) < maxReply/8 {
			t.Errorf("%s: %d bytes", name, len(data))
		}
		if answer, err := answerTo(bot.Envelope{Kind: bot.InputClick}, r); answer != nil || err != nil {
			t.Errorf("%s: a click was answered %v, %v", name, answer, err)
		}
	}
	if answer, err := answerTo(sent, bot.Reply{}); answer != nil || err != nil {
		t.Errorf("nothing is answered %v, %v", answer, err)
	}
	if _, err := answerTo(bot.Envelope{Kind: bot.InputSubmit}, bot.Reply{Errors: errors}); err == nil {
		t.Error("errors of a form without fields")
	}
}
