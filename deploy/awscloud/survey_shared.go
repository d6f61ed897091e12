package awscloud

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"junban/deploy"
	"junban/deploy/doctor"
	"junban/deploy/engine"
)

// shared finds which of the machines other services deploy to as well, in target groups that are not the subject's too:
// those an instance leaves. A group of theirs that does not exist, or that the bot may not see, is their own matter.
func (s *survey) shared(ctx context.Context, machines map[string]machine, others map[string]engine.Want) error {
	by := map[string][]string{} // target group -> services
	for name, w := range others {
		for _, g := range w.Groups {
			by[g] = append(by[g], name)
		}
	}
	groups, asked, err := s.theirs(ctx, slices.Sorted(maps.Keys(by)))
	if err != nil {
		return err
	}
	own := map[string]bool{}
	for _, g := range s.Groups {
		own[g.ARN] = true
	}
	lists := make([][]deploy.Target, len(groups))
	all, within := errgroup.WithContext(ctx)
	all.SetLimit(atOnce)
	for i, g := range groups {
		if own[g.ARN] {
			continue
		}
		all.Go(func() error {
			r, err := s.cloud.Health(within, g.ARN, time.Now().Add(-recent))
			lists[i] = r.Targets
			return s.elsewhere(err)
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	s.Shared = map[string][]string{}
	for _, m := range machines {
		with := map[string]bool{}
		for i, g := range groups {
			if slices.ContainsFunc(lists[i], func(t deploy.Target) bool { return m.is(g, t.Target) }) {
				for _, name := range by[asked[i]] {
					with[name] = true
				}
			}
		}
		for name, w := range others {
			with[name] = with[name] || len(w.Tags) > 0 && m.bears(w.Tags)
		}
		maps.DeleteFunc(with, func(_ string, is bool) bool { return !is })
		if len(with) > 0 {
			s.Shared[m.ID] = slices.Sorted(maps.Keys(with))
		}
	}
	return nil
}

// theirs describes other services' target groups, without those that do not exist, and says as what each was asked for.
func (s *survey) theirs(ctx context.Context, wanted []string) (groups []found, asked []string, err error) {
	if len(wanted) == 0 {
		return nil, nil, nil
	}
	if groups, err = s.cloud.groups(ctx, wanted); err == nil {
		return groups, wanted, nil
	}
	groups = nil
	for _, w := range wanted {
		one, err := s.cloud.groups(ctx, []string{w})
		if err := s.elsewhere(err); err != nil {
			return nil, nil, err
		}
		for _, g := range one {
			groups, asked = append(groups, g), append(asked, w)
		}
	}
	return groups, asked, nil
}

// elsewhere judges a failure that concerns other services only.
func (s *survey) elsewhere(err error) error {
	f, ok := errors.AsType[*deploy.Fault](err)
	if !ok {
		return err // none, or the context's
	}
	if f.Class == deploy.Refused {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	const action = "the target groups of other services"
	if !slices.ContainsFunc(s.Unread, func(u doctor.Unread) bool { return u.Action == action }) {
		s.Unread = append(s.Unread, doctor.Unread{Action: action, Why: f.Error()})
	}
	return nil
}

// is reports whether a group's target is this machine. Addresses are unique within a VPC only.
func (m machine) is(g found, target string) bool {
	if g.Type == ip {
		return m.IP == target && m.vpc == g.vpc
	}
	return m.ID == target
}
