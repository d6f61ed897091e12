package slackapi

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"junban/bot/card"
)

const hyphen = "\u00ad" // the soft hyphen, visible in the wants as {-}

func seen(s string) string { return strings.NewReplacer(hyphen, "{-}", gap, "{0}").Replace(s) }

// What people type shows as they typed it and does nothing.
func TestEscaping(t *testing.T) {
	at := time.Date(2026, 11, 21, 23, 9, 5, 0, time.UTC)
	mixed := func(parts ...any) card.Text { return card.T(append([]any{card.U("U0ALICE"), " "}, parts...)...) }
	for _, c := range []struct {
		name string
		text card.Text
		want string
	}{
		{"words alone are plain", card.T("*a* _b_ `c` :tada: > x"), "plain_text *a* _b_ `c` :tada: &gt; x"},
		{"control sequences, plain", card.T("<!channel> & <@U1> <http://evil|good>"), "plain_text &lt;!channel&gt; &amp; &lt;@U1&gt; &lt;http://evil|good&gt;"},
		{"control sequences", mixed("<!channel> &amp; <@U1>"), "mrkdwn <@U0ALICE> &lt;!channel&gt; &amp;amp; &lt;@U1&gt;"},
		{"markers at the edges of words", mixed("*a* _b_ ~c~"), "mrkdwn <@U0ALICE> {-}*{-}a{-}*{-} {-}_{-}b{-}_{-} {-}~{-}c{-}~{-}"},
		{"markers inside words", mixed("deploy_web_v2 2*3"), "mrkdwn <@U0ALICE> deploy_web_v2 2*3"},
		{"backticks", mixed("a`b```c"), "mrkdwn <@U0ALICE> a{-}`{-}b{-}`{-}{-}`{-}{-}`{-}c"},
		{"quotations", mixed("x > y\n> z\n  > q"), "mrkdwn <@U0ALICE> x &gt; y\n{-}&gt; z\n  {-}&gt; q"},
		{"emoji", mixed(":tada: 12:30 a:b"), "mrkdwn <@U0ALICE> :{-}tada: 12:30 a:b"},
		{"bold", card.T("is ", card.B("v*4*2 <b>\nx"), "."), "mrkdwn is *v{-}*{-}4{-}*{-}2 &lt;b&gt; x*."},
		{"bold touches letters", card.T("対象", card.B("web"), "を"), "mrkdwn 対象{0}*web*{0}を"},
		{"two styles touch", card.T(card.B("a"), card.C("b")), "mrkdwn *a*{0}`b`"},
		{"code", card.T(card.C("`rm -rf *` <x>&\ny")), "mrkdwn `ˋrm -rf *ˋ &lt;x&gt;&amp; y`"},
		{"empty styles", card.T(card.B(" "), card.C(""), "x"), "mrkdwn x"},
		{"a person who is none", card.T(card.U("alice|<!here>"), " ", card.U("<!channel>")), "mrkdwn alice|&lt;!here&gt; &lt;!channel&gt;"},
		{"a channel", card.T(card.Span{Kind: card.Room, Value: "C0DEPLOYS"}), "mrkdwn <#C0DEPLOYS>"},
		{"no channel", card.T(card.Span{Kind: card.Room, Value: "U0ALICE"}, card.Span{Kind: card.Room, Value: "C<1"}), "mrkdwn U0ALICEC&lt;1"},
		{"pings", card.T(card.Span{Kind: card.Ping, Value: "S0ONCALL"}, card.Span{Kind: card.Ping, Value: "W0BOB"}), "mrkdwn <!subteam^S0ONCALL><@W0BOB>"},
		{"a group is no person", card.T(card.U("S0ONCALL")), "mrkdwn S0ONCALL"},
		{"links", card.T(card.Span{Kind: card.Link, Value: "https://x.test/a?b=1&c=2"}), "mrkdwn <https://x.test/a?b=1&amp;c=2>"},
		{"links that are none", card.T(card.Span{Kind: card.Link, Value: "javascript:alert(1)"}, " ", card.Span{Kind: card.Link, Value: "https://x|<!here>"}),
			"mrkdwn javascript:alert(1) https://x|&lt;!here&gt;"},
		{"time", card.T(card.At(at)), "mrkdwn <!date^1795302545^{date_short} {time_secs}|2026-11-21 23:09:05 UTC>"},
		{"invisible and broken", card.T("a\x00b\x1b[31mred\x1b[0m\u202eevil\u2066 \xff\r\nx\ty"), "plain_text abredevil \ufffd\nx\ty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := paragraph(c.text, maxSection)
			if s := got.Type + " " + seen(got.Text); s != c.want {
				t.Errorf("got  %q\nwant %q", s, c.want)
			}
			if got.Type == "mrkdwn" && !got.Verbatim || got.Emoji != nil && *got.Emoji {
				t.Errorf("Slack would make links or emoji of %+v", got)
			}
		})
	}
}

