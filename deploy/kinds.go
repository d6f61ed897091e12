package deploy

import (
	"slices"
	"strings"
	"time"
)

// kind is one row of the table of kinds: how it lays steps in lanes, and which of the service's rules are its own.
type kind struct {
	lay   func(*Plan, Request, Fleet) ([]member, error)
	rolls bool // puts a ref on instances: windows, locks, findings and the rules of a rollout are for it
	plain bool // touches nothing: nobody has to approve it

	robots bool                  // bots may ask for it
	told   func(Operation) Cause // what is worth knowing of its success; nil = nothing
}

var kinds = map[Kind]kind{
	KindDeploy:   {lay: layDeploy, rolls: true, robots: true},
	KindRollback: {lay: layRollback, rolls: true, robots: true},
	KindDrain:    {lay: layDrain},
	KindRestore:  {lay: layRestore},
	KindLock:     {lay: layLock, plain: true},
	KindUnlock:   {lay: layUnlock, plain: true, told: lifted},
}

// Rolls reports whether operations of the kind put a ref on instances.
func (k Kind) Rolls() bool { return kinds[k].rolls }

// rules are the service's rules as far as they are for this kind.
func (k kind) rules(r Request) Rules {
	rules := r.Rules
	if !k.rolls {
		rules = Rules{
			MaxUnavailable: rules.MaxUnavailable, MinHealthy: rules.MinHealthy, Drain: rules.Drain, Attention: rules.Attention,
			MayDeploy: rules.MayDeploy, Approval: rules.Approval,
		}
	}
	if r.Kind == KindRollback {
		rules.Canary, rules.Dynamic = Canary{}, false
	}
	unasked := r.Emergency && r.Local
	if k.plain || unasked || r.Kind == KindRollback && r.FreeRollback {
		rules.Approval.None = true
		rules.Approval.StartWithin = max(rules.Approval.StartWithin, time.Hour)
	}
	return rules
}

// allowed refuses what the calendar or a lock of the service does not allow.
func (k kind) allowed(r Request, f Fleet) error {
	if (r.Emergency || r.Kind == KindLock) && strings.TrimSpace(r.Reason) == "" {
		return refuse(NoReason, "act", map[bool]string{true: "emergency", false: string(r.Kind)}[r.Emergency])
	}
	if !k.rolls || r.Emergency {
		return nil
	}
	if err := f.locked(); err != nil {
		return err
	}
	if !r.At.IsZero() {
		if c, ok := r.Rules.Calendar.Closed(r.At); !ok {
			return &Refusal{c}
		}
	}
	return nil
}

// sound refuses what a finding speaks against. It is asked last: what else refuses a plan says more of what to do.
func (k kind) sound(r Request, findings []Finding) error {
	if !k.rolls || r.Emergency {
		return nil
	}
	var blocking []string
	for _, x := range findings {
		if x.Severity == Blocks && x.Accepted == "" {
			blocking = append(blocking, x.Name)
		}
	}
	if len(blocking) > 0 {
		return refuse(DoctorBlocks, "findings", strings.Join(blocking, ", "), "service", r.Service)
	}
	return nil
}

func layRollback(p *Plan, r Request, f Fleet) ([]member, error) {
	if r.Ref == "" {
		return nil, refuse(NothingBefore, "service", r.Service)
	}
	return layDeploy(p, r, f)
}

// layLock keeps the service's target groups, or its instances behind none, locked after the operation.
func layLock(p *Plan, r Request, f Fleet) ([]member, error) {
	if err := f.locked(); err != nil {
		return nil, err
	}
	p.Resources = f.resources(r)
	return nil, nil
}

func layUnlock(p *Plan, r Request, f Fleet) ([]member, error) {
	for _, h := range f.locks() {
		if h.By != r.By && strings.TrimSpace(r.Reason) == "" {
			return nil, refuse(LockOfAnother, "service", r.Service, "by", h.By, "why", h.Why, "since", stamp(h.Since), "op", h.Op, "cause", h.Cause.Code)
		}
		p.Preview.Lifts = append(p.Preview.Lifts, h)
		p.Preview.take(h)
		p.Resources = append(p.Resources, h.Resource)
	}
	if len(p.Resources) == 0 {
		return nil, refuse(NotLocked, "service", r.Service)
	}
	slices.Sort(p.Resources)
	return nil, nil
}

// lifted says whose locks an operation has taken away from them; nothing if they are the requester's own.
func lifted(o Operation) Cause {
	var owners []string
	var first Lock
	for _, l := range o.Plan.Preview.Lifts {
		if l.By == "" || l.By == o.RequestedBy || slices.Contains(owners, l.By) {
			continue
		}
		if len(owners) == 0 {
			first = l
		}
		owners = append(owners, l.By)
	}
	if len(owners) == 0 {
		return Cause{}
	}
	return Because(LockLifted, "owner", strings.Join(owners, " "), "by", o.RequestedBy, "reason", o.Plan.Preview.Ask.Reason,
		"why", first.Why, "since", stamp(first.Since), "op", first.Op, "cause", first.Cause.Code)
}

// locks are the held locks that are on the service itself, and not on one of its instances.
func (f Fleet) locks() []Lock {
	var out []Lock
	for _, h := range f.Held {
		if h.Instance() == "" {
			out = append(out, h)
		}
	}
	return out
}

// locked refuses what a lock of the service speaks against.
func (f Fleet) locked() error {
	for _, h := range f.locks() {
		return refuse(ServiceLocked, "by", h.By, "why", h.Why, "since", stamp(h.Since), "op", h.Op, "cause", h.Cause.Code)
	}
	return nil
}

// resources are what a lock of a service is on.
func (f Fleet) resources(r Request) []string {
	var out []string
	for _, g := range f.Groups {
		out = append(out, "group:"+g.ARN)
	}
	if len(out) == 0 {
		out = append(out, ServiceResource(r.Service, r.Environment))
	}
	slices.Sort(out)
	return out
}

// ServiceResource is the resource that stands for a service behind no load balancer.
func ServiceResource(service, environment string) string {
	if environment != "" {
		service += "/" + environment
	}
	return "service:" + service
}

// under takes over the locks of a service for an operation that is let pass in spite of them, and gives them back.
func (v *Preview) under(f Fleet) {
	v.Under = f.locks()
	for _, h := range v.Under {
		v.take(h)
	}
}

// take notes that the operation takes a hold over.
func (v *Preview) take(h Lock) {
	if v.Takes == nil {
		v.Takes = map[string]ID{}
	}
	v.Takes[h.Resource] = h.Op
}

// scaled refuses an instance that an Auto Scaling group would replace while it is out of service. Every process that
// ends or replaces an instance by itself must be suspended (ec2/latest/userguide: suspend and resume processes).
func (f Fleet) scaled(id string) error {
	i := f.Instances[id]
	if i.Scaling == "" || slices.Contains(i.Suspended, "Terminate") || slices.Contains(i.Suspended, "ReplaceUnhealthy") && slices.Contains(i.Suspended, "AZRebalance") {
		return nil
	}
	return refuse(InScaling, "instance", id, "name", f.name(id), "scaling", i.Scaling)
}
