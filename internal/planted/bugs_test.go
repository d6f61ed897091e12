package planted

// Where the bugs are planted.
const (
	core   = "./deploy"
	engine = "./deploy/engine"

	apply   = "deploy/apply.go"
	lane    = "deploy/lane.go"
	journal = "deploy/journal.go"
	next    = "deploy/next.go"
	leave   = "deploy/verb_leave.go"
	command = "deploy/verb_command.go"
	join    = "deploy/verb_join.go"
	healthy = "deploy/gate_healthy.go"
	window  = "deploy/gates.go"
	decide  = "deploy/decide.go"
	fleet   = "deploy/fleet.go"
	terms   = "deploy/terms.go"
	course  = "deploy/course.go"
	policy  = "deploy/policy.go"
	canary  = "deploy/gate_canary.go"
	chores  = "deploy/chore.go"
	start   = "deploy/next_start.go"
	quorum  = "deploy/quorum.go"
	loop    = "deploy/engine/loop.go"
	engines = "deploy/engine/engine.go"
)

// bug is one mistake that somebody could make, and the tests that would tell them.
type bug struct {
	name     string
	file     string
	old, new string // old stands in the file exactly once
	guards   []guard
}

// guard is one run of tests that must fail.
type guard struct{ pkg, run string }

var bugs = []bug{
	{
		"an effect before its intent is journalled", loop,
		"	if len(d.Events) > 0 {\n		return l.write(ctx, d.Events[0])\n	}",
		`	if len(d.Events) > 0 {
		ev := d.Events[0]
		ev.Version, ev.Seq, ev.Op, ev.At = deploy.EventVersion, l.op.Seq+1, l.id, now
		if intent, err := deploy.Apply(l.op, ev); err == nil && ev.Type == deploy.EventBegun {
			for _, e := range deploy.Next(intent, l.seen, now).Do {
				l.begin(ctx, e)
			}
		}
		return l.write(ctx, d.Events[0])
	}`,
		[]guard{{engine, "TestNothingIsDoneBeforeItsIntentIsJournalled"}},
	},
	{
		"no wait until drained", leave, "	case left == 0:\n", "	case left >= 0:\n",
		[]guard{{core, "TestDrained"}},
	},
	{
		"draining counts as drained", leave, "		case state == Absent && (l.Seen[p] || m.gone(i, p)):", "		case state.Out() && (l.Seen[p] || m.gone(i, p)):",
		[]guard{{core, "TestDrained"}},
	},
	{
		"NotRegistered is believed at once", leave, "		case state == Absent && (l.Seen[p] || m.gone(i, p)):", "		case state == Absent:",
		[]guard{{core, "TestDrained"}},
	},
	{
		"the gates are not asked again for a retry", leave, "	if m.serving(i, readings) {", "	if m.op.Lanes[i].Fresh && s.Tries == 0 && m.serving(i, readings) {",
		[]guard{{core, "TestEveryTryOfADeregisterPassesTheGates"}, {engine, "TestALeaveThatWasBegunPassesTheGatesAgain|TestAThrottledDeregister"}},
	},
	{
		"the gate looks at the first group only", healthy, "	for _, arn := range groupsOf(m.pairs(lane)) {", "	for _, arn := range groupsOf(m.pairs(lane))[:1] {",
		[]guard{{core, "TestTheGates"}, {engine, "TestAGroupThatIsShort"}},
	},
	{
		"min_healthy is off by one", healthy, "n < least {", "n+1 < least {",
		[]guard{{core, "TestTheGates"}, {engine, "TestNothingLeavesBelowTheMinimum"}},
	},
	{
		"what a person left out still counts as healthy", healthy, "l.LeftOut || l.Out() {", "l.Out() {",
		[]guard{{core, "TestMaxUnavailable"}},
	},
	{
		"what has left counts as healthy in an old reading", healthy, "l.LeftOut || l.Out() {", "l.LeftOut {",
		[]guard{{core, "TestWhatIsOutIsNotHealthyWhateverAReadingShows"}},
	},
	{
		"max_unavailable is ignored", window, "if len(out) >= window {", "if len(out) > len(m.op.Lanes) {",
		[]guard{{core, "TestMaxUnavailable"}, {engine, "TestCrashAtEveryHook/deploy$"}},
	},
	{
		"a reading may be ten minutes old", next, "	freshFor = 2 * time.Second", "	freshFor = 10 * time.Minute",
		[]guard{{core, "TestAnOldReadingOpensNoGate"}, {engine, "TestAThrottledDeregister"}},
	},
	{
		"sent again under another token after a restart", command, `"%s/%s/%d/%s", m.op.ID, l.Name, l.Attempt, step.Verb)`,
		`"%s/%s/%d%s/%s", m.op.ID, l.Name, l.Attempt, m.op.ResumedAt.Format("-150405"), step.Verb)`,
		[]guard{{core, "TestWhatIsSent"}, {engine, "TestCrashAtEveryHook/deploy$"}},
	},
	{
		"not looked for after a restart", command, "	case send.Running, l.Fresh && !send.Unsure:", "	case send.Running, !send.Unsure:",
		[]guard{{core, "TestACommandWhoseIdIsUnknown"}, {engine, "TestACommandIsSentOnceWhereverTheBotDies"}},
	},
	{
		"not looked for after an answer was lost", command, "	case send.Running, l.Fresh && !send.Unsure:", "	case send.Running, l.Fresh:",
		[]guard{{core, "TestACommandWhoseIdIsUnknown"}},
	},
	{
		"sent again before it could have been visible", command, "find.Last.After(m.visibleFrom(i, send))", "find.Last.After(m.op.Lanes[i].Begun)",
		[]guard{{core, "TestACommandWhoseIdIsUnknown"}},
	},
	{
		"put back by another hand is not noticed before the command begins", command, "		if state == Absent || state == Draining && m.idled(i) {", "		if state == Absent || m.op.ResumedAt.Before(m.now) {",
		[]guard{{core, "TestNoCommandOnAnInstanceInService"}},
	},
	{
		"put back by another hand is not noticed before the command is sent", command, "		if m.serving(i, readings) {", "		if m.serving(i, readings) && !ok {",
		[]guard{{core, "TestNoCommandOnAnInstanceInService"}, {engine, "TestNoCommandOnADrainedInstanceThatAHumanPutBack"}},
	},
	{
		"an unknown command counts as failed", command, "		m.emit(Event{Type: EventUnknown, Lane: i, Cause: Because(CommandUnknown, \"why\", r.Why), Output: r.Output})", "		m.fail(i, Because(CommandFailed), r.Output)",
		[]guard{{core, "TestWhatAHostReports"}},
	},
	{
		"healthy in one group is back", join, "	case well == len(m.pairs(i)):", "	case well > 0:",
		[]guard{{core, "TestHealthyAgain"}, {engine, "TestHealthyInOneGroupIsNotBack"}},
	},
	{
		"a reading from before the registration is believed", join, "m.reading(i, p.Group, l.Accepted.Add(tick))", "m.reading(i, p.Group, l.StartAt)",
		[]guard{{core, "TestHealthyAgain"}},
	},
	{
		"one reading of NotRegistered is believed after a register", join, "m.twice(p, l.Accepted, l.Accepted.Add(settle), Health.Out)", "true",
		[]guard{{core, "TestOneReadingOfNotRegisteredIsNotBelieved"}},
	},
	{
		"a send that may have arrived counts as failed", command, "	case s.Unsure && (s.Fault.Class == Refused || s.Tries >= 3):", "	case s.Unsure && s.Tries >= 3:",
		[]guard{{engine, "TestASendThatMayHaveArrivedIsNeverCalledFailed"}},
	},
	{
		"what is left out is held where it serves", lane, "	case l.Cause.Code == PutBackByOther, step.Verb == VerbLeave, step", "	case step",
		[]guard{{engine, "TestLeftOutIsOutOfService"}},
	},
	{
		"a double click aborts twice", "deploy/offers.go", "Offer{Verb: ActAbort, Attempt: o.nextAbort()}", "Offer{Verb: ActAbort, Attempt: 1}",
		[]guard{{core, "TestADoubleClickOnAbortIsNotASecondAbort"}},
	},
	{
		"abort puts back what failed", course, "	case l.Phase == PhaseFailed && (l.Ran || ", "	case l.Phase == PhaseFailed && (",
		[]guard{{core, "TestWhatAnAbortMakesOfALane"}, {engine, "TestWaysOutOfAFailure/abort"}},
	},
	{
		"a retry keeps its attempt", lane, "	l.Attempt++\n", "",
		[]guard{{core, "TestWhereARetryBegins"}, {engine, "TestWaysOutOfAFailure/retry"}},
	},
	{
		"locks are not taken", journal, "			c.Take = append(c.Take, after.lock(r, e.At))", "			_ = r",
		[]guard{{core, "TestLocksAreTaken"}, {engine, "TestTwoRolloutsDoNotOverlap"}},
	},
	{
		"locks are not freed", journal, "Changes{Free: true, Keep: append(after.holds(e.At), after.locks(e.At)...)}", "Changes{Keep: append(after.holds(e.At), after.locks(e.At)...)}",
		[]guard{{core, "TestLocksAreTaken"}, {engine, "TestCrashAtEveryHook/deploy$"}},
	},
	{
		"what stays out is not held", journal, "Changes{Free: true, Keep: append(after.holds(e.At), after.locks(e.At)...)}", "Changes{Free: true}",
		[]guard{{core, "TestWhatStaysOutIsHeld"}, {engine, "TestAHeldInstanceIsSkippedAndRestored"}},
	},
	{
		"the requester approves", decide, "	if a.By.ID == o.RequestedBy && !o.Plan.Rules.Approval.Self {", "	if a.By.ID == \"\" {",
		[]guard{{core, "TestWhyAnApprovalIsRefused"}, {engine, "TestWhoMayNotApprove"}},
	},
	{
		"a vote by the requester is folded", apply, "	if e.Act.By.ID == o.RequestedBy && !approval.Self && e.Act.Verb == ActApprove {", "	if e.Act.By.ID == \"\" {",
		[]guard{{core, "TestApplyRefuses"}},
	},
	{
		"guests may act", decide, "	if a.By.Kind != Member {", "	if a.By.Kind == Stranger {",
		[]guard{{core, "TestEveryActOfEverybody"}, {engine, "TestWhoMayNotApprove"}},
	},
	{
		"a forged hash is approved", decide, "func approve(o Operation, a Act, now time.Time) ([]Event, error) {\n	if a.Hash != o.Hash {", "func approve(o Operation, a Act, now time.Time) ([]Event, error) {\n	if a.Hash == \"\" {",
		[]guard{{core, "TestWhyAnApprovalIsRefused"}, {engine, "TestWhoMayNotApprove"}},
	},
	{
		"the plan is not compared at Approve", decide, "	if a.Fresh.Hash() != o.Hash {", "	if a.Fresh.Kind != o.Plan.Kind {",
		[]guard{{core, "TestAnApprovalOfAChangedPlan"}, {engine, "TestAFlapVoidsNothingAndANewInstanceDoes"}},
	},
	{
		"the plan is not compared at the start", start, "	if c.Plan.Hash() != m.op.Hash {", "	if c.Plan.Kind != m.op.Plan.Kind {",
		[]guard{{core, "TestTheStart"}, {engine, "TestAFleetThatChangedInTheQueue"}},
	},
	{
		"a late approval counts", decide, "	if !now.Before(o.Expires) {", "	if o.Expires.IsZero() {",
		[]guard{{core, "TestWhyAnApprovalIsRefused"}},
	},
	{
		"a request never expires", next, "		if !o.Expires.IsZero() && !now.Before(o.Expires) {", "		if o.Expires.IsZero() {",
		[]guard{{core, "TestARequestExpires"}, {engine, "TestWhoMayNotApprove"}},
	},
	{
		"a vote counts after its voter has left", quorum, "	switch q := approval.Quorum(voters); {", "	switch q := o.Quorum(); {",
		[]guard{{core, "TestTheStart"}, {core, "TestThoseWhoAgreedMustStillStand"}, {core, "TestWhateverIsSeen"}, {engine, "TestAnApproverOfOnePartyWhoLeft"}},
	},
	{
		"one person fills two parties", quorum, "			s.place(v, make([]bool, len(s.Parties)))", "			s.alone(v)",
		[]guard{{core, "TestTheQuorum"}, {core, "TestFourEyes"}, {core, "TestWhateverIsSeen"}, {engine, "TestNothingHappensBeforeBothParties"}},
	},
	{
		"a voter who could make room stays", quorum, "			if s.place(other, tried) {", "			if len(tried) == 0 && s.place(other, tried) {",
		[]guard{{core, "TestTheQuorum"}, {core, "TestFourEyes"}},
	},
	{
		"a robot approves", decide, "	if a.By.Kind != Member {", "	if a.By.Kind != Member && a.By.Kind != Robot {",
		[]guard{{core, "TestABotsVoteIsNoVote"}, {core, "TestEveryActOfEverybody"}, {core, "TestWhateverIsSeen"}, {engine, "TestABotAsksAndPeopleApprove"}},
	},
	{
		"a robot's vote is folded", apply, "	if e.Act.By.Kind == Robot || !e", "	if !e",
		[]guard{{core, "TestABotsVoteIsNoVote"}},
	},
	{
		"a group lets a robot ask", "deploy/event.go", "		if p.Kind == Robot {", "		if p.Kind == Robot && id == \"\" {",
		[]guard{{core, "TestWhatABotMayAskFor"}},
	},
	{
		"a robot asks for anything", "deploy/approve.go", "		if !kinds[k].robots {", "		if kinds[k].lay == nil {",
		[]guard{{core, "TestWhatABotMayAskFor"}, {engine, "TestABotAsksAndPeopleApprove"}},
	},
	{
		"people are called for votes again and again", "deploy/note.go", "		o.Reminded = true", "		o.Reminded = o.ID == \"\"",
		[]guard{{core, "TestThoseWhoMayStillApproveAreCalledOnce"}},
	},
	{
		"anybody unlocks what somebody else has locked", "deploy/kinds.go", "		if h.By != r.By && strings", "		if h.By == r.By && strings",
		[]guard{{core, "TestALockOfAnotherNeedsAReason"}, {engine, "TestOnlyTheOwnerUnlocksWithoutAReason"}},
	},
	{
		"Apply changes the lane that others look at", apply, "	o.Lanes[i] = &l\n	return &l\n", "	*o.Lanes[i] = l\n	return o.Lanes[i]\n",
		[]guard{{core, "TestWhateverIsSeen"}},
	},
	{
		"what a former process began counts as fresh", apply, "			o.lane(i).Fresh = false", "			o.lane(i).Fresh = l.Phase != PhaseDue",
		[]guard{{core, "TestARestartGrantsNothing"}, {engine, "TestACommandIsSentOnceWhereverTheBotDies"}},
	},
	{
		"a deregister without the overridden port", fleet, "			add(g.owner(t.Target), t.Pair)", "			add(g.owner(t.Target), Pair{Group: g.ARN, Target: t.Target, Port: g.Port})",
		[]guard{{core, "TestAPlanUsesThePairsThatAreListed"}, {engine, "TestAHeldInstanceIsSkippedAndRestored"}},
	},
	{
		"what is out is no part of the fleet", fleet, "		for _, p := range f.Out {", "		for _, p := range f.Out[:0] {",
		[]guard{{core, "TestWhatIsOutStaysInTheFleet"}, {engine, "TestTwoRolloutsDoNotOverlap"}},
	},
	{
		"a minimum is rounded down", terms, "	return int(math.Ceil(float64(fleet) * float64(c.N) / 100))", "	return int(math.Floor(float64(fleet) * float64(c.N) / 100))",
		[]guard{{core, "TestCount"}},
	},
	{
		"a bot that was taken over goes on", loop, "ev.Writer != l.e.writer && !l.resume {", "ev.Writer != l.e.writer && l.id == \"\" {",
		[]guard{{engine, "TestABotThatWasTakenOverActsNoMore"}},
	},
	{
		"an append whose outcome is unknown counts as written", engines, "		err = e.readBack(ctx, ev, err)", "		err = nil",
		[]guard{{engine, "TestAnAppendWhoseOutcomeIsUnknown"}},
	},
}
