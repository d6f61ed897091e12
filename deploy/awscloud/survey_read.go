package awscloud

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
	"junban/deploy/doctor"
	"junban/deploy/engine"
)

// attributes reads a target group's attributes.
func (s *survey) attributes(ctx context.Context, g *doctor.Group) error {
	doing := "DescribeTargetGroupAttributes of target group " + g.Name
	in := &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: aws.String(g.ARN)}
	out, err := awscall.Make(ctx, s.cloud.reading(doing), func(ctx context.Context) (*elb.DescribeTargetGroupAttributesOutput, error) {
		return s.cloud.elb.DescribeTargetGroupAttributes(ctx, in)
	})
	if err != nil {
		return s.judge("elasticloadbalancing:DescribeTargetGroupAttributes", err)
	}
	by := map[string]string{}
	for _, a := range out.Attributes {
		by[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	delay, err := strconv.Atoi(by[delayKey])
	if err != nil {
		return awscall.Malformed(doing, delayKey+" is no number")
	}
	slow, _ := strconv.Atoi(by["slow_start.duration_seconds"]) // lacking for some types of groups
	g.Attributes = true
	g.Delay, g.SlowStart = time.Duration(delay)*time.Second, time.Duration(slow)*time.Second
	g.Sticky = by["stickiness.enabled"] == "true"
	g.CrossZone = by["load_balancing.cross_zone.enabled"]
	return nil
}

// users are the ARNs of the groups and, sorted, of the load balancers that use them.
func users(groups []found) (mine map[string]bool, arns []string) {
	mine = map[string]bool{}
	for _, g := range groups {
		mine[g.ARN] = true
		arns = append(arns, g.balancers...)
	}
	slices.Sort(arns)
	return mine, slices.Compact(arns)
}

// balancers reads load balancers, and which groups they use that are not the service's own.
func (s *survey) balancers(ctx context.Context, arns []string, mine map[string]bool) error {
	for part := range slices.Chunk(arns, groupsPerCall) {
		out, err := awscall.Make(ctx, s.cloud.reading("DescribeLoadBalancers"), func(ctx context.Context) (*elb.DescribeLoadBalancersOutput, error) {
			return s.cloud.elb.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: part})
		})
		if err != nil {
			return s.judge("elasticloadbalancing:DescribeLoadBalancers", err)
		}
		for _, lb := range out.LoadBalancers {
			b := balancerOf(lb)
			if err := s.behind(ctx, &b, mine); err != nil {
				return err
			}
			s.Balancers = append(s.Balancers, b)
		}
	}
	return nil
}

func balancerOf(lb types.LoadBalancer) doctor.Balancer {
	b := doctor.Balancer{
		ARN: aws.ToString(lb.LoadBalancerArn), Name: aws.ToString(lb.LoadBalancerName), Type: string(lb.Type), Scheme: string(lb.Scheme),
	}
	for _, z := range lb.AvailabilityZones {
		b.Zones = append(b.Zones, doctor.Zone{Name: aws.ToString(z.ZoneName), Subnet: aws.ToString(z.SubnetId)})
	}
	slices.SortFunc(b.Zones, func(x, y doctor.Zone) int { return strings.Compare(x.Name, y.Name) })
	return b
}

// behind reads which groups besides the service's own a load balancer uses.
func (s *survey) behind(ctx context.Context, b *doctor.Balancer, mine map[string]bool) error {
	in := &elb.DescribeTargetGroupsInput{LoadBalancerArn: aws.String(b.ARN)}
	for {
		page, err := awscall.Make(ctx, s.cloud.reading("DescribeTargetGroups of "+b.Name), func(ctx context.Context) (*elb.DescribeTargetGroupsOutput, error) {
			return s.cloud.elb.DescribeTargetGroups(ctx, in)
		})
		if err != nil {
			return s.judge("elasticloadbalancing:DescribeTargetGroups", err)
		}
		for _, g := range page.TargetGroups {
			if !mine[aws.ToString(g.TargetGroupArn)] {
				b.Others = append(b.Others, aws.ToString(g.TargetGroupName))
			}
		}
		if aws.ToString(page.NextMarker) == "" {
			b.OthersOK = true
			slices.Sort(b.Others)
			return nil
		}
		in.Marker = page.NextMarker
	}
}

// machines reads the instances behind the groups, besides, and those that bear the tags.
func (s *survey) machines(ctx context.Context, groups []found, w engine.Want) (map[string]machine, error) {
	tagged, err := s.cloud.tagged(ctx, w.Tags)
	if err != nil {
		return nil, err
	}
	out, err := s.cloud.behind(ctx, groups, w.Besides, tagged)
	if err != nil {
		return nil, err
	}
	for id := range tagged {
		s.Tagged = append(s.Tagged, id)
	}
	slices.Sort(s.Tagged)
	return out, nil
}

// instanceOf reads what an examination wants to know of an instance. Auto Scaling tags its instances by itself.
func instanceOf(raw ec2types.Instance, i deploy.Instance) doctor.Instance {
	out := doctor.Instance{
		Instance: i, Type: string(raw.InstanceType), Image: aws.ToString(raw.ImageId), Subnet: aws.ToString(raw.SubnetId),
	}
	if raw.IamInstanceProfile != nil {
		out.Profile = aws.ToString(raw.IamInstanceProfile.Arn)
	}
	for _, g := range raw.SecurityGroups {
		out.SecurityGroups = append(out.SecurityGroups, aws.ToString(g.GroupId))
	}
	slices.Sort(out.SecurityGroups)
	if raw.MetadataOptions != nil {
		out.Tokens = string(raw.MetadataOptions.HttpTokens)
	}
	for _, t := range raw.Tags {
		if aws.ToString(t.Key) == "aws:autoscaling:groupName" && out.Scaling == "" {
			out.Scaling = aws.ToString(t.Value)
		}
	}
	return out
}

// agentsPerCall bounds the ids of one DescribeInstanceInformation: MaxResults is at most 50 (API reference).
const agentsPerCall = 50

// agents reads how the SSM agents of the instances answer. One that has never registered is not in AWS's answer.
func (s *survey) agents(ctx context.Context) error {
	pings := map[string]string{}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(s.Instances)), agentsPerCall) {
		in := &ssm.DescribeInstanceInformationInput{
			Filters:    []ssmtypes.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: part}},
			MaxResults: aws.Int32(agentsPerCall),
		}
		for {
			page, err := awscall.Make(ctx, s.cloud.reading("DescribeInstanceInformation"), func(ctx context.Context) (*ssm.DescribeInstanceInformationOutput, error) {
				return s.cloud.ssm.DescribeInstanceInformation(ctx, in)
			})
			if err != nil {
				return s.judge("ssm:DescribeInstanceInformation", err)
			}
			for _, i := range page.InstanceInformationList {
				pings[aws.ToString(i.InstanceId)] = string(i.PingStatus)
			}
			if aws.ToString(page.NextToken) == "" {
				break
			}
			in.NextToken = page.NextToken
		}
	}
	s.Agents = pings
	return nil
}
