package slackapi_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"junban/bot/card"
	"junban/bot/slacksim"
)

// Whatever a message holds, Slack takes it: the simulator refuses what is too long, malformed or not unique.
func TestSlackTakesAnyMessage(t *testing.T) {
	w := overSockets(t, slacksim.Options{NoRates: true})
	place, err := w.client.Post(t.Context(), deploys, "", words("card"), key("op1", 0))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := anyMessage(rt)
		// The client's own rates would make this long: one client for each message.
		client := newClient(w.options())
		if err := client.Update(t.Context(), place, edit(m)); err != nil {
			rt.Fatalf("updating: %v\n%+v", err, m)
		}
		shown, _ := w.Message(deploys, place.TS)
		for _, b := range m.Blocks {
			for _, button := range b.Buttons {
				if !strings.Contains(string(shown.Attachments)+string(shown.Blocks), button.Action) {
					rt.Fatalf("button %q is not shown", button.Action)
				}
			}
		}
		for _, control := range []string{"<!channel>", "<!here>", "<@U0EVIL>"} {
			for _, part := range []string{shown.Text, string(shown.Attachments), string(shown.Blocks)} {
				if strings.Contains(part, control) {
					rt.Fatalf("%s came through: %s", control, part)
				}
			}
		}
	})
}

func anyMessage(t *rapid.T) card.Message {
	piece := rapid.SampledFrom([]string{
		"word ", "<!channel>", "<!here>", "<@U0EVIL>", "&", "*", "_", "~", "`", "```", "\n", "> ", ":tada:", "日本語", "\x00", "\xff", "\u202e",
		strings.Repeat("long & ", 100), strings.Repeat("<", 3000),
	})
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "") })
	kinds := rapid.SampledFrom([]card.SpanKind{card.Words, card.Bold, card.Code, card.User, card.Ping, card.Link, card.Room, card.Time})
	spans := rapid.Custom(func(t *rapid.T) card.Text {
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) card.Span {
			return card.Span{Kind: kinds.Draw(t, "kind"), Value: text.Draw(t, "value"), At: time.Unix(1_800_000_000, 0)}
		}), 0, 6).Draw(t, "spans")
	})
	button := rapid.Custom(func(t *rapid.T) card.Button {
		b := card.Button{
			Action: rapid.SampledFrom([]string{"approve", "deny", "retry"}).Draw(t, "action"), Label: "L" + text.Draw(t, "label"),
			Value: rapid.StringN(0, 100, -1).Draw(t, "value"), Style: rapid.SampledFrom([]card.Style{card.Plain, card.Primary, card.Danger}).Draw(t, "style"),
		}
		if rapid.Bool().Draw(t, "confirms") {
			b.Confirm = &card.Confirm{Title: text.Draw(t, "title"), Text: text.Draw(t, "question"), OK: text.Draw(t, "ok")}
		}
		return b
	})
	block := rapid.Custom(func(t *rapid.T) card.Block {
		switch rapid.IntRange(0, 6).Draw(t, "block") {
		case 0:
			return card.Block{Header: text.Draw(t, "header")}
		case 1:
			return card.Block{Fields: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) card.Field {
				return card.Field{Label: text.Draw(t, "label"), Value: spans.Draw(t, "value")}
			}), 0, 12).Draw(t, "fields")}
		case 2:
			return card.Block{Context: spans.Draw(t, "context")}
		case 3:
			return card.Block{Code: text.Draw(t, "code")}
		case 4:
			return card.Block{Buttons: rapid.SliceOfN(button, 1, 5).Draw(t, "buttons")}
		case 5:
			return card.Block{Divider: true}
		}
		return card.Block{Text: spans.Draw(t, "text")}
	})
	return card.Message{
		Text: "x" + text.Draw(t, "text"), Tone: rapid.SampledFrom([]card.Tone{card.Neutral, card.Good, card.Bad, card.Faded}).Draw(t, "tone"),
		Blocks: rapid.SliceOfN(block, 0, 60).Draw(t, "blocks"),
	}
}
