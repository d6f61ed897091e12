package planted

// What must hold between people, Slack and the journal, each with a bug.
func init() {
	const (
		bench = "./cmd/internal/bench"
		storm = "TestAStormInSlackHoldsUpNoRolloutAndLeavesNoTrace"
		votes = "TestOfApproveAndDenyAtOnceOneWinsAndTheOtherIsTold"
		paint = "bot/painter.go"
		inbox = "bot/inbox.go"
		audit = "bot/audit.go"
		hands = "bot/handle.go"
	)
	bugs = append(bugs, []bug{
		{
			"an act is not judged again when somebody was quicker", engines,
			"			if op, err = e.append(ctx, op, ev); err != nil {\n				break\n			}\n",
			`			if op, err = e.append(ctx, op, ev); errors.Is(err, ErrConflict) {
				if op, err = e.Operation(ctx, id); err == nil {
					op, err = e.append(ctx, op, ev)
				}
			}
			if err != nil {
				break
			}
`,
			[]guard{{bench, votes}},
		},
		{
			"a refusal stands in no audit", audit, "		err = b.Memory.Put(ctx, auditTable, r.At.Format(auditKey)+\" \"+e.ID, data)\n", "		_ = data\n",
			[]guard{{bench, votes}, {bench, storm}},
		},
		{
			"whoever is refused is not told", hands, "	b.refused(ctx, e, err)\n	b.whisper(ctx, e, b.explain(err))\n", "	b.refused(ctx, e, err)\n",
			[]guard{{bench, votes}, {bench, storm}},
		},
		{
			"a message that was deleted is not posted anew", paint, "			if errors.Is(done.err, ErrGone) {\n", "			if errors.Is(done.err, ErrGone) && t.talk.Closed {\n",
			[]guard{{bench, storm}},
		},
		{
			"a second delivery is worked on", inbox, "	if !fresh {\n", "	if !fresh && e.Kind == InputSubmit {\n",
			[]guard{{bench, storm}},
		},
		{
			"a rollout waits for Slack", engines, "	e.Sink.Moved(ev.Op)\n", "	e.Sink.Moved(ev.Op)\n	if _, err := e.Directory.Person(ctx, ev.By, nil); err != nil {\n		return op, err\n	}\n",
			[]guard{{bench, storm}},
		},
	}...)
}
