package deploy_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"junban/deploy"
)

// TestWhateverIsSeen drives the core alone with readings, hosts, effects, people and restarts as they come, and judges
// every event and every order by the invariants, written down once more here. Then the world turns kind, and the
// operation must come to an end.
func TestWhateverIsSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		for range 100 {
			if m.op.State.Finished() {
				break
			}
			m.happen()
			m.ask()
		}
		m.kindly()
	})
}

// machine is an operation, what its engine has seen, and what its invariants need remembered.
type machine struct {
	t    *rapid.T
	now  time.Time
	op   deploy.Operation // folded from the events as they were decided
	back deploy.Operation // folded from the events as the journal gives them back
	seen deploy.Seen
	last deploy.Decision
	plan deploy.Plan

	commands map[string]bool // begun, by instance and attempt
	draining map[int]map[deploy.Pair]bool
	sign     map[int]time.Time // by lane: when its deregister was last acknowledged, in this process
	story    []string
}

func newMachine(t *rapid.T) *machine {
	n := rapid.IntRange(2, 4).Draw(t, "instances")
	groups := []string{"web", "api"}[:rapid.IntRange(1, 2).Draw(t, "groups")]
	r := request(rapid.SampledFrom([]deploy.Kind{deploy.KindDeploy, deploy.KindDeploy, deploy.KindDeploy, deploy.KindDrain, deploy.KindRestore}).Draw(t, "kind"), "")
	r.Rules.MaxUnavailable.N = rapid.IntRange(1, 2).Draw(t, "window")
	r.Rules.MinHealthy.N = rapid.IntRange(0, n-1).Draw(t, "minimum")
	if rapid.Bool().Draw(t, "no verification") {
		r.Run.Verify = ""
	}
	f := fleet(n, groups...)
	if r.Kind != deploy.KindDeploy {
		r.On = "web-1"
	}
	if r.Kind == deploy.KindRestore {
		held := hold(1, "U-x")
		held.Pairs = nil
		for g := range f.Groups {
			held.Pairs = append(held.Pairs, pair(groups[g], 1))
			f.Groups[g].Targets = f.Groups[g].Targets[1:]
		}
		f.Held = []deploy.Lock{held}
	}
	p, err := deploy.MakePlan(r, f)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	m := &machine{t: t, now: noon, plan: p, commands: map[string]bool{}, draining: map[int]map[deploy.Pair]bool{}, sign: map[int]time.Time{}}
	m.forget()
	m.fold(deploy.Event{Op: "op-1", Type: deploy.EventRequested, By: dev.ID, Plan: &p})
	return m
}

// forget is what a restart does to what was seen.
func (m *machine) forget() {
	m.seen, m.last = seenAt(m.now), deploy.Decision{}
	m.seen.Prior, m.seen.Hosts = map[string]deploy.Reading{}, map[string]deploy.Host{}
	m.sign = map[int]time.Time{}
}

// fold journals an event: Apply must take it, and the same from what the journal gives back.
func (m *machine) fold(e deploy.Event) {
	e.Version, e.Seq, e.At = deploy.EventVersion, m.op.Seq+1, m.now
	if e.Op == "" {
		e.Op = m.op.ID
	}
	m.story = append(m.story, fmt.Sprintf("+%s %s lane %d attempt %d ok %t %s %s", m.now.Sub(noon), e.Type, e.Lane, e.Attempt, e.OK, e.State, e.Cause))
	before := m.op
	var err error
	if m.op, err = deploy.Apply(m.op, e); err != nil {
		m.fail("Apply refuses what was decided: %v", err)
	}
	if m.back, err = deploy.Apply(m.back, through(m.t, e)); err != nil {
		m.fail("Apply refuses what the journal gives back: %v", err)
	}
	if m.op.Seq%5 != 0 && !m.op.State.Finished() {
		// comparing is most of the work
	} else if d := differs(m.op, m.back); d != "" {
		m.fail("the journal gives back another operation:\n%s", d)
	}
	m.judge(before, e)
	for i := range before.Lanes {
		if before.Lanes[i].Moved(m.op.Lanes[i]) {
			maps.DeleteFunc(m.seen.Effects, func(k deploy.EffectKey, _ deploy.EffectSeen) bool { return k.Lane == i })
		}
	}
}

func (m *machine) fail(format string, args ...any) {
	m.t.Helper()
	for _, line := range m.story {
		m.t.Log(line)
	}
	m.t.Logf("last decision: %s", told(m.last))
	m.t.Fatalf(format, args...)
}

