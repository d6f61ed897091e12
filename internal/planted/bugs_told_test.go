package planted

// What people are told: the messages that are edited, and how many there are.
func init() {
	const (
		told    = "./bot"
		teller  = "bot/teller.go"
		painter = "bot/painter.go"
		batches = "bot/card/batch.go"
		thread  = "bot/card/thread.go"
	)
	bugs = append(bugs, []bug{
		{
			"a conversation is closed before its end is shown", teller, "	if busy || settling || !finished || t.talk.Closed {", "	if busy && !finished || settling || !finished || t.talk.Closed {",
			[]guard{{told, "TestTheEndIsShownAfterAnOutage"}, {told, "TestALaterLifeGoesOnWithBothMessages"}},
		},
		{
			"details that are gone count as shown", painter, "				return t.lost(ctx, p)\n", "				*p.shown, p.redraw = t.op.Seq, false\n				continue\n",
			[]guard{{told, "TestDetailsThatSomebodyDeletesArePostedAnew"}},
		},
		{
			"an unclear post of the details is repeated unseen", teller, "	if t.talk.Posting == posting(seq) {", "	if seq >= 0 && t.talk.Posting == posting(seq) {",
			[]guard{{told, "TestDetailsWhosePostIsUnclear"}},
		},
		{
			"the two messages are edited without a rest", teller, "	editRest = 2 * time.Second", "	editRest = 1 * time.Second",
			[]guard{{told, "TestARolloutIsToldInFewMessages"}},
		},
		{
			"the time that something is out stands still", teller, "			return !o.State.Finished()\n", "			return o.State.Finished()\n",
			[]guard{{told, "TestTheParentIsDrawnAnewWhileSomethingIsOut"}},
		},
		{
			"what a former life told is told again", teller, "seq <= t.talk.Told && !t.talk.inAlarm(seq) {", "seq < 1 {",
			[]guard{{told, "TestALaterLifeGoesOnWithBothMessages"}},
		},
		{
			"each instance of a wide rollout is a message", batches, "	return len(b.done) >= max(leastBatch, (all+batches-1)/batches)", "	return len(b.done) >= min(1, all)",
			[]guard{{told, "TestARolloutIsToldInFewMessages"}},
		},
		{
			"nothing is shown to the channel", thread, "Broadcast: s.broadcast}", "}",
			[]guard{{told, "TestAFailureIsShownToTheChannel"}},
		},
		{
			"a conversation is closed before the channel sees how a failure was decided", teller, "busy || settling || !finished", "busy || settling && !finished || !finished",
			[]guard{{told, "TestTheChannelSeesHowAFailureWasDecided"}},
		},
		{
			"what rode with a failure is lost when its decision is shown", teller, "seq <= t.talk.Told && !t.talk.inAlarm(seq) {", "seq <= t.talk.Told {",
			[]guard{{told, "TestTheChannelSeesHowAFailureWasDecided"}},
		},
		{
			"those that wait do not hear that the line has moved", "bot/line.go", "		other.poke()", "		_ = other",
			[]guard{{told, "TestACardSaysItsPlaceInTheQueue"}},
		},
		{
			"a bot that only observes opens the form", "bot/form_request.go", "		err = b.Offering.Closed()", "		_ = b.Offering.Closed()",
			[]guard{{told, "TestTheFormOffersWhatItsPersonMayDeploy"}},
		},
	}...)
}
