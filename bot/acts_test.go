package bot

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot/card"
	"junban/deploy"
	"junban/deploy/engine"
)

// actsDesk is a desk with operations made by hand, which notes what is asked of it.
type actsDesk struct {
	mu     sync.Mutex // of the operations: home tabs are drawn while a test adds some
	ops    map[deploy.ID]deploy.Operation
	order  []deploy.ID
	locks  []deploy.Lock
	events map[deploy.ID][]deploy.Event
	acts   []deploy.Act
	acted  []deploy.ID
	asks   []deploy.Ask
}

func (d *actsDesk) add(o deploy.Operation) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ops == nil {
		d.ops = map[deploy.ID]deploy.Operation{}
	}
	d.ops[o.ID], d.order = o, append(d.order, o.ID)
}

func (d *actsDesk) Plan(_ context.Context, a deploy.Ask) (deploy.Plan, error) {
	d.asks = append(d.asks, a)
	return deploy.Plan{Terms: deploy.Terms{Kind: a.Kind, Service: a.Service, Ref: a.Ref}}, nil
}

func (d *actsDesk) Request(_ context.Context, id deploy.ID, a deploy.Ask, by string) (deploy.Operation, error) {
	d.asks = append(d.asks, a)
	o := deploy.Operation{ID: id, State: deploy.StateRequested, RequestedBy: by}
	o.Plan.Kind, o.Plan.Service = a.Kind, a.Service
	d.add(o)
	return o, nil
}

func (d *actsDesk) Act(_ context.Context, id deploy.ID, a deploy.Act) (deploy.Operation, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acts, d.acted = append(d.acts, a), append(d.acted, id)
	return d.ops[id], nil
}

func (d *actsDesk) Operation(_ context.Context, id deploy.ID) (deploy.Operation, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o, ok := d.ops[id]; ok {
		return o, nil
	}
	return deploy.Operation{}, engine.ErrNotFound
}

func (d *actsDesk) Events(_ context.Context, id deploy.ID) ([]deploy.Event, error) {
	return d.events[id], nil
}

func (d *actsDesk) EventsAfter(_ context.Context, id deploy.ID, seq int) ([]deploy.Event, error) {
	events, err := d.Events(context.Background(), id)
	return events[min(seq, len(events)):], err
}

func (d *actsDesk) rows(finished bool, service string) (out []deploy.Row) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range d.order {
		if o := d.ops[id]; o.State.Finished() == finished && (service == "" || o.Plan.Service == service) {
			out = append(out, o.Row())
		}
	}
	return out
}

func (d *actsDesk) Recent(_ context.Context, service string, _ int) ([]deploy.Row, error) {
	return append(d.rows(true, service), d.rows(false, service)...), nil
}
func (d *actsDesk) Unfinished(context.Context) ([]deploy.Row, error) { return d.rows(false, ""), nil }
func (d *actsDesk) Health(deploy.ID) []deploy.GroupHealth            { return nil }
func (d *actsDesk) Locks(context.Context) ([]deploy.Lock, error)     { return d.locks, nil }

// actsChat notes what is said.
type actsChat struct {
	reviewChat
	said    []string // to one person
	posted  []string // channel: words
	to      Envelope // whom and where, the last time
	message card.Message
	fail    error
}

func (c *actsChat) Whisper(_ context.Context, e Envelope, m card.Message) error {
	c.to, c.message = e, m
	c.said = append(c.said, m.Text+"\n"+m.Plain())
	return nil
}

func (c *actsChat) Post(_ context.Context, channel, _ string, m card.Message, _ Key) (Place, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return Place{}, c.fail
	}
	c.posted = append(c.posted, channel+": "+m.Plain())
	return Place{channel, "1.1"}, nil
}

// mend ends an outage.
func (c *actsChat) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = nil
}

func (c *actsChat) last() string {
	if len(c.said) == 0 {
		return ""
	}
	return c.said[len(c.said)-1]
}

func actsBot(d *actsDesk, m *reviewMemory, c *actsChat) *Bot {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return New(Options{
		Desk: d, Chat: c, Directory: reviewPeople{}, Memory: m, Rooms: reviewRooms{}, Slash: "/deploy", Zone: berlin,
		NewID: func() deploy.ID { return "op-new" },
	})
}

