package deploy

import "time"

// Decide says what a person's act makes of an operation: events to append, or a *Refusal with the reason. It judges
// the person by the approved rules, at the moment of the act, and the act by the operation as it is: what a button
// showed when it was drawn counts for nothing.
func Decide(o Operation, a Act, now time.Time) ([]Event, error) {
	rule, ok := acts[a.Verb]
	if !ok {
		return nil, refuse(UnknownAct, "act", a.Verb)
	}
	if a.By.Kind != Member {
		return nil, refuse(NotAMember, "kind", a.By.Kind)
	}
	if err := rule.who(o, a); err != nil {
		return nil, err
	}
	for _, done := range o.Aborts {
		if a.ID != "" && done.ID == a.ID {
			return nil, nil
		}
	}
	if !offered(o, a) {
		return nil, tooLate(o, a)
	}
	return rule.then(o, a, now)
}

// act is one row of the table of acts: who may, and what it makes of the operation.
type act struct {
	who  func(Operation, Act) error
	then func(Operation, Act, time.Time) ([]Event, error)
}

var acts = map[ActVerb]act{
	ActApprove:  {approvers, approve},
	ActDeny:     {approvers, deny},
	ActWithdraw: {requester, withdraw},
	ActAbort:    {anyOfThem, abort},
	ActRetry:    {operators, choose1},
	ActPutBack:  {operators, choose1},
	ActLeaveOut: {operators, choose1},
	ActLooked:   {operators, choose1},
	ActGoOn:     {operators, choose1},
	ActPause:    {anyOfThem, pause},
	ActResume:   {anyOfThem, goOn},
	ActContinue: {answerers, goOn},
	ActRollback: {anyOfThem, turnBack},
}

func approvers(o Operation, a Act) error {
	if !a.By.In(o.Plan.Rules.Approval.Allow) {
		return refuse(NotAllowed, "list", "approve")
	}
	return nil
}

// operators are those who may deploy, and those who may approve.
func operators(o Operation, a Act) error {
	if !a.By.In(o.Plan.Rules.MayDeploy) && !a.By.In(o.Plan.Rules.Approval.Allow) {
		return refuse(NotAllowed, "list", "deploy")
	}
	return nil
}

func requester(o Operation, a Act) error {
	if a.By.ID != o.RequestedBy {
		return refuse(NotYours, "by", o.RequestedBy)
	}
	return nil
}

func anyOfThem(o Operation, a Act) error {
	if a.By.ID == o.RequestedBy {
		return nil
	}
	return operators(o, a)
}

// answerers are those who may answer what the operation asks.
func answerers(o Operation, a Act) error {
	if questions[o.Asked.Code].approver && !o.Plan.Rules.Approval.None {
		if !a.By.In(o.Plan.Rules.Approval.Allow) {
			return refuse(NeedApprover, "act", a.Verb)
		}
		return nil
	}
	return operators(o, a)
}

// approve counts a vote for exactly these terms. The plan was remade just now: if the fleet or the configuration has
// changed what would be done, the request is void, since nobody has seen that.
func approve(o Operation, a Act, now time.Time) ([]Event, error) {
	if a.Hash != o.Hash {
		return nil, refuse(WrongHash)
	}
	if !now.Before(o.Expires) {
		return nil, refuse(Expired, "after", o.Plan.Rules.Approval.Expires)
	}
	if a.By.ID == o.RequestedBy && !o.Plan.Rules.Approval.Self {
		return nil, refuse(OwnRequest)
	}
	for _, v := range o.Votes {
		if v.By == a.By.ID {
			return nil, refuse(AlreadyVoted)
		}
	}
	if a.Fresh == nil {
		return void(a, a.Changed), nil
	}
	if a.Fresh.Hash() != o.Hash {
		return void(a, Because(PlanChanged, "what", Difference(o.Plan.Terms, a.Fresh.Terms))), nil
	}
	return []Event{{Type: EventVoted, By: a.By.ID, Act: &a}}, nil
}

