package deploy

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// Ask is what somebody asked for, in words that the configuration resolves. It is kept, so that the plan can be made
// again from the fleet and the configuration of a later moment.
type Ask struct {
	Kind        Kind   `json:"kind"`
	Service     string `json:"service"`
	Environment string `json:"environment,omitempty"`
	Ref         string `json:"ref,omitempty"`
	On          string `json:"on,omitempty"` // instance id or Name tag; "" = all of them
	Reason      string `json:"reason,omitempty"`

	At        time.Time `json:"at,omitzero"`         // not before this; zero = as soon as it is approved
	Emergency bool      `json:"emergency,omitempty"` // outside of windows and freezes
	Local     bool      `json:"local,omitempty"`     // it came in by the operator's socket
}

// Request is an Ask together with what the configuration says of its service.
type Request struct {
	Ask
	Account       string // of the configuration; "" = the bot's own
	Rules         Rules
	Run           Run
	HealthyWithin time.Duration     // from registering to healthy
	Sessions      string            // local | shared | "" = not said
	Accept        map[string]string // doctor's findings that the team lives with: name -> why
	FreeRollback  bool              // a rollback needs no approval

	By       string            // who asks; "" = nobody, it is only looked at
	Previous string            // the last ref that succeeded; "" if none did
	Revision string            // what the ref is resolved to; "" = it is not resolved
	Current  map[string]string // by instance id: what Run.Current answered
}

// Run is what is run, and its surroundings, as configured.
type Run struct {
	Via                    string // ssm | ssh | local
	User, Directory, Shell string
	Env                    map[string]string
	Command                string
	Timeout                time.Duration
	Verify                 string        // "" = no verification
	VerifyFor, VerifyEvery time.Duration // how long to go on trying, and the time between two tries

	Rollback             string // "" = Command, with the ref before
	Current              string // tells what is on the host; "" = nobody asks
	Before, First, After string // chores, once per rollout; "" = none
	Idle                 string // instead of the built-in idle probe: exits 0 once idle
}

// Plan is what will be done, and what it looks like from here. Only the terms are approved.
type Plan struct {
	Terms
	Preview Preview `json:"preview"`
}

// Preview may change without voiding an approval: it says what the fleet looked like when the plan was made.
type Preview struct {
	Ask       Ask                 `json:"ask"`
	Order     []int               `json:"order"` // lanes, in the order in which they will be taken
	Groups    []Group             `json:"groups"`
	Minimum   map[string]int      `json:"minimum"` // by group: healthy instances that must be left
	Healthy   map[string]int      `json:"healthy"` // by group: healthy instances now
	Window    int                 `json:"window"`  // instances that may be out at once
	Instances map[string]Instance `json:"instances"`
	Skipped   []Skip              `json:"skipped,omitempty"`
	Findings  []Finding           `json:"findings,omitempty"` // doctor's
	Canaries  int                 `json:"canaries,omitempty"` // how many of Order come first, one at a time
	Current   map[string]string   `json:"current,omitempty"`  // by instance id: what is on it now
	Previous  string              `json:"previous,omitempty"`
	Takes     map[string]ID       `json:"takes,omitempty"` // by resource: the operation whose hold is taken over
	Under     []Lock              `json:"under,omitempty"` // locks of the service that it works under and that outlive it
	Lifts     []Lock              `json:"lifts,omitempty"` // unlock: the locks that it ends
	Changes   *Changelog          `json:"changes,omitempty"`
	Estimate  Estimate            `json:"estimate"`
}

// Skip is an instance that the plan leaves alone, and why.
type Skip struct {
	Instance string `json:"instance"`
	Cause    Cause  `json:"cause"`
}

// Name is what people call an instance: its Name tag, or its id.
func (p Preview) Name(instance string) string {
	if i, ok := p.Instances[instance]; ok && i.Name != "" {
		return i.Name
	}
	return instance
}

// Group finds a group's facts by ARN; unknown ones read as a group with AWS's defaults.
func (p Preview) Group(arn string) Group {
	for _, g := range p.Groups {
		if g.ARN == arn {
			return g
		}
	}
	return Group{ARN: arn, Name: arn, Type: "instance", Delay: 300 * time.Second, Interval: 30 * time.Second, Balanced: true}
}

