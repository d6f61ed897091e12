package planted

// The rules of a careful operator, each with at least one bug.
func init() {
	random := guard{core, "TestWhateverIsSeen"}
	bugs = append(bugs, []bug{
		{
			"a pause is ignored", window, "	if m.op.Paused == nil || m.op.Lanes", "	if m.op.Paused == nil || m.op.ID != \"\" || m.op.Lanes",
			[]guard{{engine, "TestAPauseStopsAtAnInstancesBoundary"}, random},
		},
		{
			"nothing waits for what is done once before", window, "	if m.op.TurnedBack() || m.chored(VerbBefore) {", "	if m.op.ID != \"\" || m.chored(VerbBefore) {",
			[]guard{random},
		},
		{
			"a second zone opens before the first is finished", window, "!l.Chore() && l.Phase != PhaseDone && !l.Waits() && zone(i) != zone(lane)", "!l.Chore() && l.Phase == PhaseDue && !l.Waits() && zone(i) != zone(lane)",
			[]guard{{core, "TestASecondZoneOpensWhenTheFirstIsFinished"}, random},
		},
		{
			"a zone keeps what is out", window, "	if m.op.Lanes[lane].Touched {\n		return Cause{}, true\n	}\n", "",
			[]guard{{core, "TestAnEarlierZoneDoesNotHoldUpWhatHasBegun"}},
		},
		{
			"what is out waits behind what waits for it", leave, "!l.Touched && (m.blocked || m.halted())", "(m.blocked || !l.Touched && m.halted())",
			[]guard{{core, "TestWhatIsOutIsNotKeptBehindWhatIsInService"}},
		},
		{
			"no pause between two instances", window, "	if until := last.Add(pause); m.now.Before(until) {", "	if until := last.Add(pause); m.now.Before(last) {",
			[]guard{{engine, "TestAPauseBetweenTwoInstances"}},
		},
		{
			"an alarm that rings is not heard", window, "		if state == \"ALARM\" && !known[name] {", "		if state == \"ALARM\" && known[name] {",
			[]guard{{engine, "TestAnAlarmThatRingsAlreadyMustBeAcknowledgedToBegin|TestAnAlarmWhileTheCanaryBakes"}},
		},
		{
			"an alarm is known for good once any is", window, "			for _, name := range strings.Split(a.Cause.Values[\"alarms\"], \", \") {", "			for name := range m.seen.Alarms.States {",
			[]guard{{engine, "TestAnAlarmThatRingsAlreadyMustBeAcknowledgedToBegin"}},
		},
		{
			"the window is open before the canary is done", window, "	if len(m.canaries()) > 0 && !m.canaried() && !m.op.TurnedBack() {", "	if len(m.canaries()) > len(m.op.Lanes) {",
			[]guard{{engine, "TestAFailureThatLeavesNoRoomIsNotTolerated|TestCanariesGoOneByOne"}, random},
		},
		{
			"a canary does not bake", canary, "	if !over {\n		return Because(GateCanary, \"until\", stamp(baked)), false\n	}\n", "",
			[]guard{{engine, "TestNothingLeavesUntilTheCanaryIsBaked"}, random},
		},
		{
			"a restart prolongs the bake", canary, "	return last.Add(m.op.Plan.Rules.Canary.Bake)", "	if m.op.ResumedAt.After(last) {\n		last = m.op.ResumedAt\n	}\n	return last.Add(m.op.Plan.Rules.Canary.Bake)",
			[]guard{{engine, "TestTheBakeSurvivesARestart"}},
		},
		{
			"nobody has to confirm the canary", canary, "	if m.op.Plan.Rules.Canary.Confirm && !m.confirmed() {", "	if m.op.Plan.Rules.Canary.Confirm && m.op.ID == \"\" {",
			[]guard{{engine, "TestACanaryBakesAndIsConfirmed"}, random},
		},
		{
			"a canary that falls ill is not seen", canary, "		if m.twice(p, last, last, sick) {", "		if m.twice(p, baked, baked, sick) {",
			[]guard{{engine, "TestACanaryThatFallsIllWhileItBakes"}},
		},
		{
			"anybody who may deploy confirms the canary", "deploy/question.go", "	CanaryBaked: {approver: true},", "	CanaryBaked: {},",
			[]guard{{engine, "TestACanaryBakesAndIsConfirmed"}},
		},
		{
			"the canary is taken from the ill", "deploy/preview.go", "len(chosen) < n && (healthy == 0 || !sick[l.Name])", "len(chosen) < n",
			[]guard{{engine, "TestTheCanaryIsTakenFromTheHealthy"}},
		},
		{
			"a question does not halt", policy, "return m.op.Asked.Code != \"\" || m.op.halts(m.tallied().undecided)", "return m.op.halts(m.tallied().undecided)",
			[]guard{{core, "TestAQuestionHalts"}},
		},
		{
			"a failure is tolerated too often", policy, "m.op.failures() > m.op.Plan.Rules.Tolerate || m.stuck(i)", "m.op.failures() > m.op.Plan.Rules.Tolerate+1 || m.stuck(i)",
			[]guard{{engine, "TestOneFailureMoreThanIsTolerated"}},
		},
		{
			"the last instance's failure is tolerated", policy, "	return i == final || m.op.Plan.Rules.OnFailure != PolicyRollback", "	return i == final && m.op.Plan.Rules.Tolerate == 0",
			[]guard{{engine, "TestTheLastInstanceFailingIsAFailure"}},
		},
		{
			"stop goes on", policy, "	case p == PolicyStop:\n", "	case p == PolicyStop && m.op.ID == \"\":\n",
			[]guard{{engine, "TestOnFailureStopHoldsWhatFailed"}},
		},
		{
			"a rollback is rolled back", policy, "	return o.State.Rolling() && o.Plan.Kind == KindDeploy && o.Turned == nil", "	return o.State.Rolling() && o.Turned == nil",
			[]guard{{engine, "TestARollbackThatFailsIsNotRolledBack"}},
		},
		{
			"people are not called anew", apply, "	if o.Called > 0 && o.WaitsSince().IsZero() {", "	if o.Called > 0 && o.ID == \"\" {",
			[]guard{{engine, "TestPeopleAreCalledAnewForTheNextFailure"}},
		},
		{
			"nobody is called", "deploy/note.go", "	if m.op.Called < len(a.After) {", "	if m.op.Called > len(a.After) {",
			[]guard{{engine, "TestNobodyAnswersAndTheRuleDecides"}},
		},
		{
			"the way back runs where the instance serves", course, "		case s.Verb.drains() && !serves:", "		case s.Verb.drains():",
			[]guard{{engine, "TestABadReleaseRollsItselfBack"}},
		},
		{
			"the way back goes in order", next, "			slices.Reverse(m.order)", "			_ = m.order",
			[]guard{{engine, "TestTheWayBackGoesInReverseOrder"}},
		},
		{
			"the way back runs the new ref (I9)", "deploy/environment.go", "	if l.Reverting {", "	if l.Reverting && l.Chore() {",
			[]guard{{engine, "TestABadReleaseRollsItselfBack"}, random},
		},
		{
			"the way back runs the deploy command (I9)", "deploy/plan.go", "	if s := t.Scripts[v]; s != \"\" || v != VerbRevert {", "	if s := t.Scripts[v]; s != \"\" && v != VerbRevert {",
			[]guard{random},
		},
		{
			"a rollback runs the deploy command (I9)", "deploy/plan.go", "		out[VerbCommand] = back\n", "",
			[]guard{random},
		},
		{
			"the shell that was approved is not sent (I9)", command, "Shell: step.Args[\"shell\"]", "Shell: \"\"",
			[]guard{{core, "TestWhatIsSent"}, random},
		},
		{
			"an abort loses what waits", course, "	case !l.Touched:\n		l.done(OutcomeSkipped, now)\n	case l.Phase == PhaseFailed &&", "	case !l.Touched && l.Phase == PhaseFailed:\n		l.done(OutcomeSkipped, now)\n	case l.Phase == PhaseFailed &&",
			[]guard{{core, "TestWhatAnAbortMakesOfALane"}, random},
		},
		{
			"every instance runs first", chores, "			return l.Phase == PhaseDone\n", "			return l.Phase != PhaseFailed\n",
			[]guard{{engine, "TestAChoreThatFailsHalts|TestChoresRunOnce"}, random},
		},
		{
			"after runs although one is left out", chores, "		if !l.Chore() && l.Outcome != OutcomeDone {\n			return\n		}", "		if !l.Chore() && l.Phase != PhaseDone {\n			return\n		}",
			[]guard{{engine, "TestAfterRunsOnlyIfEveryInstanceIsDone"}, random},
		},
		{
			"first is sent after an abort", chores, "		return i, m.op.Course == CourseOn\n", "		return i, true\n",
			[]guard{{engine, "TestAFirstThatWasNotSentIsNotSentAfterAnAbort"}},
		},
		{
			"an instance is put back while first runs on it", join, "m.busy(i) || m.hosts(i) || !m.running(i)", "m.busy(i) || !m.running(i)",
			[]guard{{engine, "TestNoInstanceIsPutBackWhileFirstRunsOnIt"}},
		},
		{
			"a chore left over keeps the operation for ever", "deploy/tally.go", "(!once || l.Phase != PhaseDue)", "(!once || l.Phase != PhaseDue || l.Steps[0].Verb != VerbAfter)",
			[]guard{{engine, "TestFirstWithNoInstanceLeftEndsTheRollout"}},
		},
		{
			"the service is not locked after a rollback", journal, "	case o.Turned != nil && o.Turned.By == \"\":", "	case o.Turned != nil && o.Turned.By == \"rule\":",
			[]guard{{engine, "TestABadReleaseRollsItselfBack"}},
		},
		{
			"a locked service is deployed to", "deploy/kinds.go", "	if err := f.locked(); err != nil {\n		return err\n	}\n", "",
			[]guard{{engine, "TestABadReleaseRollsItselfBack"}},
		},
		{
			"an emergency needs no reason", "deploy/kinds.go", "	if (r.Emergency || r.Kind == KindLock) && strings", "	if r.Kind == KindLock && strings",
			[]guard{{core, "TestWhatIsScheduledMustBeAllowedThen"}},
		},
		{
			"anybody asks for an emergency", "deploy/approve.go", "	if r.Emergency && !r.Rules.Approval.None && !p.In", "	if r.Emergency && r.Rules.Approval.None && !p.In",
			[]guard{{core, "TestAnEmergencyNeedsOneWhoMayApprove"}},
		},
		{
			"an idle host need not have settled", "deploy/verb_idle.go", "	if from := m.settledAt(i); m.now.Before(from) {", "	if from := m.settledAt(i); m.now.Before(m.op.StartedAt) {",
			[]guard{{core, "TestTheHostIsNotAskedBeforeItHasSettled"}},
		},
		{
			"a busy host counts as idle (I3)", "deploy/verb_idle.go", "wait.Report.State == ReportExited && wait.Report.Exit == 0:", "wait.Report.State == ReportExited:",
			[]guard{{core, "TestAProbeThatCannotTellIsWaitedOut"}},
		},
		{
			"draining is enough for a command (I3)", command, "state == Absent || state == Draining && m.idled(i)", "state == Absent || state == Draining",
			[]guard{{core, "TestNoCommandOnAnInstanceThatDrains"}},
		},
		{
			"a window ends with a clock that is changed", "deploy/calendar.go", "	switch shown := t.Add(time.Duration(off) * time.Second); {", "	switch shown := want; {",
			[]guard{{core, "TestOpens"}},
		},
		{
			"a freeze ends a day early", "deploy/calendar.go", "		wall = wall.AddDate(0, 0, 1)\n", "",
			[]guard{{core, "TestOpens"}},
		},
		{
			"a scheduled start expires before its time", start, "	if at := o.Plan.StartAt; !at.IsZero() {\n		return", "	if at := o.Plan.StartAt; at.Before(now) && !at.IsZero() {\n		return",
			[]guard{{core, "TestAScheduledStartOutlivesStartWithin"}},
		},
		{
			"what appears joins a pinned fleet", "deploy/drift.go", "	if dynamic {\n", "	if dynamic || m.op.ID != \"\" {\n",
			[]guard{{engine, "TestAnInstanceThatAppears"}},
		},
		{
			"what appears is not noticed", fleet, "		return r.unknown\n", "		return nil\n",
			[]guard{{engine, "TestAnInstanceThatAppears"}},
		},
		{
			"what a comment hides is taken for a target", "deploy/awscloud/rows.go", " || bytes.Contains(body, []byte(\"<!\"))", "",
			[]guard{{"./deploy/awscloud", "TestAReadingDoesNotDependOnTheOneBefore"}},
		},
		{
			"a target that is known is decoded again", "deploy/awscloud/rows.go", "		if !ok {\n			r = row{", "		if ok = false; !ok {\n			r = row{",
			[]guard{{"./deploy/awscloud", "TestARowThatIsKnownIsNotDecodedAgain"}},
		},
		{
			"what vanished is known from one reading", "deploy/verb_leave.go", "	if sure {\n		g := m.op.Plan.Preview", "	if !sure {\n		g := m.op.Plan.Preview",
			[]guard{{engine, "TestAnInstanceThatVanishes"}},
		},
	}...)
}
