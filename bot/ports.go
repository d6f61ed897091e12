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
	Trigger  string    `json:"trigger,omitempty"`  // opens one form, within three seconds
	Robot    string    `json:"robot,omitempty"`    // mention: the id (B…) of the bot that posted it, whose user may be empty
	View     *Filled   `json:"view,omitempty"`     // submission, and clicks in forms and home tabs
	At       time.Time `json:"at"`
}

// Filled is a form as it came back.
type Filled struct {
	ID       string            `json:"id"`
	Hash     string            `json:"hash,omitempty"`
	Callback string            `json:"callback,omitempty"`
	Private  string            `json:"private,omitempty"`
	Values   map[string]string `json:"values,omitempty"` // by Input.ID: the text, or the chosen option's value
}

// Input is what kind of thing was done.
type Input string

const (
	InputCommand Input = "command"
	InputClick   Input = "click"
	InputMention Input = "mention"
	InputSubmit  Input = "submit"   // a form was sent
	InputHome    Input = "home"     // a home tab was opened
	InputMessage Input = "shortcut" // the shortcut of a message: Message says which, Action the shortcut's callback id
)

// Key marks a post with what it tells, so that it can be found again when the answer to posting it was lost.
type Key struct {
	Op  deploy.ID
	Seq int // the event that is told; 0 = the parent message, -1 = the details
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
	// Update replaces a message by what the edit draws when its turn has come. Of the edits of one message that wait,
	// only the newest is made. ErrReplaced: a newer one took this one's place, and nothing was drawn. ErrGone: the
	// message can be edited no more; post anew.
	Update(ctx context.Context, p Place, e Edit) error
	// Find looks for a post by its key among the bot's own messages since a time; ok is false if there is none.
	Find(ctx context.Context, channel, thread string, k Key, since time.Time) (p Place, ok bool, err error)
	// Whisper answers one person, visible to nobody else: by the envelope's response URL while it lasts, else in the
	// channel.
	Whisper(ctx context.Context, e Envelope, m card.Message) error
}

// Edit is what a message becomes.
type Edit struct {
	Key    Key
	Urgent bool // somebody is asked, or nothing will follow: before the other edits, and without a pause after the last
	// Draw makes the message as things are now. It is called when the edit's turn has come, once for each try, by the
	// goroutine that called Update. Its error ends the edit.
	Draw func(ctx context.Context) (card.Message, error)
}

var (
	// ErrUnclear says that a post may or may not have been sent.
	ErrUnclear = errors.New("it is not known whether the message was sent")
	// ErrGone says that a message can be edited no more, or that its channel or thread is gone.
	ErrGone = errors.New("the message can be edited no more")
	// ErrReplaced says that an edit was not made, because a newer one of the same message is.
	ErrReplaced = errors.New("a newer edit of the message took this one's place")
)

// Room is what a channel is.
type Room struct {
	Shared  bool // with another organisation, or about to be: its people see what is there, and can click
	Private bool
}

// Channels tells what a channel is now, or was some minutes ago at most.
type Channels interface {
	// Room answers for a channel by its id. Any error means that it is not known: treat the channel as shared.
	Room(ctx context.Context, channel string) (Room, error)
}

// Panels is the way to forms and home tabs, and to files. Like Chat it honours the chat's rates.
type Panels interface {
	// Open shows a form to whoever sent the envelope, by its trigger: once, within three seconds of the deed.
	// ErrGone: the trigger is used up or too old.
	Open(ctx context.Context, e Envelope, v card.View) error
	// Redraw replaces a form that is open. ErrGone: it was closed, or it has changed since hash; "" = whatever it shows.
	Redraw(ctx context.Context, id, hash string, v card.View) error
	// Home replaces a person's home tab.
	Home(ctx context.Context, user string, v card.View) error
	// Upload posts a file into a channel, into a thread if one is named. ErrUnclear: it may have been posted.
	Upload(ctx context.Context, channel, thread string, f File) error
}

// File is something to look at, posted into a thread.
type File struct {
	Name  string // with its ending
	Title string
	Alt   string // what it shows, in words
	Data  []byte
}

// Receiver takes envelopes in. It is called before the envelope is acknowledged: when it answers no error the envelope
// is safe and will be worked on; it must not do the work itself. The reply goes out with the acknowledgement.
type Receiver interface {
	Receive(ctx context.Context, e Envelope) (Reply, error)
}

// Reply is what becomes of a form that was sent; the zero value closes it. Other envelopes have none.
type Reply struct {
	Errors map[string]string // by Input.ID: the form stays, with these beside its fields
	View   *card.View        // the form becomes this one
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
