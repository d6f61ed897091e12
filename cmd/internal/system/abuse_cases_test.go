package system

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"junban/bot/slacksim"
	"junban/deploy"
)

func TestNobodyApprovesWhoMayNot(t *testing.T) {
	t.Parallel()
	a := newAbused(t, setup{})
	a.rewrite("deploy: {allow: [S0000DEVS]}", "deploy: {allow: [S0000DEVS, "+pipeline+"]}")
	a.robots()
	bot := a.bot()
	a.sees("asked", a.asks(carol, "web v42"), "withdraw")
	// Somebody leaves the group after it was asked for; a new life of the bot has not seen them in it.
	bot.kill()
	a.slack.SetGroup("S000LEADS", lead, carol, guest, extern, gone)
	bot = a.bot()
	a.await("the journal is taken over", func() bool {
		return strings.Contains(fmt.Sprint(a.books().journals), `"type":"resumed"`)
	})
	a.refuses(bot, []abuse{
		{"the requester approves", carol, presses("asked", "approve"), "own_request", ""},
		{"the requester approves with a comment", carol, presses("asked", "form:approve"), "own_request", ""},
		{"a developer approves", dev, presses("asked", "approve"), "not_allowed", "who may approve"},
		{"a developer denies", dev, presses("asked", "form:deny"), "not_allowed", "who may approve"},
		{"a developer withdraws another's request", dev, presses("asked", "withdraw"), "not_yours", ""},
		{"a guest of the group approves", guest, presses("asked", "approve"), "not_a_member", "guest"},
		{"an external person of the group approves", extern, presses("asked", "approve"), "not_a_member", "another organisation"},
		{"a deleted person of the group approves", gone, presses("asked", "approve"), "not_a_member", "deactivated"},
		{"a member in no group approves", other, presses("asked", "approve"), "not_allowed", ""},
		{"somebody with the approver's names approves", twin, presses("asked", "approve"), "not_allowed", ""},
		{"one removed from the group approves", left, presses("asked", "approve"), "not_allowed", ""},
		{"a listed bot aborts in the thread", pipeline, robotSaying("A0000PIPELN", "asked", "abort"), "robot_only_asks", ""},
		{"a listed bot asks for an emergency", pipeline, robotSaying("A0000PIPELN", "", "emergency web v43 because it burns"), "robot_only_asks", ""},
		{"an unlisted bot asks", stray, robotSaying("A00000STRAY", "", "deploy web v43"), "not_a_member", "bot"},
		{"a guest uses the shortcut", guest, shortcut("asked", "operation"), "not_a_member", ""},
		{"a guest aborts in the thread", guest, mentions(channel, "asked", "abort"), "not_a_member", ""},
		{"a member in no group aborts in the thread", other, mentions(channel, "asked", "abort"), "not_yours", ""},
	})
}

