package system

import (
	"context"
	"errors"
	"strings"
	"testing"

	"junban/bot/slacksim"
)

// opens opens the form with the command alone, and answers it.
func (st *stage) opens(who string) slacksim.Surface {
	st.t.Helper()
	st.doing(func(ctx context.Context) error {
		_, err := st.slack.Command(ctx, who, channel, "/deploy", "")
		return err
	})
	var form slacksim.Surface
	st.await("the form", func() bool {
		now, open := st.slack.Modal(who)
		form = now
		return open && now.CallbackID == "request" && !strings.Contains(now.Text(), "was asked for")
	})
	return form
}

// doing does something in Slack that must succeed.
func (st *stage) doing(act func(ctx context.Context) error) {
	st.t.Helper()
	ctx, cancel := st.ctx()
	defer cancel()
	if err := act(ctx); err != nil {
		st.t.Fatalf("%v\n%s", err, st.transcript())
	}
}

// modal waits until somebody has a form open that says something.
func (st *stage) modal(who, says string) (form slacksim.Surface) {
	st.t.Helper()
	st.await("a form that says "+says, func() bool {
		now, open := st.slack.Modal(who)
		form = now
		return open && strings.Contains(now.Text(), says)
	})
	return form
}

// fills fills fields of the form that somebody has open: pairs of a field and its value.
func (st *stage) fills(who string, pairs ...string) {
	st.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		st.doing(func(ctx context.Context) error { return st.slack.Fill(ctx, who, "", pairs[i], pairs[i+1]) })
	}
}

// sends sends the form that somebody has open.
func (st *stage) sends(who string) (sent slacksim.Sent) {
	st.t.Helper()
	st.doing(func(ctx context.Context) (err error) {
		sent, err = st.slack.Submit(ctx, who, "")
		return err
	})
	if sent.Failure != "" {
		st.t.Fatalf("the form is answered %s", sent.Failure)
	}
	return sent
}

// denies presses Deny and says why.
func (st *stage) denies(who, ts, why string) {
	st.t.Helper()
	st.clicks(who, ts, "Deny")
	st.modal(who, "Why is it denied?")
	st.fills(who, "reason", why)
	if sent := st.sends(who); !sent.Closed {
		st.t.Fatalf("the form stays: %+v", sent)
	}
}

// homeSays waits until somebody's home tab says something, and answers the tab.
func (st *stage) homeSays(who, says string) (home slacksim.Surface) {
	st.t.Helper()
	st.await("a home tab that says "+says, func() bool {
		now, ok := st.slack.Home(who)
		home = now
		return ok && strings.Contains(now.Text(), says)
	})
	return home
}

const staging = `    environments:
      production: {}
      staging: {deploy: {allow: [U00000BOB0]}}
`

func TestTheFormAsksForADeployOfWhatItsPersonMayDeploy(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{service: staging + "    ref: {resolve: 'test \"$REF\" != v9 && echo abc123'}\n"})
	st.bot()
	form := st.opens(dev)
	if text := form.Text(); !strings.Contains(text, "web in production") || strings.Contains(text, "staging") {
		t.Errorf("a developer is offered:\n%s", text)
	}
	// What is wrong is said beside the fields, and nothing is asked for.
	st.fills(dev, "ref", "ｖ４２", "when", "25:00")
	sent := st.sends(dev)
	if !strings.Contains(sent.Errors["ref"], "Did you mean v42?") || !strings.Contains(sent.Errors["when"], "no time of the day") || len(sent.Errors) != 2 {
		t.Errorf("beside the fields stands: %v", sent.Errors)
	}
	// What takes longer to find out is said in the form, which keeps what was filled in.
	st.fills(dev, "ref", "v9", "when", "now", "reason", "the fair")
	if sent := st.sends(dev); len(sent.Errors) > 0 || sent.Closed {
		t.Errorf("answered %+v", sent)
	}
	form = st.modal(dev, "There is no ref v9 in web")
	if text := form.Text(); !strings.Contains(text, "the fair") || !strings.Contains(text, "v9") {
		t.Errorf("what was filled in is lost:\n%s", text)
	}
	if n := len(st.parents()); n > 0 {
		t.Errorf("something was asked for:\n%s", st.transcript())
	}
	st.fills(dev, "ref", "v42")
	st.sends(dev)
	if text := st.modal(dev, "was asked for").Text(); !strings.Contains(text, channel) {
		t.Errorf("the form does not say where:\n%s", text)
	}
	st.await("the request in the channel", func() bool { return len(st.parents()) == 1 })
	ts := st.parents()[0].TS
	st.shows(ts, "Deploy web v42 to production")
	st.shows(ts, "the fair")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	// The next time the ref can be chosen.
	st.opens(dev)
	st.fills(dev, "recent", "v42")
	st.sends(dev)
	st.await("the second request", func() bool { return len(st.parents()) == 2 })
}

