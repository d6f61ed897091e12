package deploy

import (
	"fmt"
	"time"
)

// command runs the deploy command on an instance that has left service, at most once per attempt (I2, I3).
func (m *mover) command(i int) {
	l := m.op.Lanes[i]
	if l.Phase != PhaseDue {
		m.run(i)
		return
	}
	if m.busy(i) || !m.admitted(i) || !m.away(i) || !m.running(i) {
		return
	}
	step, _ := l.Step()
	if step.Verb == VerbCommand && !m.op.chored(VerbFirst) && !m.op.TurnedBack() {
		return // once, on the first instance that is drained
	}
	m.begin(i, step.Limit+grace, m.values(i))
}

// admitted asks the gates for an instance behind no load balancer: for it the command is what takes it.
func (m *mover) admitted(i int) bool {
	l := m.op.Lanes[i]
	if l.leaves() || l.Touched {
		return true
	}
	if m.blocked || m.halted() {
		return false
	}
	if _, _, ok := m.admit(i); !ok {
		m.blocked = true
		return false
	}
	return true
}

// verify runs the verification, which may run on an instance in any state.
func (m *mover) verify(i int) {
	l := m.op.Lanes[i]
	if l.Phase != PhaseDue {
		m.run(i)
		return
	}
	if m.busy(i) {
		return
	}
	step, _ := l.Step()
	m.begin(i, step.Limit+grace, l.Values)
}

// away reports whether no pair of the lane is listed by its group, by fresh readings. One that is in service, in two
// readings, fails the lane: another hand put it back, and no command may run there.
func (m *mover) away(i int) bool {
	l := m.op.Lanes[i]
	readings, _, ok := m.fresh(i)
	if !ok || m.emitted() {
		return false
	}
	for _, p := range m.pairs(i) {
		state := readings[p.Group].Of(p).State
		if state == Absent || state == Draining && m.idled(i) {
			continue
		}
		if m.twice(p, l.Begun, l.Begun.Add(m.delay(i)+settle), func(h Health) bool { return !h.Out() }) {
			m.fail(i, Because(PutBackByOther, "pair", p, "state", state))
			return false
		}
		m.want(i, Look{Group: p.Group}, readings[p.Group].Begun.Add(time.Second))
		return false
	}
	return true
}

// run carries a command or a verification from its intent to its outcome.
func (m *mover) run(i int) {
	l := m.op.Lanes[i]
	cancelling := m.op.cancelling()
	if cancelling && m.cancel(i) {
		return
	}
	if l.Phase == PhaseAccepted {
		m.wait(i)
		return
	}
	send := m.seen.Effects[m.key(i, DoSend)]
	find := m.seen.Effects[m.key(i, DoFind)]
	switch {
	case send.Done:
		m.emit(Event{Type: EventAccepted, Lane: i, Made: send.Made})
	case find.Done && find.Found:
		m.emit(Event{Type: EventAccepted, Lane: i, Made: find.Made})
	case cancelling: // nothing new is sent; what may be on its way is cancelled by its token
	case send.Running, l.Fresh && !send.Unsure:
		m.send(i)
	case find.Done && !find.Running && find.Last.After(m.visibleFrom(i, send)):
		m.send(i)
	default:
		m.find(i, find)
	}
}

// visibleFrom is when a command that was sent must show in ListCommands, if it was sent at all.
func (m *mover) visibleFrom(i int, send EffectSeen) time.Time {
	from := m.op.Lanes[i].Begun
	for _, t := range []time.Time{m.op.ResumedAt, send.Last} {
		if t.After(from) {
			from = t
		}
	}
	return from.Add(visible)
}

