package awscloud

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
)

// MinChanged is the code of the fault that SetMin refuses with when somebody else has changed the minimum.
const MinChanged = "MinChanged"

// EnterStandby asks that an instance of an Auto Scaling group goes into standby, so that the group neither checks nor
// replaces it, and the group's desired capacity goes down by one. It is one try. An answer says that AWS has begun:
// ScalingGroup's Lives go from EnteringStandby to Standby. AWS deregisters the instance from the target groups that are
// attached to the group, and from no others.
//
// AWS refuses it (ValidationError) if the desired capacity would fall below the group's minimum, or if the instance is not
// InService. While the group is busy with something else the fault is Throttled.
func (c *Cloud) EnterStandby(ctx context.Context, instance, group string) error {
	doing := fmt.Sprintf("EnterStandby of %s in Auto Scaling group %s", instance, group)
	if err := named(doing, instance, group); err != nil {
		return err
	}
	_, err := awscall.Make(ctx, c.standby(doing), func(ctx context.Context) (*autoscaling.EnterStandbyOutput, error) {
		return c.scaling.EnterStandby(ctx, &autoscaling.EnterStandbyInput{
			AutoScalingGroupName: aws.String(group), InstanceIds: []string{instance}, ShouldDecrementDesiredCapacity: aws.Bool(true),
		}, once)
	})
	return err
}

// ExitStandby asks that an instance in standby goes back into service, and the group's desired capacity goes up by one. It
// is one try. An answer says that AWS has begun: ScalingGroup's Lives go from Pending to InService, and AWS registers the
// instance with the target groups that are attached to the group, on their default port.
//
// AWS refuses it (ValidationError) if the instance is not in standby.
func (c *Cloud) ExitStandby(ctx context.Context, instance, group string) error {
	doing := fmt.Sprintf("ExitStandby of %s in Auto Scaling group %s", instance, group)
	if err := named(doing, instance, group); err != nil {
		return err
	}
	_, err := awscall.Make(ctx, c.standby(doing), func(ctx context.Context) (*autoscaling.ExitStandbyOutput, error) {
		return c.scaling.ExitStandby(ctx, &autoscaling.ExitStandbyInput{
			AutoScalingGroupName: aws.String(group), InstanceIds: []string{instance},
		}, once)
	})
	return err
}

// SuspendProcesses suspends processes of an Auto Scaling group: AZRebalance, ReplaceUnhealthy, …. It is one try; one that
// is suspended already stays so. At least one must be named: AWS takes none for all.
func (c *Cloud) SuspendProcesses(ctx context.Context, group string, processes []string) error {
	doing := fmt.Sprintf("SuspendProcesses %s of Auto Scaling group %s", strings.Join(processes, ", "), group)
	if err := named(doing, group, strings.Join(processes, "")); err != nil {
		return err
	}
	_, err := awscall.Make(ctx, c.standby(doing), func(ctx context.Context) (*autoscaling.SuspendProcessesOutput, error) {
		return c.scaling.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{
			AutoScalingGroupName: aws.String(group), ScalingProcesses: processes,
		}, once)
	})
	return err
}

// ResumeProcesses resumes processes of an Auto Scaling group. It is one try; one that is not suspended stays so. At least
// one must be named: AWS takes none for all, also for those that somebody else has suspended.
func (c *Cloud) ResumeProcesses(ctx context.Context, group string, processes []string) error {
	doing := fmt.Sprintf("ResumeProcesses %s of Auto Scaling group %s", strings.Join(processes, ", "), group)
	if err := named(doing, group, strings.Join(processes, "")); err != nil {
		return err
	}
	_, err := awscall.Make(ctx, c.standby(doing), func(ctx context.Context) (*autoscaling.ResumeProcessesOutput, error) {
		return c.scaling.ResumeProcesses(ctx, &autoscaling.ResumeProcessesInput{
			AutoScalingGroupName: aws.String(group), ScalingProcesses: processes,
		}, once)
	})
	return err
}

// SetMin sets the minimum capacity of an Auto Scaling group, but only if it is onlyIf now. If it is min already, nothing
// is called and the answer is success, so that it can be asked again after a crash. Any other is a Refused fault with the
// code MinChanged that says what it is: somebody else has changed it, and their value stays.
//
// AWS has no such condition, so the group is read first, and a change between the two calls is overwritten. A minimum
// above the desired capacity raises the desired capacity too: put it right only after the standby has ended.
func (c *Cloud) SetMin(ctx context.Context, group string, least, onlyIf int) error {
	doing := fmt.Sprintf("UpdateAutoScalingGroup %s to a minimum of %d", group, least)
	if least < 0 || least > 10000 { // "Minimum value of 0"; the size of the largest group is far below
		return awscall.Refused(doing, "a minimum is 0 or more")
	}
	now, err := c.ScalingGroup(ctx, group)
	switch {
	case err != nil:
		return err
	case now.Min == least:
		return nil
	case now.Min != onlyIf:
		return &deploy.Fault{
			Class: deploy.Refused, Code: MinChanged,
			Message: fmt.Sprintf("%s: its minimum is %d and not %d: somebody else has changed it, so it stays", doing, now.Min, onlyIf),
		}
	}
	_, err = awscall.Make(ctx, c.standby(doing), func(ctx context.Context) (*autoscaling.UpdateAutoScalingGroupOutput, error) {
		return c.scaling.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
			AutoScalingGroupName: aws.String(group), MinSize: aws.Int32(int32(least)),
		}, once)
	})
	return err
}

// once takes the SDK's retries away.
func once(o *autoscaling.Options) { o.Retryer, o.RetryMaxAttempts = aws.NopRetryer{}, 0 }

func (c *Cloud) standby(doing string) awscall.Call {
	return awscall.Call{Doing: doing, Budget: c.o.Scaling, Timeout: c.o.WriteTimeout}
}

// named refuses what AWS would take for everything.
func named(doing string, names ...string) error {
	if slices.Contains(names, "") {
		return awscall.Refused(doing, "something is not named, and AWS would take that for all")
	}
	return nil
}
