package deploy

// verbs is the table of verbs: what moves each kind of step on. The rule of each stands in a file of its own, with what
// becomes of a step whose outcome was lost: leave and join repeat their call, which does nothing twice; command and
// verify look for their token first.
var verbs = map[Verb]func(m *mover, lane int){
	VerbLeave:   (*mover).leave,
	VerbIdle:    (*mover).idle,
	VerbRevert:  (*mover).command,
	VerbBefore:  (*mover).before,
	VerbFirst:   (*mover).first,
	VerbAfter:   (*mover).after,
	VerbCommand: (*mover).command,
	VerbVerify:  (*mover).verify,
	VerbJoin:    (*mover).join,
}
