package card

// View is what the chat shows outside of messages: a form that opens over it, or a person's home tab.
type View struct {
	Callback string // says which form it is, when it comes back; "" for a home tab
	Private  string // comes back unseen with what was filled in; at most 3,000 characters
	Title    string // of a form, at most 24 characters
	Submit   string // the label that sends a form; "" = there is nothing to send
	Close    string // the label that closes a form
	Blocks   []Block
}

// Input is one field of a form.
type Input struct {
	ID       string // says which field it is, when it comes back
	Label    string
	Hint     string   // small print below it
	Empty    string   // shown in it while nothing is
	Kind     Fill     // how it is filled
	Value    string   // what is in it at first: text, or an option's value
	Options  []Option // of a Choice
	Longest  int      // characters of text; 0 = the chat's own limit
	Optional bool
	Tells    bool // each change of a Choice comes back at once, as a click whose action is ID
}

// Fill is how a field is filled.
type Fill string

const (
	Line   Fill = "line"   // one line of text
	Lines  Fill = "lines"  // several
	Choice Fill = "choice" // one of Options
)

// Option is one of a Choice. At most 100 of a group; Value has at most 150 characters.
type Option struct {
	Label, Value string
	Group        string // options of one group follow each other; "" = no groups
}
