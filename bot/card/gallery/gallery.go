// Package gallery makes one of each thing that the bot can show, in one language: cards, threads, plans, lists, findings,
// forms, home tabs, and every sentence of the catalogue.
//
// It is made for tests: they hold what comes out against Slack's rules, and show it to people. It decides nothing.
package gallery

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"junban/bot/card"
	"junban/bot/card/scenes"
	"junban/bot/lang"
	"junban/deploy"
)

// Item is one message or one view.
type Item struct {
	Name    string        // area/name; unique in a language
	From    string        // the method of card.Voice that made it, or "Refusal"
	Message *card.Message // either this …
	View    *card.View    // … or this
	Home    bool          // of a view: it is a home tab
}

// All makes everything in a language, as slack.language names it.
func All(tag string) ([]Item, error) {
	w, err := card.In(tag)
	if err != nil {
		return nil, err
	}
	l, err := lang.In(tag)
	if err != nil {
		return nil, err
	}
	c := &collector{w: w}
	c.stories()
	c.states()
	c.plans()
	c.lists()
	c.forms()
	c.homes()
	c.sentences(l)
	return c.items, c.err
}

// collector gathers items.
type collector struct {
	w     card.Voice
	items []Item
	err   error // the first
}

func (c *collector) message(name, from string, m card.Message) {
	c.items = append(c.items, Item{Name: name, From: from, Message: &m})
}

func (c *collector) view(name, from string, v card.View) {
	c.items = append(c.items, Item{Name: name, From: from, View: &v})
}

func (c *collector) home(name string, h card.Home) {
	v := c.w.Home(h)
	c.items = append(c.items, Item{Name: name, From: "Home", View: &v, Home: true})
}

// inOrder walks through a map by its keys.
func inOrder[V any](m map[string]V, f func(string, V)) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		f(k, m[k])
	}
}

// stories shows the card of each operation whenever its one line has changed, and what the thread tells of each event.
func (c *collector) stories() {
	inOrder(scenes.Stories(), func(name string, s *scenes.Story) {
		story := c.w.NewStory()
		last, rows := "", ""
		for i, e := range s.Events {
			if err := story.Add(e); err != nil {
				c.fail(fmt.Errorf("telling %s: %w", name, err))
				return
			}
			if m, ok := story.Message(); ok && (story.Due() || i == len(s.Events)-1) {
				c.message(fmt.Sprintf("thread/%s-%02d-%s", name, i, e.Type), "Message", m)
				story.Told()
			}
			op := story.Operation()
			if m := c.w.Parent(op, op.Updated, card.Around{Health: scenes.Health(op), Place: scenes.Place(op)}); m.Text != last {
				c.message(fmt.Sprintf("card/%s-%02d-%s", name, i, e.Type), "Parent", m)
				last = m.Text
			}
			if m := c.w.Details(op); card.Detailed(op) && m.Plain() != rows {
				c.message(fmt.Sprintf("details/%s-%02d-%s", name, i, e.Type), "Details", m)
				rows = m.Plain()
			}
		}
		op, outputs, err := card.Outputs(s.Events)
		if err != nil {
			c.fail(fmt.Errorf("reading the outputs of %s: %w", name, err))
			return
		}
		c.message("logs/"+name, "Logs", c.w.Logs(op, outputs))
		c.message("answer/"+name, "Answer", c.w.Answer(op))
	})
}

func (c *collector) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// states shows the card of each state, and the form of its message's shortcut with the acts that are offered then.
func (c *collector) states() {
	at := scenes.T0.Add(10 * time.Minute)
	inOrder(scenes.States(), func(name string, make func() (deploy.Operation, []deploy.Offer)) {
		op, offers := make()
		c.message("card/"+name, "Parent", c.w.Parent(op, at, card.Around{Health: scenes.Health(op), Place: scenes.Place(op)}))
		if card.Detailed(op) {
			c.message("details/"+name, "Details", c.w.Details(op))
		}
		if len(offers) == 0 {
			offers = deploy.Offers(op)
		}
		c.view("operation/"+name, "OperationView", c.w.OperationView(op, offers, nil))
	})
	op := scenes.Rollout(3)
	c.view("operation/refused", "OperationView", c.w.OperationView(op, nil, c.w.Because(deploy.Because(deploy.NotAMember, "kind", deploy.Guest), nil)))
}

func (c *collector) plans() {
	inOrder(scenes.Plans(), func(name string, p deploy.Plan) { c.message("plan/"+name, "Plan", c.w.Plan(p)) })
	for _, kind := range []deploy.Kind{deploy.KindDeploy, deploy.KindDrain} {
		c.message("plan/kind-"+string(kind), "Plan", c.w.Plan(scenes.Plan(kind, 3)))
	}
	p := scenes.Plan(deploy.KindDeploy, 3)
	p.Preview.Findings = scenes.Findings()
	c.message("plan/findings", "Plan", c.w.Plan(p))
	n := 0
	for part := range slices.Chunk(scenes.Findings(), 6) {
		n++
		c.message(fmt.Sprintf("findings/%d", n), "Findings", c.w.Findings("web", part))
	}
	c.message("findings/all", "Findings", c.w.Findings("web", scenes.Findings()))
	c.message("findings/none", "Findings", c.w.Findings("web", nil))
}

