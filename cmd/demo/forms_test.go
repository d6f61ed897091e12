package main

import (
	"fmt"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// What lies over the page, as expressions of its JavaScript.
const (
	form = `document.querySelector('dialog.form')?.innerText`
	home = `document.querySelector('[data-testid=home]')?.innerText`
)

func formSays(words ...string) string { return says(form, words...) }
func homeSays(words ...string) string { return says(home, words...) }

// fill types into a field of the form that is open.
func (v *visitor) fill(field, text string) {
	v.t.Helper()
	v.do("going to "+field, chromedp.Click(hook("field-"+field), chromedp.NodeVisible))
	is[bool](v, "document.activeElement.select(), true")
	v.do("filling in "+field, chromedp.KeyEvent(text))
}

// focused is what an attribute of the element with the focus says.
func focused(attribute string) string {
	return fmt.Sprintf("document.activeElement.getAttribute('%s')", attribute)
}

// askedByForm is Alice asking by the form that the command alone opens; what is wrong is told beside its field.
func (p *play) askedByForm(ref string) {
	p.t.Helper()
	p.desk.be("Alice")
	p.desk.say("composer", "/deploy")
	p.desk.until("the form is there, and the keyboard is in it", formSays("Service", "Ref", "When")+" && "+focused("data-field")+" === 'target'")
	p.phone.until("it is hers wherever she is", formSays("Service"))
	p.desk.fill("ref", "v 42")
	p.desk.do("sending it", chromedp.KeyEvent(kb.Enter))
	p.desk.until("what is wrong is said at the field, where the keyboard is now",
		`document.querySelector('[data-testid=error-ref]')?.innerText.includes('one word') && `+focused("data-field")+` === 'ref'`)
	p.shoot("2 form")
	p.desk.fill("ref", ref)
	p.desk.do("sending it", chromedp.KeyEvent(kb.Enter))
	p.desk.until("it says what came of it", formSays("was asked for"))
	p.desk.do("closing it", escape)
	p.desk.until("it is closed", `!document.querySelector('dialog') && `+cardSays("Waiting for approval", "Approve"))
	p.phone.until("there too", `!document.querySelector('dialog')`)
}

// approvedAtHome is Bob approving in his home tab, on the phone, after a look at what he approves.
func (p *play) approvedAtHome() {
	p.t.Helper()
	p.phone.be("Bob")
	p.phone.press("the message's menu", `[data-testid=message]:has(.attachment) [data-testid=menu]`)
	p.phone.until("the menu has the keyboard", focused("role")+" === 'menuitem'")
	p.phone.press("What is this?", `[data-shortcut=operation]`)
	p.phone.until("it says what he may do", formSays("Deploy web v42", "Approve"))
	p.phone.shoot("2 what is this")
	p.phone.press("Close", `[data-testid=form-close]`)
	p.phone.until("it is closed", `!document.querySelector('dialog')`)

	p.desk.be("Bob")
	for _, v := range []*visitor{p.desk, p.phone} {
		v.press("Home", `[data-testid=home-entry]`)
		v.until("it waits for him", homeSays("Deploy web v42", "Approve"))
	}
	p.shoot("2 home")
	p.phone.press("Approve", `[data-testid=home] [data-action-id=approve]`)
	p.phone.until("it is under way", `!document.querySelector('[data-testid=home] [data-action-id=approve]') && `+homeSays("Deploy web v42"))
	for _, v := range []*visitor{p.desk, p.phone} {
		v.press("the channel", `.sidebar li:first-child button`)
	}
}

// pausedAndResumed lets nothing more leave for a moment.
func (p *play) pausedAndResumed() {
	p.t.Helper()
	p.desk.press("Pause", `[data-testid=channel] [data-action-id=pause]`)
	p.desk.press("Pause", `[data-testid=confirm-ok]`)
	p.desk.until("it is paused", cardSays("Paused", "Resume"))
	p.desk.shoot("4 paused")
	p.desk.press("Resume", `[data-testid=channel] [data-action-id=resume]`)
	p.desk.press("Resume", `[data-testid=confirm-ok]`)
	p.desk.until("it goes on", cardSays("Pause")+" && "+threadSays("esumed"))
}