// send starts the job. A command's precondition is checked before every try; a chore that nobody wants any more is
// cancelled instead.
func (m *mover) send(i int) {
	step, _ := m.op.Lanes[i].Step()
	e := Effect{EffectKey: m.key(i, DoSend), Job: m.job(i)}
	s := m.seen.Effects[e.EffectKey]
	if s.Running {
		m.do(e)
		return
	}
	on, wanted := m.wanted(i)
	if !wanted {
		m.cancel(i)
		return
	}
	if step.Verb.deploys() || step.Verb == VerbFirst {
		readings, until, ok := m.fresh(on)
		if !ok || m.emitted() {
			return
		}
		if m.serving(on, readings) && on != i {
			m.want(on, Look{Group: m.pairs(on)[0].Group}, m.now.Add(time.Second)) // its own step finds out who put it back
			return
		}
		if m.serving(i, readings) {
			m.emit(Event{Type: EventUnknown, Lane: i, Cause: Because(PutBackByOther, "pair", m.pairs(i)[0], "state", "in service")})
			return
		}
		e.NotAfter = until
	}
	switch {
	case s.Late && m.now.Before(s.Began.Add(lateStep)):
		m.d.wake(s.Began.Add(lateStep))
	case s.Fault == nil:
		m.do(e)
	case s.Unsure && (s.Fault.Class == Refused || s.Tries >= 3):
		m.emit(Event{Type: EventUnknown, Lane: i, Cause: Because(CommandUnknown, "why", s.Fault.Error())})
	case s.Fault.Class == Refused:
		m.fail(i, Because(CommandRefused, "why", s.Fault.Error()))
	case s.Last.Sub(s.First) >= troubleFor:
		m.fail(i, troubled("SendCommand", *s.Fault, s.Tries))
	default:
		m.again(s, e)
	}
}

// find looks for the job among the commands that were sent.
func (m *mover) find(i int, s EffectSeen) {
	e := Effect{EffectKey: m.key(i, DoFind), Job: m.job(i), Since: m.op.Lanes[i].Begun}
	switch {
	case s.Running, s.Tries == 0:
		m.do(e)
	case s.Fault != nil && s.Last.Sub(s.First) >= troubleFor:
		m.emit(Event{Type: EventUnknown, Lane: i, Cause: Because(CommandUnknown, "why", s.Fault.Error())})
	case s.Fault != nil:
		m.again(s, e)
	default: // not found yet
		if at := s.Last.Add(5 * time.Second); m.now.Before(at) {
			m.d.wake(at)
			return
		}
		m.do(e)
	}
}

// wait follows a job that runs until it ends.
func (m *mover) wait(i int) {
	l := m.op.Lanes[i]
	e := Effect{EffectKey: m.key(i, DoWait), Job: m.job(i), Made: l.Made}
	s := m.seen.Effects[e.EffectKey]
	switch {
	case s.Done && s.Report != nil:
		m.outcome(i, *s.Report)
	case s.Running && m.now.After(l.Deadline) && m.now.Sub(s.Began) > noticeWithin:
		m.emit(Event{Type: EventUnknown, Lane: i, Cause: Because(CommandUnknown, "why", "endless")})
	case s.Running, s.Tries == 0:
		m.do(e)
		lost := m.now.Add(noticeWithin)
		if s.Running {
			lost = s.Began.Add(noticeWithin)
		}
		if lost.Before(l.Deadline) {
			lost = l.Deadline
		}
		m.d.wake(lost.Add(tick))
	case s.Fault != nil && (s.Fault.Class == Refused || m.now.After(l.Deadline)):
		m.emit(Event{Type: EventUnknown, Lane: i, Cause: Because(CommandUnknown, "why", s.Fault.Error())})
	default:
		m.again(s, e)
	}
}

// cancel ends the job after a second abort, or before it was sent. It answers true once the outcome is known.
func (m *mover) cancel(i int) bool {
	l := m.op.Lanes[i]
	e := Effect{EffectKey: m.key(i, DoCancel), Job: m.job(i)}
	s := m.seen.Effects[e.EffectKey]
	switch {
	case s.Done && s.Report != nil:
		m.outcome(i, *s.Report)
		return true
	case s.Running, s.Tries == 0:
		m.do(e)
	case l.Phase == PhaseBegun && s.Fault != nil && m.now.After(l.Deadline):
		m.emit(Event{Type: EventUnknown, Lane: i, Cause: Because(CommandUnknown, "why", s.Fault.Error())})
		return true
	default:
		m.again(s, e)
	}
	return false
}

