// Package awscloud is AWS as the engine needs it: target groups, their targets, the instances behind them, their Auto
// Scaling groups, and alarms, through aws-sdk-go-v2. It implements engine.Cloud.
//
// It must never decide anything about a rollout, repeat a DeregisterTargets, leave the port out of a target, or use the
// SDK's waiters. One Cloud serves one account and region: its calls share budgets, which lie below AWS's own.
package awscloud

import (
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"golang.org/x/time/rate"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
	"junban/deploy/engine"
)

var _ engine.Cloud = (*Cloud)(nil)

// Options change a Cloud's limits; the zero value is right for AWS. Two Clouds of the same account and region are made
// from the same limiters: see Defaults.
type Options struct {
	// Reads is the budget of ELBv2's Describe* calls, Writes that of RegisterTargets and DeregisterTargets. The defaults
	// are 9 a second with a burst of 30, and 4 a second with a burst of 16. AWS's own buckets, per account and region, hold
	// 40 refilled at 10 a second, and 20 refilled at 4 (ELB user guide, "Request throttling"; the same are the defaults of
	// AWS's load balancer controller). The rest is left to the console and to other tools.
	Reads, Writes *rate.Limiter
	// Hosts is the budget of EC2's Describe* calls, by default 9 a second with a burst of 30. EC2's buckets are larger.
	Hosts *rate.Limiter
	// Scaling is the budget of all Auto Scaling calls, Alarms that of CloudWatch's DescribeAlarms (of which AWS takes 9 a
	// second). The defaults are 5 a second with a burst of 10.
	Scaling, Alarms *rate.Limiter
	// ReadTimeout and WriteTimeout limit each try. The defaults are 10 s and 15 s.
	ReadTimeout, WriteTimeout time.Duration
}

// Defaults are Options with every budget made. Clouds that are made from one value of them share those budgets.
func Defaults() Options { return Options{}.filled() }

func (o Options) filled() Options {
	for _, b := range []struct {
		budget **rate.Limiter
		rate   rate.Limit
		burst  int
	}{
		{&o.Reads, 9, 30},
		{&o.Writes, 4, 16},
		{&o.Hosts, 9, 30},
		{&o.Scaling, 5, 10},
		{&o.Alarms, 5, 10},
	} {
		if *b.budget == nil {
			*b.budget = rate.NewLimiter(b.rate, b.burst)
		}
	}
	if o.ReadTimeout <= 0 {
		o.ReadTimeout = 10 * time.Second
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = 15 * time.Second
	}
	return o
}

// Cloud is one account and region. It is safe for concurrent use.
type Cloud struct {
	elb     *elb.Client
	ec2     *ec2.Client
	scaling *autoscaling.Client
	watch   *cloudwatch.Client
	ssm     *ssm.Client // for Survey only: commands are sent by package ssmrun
	o       Options

	hosts *crowd[deploy.Host] // by instance id

	mu     sync.Mutex
	health map[string]*shared[deploy.Reading] // by target group ARN
	alarms map[string]*shared[deploy.Alarms]  // by alarm names
}

// New makes a Cloud from the SDK's configuration. It makes no call.
func New(cfg aws.Config, o Options) *Cloud {
	cfg = cfg.Copy() // for every client alike; the caller's stays as it is
	cfg.Retryer, cfg.RetryMaxAttempts = patience, 0
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), awscall.Hook)
	c := &Cloud{
		elb: elb.NewFromConfig(cfg), ec2: ec2.NewFromConfig(cfg), ssm: ssm.NewFromConfig(cfg),
		scaling: autoscaling.NewFromConfig(cfg), watch: cloudwatch.NewFromConfig(cfg),
		o:      o.filled(),
		health: map[string]*shared[deploy.Reading]{},
		alarms: map[string]*shared[deploy.Alarms]{},
	}
	c.hosts = c.crowdOfHosts()
	return c
}

// patience is the retryer of what may be repeated: three tries, a few seconds at most. Longer patience is the engine's,
// which tells people about it.
func patience() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 3
		o.MaxBackoff = 2 * time.Second
	})
}

func (c *Cloud) reading(doing string) awscall.Call {
	return awscall.Call{Doing: doing, Budget: c.o.Reads, Timeout: c.o.ReadTimeout}
}

func (c *Cloud) writing(doing string) awscall.Call {
	return awscall.Call{Doing: doing, Budget: c.o.Writes, Timeout: c.o.WriteTimeout}
}

// within is a reading that draws from another budget than ELBv2's.
func (c *Cloud) within(budget *rate.Limiter, doing string) awscall.Call {
	return awscall.Call{Doing: doing, Budget: budget, Timeout: c.o.ReadTimeout}
}