func TestNoForgedButtonIsBelieved(t *testing.T) {
	t.Parallel()
	a := newAbused(t, setup{})
	bot := a.bot()
	a.sees("asked", a.asks(carol, "web v42"), "withdraw")
	a.sees("second", a.asks(dev, "web v43"), "withdraw")
	hash := func(of string) any {
		_, rest, _ := strings.Cut(buttonValue(t, a.seen[of], "approve"), `"hash":"`)
		hash, _, _ := strings.Cut(rest, `"`)
		return hash
	}
	a.refuses(bot, []abuse{
		{"another operation's hash", lead, forges("asked", "approve", "hash", hash("second")), "wrong_hash", ""},
		{"an old hash", lead, forges("asked", "approve", "hash", strings.Repeat("0", 64)), "wrong_hash", ""},
		{"no hash", lead, forges("asked", "approve", "hash", nil), "wrong_hash", ""},
		{"an unknown verb", lead, forges("asked", "approve", "verb", "explode"), "unknown_act", ""},
		{"a verb that is not offered", dev, forges("asked", "approve", "verb", "pause"), "not_now", ""},
		{"a lane that there is", lead, forges("asked", "approve", "lane", "i-00000000000000001"), "not_now", ""},
		{"a lane that there is not", lead, forges("asked", "approve", "lane", "i-9"), "no_such_lane", ""},
		{"an unknown operation", lead, forges("asked", "approve", "op", "261127-000000-aaaaa"), "not_found", ""},
		{"an operation's name of 20,000 characters", lead, forges("asked", "approve", "op", strings.Repeat("x", 20_000)), "not_found", ""},
		{"a field more", lead, forges("asked", "approve", "by", lead), "mistake.button", ""},
		{"a number for a text", lead, forges("asked", "approve", "hash", 7), "mistake.button", ""},
		{"no operation", lead, forges("asked", "approve", "op", nil), "mistake.button", ""},
		{"something behind it", lead, sends("asked", "approve", a.changed("asked", "approve")+"{}"), "mistake.button", ""},
		{"no JSON", lead, sends("asked", "approve", "approve"), "mistake.button", ""},
		{"nothing at all", lead, sends("asked", "approve", ""), "mistake.button", ""},
		{"a button that asks for a deploy", lead, sends("asked", "ask:deploy", `{"kind":"deploy","service":"web"}`), "mistake.button", ""},
		{"a form for another act than its button's", lead, forges("asked", "form:deny", "verb", "approve"), "mistake.button", ""},
		{"a form for an act without one", lead, sends("asked", "form:abort", a.changed("asked", "form:deny", "verb", "abort")), "mistake.button", ""},
	})
}

func TestNoForgedFormIsBelieved(t *testing.T) {
	t.Parallel()
	a := newAbused(t, setup{})
	bot := a.bot()
	a.sees("asked", a.asks(carol, "web v42"), "withdraw")
	a.refuses(bot, []abuse{
		{"a form's act by one who may not", other, submits(explaining("deny", "asked", "form:deny", "why not")), "not_allowed", ""},
		{"a form's approval of the own request", carol, submits(explaining("approve", "asked", "approve", "fine")), "own_request", ""},
		{"a form for another act", lead, submits(explaining("approve", "asked", "form:deny", "fine")), "why.nothing", ""},
		{"a form for an act without one", lead, submits(explaining("abort", "asked", "form:deny", "fine", "verb", "abort")), "why.nothing", ""},
		{"a form with a wrong hash", lead, submits(explaining("deny", "asked", "form:deny", "why not", "hash", "0")), "wrong_hash", ""},
		{"a form without private metadata", lead, submits(reason("", "why not")), "why.nothing", ""},
		{"a form whose private metadata says more", lead, submits(reason(`{"what":"deny","value":"{}","by":"U00000BOB0"}`, "why not")), "why.nothing", ""},
		{"a form that there is not", lead, submits(func(*abused) slacksim.Forged { return slacksim.Forged{Callback: "root"} }), "why.nothing", ""},
		{"another act in the form of the shortcut", other, inView("operation", "asked", "approve", "approve"), "not_allowed", ""},
		{"an approval in the home tab", twin, inView("", "asked", "approve", "approve"), "not_allowed", ""},
	})
}

