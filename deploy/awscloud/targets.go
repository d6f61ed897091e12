package awscloud

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
)

// Deregister takes pairs out of a target group (an ARN) in one DeregisterTargets, in one try: what was checked before it
// holds for that moment only. Not a byte of its body leaves after notAfter; then the error is engine.ErrLate.
//
// The port is always sent: "If you specified a port override when you registered a target, you must specify both the
// target ID and the port when you deregister it. If the specified target does not exist, the action returns
// successfully" (API reference). An answer therefore says that AWS has heard, not that anything leaves.
func (c *Cloud) Deregister(ctx context.Context, group string, pairs []deploy.Pair, notAfter time.Time) error {
	doing := fmt.Sprintf("DeregisterTargets %s in target group %s", list(pairs), nameOf(group))
	targets, err := descriptions(doing, group, pairs)
	if err != nil {
		return err
	}
	call := c.writing(doing)
	call.NotAfter = notAfter
	_, err = awscall.Make(ctx, call, func(ctx context.Context) (*elb.DeregisterTargetsOutput, error) {
		in := &elb.DeregisterTargetsInput{TargetGroupArn: aws.String(group), Targets: targets}
		return c.elb.DeregisterTargets(ctx, in, func(o *elb.Options) { o.Retryer, o.RetryMaxAttempts = aws.NopRetryer{}, 0 })
	})
	return err
}

// Register puts pairs into a target group (an ARN) in one RegisterTargets, with up to three tries: a pair that is
// registered already is left as it is. The port is always sent.
//
// InvalidTarget, as for an instance that does not run, is a refusal of all pairs.
func (c *Cloud) Register(ctx context.Context, group string, pairs []deploy.Pair) error {
	doing := fmt.Sprintf("RegisterTargets %s in target group %s", list(pairs), nameOf(group))
	targets, err := descriptions(doing, group, pairs)
	if err != nil {
		return err
	}
	_, err = awscall.Make(ctx, c.writing(doing), func(ctx context.Context) (*elb.RegisterTargetsOutput, error) {
		return c.elb.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: aws.String(group), Targets: targets})
	})
	return err
}

// descriptions are the pairs as the API wants them. A pair of another group or without a port is a fault of the caller,
// which AWS would accept in silence.
func descriptions(doing, group string, pairs []deploy.Pair) ([]types.TargetDescription, error) {
	if len(pairs) == 0 {
		return nil, awscall.Refused(doing, "no targets are named")
	}
	out := make([]types.TargetDescription, 0, len(pairs))
	for _, p := range pairs {
		switch {
		case p.Group != group:
			return nil, awscall.Refused(doing, fmt.Sprintf("%s belongs to target group %s", p, nameOf(p.Group)))
		case p.Target == "" || p.Port < 1 || p.Port > 65535:
			return nil, awscall.Refused(doing, fmt.Sprintf("%q is no target with a port", p))
		}
		out = append(out, types.TargetDescription{Id: aws.String(p.Target), Port: aws.Int32(int32(p.Port))})
	}
	return out, nil
}

func list(pairs []deploy.Pair) string {
	names := make([]string, 0, len(pairs))
	for _, p := range pairs {
		names = append(names, p.String())
	}
	return strings.Join(names, ", ")
}