func TestCodeBlocks(t *testing.T) {
	for code, want := range map[string]string{
		"\nerror: a < b && c\n":            "```\nerror: a &lt; b &amp;&amp; c\n```",
		"```\n<!channel>":                  "```\n`{0}`{0}`{0}\n&lt;!channel&gt;\n```",
		"\x1b[1mbold\x1b[0m\x1b]0;title\a": "```\nbold\n```",
	} {
		if got := seen(codeBlock(code, maxSection)); got != want {
			t.Errorf("%q:\ngot  %q\nwant %q", code, got, want)
		}
	}
	got := codeBlock(strings.Repeat("<", 10_000)+"the end", maxSection)
	if n := utf8.RuneCountInString(got); n > maxSection || n < maxSection-5 {
		t.Errorf("%d characters", n)
	}
	if !strings.HasPrefix(got, "```\n…&lt;") || !strings.HasSuffix(got, "&lt;the end\n```") {
		t.Errorf("not the end of the output: %q … %q", got[:20], got[len(got)-20:])
	}
}

// A text is never cut inside an entity, a mention or a style.
func TestCutting(t *testing.T) {
	for limit := 1; limit < 60; limit++ {
		text := paragraph(card.T(card.U("U0ALICE"), "<&>", card.B("bold & brave"), " ", card.C("a<b")), limit)
		if text == nil {
			continue
		}
		if n := utf8.RuneCountInString(text.Text); n > limit {
			t.Fatalf("%d characters at a limit of %d: %q", n, limit, text.Text)
		}
		rest := strings.TrimSuffix(text.Text, ellipsis)
		for _, whole := range []string{"<@U0ALICE>", "&lt;", "&amp;", "&gt;"} {
			rest = strings.ReplaceAll(rest, whole, "")
		}
		if strings.ContainsAny(rest, "<>&;@") || strings.Count(rest, "*")%2 != 0 || strings.Count(rest, "`")%2 != 0 {
			t.Errorf("limit %d: cut inside something: %q", limit, text.Text)
		}
	}
}