// MakePlan lays the request's steps in lanes, one per instance. findings are the doctor's. It answers a *Refusal if the
// fleet, the findings or the request itself do not allow it.
func MakePlan(r Request, f Fleet, findings ...Finding) (Plan, error) {
	kind, ok := kinds[r.Kind]
	if !ok {
		return Plan{}, refuse(UnknownAct, "act", r.Kind)
	}
	for _, g := range f.Groups {
		if !g.Balanced {
			return Plan{}, refuse(NotBalanced, "group", g.Name)
		}
	}
	if err := kind.allowed(r, f); err != nil {
		return Plan{}, err
	}
	p := Plan{Terms: Terms{
		Kind: r.Kind, Service: r.Service, Environment: r.Environment, Ref: r.Ref, Revision: r.Revision,
		StartAt: r.At, Emergency: r.Emergency, Local: r.Emergency && r.Local, Account: r.Account, Via: r.Run.Via, Rules: kind.rules(r),
	}}
	if r.Previous == "" && r.Kind == KindDeploy {
		r.Previous = r.uniform(f)
	}
	p.Preview = Preview{Ask: r.Ask, Groups: f.Groups, Instances: map[string]Instance{}, Previous: r.Previous, Findings: findings, Current: r.Current}
	if !kind.plain {
		p.Preview.under(f)
	}
	members, err := kind.lay(&p, r, f)
	if err != nil {
		return Plan{}, err
	}
	sort.Slice(p.Lanes, func(i, j int) bool { return p.Lanes[i].Name < p.Lanes[j].Name })
	p.Preview.fill(f, p.Rules)
	p.arrange(members, f)
	if err := p.reachable(f); err != nil {
		return Plan{}, err
	}
	if err := kind.sound(r, findings); err != nil {
		return Plan{}, err
	}
	p.Preview.Estimate = estimate(p)
	return p, nil
}

// uniform is what is on every instance of the fleet, if they have told and told the same: the ref before, where no
// journal knows one yet.
func (r Request) uniform(f Fleet) string {
	ref := ""
	for _, m := range f.members() {
		now := r.Current[m.id]
		if now == "" || ref != "" && now != ref {
			return ""
		}
		ref = now
	}
	return ref
}

func layDeploy(p *Plan, r Request, f Fleet) ([]member, error) {
	all := f.members()
	if len(all) == 0 && len(f.Held) > 0 {
		return nil, refuse(AllHeld, "held", len(f.Held))
	}
	if len(all) == 0 {
		return nil, refuse(NoTargets, "groups", f.names())
	}
	chosen, err := choose(all, r.On, f)
	if err != nil {
		return nil, err
	}
	p.Scripts = scripts(r)
	for _, m := range chosen {
		if cause, skip := f.unfit(m); skip {
			p.Preview.Skipped = append(p.Preview.Skipped, Skip{m.id, cause})
			continue
		}
		if err := f.scaled(m.id); err != nil {
			return nil, err
		}
		p.Lanes = append(p.Lanes, Lane{Name: m.id, Steps: rollout(m, r)})
	}
	for _, h := range f.Held {
		if r.On == "" && h.Instance() != "" && !has(chosen, h.Instance()) {
			p.Preview.Skipped = append(p.Preview.Skipped, Skip{h.Instance(), h.because()})
		}
	}
	if len(p.Lanes) == 0 && !slices.ContainsFunc(p.Preview.Skipped, func(s Skip) bool { return s.Cause.Code != AlreadyHeld }) {
		return nil, refuse(AllHeld, "held", len(p.Preview.Skipped))
	}
	if len(p.Lanes) == 0 {
		return nil, &Refusal{p.Preview.Skipped[0].Cause}
	}
	for _, v := range chores {
		if p.Scripts[v] != "" {
			p.Lanes = append(p.Lanes, chore(v, r))
		}
	}
	return chosen, nil
}

// scripts are what is run, by verb: what an approval binds to, byte for byte.
func scripts(r Request) map[Verb]string {
	back := r.Run.Rollback
	if back == "" {
		back = r.Run.Command
	}
	out := map[Verb]string{VerbCommand: r.Run.Command, VerbVerify: r.Run.Verify}
	switch r.Kind {
	case KindRollback:
		out[VerbCommand] = back
	default:
		if back != r.Run.Command {
			out[VerbRevert] = back
		}
		out[VerbBefore], out[VerbFirst], out[VerbAfter] = r.Run.Before, r.Run.First, r.Run.After
	}
	if r.Rules.Drain.Idle {
		out[VerbIdle] = r.Run.Idle
	}
	for v, s := range out {
		if s == "" {
			delete(out, v)
		}
	}
	return out
}

// script is what a verb runs on the host.
func (t Terms) script(v Verb) string {
	if s := t.Scripts[v]; s != "" || v != VerbRevert {
		return s
	}
	return t.Scripts[VerbCommand]
}

// surroundings are the approved arguments of everything that runs on a host.
func surroundings(r Request) map[string]string {
	args := map[string]string{}
	for k, v := range map[string]string{"user": r.Run.User, "directory": r.Run.Directory, "shell": r.Run.Shell} {
		if v != "" {
			args[k] = v
		}
	}
	for k, v := range r.Run.Env {
		args["env."+k] = v
	}
	return args
}

// rollout is the lane of a deploy: leave, command, verify, join; behind no load balancer only what runs on the host.
func rollout(m member, r Request) []Step {
	args := surroundings(r)
	steps := append(leaving(m, r), Step{Verb: VerbCommand, On: m.id, Args: args, Limit: r.Run.Timeout})
	if r.Run.Verify != "" {
		again := map[string]string{"for": r.Run.VerifyFor.String(), "every": r.Run.VerifyEvery.String()}
		for k, v := range args {
			again[k] = v
		}
		steps = append(steps, Step{Verb: VerbVerify, On: m.id, Args: again, Limit: r.Run.VerifyFor})
	}
	if len(m.pairs) == 0 {
		return steps
	}
	return append(steps, Step{Verb: VerbJoin, On: m.id, Pairs: m.pairs, Limit: r.HealthyWithin})
}

