package bot

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"junban/bot/card"
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

		"web v42 because of me":                     {Verb: "deploy", Service: "web", Ref: "v42", Reason: "of me"},
		"web v42 at 03:00":                          {Verb: "deploy", Service: "web", Ref: "v42", At: "03:00"},
		"web v42 at ０３：００ to production":            {Verb: "deploy", Service: "web", Ref: "v42", At: "０３：００", Environment: "production"},
		"web v42 at tomorrow 03:00 to production":   {Verb: "deploy", Service: "web", Ref: "v42", At: "tomorrow 03:00", Environment: "production"},
		"web v42 at Mon 10:00 because it is Monday": {Verb: "deploy", Service: "web", Ref: "v42", At: "Mon 10:00", Reason: "it is Monday"},
		"web v42 at 2026-11-23T03:00":               {Verb: "deploy", Service: "web", Ref: "v42", At: "2026-11-23T03:00"},
		"web v42 at 2026-11-23 03:00":               {Verb: "deploy", Service: "web", Ref: "v42", At: "2026-11-23 03:00"},
		"plan web v42 at 03:00":                     {Verb: "plan", Service: "web", Ref: "v42", At: "03:00"},
		"rollback web":                              {Verb: "rollback", Service: "web"},
		"rollback":                                  {Verb: "rollback"},
		"ｒｏｌｌｂａｃｋ　web　v41　to production":            {Verb: "rollback", Service: "web", Ref: "v41", Environment: "production"},
		"rollback web because it is slow to start":  {Verb: "rollback", Service: "web", Reason: "it is slow to start"},
		"pause":                    {Verb: "pause"},
		"ｐａｕｓｅ　web":                {Verb: "pause", ID: "web"},
		"pause web because lunch":  {Verb: "pause", ID: "web", Reason: "lunch"},
		"resume 261121-223410-abc": {Verb: "resume", ID: "261121-223410-abc"},
		"continue":                 {Verb: "continue"},
		"lock web because audit":   {Verb: "lock", Service: "web", Reason: "audit"},
		"lock web to production because of an audit": {Verb: "lock", Service: "web", Environment: "production", Reason: "of an audit"},
		"unlock web to production":                   {Verb: "unlock", Service: "web", Environment: "production"},
		"queue":                                      {Verb: "queue"},
		"logs web":                                   {Verb: "logs", ID: "web"},
		"logs 261121-223410-abc on web-2":            {Verb: "logs", ID: "261121-223410-abc", On: "web-2"},
		"logs":                                       {Verb: "logs"},
		"doctor":                                     {Verb: "doctor"},
		"doctor web to production":                   {Verb: "doctor", Service: "web", Environment: "production"},
		"emergency web v42 because payments fail":    {Verb: "deploy", Service: "web", Ref: "v42", Reason: "payments fail", Emergency: true},
		"emergency rollback web because it is slow":  {Verb: "rollback", Service: "web", Reason: "it is slow", Emergency: true},
		"emergency rollback web v41 because of load": {Verb: "rollback", Service: "web", Ref: "v41", Reason: "of load", Emergency: true},
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

// english is what the tests read.
var english = card.English()

func TestMistakesShowTheRightForm(t *testing.T) {
	for text, says := range map[string]string{
		"web":                        "Which ref of web",
		"web v42 v43":                "3 words",
		"web v42 to":                 `Nothing stands behind "to"`,
		"web v42 to a to b":          "twice",
		"deploy":                     "Which service",
		"web v42 because":            "Nothing stands behind",
		"web v42 at":                 "Nothing stands behind",
		"web v42 at 03:00 at 04:00":  "twice",
		"at 03:00":                   "does not begin with",
		"rollback web v41 v40":       "rollback takes a service",
		"rollback web on web-2":      `takes no "on"`,
		"drain web on web-1 at 3":    `takes no "at"`,
		"status web because":         `takes no "because"`,
		"emergency web v42":          "needs a reason",
		"emergency":                  "Which service",
		"emergency rollback":         "Which service",
		"emergency web because x":    "Which ref of web",
		"emergency web v1 at 03:00":  `takes no "at"`,
		"lock":                       "takes one service; I read none",
		"lock web api because x":     "takes one service",
		"pause web now":              "at most one",
		"logs a b":                   "at most one",
		"queue a b":                  "at most one",
		"web v42 to “prod”":          "without quotation marks",
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
		"lock web":                   "A lock needs a reason",
		strings.Repeat("word ", 200): "at most 500",
	} {
		_, err := Parse("/deploy", text)
		m, ok := errors.AsType[*engine.Mistake](err)
		if !ok || !strings.Contains(english.Mistake(m.What).Plain(), says) || !strings.HasPrefix(m.Accept, "/deploy ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Every verb has a form, and every form is one that is understood.
func TestHelpShowsEveryVerb(t *testing.T) {
	shown := map[string]bool{}
	for i, f := range forms {
		shown[f.verb] = true
		if want := []string{"deploy", "status", "plan", "rollback", "abort", "help"}; i < len(want) && f.verb != want[i] {
			t.Errorf("help shows %s at place %d, want %s", f.verb, i, want[i])
		}
	}
	for verb := range parsers {
		if !shown[verb] {
			t.Errorf("help does not show %s", verb)
		}
	}
	for word, verbs := range clauseWords {
		for _, v := range verbs {
			if parsers[v] == nil {
				t.Errorf("%q is taken by %s, which is no verb", word, v)
			}
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
