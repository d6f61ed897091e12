package deploy

// row is one kind of step: what moves it on. Each row's rule stands in a file of its own.
type row struct {
	next func(m *mover, lane int)
	lost string // what becomes of a step whose outcome was lost
	back Verb   // the way back; "" = there is none, a person decides
}

// verbs is the table of verbs.
var verbs = map[Verb]row{
	VerbLeave:   {next: (*mover).leave, lost: "repeat", back: VerbJoin},
	VerbCommand: {next: (*mover).command, lost: "adopt by token"},
	VerbVerify:  {next: (*mover).verify, lost: "adopt by token"},
	VerbJoin:    {next: (*mover).join, lost: "repeat", back: VerbLeave},
}
