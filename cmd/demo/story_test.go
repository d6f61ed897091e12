package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// What a visitor sees, as expressions of the page's JavaScript.
const (
	cards   = `[...document.querySelectorAll('[data-testid=channel] [data-testid=message]:has(.attachment):not(:has(.from-thread))')]`
	targets = `[...document.querySelectorAll('[data-testid=target]')]`
	thread  = `document.querySelector('[data-testid=thread]')?.innerText`
)

// cardSays is true of the newest operation's message, once it shows all the words.
func cardSays(words ...string) string { return says(cards+`.at(-1)?.innerText`, words...) }

func threadSays(words ...string) string { return says(thread, words...) }

func says(text string, words ...string) string {
	var all []string
	for _, w := range words {
		all = append(all, fmt.Sprintf("%s?.includes(%q)", text, w))
	}
	return strings.Join(all, " && ")
}

// targetIs is true once the nth target's attributes are these.
func targetIs(n int, state, version string) string {
	return fmt.Sprintf("%s[%d]?.matches('[data-state=%s][data-version=%s]')", targets, n, state, version)
}

// targetWas is true once the nth target's attributes have been these, if only for a moment.
func targetWas(n int, state, version string) string {
	return fmt.Sprintf("window.were.has('%d %s %s')", n, state, version)
}

// figure is a number or word that the page marks.
func figure(id, what string) string {
	return fmt.Sprintf("document.querySelector('[data-testid=%s]')?.dataset.%s", id, what)
}

// play is the demo with somebody at a desk and somebody on a phone.
type play struct {
	*stage
	desk, phone *visitor
}

// The page, driven as a person does: the whole of what the demo is for.
func TestThePage(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	f := quick(3)
	if os.Getenv("JUNBAN_SHOT") != "" {
		f.Instances = 4 // as anybody sees it who starts the demo
	}
	f.DeregistrationDelay, f.HealthInterval = 3*time.Second, time.Second
	s := perform(t, options{flags: f})
	page := urlOf(s.doors.http)
	p := &play{
		stage: s,
		desk:  b.visit("desk", page, 1440, 900),
		phone: b.visit("phone", page, 390, 844, chromedp.EmulateMobile, chromedp.EmulateScale(2)),
	}
	for _, v := range []*visitor{p.desk, p.phone} {
		v.until("the bot is there", figure("bot", "state")+" === 'running'")
	}
	p.shoot("1 start")
	p.aReleaseInTurn()
	p.aBrokenRelease()
	p.whatWasHeldComesBack()
	p.theBotIsKilled()
	p.unharmed()
	p.aHurriedHand()

	if heard := b.heard(); len(heard) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(heard, "\n"))
	}
	p.desk.breakThePolicy()
}

// A bad release halts on its second instance; one button takes everything back to the version before, and the public
// notices nothing.
func TestABadReleaseIsRolledBackByAButton(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	f := quick(3)
	f.DeregistrationDelay, f.HealthInterval = 2*time.Second, time.Second
	s := perform(t, options{flags: f})
	p := &play{stage: s, desk: b.visit("rollback", urlOf(s.doors.http), 1440, 900)}
	p.desk.until("the bot is there", figure("bot", "state")+" === 'running'")
	p.request("/deploy web v42")
	p.approve(p.desk)
	p.desk.until("the good release is everywhere", cardSays("Deploy web v42", "Succeeded"))

	p.desk.press("Break the next release", `[data-testid=break]`)
	p.desk.until("it is armed", `document.querySelector('[data-testid=break]').disabled`)
	p.request("/deploy web v43")
	p.approve(p.desk)
	p.desk.until("it halts on the second instance", cardSays("Waiting for a decision", "web-2 failed", "Abort and roll back"))
	p.desk.until("the first has the bad release", targetIs(0, "healthy", "v43"))
	p.desk.press("Retry", `[data-testid=channel] [data-action-id^=retry]`)
	p.desk.press("Retry, for sure", `[data-testid=confirm-ok]`)
	p.desk.until("it is tried again", threadSays("ordered another attempt"))
	p.desk.until("it fails again", thread+`?.match(/please decide/g)?.length >= 2 && `+cardSays("Waiting for a decision", "web-2 failed"))

	p.desk.press("Abort and roll back", `[data-testid=channel] [data-action-id=rollback]`)
	p.desk.until("it asks first", `document.querySelector('dialog.confirm')?.innerText.includes('Roll back to v42?')`)
	p.desk.shoot("1 sure")
	p.desk.press("Roll back", `[data-testid=confirm-ok]`)
	p.desk.until("it is under way", threadSays("Rolling back to v42", "in reverse order"))
	for n := range p.Instances {
		p.desk.until("every target is back on the old version", targetIs(n, "healthy", "v42"))
	}
	p.desk.until("the card and the thread say so", cardSays("rolled back", "What had been touched went back to v42")+" && "+threadSays("went back to v42"))
	p.desk.shoot("2 rolled back")
	p.unharmed()
	if heard := b.heard(); len(heard) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(heard, "\n"))
	}
}

