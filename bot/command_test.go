package bot

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"junban/deploy/engine"
)

func TestCommands(t *testing.T) {
	for text, want := range map[string]Command{
		"":                                    {Verb: "help"},
		"   ":                                 {Verb: "help"},
		"help":                                {Verb: "help"},
		"HELP":                                {Verb: "help"},
		"ｈｅｌｐ":                                {Verb: "help"},
		"web v42":                             {Verb: "deploy", Service: "web", Ref: "v42"},
		"deploy web v42":                      {Verb: "deploy", Service: "web", Ref: "v42"},
		"　web　v42　":                           {Verb: "deploy", Service: "web", Ref: "v42"},
		"web v42 to production":               {Verb: "deploy", Service: "web", Ref: "v42", Environment: "production"},
		"web v42 on web-2 to staging":         {Verb: "deploy", Service: "web", Ref: "v42", Environment: "staging", On: "web-2"},
		"web to staging v42":                  {Verb: "deploy", Service: "web", Ref: "v42", Environment: "staging"},
		"web v42 ｔｏ staging":                  {Verb: "deploy", Service: "web", Ref: "v42", Environment: "staging"},
		"web feature/login":                   {Verb: "deploy", Service: "web", Ref: "feature/login"},
		"plan web v42 on i-0123":              {Verb: "plan", Service: "web", Ref: "v42", On: "i-0123"},
		"status":                              {Verb: "status"},
		"status web":                          {Verb: "status", Service: "web"},
		"history web":                         {Verb: "history", Service: "web"},
		"abort":                               {Verb: "abort"},
		"abort 261121-223410-abc":             {Verb: "abort", ID: "261121-223410-abc"},
		"drain web on web-2":                  {Verb: "drain", Service: "web", On: "web-2"},
		"drain web web-2":                     {Verb: "drain", Service: "web", On: "web-2"},
		"drain web on web-2 because new disk": {Verb: "drain", Service: "web", On: "web-2", Reason: "new disk"},
		"restore web on web-2 to production":  {Verb: "restore", Service: "web", On: "web-2", Environment: "production"},
	} {
		got, err := Parse("/deploy", text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestMistakesShowTheRightForm(t *testing.T) {
	for text, says := range map[string]string{
		"web":                        "Which ref of web",
		"web v42 v43":                "3 words",
		"web v42 to":                 `Nothing stands behind "to"`,
		"web v42 to a to b":          "twice",
		"web v42 because of me":      "takes no reason",
		"web v42 at 03:00":           "not supported yet",
		"to production":              "does not begin with",
		`web "v42"`:                  "without quotation marks",
		"web ‘v42’":                  "without quotation marks",
		"web `v42`":                  "without quotation marks",
		"web v\x0042":                "cannot be typed",
		"drain web":                  "one instance",
		"drain":                      "one instance",
		"restore web on":             "Nothing stands behind",
		"status web now":             "at most one service",
		"abort a b":                  "at most one",
		"lock web":                   "not supported yet",
		strings.Repeat("word ", 200): "at most 500",
	} {
		_, err := Parse("/deploy", text)
		m, ok := errors.AsType[*engine.Mistake](err)
		if !ok || !strings.Contains(m.Wrong, says) || !strings.HasPrefix(m.Accept, "/deploy ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("web v42 to production on web-1")
	f.Add("ｄｒａｉｎ　web")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("/deploy", text)
		if _, ok := errors.AsType[*engine.Mistake](err); err != nil && !ok {
			t.Errorf("%q: an error that is no mistake: %v", text, err)
		}
		if err == nil && c.Verb == "" {
			t.Errorf("%q: no verb", text)
		}
	})
}
