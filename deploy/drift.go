package deploy

import (
	"fmt"
	"slices"
	"strings"
)

// drift tells of instances that have appeared in the target groups since the plan was made; where the approved rules
// let them, they join.
func (m *mover) drift() {
	if !m.op.Plan.Kind.Rolls() || m.op.Course != CourseOn || m.op.Plan.Preview.Ask.On != "" {
		return
	}
	var fresh []string
	for arn, r := range m.seen.Groups {
		g := m.op.Plan.Preview.Group(arn)
		for _, t := range r.strangers() {
			id := g.owner(t.Target)
			if t.State != Draining && !m.op.knows(id) && !slices.Contains(fresh, id) {
				fresh = append(fresh, id)
			}
		}
	}
	dynamic := m.op.Plan.Rules.Dynamic
	if len(fresh) > 0 {
		slices.Sort(fresh)
		joins := map[bool]string{true: "yes", false: "no"}[dynamic]
		m.note(-1, Because(Appeared, "instances", strings.Join(fresh, ", "), "joins", joins))
		return
	}
	if dynamic {
		m.grow()
	}
}

// knows reports whether an instance was there when the plan was made, or has been told of since.
func (o Operation) knows(id string) bool {
	if _, ok := o.Plan.Preview.Instances[id]; ok {
		return true
	}
	_, lane := o.Lane(id)
	return lane || slices.Contains(o.Appeared, id)
}

// grow lets instances that have appeared join: the plan is made again, and the lanes that are new in it are added. One
// that is locked by another operation stays out.
func (m *mover) grow() {
	waits := slices.ContainsFunc(m.op.Appeared, func(id string) bool {
		_, lane := m.op.Lane(id)
		return !lane && !slices.Contains(m.op.Left, id)
	})
	if !waits || m.seen.Locked != nil {
		return
	}
	check := m.seen.Check
	if check == nil || check.At.Before(m.op.Updated) || check.Fault != "" || check.Plan == nil {
		if check != nil && m.now.Before(check.At.Add(checkFor)) {
			m.d.wake(check.At.Add(checkFor))
			return
		}
		m.do(Effect{EffectKey: EffectKey{Kind: DoCheck}})
		return
	}
	m.emit(Event{Type: EventGrown, Plan: m.grown(*check.Plan)})
}

// grown is the part of a plan that is new.
func (m *mover) grown(p Plan) *Plan {
	out := p
	out.Lanes, out.Preview.Order = nil, nil
	for _, l := range p.Lanes {
		if _, known := m.op.Lane(l.Name); !known && slices.Contains(m.op.Appeared, l.Name) {
			out.Lanes = append(out.Lanes, l)
		}
	}
	return &out
}

// foldGrown adds lanes at the end of the order. Those that appeared and are not among them stay out for good.
func foldGrown(o *Operation, e Event) error {
	if o.State != StateRolling && o.State != StatePaused || !o.Plan.Rules.Dynamic || e.Plan == nil {
		return fmt.Errorf("lanes cannot join now")
	}
	o.Plan.Lanes, o.Plan.Preview.Order = slices.Clone(o.Plan.Lanes), slices.Clone(o.Plan.Preview.Order)
	known := map[string]Instance{}
	for id, i := range o.Plan.Preview.Instances {
		known[id] = i
	}
	for _, l := range e.Plan.Lanes {
		if _, have := o.Lane(l.Name); have {
			return fmt.Errorf("lanes cannot join now")
		}
		o.Plan.Preview.Order = append(o.Plan.Preview.Order, len(o.Lanes))
		o.Plan.Lanes = append(o.Plan.Lanes, l)
		o.Lanes = append(o.Lanes, &LaneState{Name: l.Name, Steps: l.Steps, Phase: PhaseDue, Attempt: 1})
		known[l.Name] = e.Plan.Preview.Instances[l.Name]
	}
	o.Plan.Preview.Instances = known
	o.Left = slices.Clone(o.Appeared)
	return nil
}