func TestARolloutIsChangedByNobodyWhoMayNotNorByOldButtons(t *testing.T) {
	t.Parallel()
	a := newAbused(t, setup{})
	t.Cleanup(a.aws.HoldCommands(a.ids[0]))
	bot := a.bot()
	ts := a.asks(dev, "web v42")
	a.sees("asked", ts, "withdraw")
	a.clicks(lead, ts, "Approve")
	a.stands("a command is under way", func(o deploy.Operation) bool {
		return len(o.Lanes) > 0 && o.Lanes[0].Ran && o.Lanes[0].Phase == deploy.PhaseAccepted
	})
	a.sees("rolling", ts, "pause")
	a.refuses(bot, []abuse{
		{"a member in no group aborts", other, presses("rolling", "abort"), "not_allowed", ""},
		{"a member in no group pauses", other, presses("rolling", "pause"), "not_allowed", ""},
		{"a member in no group rolls back", other, forges("rolling", "abort", "verb", "rollback", "attempt", nil), "not_allowed", ""},
		{"a guest aborts", guest, presses("rolling", "abort"), "not_a_member", ""},
		{"an external person aborts in the thread", extern, mentions(channel, "rolling", "abort"), "not_a_member", ""},
		{"somebody with the approver's names pauses in the thread", twin, mentions(channel, "rolling", "pause"), "not_allowed", ""},
		{"a member in no group aborts by name", other, types(channel, "abort web"), "not_allowed", ""},
		{"a member in no group rolls back by name", other, types(channel, "rollback web"), "not_allowed", ""},
		{"a member in no group pauses in the channel", other, mentions(channel, "", "pause web"), "not_allowed", ""},
		{"an old Approve", lead, forges("asked", "approve"), "not_now", ""},
		{"an old Deny", lead, forges("asked", "form:deny"), "not_now", ""},
		{"an old Withdraw", dev, forges("asked", "withdraw"), "not_now", ""},
		{"Retry of what has not failed", dev, forges("rolling", "abort", "verb", "retry", "lane", a.ids[0]), "not_now", ""},
		{"Resume of what is not paused", dev, forges("rolling", "pause", "verb", "resume"), "not_now", ""},
		{"Continue of what asks nothing", lead, types(channel, "continue web"), "not_now", ""},
		{"the second abort before the first", dev, forges("rolling", "abort", "attempt", 2), "not_now", ""},
	})
}

func TestADecisionIsMadeByNobodyWhoMayNotNorByOldButtons(t *testing.T) {
	t.Parallel()
	a := newAbused(t, setup{verify: `test ! -e broken`})
	a.breakOn(0, true)
	bot := a.bot()
	ts := a.asks(dev, "web v42")
	a.clicks(lead, ts, "Approve")
	a.stands("a decision is waited for", func(o deploy.Operation) bool { return len(o.Undecided()) == 1 })
	retry, lane := "retry:"+a.ids[0], a.ids[0]
	a.sees("waiting", ts, retry)
	a.clicks(dev, ts, "Pause")
	a.sees("paused", ts, "resume")
	a.refuses(bot, []abuse{
		{"a member in no group retries", other, presses("paused", retry), "not_allowed", ""},
		{"a guest puts back", guest, presses("paused", "putback:"+lane), "not_a_member", ""},
		{"somebody with the approver's names leaves out", twin, presses("paused", "leaveout:"+lane), "not_allowed", ""},
		{"a deleted person aborts", gone, presses("paused", "abort"), "not_a_member", ""},
		{"a member in no group aborts and rolls back", other, forges("paused", "abort", "verb", "rollback", "attempt", nil), "not_allowed", ""},
		{"an external person resumes", extern, presses("paused", "resume"), "not_a_member", ""},
		{"a member in no group resumes", other, types(channel, "resume web"), "not_allowed", ""},
		{"an old Pause", dev, forges("waiting", "pause"), "not_now", "Too late"},
		{"Retry of an old attempt", lead, forges("waiting", retry, "attempt", 7), "old_button", ""},
		{"Retry of an unknown instance", lead, forges("waiting", retry, "lane", "i-9"), "no_such_lane", ""},
		{"Retry of an instance that does not wait", lead, forges("waiting", retry, "lane", a.ids[1]), "not_now", ""},
		{"Retry of no instance", lead, forges("waiting", retry, "lane", nil), "not_now", ""},
		{"a decision that is not offered", lead, forges("waiting", retry, "verb", "looked"), "not_now", ""},
		{"Retry in a form of the shortcut", other, inView("operation", "waiting", retry, retry), "not_allowed", ""},
		{"Retry in a guest's home tab", guest, inView("", "waiting", retry, retry), "not_a_member", ""},
	})
}

