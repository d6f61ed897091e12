package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"junban/deploy"
)

const (
	callLimit   = time.Minute     // one effect on AWS, all its groups
	cancelLimit = 3 * time.Minute // a cancel runs a script on the host and waits for it
)

// begin starts an effect that is not under way yet.
func (l *loop) begin(ctx context.Context, e deploy.Effect) {
	if e.Kind == deploy.DoCheck {
		l.check(ctx, e)
		return
	}
	s := l.seen.Effects[e.EffectKey]
	if s.Running {
		return
	}
	s.Running, s.Began = true, time.Now()
	l.seen.Effects[e.EffectKey] = s
	account := l.op.Plan.Account
	l.child(ctx, func(ctx context.Context) func() {
		got, err := l.do(ctx, account, e)
		return func() { l.done(ctx, e.EffectKey, got, err) }
	})
}

// done notes what became of an effect.
func (l *loop) done(ctx context.Context, k deploy.EffectKey, got deploy.EffectSeen, err error) {
	if l.stale[k] || ctx.Err() != nil {
		delete(l.stale, k)
		delete(l.seen.Effects, k)
		return
	}
	s := l.seen.Effects[k]
	s.Running = false
	s.Late = errors.Is(err, ErrLate)
	if s.Late {
		l.seen.Effects[k] = s
		return
	}
	s.Tries++
	now := time.Now()
	if s.Fault == nil || now.Sub(s.Last) > time.Minute { // a gap that is not the call's own is no patience used up
		s.First = now
	}
	s.Last = now
	s.Fault, s.Done = nil, err == nil
	s.Found, s.Made, s.Report = got.Found, got.Made, got.Report
	if err != nil {
		s.Fault = fault(err)
		s.Unsure = s.Unsure || s.Fault.Class == deploy.Unsure
		l.e.Log.Warn("an effect failed", "op", l.id, "effect", k.Kind, "lane", k.Lane, "try", s.Tries, "error", err)
	}
	l.seen.Effects[k] = s
}

func fault(err error) *deploy.Fault {
	if f, ok := errors.AsType[*deploy.Fault](err); ok {
		return f
	}
	return &deploy.Fault{Class: deploy.Unsure, Message: err.Error()}
}

// do makes the call that an effect orders.
func (l *loop) do(ctx context.Context, account string, e deploy.Effect) (got deploy.EffectSeen, err error) {
	limit := callLimit
	switch e.Kind {
	case deploy.DoWait:
		limit = 48 * time.Hour // the core's deadline ends it
	case deploy.DoCancel:
		limit = cancelLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cloud := l.e.Cloud(account)
	var run Runner
	if e.Job != nil {
		run = l.e.Runner(account, e.Job.Via)
	}
	switch e.Kind {
	case deploy.DoDeregister:
		err = byGroup(e.Pairs, func(group string, pairs []deploy.Pair) error {
			return cloud.Deregister(ctx, group, pairs, e.NotAfter)
		})
	case deploy.DoRegister:
		err = byGroup(e.Pairs, func(group string, pairs []deploy.Pair) error {
			return cloud.Register(ctx, group, pairs)
		})
	case deploy.DoSend:
		got.Made, err = run.Send(ctx, *e.Job, e.NotAfter)
	case deploy.DoFind:
		got.Made, err = run.Find(ctx, *e.Job, e.Since)
		got.Found = got.Made != ""
	case deploy.DoWait:
		got.Report, err = redacted(run.Wait(ctx, *e.Job, e.Made))
	case deploy.DoCancel:
		got.Report, err = redacted(run.Cancel(ctx, *e.Job))
	default:
		err = fmt.Errorf("the engine knows no effect %q", e.Kind)
	}
	return got, err
}

func redacted(r deploy.Report, err error) (*deploy.Report, error) {
	if err != nil {
		return nil, err
	}
	r.Output = deploy.Redact(r.Output)
	return &r, nil
}

// byGroup makes one call per target group, in the order of the pairs; each is made even if one before it failed.
func byGroup(pairs []deploy.Pair, call func(string, []deploy.Pair) error) error {
	var first error
	for len(pairs) > 0 {
		n := 1
		for n < len(pairs) && pairs[n].Group == pairs[0].Group {
			n++
		}
		if err := call(pairs[0].Group, pairs[:n]); err != nil && first == nil {
			first = err
		}
		pairs = pairs[n:]
	}
	return first
}

// look begins a reading that is not under way yet.
func (l *loop) look(ctx context.Context, look deploy.Look) {
	key := look
	key.At = time.Time{}
	if l.looks[key] {
		return
	}
	l.looks[key] = true
	cloud, plan := l.e.Cloud(l.op.Plan.Account), l.op.Plan
	l.child(ctx, func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, callLimit)
		defer cancel()
		note, err := see(ctx, cloud, look, plan)
		return func() {
			delete(l.looks, key)
			l.looked(key, note, err)
		}
	})
}