// unharmed demands that no request failed, and tells what the load balancer knows of those that did.
func (p *play) unharmed() {
	p.t.Helper()
	if failed := is[string](p.desk, figure("failed", "value")); failed != "0" {
		last := is[string](p.desk, `document.querySelector('.failed .note').innerText`)
		p.t.Errorf("%s requests failed, %s; the load balancer: %+v", failed, last, p.fleet.balancer.Stats())
	}
}

// shoot keeps a picture of both screens.
func (p *play) shoot(moment string) {
	p.t.Helper()
	p.desk.shoot(moment)
	p.phone.shoot(moment)
}

// readsWell demands that no markup and no id is left in what the chat shows.
func (p *play) readsWell() {
	p.t.Helper()
	const raw = `document.querySelector('.chat').innerText.match(/<[@!#][^>]*>|[*~\x60]\S|\b[SUC]0[A-Z]+\b/g) ?? []`
	for _, v := range []*visitor{p.desk, p.phone} {
		if left := is[[]string](v, raw); len(left) > 0 {
			p.t.Errorf("%s shows %q", v.name, left)
		}
	}
}

// request is Alice asking, at the desk; it answers the ts of the message that came of it.
func (p *play) request(command string) string {
	p.t.Helper()
	before := is[int](p.desk, cards+".length")
	p.desk.be("Alice")
	p.desk.say("composer", command)
	p.desk.until("something waits for approval", fmt.Sprintf("%s.length === %d && %s", cards, before+1, cardSays("Waiting for approval", "Approve")))
	return is[string](p.desk, cards+".at(-1).dataset.ts")
}

// approve is Bob approving, at the desk or on the phone.
func (p *play) approve(v *visitor) {
	p.t.Helper()
	v.be("Bob")
	v.press("Approve", `[data-testid=channel] [data-action-id=approve]`)
}

func (p *play) aReleaseInTurn() {
	p.t.Helper()
	p.askedByForm("v42")
	p.phone.until("the phone has it too", cardSays("Waiting for approval"))
	p.shoot("2 asked")
	p.readsWell()

	p.desk.press("Approve", `[data-testid=channel] [data-action-id=approve]`)
	p.desk.until("Alice is refused", `document.querySelector('.ephemeral')?.innerText.includes('approve')`)
	p.approvedAtHome()

	p.desk.until("the first target drains", targetWas(0, "draining", "v41"))
	p.phone.press("the load balancer", `[data-testid=tab-world]`)
	p.phone.until("it drains there too", targetWas(0, "draining", "v41"))
	p.shoot("3 draining")
	p.desk.until("it is out", targetWas(0, "unused", "v41"))
	p.shoot("4 out")
	p.desk.until("it is back", targetIs(0, "healthy", "v42"))
	p.forREADME()
	p.pausedAndResumed()
	for n := range p.Instances {
		p.desk.until("every target is back", targetIs(n, "healthy", "v42"))
	}
	p.desk.until("it has succeeded", cardSays("Succeeded")+" && "+threadSays("Succeeded", "web-3", "drained"))
	p.unharmed()
	p.phone.press("the chat", `[data-testid=tab-chat]`)
	p.backFromHome()
	p.phone.until("the phone has it too", cardSays("Succeeded"))
	p.desk.until("the thread ends with a picture of it", `document.querySelector('[data-testid=thread] [data-testid=picture] img')?.naturalWidth > 0`)
	p.shoot("5 succeeded")
}

