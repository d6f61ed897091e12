package deploy

import (
	"strings"
	"time"
)

// Row is one line of the journal's index: enough to list operations without reading their events.
type Row struct {
	Op          ID        `json:"op"`
	Kind        Kind      `json:"kind"`
	Service     string    `json:"service"`
	Environment string    `json:"environment,omitempty"`
	Ref         string    `json:"ref,omitempty"`
	On          string    `json:"on,omitempty"` // the one instance that was asked for
	State       State     `json:"state"`
	Lanes       int       `json:"lanes"`
	Done        int       `json:"done"` // lanes that finished their plan
	By          string    `json:"by"`
	Requested   time.Time `json:"requested"`
	Approved    time.Time `json:"approved,omitzero"`
	Started     time.Time `json:"started,omitzero"`
	Finished    time.Time `json:"finished,omitzero"`
	Head        int       `json:"head"` // the last event's seq
	Cause       Cause     `json:"cause,omitzero"`
}

// Row is the operation's line in the index.
func (o Operation) Row() Row {
	r := Row{
		Op: o.ID, Kind: o.Plan.Kind, Service: o.Plan.Service, Environment: o.Plan.Environment, Ref: o.Plan.Ref,
		On: o.Plan.Preview.Ask.On, State: o.State, By: o.RequestedBy, Requested: o.RequestedAt, Approved: o.ApprovedAt,
		Started: o.StartedAt, Finished: o.FinishedAt, Head: o.Seq, Cause: o.Cause,
	}
	for i := range o.Lanes {
		l := o.Lanes[i]
		if l.Chore() {
			continue
		}
		r.Lanes++
		if l.Outcome == OutcomeDone {
			r.Done++
		}
	}
	return r
}

// Lock says that a resource belongs to an operation. A hold is the lock of an instance that outlives its operation.
type Lock struct {
	Resource string    `json:"resource"` // group:ARN, instance:ID, scaling:NAME or service:NAME[/ENVIRONMENT]
	Op       ID        `json:"op"`
	By       string    `json:"by"`
	Since    time.Time `json:"since"`
	Why      string    `json:"why,omitempty"`  // what a person gave as the reason
	Cause    Cause     `json:"cause,omitzero"` // hold: what went wrong, if something did
	Hold     bool      `json:"hold,omitempty"`
	Pairs    []Pair    `json:"pairs,omitempty"` // hold: the registrations to put back
	Over     ID        `json:"over,omitempty"`  // when taken: the hold of this operation may be taken over
}

// Instance is the instance that a lock is on; "" if it is on something else.
func (l Lock) Instance() string {
	id, ok := strings.CutPrefix(l.Resource, "instance:")
	if !ok {
		return ""
	}
	return id
}

// Needs lists the resources that an operation needs for itself alone: its target groups and its instances, and what they belong to.
func (p Plan) Needs() []string {
	var out []string
	seen := map[string]bool{}
	add := func(r string) {
		if !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	for _, r := range p.Resources {
		add(r)
	}
	for _, l := range p.Lanes {
		if l.Chore() {
			continue
		}
		add("instance:" + l.Name)
		if g := p.Preview.Instances[l.Name].Scaling; g != "" {
			add("scaling:" + g)
		}
		if len(l.Steps[0].Pairs) == 0 {
			add(ServiceResource(p.Service, p.Environment))
		}
		for _, s := range l.Steps {
			for _, pair := range s.Pairs {
				add("group:" + pair.Group)
			}
		}
	}
	return out
}

// Changes says which locks one event takes, frees and turns into holds; they are written with the event or not at all.
type Changes struct {
	Take []Lock // all or none
	Free bool   // everything that the operation has, but what Keep lists
	Keep []Lock // holds
}

// LockChanges gives the lock changes of an event, from the operation as it is after that event.
func LockChanges(after Operation, e Event) Changes {
	switch e.Type {
	case EventStarted:
		var c Changes
		for _, r := range after.Plan.Needs() {
			c.Take = append(c.Take, after.lock(r, e.At))
		}
		return c
	case EventGrown:
		var c Changes
		for _, l := range e.Plan.Lanes {
			c.Take = append(c.Take, after.lock("instance:"+l.Name, e.At))
		}
		return c
	case EventFinished:
		return Changes{Free: true, Keep: append(after.holds(e.At), after.locks(e.At)...)}
	}
	return Changes{}
}

// lock is one resource as the operation takes it.
func (o Operation) lock(resource string, now time.Time) Lock {
	return Lock{
		Resource: resource, Op: o.ID, By: o.RequestedBy, Since: now, Why: o.Plan.Preview.Ask.Reason, Over: o.Plan.Preview.Takes[resource],
	}
}

// locks are the locks of the service that outlive the operation: those that it was to make; and after a rule has turned
// it back, all that it had, so that nobody deploys the same again before somebody has looked.
func (o Operation) locks(now time.Time) []Lock {
	var resources []string
	why, cause, by := o.Plan.Preview.Ask.Reason, Cause{}, o.RequestedBy
	if o.StartedAt.IsZero() {
		return nil
	}
	var out []Lock
	for _, under := range o.Plan.Preview.Under {
		under.Op = o.ID
		out = append(out, under)
	}
	if len(out) > 0 {
		return out
	}
	switch {
	case o.Plan.Kind == KindLock && o.State == StateSucceeded:
		resources = o.Plan.Resources
	case o.Turned != nil && o.Turned.By == "":
		turned := o.Turned.Cause
		why, cause = "", Because(RolledBack, "ref", o.Plan.Preview.Previous, "why", turned.Code, "instance", turned.Values["instance"], "of", turned.Values["why"])
		for _, r := range o.Plan.Needs() {
			if strings.HasPrefix(r, "group:") || strings.HasPrefix(r, "service:") {
				resources = append(resources, r)
			}
		}
	}
	for _, r := range resources {
		out = append(out, Lock{Resource: r, Op: o.ID, By: by, Since: now, Why: why, Cause: cause, Hold: true})
	}
	return out
}

// holds are the instances that stay out when the operation ends.
func (o Operation) holds(now time.Time) []Lock {
	var out []Lock
	for _, l := range o.Lanes {
		if l.Outcome != OutcomeHeld {
			continue
		}
		by, why := o.RequestedBy, o.Plan.Preview.Ask.Reason
		if l.Choice != nil {
			by, why = l.Choice.By.ID, l.Choice.Reason
		} else if o.Aborting() && len(o.Aborts) > 0 { // a rule may have stopped it
			by = o.Aborts[0].By.ID
		}
		out = append(out, Lock{
			Resource: "instance:" + l.Name, Op: o.ID, By: by, Since: now, Why: why, Cause: l.Cause,
			Hold: true, Pairs: o.Plan.pairs(l.Name),
		})
	}
	return out
}

// pairs are the registrations of one instance under this plan.
func (p Plan) pairs(instance string) []Pair {
	for _, l := range p.Lanes {
		if l.Name == instance {
			return l.pairs()
		}
	}
	return nil
}

// pairs are the registrations that the lane's steps are about.
func (l Lane) pairs() []Pair {
	for _, s := range l.Steps {
		if len(s.Pairs) > 0 {
			return s.Pairs
		}
	}
	return nil
}