// ask lets the core decide until it has nothing more to write, and begins what it orders.
func (m *machine) ask() {
	for range 50 {
		m.last = deploy.Next(m.op, m.seen, m.now)
		if len(m.last.Events) == 0 {
			m.orders()
			return
		}
		m.fold(m.last.Events[0])
		if m.op.State.Finished() {
			return
		}
	}
	m.fail("fifty events in one moment: it goes in circles")
}

// orders begins effects, as an engine does, and judges those that are new.
func (m *machine) orders() {
	d := m.last
	if m.op.State == deploy.StateRolling && m.op.Asked.Code == "" && len(m.op.Undecided()) == 0 && len(d.Do)+len(d.Looks) == 0 && d.Wake.IsZero() {
		m.fail("it rolls, waits for nobody, and wants nothing: it would stand for ever")
	}
	for _, e := range d.Do {
		s := m.seen.Effects[e.EffectKey]
		if s.Running {
			continue
		}
		m.judgeOrder(e)
		s.Running, s.Began = true, m.now
		m.seen.Effects[e.EffectKey] = s
	}
}

// happen lets one thing happen, likely or not.
func (m *machine) happen() {
	m.now = m.now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, time.Second, 3 * time.Second, 10 * time.Second, 35 * time.Second, 2 * time.Minute, 6 * time.Minute}).Draw(m.t, "later"))
	switch rapid.SampledFrom([]string{
		"effect", "as it should", "person", "restart", "as it should", "read", "effect", "as it should", "trouble", "as it should", "host",
		"effect", "read all", "as it should", "as it should", "as it should", "as it should",
	}).Draw(m.t, "what") {
	case "as it should":
		m.asItShould()
	case "read":
		m.read(m.plan.Preview.Groups[rapid.IntRange(0, len(m.plan.Preview.Groups)-1).Draw(m.t, "group")])
	case "read all":
		for _, g := range m.plan.Preview.Groups {
			m.read(g)
		}
		for id := range m.plan.Preview.Instances {
			m.seen.Hosts[id] = deploy.Host{Begun: m.now, State: "running"}
		}
	case "host":
		id := rapid.SampledFrom(slices.Sorted(maps.Keys(m.plan.Preview.Instances))).Draw(m.t, "host")
		m.seen.Hosts[id] = deploy.Host{Begun: m.now, State: rapid.SampledFrom([]string{"running", "running", "stopped", "terminated"}).Draw(m.t, "state")}
	case "effect":
		m.settleOne()
	case "person":
		m.person()
	case "restart":
		m.forget()
		m.fold(deploy.Event{Type: deploy.EventResumed})
	case "trouble":
		for _, l := range m.last.Looks {
			key := deploy.Look{Group: l.Group, Instance: l.Instance}
			tr := m.seen.Faults[key]
			if tr.Tries == 0 {
				tr.Since = m.now
			}
			m.seen.Faults[key] = deploy.Trouble{Since: tr.Since, Last: m.now, Tries: tr.Tries + 1, Fault: deploy.Fault{Class: deploy.Throttled}}
		}
	}
}

// read shows a group in any state, mostly in one that is to be expected.
func (m *machine) read(g deploy.Group) {
	r := deploy.Reading{Begun: m.now}
	for n := 1; n <= len(m.plan.Preview.Instances); n++ {
		p := deploy.Pair{Group: g.ARN, Target: instance(n), Port: 8080}
		state := rapid.SampledFrom([]deploy.Health{
			deploy.Healthy, deploy.Healthy, deploy.Healthy, deploy.Draining, deploy.Absent, deploy.Initial, deploy.Unhealthy,
		}).Draw(m.t, p.String())
		if rapid.IntRange(0, 2).Draw(m.t, "expected") > 0 {
			state = m.expected(p, state)
		}
		if state != deploy.Absent {
			r.Targets = append(r.Targets, deploy.Target{Pair: p, State: state})
		}
	}
	m.show(g.ARN, r)
}

func (m *machine) show(arn string, r deploy.Reading) {
	if last, ok := m.seen.Groups[arn]; ok && last.Begun.Before(r.Begun) {
		m.seen.Prior[arn] = last
	}
	m.seen.Groups[arn] = r
	delete(m.seen.Faults, deploy.Look{Group: arn})
}

