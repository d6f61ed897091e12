package awscloud

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"golang.org/x/sync/errgroup"

	"junban/deploy"
	"junban/deploy/engine"
)

// atOnce bounds the calls that one Fleet makes side by side.
const atOnce = 4

const ip = string(types.TargetTypeEnumIp)

// Fleet reads target groups (names or ARNs) with their targets, the instances that bear all of the wanted tags, and the
// instances behind the targets and besides, each with its Auto Scaling group. Every group that was asked for is in the
// answer, in the same order; one that does not exist is a Refused fault that names it. An instance that EC2 does not know
// any more is in the answer as terminated. An address that is no instance's has no entry in its group's Owner. Tagged
// lists what bears the tags, sorted, stopped instances too; it is empty if nothing does.
func (c *Cloud) Fleet(ctx context.Context, w engine.Want) (deploy.Fleet, error) {
	found, err := c.groups(ctx, w.Groups)
	if err != nil {
		return deploy.Fleet{}, err
	}
	if err := c.fill(ctx, found); err != nil {
		return deploy.Fleet{}, err
	}
	tagged, err := c.tagged(ctx, w.Tags)
	if err != nil {
		return deploy.Fleet{}, err
	}
	machines, err := c.behind(ctx, found, w.Besides, tagged)
	if err != nil {
		return deploy.Fleet{}, err
	}
	if err := c.join(ctx, machines); err != nil {
		return deploy.Fleet{}, err
	}
	f := deploy.Fleet{Instances: map[string]deploy.Instance{}, Tagged: slices.Sorted(maps.Keys(tagged))}
	for id, m := range machines {
		f.Instances[id] = m.Instance
	}
	for _, g := range found {
		g.own(machines)
		f.Groups = append(f.Groups, g.Group)
	}
	return f, nil
}

// fill reads the delay and the targets of each group.
func (c *Cloud) fill(ctx context.Context, groups []found) error {
	since := time.Now()
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(atOnce)
	for i := range groups {
		g := &groups[i]
		all.Go(func() error {
			var err error
			g.Delay, err = c.delay(ctx, g.ARN)
			return err
		})
		all.Go(func() error {
			r, err := c.Health(ctx, g.ARN, since)
			g.Targets = r.Targets
			return err
		})
	}
	return all.Wait()
}

// behind reads the instances behind the groups' targets and besides, by id. Those that are known already are not read
// again.
func (c *Cloud) behind(ctx context.Context, groups []found, besides []string, known map[string]machine) (map[string]machine, error) {
	ids, addresses := map[string]bool{}, map[string]map[string]bool{} // addresses by VPC
	for _, id := range besides {
		ids[id] = true
	}
	for _, g := range groups {
		for _, t := range g.Targets {
			if g.Type != ip {
				ids[t.Target] = true
				continue
			}
			if addresses[g.vpc] == nil {
				addresses[g.vpc] = map[string]bool{}
			}
			addresses[g.vpc][t.Target] = true
		}
	}
	out := maps.Clone(known)
	for vpc, set := range addresses {
		owners, err := c.owners(ctx, vpc, slices.Sorted(maps.Keys(set)))
		if err != nil {
			return nil, err
		}
		for _, m := range owners {
			out[m.ID] = m
		}
	}
	for id := range out {
		delete(ids, id)
	}
	more, err := c.instances(ctx, slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return nil, err
	}
	maps.Copy(out, more)
	return out, nil
}

// own says for a group of type ip which instance has which address: also for instances that were asked for besides,
// whose targets may be out of the group for now.
func (g *found) own(machines map[string]machine) {
	if g.Type != ip {
		return
	}
	g.Owner = map[string]string{}
	for _, m := range machines {
		if m.vpc == g.vpc && m.IP != "" {
			g.Owner[m.IP] = m.ID
		}
	}
}