func TestTheWholeMessage(t *testing.T) {
	m := card.Message{Text: "web *v42* <!here>", Tone: card.Bad, Blocks: []card.Block{
		{Header: "Deploy\nweb <v42>"},
		{Text: card.T("asked by ", card.U("U0ALICE"), " ", card.Span{Kind: card.Ping, Value: "S0ONCALL"})},
		{Fields: []card.Field{{Label: "Ref", Value: card.T(card.C("v42"))}, {Label: "Next", Value: card.T("web_2 *")}}},
		{Divider: true},
		{Context: card.T("300 of 312 s")},
		{Code: "exit 1"},
		{Text: card.T("  ")},
		{Buttons: []card.Button{
			{Action: "retry", Label: "Retry", Value: "op1|a", Style: card.Primary},
			{Action: "retry", Label: "Retry b", Value: "op1|b", Style: card.Danger, Confirm: &card.Confirm{Title: "Sure?", Text: "It runs again.", OK: "Retry"}},
		}},
	}}
	got, err := render(m)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := json.MarshalIndent(got.attachments[0].Blocks.BlockSet, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if want := "<!subteam^S0ONCALL> web {-}*{-}v42{-}*{-} &lt;!here&gt;"; seen(got.text) != want || got.attachments[0].Fallback != got.text {
		t.Errorf("text %q, want %q", seen(got.text), want)
	}
	if got.attachments[0].Color != "#e01e5a" {
		t.Errorf("colour %q", got.attachments[0].Color)
	}
	var flat []string
	for _, line := range strings.Split(string(blocks), "\n") {
		line = strings.Trim(line, " ,")
		if strings.Contains(line, ": ") && !strings.HasSuffix(line, "{") && !strings.HasSuffix(line, "[") {
			flat = append(flat, strings.ReplaceAll(line, `"`, ""))
		}
	}
	want := []string{
		"type: header", "type: plain_text", `text: Deploy web \u0026lt;v42\u0026gt;`, "emoji: false",
		"type: section", "type: mrkdwn", `text: asked by \u003c@U0ALICE\u003e \u003c!subteam^S0ONCALL\u003e`, "verbatim: true",
		"type: section", "type: mrkdwn", `text: *Ref*\n` + "`v42`", "verbatim: true", "type: mrkdwn", `text: *Next*\nweb_2 {-}*{-}`, "verbatim: true",
		"type: divider",
		"type: context", "type: plain_text", "text: 300 of 312 s", "emoji: false",
		"type: section", "type: mrkdwn", "text: ```" + `\nexit 1\n` + "```", "verbatim: true",
		"type: actions",
		"type: button", "type: plain_text", "text: Retry", "emoji: false", "action_id: retry", "value: op1|a", "style: primary",
		"type: button", "type: plain_text", "text: Retry b", "emoji: false", "action_id: retry#2", "value: op1|b",
		"type: plain_text", "text: Sure?", "emoji: false", "type: plain_text", "text: It runs again.", "emoji: false",
		"type: plain_text", "text: Retry", "emoji: false", "type: plain_text", "text: Cancel", "emoji: false", "style: danger", "style: danger",
	}
	for i := range flat {
		flat[i] = seen(flat[i])
	}
	if diff := cmp.Diff(want, flat); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestAMessageWithoutText(t *testing.T) {
	if _, err := render(card.Message{}); err == nil {
		t.Error("an empty message was rendered")
	}
	got, err := render(card.Message{Blocks: []card.Block{{Divider: true}, {Header: "Deploy web"}}})
	if err != nil || got.text != "Deploy web" {
		t.Errorf("text %q, %v", got.text, err)
	}
}

func TestButtonsThatCannotBeShown(t *testing.T) {
	for name, buttons := range map[string][]card.Button{
		"value":     {{Action: "a", Label: "A", Value: strings.Repeat("v", maxValue+1)}},
		"no action": {{Label: "A"}},
		"action":    {{Action: strings.Repeat("a", maxAction+1), Label: "A"}},
		"twin":      {{Action: "a#2", Label: "A"}},
		"no label":  {{Action: "a", Label: " "}},
		"too many":  slices.Repeat([]card.Button{{Action: "a", Label: "A"}}, maxButtons+1),
	} {
		if _, err := render(card.Message{Text: "x", Blocks: []card.Block{{Buttons: buttons}}}); err == nil {
			t.Errorf("%s: rendered", name)
		}
	}
}

// However much there is to say, people can still act.
func TestButtonsOutliveEverythingElse(t *testing.T) {
	acts := card.Block{Buttons: []card.Button{{Action: "abort", Label: "Abort"}}}
	for name, filler := range map[string][]card.Block{
		"blocks":     slices.Repeat([]card.Block{{Divider: true}}, 200),
		"characters": slices.Repeat([]card.Block{{Text: card.T(strings.Repeat("long ", 2000))}}, 20),
		"fields":     {{Fields: slices.Repeat([]card.Field{{Label: "L", Value: card.T(strings.Repeat("&", 3000))}}, 45)}},
	} {
		got, err := render(card.Message{Text: strings.Repeat("x", 5000), Blocks: append(filler, acts)})
		if err != nil {
			t.Fatal(err)
		}
		set := got.blocks
		if len(set) > maxBlocks || set[len(set)-1].BlockType() != slack.MBTAction {
			t.Errorf("%s: %d blocks, the last is %s", name, len(set), set[len(set)-1].BlockType())
		}
		if n := utf8.RuneCountInString(got.text); n > maxText {
			t.Errorf("%s: %d characters of text", name, n)
		}
	}
}

// Slack shows the text of a message above its attachments: a message without a bar must not say everything twice.
func TestANeutralMessageHasItsBlocksAtTheTop(t *testing.T) {
	m := card.Message{Text: "web-1 is drained", Blocks: []card.Block{{Text: card.T("web-1 is drained")}}}
	if got, err := render(m); err != nil || len(got.blocks) != 1 || len(got.attachments) != 0 {
		t.Errorf("%v %+v", err, got)
	}
	m.Tone = card.Bad
	if got, err := render(m); err != nil || len(got.blocks) != 0 || len(got.attachments) != 1 {
		t.Errorf("%v %+v", err, got)
	}
}

func TestUnescape(t *testing.T) {
	if got := unescape("a &lt;b&gt; &amp;amp; <@U1|name>"); got != "a <b> &amp; <@U1|name>" {
		t.Errorf("got %q", got)
	}
	if got := unescape("&amp;lt;"); got != "&lt;" {
		t.Errorf("unescaped twice: %q", got)
	}
}
