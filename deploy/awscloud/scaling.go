package awscloud

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
)

// scalingPerCall is how many ids or names one DescribeAutoScalingInstances or DescribeAutoScalingGroups takes.
const scalingPerCall = 50

// join fills in the Auto Scaling group of each instance and that group's suspended processes. A role that may not read
// this is a Refused fault: an instance of a group that nobody knows of would be replaced while it is out.
func (c *Cloud) join(ctx context.Context, machines map[string]machine) error {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(machines)) {
		if slices.Contains(present, machines[id].State) {
			ids = append(ids, id)
		}
	}
	of, err := c.memberships(ctx, ids)
	if err != nil {
		return err
	}
	names := slices.Compact(slices.Sorted(maps.Values(of)))
	groups, err := c.scalingGroups(ctx, names, false)
	if err != nil {
		return err
	}
	for id, name := range of {
		m := machines[id]
		m.Scaling, m.Suspended = name, slices.Clone(groups[name].Suspended)
		machines[id] = m
	}
	return nil
}

// memberships answers the Auto Scaling group of each instance that belongs to one. No ids are no call: without ids AWS
// describes the instances of all groups.
func (c *Cloud) memberships(ctx context.Context, ids []string) (map[string]string, error) {
	out := map[string]string{}
	for part := range slices.Chunk(ids, scalingPerCall) {
		doing := "DescribeAutoScalingInstances " + few(part)
		in := &autoscaling.DescribeAutoScalingInstancesInput{InstanceIds: part, MaxRecords: aws.Int32(scalingPerCall)}
		for {
			page, err := awscall.Make(ctx, c.within(c.o.Scaling, doing), func(ctx context.Context) (*autoscaling.DescribeAutoScalingInstancesOutput, error) {
				return c.scaling.DescribeAutoScalingInstances(ctx, in)
			})
			if err != nil {
				return nil, unpermitted("autoscaling:DescribeAutoScalingInstances", err)
			}
			for _, i := range page.AutoScalingInstances {
				id, name := aws.ToString(i.InstanceId), aws.ToString(i.AutoScalingGroupName)
				if name == "" || !slices.Contains(part, id) {
					return nil, awscall.Malformed(doing, fmt.Sprintf("it has instance %.40q in group %.40q", id, name))
				}
				out[id] = name
			}
			if aws.ToString(page.NextToken) == "" {
				break
			}
			in.NextToken = page.NextToken
		}
	}
	return out, nil
}

// unpermitted names the permission that a refusal is about: roles made for an earlier version do not have it.
func unpermitted(action string, err error) error {
	f, ok := errors.AsType[*deploy.Fault](err)
	if !ok || !awscall.Denied(f) {
		return err
	}
	f.Message = "the role lacks " + action + ": " + f.Message
	return f
}

// ScalingGroup is what a standby needs to know of an Auto Scaling group.
type ScalingGroup struct {
	Name              string
	Min, Desired, Max int
	Suspended         []string          // processes, sorted: AZRebalance, ReplaceUnhealthy, …
	Lives             map[string]string // lifecycle state by instance id: InService, EnteringStandby, Standby, Pending, …
}

// ScalingGroup reads one Auto Scaling group by name, by DescribeAutoScalingGroups. One that does not exist is a Refused
// fault.
func (c *Cloud) ScalingGroup(ctx context.Context, name string) (ScalingGroup, error) {
	groups, err := c.scalingGroups(ctx, []string{name}, true)
	return groups[name], err
}

// scalingGroups reads groups by name, with the lifecycle states of their instances if wanted. Each that was asked for is
// in the answer. No names are no call: without names AWS describes all groups.
func (c *Cloud) scalingGroups(ctx context.Context, names []string, lives bool) (map[string]ScalingGroup, error) {
	out := map[string]ScalingGroup{}
	for part := range slices.Chunk(names, scalingPerCall) {
		doing := "DescribeAutoScalingGroups " + few(part)
		in := &autoscaling.DescribeAutoScalingGroupsInput{
			AutoScalingGroupNames: part, IncludeInstances: aws.Bool(lives), MaxRecords: aws.Int32(scalingPerCall),
		}
		for {
			page, err := awscall.Make(ctx, c.within(c.o.Scaling, doing), func(ctx context.Context) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
				return c.scaling.DescribeAutoScalingGroups(ctx, in)
			})
			if err != nil {
				return nil, unpermitted("autoscaling:DescribeAutoScalingGroups", err)
			}
			for _, g := range page.AutoScalingGroups {
				one, err := scalingGroup(doing, g)
				if err != nil {
					return nil, err
				}
				out[one.Name] = one
			}
			if aws.ToString(page.NextToken) == "" {
				break
			}
			in.NextToken = page.NextToken
		}
		for _, name := range part {
			if _, ok := out[name]; !ok {
				return nil, &deploy.Fault{
					Class: deploy.Refused, Code: "ValidationError",
					Message: doing + ": no Auto Scaling group has the name " + name + " in this account and region",
				}
			}
		}
	}
	return out, nil
}

// scalingGroup checks one group of an answer.
func scalingGroup(doing string, g types.AutoScalingGroup) (ScalingGroup, error) {
	name := aws.ToString(g.AutoScalingGroupName)
	if name == "" || g.MinSize == nil || g.DesiredCapacity == nil || g.MaxSize == nil {
		return ScalingGroup{}, awscall.Malformed(doing, fmt.Sprintf("group %.40q lacks its name or its capacities", name))
	}
	out := ScalingGroup{
		Name: name, Min: int(*g.MinSize), Desired: int(*g.DesiredCapacity), Max: int(*g.MaxSize), Lives: map[string]string{},
	}
	for _, p := range g.SuspendedProcesses {
		out.Suspended = append(out.Suspended, aws.ToString(p.ProcessName))
	}
	slices.Sort(out.Suspended)
	for _, i := range g.Instances {
		out.Lives[aws.ToString(i.InstanceId)] = string(i.LifecycleState)
	}
	return out, nil
}