// forREADME keeps the picture that README shows, if JUNBAN_SHOT says where: a target drains, and the card says so.
func (p *play) forREADME() {
	path := os.Getenv("JUNBAN_SHOT")
	if path == "" {
		return
	}
	p.t.Helper()
	p.desk.until("card and picture agree", fmt.Sprintf(`%s.some((t) => t.dataset.state === 'draining' &&
		t.querySelector('.left-time')?.innerText === '2 s left' &&
		%s.at(-1).innerText.includes(t.querySelector('b').innerText + '  draining'))`, targets, cards))
	p.desk.shootTo(path)
}

func (p *play) aBrokenRelease() {
	p.t.Helper()
	p.desk.press("Break the next release", `[data-testid=break]`)
	p.desk.until("it is armed", `document.querySelector('[data-testid=break]').disabled`)
	ts := p.request("/deploy web v43")
	p.approve(p.phone)

	p.desk.until("it halts on the second instance", cardSays("Waiting for a decision", "web-2 failed"))
	p.desk.until("the output is told", threadSays("this release is broken", "The verification"))
	p.phone.until("the phone has it too", cardSays("Waiting for a decision"))
	p.phone.shoot("6 halted card")
	p.phone.press("the thread", fmt.Sprintf(`[data-ts="%s"] [data-testid=replies]`, ts))
	p.phone.until("the output is told there too", threadSays("this release is broken"))
	p.shoot("6 halted")
	p.readsWell()
	p.phone.press("back", `[aria-label="Back to the channel"]`)
	if version := is[string](p.desk, targets+"[2].dataset.version"); version != "v42" {
		p.t.Errorf("after the halt web-3 runs %s", version)
	}

	p.desk.say("thread-composer", "@junban status")
	p.desk.until("the bot answers in the thread", threadSays("asked for by"))

	p.desk.be("Bob")
	p.desk.press("Abort", `[data-testid=channel] [data-action-id=abort]`)
	p.desk.until("it asks first", `document.querySelector('dialog.confirm')?.innerText.includes('Abort')`)
	p.desk.shoot("7 sure")
	p.desk.press("Cancel", `[data-testid=confirm-cancel]`)
	p.desk.until("nothing has come of that", `!document.querySelector('dialog') && `+cardSays("Waiting for a decision"))
	p.desk.press("Abort", `[data-testid=channel] [data-action-id=abort]`)
	p.desk.press("Abort", `[data-testid=confirm-ok]`)
	p.desk.until("it is aborted", cardSays("Aborted", "web-2")+" && "+threadSays("Aborted"))
	p.desk.until("the failed one is held", targetIs(1, "unused", "v43"))
	p.shoot("8 aborted")
}

// whatWasHeldComesBack puts web-2 back, by the command that the hint offers.
func (p *play) whatWasHeldComesBack() {
	p.t.Helper()
	p.desk.press("Switch to Alice", `[data-testid=hint] button`)
	p.desk.until("the hint offers it", `document.querySelector('[data-testid=hint] button')?.innerText === 'Type it for me'`)
	p.desk.press("Type it for me", `[data-testid=hint] button`)
	p.desk.press("send", `[data-testid=send]`)
	p.desk.until("it waits for approval", cardSays("Restore", "Waiting for approval"))
	p.approve(p.desk)
	p.desk.until("it is back", targetIs(1, "healthy", "v43"))
	p.desk.until("it has succeeded", cardSays("Restore", "Succeeded"))
}

