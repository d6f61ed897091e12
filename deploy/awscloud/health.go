package awscloud

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
)

// Health reads all targets of one target group (an ARN), by DescribeTargetHealth without targets: asked by id, AWS also
// describes what is not registered. Callers share readings: one that is under way or has succeeded is answered to all
// whose since it satisfies, and the end of one caller's context does not end it for the others. A since that is still to
// come is waited for.
func (c *Cloud) Health(ctx context.Context, group string, since time.Time) (deploy.Reading, error) {
	r, err := c.healthOf(group).ask(ctx, since)
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%s: %w", describing(group), err)
		}
		return deploy.Reading{}, err
	}
	r.Targets = slices.Clone(r.Targets)
	return r, nil
}

func describing(group string) string {
	return "DescribeTargetHealth of target group " + nameOf(group)
}

func (c *Cloud) healthOf(group string) *shared[deploy.Reading] {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.health[group]
	if s == nil {
		var known memory
		s = &shared[deploy.Reading]{
			read: func(ctx context.Context, began func(time.Time)) (deploy.Reading, time.Time, error) {
				r, err := c.describeHealth(ctx, group, &known, began)
				return r, r.Begun, err
			},
		}
		c.health[group] = s
	}
	return s
}

// describeHealth makes one reading. Its Begun is the begin of the try that was answered.
func (c *Cloud) describeHealth(ctx context.Context, group string, known *memory, began func(time.Time)) (deploy.Reading, error) {
	var r deploy.Reading
	cut := cut{of: known}
	call := c.reading(describing(group))
	call.Began = func(at time.Time) {
		r.Begun = at
		began(at)
	}
	out, err := awscall.Make(ctx, call, func(ctx context.Context) (*elb.DescribeTargetHealthOutput, error) {
		in := &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(group)}
		return c.elb.DescribeTargetHealth(ctx, in, elb.WithAPIOptions(cut.hook))
	})
	if err != nil {
		return deploy.Reading{}, err
	}
	if r.Targets, err = cut.targets(group, out); err != nil {
		return deploy.Reading{}, err
	}
	return r, nil
}

// target checks one line of an answer: a target without an id or a port, or in a state that nobody knows, makes the
// whole answer worthless, since what is absent from a reading counts as out of service.
func target(group string, d types.TargetHealthDescription) (deploy.Target, error) {
	if d.Target == nil || aws.ToString(d.Target.Id) == "" {
		return deploy.Target{}, awscall.Malformed(describing(group), "a target has no id")
	}
	id, port := *d.Target.Id, aws.ToInt32(d.Target.Port)
	if port < 1 || port > 65535 {
		return deploy.Target{}, awscall.Malformed(describing(group), fmt.Sprintf("target %s has port %d", id, port))
	}
	if d.TargetHealth == nil {
		return deploy.Target{}, awscall.Malformed(describing(group), fmt.Sprintf("target %s:%d has no state", id, port))
	}
	state, ok := states[d.TargetHealth.State]
	if !ok {
		return deploy.Target{}, awscall.Malformed(describing(group),
			fmt.Sprintf("target %s:%d has the unknown state %.40q", id, port, d.TargetHealth.State))
	}
	return deploy.Target{
		Pair: deploy.Pair{Group: group, Target: id, Port: int(port)}, State: state, Reason: string(d.TargetHealth.Reason),
	}, nil
}

// states are those of the API reference's TargetHealth.
var states = map[types.TargetHealthStateEnum]deploy.Health{
	types.TargetHealthStateEnumInitial:     deploy.Initial,
	types.TargetHealthStateEnumHealthy:     deploy.Healthy,
	types.TargetHealthStateEnumUnhealthy:   deploy.Unhealthy,
	types.TargetHealthStateEnumUnused:      deploy.Unused,
	types.TargetHealthStateEnumDraining:    deploy.Draining,
	types.TargetHealthStateEnumUnavailable: deploy.Unavailable,
	// Network Load Balancers only: still registered, but unhealthy, and losing its connections.
	types.TargetHealthStateEnumUnhealthyDraining: deploy.Unhealthy,
}

// nameOf is the name in a target group's ARN, for messages: arn:…:targetgroup/NAME/0123456789abcdef.
func nameOf(group string) string {
	if parts := strings.Split(group, "/"); len(parts) == 3 {
		return parts[1]
	}
	return group
}
