package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/slack-go/slack"
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
	p.desk.press("the channel", `.sidebar li:first-child button`)
	p.phone.press("Approve", `[data-testid=home] [data-action-id=approve]`)
}

// backFromHome looks at what the home tab has become, and leaves it.
func (p *play) backFromHome() {
	p.t.Helper()
	p.phone.until("nothing waits any more", `!document.querySelector('[data-testid=home] [data-action-id=approve]') && `+homeSays("Deploy web v42"))
	p.phone.press("the channel", `.sidebar li:first-child button`)
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

// A picture in a thread is small there, and large when it is pressed; Escape puts it away.
func TestAPictureInAThread(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s := perform(t, options{flags: quick(2), bot: nobody})
	api := slack.New(botToken, slack.OptionAPIURL(urlOf(s.doors.slack)+"/api/"))
	_, ts, err := api.PostMessageContext(t.Context(), deploys, slack.MsgOptionText("Deploy web v42: succeeded", false),
		slack.MsgOptionBlocks(slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, "Deploy web v42", false, false))))
	if err != nil {
		t.Fatal(err)
	}
	var drawing bytes.Buffer
	if err := png.Encode(&drawing, image.NewRGBA(image.Rect(0, 0, 1200, 500))); err != nil {
		t.Fatal(err)
	}
	_, err = api.UploadFileContext(t.Context(), slack.UploadFileParameters{
		Reader: &drawing, FileSize: drawing.Len(), Filename: "timeline.png", Title: "Who was out when", AltTxt: "web-1, then web-2",
		Channel: deploys, ThreadTimestamp: ts,
	})
	if err != nil {
		t.Fatal(err)
	}
	const picture = `document.querySelector('[data-testid=thread] [data-testid=picture] img')`
	for _, v := range []*visitor{
		b.visit("picture-desk", urlOf(s.doors.http), 1440, 900),
		b.visit("picture-phone", urlOf(s.doors.http), 390, 844, chromedp.EmulateMobile),
	} {
		v.press("the thread", fmt.Sprintf(`[data-ts="%s"] [data-testid=replies]`, ts))
		v.until("it is in the thread, no wider than that, and said in words",
			picture+`?.complete && `+picture+`.naturalWidth === 1200 && `+picture+`.alt === 'web-1, then web-2' &&
			`+picture+`.getBoundingClientRect().right <= innerWidth`)
		small := is[float64](v, picture+".clientWidth")
		v.press("it", `[data-testid=thread] [data-testid=picture]`)
		v.until("it is large", fmt.Sprintf(`document.querySelector('dialog.lightbox img')?.clientWidth > %v`, small))
		v.shoot("picture")
		v.do("putting it away", escape)
		v.until("it is gone, and the keyboard is where it was",
			`!document.querySelector('dialog') && document.activeElement.dataset.testid === 'picture'`)
	}
	if heard := b.heard(); len(heard) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(heard, "\n"))
	}
}

// What only one person sees has buttons too: whoever may not unlock without a reason is asked for one.
func TestAnAnswerForOneHasAButton(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s := perform(t, options{flags: quick(2)})
	v := b.visit("locked", urlOf(s.doors.http), 390, 844, chromedp.EmulateMobile)
	v.until("the bot is there", figure("bot", "state")+" === 'running'")
	v.be("Bob")
	v.say("composer", "/deploy lock web because audit")
	v.until("it is locked", cardSays("Lock web", "is locked until"))
	v.be("Alice")
	v.say("composer", "/deploy unlock web")
	v.press("the button of the answer", `.ephemeral [data-action-id="form:unlock"]`)
	v.until("it asks why", formSays("Unlock", "Why")+" && "+focused("data-field")+" === 'reason'")
	v.shoot("1 why")
	v.fill("reason", "the audit is over")
	v.press("Unlock", `[data-testid=form-submit]`)
	v.until("everybody reads why", `!document.querySelector('dialog.form [data-field]') && `+cardSays("Unlock", "the audit is over"))
	if heard := b.heard(); len(heard) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(heard, "\n"))
	}
}
