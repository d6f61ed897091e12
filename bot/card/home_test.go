package card

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"junban/deploy"
)

// Whatever there is, a home tab stays below the blocks that Slack takes, and says how much it leaves out.
func TestAHomeTabHasAnEnd(t *testing.T) {
	lead := deploy.Person{ID: "U0BOB", Kind: deploy.Member, Groups: []string{"S0LEADS"}}
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	h := Home{Person: lead, Form: true, Slash: "/deploy", Zone: time.UTC, Now: now}
	for i := range 60 {
		var o deploy.Operation
		o.ID, o.RequestedBy, o.Expires = deploy.ID(fmt.Sprintf("op-%d", i)), "U0ALICE", now.Add(time.Hour)
		o.Plan.Kind, o.Plan.Service, o.Plan.Ref = deploy.KindDeploy, fmt.Sprintf("s%d", i), "v1"
		o.Plan.Preview.Ask.Reason = strings.Repeat("because ", 60)
		o.Plan.Rules = deploy.Rules{MayDeploy: []string{"S0LEADS"}, Approval: deploy.Approval{Allow: []string{"S0LEADS"}, Required: 1, Expires: time.Hour}}
		o.State = []deploy.State{deploy.StateRequested, deploy.StateRolling, deploy.StateQueued, deploy.StateRequested}[i%4]
		if i%4 == 3 {
			o.RequestedBy = lead.ID // their own waits for others
		}
		if i%4 == 1 {
			for n := range 30 {
				o.Lanes = append(o.Lanes, deploy.LaneState{Name: fmt.Sprintf("i-%d", n), Phase: deploy.PhaseBegun, Touched: true})
			}
		}
		h.Operations = append(h.Operations, o)
		h.Held = append(h.Held, Held{Lock: deploy.Lock{Resource: fmt.Sprintf("instance:i-%d", i), By: "U0ALICE", Why: strings.Repeat("x", 500), Since: now}, Service: "web", Name: "web"})
		h.Ended = append(h.Ended, o.Row())
	}
	for _, tag := range []string{"en", "ja"} {
		w, err := In(tag)
		if err != nil {
			t.Fatal(err)
		}
		v := w.Home(h)
		if n := len(v.Blocks); n > 100 || n < 80 {
			t.Errorf("%s: %d blocks", tag, n)
		}
		more := 0
		for _, b := range v.Blocks {
			if len(b.Buttons) > inRow {
				t.Errorf("%s: %d buttons in a row", tag, len(b.Buttons))
			}
			if strings.Contains(b.Context.Plain(), "/deploy ") {
				more++
			}
		}
		if more != 4 {
			t.Errorf("%s: %d parts say what they leave out", tag, more)
		}
	}
	// Two that are called alike are asked for by their ids.
	v := English().Home(h)
	if !slices.ContainsFunc(v.Blocks, func(b Block) bool {
		return len(b.Buttons) == 1 && b.Buttons[0].Value == `{"kind":"restore","service":"web","on":"i-0"}`
	}) {
		t.Error("an instance whose name another one has too is asked for by it")
	}
}

// A form offers a hundred services of a group and a hundred groups, and says what does not fit.
func TestAFormOffersAsManyServicesAsFit(t *testing.T) {
	for name, c := range map[string]struct {
		services, environments, options int
		grouped                         bool
	}{
		"few": {3, 0, 3, false}, "a hundred": {100, 0, 100, false}, "more": {101, 0, 100, true},
		"many environments": {2, 101, 200, true}, "some environments": {3, 2, 6, true},
	} {
		f := RequestForm{Slash: "/deploy"}
		for s := range c.services {
			for e := range max(1, c.environments) {
				target := Target{Value: fmt.Sprintf("%d/%d", s, e), Service: fmt.Sprintf("s%03d", s)}
				if c.environments > 0 {
					target.Environment = fmt.Sprintf("e%03d", e)
				}
				f.Targets = append(f.Targets, target)
			}
		}
		v := English().RequestForm(f)
		got := v.Blocks[0].Input.Options
		groups := map[string]int{}
		for _, o := range got {
			groups[o.Group]++
		}
		for g, n := range groups {
			if n > 100 || (g == "") == c.grouped {
				t.Errorf("%s: %d options in the group %q", name, n, g)
			}
		}
		left := len(f.Targets) - len(got)
		says := strings.Contains(v.Blocks[1].Context.Plain(), fmt.Sprintf("%d more", left))
		if len(got) != c.options || len(groups) > 100 || says != (left > 0) {
			t.Errorf("%s: %d options in %d groups, and says of the others %t", name, len(got), len(groups), says)
		}
	}
}

// What Slack would cut in a form is short enough, in every language: docs.slack.dev/reference/views and its pages on
// input blocks.
func TestTheWordsOfFormsAreNotCut(t *testing.T) {
	o := deploy.Operation{ID: "op", State: deploy.StateRequested, RequestedBy: "U0ALICE"}
	o.Plan.Kind, o.Plan.Service, o.Plan.Ref = deploy.KindDeploy, "web", "v42"
	for _, tag := range []string{"en", "ja"} {
		w, err := In(tag)
		if err != nil {
			t.Fatal(err)
		}
		within := func(what, text string, most int) {
			if n := len([]rune(text)); n > most {
				t.Errorf("%s: %s %q has %d characters, %d are shown", tag, what, text, n, most)
			}
		}
		for _, v := range []View{
			w.RequestForm(RequestForm{Targets: []Target{{"web/", "web", ""}}, Chosen: "web/", Refs: []string{"v41"}, Outside: true, Zone: "America/Argentina/ComodRivadavia", Slash: "/deploy"}),
			w.RequestForm(RequestForm{}), w.Moment(), w.AskedForm(w.Asked(o, "C1"), nil), w.OperationView(o, deploy.Offers(o), nil),
			w.ReasonForm("deny", w.About(o), false, ""), w.ReasonForm("approve", w.About(o), false, ""), w.UnlockForm(Want{Service: "web"}, ""),
		} {
			if v.Title == "" || v.Close == "" || v.Callback == "" {
				t.Errorf("%s: a form without a title, a way out or a name: %+v", tag, v)
			}
			within("the title", v.Title, 24)
			within("the button", v.Submit, 24)
			within("the button", v.Close, 24)
			for _, b := range v.Blocks {
				for _, x := range b.Buttons {
					within("the button", x.Label, 30)
				}
				if b.Input == nil {
					continue
				}
				within("what an empty field shows", b.Input.Empty, 150)
				if v.Submit == "" || b.Input.Label == "" {
					t.Errorf("%s: a field that cannot be sent, or has no label: %+v", tag, b.Input)
				}
				for _, option := range b.Input.Options {
					within("the option", option.Label, 75)
				}
			}
		}
	}
}