func actsOp(id deploy.ID, service, environment string, state deploy.State) deploy.Operation {
	o := deploy.Operation{ID: id, State: state, RequestedBy: "U0ALICE", StartedAt: time.Now()}
	o.Plan.Kind, o.Plan.Service, o.Plan.Environment, o.Plan.Ref = deploy.KindDeploy, service, environment, "v42"
	return o
}

// A typed act means one operation: by its id, its service, its thread, or because there is only one.
func TestATypedActMeansOneOperation(t *testing.T) {
	web, api := actsOp("op-web", "web", "", deploy.StateRolling), actsOp("op-api", "api", "", deploy.StateRequested)
	ended, staging := actsOp("op-old", "web", "", deploy.StateSucceeded), actsOp("op-stg", "web", "staging", deploy.StateRolling)
	for name, c := range map[string]struct {
		ops    []deploy.Operation
		text   string
		thread deploy.ID
		op     deploy.ID
		verb   deploy.ActVerb
		says   string
	}{
		"the only one":               {ops: []deploy.Operation{web}, text: "pause", op: "op-web", verb: deploy.ActPause, says: "Pausing Deploy web v42"},
		"by service":                 {ops: []deploy.Operation{web, api}, text: "pause web", op: "op-web", verb: deploy.ActPause},
		"by id":                      {ops: []deploy.Operation{web, api}, text: "resume op-web", op: "op-web", verb: deploy.ActResume},
		"by thread":                  {ops: []deploy.Operation{web, staging}, text: "continue", thread: "op-stg", op: "op-stg", verb: deploy.ActContinue},
		"the one that can be":        {ops: []deploy.Operation{web, actsOp("op-stop", "api", "", deploy.StatePaused)}, text: "resume", op: "op-stop", verb: deploy.ActResume},
		"two":                        {ops: []deploy.Operation{web, staging}, text: "pause", says: "/deploy pause op-web   (Deploy web v42)"},
		"none":                       {text: "resume", says: "Nothing of that name"},
		"another name":               {ops: []deploy.Operation{web}, text: "pause api", says: "Nothing of that name"},
		"an ended thread":            {ops: []deploy.Operation{web, ended}, text: "abort", thread: "op-old", says: "has ended"},
		"abort is numbered":          {ops: []deploy.Operation{web}, text: "abort", op: "op-web", verb: deploy.ActAbort, says: "Aborting Deploy web v42"},
		"what is asked is withdrawn": {ops: []deploy.Operation{api}, text: "abort", op: "op-api", verb: deploy.ActWithdraw},
		"rollback in a thread":       {ops: []deploy.Operation{web, staging}, text: "rollback", thread: "op-web", op: "op-web", verb: deploy.ActRollback},
		"rollback by id":             {ops: []deploy.Operation{web, staging}, text: "rollback op-stg because slow", op: "op-stg", verb: deploy.ActRollback},
		"rollback of nothing":        {ops: []deploy.Operation{web}, text: "rollback", says: "Which service?"},
	} {
		t.Run(name, func(t *testing.T) {
			d, m, chat := &actsDesk{}, &reviewMemory{m: map[string][]byte{}}, &actsChat{}
			b := actsBot(d, m, chat)
			for n, o := range c.ops {
				d.add(o)
				if err := b.remember(t.Context(), o.ID, talk{Parent: Place{"C1", string(rune('1' + n))}}); err != nil {
					t.Fatal(err)
				}
			}
			e := Envelope{ID: "e1", Kind: InputMention, User: "U0ALICE", Channel: "C1", Text: "<@U0BOT> " + c.text, At: time.Now()}
			for n, o := range c.ops {
				if o.ID == c.thread {
					e.Thread = string(rune('1' + n))
				}
			}
			b.handle(t.Context(), e)
			switch {
			case c.op == "" && len(d.acts)+len(d.asks) > 0:
				t.Errorf("did %v to %v, asked for %v", d.acts, d.acted, d.asks)
			case c.op == "":
			case len(d.acts) != 1 || d.acted[0] != c.op || d.acts[0].Verb != c.verb || d.acts[0].ID != "e1" || d.acts[0].By.ID != "U0ALICE":
				t.Errorf("did %v to %v; said %v", d.acts, d.acted, chat.said)
			case c.verb == deploy.ActAbort && d.acts[0].Attempt != 1:
				t.Errorf("an abort without its number: %v", d.acts[0])
			}
			if !strings.Contains(chat.last(), c.says) {
				t.Errorf("said %q, want %q", chat.last(), c.says)
			}
		})
	}
}

