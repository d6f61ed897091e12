// Package card turns operations into messages: what a conversation shows of a plan, a rollout, an instance, a refusal.
//
// It is pure, and speaks of structure only: it knows no Slack, writes no markup and escapes nothing. Whoever renders a
// Message escapes every word of it. It must never decide what people may do: buttons are deploy.Offers, one by one.
package card

import "time"

// Message is one message of a conversation.
type Message struct {
	Text   string // the whole in one plain line. With a Tone it is shown above the blocks; without, notifications show it
	Tone   Tone   // Neutral: no bar
	Blocks []Block

	Broadcast bool // a reply in a thread that the channel is shown too
}

// Tone is how a message feels; it becomes the colour of its bar.
type Tone string

const (
	Neutral Tone = ""
	Asking  Tone = "asking" // waits for a person
	Moving  Tone = "moving" // under way
	Good    Tone = "good"   // ended well
	Bad     Tone = "bad"    // failed, or something is out
	Faded   Tone = "faded"  // denied, expired, withdrawn
)

// Block is one part of a message: exactly one of its fields is set.
type Block struct {
	Header  string   // a short plain title
	Text    Text     // a paragraph; may hold line breaks
	Fields  []Field  // at most 10, in two columns
	Context Text     // small print
	Code    string   // preformatted, such as the end of a command's output
	Buttons []Button // at most 5
	Divider bool
	Input   *Input // a field; in forms only
}

// Field is a labelled value.
type Field struct {
	Label string
	Value Text
}

// Button is one offer. Its value is what the person saw, never what is: the bot judges by its own state.
type Button struct {
	Action  string // action id
	Label   string
	Value   string
	Style   Style
	Confirm *Confirm // asked before the click counts
	URL     string   // opened by the click, which comes back as well; made by us, never by people
}

// Style is how much a button stands out.
type Style string

const (
	Plain   Style = ""
	Primary Style = "primary"
	Danger  Style = "danger"
)

// Confirm is the question before an act that changes course.
type Confirm struct {
	Title  string
	Text   string
	OK     string
	Cancel string // the label of the other button; "" = the chat's own word
}

// Text is a run of spans.
type Text []Span

// Span is a piece of text with one meaning. Value is always raw: it may hold anything that anybody typed.
type Span struct {
	Kind  SpanKind
	Value string
	At    time.Time // Time: shown in the reader's own zone
}

// SpanKind is what a span means.
type SpanKind string

const (
	Words SpanKind = ""
	Bold  SpanKind = "bold"
	Code  SpanKind = "code" // inline
	User  SpanKind = "user" // Value is a user id: shown as a mention, without notifying anybody
	Ping  SpanKind = "ping" // Value is a user or group id: shown as a mention that notifies
	Link  SpanKind = "link" // Value is a URL made by us, never by people
	Time  SpanKind = "time" // At
	Room  SpanKind = "room" // Value is a channel id
)

// T makes a text of strings and spans.
func T(parts ...any) Text {
	var out Text
	for _, p := range parts {
		switch v := p.(type) {
		case string:
			out = append(out, Span{Value: v})
		case Span:
			out = append(out, v)
		case Text:
			out = append(out, v...)
		}
	}
	return out
}

// B is a bold span.
func B(s string) Span { return Span{Kind: Bold, Value: s} }

// C is a span of code.
func C(s string) Span { return Span{Kind: Code, Value: s} }

// U names a person, by id, without notifying anybody.
func U(id string) Span { return Span{Kind: User, Value: id} }

// P calls for a person or a group, by id: they are notified.
func P(id string) Span { return Span{Kind: Ping, Value: id} }

// At is a moment, shown in the reader's own zone.
func At(t time.Time) Span { return Span{Kind: Time, At: t} }
