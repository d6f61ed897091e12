package deploy_test

import (
	"fmt"
	"slices"
	"time"

	"junban/deploy"
)

// judge holds one event, that was just folded, against the invariants.
func (m *machine) judge(before deploy.Operation, e deploy.Event) {
	switch e.Type {
	case deploy.EventBegun:
		step, _ := before.Lanes[e.Lane].Step()
		switch step.Verb {
		case deploy.VerbLeave:
			m.draining[e.Lane], m.idle[e.Lane] = map[deploy.Pair]bool{}, false
			m.mayLeave(e.Lane, "a leave is begun")
			m.inTurn(before, e.Lane)
		case deploy.VerbBefore, deploy.VerbFirst, deploy.VerbAfter:
			if m.chores[step.Verb] {
				m.fail("I2: %s begins a second time", step.Verb)
			}
			m.chores[step.Verb] = true
			m.choreInTurn(before, step.Verb)
		case deploy.VerbCommand, deploy.VerbRevert:
			m.mayRun(e.Lane, "a command is begun")
			if len(m.plan.Preview.Groups) == 0 && !before.Lanes[e.Lane].Touched {
				m.mayLeave(e.Lane, "a command is begun")
				m.inTurn(before, e.Lane)
			}
			if (step.Verb == deploy.VerbRevert) != m.op.Lanes[e.Lane].Reverting || step.Verb == deploy.VerbRevert && m.op.Turned == nil {
				m.fail("%s begins, and it goes not that way", step.Verb)
			}
			key := fmt.Sprint(e.Lane, "/", e.Attempt)
			if m.commands[key] {
				m.fail("I2: a second command begins in attempt %s", key)
			}
			m.commands[key] = true
		}
	case deploy.EventAccepted:
		m.sign[e.Lane] = m.now
	case deploy.EventSeen:
		if step, _ := before.Lanes[e.Lane].Step(); step.Verb == deploy.VerbLeave {
			for _, p := range e.Pairs {
				m.draining[e.Lane][p] = true
			}
		}
	case deploy.EventEnded:
		if step, _ := before.Lanes[e.Lane].Step(); e.OK && step.Verb == deploy.VerbLeave {
			m.hasLeft(before, e.Lane)
		} else if e.OK && step.Verb == deploy.VerbIdle {
			m.isIdle(before, e.Lane)
		} else if e.OK && step.Verb == deploy.VerbJoin {
			m.isBack(before, e.Lane)
		}
		if !m.op.Lanes[e.Lane].Reverting && before.Lanes[e.Lane].Attempt != m.op.Lanes[e.Lane].Attempt {
			m.fail("I2: a new attempt without a person")
		}
	case deploy.EventFinished:
		for _, l := range before.Lanes {
			if before.State.Rolling() && l.Phase != deploy.PhaseDone && (!l.Chore() || l.Phase != deploy.PhaseDue || e.State == deploy.StateSucceeded) {
				m.fail("it finishes while %s is in phase %s", l.Name, l.Phase)
			}
		}
	}
}

// mayLeave is I1 for one lane, at this moment.
func (m *machine) mayLeave(lane int, what string) {
	out := 0
	for i, l := range m.op.Lanes {
		if i == lane || l.Out() {
			out++
		}
	}
	if window := m.op.Plan.Preview.Window; out > window {
		m.fail("I1: %s, and %d are out of at most %d", what, out, window)
	}
	for _, g := range m.plan.Preview.Groups {
		r, ok := m.seen.Groups[g.ARN]
		if !ok || m.now.Sub(r.Begun) > 2*time.Second {
			m.fail("I1: %s without a reading of %s that is 2 s old at most", what, g.Name)
		}
		left, itself := 0, false
		for _, t := range r.Targets {
			i, ours := m.op.Lane(t.Target)
			switch {
			case t.State != deploy.Healthy:
			case ours && i == lane:
				itself = true
			case ours && (m.op.Lanes[i].Out() || m.op.Lanes[i].LeftOut):
			default:
				left++
			}
		}
		if least := m.op.Plan.Preview.Minimum[g.ARN]; itself && left < least {
			m.fail("I1: %s, and %d healthy are left in %s of at least %d", what, left, g.Name, least)
		}
	}
}

