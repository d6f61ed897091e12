package system

import (
	"encoding/json"
	"strings"
	"testing"

	"junban/bot/slacksim"
)

// buttonValue digs a button's value out of a message.
func buttonValue(t testing.TB, m slacksim.Message, action string) string {
	t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	var find func(any) string
	find = func(v any) string {
		switch v := v.(type) {
		case map[string]any:
			if v["action_id"] == action {
				value, _ := v["value"].(string)
				return value
			}
			for _, child := range v {
				if got := find(child); got != "" {
					return got
				}
			}
		case []any:
			for _, child := range v {
				if got := find(child); got != "" {
					return got
				}
			}
		}
		return ""
	}
	value := find(tree)
	if value == "" {
		t.Fatalf("no button %s in %s", action, data)
	}
	return value
}

func TestWrongWordsAreAnsweredWithTheRightForm(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.bot()
	for text, says := range map[string]string{
		"wbe v42":                         "web",
		"web":                             "Which ref",
		"web $(reboot)":                   "pattern",
		"web `id`":                        "quotation",
		"web v42;id":                      "pattern",
		"web -rf":                         "dash",
		"web --help":                      "dash",
		`web "v42"`:                       "quotation",
		"web “v42”":                       "quotation",
		"web v42 to":                      "Nothing stands behind",
		"web v42 to staging":              "environment",
		"web v42 on web-9":                "web-1, web-2, web-3",
		"web v42 now please":              "4 words",
		"web v42 at 25:00":                "no time of the day",
		"lock web":                        "needs a reason",
		"emergency web v42":               "needs a reason",
		"web ｖ４２":                         "web v42",
		"web " + strings.Repeat("a", 300): "at most 200",
		strings.Repeat("x", 5000):         "5000 characters",
		"restore web on web-1":            "not held",
		"abort":                           "Nothing of that name",
	} {
		said := st.types(dev, text)
		if !strings.Contains(said, says) {
			t.Errorf("/deploy %.40s is told: %s", text, said)
		}
	}
	for text, says := range map[string]string{
		"help":         "web-1",
		"status":       "Nothing runs",
		"ｓｔａｔｕｓ":       "Nothing runs",
		"history":      "Nothing has been asked",
		"plan　web　v42": "port 8080",
		"plan web v42": "the deregistration delay",
		"history　web":  "Nothing has been asked",
	} {
		if text == "help" {
			says = "drain SERVICE on INSTANCE"
		}
		if said := st.types(dev, text); !strings.Contains(said, says) {
			t.Errorf("/deploy %s is told: %s", text, said)
		}
	}
	for _, who := range []string{guest, extern, gone} {
		if said := st.types(who, "status"); !strings.Contains(said, "Only full members") {
			t.Errorf("%s is told: %s", who, said)
		}
	}
	if said := st.types(other, "web v42"); !strings.Contains(said, "deploy.allow") {
		t.Errorf("a member who may not deploy is told: %s", said)
	}
	if n := len(st.parents()); n != 0 {
		t.Errorf("something was asked for after all:\n%s", st.transcript())
	}
	if ts := st.asks(dev, "　web　v42　"); !strings.Contains(st.card(ts), "Deploy web v42") {
		t.Errorf("full-width spaces: %s", st.card(ts))
	}
}