func void(a Act, c Cause) []Event {
	return []Event{{Type: EventFinished, State: StateExpired, By: a.By.ID, Cause: c}}
}

func deny(o Operation, a Act, _ time.Time) ([]Event, error) {
	if a.Hash != o.Hash {
		return nil, refuse(WrongHash)
	}
	return []Event{{
		Type: EventFinished, State: StateDenied, By: a.By.ID, Act: &a,
		Cause: Because(Denied, "by", a.By.ID, "reason", a.Reason),
	}}, nil
}

func withdraw(_ Operation, a Act, _ time.Time) ([]Event, error) {
	return []Event{{Type: EventFinished, State: StateWithdrawn, By: a.By.ID, Act: &a, Cause: Because(Withdrawn, "by", a.By.ID)}}, nil
}

// abort ends what has not begun at once; a rollout goes on until every instance is in service, skipped or held.
func abort(o Operation, a Act, _ time.Time) ([]Event, error) {
	if !o.State.Rolling() {
		return []Event{{Type: EventFinished, State: StateAborted, By: a.By.ID, Act: &a, Cause: Because(Aborted, "by", a.By.ID)}}, nil
	}
	return []Event{{Type: EventAborted, By: a.By.ID, Act: &a}}, nil
}

func pause(_ Operation, a Act, _ time.Time) ([]Event, error) {
	return []Event{{Type: EventPaused, By: a.By.ID, Act: &a}}, nil
}

func goOn(o Operation, a Act, _ time.Time) ([]Event, error) {
	return []Event{{Type: EventContinued, By: a.By.ID, Act: &a, Cause: o.Asked}}, nil
}

func turnBack(_ Operation, a Act, _ time.Time) ([]Event, error) {
	return []Event{{Type: EventTurned, By: a.By.ID, Act: &a}}, nil
}

// choose1 is a decision about one instance.
func choose1(o Operation, a Act, _ time.Time) ([]Event, error) {
	i, _ := o.Lane(a.Lane)
	return []Event{{Type: EventChosen, Lane: i, Attempt: o.Lanes[i].Attempt, By: a.By.ID, Act: &a}}, nil
}

// tooLate explains why an act is not offered: to somebody who pressed an old button, or typed a word too late.
func tooLate(o Operation, a Act) error {
	if a.Lane != "" {
		i, ok := o.Lane(a.Lane)
		if !ok {
			return refuse(NoSuchLane, "instance", a.Lane)
		}
		if o.State.Rolling() && o.Lanes[i].Waits() && a.Attempt != o.Lanes[i].Attempt {
			return refuse(OldButton)
		}
		if c := o.Lanes[i].Choice; c != nil {
			return refuse(NotNow, "act", a.Verb, "state", o.State, "by", c.By.ID, "did", c.Verb)
		}
	}
	pairs := []any{"act", a.Verb, "state", o.State}
	if t := o.Turned; t != nil && t.By != "" && (a.Verb == ActAbort || a.Verb == ActRollback) {
		return refuse(NotNow, append(pairs, "by", t.By, "did", "turned")...)
	}
	if o.Paused != nil && a.Verb == ActPause {
		pairs = append(pairs, "by", o.Paused.By.ID, "did", "paused")
	}
	if n := len(o.Answers); n > 0 && a.Verb == ActContinue {
		pairs = append(pairs, "by", o.Answers[n-1].By, "did", "continued")
	}
	if n := len(o.Aborts); n > 0 && a.Verb == ActAbort {
		return refuse(NotNow, append(pairs, "by", o.Aborts[n-1].By.ID, "did", "aborted")...)
	}
	if n := len(o.Votes); n > 0 && (a.Verb == ActApprove || a.Verb == ActDeny) {
		pairs = append(pairs, "by", o.Votes[n-1].By, "did", "approve")
	}
	if by := o.Cause.Values["by"]; by != "" {
		pairs = append(pairs, "by", by, "did", string(o.State))
	}
	return refuse(NotNow, pairs...)
}
