package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"junban/deploy"
)

// fleet is what AWS lists, what unfinished operations have out, and what is held.
func (e *Engine) fleet(ctx context.Context, r deploy.Request, want Want) (deploy.Fleet, error) {
	held, err := e.holds(ctx)
	if err != nil {
		return deploy.Fleet{}, err
	}
	out, lanes := e.out()
	besides := slices.Clone(want.Besides)
	for _, h := range held {
		if h.Instance() != "" {
			besides = append(besides, h.Instance())
		}
	}
	besides = append(besides, lanes...)
	if strings.HasPrefix(r.On, "i-") {
		besides = append(besides, r.On)
	}
	want.Besides = unique(besides)
	fleet, err := e.Cloud(r.Account).Fleet(ctx, want)
	if err != nil {
		return fleet, err
	}
	ours := map[string]bool{deploy.ServiceResource(r.Service, r.Environment): true}
	for _, g := range fleet.Groups {
		ours[g.ARN], ours["group:"+g.ARN] = true, true
	}
	for _, id := range fleet.Tagged {
		ours["instance:"+id] = true
	}
	mine := func(p deploy.Pair) bool { return ours[p.Group] }
	for _, h := range held {
		if ours[h.Resource] || slices.ContainsFunc(h.Pairs, mine) {
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

// recent is how many operations are searched for the refs that were deployed before.
const recent = 200

// rows are the operations of a service among which the refs that were deployed before are looked for, newest first.
func (e *Engine) rows(ctx context.Context, service string) ([]deploy.Row, error) {
	rows, err := e.Journal.Recent(ctx, service, recent)
	if err != nil {
		return nil, fmt.Errorf("reading which refs were deployed before: %w", err)
	}
	return rows, nil
}

// current asks the instances what is on them, as far as the configuration says how, and no longer than currentWithin.
func (e *Engine) current(ctx context.Context, r deploy.Request, f deploy.Fleet) map[string]string {
	ids := deploy.Members(f)
	if r.Run.Current == "" || len(ids) > currentMost {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, currentWithin)
	defer cancel()
	var mu sync.Mutex
	out := map[string]string{}
	var all errgroup.Group
	all.SetLimit(currentAtOnce)
	run, asked := e.Runner(r.Account, r.Run.Via), nonce(5)
	for _, id := range ids {
		all.Go(func() error {
			job := deploy.CurrentJob(r, f.Instances[id], asked)
			made, err := run.Send(ctx, job, time.Time{})
			if err != nil {
				e.Log.Warn("an instance does not tell what is on it", "instance", id, "error", err)
				return nil
			}
			report, err := run.Wait(ctx, job, made)
			if text := strings.TrimSpace(report.Output); err == nil && report.State == deploy.ReportExited && report.Exit == 0 && text != "" {
				mu.Lock()
				out[id] = deploy.FirstLine(text)
				mu.Unlock()
			}
			return nil
		})
	}
	_ = all.Wait() // each has said in the log what went wrong
	return out
}

const (
	currentWithin = 20 * time.Second
	currentAtOnce = 8
	currentMost   = 50 // instances; of more nobody would read it
)

func unique(in []string) []string {
	set := map[string]bool{}
	for _, s := range in {
		set[s] = true
	}
	return slices.Sorted(maps.Keys(set))
}
