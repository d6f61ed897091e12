package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a visitor waits for what the page should show.
const patience = 60 * time.Second

// browser is one Chromium for a whole test. Nothing that its pages say in the console goes unheard.
type browser struct {
	t         *testing.T
	ctx       context.Context
	artefacts string // where screenshots are kept

	news chan struct{} // there may be another complaint

	mu         sync.Mutex
	complaints []string // errors and warnings of the console, exceptions, violations of the page's policy
}

// openBrowser skips the test without Chromium, but on CI that is a failure.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("chromium is needed on CI: %v", err)
		}
		t.Skipf("no chromium: %v", err)
	}
	b := &browser{t: t, artefacts: os.Getenv("JUNBAN_ARTEFACTS"), news: make(chan struct{}, 1)}
	if b.artefacts == "" {
		b.artefacts = t.TempDir()
	}
	options := []chromedp.ExecAllocatorOption{ // its user-data-dir is a new one, removed at the end
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
	}
	for _, off := range []string{
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage",
		"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding",
	} {
		options = append(options, chromedp.Flag(off, true))
	}
	ctx, end := chromedp.NewExecAllocator(context.Background(), options...)
	b.ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		if err := chromedp.Cancel(b.ctx); err != nil {
			t.Errorf("closing the browser: %v", err)
		}
		end()
	})
	if err := chromedp.Do(b.ctx); err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	return b
}

// hear takes down what a tab's console says.
func (b *browser) hear(event any) {
	said := ""
	switch e := event.(type) {
	case *log.EventEntryAdded: // the browser's own words: violations of the policy, requests that failed
		if e.Entry.Level != log.EntryLevelInfo && e.Entry.Level != log.EntryLevelVerbose {
			said = fmt.Sprintf("%s %s: %s", e.Entry.Source, e.Entry.Level, e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			words, _ := json.Marshal(e.Args)
			said = "console " + string(e.Type) + ": " + string(words)
		}
	case *runtime.EventExceptionThrown:
		words, _ := json.Marshal(e.ExceptionDetails)
		said = "exception: " + string(words)
	}
	if said == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = append(b.complaints, said)
	select {
	case b.news <- struct{}{}:
	default:
	}
}

func (b *browser) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.complaints)
}

// visitor is somebody who looks at a page in a tab of their own.
type visitor struct {
	*browser
	name string // of the screen, in the names of screenshots
	tab  context.Context
}

// visit opens a page on a screen of width by height CSS pixels.
func (b *browser) visit(name, url string, width, height int64, more ...chromedp.EmulateViewportOption) *visitor {
	b.t.Helper()
	tab, _ := chromedp.NewContext(b.ctx, chromedp.WithListener(b.hear)) // ends with the browser
	v := &visitor{browser: b, name: name, tab: tab}
	if err := chromedp.Do(tab, chromedp.EmulateViewport(width, height, more...), still, chromedp.Navigate(url)); err != nil {
		b.t.Fatalf("opening %s: %v", url, err)
	}
	is[bool](v, remembers)
	return v
}

// remembers has a page keep all that its targets ever were: a drain of some seconds may be over before a slow machine
// looks again.
const remembers = `(() => {
	window.were = new Set();
	const look = () => document.querySelectorAll('[data-testid=target]').forEach((t, n) => window.were.add([n, t.dataset.state, t.dataset.version].join(' ')));
	new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
	look();
	return true;
})()`

// still asks pages for less motion, which costs most of a browser's time where no graphics card draws it; the picture for
// README is taken with all of it.
func still(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
	if os.Getenv("JUNBAN_SHOT") != "" {
		return chromedp.Void{}, nil
	}
	reduce := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}}
	_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, reduce)
	return chromedp.Void{}, err
}

// do does what a person does, or fails.
func (v *visitor) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		v.shoot("failure")
		v.t.Fatalf("%s, %s: %v", v.name, what, err)
	}
}

// looks resolves once an expression is true of the page. It looks at each change of the document, and at times, as a
// size may change without one.
const looks = `new Promise((seen) => {
	const look = () => {
		if (!(%s)) return;
		changes.disconnect();
		clearInterval(times);
		seen(true);
	};
	const changes = new MutationObserver(look);
	changes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
	const times = setInterval(look, 100);
	look();
})`

// until waits until an expression is true of the page.
func (v *visitor) until(what, expression string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf(looks, expression), chromedp.EvalAwaitPromise)); err != nil {
		v.shoot("failure")
		v.t.Fatalf("%s waited in vain until %s (%s): %v\n%s", v.name, what, expression, err, v.words())
	}
}

// is evaluates an expression now.
func is[T any](v *visitor, expression string) T {
	v.t.Helper()
	got, err := chromedp.Run(v.tab, chromedp.Evaluate[T](expression))
	if err != nil {
		v.t.Fatalf("%s: %s: %v", v.name, expression, err)
	}
	return got
}

// words is all that the page shows, as text.
func (v *visitor) words() string {
	text, err := chromedp.Run(v.tab, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return text
}

// press clicks with the mouse on what a CSS selector names, once it can be seen.
func (v *visitor) press(what, selector string) {
	v.t.Helper()
	v.do("pressing "+what, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// say types into a field and presses Enter.
func (v *visitor) say(field, text string) {
	v.t.Helper()
	v.do("typing "+text, chromedp.Click(hook(field), chromedp.NodeVisible), chromedp.KeyEvent(text), enter)
}

// enter is the key as a browser passes it on to a page that acts on its going down: KeyEvent would add a line break.
func enter(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
	return key(ctx, t, "Enter", 13)
}

// escape is the key that closes what lies over a page.
func escape(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
	return key(ctx, t, "Escape", 27)
}

func key(ctx context.Context, t *chromedp.Target, name string, code int64) (chromedp.Void, error) {
	for _, way := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		press := input.DispatchKeyEventParams{Type: way, Key: name, Code: name, WindowsVirtualKeyCode: code, NativeVirtualKeyCode: code}
		if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, press); err != nil {
			return chromedp.Void{}, err
		}
	}
	return chromedp.Void{}, nil
}

// be switches to another person: by keyboard, in the list of people.
func (v *visitor) be(name string) {
	v.t.Helper()
	v.do("being "+name, chromedp.Focus(hook("who")), chromedp.KeyEvent(name[:1])) // more letters come too late for each other on a slow machine
	v.until("it is "+name, `document.querySelector('[data-testid=who]').selectedOptions[0].text.startsWith("`+name+`")`)
}

// shoot keeps a picture of the screen among the artefacts.
func (v *visitor) shoot(moment string) {
	v.t.Helper()
	v.shootTo(filepath.Join(v.artefacts, fmt.Sprintf("demo-%s-%s.png", strings.ReplaceAll(moment, " ", "-"), v.name)))
}

func (v *visitor) shootTo(path string) {
	v.t.Helper()
	png, err := chromedp.Run(v.tab, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(path, png, 0o600)
	}
	if err != nil {
		v.t.Errorf("%s, a picture: %v", v.name, err)
	}
}

// hook is the element that the page marks for tests.
func hook(id string) chromedp.CSS { return chromedp.CSS(`[data-testid="` + id + `"]`) }