// The same act, worked on again after a crash, is done to the same operation, though another is the only one now.
func TestATypedActWorkedOnAgain(t *testing.T) {
	d, m, chat := &actsDesk{}, &reviewMemory{m: map[string][]byte{}}, &actsChat{}
	d.add(actsOp("op-web", "web", "", deploy.StateRolling))
	e := Envelope{ID: "e1", Kind: InputCommand, User: "U0ALICE", Channel: "C1", Text: "pause web because lunch", At: time.Now()}
	actsBot(d, m, chat).handle(t.Context(), e)
	d.ops["op-web"] = actsOp("op-web", "web", "", deploy.StateSucceeded)
	d.add(actsOp("op-next", "web", "", deploy.StateRolling))
	actsBot(d, m, chat).handle(t.Context(), e)
	if len(d.acted) != 2 || d.acted[0] != "op-web" || d.acted[1] != "op-web" || d.acts[0].Reason != "lunch" {
		t.Errorf("acted on %v: %v", d.acted, d.acts)
	}
}

// What is asked for reaches the desk as it was typed; a time is meant in the bot's zone.
func TestWhatIsAskedFor(t *testing.T) {
	now := time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC) // 22:00 in Berlin, where the clocks are put back that night
	for text, c := range map[string]struct {
		want deploy.Ask
		says string
	}{
		"web v42 at 03:00 because of load":     {want: deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v42", Reason: "of load", At: time.Date(2026, 10, 25, 2, 0, 0, 0, time.UTC)}},
		"web v42 at 02:30":                     {want: deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v42", At: time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)}, says: "show 02:30 twice that day in Europe/Berlin; the one at 02:30 CEST is meant"},
		"plan web v42 at 02:30":                {want: deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v42", At: time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)}, says: "twice"},
		"rollback web":                         {want: deploy.Ask{Kind: deploy.KindRollback, Service: "web"}},
		"rollback web v40 to prod":             {want: deploy.Ask{Kind: deploy.KindRollback, Service: "web", Ref: "v40", Environment: "prod"}},
		"lock web because audit":               {want: deploy.Ask{Kind: deploy.KindLock, Service: "web", Reason: "audit"}},
		"unlock web to prod":                   {want: deploy.Ask{Kind: deploy.KindUnlock, Service: "web", Environment: "prod"}},
		"emergency web v42 because it burns":   {want: deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v42", Reason: "it burns", Emergency: true}},
		"emergency rollback web because bad":   {want: deploy.Ask{Kind: deploy.KindRollback, Service: "web", Reason: "bad", Emergency: true}},
		"web v42 at 25:00":                     {says: "is no time of the day"},
		"drain web on web-2 because of a disk": {want: deploy.Ask{Kind: deploy.KindDrain, Service: "web", On: "web-2", Reason: "of a disk"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(now))
			d, chat := &actsDesk{}, &actsChat{}
			b := actsBot(d, &reviewMemory{m: map[string][]byte{}}, chat)
			b.handle(t.Context(), Envelope{ID: "e1", Kind: InputCommand, User: "U0ALICE", Channel: "C1", Text: text, At: now})
			switch {
			case c.want.Kind == "" && len(d.asks) > 0:
				t.Errorf("%q asked for %+v", text, d.asks)
			case c.want.Kind != "" && len(d.asks) != 1:
				t.Errorf("%q asked for %+v; said %v", text, d.asks, chat.said)
			case c.want.Kind != "":
				got := d.asks[0]
				if !got.At.Equal(c.want.At) {
					t.Errorf("%q is at %s", text, got.At)
				}
				if got.At = c.want.At; got != c.want {
					t.Errorf("%q asks for %+v", text, got)
				}
			}
			if c.says != "" && !strings.Contains(chat.last(), c.says) || c.says == "" && len(chat.said) > 0 {
				t.Errorf("%q is told %q, want %q", text, chat.last(), c.says)
			}
		})
	}
}

// Logs are those of the latest operation of a service that has begun, or of the one that is named.
func TestLogs(t *testing.T) {
	d, chat := &actsDesk{events: map[deploy.ID][]deploy.Event{}}, &actsChat{}
	early, late, asked := actsOp("op-1", "web", "", deploy.StateFailed), actsOp("op-2", "web", "", deploy.StateFailed), actsOp("op-3", "web", "", deploy.StateRequested)
	early.StartedAt, asked.StartedAt = late.StartedAt.Add(-time.Hour), time.Time{}
	for _, o := range []deploy.Operation{early, late, asked} {
		d.add(o)
		d.events[o.ID] = story(t, o.ID)
	}
	b := actsBot(d, &reviewMemory{m: map[string][]byte{}}, chat)
	if err := b.remember(t.Context(), "op-1", talk{Parent: Place{"C1", "1"}}); err != nil {
		t.Fatal(err)
	}
	for n, c := range []struct{ text, thread, says string }{
		{"logs web", "", "op-2"}, {"logs op-1", "", "op-1"}, {"logs op-1", "", "no space left"}, {"logs", "1", "op-1"}, {"logs", "", "Whose logs?"},
		{"logs web on i-1", "", "no space left"}, {"logs web on web-1", "", "no space left"}, {"logs web on i-9", "", "It has: web-1"}, {"logs api", "", "Nothing of that name has run"},
	} {
		b.handle(t.Context(), Envelope{ID: "e" + string(rune('a'+n)), Kind: InputMention, User: "U0ALICE", Channel: "C1", Thread: c.thread, Text: "<@U0BOT> " + c.text, At: time.Now()})
		if !strings.Contains(chat.last(), c.says) {
			t.Errorf("%q is told %q, want %q", c.text, chat.last(), c.says)
		}
	}
}

// story is the journal of an operation whose command failed.
func story(t *testing.T, id deploy.ID) []deploy.Event {
	t.Helper()
	p := deploy.Plan{Terms: deploy.Terms{
		Kind: deploy.KindDeploy, Service: "web", Ref: "v42", Rules: deploy.Rules{Approval: deploy.Approval{None: true}},
		Lanes: []deploy.Lane{{Name: "i-1", Steps: []deploy.Step{{Verb: deploy.VerbLeave, On: "i-1"}, {Verb: deploy.VerbCommand, On: "i-1"}}}},
	}}
	p.Preview.Order, p.Preview.Window = []int{0}, 1
	p.Preview.Instances = map[string]deploy.Instance{"i-1": {ID: "i-1", Name: "web-1"}}
	out := []deploy.Event{
		{Type: deploy.EventRequested, Plan: &p}, {Type: deploy.EventStarted, Plan: &p},
		{Type: deploy.EventBegun, Attempt: 1}, {Type: deploy.EventEnded, OK: true},
		{Type: deploy.EventBegun, Attempt: 1}, {Type: deploy.EventEnded, Cause: deploy.Because(deploy.CommandFailed, "exit", 1), Output: "no space left"},
	}
	for n := range out {
		out[n].Version, out[n].Op, out[n].Seq, out[n].At = deploy.EventVersion, id, n+1, time.Now()
	}
	return out
}

// examiner finds one thing about each service.
type examiner []Service

func (x examiner) Services() []Service { return x }
func (x examiner) Doctor(_ context.Context, service, environment string) ([]deploy.Finding, error) {
	for _, s := range x {
		if s.Name == service && s.Environment == environment {
			return []deploy.Finding{{Name: "one-healthy-target", Severity: deploy.Warns}}, nil
		}
	}
	return nil, &engine.Mistake{What: deploy.Because("mistake.other", "error", "there is no service "+service), Accept: "web"}
}

func TestDoctorExaminesWhatIsNamedOrEverything(t *testing.T) {
	chat := &actsChat{}
	b := actsBot(&actsDesk{}, &reviewMemory{m: map[string][]byte{}}, chat)
	ask := func(text string) []string {
		chat.said = nil
		b.handle(t.Context(), Envelope{ID: "e1", Kind: InputCommand, User: "U0ALICE", Channel: "C1", Text: text, At: time.Now()})
		return chat.said
	}
	if said := ask("doctor web"); len(said) != 1 || !strings.Contains(said[0], "junban doctor web") {
		t.Errorf("without a doctor: %v", said)
	}
	b.Examiner = examiner{{"web", "production"}, {"web", "staging"}, {"api", ""}}
	for text, n := range map[string]int{"doctor": 3, "doctor web": 2, "doctor web to staging": 1, "doctor api": 1} {
		if said := ask(text); len(said) != n || !strings.Contains(said[0], "one-healthy-target") {
			t.Errorf("%s: %v", text, said)
		}
	}
	if said := ask("doctor wbe"); len(said) != 1 || !strings.Contains(said[0], "there is no service wbe") {
		t.Errorf("another name: %v", said)
	}
}
