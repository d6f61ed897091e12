package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"junban/bot/card"
	"junban/deploy"
	"junban/deploy/engine"
)

const (
	dev   = "U0ALICE" // may deploy web
	lead  = "U00BOB0" // may approve web, and deploy api
	otto  = "U00OTTO" // in no group
	guest = "U00GIL0"
)

// formPanels notes which forms and home tabs are shown.
type formPanels struct {
	opened  []card.View
	redrawn []card.View
	hashes  []string
	homes   map[string][]card.View
	dead    bool // triggers are too old
	closed  bool // forms are closed

	mu   sync.Mutex // of what another goroutine reads
	fail error      // home tabs cannot be drawn
}

// fails begins or ends an outage.
func (p *formPanels) fails(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = err
}

func (p *formPanels) Open(_ context.Context, e Envelope, v card.View) error {
	if p.dead || e.Trigger == "" {
		return ErrGone
	}
	p.opened = append(p.opened, v)
	return nil
}

func (p *formPanels) Redraw(_ context.Context, _, hash string, v card.View) error {
	if p.closed {
		return ErrGone
	}
	p.redrawn, p.hashes = append(p.redrawn, v), append(p.hashes, hash)
	return nil
}

func (p *formPanels) Home(_ context.Context, user string, v card.View) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	if p.homes == nil {
		p.homes = map[string][]card.View{}
	}
	p.homes[user] = append(p.homes[user], v)
	return nil
}

func (p *formPanels) Upload(context.Context, string, string, File) error { return nil }

// formPeople is a directory in which everybody has their groups.
type formPeople struct{ fail error }

func (d *formPeople) Person(_ context.Context, id string, groups []string) (deploy.Person, error) {
	if d.fail != nil {
		return deploy.Person{}, d.fail
	}
	p := deploy.Person{ID: id, Kind: deploy.Member}
	if id == guest {
		p.Kind = deploy.Guest
		return p, nil
	}
	for _, g := range map[string][]string{dev: {"S0DEVS"}, lead: {"S0LEADS"}}[id] {
		if slices.Contains(groups, g) {
			p.Groups = append(p.Groups, g)
		}
	}
	return p, nil
}

// formOffering is a configuration: web in two environments, for developers; api, for leads, who need no approval.
type formOffering struct {
	gone   string
	closed error
}

func (o *formOffering) Closed() error { return o.closed }

func (o *formOffering) Services() []Service {
	all := []Service{{"api", ""}, {"web", "production"}, {"web", "staging"}}
	return slices.DeleteFunc(all, func(s Service) bool { return s.Name == o.gone })
}

var formPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.]*$`)

func (o *formOffering) Request(ask deploy.Ask) (deploy.Request, engine.Want, error) {
	r := deploy.Request{Ask: ask}
	switch {
	case !slices.Contains(o.Services(), Service{ask.Service, ask.Environment}):
		return r, engine.Want{}, &engine.Mistake{What: deploy.Because("mistake.no_service", "name", ask.Service)}
	case ask.Kind == deploy.KindDeploy && !formPattern.MatchString(ask.Ref):
		return r, engine.Want{}, &engine.Mistake{What: deploy.Because("mistake.ref.pattern", "service", ask.Service, "pattern", formPattern)}
	case ask.Service == "api":
		r.Rules = deploy.Rules{MayDeploy: []string{"S0LEADS"}, Approval: deploy.Approval{None: true}}
	default:
		r.Rules = deploy.Rules{MayDeploy: []string{"S0DEVS"}, Approval: deploy.Approval{Allow: []string{"S0LEADS"}, Required: 1}}
	}
	return r, engine.Want{}, nil
}

// formDesk is a desk that may refuse requests.
type formDesk struct {
	actsDesk
	refuse error
	rows   []deploy.Row
	judge  func(deploy.Operation, deploy.Act) error
	done   int // acts that were not refused
}

func (d *formDesk) Act(ctx context.Context, id deploy.ID, a deploy.Act) (deploy.Operation, error) {
	if d.judge != nil {
		if err := d.judge(d.ops[id], a); err != nil {
			return d.ops[id], err
		}
	}
	d.done++
	return d.actsDesk.Act(ctx, id, a)
}

func (d *formDesk) Request(ctx context.Context, id deploy.ID, a deploy.Ask, by string) (deploy.Operation, error) {
	if o, ok := d.ops[id]; ok {
		return o, nil
	}
	if d.refuse != nil {
		return deploy.Operation{}, d.refuse
	}
	return d.actsDesk.Request(ctx, id, a, by)
}

func (d *formDesk) Recent(ctx context.Context, service string, n int) ([]deploy.Row, error) {
	if d.rows == nil {
		return d.actsDesk.Recent(ctx, service, n)
	}
	return slices.DeleteFunc(slices.Clone(d.rows), func(r deploy.Row) bool { return service != "" && r.Service != service }), nil
}

// formStage is a bot whose envelopes are worked on one by one.
type formStage struct {
	t      *testing.T
	b      *Bot
	desk   *formDesk
	memory *reviewMemory
	chat   *actsChat
	panels *formPanels
	people *formPeople
	config *formOffering
	sent   int
}

func newFormStage(t *testing.T) *formStage {
	s := &formStage{t: t, desk: &formDesk{}, memory: &reviewMemory{m: map[string][]byte{}}, chat: &actsChat{}, panels: &formPanels{}, people: &formPeople{}, config: &formOffering{}}
	s.restart()
	return s
}

// restart is another life of the bot.
func (s *formStage) restart() {
	s.b = actsBot(&s.desk.actsDesk, s.memory, s.chat)
	s.b.Desk, s.b.Panels, s.b.Directory, s.b.Offering = s.desk, s.panels, s.people, s.config
	s.b.NewID = func() deploy.ID {
		s.sent++
		return deploy.ID(fmt.Sprintf("op-%d", s.sent))
	}
	close(s.b.ready)
}

// receives takes an envelope in, as it arrives, and answers the reply to it.
func (s *formStage) receives(e Envelope) Reply {
	s.t.Helper()
	if e.At.IsZero() {
		e.At = time.Now()
	}
	r, err := s.b.Receive(s.t.Context(), e)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// works does all work that waits.
func (s *formStage) works() {
	for {
		select {
		case e := <-s.b.inbox:
			s.b.handle(s.t.Context(), e)
		case e := <-s.b.forms:
			s.b.handle(s.t.Context(), e)
		default:
			return
		}
	}
}

func (s *formStage) does(e Envelope) Reply {
	s.t.Helper()
	s.sent++
	if e.ID == "" {
		e.ID = fmt.Sprintf("e-%d", s.sent)
	}
	r := s.receives(e)
	s.works()
	return r
}

// form is the last form that was opened.
func (s *formStage) form() card.View {
	s.t.Helper()
	if len(s.panels.opened) == 0 {
		s.t.Fatalf("no form was opened; said: %v", s.chat.said)
	}
	return s.panels.opened[len(s.panels.opened)-1]
}

func (s *formStage) redrawn() card.View {
	s.t.Helper()
	if len(s.panels.redrawn) == 0 {
		s.t.Fatalf("no form was drawn anew; said: %v", s.chat.said)
	}
	return s.panels.redrawn[len(s.panels.redrawn)-1]
}

// types opens the form with a command.
func (s *formStage) types(who string) card.View {
	s.t.Helper()
	s.does(Envelope{Kind: InputCommand, User: who, Channel: "C9", Response: "https://r/", Trigger: "t"})
	return s.form()
}

// filled is a form as it comes back.
func filled(v card.View, values map[string]string) *Filled {
	f := &Filled{ID: "V1", Hash: "h1", Callback: v.Callback, Private: v.Private, Values: map[string]string{}}
	for _, b := range v.Blocks {
		if b.Input != nil {
			f.Values[b.Input.ID] = b.Input.Value
		}
	}
	for id, value := range values {
		f.Values[id] = value
	}
	return f
}

// input is a field of a form.
func input(t *testing.T, v card.View, id string) card.Input {
	t.Helper()
	for _, b := range v.Blocks {
		if b.Input != nil && b.Input.ID == id {
			return *b.Input
		}
	}
	t.Fatalf("the form has no field %s: %+v", id, v.Blocks)
	return card.Input{}
}

func fieldsOf(v card.View) (ids []string) {
	for _, b := range v.Blocks {
		if b.Input != nil {
			ids = append(ids, b.Input.ID)
		}
	}
	return ids
}

func labels(in card.Input) (out []string) {
	for _, o := range in.Options {
		out = append(out, o.Label)
	}
	return out
}

// shown is a view as plain lines, with its buttons.
func shown(v card.View) string {
	var out []string
	for _, b := range v.Blocks {
		out = append(out, card.Message{Blocks: []card.Block{b}}.Plain())
		for _, button := range b.Buttons {
			out = append(out, "["+button.Label+"]")
		}
	}
	return strings.Join(out, "\n")
}

// button is a button of a view.
func button(t *testing.T, blocks []card.Block, label string) card.Button {
	t.Helper()
	for _, b := range blocks {
		for _, x := range b.Buttons {
			if x.Label == label {
				return x
			}
		}
	}
	t.Fatalf("there is no button %q in:\n%s", label, shown(card.View{Blocks: blocks}))
	return card.Button{}
}

// audited are the refusals that were written down.
func (s *formStage) audited() (out []Refused) {
	s.t.Helper()
	err := s.memory.List(s.t.Context(), auditTable, func(_ string, value []byte) error {
		var r Refused
		if err := json.Unmarshal(value, &r); err != nil {
			return err
		}
		out = append(out, r)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

var errDown = errors.New("Slack is down")
