package deploy_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"junban/deploy"
)

// noon is when every story of these tests begins.
var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return noon.Add(d) }

func instance(n int) string { return fmt.Sprintf("i-%d", n) }

// fleet has instances i-1 … i-n, named web-1 … web-n, registered on port 8080 and healthy in each group.
func fleet(n int, groups ...string) deploy.Fleet {
	f := deploy.Fleet{Instances: map[string]deploy.Instance{}}
	for k := 1; k <= n; k++ {
		f.Instances[instance(k)] = deploy.Instance{
			ID: instance(k), Name: fmt.Sprintf("web-%d", k), IP: fmt.Sprintf("10.0.0.%d", k), Zone: "a", State: "running",
		}
	}
	for _, name := range groups {
		g := deploy.Group{ARN: "arn:" + name, Name: name, Type: "instance", Port: 80, Delay: 20 * time.Second, Interval: 5 * time.Second, Balanced: true}
		for k := 1; k <= n; k++ {
			g.Targets = append(g.Targets, deploy.Target{Pair: pair(name, k), State: deploy.Healthy})
		}
		f.Groups = append(f.Groups, g)
	}
	return f
}

func pair(group string, n int) deploy.Pair {
	return deploy.Pair{Group: "arn:" + group, Target: instance(n), Port: 8080}
}

var (
	dev  = deploy.Person{ID: "U-dev", Kind: deploy.Member}
	lead = deploy.Person{ID: "U-lead", Kind: deploy.Member}
	both = deploy.Person{ID: "U-both", Kind: deploy.Member, Groups: []string{"S-devs", "S-leads"}}
	any1 = deploy.Person{ID: "U-any", Kind: deploy.Member}
)

func request(kind deploy.Kind, on string) deploy.Request {
	return deploy.Request{
		Ask: deploy.Ask{Kind: kind, Service: "web", Ref: "v42", On: on},
		Rules: deploy.Rules{
			MaxUnavailable: deploy.Count{N: 1}, MinHealthy: deploy.Count{N: 1}, MayDeploy: []string{"U-dev", "S-devs"},
			Approval: deploy.Approval{Allow: []string{"U-lead", "S-leads"}, Required: 1, Expires: 30 * time.Minute, StartWithin: 2 * time.Hour},
		},
		Run: deploy.Run{
			User: "deploy", Directory: "/srv/web", Shell: "bash", Env: map[string]string{"B": "2", "A": "1"},
			Command: "./deploy.sh", Timeout: time.Minute, Verify: "./verify.sh", VerifyFor: 30 * time.Second, VerifyEvery: 2 * time.Second,
		},
		HealthyWithin: 10 * time.Minute, Previous: "v41",
	}
}

func plan(t testing.TB, r deploy.Request, f deploy.Fleet) deploy.Plan {
	t.Helper()
	p, err := deploy.MakePlan(r, f)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	return p
}

// tale is an operation and the journal that made it.
type tale struct {
	t      testing.TB
	op     deploy.Operation
	events []deploy.Event
	now    time.Time
}

// tell begins a tale with a request of U-dev at noon.
func tell(t testing.TB, p deploy.Plan) *tale {
	t.Helper()
	s := &tale{t: t, now: noon}
	return s.then(deploy.Event{Op: "op-1", Type: deploy.EventRequested, By: dev.ID, Plan: &p})
}

// number gives an event its place in the journal.
func (s *tale) number(e deploy.Event) deploy.Event {
	if e.Version == 0 {
		e.Version = deploy.EventVersion
	}
	if e.Seq == 0 {
		e.Seq = s.op.Seq + 1
	}
	if e.Op == "" {
		e.Op = s.op.ID
	}
	if e.At.IsZero() {
		e.At = s.now
	}
	return e
}

// then folds one event, which must be accepted.
func (s *tale) then(e deploy.Event) *tale {
	s.t.Helper()
	e = s.number(e)
	op, err := deploy.Apply(s.op, e)
	if err != nil {
		s.t.Fatalf("apply: %v", err)
	}
	s.op, s.events = op, append(s.events, e)
	return s
}

func (s *tale) paused() *tale {
	return s.then(deploy.Event{Type: deploy.EventPaused, By: dev.ID, Act: &deploy.Act{Verb: deploy.ActPause, By: dev}})
}

// halved has told that half of the present step's time is over.
func (s *tale) halved() *tale {
	return s.then(deploy.Event{Type: deploy.EventNoted, Cause: deploy.Because(deploy.HalfTime)})
}

func (s *tale) wait(d time.Duration) *tale {
	s.now = s.now.Add(d)
	return s
}

func (s *tale) approved() *tale {
	s.t.Helper()
	return s.then(deploy.Event{Type: deploy.EventVoted, By: lead.ID, Act: &deploy.Act{Verb: deploy.ActApprove, By: lead, Hash: s.op.Hash}})
}

func (s *tale) rolling() *tale {
	s.t.Helper()
	p := s.op.Plan
	return s.approved().then(deploy.Event{Type: deploy.EventStarted, Plan: &p})
}

func (s *tale) begun(lane int) *tale {
	s.t.Helper()
	return s.then(deploy.Event{Type: deploy.EventBegun, Lane: lane, Attempt: s.op.Lanes[lane].Attempt, Deadline: s.now.Add(5 * time.Minute)})
}

func (s *tale) accepted(lane int) *tale {
	s.t.Helper()
	return s.then(deploy.Event{Type: deploy.EventAccepted, Lane: lane})
}