// mayRun is I3 at this moment: no pair is listed, by fresh readings.
func (m *machine) mayRun(lane int, what string) {
	for _, p := range m.op.Lanes[lane].Steps[0].Pairs {
		r, ok := m.seen.Groups[p.Group]
		if !ok || m.now.Sub(r.Begun) > 2*time.Second {
			m.fail("I3: %s without a fresh reading of %s", what, p.Group)
		}
		if state := r.Of(p).State; !state.Out() || state == deploy.Draining && what == "a command is begun" && !m.idle[lane] {
			m.fail("I3: %s while %s is %s", what, p, state)
		}
	}
}

// hasLeft is I3 at the end of a leave: draining seen since the intent, or absence twice, long after a deregister that
// this process saw acknowledged.
func (m *machine) hasLeft(before deploy.Operation, lane int) {
	step, _ := before.Lanes[lane].Step()
	for _, p := range step.Pairs {
		r, prior := m.seen.Groups[p.Group], m.seen.Prior[p.Group]
		asks := before.Lanes[lane].At+1 < len(before.Lanes[lane].Steps) && before.Lanes[lane].Steps[before.Lanes[lane].At+1].Verb == deploy.VerbIdle
		if r.Of(p).State != deploy.Absent && (!asks || r.Of(p).State != deploy.Draining || !m.draining[lane][p]) {
			m.fail("I3: drained while %s is %s", p, r.Of(p).State)
		}
		if m.draining[lane][p] {
			continue
		}
		at, known := m.sign[lane]
		if !known || !r.Begun.After(at.Add(20*time.Second)) || !prior.Begun.After(at) || prior.Of(p).State != deploy.Absent {
			m.fail("I3: drained, and %s was neither seen draining nor twice absent late enough", p)
		}
	}
}

func (m *machine) isBack(before deploy.Operation, lane int) {
	step, _ := before.Lanes[lane].Step()
	for _, p := range step.Pairs {
		if r := m.seen.Groups[p.Group]; r.Of(p).State != deploy.Healthy || !r.Begun.After(before.Lanes[lane].Accepted) {
			m.fail("back in service while %s is %s", p, r.Of(p).State)
		}
	}
}

// judgeOrder holds one effect that is about to begin against the invariants.
func (m *machine) judgeOrder(e deploy.Effect) {
	if e.Kind != deploy.DoCheck && (!m.op.State.Rolling() || !m.enough(m.votes)) {
		m.fail("I6: %s in state %s", e.Kind, m.op.State)
	}
	switch e.Kind {
	case deploy.DoDeregister:
		for _, p := range e.Pairs {
			if r, ok := m.seen.Groups[p.Group]; ok && !r.Of(p).State.Out() {
				m.mayLeave(e.Lane, "a deregister is ordered")
				if e.NotAfter.IsZero() || e.NotAfter.After(r.Begun.Add(2*time.Second)) {
					m.fail("I1: the call may be made when its reading is too old")
				}
			}
		}
	case deploy.DoSend:
		step, _ := m.op.Lanes[e.Lane].Step()
		m.approved(step.Verb, e)
		if i, ok := m.op.Lane(e.Job.Instance); ok && step.Verb == deploy.VerbFirst {
			m.mayRun(i, "first is sent")
		}
		if step.Verb == deploy.VerbCommand || step.Verb == deploy.VerbRevert {
			m.mayRun(e.Lane, "a command is sent")
			if !m.commands[fmt.Sprint(e.Lane, "/", e.Attempt)] {
				m.fail("I2: sent before it was begun")
			}
		}
		if m.op.Lanes[e.Lane].Phase == deploy.PhaseAccepted {
			m.fail("I2: sent again although its id is known")
		}
	}
}

