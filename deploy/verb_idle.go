package deploy

import (
	"fmt"
	"time"
)

// idle ends the wait for a drain as soon as the host says that no connection of a target's port has anything to do; at
// the latest when the deregistration delay is over. Asking changes nothing on the host, so a lost answer is asked anew.
func (m *mover) idle(i int) {
	l := m.op.Lanes[i]
	if l.Phase == PhaseDue {
		m.begin(i, m.delay(i)+grace, nil)
		return
	}
	draining, ok := m.draining(i)
	if !ok || m.emitted() {
		return
	}
	if draining == 0 {
		m.ended(i, "")
		return
	}
	if l.NotIdle {
		m.lateDrain(i)
		return
	}
	if from := m.settledAt(i); m.now.Before(from) {
		m.d.wake(from)
		return
	}
	m.probe(i)
}

// draining counts the lane's pairs that are listed still. One that is in service, in two readings, fails the lane.
func (m *mover) draining(i int) (int, bool) {
	l := m.op.Lanes[i]
	left := 0
	for _, p := range m.pairs(i) {
		r, ok := m.reading(i, p.Group, l.Begun.Add(tick))
		if !ok {
			return 0, false
		}
		state := r.Of(p).State
		if state == Absent {
			continue // the leave before has seen to it that this is no old reading
		}
		left++
		if !state.Out() && m.twice(p, l.Begun, l.Begun.Add(settle), func(h Health) bool { return !h.Out() }) {
			m.fail(i, Because(PutBackByOther, "pair", p, "state", state))
			return 0, false
		}
		m.lookDrain(i, p, r, l.Left)
	}
	return left, true
}

// settledAt is when the host may be asked: requests were seen to arrive for 17 s after draining showed
// (aws-load-balancer-controller#2366). It counts anew after a restart.
func (m *mover) settledAt(i int) time.Time {
	from := m.op.Lanes[i].Begun
	if m.op.ResumedAt.After(from) {
		from = m.op.ResumedAt
	}
	return from.Add(m.op.Plan.Rules.Drain.Settle)
}

// probe asks the host, and waits for its answer.
func (m *mover) probe(i int) {
	l := m.op.Lanes[i]
	job := m.idleJob(i)
	send, wait := m.seen.Effects[m.key(i, DoSend)], m.seen.Effects[m.key(i, DoWait)]
	switch {
	case wait.Done && wait.Report != nil && wait.Report.State == ReportExited && wait.Report.Exit == 0:
		if _, _, ok := m.fresh(i); ok && !m.emitted() {
			m.ended(i, "")
		}
	case wait.Done && wait.Report != nil:
		m.note(i, Because(IdleNot, "why", firstLine(wait.Report.Output, string(wait.Report.State))))
	case send.Fault != nil && !send.Running:
		m.note(i, Because(IdleNot, "why", send.Fault.Error()))
	case wait.Fault != nil && !wait.Running:
		m.note(i, Because(IdleNot, "why", wait.Fault.Error()))
	case send.Done:
		m.do(Effect{EffectKey: m.key(i, DoWait), Job: job, Made: send.Made})
	default:
		m.do(Effect{EffectKey: m.key(i, DoSend), Job: job})
	}
	m.d.wake(l.Deadline)
}

// lateDrain fails a drain that takes longer than AWS's own delay.
func (m *mover) lateDrain(i int) {
	if l := m.op.Lanes[i]; m.past(i, l.Deadline) {
		m.fail(i, Because(DrainTimeout, "after", m.now.Sub(l.Left).Round(time.Second)))
	}
}

// idled reports whether the lane's latest wait for an idle host ended well: then it may drain on while it is deployed to.
func (m *mover) idled(i int) bool {
	l := m.op.Lanes[i]
	for j := l.At - 1; j >= 0; j-- {
		if v := l.Steps[j].Verb; v == VerbIdle {
			return true
		} else if v == VerbLeave || v == VerbJoin {
			return false
		}
	}
	return false
}

// idleJob is the probe as an order to the host. Each life of the bot asks under a token of its own.
func (m *mover) idleJob(i int) *Job {
	j := m.job(i)
	j.Token += fmt.Sprintf("-%d", max(0, m.op.ResumedAt.Unix()))
	j.Read, j.Timeout = true, max(time.Second, m.op.Lanes[i].Deadline.Sub(m.now).Round(time.Second))
	if j.Script != "" {
		return j
	}
	j.User, j.Directory, j.Shell = "", "", "" // the built-in probe sees more with the rights that the runner has
	seen := map[int]bool{}
	for _, p := range m.pairs(i) {
		if !seen[p.Port] {
			seen[p.Port] = true
			j.Ports = append(j.Ports, p.Port)
		}
	}
	return j
}

func firstLine(s, otherwise string) string {
	for n, r := range s {
		if r == '\n' {
			return s[:n]
		}
	}
	if s == "" {
		return otherwise
	}
	return s
}