func TestTheFormGivesNobodyWhatTheyMayNotDeploy(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	if text := st.opens(other).Text(); !strings.Contains(text, "no service here that you may deploy") {
		t.Errorf("a member in no group sees:\n%s", text)
	}
	for _, who := range []string{guest, extern} {
		if said := st.types(who, ""); !strings.Contains(said, "Only full members") {
			t.Errorf("%s is told: %s", who, said)
		}
	}
}

func TestAFormThatWasClosedIsAnsweredBesideIt(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	st.opens(dev)
	st.fills(dev, "ref", "v42")
	st.sends(dev)
	form := st.modal(dev, "One moment…")
	st.doing(func(ctx context.Context) error { return st.slack.Dismiss(ctx, dev, form.ID) })
	st.await("a word that it was asked for", func() bool {
		said := st.slack.Ephemerals(dev)
		return len(said) > 0 && strings.Contains(slacksim.Text(said[len(said)-1]), "was asked for")
	})
	st.await("the request", func() bool { return len(st.parents()) == 1 })
}

func TestAnEmergencyInTheFormIsForApproversAndSaysWhy(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{service: "    freeze: [{from: 2000-01-01, to: 2100-01-01}]\n"})
	st.bot()
	if text := st.opens(dev).Text(); strings.Contains(text, "emergency") {
		t.Errorf("a developer is offered an emergency:\n%s", text)
	}
	st.opens(lead)
	st.fills(lead, "ref", "v42", "window", "outside")
	if sent := st.sends(lead); !strings.Contains(sent.Errors["reason"], "Write why") {
		t.Errorf("without a reason: %+v", sent)
	}
	st.fills(lead, "reason", "it burns")
	st.sends(lead)
	st.modal(lead, "was asked for")
	st.await("the request", func() bool { return len(st.parents()) == 1 })
	st.shows(st.parents()[0].TS, "EMERGENCY")
	st.shows(st.parents()[0].TS, "it burns")
}

func TestDenyAsksWhyAndTheChannelReadsIt(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	ts := st.asks(dev, "web v42")
	if said := st.refused(other, ts, "Deny"); !strings.Contains(said, "approve.allow") {
		t.Errorf("who may not deny is told: %s", said)
	}
	if _, open := st.slack.Modal(other); open {
		t.Error("and is asked why")
	}
	st.clicks(lead, ts, "Deny")
	form := st.modal(lead, "Why is it denied?")
	if strings.Contains(st.card(ts), "Denied") {
		t.Error("the click alone denies")
	}
	st.doing(func(ctx context.Context) error { return st.slack.Dismiss(ctx, lead, form.ID) })
	st.denies(lead, ts, "not before the fair")
	st.shows(ts, "Denied")
	st.shows(ts, "not before the fair")
	approved := st.asks(dev, "web v43")
	st.clicks(lead, approved, "Approve with a comment…")
	st.modal(lead, "Comment")
	st.fills(lead, "reason", "watch the queue")
	st.sends(lead)
	st.shows(approved, "Succeeded")
	if !strings.Contains(st.thread(approved)+st.card(approved), "watch the queue") {
		t.Errorf("nobody reads the comment:\n%s", st.transcript())
	}
}

