// Package awscloud is AWS as the engine needs it: target groups, their targets, and the instances behind them, through
// aws-sdk-go-v2. It implements engine.Cloud.
//
// It must never decide anything about a rollout, repeat a DeregisterTargets, leave the port out of a target, or use the
// SDK's waiters. One Cloud serves one account and region: its calls share one budget, which lies below AWS's own.
package awscloud

import (
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"golang.org/x/time/rate"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
	"junban/deploy/engine"
)

var _ engine.Cloud = (*Cloud)(nil)

// Options change a Cloud's limits; the zero value is right for AWS.
type Options struct {
	// Reads is the budget of all Describe* calls, Writes that of RegisterTargets and DeregisterTargets. The defaults are
	// 8 a second with a burst of 20, and 4 a second with a burst of 10: ELBv2's Describe* share a bucket of 40 that refills
	// at 10 a second per account and region; AWS publishes no figures for the others.
	Reads, Writes *rate.Limiter
	// ReadTimeout and WriteTimeout limit each try. The defaults are 10 s and 15 s.
	ReadTimeout, WriteTimeout time.Duration
}

// Cloud is one account and region. It is safe for concurrent use.
type Cloud struct {
	elb *elb.Client
	ec2 *ec2.Client
	ssm *ssm.Client // for Survey only: commands are sent by package ssmrun
	o   Options

	mu     sync.Mutex
	health map[string]*shared[deploy.Reading] // by target group ARN
	hosts  map[string]*shared[deploy.Host]    // by instance id
}

// New makes a Cloud from the SDK's configuration. It makes no call.
func New(cfg aws.Config, o Options) *Cloud {
	if o.Reads == nil {
		o.Reads = rate.NewLimiter(8, 20)
	}
	if o.Writes == nil {
		o.Writes = rate.NewLimiter(4, 10)
	}
	if o.ReadTimeout <= 0 {
		o.ReadTimeout = 10 * time.Second
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = 15 * time.Second
	}
	return &Cloud{
		elb: elb.NewFromConfig(cfg, func(c *elb.Options) {
			c.Retryer, c.RetryMaxAttempts = patience(), 0
			c.APIOptions = append(c.APIOptions, awscall.Hook)
		}),
		ec2: ec2.NewFromConfig(cfg, func(c *ec2.Options) {
			c.Retryer, c.RetryMaxAttempts = patience(), 0
			c.APIOptions = append(c.APIOptions, awscall.Hook)
		}),
		ssm: ssm.NewFromConfig(cfg, func(c *ssm.Options) {
			c.Retryer, c.RetryMaxAttempts = patience(), 0
			c.APIOptions = append(c.APIOptions, awscall.Hook)
		}),
		o:      o,
		health: map[string]*shared[deploy.Reading]{},
		hosts:  map[string]*shared[deploy.Host]{},
	}
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
