package awscloud

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
)

const (
	idsPerCall       = 100 // EC2 advises against more than 1,000
	addressesPerCall = 200 // "up to 200 filter values" (EC2 API reference)
	terminated       = "terminated"
)

// machine is an instance with what only the adapter needs of it.
type machine struct {
	deploy.Instance
	vpc   string
	tags  map[string]string
	raw   types.Instance // as EC2 has described it
	begun time.Time      // of the call that has described it
}

// Host reads the EC2 state of one instance, by DescribeInstances. Those who ask at the same time share one call, also for
// different instances. An instance that EC2 says it does not know (InvalidInstanceID.NotFound, an hour or so after its
// end) is "terminated"; an answer that merely lacks it is a fault.
func (c *Cloud) Host(ctx context.Context, instance string) (deploy.Host, error) {
	h, err := c.hosts.ask(ctx, instance)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("DescribeInstances %s: %w", instance, err)
	}
	return h, err
}

// crowdOfHosts reads the states of many instances at once.
func (c *Cloud) crowdOfHosts() *crowd[deploy.Host] {
	return &crowd[deploy.Host]{
		most: idsPerCall, turn: make(chan struct{}, 1),
		lacks: func(id string) error { return lacking("DescribeInstances "+id, id) },
		read: func(ctx context.Context, ids []string, began func(time.Time)) (map[string]deploy.Host, error) {
			found := map[string]machine{}
			err := c.someInstances(ctx, ids, began, found)
			out := map[string]deploy.Host{}
			for id, m := range found {
				out[id] = deploy.Host{Begun: m.begun, State: m.State}
			}
			return out, err
		},
	}
}

func lacking(doing, id string) error { return awscall.Malformed(doing, "it lacks "+id) }

// instances describes instances by id. Each id that was asked for is in the answer.
func (c *Cloud) instances(ctx context.Context, ids []string) (map[string]machine, error) {
	out := map[string]machine{}
	for part := range slices.Chunk(ids, idsPerCall) {
		if err := c.someInstances(ctx, part, nil, out); err != nil {
			return nil, err
		}
		for _, id := range part {
			if _, ok := out[id]; !ok {
				return nil, lacking("DescribeInstances "+few(part), id)
			}
		}
	}
	return out, nil
}

// someInstances describes what fits into one call. One unknown id makes EC2 refuse them all, so then each half is asked
// for by itself, down to the one. Began, if not nil, hears when each try begins.
func (c *Cloud) someInstances(ctx context.Context, ids []string, began func(time.Time), into map[string]machine) error {
	var begun time.Time
	got, err := c.describeInstances(ctx, "DescribeInstances "+few(ids), &ec2.DescribeInstancesInput{InstanceIds: ids}, func(at time.Time) {
		begun = at
		if began != nil {
			began(at)
		}
	})
	if awscall.Code(err) == "InvalidInstanceID.NotFound" {
		if len(ids) == 1 {
			into[ids[0]] = machine{Instance: deploy.Instance{ID: ids[0], State: terminated}, begun: begun}
			return nil
		}
		half := len(ids) / 2
		if err := c.someInstances(ctx, ids[:half], began, into); err != nil {
			return err
		}
		return c.someInstances(ctx, ids[half:], began, into)
	}
	if err != nil {
		return err
	}
	for _, i := range got {
		i.begun = begun
		into[i.ID] = i
	}
	return nil
}

// few names at most three of many.
func few(ids []string) string {
	if len(ids) <= 3 {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:3], ", "), len(ids)-3)
}

// owners finds the instances that have the addresses as their primary private one, in one VPC: addresses are unique
// within a VPC only. An address of something else (a container, a host on the company's own network) is not in the answer.
func (c *Cloud) owners(ctx context.Context, vpc string, addresses []string) (map[string]machine, error) {
	out := map[string]machine{}
	for part := range slices.Chunk(addresses, addressesPerCall) {
		got, err := c.describeInstances(ctx, "DescribeInstances with the addresses "+few(part), &ec2.DescribeInstancesInput{
			Filters: []types.Filter{
				{Name: aws.String("vpc-id"), Values: []string{vpc}},
				{Name: aws.String("private-ip-address"), Values: part},
			},
		}, nil)
		if err != nil {
			return nil, err
		}
		for _, i := range got {
			if slices.Contains(part, i.IP) && i.State != terminated {
				out[i.IP] = i
			}
		}
	}
	return out, nil
}

// present are the states of an instance that is there and stays: what is shutting down or terminated is neither.
var present = []string{"pending", "running", "stopping", "stopped"}

// tagged finds the instances that bear all of the tags, with exactly these values, and are not at their end. No tags are
// no instances. EC2 reads a * or ? in a filter's value as a pattern, so what it answers is looked through again.
func (c *Cloud) tagged(ctx context.Context, tags map[string]string) (map[string]machine, error) {
	out := map[string]machine{}
	if len(tags) == 0 {
		return out, nil
	}
	filters := []types.Filter{{Name: aws.String("instance-state-name"), Values: present}}
	words := make([]string, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		filters = append(filters, types.Filter{Name: aws.String("tag:" + k), Values: []string{strings.ReplaceAll(tags[k], `\`, `\\`)}})
		words = append(words, k+"="+tags[k])
	}
	got, err := c.describeInstances(ctx, "DescribeInstances with the tags "+few(words), &ec2.DescribeInstancesInput{Filters: filters}, nil)
	if err != nil {
		return nil, err
	}
	for _, i := range got {
		if slices.Contains(present, i.State) && i.bears(tags) {
			out[i.ID] = i
		}
	}
	return out, nil
}

// bears reports whether an instance has all of the tags.
func (m machine) bears(tags map[string]string) bool {
	for k, v := range tags {
		if have, ok := m.tags[k]; !ok || have != v {
			return false
		}
	}
	return true
}

func (c *Cloud) describeInstances(
	ctx context.Context, doing string, in *ec2.DescribeInstancesInput, began func(time.Time),
) ([]machine, error) {
	var out []machine
	for {
		call := c.within(c.o.Hosts, doing)
		call.Began = began
		page, err := awscall.Make(ctx, call, func(ctx context.Context) (*ec2.DescribeInstancesOutput, error) {
			return c.ec2.DescribeInstances(ctx, in)
		})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				if aws.ToString(i.InstanceId) == "" || i.State == nil || i.State.Name == "" {
					return nil, awscall.Malformed(doing, "an instance has no id or no state")
				}
				out = append(out, machineOf(i))
			}
		}
		if aws.ToString(page.NextToken) == "" {
			return out, nil
		}
		in.NextToken = page.NextToken
	}
}

func machineOf(i types.Instance) machine {
	out := machine{
		Instance: deploy.Instance{ID: *i.InstanceId, IP: aws.ToString(i.PrivateIpAddress), State: string(i.State.Name)},
		vpc:      aws.ToString(i.VpcId), tags: map[string]string{}, raw: i,
	}
	if i.Placement != nil {
		out.Zone = aws.ToString(i.Placement.AvailabilityZone)
	}
	for _, t := range i.Tags {
		out.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	out.Name = out.tags["Name"]
	return out
}