func TestTheShortcutOfAMessageShowsItsOperationAndWhatMayBeDone(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	ts := st.asks(dev, "web v42")
	st.doing(func(ctx context.Context) error { return st.slack.UseShortcut(ctx, lead, channel, ts, "operation") })
	if text := st.modal(lead, "Waiting for approval").Text(); !strings.Contains(text, "Approve") || strings.Contains(text, "Withdraw") {
		t.Errorf("a lead sees:\n%s", text)
	}
	st.doing(func(ctx context.Context) error {
		return st.slack.ClickIn(ctx, lead, "", "", slacksim.WithText("Approve"))
	})
	st.shows(ts, "Succeeded")
}

func TestTheHomeTabShowsWhatWaitsForYouAndItsButtonsWork(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	st.doing(func(ctx context.Context) error { return st.slack.OpenHome(ctx, lead) })
	st.homeSays(lead, "Nothing waits for you")
	ts := st.asks(dev, "drain web on web-2 because new disk")
	home := st.homeSays(lead, "*Drain web-2 of web*, requested")
	if text := home.Text(); !strings.Contains(text, "Approve") || strings.Index(text, "Drain web-2") > strings.Index(text, "Running") {
		t.Errorf("what waits does not come first:\n%s", text)
	}
	st.doing(func(ctx context.Context) error {
		return st.slack.ClickIn(ctx, lead, home.ID, "", slacksim.WithText("Approve"))
	})
	st.shows(ts, "Succeeded")
	home = st.homeSays(lead, "*web-2* of web has been out of service")
	if text := home.Text(); !strings.Contains(text, "new disk") {
		t.Errorf("why it is held is not said:\n%s", text)
	}
	st.doing(func(ctx context.Context) error {
		return st.slack.ClickIn(ctx, lead, home.ID, "", slacksim.WithText("Restore"))
	})
	st.await("the request to restore it", func() bool { return len(st.parents()) == 2 })
	st.shows(st.parents()[1].TS, "Restore web-2 of web")
	if _, ok := st.slack.Home(other); ok {
		t.Error("a tab is drawn for somebody who has not looked")
	}
}

func TestWhoeverUnlocksAnothersLockIsAskedWhyAndItIsTold(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	lock := st.asks(dev, "lock web because audit")
	st.shows(lock, "is locked until")
	if said := st.types(lead, "unlock web"); !strings.Contains(said, "audit") {
		t.Errorf("told: %s", said)
	}
	all := st.slack.Ephemerals(lead)
	st.clicks(lead, all[len(all)-1].TS, "Unlock all the same…")
	st.modal(lead, "locked by somebody else")
	ctx, cancel := st.ctx()
	defer cancel()
	if _, err := st.slack.Submit(ctx, lead, ""); !errors.Is(err, slacksim.ErrIncomplete) {
		t.Errorf("without a reason: %v", err)
	}
	st.fills(lead, "reason", "the auditor has left")
	if sent := st.sends(lead); !sent.Closed {
		t.Errorf("the form stays: %+v", sent)
	}
	st.await("the unlocking", func() bool { return len(st.parents()) == 2 })
	st.shows(st.parents()[1].TS, "the auditor has left")
	st.shows(st.parents()[1].TS, "may be deployed to again")
}

func TestAFormThatIsSentIsAskedForOnceThoughTheBotIsKilled(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{service: "    ref: {resolve: 'sleep 1; echo abc123'}\n"})
	bot := st.bot()
	st.opens(dev)
	st.fills(dev, "ref", "v42")
	st.sends(dev)
	st.modal(dev, "One moment…")
	bot.kill()
	st.bot()
	st.modal(dev, "was asked for")
	st.await("the request", func() bool { return len(st.parents()) == 1 })
	st.shows(st.parents()[0].TS, "Deploy web v42")
}
