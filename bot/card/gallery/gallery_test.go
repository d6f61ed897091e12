package gallery_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"junban/bot/card"
	"junban/bot/card/gallery"
	"junban/bot/lang"
	"junban/bot/slackapi/blockkit"
	"junban/bot/slackapi/sent"
)

func kindOf(i gallery.Item) blockkit.Kind {
	switch {
	case i.Message != nil:
		return blockkit.Message
	case i.Home:
		return blockkit.Home
	}
	return blockkit.Modal
}

// payload is an item as Slack gets it.
func payload(t *testing.T, i gallery.Item) (kind blockkit.Kind, data json.RawMessage) {
	t.Helper()
	var err error
	switch kind = kindOf(i); kind {
	case blockkit.Message:
		data, err = sent.Message(t.Context(), *i.Message)
	case blockkit.Home:
		data, err = sent.Home(t.Context(), *i.View)
	default:
		data, err = sent.Modal(t.Context(), *i.View)
	}
	if err != nil {
		t.Fatalf("%s is not sent: %v", i.Name, err)
	}
	return kind, data
}

// Whatever the bot can send, in both languages, is as Slack takes it. What was sent is kept among the artefacts.
func TestWhatIsSentIsAsSlackTakesIt(t *testing.T) {
	for _, tag := range []string{lang.English, lang.Japanese} {
		t.Run(tag, func(t *testing.T) {
			items, err := gallery.All(tag)
			if err != nil {
				t.Fatal(err)
			}
			if len(items) < 200 {
				t.Fatalf("%d items only: this test would prove little", len(items))
			}
			seen := map[string]bool{}
			for _, i := range items {
				if seen[i.Name] {
					t.Errorf("there are two of %s", i.Name)
				}
				seen[i.Name] = true
				kind, data := payload(t, i)
				if err := blockkit.Check(kind, data); err != nil {
					t.Errorf("%s: %v\n%.2000s", i.Name, err, data)
				}
				keep(t, tag, i.Name, data)
			}
		})
	}
}

// keep writes a payload to JUNBAN_ARTEFACTS, if it says where.
func keep(t *testing.T, tag, name string, data []byte) {
	t.Helper()
	root := os.Getenv("JUNBAN_ARTEFACTS")
	if root == "" {
		return
	}
	area, rest, _ := strings.Cut(name, "/")
	dir := filepath.Join(root, "payloads", tag, area)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", " "); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(rest, " ", "-")+".json"), out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Every method by which the voice makes something to send is in the gallery.
func TestTheGalleryLeavesNothingOut(t *testing.T) {
	items, err := gallery.All(lang.English)
	if err != nil {
		t.Fatal(err)
	}
	from := map[string]bool{}
	for _, i := range items {
		from[i.From] = true
	}
	voice, count := reflect.TypeFor[card.Voice](), 0
	for n := range voice.NumMethod() {
		m := voice.Method(n)
		for out := range m.Type.NumOut() {
			if typ := m.Type.Out(out); typ == reflect.TypeFor[card.Message]() || typ == reflect.TypeFor[card.View]() {
				if count++; !from[m.Name] {
					t.Errorf("what card.Voice.%s makes is not in the gallery", m.Name)
				}
			}
		}
	}
	if count < 10 {
		t.Errorf("only %d methods were found that make something to send", count)
	}
}

// The check would see it: a text that nobody cuts, and a part that Slack does not know.
func TestWhatIsWrongIsSeen(t *testing.T) {
	items, err := gallery.All(lang.English)
	if err != nil {
		t.Fatal(err)
	}
	tried := map[blockkit.Kind]bool{}
	for _, i := range items {
		if kind := kindOf(i); tried[kind] {
			continue
		}
		kind, data := payload(t, i)
		tried[kind] = true
		for what, spoil := range map[string]func(map[string]any){
			"a text that is too long": func(block map[string]any) { block["block_id"] = strings.Repeat("x", 256) },
			"an unknown part":         func(block map[string]any) { block["colour"] = "red" },
		} {
			if err := blockkit.Check(kind, spoiled(t, data, spoil)); err == nil {
				t.Errorf("%s passes in %s", what, i.Name)
			}
		}
	}
	if len(tried) != 3 {
		t.Errorf("tried with %v: there is one of each kind in the gallery", tried)
	}
}

// spoiled spoils the first block of a payload.
func spoiled(t *testing.T, data []byte, spoil func(map[string]any)) []byte {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	holder := value
	if list, _ := value["attachments"].([]any); len(list) > 0 {
		holder, _ = list[0].(map[string]any)
	}
	blocks, _ := holder["blocks"].([]any)
	if len(blocks) == 0 {
		t.Fatalf("there are no blocks in %.500s", data)
	}
	first, _ := blocks[0].(map[string]any)
	spoil(first)
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(fmt.Errorf("writing it down again: %w", err))
	}
	return out
}
