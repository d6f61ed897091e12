// Package scenes holds operations as people come to see them: plans, rollouts, failures, decisions, in every state.
//
// It is made for tests of what is shown, and knows nothing of how. A scene that the core would not take is a mistake in
// it, and panics.
package scenes

import (
	"fmt"
	"time"

	"junban/deploy"
)

// T0 is when every story begins.
var T0 = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// Story is told by events, as the journal has them.
type Story struct {
	Op     deploy.Operation
	Events []deploy.Event
}

// Plan is one of the kind for n instances of the service web in production.
func Plan(kind deploy.Kind, n int) deploy.Plan {
	f := deploy.Fleet{Instances: map[string]deploy.Instance{}}
	g := deploy.Group{ARN: "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/web/0123", Name: "web", Type: "instance", Port: 80, Delay: 300 * time.Second, Interval: 30 * time.Second, Balanced: true}
	for i := range n {
		id := fmt.Sprintf("i-%04d", i+1)
		f.Instances[id] = deploy.Instance{ID: id, Name: fmt.Sprintf("web-%d", i+1), State: "running", Zone: "a"}
		g.Targets = append(g.Targets, deploy.Target{Pair: deploy.Pair{Group: g.ARN, Target: id, Port: 8080}, State: deploy.Healthy})
	}
	f.Groups = []deploy.Group{g}
	r := deploy.Request{
		Ask:   deploy.Ask{Kind: kind, Service: "web", Environment: "production", Ref: "v42"},
		Rules: deploy.Rules{MaxUnavailable: deploy.Count{N: 1}, MinHealthy: deploy.Count{N: 1}, Approval: deploy.Approval{Allow: []string{"S0LEADS"}, Required: 1, Expires: 30 * time.Minute, StartWithin: 2 * time.Hour}},
		Run:   deploy.Run{Command: "./deploy.sh", Timeout: time.Minute, Verify: "./verify.sh", VerifyFor: time.Minute, VerifyEvery: time.Second}, HealthyWithin: 10 * time.Minute, Previous: "v41",
	}
	if kind == deploy.KindDrain {
		r.On, r.Ref, r.Reason = "web-2", "", "new disk"
	}
	p, err := deploy.MakePlan(r, f)
	if err != nil {
		panic(fmt.Sprintf("scenes: making a plan: %v", err))
	}
	return p
}

// Begin is the story of a plan that Alice asks for.
func Begin(p deploy.Plan) *Story {
	return new(Story).Does(0, deploy.Event{Type: deploy.EventRequested, Op: "261121-090000-abc", By: "U0ALICE", Plan: &p})
}

// Does lets an event happen, so long after T0.
func (s *Story) Does(at time.Duration, e deploy.Event) *Story {
	e.Version, e.Seq, e.At = deploy.EventVersion, s.Op.Seq+1, T0.Add(at)
	if e.Op == "" {
		e.Op = s.Op.ID
	}
	op, err := deploy.Apply(s.Op, e)
	if err != nil {
		panic(fmt.Sprintf("scenes: event %d, %s: %v", e.Seq, e.Type, err))
	}
	s.Op, s.Events = op, append(s.Events, e)
	return s
}

// Approve lets Bob approve it, so long after T0, and starts it a second later.
func (s *Story) Approve(at time.Duration) *Story {
	return s.Does(at, deploy.Event{Type: deploy.EventVoted, By: "U0BOB", Act: &deploy.Act{Verb: deploy.ActApprove, By: deploy.Person{ID: "U0BOB", Groups: []string{"S0LEADS"}}, Hash: s.Op.Hash}}).
		Does(at+time.Second, deploy.Event{Type: deploy.EventStarted, Plan: &s.Op.Plan})
}

// Steps ends a lane's next n steps well, one a minute.
func (s *Story) Steps(lane, n int) *Story {
	for range n {
		at := s.Op.Updated.Sub(T0)
		s.Does(at, deploy.Event{Type: deploy.EventBegun, Lane: lane, Attempt: s.Op.Lanes[lane].Attempt, Deadline: T0.Add(at + time.Hour)})
		s.Does(at+time.Minute, deploy.Event{Type: deploy.EventEnded, Lane: lane, OK: true})
	}
	return s
}
