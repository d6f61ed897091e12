package main

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// In Japanese, all that a new user comes upon: the form, what is wrong with it, a denial with its reason, an approval, a
// pause, the picture, a failing instance, another try, and the way back; nothing of it costs a request.
func TestThePageInJapanese(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	f := quick(3)
	f.Language, f.DeregistrationDelay, f.HealthInterval = "ja", 2*time.Second, time.Second
	s := perform(t, options{flags: f})
	p := &play{
		stage: s,
		desk:  b.visit("ja-desk", urlOf(s.doors.http), 1440, 900),
		phone: b.visit("ja-phone", urlOf(s.doors.http), 390, 844, chromedp.EmulateMobile, chromedp.EmulateScale(2)),
	}
	for _, v := range []*visitor{p.desk, p.phone} {
		v.until("the bot is there", figure("bot", "state")+" === 'running'")
	}
	p.formInJapanese()
	p.deniedInJapanese()
	p.askInJapanese("/deploy web v42")
	p.approve(p.phone)
	p.pausedInJapanese()
	p.desk.until("it has succeeded", cardSays("v42", "成功")+" && "+threadSays("成功"))
	p.desk.until("the thread ends with a picture of it", `document.querySelector('[data-testid=thread] [data-testid=picture] img')?.naturalWidth > 0`)
	p.shoot("5 succeeded")
	p.backInJapanese()
	p.readsWell()
	p.unharmed()
	if heard := b.heard(); len(heard) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(heard, "\n"))
	}
}

func (p *play) formInJapanese() {
	p.t.Helper()
	p.desk.be("Alice")
	p.desk.say("composer", "/deploy")
	p.desk.until("the form is there", formSays("デプロイ", "サービス", "理由"))
	p.desk.fill("ref", "v 42")
	p.desk.do("sending it", chromedp.KeyEvent(kb.Enter))
	p.desk.until("what is wrong is said at the field", `document.querySelector('[data-testid=error-ref]')?.innerText.includes('ref')`)
	p.shoot("1 form")
	p.desk.fill("ref", "v42")
	p.desk.do("sending it", chromedp.KeyEvent(kb.Enter))
	p.desk.until("it says what came of it", formSays("依頼しました"))
	p.desk.do("closing it", escape)
	for _, v := range []*visitor{p.desk, p.phone} {
		v.until("the card is there, and nothing lies over it", `!document.querySelector('dialog') && `+cardSays("承認", "却下"))
	}
}

func (p *play) deniedInJapanese() {
	p.t.Helper()
	p.phone.be("Bob")
	p.phone.press("Deny", `[data-testid=channel] [data-action-id="form:deny"]`)
	p.phone.until("it asks why", formSays("却下"))
	p.phone.fill("reason", "金曜日には出しません")
	p.phone.shoot("2 why")
	p.phone.press("Deny", `[data-testid=form-submit]`)
	for _, v := range []*visitor{p.phone, p.desk} {
		v.until("everybody reads why", `!document.querySelector('dialog.form[open] [data-field]') && `+cardSays("金曜日には出しません"))
	}
	p.shoot("3 denied")
}

// askInJapanese is Alice asking by a command.
func (p *play) askInJapanese(command string) {
	p.t.Helper()
	_, ref, _ := strings.Cut(command, "web ")
	p.desk.be("Alice")
	p.desk.say("composer", command)
	for _, v := range []*visitor{p.desk, p.phone} {
		v.until("it waits for approval", cardSays(ref, "承認待ち"))
	}
}

func (p *play) pausedInJapanese() {
	p.t.Helper()
	p.desk.be("Bob")
	p.desk.press("Pause", `[data-testid=channel] [data-action-id=pause]`)
	p.desk.until("it asks first", `document.querySelector('dialog.confirm')?.innerText.includes('一時停止')`)
	p.desk.press("Pause", `[data-testid=confirm-ok]`)
	p.desk.until("it is paused", cardSays("一時停止中", "再開"))
	p.shoot("4 paused")
	p.desk.press("Resume", `[data-testid=channel] [data-action-id=resume]`)
	p.desk.press("Resume", `[data-testid=confirm-ok]`)
	p.desk.until("it goes on", threadSays("再開しました"))
}

// backInJapanese is a bad release: it fails, is tried again, fails again, and is rolled back.
func (p *play) backInJapanese() {
	p.t.Helper()
	p.desk.press("Break the next release", `[data-testid=break]`)
	p.desk.until("it is armed", `document.querySelector('[data-testid=break]').disabled`)
	p.askInJapanese("/deploy web v43")
	p.approve(p.desk)
	p.desk.until("it halts on the second instance", cardSays("web-2 への対応の判断待ち"))
	p.shoot("6 halted")
	p.desk.press("Retry", `[data-testid=channel] [data-action-id^=retry]`)
	p.desk.press("Retry, for sure", `[data-testid=confirm-ok]`)
	p.desk.until("it is tried again, and the channel sees who wanted that", threadSays("再試行を指示")+` && document.querySelector('[data-testid=channel] [data-testid=message]:has(.from-thread)')?.innerText.includes('再試行を指示')`)
	p.desk.until("it fails again", thread+`?.match(/判断してください/g)?.length >= 2 && `+cardSays("web-2 への対応の判断待ち"))
	p.desk.press("Abort and roll back", `[data-testid=channel] [data-action-id=rollback]`)
	p.desk.until("it asks first", `document.querySelector('dialog.confirm')?.innerText.includes('v42')`)
	p.desk.shoot("7 sure")
	p.desk.press("Roll back", `[data-testid=confirm-ok]`)
	for n := range p.Instances {
		p.desk.until("every target is back on the old version", targetIs(n, "healthy", "v42"))
	}
	p.desk.until("the card says so", cardSays("ロールバック済み"))
	p.shoot("8 rolled back")
}