// leaving is the way out of service.
func leaving(m member, r Request) []Step {
	if len(m.pairs) == 0 {
		return nil
	}
	steps := []Step{{Verb: VerbLeave, On: m.id, Pairs: m.pairs, Limit: r.HealthyWithin}}
	if r.Rules.Drain.Idle {
		steps = append(steps, Step{Verb: VerbIdle, On: m.id, Pairs: m.pairs, Args: surroundings(r)})
	}
	return steps
}

func layDrain(p *Plan, r Request, f Fleet) ([]member, error) {
	if h, ok := f.hold(r.On); ok {
		return nil, &Refusal{h.because()}
	}
	if r.On == "" {
		return nil, refuse(NoSuchInstance, "instance", "", "known", f.names())
	}
	chosen, err := choose(f.members(), r.On, f)
	if err != nil {
		return nil, err
	}
	for _, m := range chosen {
		if len(m.pairs) == 0 { // there is nothing that it could leave
			return nil, refuse(NothingToLeave, "instance", m.id, "name", f.name(m.id), "service", r.Service)
		}
		if err := f.scaled(m.id); err != nil {
			return nil, err
		}
		if r.Rules.Drain.Idle && r.Run.Idle != "" {
			p.Scripts = map[Verb]string{VerbIdle: r.Run.Idle}
		}
		p.Lanes = append(p.Lanes, Lane{Name: m.id, Steps: leaving(m, r)})
	}
	return chosen, nil
}

func layRestore(p *Plan, r Request, f Fleet) ([]member, error) {
	h, ok := f.hold(r.On)
	if !ok {
		return nil, refuse(NotHeld, "instance", r.On, "held", f.heldNames())
	}
	p.Preview.take(h)
	m := member{id: h.Instance(), pairs: h.Pairs, sick: true}
	p.Lanes = []Lane{{Name: m.id, Steps: []Step{{Verb: VerbJoin, On: m.id, Pairs: m.pairs, Limit: r.HealthyWithin}}}}
	return []member{m}, nil
}

// choose picks the instances that a request names, by id or Name tag; all of them if it names none.
func choose(all []member, on string, f Fleet) ([]member, error) {
	if on == "" {
		return all, nil
	}
	found := f.Find(on)
	var ids, out []string
	var chosen []member
	for _, i := range found {
		for _, m := range all {
			if m.id == i.ID {
				chosen, ids = append(chosen, m), append(ids, m.id)
			}
		}
	}
	if len(chosen) == 1 {
		return chosen, nil
	}
	if len(chosen) > 1 {
		return nil, refuse(TwoInstances, "instance", on, "ids", strings.Join(ids, " "))
	}
	if h, ok := f.hold(on); ok {
		return nil, &Refusal{h.because()}
	}
	for _, m := range all {
		out = append(out, f.name(m.id))
	}
	return nil, refuse(NoSuchInstance, "instance", on, "known", strings.Join(out, ", "))
}

// unfit says why an instance cannot be deployed to at all.
func (f Fleet) unfit(m member) (Cause, bool) {
	if h, ok := f.hold(m.id); ok {
		return h.because(), true
	}
	i, ok := f.Instances[m.id]
	if !ok {
		return Because(ForeignTarget, "target", m.id, "group", f.names()), true
	}
	if i.State != "running" {
		return Because(InstanceGone, "instance", m.id, "state", i.State), true
	}
	return Cause{}, false
}

// because is the hold as a reason to leave its instance alone.
func (l Lock) because() Cause {
	return Because(AlreadyHeld, "instance", l.Instance(), "op", l.Op, "by", l.By, "why", l.Why, "since", l.Since.UTC().Format(time.RFC3339))
}

func has(members []member, id string) bool {
	return slices.ContainsFunc(members, func(m member) bool { return m.id == id })
}

func (f Fleet) hold(name string) (Lock, bool) {
	for _, h := range f.Held {
		if h.Instance() == "" {
			continue
		}
		if h.Instance() == name || f.name(h.Instance()) == name {
			return h, true
		}
	}
	return Lock{}, false
}

func (f Fleet) heldNames() string {
	var out []string
	for _, h := range f.Held {
		if h.Instance() != "" {
			out = append(out, f.name(h.Instance()))
		}
	}
	return strings.Join(out, ", ")
}

func (f Fleet) name(id string) string {
	if i := f.Instances[id]; i.Name != "" {
		return i.Name
	}
	return id
}

func (f Fleet) names() string {
	var out []string
	for _, g := range f.Groups {
		out = append(out, g.Name)
	}
	return strings.Join(out, ", ")
}
