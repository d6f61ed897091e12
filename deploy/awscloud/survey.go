package awscloud

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"junban/deploy"
	"junban/deploy/doctor"
	"junban/deploy/engine"
)

// Subject is what a Survey is about.
type Subject struct {
	engine.Want
	Agents bool                   // the hosts are reached through SSM: read whether their agents answer
	Others map[string]engine.Want // other services of the account by name, whose targets are read to see which instances they share
}

// recent is how old a reading of a target group's health may be for a survey: it decides nothing that happens at once.
const recent = 30 * time.Second

// Survey reads the facts that an examination judges: the target groups of a subject with their attributes, the load
// balancers that use them, the instances, and whether their agents answer. It only reads, and each call that IAM refuses
// becomes a Denial rather than an error. What the bot may write cannot be seen by reading, so no Denial of a write is
// ever in it. A call that fails otherwise is an error if a plan needs it too (a group that does not exist among them),
// else one of Unread.
func (c *Cloud) Survey(ctx context.Context, of Subject) (doctor.Survey, error) {
	s := &survey{cloud: c, needed: map[string]bool{}}
	for _, p := range Permissions() {
		s.needed[p.Action] = true
	}
	s.Region = c.elb.Options().Region
	s.Instances = map[string]doctor.Instance{}
	groups, err := c.groups(ctx, of.Groups)
	if err = s.judge("elasticloadbalancing:DescribeTargetGroups", err); err != nil {
		return doctor.Survey{}, err
	}
	if err := s.read(ctx, groups, of); err != nil {
		return doctor.Survey{}, err
	}
	slices.SortFunc(s.Denied, func(a, b doctor.Denial) int { return strings.Compare(a.Action, b.Action) })
	slices.SortFunc(s.Unread, func(a, b doctor.Unread) int { return strings.Compare(a.Action, b.Action) })
	return s.Survey, nil
}

// survey is one Survey in the making.
type survey struct {
	doctor.Survey
	cloud  *Cloud
	needed map[string]bool // actions that a rollout calls

	mu sync.Mutex // guards Denied and Unread
}

// read fills the survey in, what does not depend on each other side by side.
func (s *survey) read(ctx context.Context, groups []found, of Subject) error {
	s.Groups = make([]doctor.Group, len(groups))
	mine, arns := users(groups)
	all, within := errgroup.WithContext(ctx)
	all.SetLimit(atOnce)
	for i := range groups {
		g := &groups[i]
		s.Groups[i] = doctor.Group{Group: g.Group, Balancers: slices.Compact(slices.Sorted(slices.Values(g.balancers)))}
		all.Go(func() error { return s.attributes(within, &s.Groups[i]) })
		all.Go(func() error {
			r, err := s.cloud.Health(within, g.ARN, time.Now().Add(-recent))
			g.Targets = r.Targets
			return s.judge("elasticloadbalancing:DescribeTargetHealth", err)
		})
	}
	all.Go(func() error { return s.balancers(within, arns, mine) })
	if err := all.Wait(); err != nil {
		return err
	}
	machines, err := s.machines(ctx, groups, of.Want)
	if err = s.judge("ec2:DescribeInstances", err); err != nil {
		return err
	}
	for i := range groups {
		groups[i].own(machines)
		s.Groups[i].Targets, s.Groups[i].Owner = groups[i].Targets, groups[i].Owner
	}
	for _, m := range machines {
		s.Instances[m.ID] = instanceOf(m.raw, m.Instance)
	}
	after, within := errgroup.WithContext(ctx)
	if of.Agents {
		after.Go(func() error { return s.agents(within) })
	}
	after.Go(func() error { return s.shared(within, machines, of.Others) })
	return after.Wait()
}

// judge says what the failure of a call means to the survey. It answers nil if the survey can go on without.
func (s *survey) judge(action string, err error) error {
	f, ok := errors.AsType[*deploy.Fault](err)
	if !ok {
		return err // none, or the context's
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case denied(f):
		d := doctor.Denial{Action: action, Principal: principal(f.Message), Needed: s.needed[action]}
		if !slices.ContainsFunc(s.Denied, func(o doctor.Denial) bool { return o.Action == action }) {
			s.Denied = append(s.Denied, d)
		}
	case s.needed[action]:
		return err
	case !slices.ContainsFunc(s.Unread, func(o doctor.Unread) bool { return o.Action == action }):
		s.Unread = append(s.Unread, doctor.Unread{Action: action, Why: f.Error()})
	}
	return nil
}

// denied reports whether IAM refused a call. The services spell it differently.
func denied(f *deploy.Fault) bool {
	return slices.Contains([]string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}, f.Code)
}

// principal is the ARN of who was refused: "User: arn:… is not authorized to perform: …".
func principal(message string) string {
	_, after, ok := strings.Cut(message, "User: ")
	arn, _, found := strings.Cut(after, " ")
	if !ok || !found || !isARN(arn) {
		return ""
	}
	return arn
}
