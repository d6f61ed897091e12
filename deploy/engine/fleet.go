package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"junban/deploy"
)

// fleet is what AWS lists, what unfinished operations have out, and what is held.
func (e *Engine) fleet(ctx context.Context, account string, want Want, on string) (deploy.Fleet, error) {
	held, err := e.holds(ctx)
	if err != nil {
		return deploy.Fleet{}, err
	}
	out, lanes := e.out()
	besides := slices.Clone(want.Besides)
	for _, h := range held {
		besides = append(besides, h.Instance())
	}
	besides = append(besides, lanes...)
	if strings.HasPrefix(on, "i-") {
		besides = append(besides, on)
	}
	want.Besides = unique(besides)
	fleet, err := e.Cloud(account).Fleet(ctx, want)
	if err != nil {
		return fleet, err
	}
	ours := map[string]bool{}
	for _, g := range fleet.Groups {
		ours[g.ARN] = true
	}
	mine := func(p deploy.Pair) bool { return ours[p.Group] }
	for _, h := range held {
		if slices.ContainsFunc(h.Pairs, mine) {
			fleet.Held = append(fleet.Held, h)
		}
	}
	later, _ := e.out() // what left while AWS was asked is out too
	for _, p := range append(out, later...) {
		if mine(p) && !slices.Contains(fleet.Out, p) {
			fleet.Out = append(fleet.Out, p)
		}
	}
	return fleet, nil
}

func (e *Engine) holds(ctx context.Context) ([]deploy.Lock, error) {
	locks, err := e.Journal.Locks(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the locks: %w", err)
	}
	return slices.DeleteFunc(locks, func(l deploy.Lock) bool { return !l.Hold }), nil
}

// out lists the pairs that unfinished operations have out, and the instances they belong to.
func (e *Engine) out() (pairs []deploy.Pair, instances []string) {
	for _, op := range e.active() {
		if op.Plan.Kind == deploy.KindRestore {
			continue // held until it is back
		}
		for i, l := range op.Lanes {
			if !l.Out() {
				continue
			}
			instances = append(instances, l.Name)
			for _, s := range op.Plan.Lanes[i].Steps {
				if s.Verb == deploy.VerbLeave {
					pairs = append(pairs, s.Pairs...)
				}
			}
		}
	}
	return pairs, instances
}

// previous is the ref of the last deploy of this service and environment that succeeded.
func (e *Engine) previous(ctx context.Context, ask deploy.Ask) string {
	rows, err := e.Journal.Recent(ctx, ask.Service, 200)
	if err != nil {
		e.Log.Warn("the previous ref is not known", "error", err)
	}
	for _, r := range rows {
		if r.Kind == deploy.KindDeploy && r.Environment == ask.Environment && r.State == deploy.StateSucceeded {
			return r.Ref
		}
	}
	return ""
}

func unique(in []string) []string {
	set := map[string]bool{}
	for _, s := range in {
		set[s] = true
	}
	return slices.Sorted(maps.Keys(set))
}
