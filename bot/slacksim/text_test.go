package slacksim_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"junban/bot/slacksim"
)

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		m    slacksim.Message
		want string
	}{
		"plain": {slacksim.Message{Text: "a &lt;b&gt; &amp;amp;"}, "a <b> &amp;"},
		"blocks hide the text": {slacksim.Message{Text: "hidden", Blocks: []byte(`[
			{"type":"header","text":{"type":"plain_text","text":"web v42"}},
			{"type":"section","text":{"type":"mrkdwn","text":"*by* <@U1>"},"accessory":{"type":"button","text":{"type":"plain_text","text":"More"}}},
			{"type":"section","fields":[{"type":"mrkdwn","text":"a"},{"type":"mrkdwn","text":"b"}]},
			{"type":"divider"},
			{"type":"image","image_url":"u","alt_text":"a picture"},
			{"type":"context","elements":[{"type":"mrkdwn","text":"c"},{"type":"image","image_url":"u","alt_text":"i"}]},
			{"type":"markdown","text":"**m**"},
			{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"r "},{"type":"user","user_id":"U2"}]}]},
			{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Approve"}},{"type":"button","text":{"type":"plain_text","text":"Deny"}}]}
		]`)}, "web v42\n*by* <@U1> [More]\na b\n---\n(a picture)\nc (i)\n**m**\nr <@U2>\n[Approve] [Deny]"},
		"attachments come after the text": {slacksim.Message{Text: "t", Attachments: []byte(`[
			{"color":"good","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"inside"}}]},
			{"pretext":"p","title":"h","text":"x"},{"fallback":"f"}]`)}, "t\ninside\np\nh\nx\nf"},
	} {
		if diff := cmp.Diff(c.want, slacksim.Text(c.m)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestMentionsAndEscapes(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	for typed, want := range map[string]string{
		"@junban abort":           "<@U0JUNBAN> abort",
		"hey @junban, <@U0BOB>":   "hey <@U0JUNBAN>, <@U0BOB>",
		"a@bob.example @bobby <x": "a@bob.example @bobby &lt;x",
		"<!channel> & <@U0NONE>":  "&lt;!channel&gt; &amp; &lt;@U0NONE&gt;",
	} {
		ts, err := p.Post(t.Context(), alice, deploys, "", typed)
		if err != nil {
			t.Fatal(err)
		}
		if m, _ := p.Message(deploys, ts); m.Text != want {
			t.Errorf("%q became %q, want %q", typed, m.Text, want)
		}
	}
}

// Fake time stands still between the posts, so only the workspace can tell them apart.
func TestTimestampsIncrease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := peopled(slacksim.Options{})
		defer w.Close()
		last := ""
		for range 1000 {
			ts, err := w.Post(t.Context(), alice, deploys, "", "x")
			if err != nil || ts <= last {
				t.Fatalf("%q after %q, %v", ts, last, err)
			}
			last = ts
		}
		if last != "946684800.000999" { // the bubble's clock starts at 2000-01-01
			t.Errorf("the last is %q", last)
		}
	})
}