func (c *collector) lists() {
	now := scenes.T0.Add(time.Hour)
	ops, locks, held, rows := operations(), holds(), kept(), ended()
	c.message("status/some", "Status", c.w.Status(ops, locks, time.UTC))
	c.message("status/none", "Status", c.w.Status(nil, nil, time.UTC))
	c.message("queue/some", "Queue", c.w.Queue(ops, time.UTC))
	c.message("queue/none", "Queue", c.w.Queue(nil, time.UTC))
	c.message("history/some", "History", c.w.History(rows, time.UTC))
	c.message("history/none", "History", c.w.History(nil, time.UTC))
	c.message("history/long", "History", c.w.History(slices.Repeat(rows, 20), time.UTC))
	c.message("reminder/one", "Reminder", c.w.Reminder(held[:1], now, time.UTC))
	c.message("reminder/some", "Reminder", c.w.Reminder(held, now, time.UTC))
	c.message("logs/none", "Logs", c.w.Logs(scenes.Rollout(2), nil))
	c.message("logs/long", "Logs", c.w.Logs(scenes.Rollout(2), []card.Output{
		{Verb: deploy.VerbCommand, Instance: "i-0001", At: now, Text: strings.Repeat("a line of output, with <marks> & `others`\n", 2000)},
	}))
}

func (c *collector) forms() {
	targets := []card.Target{
		{Value: "web/production", Service: "web", Environment: "production"}, {Value: "web/staging", Service: "web", Environment: "staging"},
		{Value: "api/production", Service: "api", Environment: "production"},
	}
	f := card.RequestForm{Targets: targets, Slash: "/deploy", Zone: "Asia/Tokyo", Private: `{"from":"E1"}`}
	c.view("request/first", "RequestForm", c.w.RequestForm(f))
	f.Chosen, f.Refs, f.Outside = "web/production", []string{"v41", "v40"}, true
	f.Values = map[string]string{card.FieldRef: "v42", card.FieldWhen: "tomorrow 03:00", card.FieldReason: "the new front page"}
	c.view("request/chosen", "RequestForm", c.w.RequestForm(f))
	f.Refusal = c.w.Because(deploy.Because(deploy.NotAMember, "kind", deploy.Guest), nil)
	c.view("request/refused", "RequestForm", c.w.RequestForm(f))
	c.view("request/nothing", "RequestForm", c.w.RequestForm(card.RequestForm{Slash: "/deploy", Zone: "UTC"}))
	crowd := card.RequestForm{Slash: "/deploy", Zone: "UTC", Free: true}
	for i := range 300 {
		name := fmt.Sprintf("service-%03d", i)
		crowd.Targets = append(crowd.Targets, card.Target{Value: name, Service: name})
	}
	c.view("request/crowd", "RequestForm", c.w.RequestForm(crowd))
	c.view("request/moment", "Moment", c.w.Moment())
	op := scenes.Begin(scenes.Plan(deploy.KindDeploy, 3)).Op
	c.view("request/asked", "AskedForm", c.w.AskedForm(c.w.Asked(op, "C0DEPLOYS"), nil))
	c.view("request/asked-without-a-channel", "AskedForm", c.w.AskedForm(c.w.Asked(op, ""), c.w.Say("answer.twice", "shown", "02:30", "zone", "Europe/Berlin", "meant", "02:30 CET")))
	for _, verb := range []deploy.ActVerb{deploy.ActApprove, deploy.ActDeny} {
		c.view("reason/"+string(verb), "ReasonForm", c.w.ReasonForm(string(verb), c.w.About(op), verb == deploy.ActDeny, "{}"))
	}
	c.view("reason/unlock", "UnlockForm", c.w.UnlockForm(card.Want{Kind: deploy.KindUnlock, Service: "web", Environment: "production"}, "{}"))
}

func (c *collector) homes() {
	now := scenes.T0.Add(time.Hour)
	bob := deploy.Person{ID: "U0BOB", Kind: deploy.Member, Groups: []string{"S0LEADS"}}
	c.home("home/quiet", card.Home{Person: bob, Form: true, Slash: "/deploy", Zone: time.UTC, Now: now})
	h := card.Home{Person: bob, Operations: operations(), Held: kept(), Ended: ended(), Form: true, Slash: "/deploy", Zone: time.UTC, Now: scenes.T0.Add(12 * time.Minute)}
	c.home("home/busy", h)
	for range 5 {
		h.Operations, h.Held, h.Ended = slices.Repeat(h.Operations, 2), slices.Repeat(h.Held, 2), slices.Repeat(h.Ended, 2)
	}
	c.home("home/crowded", h)
}

// sentences shows every message of the catalogue, with the names of what stands in it; a few in each, to be read.
func (c *collector) sentences(l *lang.Lang) {
	byArea := map[string][]string{}
	for _, id := range l.IDs() {
		area, _, _ := strings.Cut(id, ".")
		byArea[area] = append(byArea[area], id)
	}
	inOrder(byArea, func(area string, ids []string) {
		slices.Sort(ids)
		for i, id := range ids {
			pairs := []any{}
			for _, name := range l.Values(id) {
				pairs = append(pairs, name, "["+name+"]")
			}
			if text := c.w.Say(id, pairs...); len(text) > 0 && strings.TrimSpace(text.Plain()) != "" {
				c.message(fmt.Sprintf("sentence/%s-%03d %s", area, i, id), "Refusal", card.Refusal(text, ""))
			}
		}
	})
}
