package lang

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

func in(t *testing.T, tag string) *Lang {
	t.Helper()
	l, err := In(tag)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestEveryLanguageSaysTheSame(t *testing.T) {
	en, ja := in(t, English), in(t, Japanese)
	if len(en.IDs()) < 400 {
		t.Fatalf("%d messages: this test would prove nothing", len(en.IDs()))
	}
	for _, id := range en.IDs() {
		if !ja.Has(id) {
			t.Errorf("%s is not said in Japanese", id)
			continue
		}
		a, b := slices.Sorted(slices.Values(en.Values(id))), slices.Sorted(slices.Values(ja.Values(id)))
		if !slices.Equal(a, b) {
			t.Errorf("%s takes %v in English and %v in Japanese", id, a, b)
		}
	}
	for _, l := range []*Lang{en, ja} {
		for _, id := range l.IDs() {
			if len(l.Say(id)) == 0 && id != "word.gap" {
				t.Errorf("%s says nothing in %s", id, l.Tag())
			}
		}
	}
	for _, id := range ja.IDs() {
		if !en.Has(id) {
			t.Errorf("%s is not said in English", id)
		}
	}
}

var (
	latin = regexp.MustCompile(`[A-Za-z][A-Za-z_.]+`)
	// proper are the words that are the same in Japanese: names, keys of deploy.yaml, what is typed, AWS's own terms.
	proper = strings.Fields(`
		AWS AmazonSSMManagedInstanceCore AMI Auto CLI CloudWatch Configuration Default EC Host ID Management Name SSM SSH Scaling Slack
		alarms deploy.yaml doctor drain.until idle max_unavailable min_healthy mode observe on_failure pause_between ref ref.resolve exit rolling sessions shared
		target_groups tolerate_failures rollback TIME tomorrow mon AZ`)
)

// TestJapaneseIsJapanese: outside of code, no word of another language stands in the catalogue but proper ones.
func TestJapaneseIsJapanese(t *testing.T) {
	l := in(t, Japanese)
	for _, id := range l.IDs() {
		for _, p := range l.Say(id) {
			if p.Style == Code {
				continue
			}
			for _, word := range latin.FindAllString(p.Text, -1) {
				if !slices.Contains(proper, strings.Trim(word, ".")) {
					t.Errorf("%s: %s in %q", id, word, p.Text)
				}
			}
		}
	}
}

// What a value holds is shown, whatever it looks like.
func TestValuesAreNoMarkupAndNoTemplate(t *testing.T) {
	l, err := read(fstest.MapFS{"en/a.yaml": {Data: []byte("m: \"**{{.a}}** and `{{.b}}`, {{.a}}\"\n")}}, English)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"{{.b}}", "**", "`", "{{", "}}", "\U000F0000", "\U000F0001\U00100000", "**b** `c` {{range .}}", "%s", "\\", "<no value>"} {
		got := l.Say("m", "a", value, "b", value)
		want := []Part{{Bold, "", value, true}, {Plain, " and ", nil, false}, {Code, "", value, true}, {Plain, ", ", nil, false}, {Plain, "", value, true}}
		if !slices.Equal(got, want) {
			t.Errorf("%q is said as %v", value, got)
		}
	}
}

func TestNumbers(t *testing.T) {
	en, ja := in(t, English), in(t, Japanese)
	words := func(l *Lang, n int) string {
		out := ""
		for _, p := range l.Say("duration.days", "n", Count(n)) {
			out += p.Text
		}
		return out
	}
	if words(en, 1) != " day" || words(en, 2) != " days" || words(ja, 1) != "日" || words(ja, 2) != "日" {
		t.Errorf("%q %q %q %q", words(en, 1), words(en, 2), words(ja, 1), words(ja, 2))
	}
}

func TestCataloguesThatAreNone(t *testing.T) {
	for name, text := range map[string]string{
		"a mark is open":       `m: "**bold"`,
		"a mark of code":       "m: \"`code\"",
		"a condition":          `m: "{{if .a}}b{{end}}"`,
		"a function":           `m: "{{printf .a}}"`,
		"two placeholders":     `m: "{{.a.b}}"`,
		"no template":          `m: "{{.a"`,
		"said twice":           "m: a\nm: b",
		"a mark in the plural": `m: {one: "**a", other: "a"}`,
		"a pipe":               `m: "{{.a | html}}"`,
	} {
		if _, err := read(fstest.MapFS{"en/a.yaml": {Data: []byte(text)}}, English); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	two := fstest.MapFS{"en/a.yaml": {Data: []byte("m: a")}, "en/b.yaml": {Data: []byte("m: b")}}
	if _, err := read(two, English); err == nil || !strings.Contains(err.Error(), "once more") {
		t.Errorf("in two files: %v", err)
	}
	if _, err := In("fr"); err == nil || !strings.Contains(err.Error(), "en, ja") {
		t.Errorf("another language: %v", err)
	}
}

// A message that is not there is its name: nothing panics, and nothing is silent.
func TestAnUnknownMessageIsItsName(t *testing.T) {
	if got := in(t, English).Say("no.such", "a", 1); len(got) != 1 || got[0].Text != "no.such" {
		t.Errorf("%v", got)
	}
}

// One language serves all workers at once; the race detector watches.
func TestManySpeakAtOnce(t *testing.T) {
	l := in(t, Japanese)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for _, id := range l.IDs() {
				if len(l.Say(id)) == 0 && id != "word.gap" {
					t.Errorf("%s says nothing", id)
				}
			}
		})
	}
	all.Wait()
}
