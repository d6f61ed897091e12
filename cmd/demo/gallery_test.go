package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"junban/bot/card/gallery"
	"junban/bot/lang"
	"junban/bot/slackapi/sent"
	demopage "junban/cmd/demo/page"
)

// drawn is an item as the page's gallery reads it.
type drawn struct {
	Name    string          `json:"name"`
	Kind    string          `json:"kind"`
	Payload json.RawMessage `json:"payload"`
}

func drawnOf(ctx context.Context, i gallery.Item) (d drawn, err error) {
	d.Name = i.Name
	switch {
	case i.Message != nil:
		d.Kind = "Message"
		d.Payload, err = sent.Message(ctx, *i.Message)
	case i.Home:
		d.Kind = "Home"
		d.Payload, err = sent.Home(ctx, *i.View)
	default:
		d.Kind = "Modal"
		d.Payload, err = sent.Modal(ctx, *i.View)
	}
	return d, err
}

// exhibit serves the page with what the gallery has of one language, by area: /?gallery=ja-card.
func exhibit(t *testing.T, tag string) (url string, areas []string) {
	t.Helper()
	items, err := gallery.All(tag)
	if err != nil {
		t.Fatal(err)
	}
	byArea := map[string][]drawn{}
	for _, i := range items {
		area, _, _ := strings.Cut(i.Name, "/")
		if area == "sentence" {
			continue // bare pieces, without what they stand in
		}
		d, err := drawnOf(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		if byArea[area] == nil {
			areas = append(areas, area)
		}
		byArea[area] = append(byArea[area], d)
	}
	mux := http.NewServeMux()
	mux.Handle("/", demopage.Handler())
	mux.HandleFunc("GET /gallery/{file}", func(w http.ResponseWriter, r *http.Request) {
		area := strings.TrimSuffix(strings.TrimPrefix(r.PathValue("file"), tag+"-"), ".json")
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(byArea[area]) // the browser says what did not arrive
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, areas
}

// What is wrong with a part of the gallery on a phone: what is wider than it, and what is left of markup and ids. What
// is shown as code may look as it likes, and a channel's id may stand before its name where both are configuration.
const (
	tooWide = `[...document.querySelectorAll('.gallery > section')].filter((s) => [s, ...s.querySelectorAll('*')].some((e) =>
		(e.getBoundingClientRect().right > innerWidth + 1 || e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1) &&
		!e.closest('pre, code, .slack_code') && !e.matches('input, select, option, textarea'))).map((s) => s.dataset.name)`
	leftOver = `[...document.querySelectorAll('.gallery > section')].flatMap((s) => {
		const copy = s.cloneNode(true);
		copy.querySelectorAll('h3, code, pre, .slack_code').forEach((e) => e.remove());
		const found = copy.textContent.match(/<[@!#][^>]*>|\*\*|(?<![\w*])\*\S[^*]*\*|\x60|&(?:amp|lt|gt);|\b[SUC]0[A-Z]+\b(?! \(#)|\{\{|<no value>|%!/g);
		return found ? [s.dataset.name + ': ' + found.join(' ')] : [];
	})`
)

// All that the bot can send is looked at on a phone, in both languages.
func TestTheGallery(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	for _, tag := range []string{lang.English, lang.Japanese} {
		url, areas := exhibit(t, tag)
		for _, area := range areas {
			name := tag + "-" + area
			v := b.visit(name, url+"/?gallery="+name, 390, 844)
			v.until("it is drawn", `Number(document.querySelector('[data-testid=gallery]')?.dataset.count) > 0`)
			if wide := is[[]string](v, tooWide); len(wide) > 0 {
				t.Errorf("%s: wider than a phone: %q", name, wide)
			}
			if left := is[[]string](v, leftOver); len(left) > 0 {
				t.Errorf("%s shows what nobody should read: %q", name, left)
			}
			v.panorama()
			v.do("going away", chromedp.Navigate("about:blank"))
		}
	}
	if heard := b.heard(); len(heard) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(heard, "\n"))
	}
}

// The gallery's checks see what they are for.
func TestWhatTheGalleryWouldFind(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	url, _ := exhibit(t, lang.English)
	v := b.visit("planted", url+"/?gallery=en-status", 390, 844)
	v.until("it is drawn", `Number(document.querySelector('[data-testid=gallery]')?.dataset.count) > 0`)
	is[bool](v, `document.querySelector('.gallery section').append(Object.assign(document.createElement('p'), { textContent: 'for <@U0ALICE>, **soon**' })), true`)
	if left := is[[]string](v, leftOver); len(left) != 1 || !strings.Contains(left[0], "<@U0ALICE>") || !strings.Contains(left[0], "**") {
		t.Errorf("of planted markup it finds %q", left)
	}
	is[bool](v, `document.querySelector('.gallery section').append(Object.assign(document.createElement('p'), { textContent: 'x'.repeat(900) })), true`)
	if wide := is[[]string](v, tooWide); len(wide) != 1 {
		t.Errorf("of a planted long word it finds %q", wide)
	}
}

// sheet is how tall one picture of a long page is, in CSS pixels.
const sheet = 2600

// panorama keeps pictures of the whole page, from its top to its end.
func (v *visitor) panorama() {
	v.t.Helper()
	height := is[float64](v, "document.documentElement.scrollHeight")
	for n := 0; float64(n)*sheet < height; n++ {
		clip := page.Viewport{Y: float64(n) * sheet, Width: 390, Height: min(sheet, height-float64(n)*sheet), Scale: 1}
		v.clipTo(filepath.Join(v.artefacts, fmt.Sprintf("gallery-%s-%d.png", v.name, n+1)), clip)
	}
}
