package bot

import (
	"context"
	"errors"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

// Envelope is one thing that a person did in the chat.
type Envelope struct {
	ID       string    `json:"id"` // unique; the same one may arrive more than once
	Kind     Input     `json:"kind"`
	Team     string    `json:"team"`    // the person's team
	User     string    `json:"user"`    // who
	Channel  string    `json:"channel"` // where
	Thread   string    `json:"thread,omitempty"`
	Command  string    `json:"command,omitempty"`  // with its slash
	Text     string    `json:"text,omitempty"`     // raw, as typed: unescaped, mentions as <@U…>
	Action   string    `json:"action,omitempty"`   // click: action id
	Value    string    `json:"value,omitempty"`    // click: the button's value
	Message  string    `json:"message,omitempty"`  // click: the message's timestamp
	Response string    `json:"response,omitempty"` // URL for ephemeral answers: 5 uses, 30 minutes
	At       time.Time `json:"at"`
}

// Input is what kind of thing was done.
type Input string

const (
	InputCommand Input = "command"
	InputClick   Input = "click"
	InputMention Input = "mention"
)

// Key marks a post with what it tells, so that it can be found again when the answer to posting it was lost.
type Key struct {
	Op  deploy.ID
	Seq int // the event that is told; 0 = the parent message
}

// Place is where a message is: Slack's channel id and timestamp, kept as the strings that Slack answered.
type Place struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// Chat is the way out to people. It honours the chat's rates: calls wait for their turn, and end with their context.
type Chat interface {
	// Post sends a message, into a thread if one is named. ErrUnclear: it may have been sent; look with Find.
	Post(ctx context.Context, channel, thread string, m card.Message, k Key) (Place, error)
	// Update replaces a message. ErrGone: it can be edited no more; post anew.
	Update(ctx context.Context, p Place, m card.Message, k Key) error
	// Find looks for a post by its key among the bot's own messages since a time; ok is false if there is none.
	Find(ctx context.Context, channel, thread string, k Key, since time.Time) (p Place, ok bool, err error)
	// Whisper answers one person, visible to nobody else: by the envelope's response URL while it lasts, else in the
	// channel.
	Whisper(ctx context.Context, e Envelope, m card.Message) error
}

var (
	// ErrUnclear says that a post may or may not have been sent.
	ErrUnclear = errors.New("it is not known whether the message was sent")
	// ErrGone says that a message can be edited no more, or that its channel or thread is gone.
	ErrGone = errors.New("the message can be edited no more")
)

// Receiver takes envelopes in. It is called before the envelope is acknowledged: when it answers nil the envelope is
// safe and will be worked on; it must not do the work itself.
type Receiver interface {
	Receive(ctx context.Context, e Envelope) error
}

// Memory is the bot's own notebook: bytes by table and key. It holds nothing that the journal says.
type Memory interface {
	Get(ctx context.Context, table, key string) ([]byte, bool, error)
	Put(ctx context.Context, table, key string, value []byte) error
	// Create writes only if the key is new, and says whether it was.
	Create(ctx context.Context, table, key string, value []byte) (bool, error)
	Delete(ctx context.Context, table, key string) error
	// List calls f for each key, in order.
	List(ctx context.Context, table string, f func(key string, value []byte) error) error
}