func TestAQuestionIsAnsweredByNobodyWhoMayNot(t *testing.T) {
	t.Parallel()
	a := newAbused(t, setup{instances: 2, service: "    rolling: {canary: {instances: 1, confirm: true}}\n"})
	bot := a.bot()
	ts := a.asks(dev, "web v42")
	a.clicks(lead, ts, "Approve")
	a.stands("a question is asked", func(o deploy.Operation) bool { return o.Asked.Code != "" })
	a.sees("asking", ts, "continue")
	a.refuses(bot, []abuse{
		{"a developer says that the canary is good", dev, presses("asking", "continue"), "need_approver", ""},
		{"a member in no group does", other, presses("asking", "continue"), "need_approver", ""},
		{"a guest does in the thread", guest, mentions(channel, "asking", "continue"), "not_a_member", ""},
		{"somebody with the approver's names does by name", twin, types(channel, "continue web"), "need_approver", ""},
		{"the answer to another question", lead, forges("asking", "continue", "attempt", 9), "not_now", ""},
	})
}

func TestNothingIsDoneToWhatHasEnded(t *testing.T) {
	t.Parallel()
	a := newAbused(t, setup{verify: `test ! -e broken`})
	a.breakOn(0, true)
	bot := a.bot()
	denied := a.asks(dev, "web v41")
	a.sees("denied", denied, "withdraw")
	a.denies(lead, denied, "not today")
	ts := a.asks(dev, "web v42 on web-1")
	a.sees("asked", ts, "withdraw")
	a.clicks(lead, ts, "Approve")
	lane := a.ids[0]
	a.sees("waiting", ts, "retry:"+lane)
	a.breakOn(0, false)
	a.clicks(dev, ts, "Retry")
	a.stands("it has ended", func(o deploy.Operation) bool { return o.State == deploy.StateSucceeded })
	a.await("the end is told", func() bool { return !strings.Contains(a.card(ts), "[Abort]") })
	bot.kill() // another life of the bot knows no more of it than the journal
	bot = a.bot()
	a.refuses(bot, []abuse{
		{"Approve", lead, forges("asked", "approve"), "not_now", ""},
		{"Deny", lead, forges("asked", "form:deny"), "not_now", ""},
		{"Withdraw", dev, forges("asked", "withdraw"), "not_now", ""},
		{"Abort", dev, forges("waiting", "abort"), "not_now", ""},
		{"Pause", dev, forges("waiting", "abort", "verb", "pause", "attempt", nil), "not_now", ""},
		{"Resume", dev, forges("waiting", "abort", "verb", "resume", "attempt", nil), "not_now", ""},
		{"Retry", dev, forges("waiting", "retry:"+lane), "not_now", ""},
		{"Put back", dev, forges("waiting", "putback:"+lane), "not_now", ""},
		{"Leave out", dev, forges("waiting", "leaveout:"+lane), "not_now", ""},
		{"Abort and roll back", dev, forges("waiting", "abort", "verb", "rollback", "attempt", nil), "not_now", ""},
		{"Approve of what was denied", lead, forges("denied", "approve"), "not_now", "Too late"},
		{"the form that denied it, again", lead, submits(explaining("deny", "denied", "form:deny", "not today")), "not_now", "Too late"},
		{"abort by name", dev, types(channel, "abort web"), "mistake.nothing_runs", ""},
		{"abort in the thread", dev, mentions(channel, "asked", "abort"), "mistake.thread_ended", ""},
	})
}

// locked is a stage with two services, one of them locked by a developer, where only one channel is taken from.
func locked(t *testing.T) (*abused, *process) {
	t.Helper()
	a := newAbused(t, setup{more: `  api:
    target_groups: [web]
    run: {command: "true"}
    deploy: {allow: [S000LEADS]}
    approve: {allow: [S000LEADS]}
`})
	a.rewrite("channel: "+channel, "channel: "+channel+", channels: ["+channel+"]")
	a.slack.AddApp(slacksim.App{
		AppID: "A0000JUNBAN", Name: "Junban", BotToken: "xoxb-test-token", AppToken: "xapp-test-token", BotUser: "U0000BOT00", Commands: []string{"/deploy"},
		Events: []string{"app_mention", "app_home_opened"}, HomeTab: true,
		Shortcuts: []slacksim.Shortcut{{CallbackID: "operation", Name: "Show the operation"}, {CallbackID: "explode", Name: "Explode"}},
	})
	bot := a.bot()
	ts := a.asks(dev, "lock web because audit")
	a.stands("it is locked", func(o deploy.Operation) bool { return o.State == deploy.StateSucceeded })
	a.seen["lock"], _ = a.slack.Message(channel, ts)
	return a, bot
}

