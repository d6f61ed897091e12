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
	case StateRolling:
		for _, i := range o.Undecided() {
			out = append(out, waysOut(o.Lanes[i])...)
		}
		if len(o.Aborts) == 0 || len(o.Aborts) == 1 && o.inFlight() {
			// Numbered, so that a double click on the first is not the second, which cancels.
			out = append(out, Offer{Verb: ActAbort, Attempt: len(o.Aborts) + 1})
		}
	}
	return out
}

// waysOut are the decisions that a lane waits for.
func waysOut(l LaneState) []Offer {
	verbs := []ActVerb{ActRetry, ActPutBack, ActLeaveOut}
	switch {
	case l.Phase == PhaseUnknown:
		verbs = []ActVerb{ActLooked}
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
		if ok && (step.Verb == VerbCommand || step.Verb == VerbVerify) && (l.Phase == PhaseBegun || l.Phase == PhaseAccepted) {
			return true
		}
	}
	return false
}

// offered reports whether an act is among the offers.
func offered(o Operation, a Act) bool {
	if a.Verb == ActAbort && o.State == StateRolling && a.Attempt == 0 {
		a.Attempt = 1
	}
	for _, f := range Offers(o) {
		if f.Verb == a.Verb && f.Lane == a.Lane && f.Attempt == a.Attempt {
			return true
		}
	}
	return false
}