// asItShould is one moment in which AWS, the hosts and the calls do what they should.
func (m *machine) asItShould() {
	clear(m.seen.Faults)
	for k := 1; k <= m.n; k++ {
		m.seen.Hosts[instance(k)] = deploy.Host{Begun: m.now, State: "running"}
	}
	m.alarms("OK")
	for _, g := range m.plan.Preview.Groups {
		r := deploy.Reading{Begun: m.now}
		for n := 1; n <= m.n; n++ {
			p := deploy.Pair{Group: g.ARN, Target: instance(n), Port: 8080}
			if state := m.expected(p, deploy.Healthy); state != deploy.Absent {
				r.Targets = append(r.Targets, deploy.Target{Pair: p, State: state})
			}
		}
		m.show(g.ARN, r)
	}
	for k, s := range m.seen.Effects {
		if s.Running && k.Kind == deploy.DoCheck {
			m.check(true)
		} else if s.Running {
			m.succeed(k, s, deploy.Report{State: deploy.ReportExited}, true)
		}
	}
}

// kindly is a world without trouble, from any state on: the operation must end.
func (m *machine) kindly() {
	begun := m.now
	for rounds := 0; !m.op.State.Finished(); rounds++ {
		if rounds > 3000+300*m.n {
			m.fail("after %s in a kind world it is still %s", m.now.Sub(begun), m.op.State)
		}
		m.now = m.now.Add(time.Second)
		m.asItShould()
		m.decideKindly(m.now.Sub(begun))
		m.ask()
	}
}

// decideKindly is what people do: approve, try again, and after a while give up.
func (m *machine) decideKindly(since time.Duration) {
	for _, o := range deploy.Offers(m.op) {
		switch {
		case m.op.State == deploy.StateRequested && o.Verb == deploy.ActApprove,
			o.Verb == deploy.ActResume, o.Verb == deploy.ActContinue, o.Verb == deploy.ActGoOn,
			since < 10*time.Minute && o.Verb == deploy.ActRetry,
			since >= 10*time.Minute && o.Verb == deploy.ActLeaveOut,
			since >= 20*time.Minute && o.Verb == deploy.ActAbort:
			m.act(o)
			return
		}
	}
}

// inTurn holds a leave of an instance that is in service against pause, questions, canary and zones.
func (m *machine) inTurn(before deploy.Operation, lane int) {
	l := before.Lanes[lane]
	if l.Touched {
		return
	}
	if before.State == deploy.StatePaused || before.Asked.Code != "" {
		m.fail("%s leaves in state %s, asked %s", l.Name, before.State, before.Asked)
	}
	zone := m.op.Plan.Preview.Instances[l.Name].Zone
	out, canary := 0, false
	var baked time.Time
	for n, i := range before.Plan.Preview.Order {
		c := before.Lanes[i]
		if c.Chore() {
			if c.Steps[0].Verb == deploy.VerbBefore && c.Phase != deploy.PhaseDone && before.Turned == nil {
				m.fail("%s leaves before %s is done", l.Name, c.Name)
			}
			continue
		}
		if c.Touched && c.Phase != deploy.PhaseDone && !c.Waits() && before.Course == deploy.CourseOn && m.op.Plan.Preview.Instances[c.Name].Zone != zone {
			m.fail("%s of zone %s leaves while %s of another is out", l.Name, zone, c.Name)
		}
		if c.Out() {
			out++
		}
		if first := m.canaryAt(n); first && i == lane {
			canary = true
		} else if first {
			if c.EndAt.After(baked) {
				baked = c.EndAt
			}
			if c.Phase != deploy.PhaseDone {
				baked = m.now.Add(time.Hour)
			}
		}
	}
	if before.Turned != nil || before.Plan.Preview.Canaries == 0 {
		return
	}
	if canary && out > 0 {
		m.fail("a canary leaves while %d are out", out)
	}
	sick := slices.ContainsFunc(before.Answers, func(a deploy.Answer) bool { return a.Cause.Code == deploy.CanarySick })
	said := slices.ContainsFunc(before.Answers, func(a deploy.Answer) bool { return a.Cause.Code == deploy.CanaryBaked })
	rule := before.Plan.Rules.Canary
	if !canary && (!sick && m.now.Before(baked.Add(rule.Bake)) || rule.Confirm && !said) {
		m.fail("%s leaves before the canary is baked and confirmed", l.Name)
	}
}

