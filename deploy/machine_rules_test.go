package deploy_test

import (
	"fmt"
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
			m.draining[e.Lane] = map[deploy.Pair]bool{}
			m.mayLeave(e.Lane, "a leave is begun")
		case deploy.VerbCommand:
			m.mayRun(e.Lane, "a command is begun")
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
		} else if e.OK && step.Verb == deploy.VerbJoin {
			m.isBack(before, e.Lane)
		}
		if !m.op.Lanes[e.Lane].Reverting && before.Lanes[e.Lane].Attempt != m.op.Lanes[e.Lane].Attempt {
			m.fail("I2: a new attempt without a person")
		}
	case deploy.EventFinished:
		for _, l := range before.Lanes {
			if before.State.Rolling() && l.Phase != deploy.PhaseDone {
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
		if state := r.Of(p).State; !state.Out() || state == deploy.Draining && what == "a command is begun" {
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
		if r.Of(p).State != deploy.Absent {
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
	if e.Kind != deploy.DoCheck && !m.op.State.Rolling() {
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
		if step, _ := m.op.Lanes[e.Lane].Step(); step.Verb == deploy.VerbCommand {
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
	for id := range m.plan.Preview.Instances {
		m.seen.Hosts[id] = deploy.Host{Begun: m.now, State: "running"}
	}
	for _, g := range m.plan.Preview.Groups {
		r := deploy.Reading{Begun: m.now}
		for n := 1; n <= len(m.plan.Preview.Instances); n++ {
			p := deploy.Pair{Group: g.ARN, Target: instance(n), Port: 8080}
			if state := m.expected(p, deploy.Healthy); state != deploy.Absent {
				r.Targets = append(r.Targets, deploy.Target{Pair: p, State: state})
			}
		}
		m.show(g.ARN, r)
	}
	for k, s := range m.seen.Effects {
		if s.Running && k.Kind == deploy.DoCheck {
			m.check()
		} else if s.Running {
			m.succeed(k, s, deploy.Report{State: deploy.ReportExited}, true)
		}
	}
}

// kindly is a world without trouble, from any state on: the operation must end.
func (m *machine) kindly() {
	begun := m.now
	for rounds := 0; !m.op.State.Finished(); rounds++ {
		if rounds > 3000 {
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
			since < 10*time.Minute && o.Verb == deploy.ActRetry,
			since >= 10*time.Minute && o.Verb == deploy.ActLeaveOut,
			since >= 20*time.Minute && o.Verb == deploy.ActAbort:
			m.act(o)
			return
		}
	}
}