// see makes one look. It answers how to note what was seen.
func see(ctx context.Context, c Cloud, look deploy.Look, plan deploy.Plan) (func(*deploy.Seen), error) {
	switch {
	case look.Alarms:
		a, err := c.Alarms(ctx, plan.Rules.Alarms)
		return func(s *deploy.Seen) { s.Alarms = a }, err
	case look.Group == "":
		host, err := c.Host(ctx, look.Instance)
		return func(s *deploy.Seen) { s.Hosts[look.Instance] = host }, err
	}
	asked := time.Now()
	reading, err := c.Health(ctx, look.Group, look.At)
	reading = plan.Preview.Index(look.Group, reading)
	return func(s *deploy.Seen) {
		if last, ok := s.Groups[look.Group]; ok && last.Begun.Before(reading.Begun) {
			s.Prior[look.Group] = last
		}
		if !reading.Begun.Before(asked) { // else it was made for somebody else
			s.Looks[look.Group]++
		}
		s.Groups[look.Group] = reading
	}, err
}

func (l *loop) looked(key deploy.Look, note func(*deploy.Seen), err error) {
	if err != nil {
		t := l.seen.Faults[key]
		now := time.Now()
		if t.Tries == 0 {
			t.Since = now
		}
		t.Last, t.Tries, t.Fault = now, t.Tries+1, *fault(err)
		l.seen.Faults[key] = t
		l.e.Log.Warn("a look failed", "op", l.id, "group", key.Group, "instance", key.Instance, "try", t.Tries, "error", err)
		return
	}
	delete(l.seen.Faults, key)
	note(&l.seen)
	if key.Group != "" {
		readings := maps.Clone(l.seen.Groups)
		l.readings.Store(&readings)
	}
}

// check reads what must be known at the start of an operation.
func (l *loop) check(ctx context.Context, e deploy.Effect) {
	if l.seen.Effects[e.EffectKey].Running {
		return
	}
	l.seen.Effects[e.EffectKey] = deploy.EffectSeen{Running: true}
	op := l.op
	l.child(ctx, func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, callLimit)
		defer cancel()
		c := l.e.check(ctx, op)
		return func() {
			delete(l.seen.Effects, e.EffectKey)
			l.seen.Check = &c
		}
	})
}

func (e *Engine) check(ctx context.Context, op deploy.Operation) deploy.Check {
	c := deploy.Check{People: map[string]deploy.Person{}}
	var err error
	if c.Plan, c.Gone, err = e.remake(ctx, op); err != nil {
		c.Fault = err.Error()
	}
	asked := append(op.Approvers(), op.RequestedBy)
	if op.Plan.Unasked() {
		asked = nil // it goes through while nobody can be asked
	}
	for _, id := range asked {
		p, err := e.person(ctx, id, op.Plan.Rules)
		if err != nil {
			c.Fault = err.Error()
		}
		c.People[id] = p
	}
	c.At = time.Now()
	return c
}
