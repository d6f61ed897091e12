package planted

// What forms and home tabs must never do, each with a bug.
func init() {
	const (
		bot     = "./bot"
		form    = "bot/form.go"
		request = "bot/form_request.go"
		reason  = "bot/form_reason.go"
		view    = "bot/form_operation.go"
		home    = "bot/home.go"
		inbox   = "bot/inbox.go"
	)
	bugs = append(bugs, []bug{
		{
			"the form offers what somebody may not deploy", request, "		if deploy.MayAsk(who, deploy.KindDeploy, p.rules) == nil {\n", "		if who.Kind == deploy.Member {\n",
			[]guard{{bot, "TestTheFormOffersWhatItsPersonMayDeploy|TestAChosenServiceHasItsRefs"}},
		},
		{
			"a form is not judged by whoever sends it", request, "	note(card.FieldTarget, deploy.MayRequest(who, r))\n", "	_ = who\n",
			[]guard{{bot, "TestWhatIsWrongIsSaidBesideTheField"}},
		},
		{
			"the typed one of two refs is taken", request, "	case typed != \"\" && chosen != \"\" && typed != chosen:", "	case typed != \"\" && chosen != \"\" && typed == \"?\":",
			[]guard{{bot, "TestWhatIsWrongIsSaidBesideTheField"}},
		},
		{
			"a field that no form has is passed over", form, "		if !slices.Contains(known, id) {", "		if !slices.Contains(known, id) && len(known) == 0 {",
			[]guard{{bot, "TestWhatIsWrongIsSaidBesideTheField"}},
		},
		{
			"a form is worked on though it was refused", inbox, "		n.Done = len(n.Faults) > 0\n", "",
			[]guard{{bot, "TestWhatIsWrongIsSaidBesideTheField"}},
		},
		{
			"a second delivery is answered with nothing", inbox, "		return b.repeated(ctx, e)\n", "		return Reply{}, nil\n",
			[]guard{{bot, "TestWhatIsWrongIsSaidBesideTheField|TestASentFormIsAskedForOnce"}},
		},
		{
			"the form is drawn before its acknowledgement", request, "	wait(ctx, nil, settled-time.Since(began))\n", "	_ = began\n",
			[]guard{{bot, "TestASentFormIsAskedForOnce"}},
		},
		{
			"after a crash a form is read anew", request, "	if err == nil && again {", "	if err == nil && again && op.ID != \"\" {",
			[]guard{{bot, "TestASentFormIsAskedForOnce"}},
		},
		{
			"anybody's form is answered where another's was opened", form, " && o.User == e.User {", " {",
			[]guard{{bot, "TestALaterRefusalKeepsTheForm"}},
		},
		{
			"a form opens where nothing is taken", form, "	if err := b.here(ctx, e); err != nil {\n", "	if err := b.here(ctx, e); err != nil && e.Kind == \"\" {\n",
			[]guard{{bot, "TestTheFormOffersWhatItsPersonMayDeploy"}},
		},
		{
			"what a form refuses at once is in no audit", inbox, "		b.refused(ctx, e, n.why)\n", "",
			[]guard{{bot, "TestWhatIsWrongIsSaidBesideTheField"}},
		},
		{
			"a form opens for whoever may not do it", reason, "	if _, err := deploy.Decide(op, act, time.Now()); err != nil {\n", "	if _, err := deploy.Decide(op, act, time.Now()); err != nil && op.ID == \"\" {\n",
			[]guard{{bot, "TestAFormGivesNobodyARight"}},
		},
		{
			"a form about one act does another", reason, " || string(r.click.Verb) != what) {", ") {",
			[]guard{{bot, "TestAFormGivesNobodyARight"}},
		},
		{
			"another's lock is ended without a word", reason, "	if err == nil && r.text == \"\" && p.What == string(deploy.KindUnlock) {", "	if err == nil && r.text == \"\" && p.What == \"\" {",
			[]guard{{bot, "TestUnlockingAnothersLockAsksWhy"}},
		},
		{
			"a button asks for any kind", reason, " || x.Kind != deploy.KindRestore && x.Kind != deploy.KindUnlock {", " {",
			[]guard{{bot, "TestAFormGivesNobodyARight"}},
		},
		{
			"a message of another channel is taken for ours", view, " && t.Parent.Channel == e.Channel && (", " && (",
			[]guard{{bot, "TestTheShortcutShowsAMessagesOperation"}},
		},
		{
			"a home tab is drawn at each step", home, "v.stale, v.next = false, now.Add(homeEvery)", "v.stale, v.next = false, now",
			[]guard{{bot, "TestHomeTabsAreDrawnAgainWhenSomethingMoves"}},
		},
		{
			"home tabs are kept for ever", home, "		case now.Sub(v.looked) > homeFor:", "		case now.Sub(v.looked) > 1000*homeFor:",
			[]guard{{bot, "TestNothingIsDrawnForIdleViewers"}},
		},
		{
			"everybody's home tab is kept", home, "	for len(h.seen) > homeMost {", "	for len(h.seen) > 100*homeMost {",
			[]guard{{bot, "TestNothingIsDrawnForIdleViewers"}},
		},
		{
			"a home tab shows what its person may not do", "bot/card/form_buttons.go", "; err == nil {\n			out = append(out, f)", "; err == nil || f.Verb != \"\" {\n			out = append(out, f)",
			[]guard{{bot, "TestTheHomeTabShowsWhatWaitsForYouFirst"}},
		},
	}...)
}