func (s *tale) seen(lane int, pairs ...deploy.Pair) *tale {
	s.t.Helper()
	return s.then(deploy.Event{Type: deploy.EventSeen, Lane: lane, Pairs: pairs})
}

func (s *tale) ended(lane int) *tale {
	s.t.Helper()
	return s.then(deploy.Event{Type: deploy.EventEnded, Lane: lane, OK: true})
}

func (s *tale) failed(lane int, code deploy.Code, values ...any) *tale {
	s.t.Helper()
	return s.then(deploy.Event{Type: deploy.EventEnded, Lane: lane, Cause: deploy.Because(code, values...)})
}

func (s *tale) chosen(lane int, verb deploy.ActVerb) *tale {
	s.t.Helper()
	l := s.op.Lanes[lane]
	return s.then(deploy.Event{Type: deploy.EventChosen, Lane: lane, Attempt: l.Attempt, By: dev.ID,
		Act: &deploy.Act{Verb: verb, By: dev, Lane: l.Name, Attempt: l.Attempt, Reason: "disk"}})
}

func (s *tale) aborted() *tale {
	s.t.Helper()
	return s.then(deploy.Event{Type: deploy.EventAborted, By: lead.ID, Act: &deploy.Act{Verb: deploy.ActAbort, By: lead}})
}

// steps carries a lane through its next n steps.
func (s *tale) steps(lane, n int) *tale {
	s.t.Helper()
	for range n {
		s.begun(lane).accepted(lane).ended(lane)
	}
	return s
}

// reading is what a group shows at a moment: every instance healthy but those that differ.
func reading(at time.Time, group string, n int, differ map[int]deploy.Health) deploy.Reading {
	r := deploy.Reading{Begun: at}
	for k := 1; k <= n; k++ {
		state, ok := differ[k]
		if !ok {
			state = deploy.Healthy
		}
		if state != deploy.Absent {
			r.Targets = append(r.Targets, deploy.Target{Pair: pair(group, k), State: state})
		}
	}
	return r
}

// seenAt is what an engine has seen when each group was just read, and every host runs.
func seenAt(at time.Time, readings ...deploy.Reading) deploy.Seen {
	s := deploy.Seen{
		Groups: map[string]deploy.Reading{}, Prior: map[string]deploy.Reading{}, Hosts: map[string]deploy.Host{},
		Faults: map[deploy.Look]deploy.Trouble{}, Effects: map[deploy.EffectKey]deploy.EffectSeen{},
	}
	for _, r := range readings {
		s.Groups[r.Targets[0].Group] = r
	}
	for k := 1; k <= 9; k++ {
		s.Hosts[instance(k)] = deploy.Host{Begun: at, State: "running"}
	}
	return s
}

// event is the one event that a decision must consist of.
func event(t testing.TB, d deploy.Decision, want deploy.Type) deploy.Event {
	t.Helper()
	if len(d.Events) != 1 || d.Events[0].Type != want {
		t.Fatalf("decided %s, not %s", told(d), want)
	}
	return d.Events[0]
}

// told is a decision in short, for messages.
func told(d deploy.Decision) string {
	out := ""
	for _, e := range d.Events {
		out += fmt.Sprintf("[%s lane %d ok %t %s] ", e.Type, e.Lane, e.OK, e.Cause)
	}
	for _, e := range d.Do {
		out += fmt.Sprintf("{%s lane %d} ", e.Kind, e.Lane)
	}
	for _, l := range d.Looks {
		out += fmt.Sprintf("<%s%s +%s> ", l.Group, l.Instance, l.At.Sub(noon))
	}
	if !d.Wake.IsZero() {
		out += "wake +" + d.Wake.Sub(noon).String()
	}
	if out == "" {
		return "nothing"
	}
	return out
}

func ordered(d deploy.Decision, kind deploy.EffectKind) (deploy.Effect, bool) {
	for _, e := range d.Do {
		if e.Kind == kind {
			return e, true
		}
	}
	return deploy.Effect{}, false
}

// refused demands a refusal with a code and, in turn, names and values of its cause.
func refused(t testing.TB, err error, code deploy.Code, values ...string) {
	t.Helper()
	c, ok := deploy.RefusalOf(err)
	if !ok || c.Code != code {
		t.Errorf("got %v, not the refusal %s", err, code)
		return
	}
	for i := 0; i+1 < len(values); i += 2 {
		if got := c.Values[values[i]]; got != values[i+1] {
			t.Errorf("%s: %s is %q, not %q", code, values[i], got, values[i+1])
		}
	}
}

// through is a value as the journal gives it back.
func through[T any](t interface {
	Helper()
	Fatal(args ...any)
}, v T) T {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out T
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// differs compares as a journal does: nil and empty are the same, and what only a decision needs is not kept.
func differs(a, b any) string {
	return cmp.Diff(a, b, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(deploy.Group{}, "Targets"), cmpopts.IgnoreFields(deploy.Act{}, "Fresh", "Changed"))
}

// written is all that an operation says of itself and of its lanes.
func written(o deploy.Operation) string {
	lanes, plan := o.Lanes, len(o.Plan.Lanes)
	o.Lanes, o.Plan = nil, deploy.Plan{}
	out := fmt.Sprintf("%d in the plan, %+v\n", plan, o)
	for _, l := range lanes {
		choice := deploy.Act{}
		if l.Choice != nil {
			choice = *l.Choice
		}
		out += fmt.Sprintf("%+v %+v\n", *l, choice)
	}
	return out
}