// canaryAt reports whether the n-th in the order is a canary.
func (m *machine) canaryAt(n int) bool {
	k := 0
	for _, i := range m.op.Plan.Preview.Order[:n] {
		if !m.op.Lanes[i].Chore() {
			k++
		}
	}
	return k < m.op.Plan.Preview.Canaries
}

// choreInTurn: before and first come before any command, after when every instance is done.
func (m *machine) choreInTurn(before deploy.Operation, v deploy.Verb) {
	for _, l := range before.Lanes {
		switch {
		case l.Chore():
		case v == deploy.VerbAfter && l.Outcome != deploy.OutcomeDone:
			m.fail("after begins while %s is not done", l.Name)
		case v != deploy.VerbAfter && l.Ran:
			m.fail("%s begins after a command on %s", v, l.Name)
		}
	}
}

// isIdle: the host has said so, or nothing is listed any more.
func (m *machine) isIdle(before deploy.Operation, lane int) {
	step, _ := before.Lanes[lane].Step()
	listed := false
	for _, p := range step.Pairs {
		listed = listed || m.seen.Groups[p.Group].Of(p).State != deploy.Absent
	}
	for k, s := range m.seen.Effects {
		if k.Lane == lane && k.Kind == deploy.DoWait && s.Done && s.Report != nil && s.Report.State == deploy.ReportExited && s.Report.Exit == 0 {
			m.idle[lane] = true
		}
	}
	if listed && !m.idle[lane] {
		m.fail("I3: %s counts as idle, and nobody said so", before.Lanes[lane].Name)
	}
	m.idle[lane] = true // or gone, which is more
}

// approved is I9: what is sent is what was asked for and approved, byte for byte.
func (m *machine) approved(v deploy.Verb, e deploy.Effect) {
	run, ref, revision := m.ask1.Run, m.ask1.Ref, m.ask1.Revision
	back := run.Rollback
	if back == "" {
		back = run.Command
	}
	script := map[deploy.Verb]string{
		deploy.VerbCommand: run.Command, deploy.VerbVerify: run.Verify, deploy.VerbRevert: back,
		deploy.VerbBefore: run.Before, deploy.VerbFirst: run.First, deploy.VerbAfter: run.After, deploy.VerbIdle: run.Idle,
	}[v]
	if m.ask1.Kind == deploy.KindRollback && v == deploy.VerbCommand {
		script = back
	}
	if m.op.Lanes[e.Lane].Reverting {
		ref, revision = m.ask1.Previous, ""
	}
	user, directory, shell := run.User, run.Directory, run.Shell
	switch {
	case v == deploy.VerbIdle && script == "": // the built-in probe runs with the runner's own rights
		user, directory, shell = "", "", ""
	case e.Job.Instance == "":
		user, directory = "", ""
	}
	j := *e.Job
	if j.Script != script || j.User != user || j.Directory != directory || j.Shell != shell {
		m.fail("I9: %s is %+v", v, j)
	}
	for _, want := range []string{"A=1", "B=2", "REF=" + ref, "REVISION=" + revision, "OPERATION_ID=op-1", "INSTANCE_ID=" + j.Instance} {
		if !slices.Contains(j.Env, want) {
			m.fail("I9: %s without %s: %v", v, want, j.Env)
		}
	}
	if limit := run.Timeout; (v == deploy.VerbCommand || v == deploy.VerbRevert) && j.Timeout != limit {
		m.fail("I9: %s for %s", v, j.Timeout)
	}
}