func (p *play) theBotIsKilled() {
	p.t.Helper()
	ts := p.request("/deploy web v44")
	was := is[string](p.desk, figure("bot", "pid"))
	p.approve(p.desk)
	p.desk.until("the first target is done", targetIs(0, "healthy", "v44"))
	p.desk.until("the second one drains", targetWas(1, "draining", "v43"))
	p.desk.press("Kill the bot", `[data-testid=kill]`)
	p.desk.until("it is down, or back already", fmt.Sprintf("%s === 'down' || %s !== %q", figure("bot", "state"), figure("bot", "pid"), was))
	p.shoot("9 killed")
	p.desk.until("another one runs", fmt.Sprintf("%s === 'running' && %s !== %q", figure("bot", "state"), figure("bot", "pid"), was))
	p.desk.until("the thread tells of it", threadSays("restarted"))
	p.shoot("10 resumed")
	p.desk.until("it has succeeded", cardSays("Deploy web v44", "Succeeded")+" && "+threadSays("Succeeded"))
	if now := is[string](p.desk, cards+".at(-1).dataset.ts"); now != ts {
		p.t.Errorf("another message has the end: %s, the request was %s", now, ts)
	}
	for n := range p.Instances {
		p.desk.until("every target is back", targetIs(n, "healthy", "v44"))
	}
	p.shoot("11 after the kill")
}

func (p *play) aHurriedHand() {
	p.t.Helper()
	p.phone.press("the load balancer", `[data-testid=tab-world]`)
	p.desk.press("Without draining", `[data-testid=hurry]`)
	for _, v := range []*visitor{p.desk, p.phone} {
		v.until("requests fail", "Number("+figure("failed", "value")+") > 0")
		v.until("it says which target fails", targets+`.some((t) => t.classList.contains('failing'))`)
	}
	p.shoot("12 hurried")
	p.desk.until("the hand has done", `!document.querySelector('[data-testid=hurry]').disabled`)
	p.desk.press("Reset counter", `[data-testid=reset]`)
	p.desk.until("the counter is at zero", figure("failed", "value")+" === '0'")
}

// All targets are in view at a desk's size, also where the browser's own bars take a part of it, and nothing is wider
// than a phone.
func TestEveryTargetIsInView(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	const inView = targets + `.length === %d && ` + targets + `.every((t) => {
		const { top, bottom } = t.getBoundingClientRect();
		const room = t.closest('.room').getBoundingClientRect();
		return top >= room.top && bottom <= room.bottom && bottom <= innerHeight;
	})`
	for _, instances := range []int{4, 6} {
		s := perform(t, options{flags: quick(instances), bot: nobody})
		name := fmt.Sprint(instances, "-targets")
		desk := b.visit(name, urlOf(s.doors.http), 1440, 900)
		desk.until("all are in view", fmt.Sprintf(inView, instances))
		desk.shoot("desk")
		desk.do("making the window lower", chromedp.EmulateViewport(1440, 757))
		desk.until("all are in view still", "innerHeight === 757 && "+fmt.Sprintf(inView, instances))
		desk.shoot("lower")
		desk.do("being a phone", chromedp.EmulateViewport(390, 844))
		desk.press("the load balancer", `[data-testid=tab-world]`)
		desk.until("it is no wider than the phone", "innerWidth === 390 && document.documentElement.scrollWidth <= 390 && document.querySelector('.world').scrollWidth <= 390")
		desk.shoot("phone")
	}
	if heard := b.heard(); len(heard) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(heard, "\n"))
	}
}

// breakThePolicy shows that a violation would have been heard.
func (v *visitor) breakThePolicy() {
	v.t.Helper()
	is[bool](v, `document.head.append(Object.assign(document.createElement('script'), { textContent: 'out.of.order' })), true`)
	is[bool](v, `console.error('a complaint'), true`)
	for _, want := range []string{"Content Security Policy", "a complaint"} {
		late := time.After(patience)
		for !slices.ContainsFunc(v.heard(), func(s string) bool { return strings.Contains(s, want) }) {
			select {
			case <-v.news:
			case <-late:
				v.t.Fatalf("a violation went unheard: %q", v.heard())
			}
		}
	}
}