// long is more than anybody types.
var long = strings.Repeat("a", 10_000)

func TestWhatIsTypedIsTakenFromNobodyWhoMayNotNorAnywhere(t *testing.T) {
	t.Parallel()
	a, bot := locked(t)
	for name, where := range map[string]string{"ours": channel, "theirs": shared, "office": office} {
		a.doing(func(ctx context.Context) error {
			posted, err := a.slack.Post(ctx, other, where, "", "look at this")
			a.seen[name], _ = a.slack.Message(where, posted)
			return err
		})
	}
	a.refuses(bot, []abuse{
		{"another's lock without a reason", lead, types(channel, "unlock web"), "lock_of_another", ""},
		{"an emergency by one who may not", dev, types(channel, "emergency web v43 because it burns"), "need_approver", ""},
		{"a deploy by one who may not", dev, types(channel, "api v43"), "not_allowed", ""},
		{"a stranger restores", other, types(channel, "restore web on web-2"), "not_allowed", ""},
		{"a guest drains", guest, types(channel, "drain web on web-2"), "not_a_member", ""},
		{"a stranger drains", other, types(channel, "drain web on web-2 because I can"), "not_allowed", ""},
		{"a ref that calls the channel", dev, types(channel, "web <!channel>"), "mistake.ref.pattern", ""},
		{"a service that calls the channel", dev, types(channel, "<!channel> v43"), "mistake.no_service", ""},
		{"a ref that calls somebody", dev, types(channel, "web <@"+lead+">"), "mistake.ref.pattern", ""},
		{"a ref that is a link", dev, types(channel, "web <https://evil.example|v43>"), "mistake.ref.pattern", ""},
		{"a ref in backticks", dev, types(channel, "web `v43`"), "mistake.quoted", ""},
		{"a ref that turns the writing", dev, types(channel, "web v43\u202e24v"), "mistake.ref.pattern", ""},
		{"a ref with a control character", dev, types(channel, "web v43\x00"), "mistake.character", ""},
		{"a full-width ref", dev, types(channel, "web ｖ４３"), "mistake.ref.wide", ""},
		{"a ref that begins with a dash", dev, types(channel, "web -rf"), "mistake.ref.dash", ""},
		{"a ref that is a command", dev, types(channel, "web $(reboot)"), "mistake.ref.pattern", ""},
		{"10,000 characters", dev, types(channel, "web "+long), "mistake.long", ""},

		{"the shortcut of somebody else's message", lead, shortcut("ours", "operation"), "view.foreign", ""},
		{"a shortcut that is not ours", lead, shortcut("lock", "explode"), "mistake.button", ""},
		{"the shortcut in a shared channel", lead, shortcut("theirs", "operation"), "mistake.not_here", ""},
		{"a command in a channel that is not named", lead, types(office, "web v43"), "mistake.not_here", ""},
		{"a mention in a channel that is not named", lead, mentions(office, "office", "web v43"), "mistake.not_here", ""},
		{"a command in a shared channel", dev, types(shared, "status"), "mistake.not_here", ""},
	})
}

