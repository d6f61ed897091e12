package awscloud

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
)

// alarmsPerCall is how many names one DescribeAlarms takes, and how many alarms one page of its answer can hold.
const alarmsPerCall = 100

// Alarms reads the states of CloudWatch alarms, metric and composite ones, by name: OK, ALARM or INSUFFICIENT_DATA. Those
// who ask for the same names at the same time share one reading. Names that no alarm has are a Refused fault that lists
// them. No names are no call: DescribeAlarms without names describes every alarm of the account.
func (c *Cloud) Alarms(ctx context.Context, names []string) (deploy.Alarms, error) {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if len(names) == 0 {
		return deploy.Alarms{Begun: time.Now(), States: map[string]string{}}, nil
	}
	a, err := c.alarm(names).ask(ctx, time.Now())
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("DescribeAlarms %s: %w", few(names), err)
		}
		return deploy.Alarms{}, err
	}
	a.States = maps.Clone(a.States)
	return a, nil
}

func (c *Cloud) alarm(names []string) *shared[deploy.Alarms] {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.Join(names, "\x00")
	s := c.alarms[key]
	if s == nil {
		s = &shared[deploy.Alarms]{
			read: func(ctx context.Context, began func(time.Time)) (deploy.Alarms, time.Time, error) {
				a, err := c.describeAlarms(ctx, names, began)
				return a, a.Begun, err
			},
		}
		c.alarms[key] = s
	}
	return s
}

// describeAlarms makes one reading. Its Begun is the begin of its first call: what the later ones show is newer.
func (c *Cloud) describeAlarms(ctx context.Context, names []string, began func(time.Time)) (deploy.Alarms, error) {
	a := deploy.Alarms{States: map[string]string{}}
	first := func(at time.Time) {
		a.Begun = at
		began(at)
	}
	for part := range slices.Chunk(names, alarmsPerCall) {
		in := &cloudwatch.DescribeAlarmsInput{
			AlarmNames: part,
			AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}, // only metric ones, if left out
			MaxRecords: aws.Int32(alarmsPerCall),
		}
		if err := c.somePages(ctx, in, first, a.States); err != nil {
			return deploy.Alarms{}, err
		}
		first = nil
	}
	missing := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return a.States[n] != "" })
	if len(missing) > 0 {
		return deploy.Alarms{}, awscall.Refused("DescribeAlarms",
			"no metric or composite alarm has the name "+strings.Join(missing, ", ")+" in this account and region")
	}
	return a, nil
}

// somePages reads the pages of one question. Began hears of the first page only.
func (c *Cloud) somePages(ctx context.Context, in *cloudwatch.DescribeAlarmsInput, began func(time.Time), into map[string]string) error {
	doing := "DescribeAlarms " + few(in.AlarmNames)
	for {
		call := c.within(c.o.Alarms, doing)
		call.Began = began
		page, err := awscall.Make(ctx, call, func(ctx context.Context) (*cloudwatch.DescribeAlarmsOutput, error) {
			return c.watch.DescribeAlarms(ctx, in)
		})
		if err != nil {
			return err
		}
		for _, m := range page.MetricAlarms {
			err = state(doing, m.AlarmName, m.StateValue, into)
			if err != nil {
				return err
			}
		}
		for _, m := range page.CompositeAlarms {
			err = state(doing, m.AlarmName, m.StateValue, into)
			if err != nil {
				return err
			}
		}
		if aws.ToString(page.NextToken) == "" {
			return nil
		}
		in.NextToken, began = page.NextToken, nil
	}
}

// state checks one alarm of an answer: in a state that nobody knows, it can neither stop a rollout nor let it go on.
func state(doing string, name *string, s types.StateValue, into map[string]string) error {
	if !slices.Contains(s.Values(), s) {
		return awscall.Malformed(doing, fmt.Sprintf("alarm %.80q has the unknown state %.40q", aws.ToString(name), s))
	}
	into[aws.ToString(name)] = string(s)
	return nil
}
