package deploy_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"junban/deploy"
)

// TestWhateverIsSeen drives the core alone with readings, hosts, effects, people and restarts as they come, and judges
// every event and every order by the invariants, written down once more here. Then the world turns kind, and the
// operation must come to an end.
func TestWhateverIsSeen(t *testing.T) {
	runs(t)
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

// runs says how many runs there are: JUNBAN_RUNS, or a few hundred; how long a failure is made simpler: JUNBAN_SHRINK; and
// with which seed, so that anybody can tell them again with -rapid.seed.
func runs(t *testing.T) {
	set := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { set[f.Name] = true })
	for name, value := range map[string]string{"rapid.checks": cmp.Or(os.Getenv("JUNBAN_RUNS"), "300"), "rapid.seed": fmt.Sprint(rand.Uint64() | 1), "rapid.shrinktime": cmp.Or(os.Getenv("JUNBAN_SHRINK"), "20s")} {
		if set[name] {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%s runs, -rapid.seed=%s", flag.Lookup("rapid.checks").Value, flag.Lookup("rapid.seed").Value)
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

	n      int            // instances that there are
	ask1   deploy.Request // what was asked for
	bigger deploy.Plan    // the plan with the instance that may appear

	commands map[string]bool      // begun, by instance and attempt
	chores   map[deploy.Verb]bool // begun
	idle     map[int]bool         // by lane: the host has said that it is idle since the leave
	draining map[int]map[deploy.Pair]bool
	sign     map[int]time.Time // by lane: when its deregister was last acknowledged, in this process
	votes    []deploy.Person   // taken
	story    []string
}

func newMachine(t *rapid.T) *machine {
	n := rapid.SampledFrom(sizes).Draw(t, "instances")
	if n > 4 {
		n = rapid.IntRange(5, n).Draw(t, "of many")
	}
	groups := []string{"web", "api", "admin"}[:rapid.SampledFrom([]int{1, 1, 2, 2, 3}).Draw(t, "groups")]
	r := anyRequest(t, n)
	if r.Kind == deploy.KindDeploy && rapid.IntRange(0, 9).Draw(t, "behind no load balancer") == 9 {
		groups = nil
	}
	f := anyFleet(t, n, groups)
	if r.Kind == deploy.KindDrain || r.Kind == deploy.KindRestore {
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
	if c, refused := deploy.RefusalOf(err); refused && c.Code == deploy.MinimumTooHigh {
		t.Skip("a minimum that cannot be kept")
	} else if err != nil {
		t.Fatalf("plan: %v", err)
	}
	m := &machine{
		t: t, now: noon, plan: p, n: n, ask1: r, commands: map[string]bool{}, chores: map[deploy.Verb]bool{}, idle: map[int]bool{},
		draining: map[int]map[deploy.Pair]bool{}, sign: map[int]time.Time{},
	}
	if bigger, err := deploy.MakePlan(r, grownBy(f, n, groups)); err == nil {
		m.bigger = bigger
	}
	m.forget()
	by := dev
	if r.Kind.Rolls() && rapid.IntRange(0, 3).Draw(t, "asked for by a bot") == 3 {
		by = ci
	}
	if err := deploy.MayRequest(by, r); err != nil {
		t.Fatalf("%s may not ask: %v", by.ID, err)
	}
	m.fold(deploy.Event{Op: "op-1", Type: deploy.EventRequested, By: by.ID, Plan: &p})
	m.agree()
	return m
}

// sizes are those of the fleets: small ones mostly, since faults lie in how a few meet; some of up to 40.
var sizes = []int{2, 2, 3, 3, 3, 4, 4, 2, 3, 4, 3, 2, 3, 4, 2, 3, 3, 4, 2, 8, 3, 2, 4, 3, 2, 3, 4, 3, 2, 3, 4, 40}

// anyRequest is any request with any rules.
func anyRequest(t *rapid.T, n int) deploy.Request {
	often := func(of int, what string) bool { return rapid.IntRange(1, of).Draw(t, what) == of }
	r := request(rapid.SampledFrom([]deploy.Kind{
		deploy.KindDeploy, deploy.KindDeploy, deploy.KindDeploy, deploy.KindDeploy, deploy.KindRollback, deploy.KindDrain, deploy.KindRestore,
	}).Draw(t, "kind"), "")
	k := &r.Rules
	k.MayDeploy = append(k.MayDeploy, ci.ID)
	anyApproval(t, &k.Approval)
	k.MaxUnavailable = deploy.Count{N: rapid.IntRange(1, max(2, n/3)).Draw(t, "window")}
	k.MinHealthy = deploy.Count{N: rapid.IntRange(0, n-1).Draw(t, "minimum")}
	if often(6, "percent") {
		k.MaxUnavailable, k.MinHealthy = deploy.Count{N: 40, Percent: true}, deploy.Count{N: 30, Percent: true}
	}
	if often(2, "no verification") {
		r.Run.Verify = ""
	}
	k.OnFailure = rapid.SampledFrom([]deploy.Policy{"", deploy.PolicyAsk, deploy.PolicyStop, deploy.PolicyRollback}).Draw(t, "on failure")
	if often(3, "canary") {
		k.Canary = deploy.Canary{Instances: rapid.IntRange(1, 2).Draw(t, "canaries"), Bake: rapid.SampledFrom([]time.Duration{0, time.Minute, 5 * time.Minute}).Draw(t, "bake"), Confirm: often(2, "confirm")}
	}
	if often(4, "between") {
		k.PauseBetween = 30 * time.Second
	}
	if often(3, "tolerate") {
		k.Tolerate = 1
	}
	if often(3, "attention") {
		k.Attention = deploy.Attention{After: []time.Duration{time.Minute, 5 * time.Minute}, Then: rapid.SampledFrom([]deploy.Policy{"", deploy.PolicyStop, deploy.PolicyRollback}).Draw(t, "then")}
	}
	if often(4, "alarms") {
		k.Alarms = []string{"web-5xx"}
	}
	if often(5, "within") {
		k.Within = 10 * time.Minute
	}
	if often(3, "idle") {
		k.Drain = deploy.Drain{Idle: true, Settle: 10 * time.Second}
	}
	k.Dynamic = often(3, "dynamic")
	if often(3, "chores") {
		r.Run.Before, r.Run.First, r.Run.After = "./assets", "./migrate", "./notify"
	}
	if often(2, "rollback command") {
		r.Run.Rollback = "./rollback.sh"
	}
	return r
}

// anyFleet is a fleet in one or two zones.
func anyFleet(t *rapid.T, n int, groups []string) deploy.Fleet {
	f := fleet(n, groups...)
	zones := rapid.IntRange(1, 2).Draw(t, "zones")
	for k := 1; k <= n; k++ {
		i := f.Instances[instance(k)]
		i.Zone = string(rune('a' + k%zones))
		f.Instances[i.ID] = i
		if len(groups) == 0 {
			f.Tagged = append(f.Tagged, i.ID)
		}
	}
	return f
}

// grownBy is the fleet with one instance more.
func grownBy(f deploy.Fleet, n int, groups []string) deploy.Fleet {
	more := fleet(n+1, groups...)
	for id, i := range f.Instances {
		more.Instances[id] = i
	}
	return more
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
	before, written := m.op, written(m.op)
	var err error
	if m.op, err = deploy.Apply(m.op, e); err != nil {
		m.fail("Apply refuses what was decided: %v", err)
	}
	m.untouched(before, written)
	if m.back, err = deploy.Apply(m.back, through(m.t, e)); err != nil {
		m.fail("Apply refuses what the journal gives back: %v", err)
	}
	if m.op.Seq%53 != 0 && (!m.op.State.Finished() || m.op.Seq%4 != 0) {
		// comparing is nearly all of the work
	} else if d := differs(m.op, m.back); d != "" {
		m.fail("the journal gives back another operation:\n%s", d)
	}
	m.judge(before, e)
	m.judgeVotes(e)
	for i := range before.Lanes {
		if before.Lanes[i].Moved(m.op.Lanes[i]) {
			maps.DeleteFunc(m.seen.Effects, func(k deploy.EffectKey, _ deploy.EffectSeen) bool { return k.Lane == i })
		}
	}
}

// untouched: Apply answers a new operation, and the one that it was given, which others still look at, is as it was.
func (m *machine) untouched(before deploy.Operation, was string) {
	if is := written(before); is != was {
		m.fail("Apply changed the operation that it was given:\n%s", differs(strings.Split(was, "\n"), strings.Split(is, "\n")))
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
		"effect", "read all", "as it should", "as it should", "as it should", "as it should", "appears",
	}).Draw(m.t, "what") {
	case "as it should":
		m.asItShould()
	case "read":
		if len(m.plan.Preview.Groups) == 0 {
			return
		}
		m.read(m.plan.Preview.Groups[rapid.IntRange(0, len(m.plan.Preview.Groups)-1).Draw(m.t, "group")])
	case "read all":
		for _, g := range m.plan.Preview.Groups {
			m.read(g)
		}
		for k := 1; k <= m.n; k++ {
			m.seen.Hosts[instance(k)] = deploy.Host{Begun: m.now, State: "running"}
		}
		m.alarms(rapid.SampledFrom([]string{"OK", "OK", "ALARM"}).Draw(m.t, "alarm"))
	case "appears":
		if m.n == len(m.plan.Preview.Instances) && len(m.bigger.Lanes) > 0 {
			m.n++
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
			key := deploy.Look{Group: l.Group, Instance: l.Instance, Alarms: l.Alarms}
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
	for n := 1; n <= m.n; n++ {
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
	case step.Verb == deploy.VerbIdle && m.now.Sub(l.Left) < 20*time.Second:
		return deploy.Draining
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
		m.check(false)
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

func (m *machine) alarms(state string) {
	m.seen.Alarms = deploy.Alarms{Begun: m.now, States: map[string]string{"web-5xx": state}}
}

func (m *machine) check(kind bool) {
	delete(m.seen.Effects, deploy.EffectKey{Kind: deploy.DoCheck})
	p := m.plan
	if m.op.State.Rolling() && m.n > len(m.plan.Preview.Instances) {
		p = m.bigger
	}
	m.seen.Check = &deploy.Check{At: m.now, Plan: &p, People: m.stand(kind)}
}

// person does any of what is offered, or something that is not, which must be refused.
func (m *machine) person() {
	offers := deploy.Offers(m.op)
	if len(offers) == 0 {
		return
	}
	o := rapid.SampledFrom(offers).Draw(m.t, "offer")
	if slices.Contains([]deploy.ActVerb{deploy.ActDeny, deploy.ActWithdraw, deploy.ActAbort, deploy.ActRollback}, o.Verb) && m.op.Course == deploy.CourseOn &&
		rapid.IntRange(0, 5).Draw(m.t, "mean it") > 0 {
		if o = offers[0]; o.Verb == deploy.ActWithdraw || o.Verb == deploy.ActAbort {
			return
		}
	}
	m.act(o)
}

func (m *machine) act(o deploy.Offer) {
	who, p := lead, m.plan
	switch {
	case o.Verb == deploy.ActApprove:
		m.vote(rapid.SampledFrom(everybody).Draw(m.t, "who votes"))
		return
	case o.Verb == deploy.ActWithdraw && m.op.RequestedBy == ci.ID:
		return // it may not act
	case o.Verb == deploy.ActWithdraw:
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