// outcome turns a host's report into the end of the step.
func (m *mover) outcome(i int, r Report) {
	step, _ := m.op.Lanes[i].Step()
	failed := CommandFailed
	if step.Verb == VerbVerify {
		failed = VerifyFailed
	}
	switch r.State {
	case ReportExited:
		if r.Exit == 0 {
			m.ended(i, r.Output)
			return
		}
		m.fail(i, Because(failed, "exit", r.Exit), r.Output)
	case ReportTimeout:
		if step.Verb == VerbVerify {
			m.fail(i, Because(VerifyFailed, "limit", step.Limit), r.Output)
			return
		}
		m.fail(i, Because(CommandTimeout, "limit", step.Limit), r.Output)
	case ReportRefused:
		m.fail(i, Because(CommandRefused, "why", r.Why), r.Output)
	case ReportCancelled:
		m.fail(i, Because(CommandCanceled), r.Output)
	default:
		m.emit(Event{Type: EventUnknown, Lane: i, Cause: Because(CommandUnknown, "why", r.Why), Output: r.Output})
	}
}

// findOut settles an unknown outcome: nothing is registered or run again until the guard on the host has cancelled
// the token, or a named person has looked. The guard's answer may also be that the command has ended after all.
func (m *mover) findOut(i int) {
	l := m.op.Lanes[i]
	if !m.alive(i) {
		return
	}
	e := Effect{EffectKey: m.key(i, DoCancel), Job: m.job(i)}
	s := m.seen.Effects[e.EffectKey]
	switch {
	case s.Done && s.Report != nil && s.Report.State == ReportExited:
		m.outcome(i, *s.Report)
	case s.Done && s.Report != nil:
		m.fail(i, l.Cause, s.Report.Output)
	case s.Running, s.Tries == 0:
		m.do(e)
	default:
		at := s.Last.Add(min(5*time.Minute, backoff(s.Tries)*time.Duration(max(1, s.Tries))))
		if m.now.Before(at) {
			m.d.wake(at)
			return
		}
		m.do(e)
	}
}

// alive is running for a lane that waits: a host that is gone runs nothing any more. It is asked once a minute.
func (m *mover) alive(i int) bool {
	id := m.op.host(i)
	if id == "" {
		return true // the bot's own
	}
	h, ok := m.seen.Hosts[id]
	if ok && h.State != "running" {
		m.fail(i, Because(InstanceGone, "instance", id, "state", h.State))
		return false
	}
	next := m.now
	if ok && h.Begun.Add(time.Minute).After(next) {
		next = h.Begun.Add(time.Minute)
	}
	if t, ok := m.seen.Faults[Look{Instance: id}]; ok {
		if again := t.Last.Add(backoff(t.Tries)); again.After(next) {
			next = again
		}
	}
	m.d.look(Look{Instance: id, At: next})
	return true
}

// values are what is read when the command begins: journalled, and not part of what was approved (I9).
func (m *mover) values(i int) map[string]string { return m.valuesOf(m.op.Lanes[i].Name) }

func (m *mover) valuesOf(id string) map[string]string {
	v := m.op.Plan.Preview
	previous := v.Previous
	if now := v.Current[id]; now != "" {
		previous = now
	}
	return map[string]string{"PREVIOUS_REF": previous, "INSTANCE_NAME": v.Instances[id].Name, "INSTANCE_IP": v.Instances[id].IP}
}

// host is the instance on which a lane's step runs; "" is the bot's own host.
func (o Operation) host(i int) string {
	l := o.Lanes[i]
	if l.Chore() {
		return l.Values["INSTANCE_ID"]
	}
	return l.Name
}

// job is the lane's present step as an order to a host: what was approved, byte for byte (I9).
func (m *mover) job(i int) *Job {
	l := m.op.Lanes[i]
	step, _ := l.Step()
	j := &Job{
		Token: fmt.Sprintf("%s/%s/%d/%s", m.op.ID, l.Name, l.Attempt, step.Verb), Via: m.op.Plan.Via,
		Instance: m.op.host(i), Script: m.op.Plan.script(step.Verb), Service: m.op.Plan.Service, Environment: m.op.Plan.Environment,
		User: step.Args["user"], Directory: step.Args["directory"], Shell: step.Args["shell"], Timeout: step.Limit,
		Env: environment(m.op, l, step),
	}
	j.Address = m.op.Plan.Preview.Instances[j.Instance].IP
	if j.Instance == "" {
		j.Via, j.User, j.Directory = "local", "", ""
	}
	if step.Verb == VerbVerify {
		j.For, _ = time.ParseDuration(step.Args["for"])
		j.Every, _ = time.ParseDuration(step.Args["every"])
	}
	return j
}
