package awscloud

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
)

// groupsPerCall bounds the names or ARNs of one DescribeTargetGroups. The API reference gives no limit for them; 20 is
// the one that it gives for load balancers and for tags.
const groupsPerCall = 20

// found is a target group with what only the adapter needs of it.
type found struct {
	deploy.Group
	vpc       string
	balancers []string // ARNs of the load balancers that use it
}

// groups describes target groups by name or ARN, in the order asked for, without their attributes and targets.
func (c *Cloud) groups(ctx context.Context, wanted []string) ([]found, error) {
	var names, arns []string // one call cannot have both
	for _, w := range wanted {
		if isARN(w) {
			arns = append(arns, w)
		} else {
			names = append(names, w)
		}
	}
	by := map[string]found{}
	for _, some := range [][]string{names, arns} {
		slices.Sort(some)
		for part := range slices.Chunk(slices.Compact(some), groupsPerCall) {
			groups, err := c.someGroups(ctx, part)
			if err != nil {
				return nil, err
			}
			for _, g := range groups {
				by[g.ARN], by[g.Name] = g, g
			}
		}
	}
	out := make([]found, 0, len(wanted))
	for _, w := range wanted {
		g, ok := by[w]
		if !ok {
			return nil, awscall.Malformed("DescribeTargetGroups "+w, "it is about other target groups")
		}
		out = append(out, g)
	}
	return out, nil
}

func isARN(s string) bool { return strings.HasPrefix(s, "arn:") }

// someGroups describes what fits into one call. AWS says TargetGroupNotFound for all of them together, so those that are
// missing are then found one by one.
func (c *Cloud) someGroups(ctx context.Context, some []string) ([]found, error) {
	groups, err := c.describeGroups(ctx, some)
	if awscall.Code(err) != notFound {
		return groups, err
	}
	missing := some
	if len(some) > 1 {
		missing = nil
		for _, one := range some {
			if _, err := c.describeGroups(ctx, []string{one}); awscall.Code(err) == notFound {
				missing = append(missing, one)
			} else if err != nil {
				return nil, err
			}
		}
	}
	if len(missing) == 0 {
		return nil, err // it has appeared meanwhile; the next look will see it
	}
	what := "no target group has the name "
	if isARN(missing[0]) {
		what = "no target group has the ARN "
	}
	return nil, &deploy.Fault{
		Class: deploy.Refused, Code: notFound, Message: what + strings.Join(missing, ", ") + " in this account and region",
	}
}

const notFound = "TargetGroupNotFound"

func (c *Cloud) describeGroups(ctx context.Context, some []string) ([]found, error) {
	in := &elb.DescribeTargetGroupsInput{}
	names := make([]string, 0, len(some))
	for _, s := range some {
		names = append(names, nameOf(s))
	}
	if isARN(some[0]) {
		in.TargetGroupArns = some
	} else {
		in.Names = some
	}
	doing := "DescribeTargetGroups " + strings.Join(names, ", ")
	var out []found
	for {
		page, err := awscall.Make(ctx, c.reading(doing), func(ctx context.Context) (*elb.DescribeTargetGroupsOutput, error) {
			return c.elb.DescribeTargetGroups(ctx, in)
		})
		if err != nil {
			return nil, err
		}
		for _, g := range page.TargetGroups {
			f, err := group(doing, g)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
		}
		if aws.ToString(page.NextMarker) == "" {
			return out, nil
		}
		in.Marker = page.NextMarker
	}
}

// group checks one target group of an answer.
func group(doing string, g types.TargetGroup) (found, error) {
	arn, name := aws.ToString(g.TargetGroupArn), aws.ToString(g.TargetGroupName)
	if arn == "" || name == "" {
		return found{}, awscall.Malformed(doing, "a target group has no name or ARN")
	}
	switch g.TargetType {
	case types.TargetTypeEnumInstance, types.TargetTypeEnumIp:
	case types.TargetTypeEnumLambda, types.TargetTypeEnumAlb:
		return found{}, awscall.Refused(doing,
			fmt.Sprintf("target group %s has targets of type %s: only instance and ip can be deployed to", name, g.TargetType))
	default:
		return found{}, awscall.Malformed(doing, fmt.Sprintf("target group %s has the unknown type %.40q", name, g.TargetType))
	}
	return found{deploy.Group{
		ARN: arn, Name: name, Type: string(g.TargetType), Port: int(aws.ToInt32(g.Port)),
		Interval: time.Duration(aws.ToInt32(g.HealthCheckIntervalSeconds)) * time.Second,
		Balanced: len(g.LoadBalancerArns) > 0,
	}, aws.ToString(g.VpcId), g.LoadBalancerArns}, nil
}

const delayKey = "deregistration_delay.timeout_seconds"

// delay reads the deregistration delay of a group (an ARN), 0 to 3600 s, from its attributes.
func (c *Cloud) delay(ctx context.Context, group string) (time.Duration, error) {
	doing := "DescribeTargetGroupAttributes of target group " + nameOf(group)
	in := &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: aws.String(group)}
	out, err := awscall.Make(ctx, c.reading(doing), func(ctx context.Context) (*elb.DescribeTargetGroupAttributesOutput, error) {
		return c.elb.DescribeTargetGroupAttributes(ctx, in)
	})
	if err != nil {
		return 0, err
	}
	for _, a := range out.Attributes {
		if aws.ToString(a.Key) != delayKey {
			continue
		}
		n, err := strconv.Atoi(aws.ToString(a.Value))
		if err != nil || n < 0 || n > 3600 {
			return 0, awscall.Malformed(doing, fmt.Sprintf("%s is %.40q", delayKey, aws.ToString(a.Value)))
		}
		return time.Duration(n) * time.Second, nil
	}
	return 0, awscall.Malformed(doing, "it lacks "+delayKey)
}