func TestWhatIsFilledInIsTakenFromNobodyWhoMayNot(t *testing.T) {
	t.Parallel()
	a, bot := locked(t)
	const unlock = `{"from":"x","what":"unlock","value":"{\"kind\":\"unlock\",\"service\":\"web\"}"}`
	a.refuses(bot, []abuse{
		{"another's lock in a form without a reason", lead, submits(reason(unlock, "  ")), "fault.reason.lock", ""},
		{"another's lock by one who may not", other, submits(reason(unlock, "because I can")), "not_allowed", ""},
		{"an unlock of one instance", lead, submits(reason(strings.Replace(unlock, `web\"`, `web\",\"on\":\"web-1\"`, 1), "x")), "why.nothing", ""},
		{"a restore in the home tab of one who may not", other, inHome("ask:restore", `{"kind":"restore","service":"web","on":"web-1"}`), "not_allowed", ""},
		{"a restore in a guest's home tab", guest, inHome("ask:restore", `{"kind":"restore","service":"web","on":"web-1"}`), "not_a_member", ""},
		{"the form by a guest", guest, inHome("form:request", ""), "not_a_member", ""},

		{"a form without a service", dev, submits(asking("ref", "v43")), "fault.target", ""},
		{"a form without a ref", dev, submits(asking("target", "web/")), "fault.ref", ""},
		{"a form with a field more", dev, submits(asking("target", "web/", "ref", "v43", "approve", "yes")), "fault.fields", ""},
		{"a form for an unknown service", dev, submits(asking("target", "root/", "ref", "v43")), "fault.target.unknown", ""},
		{"a form for a service that they may not deploy", dev, submits(asking("target", "api/", "ref", "v43")), "not_allowed", ""},
		{"a form of a guest", guest, submits(asking("target", "web/", "ref", "v43")), "not_a_member", ""},
		{"a form with an emergency by one who may not", dev, submits(asking("target", "web/", "ref", "v43", "window", "outside", "reason", "it burns")), "need_approver", ""},
		{"a form with an emergency without a reason", lead, submits(asking("target", "web/", "ref", "v43", "window", "outside")), "fault.reason", ""},
		{"a form with an unknown window", lead, submits(asking("target", "web/", "ref", "v43", "window", "any")), "fault.fields", ""},
		{"a form with a reason of 10,000 characters", dev, submits(asking("target", "web/", "ref", "v43", "reason", long)), "fault.long", ""},
		{"a form with a control character", dev, submits(asking("target", "web/", "ref", "v43", "reason", "a\x1b[31mb")), "fault.typed", ""},
		{"a form with a ref of several words", dev, submits(asking("target", "web/", "ref", "v43; reboot")), "fault.ref.words", ""},
		{"a form with a ref that turns the writing", dev, submits(asking("target", "web/", "ref", "v43\u202e")), "mistake.ref.pattern", ""},
	})
}

func TestNothingIsTakenFromASharedChannelThatIsNotNamed(t *testing.T) {
	t.Parallel()
	a := newAbused(t, setup{})
	bot := a.bot()
	a.sees("asked", a.asks(dev, "web v42"), "withdraw")
	value := buttonValue(t, a.seen["asked"], "approve")
	forged := func(a *abused, who string) string {
		return a.whispered(who, func(ctx context.Context) error {
			return a.slack.ClickForged(ctx, who, shared, a.seen["asked"].TS, "approve", value)
		})
	}
	a.refuses(bot, []abuse{
		{"a deploy", dev, types(shared, "web v43"), "mistake.shared", ""},
		{"a deploy by a mention", dev, mentions(shared, "", "web v43"), "mistake.shared", ""},
		{"an external person's abort", extern, types(shared, "abort web"), "mistake.shared", ""},
		{"an approval", lead, forged, "mistake.shared", ""},
		{"the form", lead, types(shared, ""), "mistake.shared", ""},
	})
}

// A form that reaches the bot twice, as Slack may send it, comes to one operation.
func TestAFormThatArrivesTwiceIsAskedForOnce(t *testing.T) {
	t.Parallel()
	a := newAbused(t, setup{})
	bot := a.bot()
	twice := a.slack.Inject(slacksim.Fault{On: "interactive", Do: slacksim.RepeatEnvelope})
	submits(asking("target", "web/", "ref", "v42"))(a, dev)
	a.await("the request", func() bool { return len(a.parents()) == 1 })
	denies := explaining("deny", "asked", "form:deny", "not today")
	a.sees("asked", a.parents()[0].TS, "withdraw")
	a.doing(func(ctx context.Context) error {
		_, err := a.slack.SubmitForged(ctx, lead, denies(a))
		return err
	})
	a.shows(a.parents()[0].TS, "not today")
	if twice.Hits() < 2 {
		t.Fatalf("%d forms came twice", twice.Hits())
	}
	bot.kill()
	b := a.books()
	if len(b.journals) != 1 || len(b.audit) != 0 {
		t.Errorf("%d operations, refused: %+v", len(b.journals), b.audit)
	}
}
