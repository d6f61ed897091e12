package deploy

// Offer is one legal act: a button, a word of help, or the reason why another act is refused.
type Offer struct {
	Verb    ActVerb
	Lane    string // instance id, for acts on one instance
	Attempt int    // the failed one; of an abort: which abort it would be
	Hash    string // approve, deny
}

// Offers lists what people may do now. Whether a given person may is judged by Decide.
func Offers(o Operation) []Offer {
	var out []Offer
	add := func(verbs ...ActVerb) {
		for _, v := range verbs {
			out = append(out, Offer{Verb: v})
		}
	}
	switch o.State {
	case StateRequested:
		out = append(out, Offer{Verb: ActApprove, Hash: o.Hash}, Offer{Verb: ActDeny, Hash: o.Hash})
		add(ActWithdraw)
	case StateApproved, StateQueued:
		add(ActWithdraw, ActAbort)
	case StateRolling, StatePaused:
		for _, i := range o.Undecided() {
			out = append(out, waysOut(o.Lanes[i])...)
		}
		if o.Asked.Code != "" {
			out = append(out, Offer{Verb: ActContinue, Attempt: len(o.Answers) + 1})
		}
		out = append(out, o.courses()...)
	}
	return out
}

// courses are the ways to change an operation's course. An abort is numbered by what came before it, so that a double
// click on the first is not the second, which cancels, and one meant for the rollout does not end the way back.
func (o Operation) courses() []Offer {
	var out []Offer
	switch {
	case o.State == StatePaused:
		out = append(out, Offer{Verb: ActResume})
	case !o.Aborting() && o.more():
		out = append(out, Offer{Verb: ActPause})
	}
	if o.CanTurn() && o.ran() {
		out = append(out, Offer{Verb: ActRollback})
	}
	if !o.Aborting() && len(o.Aborts) < 2 || o.Stopped.Code == "" && len(o.Aborts) == 1 && o.Aborting() && o.inFlight() {
		out = append(out, Offer{Verb: ActAbort, Attempt: o.nextAbort()})
	}
	return out
}

func (o Operation) nextAbort() int {
	n := len(o.Aborts) + 1
	if o.Turned != nil {
		n++
	}
	return n
}

// more reports whether something is still to leave, which a pause would keep.
func (o Operation) more() bool {
	for _, l := range o.Lanes {
		if !l.Touched && l.Phase != PhaseDone {
			return true
		}
	}
	return false
}

// ran reports whether a command has begun on some instance.
func (o Operation) ran() bool {
	for _, l := range o.Lanes {
		if l.Ran {
			return true
		}
	}
	return false
}

// waysOut are the decisions that a lane waits for.
func waysOut(l *LaneState) []Offer {
	verbs := []ActVerb{ActRetry, ActPutBack, ActLeaveOut}
	switch {
	case l.Phase == PhaseUnknown:
		verbs = []ActVerb{ActLooked}
	case l.Chore():
		verbs = []ActVerb{ActGoOn}
	case l.Cause.Code == Vanished:
		verbs = []ActVerb{ActRetry, ActLeaveOut}
	case l.Cause.Code == InstanceGone:
		verbs = []ActVerb{ActLeaveOut}
		if l.Cause.Values["state"] != "terminated" {
			verbs = []ActVerb{ActRetry, ActLeaveOut}
		}
	}
	var out []Offer
	for _, v := range verbs {
		out = append(out, Offer{Verb: v, Lane: l.Name, Attempt: l.Attempt})
	}
	return out
}

// inFlight reports whether a command runs that a second abort would cancel.
func (o Operation) inFlight() bool {
	for _, l := range o.Lanes {
		step, ok := l.Step()
		if ok && (step.Verb.deploys() || step.Verb == VerbVerify || step.Verb.chore()) && (l.Phase == PhaseBegun || l.Phase == PhaseAccepted) {
			return true
		}
	}
	return false
}

// offered reports whether an act is among the offers.
func offered(o Operation, a Act) bool {
	if a.Attempt == 0 && o.State.Rolling() { // typed, not pressed: what it is about is what is now
		switch a.Verb {
		case ActAbort:
			a.Attempt = 1
		case ActContinue:
			a.Attempt = len(o.Answers) + 1
		}
	}
	for _, f := range Offers(o) {
		if f.Verb == a.Verb && f.Lane == a.Lane && f.Attempt == a.Attempt {
			return true
		}
	}
	return false
}