// expected is what a pair would show if nobody interfered.
func (m *machine) expected(p deploy.Pair, otherwise deploy.Health) deploy.Health {
	i, ok := m.op.Lane(p.Target)
	if !ok || !m.op.Lanes[i].Out() {
		return deploy.Healthy
	}
	l := m.op.Lanes[i]
	step, _ := l.Step()
	switch {
	case step.Verb == deploy.VerbLeave && l.Phase == deploy.PhaseAccepted && m.now.Sub(l.Accepted) < 20*time.Second:
		return deploy.Draining
	case step.Verb == deploy.VerbLeave && l.Phase != deploy.PhaseAccepted:
		return otherwise
	case step.Verb == deploy.VerbJoin && l.Phase == deploy.PhaseAccepted:
		return deploy.Healthy
	}
	return deploy.Absent
}

// settleOne ends one effect that is under way, in any way.
func (m *machine) settleOne() {
	var running []deploy.EffectKey
	for k, s := range m.seen.Effects {
		if s.Running {
			running = append(running, k)
		}
	}
	if len(running) == 0 {
		return
	}
	slices.SortFunc(running, func(a, b deploy.EffectKey) int { return a.Lane*10 - b.Lane*10 + len(a.Kind) - len(b.Kind) })
	k := rapid.SampledFrom(running).Draw(m.t, "effect")
	if k.Kind == deploy.DoCheck {
		m.check()
		return
	}
	s := m.seen.Effects[k]
	s.Running = false
	if fault := rapid.SampledFrom([]deploy.Class{"", deploy.Unsure, "", deploy.Throttled, "", deploy.Refused}).Draw(m.t, "fault"); fault != "" {
		if s.Fault == nil {
			s.First = m.now
		}
		s.Tries, s.Last, s.Fault, s.Done = s.Tries+1, m.now, &deploy.Fault{Class: fault, Message: "x"}, false
		m.seen.Effects[k] = s
		return
	}
	state := rapid.SampledFrom([]deploy.ReportState{
		deploy.ReportExited, deploy.ReportUnknown, deploy.ReportExited, deploy.ReportTimeout, deploy.ReportRefused, deploy.ReportCancelled,
	}).Draw(m.t, "report")
	m.succeed(k, s, deploy.Report{State: state, Exit: rapid.IntRange(0, 1).Draw(m.t, "exit"), Output: "out"}, rapid.Bool().Draw(m.t, "found"))
}

func (m *machine) succeed(k deploy.EffectKey, s deploy.EffectSeen, r deploy.Report, found bool) {
	s.Running, s.Tries, s.First, s.Last, s.Done, s.Fault = false, s.Tries+1, m.now, m.now, true, nil
	switch k.Kind {
	case deploy.DoSend:
		s.Made = "cmd-1"
	case deploy.DoFind:
		if s.Found = found; found {
			s.Made = "cmd-1"
		}
	case deploy.DoWait, deploy.DoCancel:
		s.Report = &r
	}
	m.seen.Effects[k] = s
}

func (m *machine) check() {
	delete(m.seen.Effects, deploy.EffectKey{Kind: deploy.DoCheck})
	p := m.plan
	m.seen.Check = &deploy.Check{At: m.now, Plan: &p, People: map[string]deploy.Person{dev.ID: dev, lead.ID: lead}}
}

// person does any of what is offered, or something that is not, which must be refused.
func (m *machine) person() {
	offers := deploy.Offers(m.op)
	if len(offers) == 0 {
		return
	}
	o := rapid.SampledFrom(offers).Draw(m.t, "offer")
	if slices.Contains([]deploy.ActVerb{deploy.ActDeny, deploy.ActWithdraw, deploy.ActAbort}, o.Verb) && len(m.op.Aborts) == 0 &&
		rapid.IntRange(0, 9).Draw(m.t, "mean it") > 0 {
		if o = offers[0]; o.Verb == deploy.ActWithdraw || o.Verb == deploy.ActAbort {
			return
		}
	}
	m.act(o)
}

func (m *machine) act(o deploy.Offer) {
	who, p := lead, m.plan
	if o.Verb == deploy.ActWithdraw {
		who = dev
	}
	events, err := deploy.Decide(m.op, deploy.Act{Verb: o.Verb, By: who, Lane: o.Lane, Attempt: o.Attempt, Hash: o.Hash, Fresh: &p}, m.now)
	if err != nil {
		if c, _ := deploy.RefusalOf(err); c.Code != deploy.Expired {
			m.fail("%s is offered and refused: %v", o.Verb, err)
		}
		return
	}
	for _, e := range events {
		m.fold(e)
	}
}
