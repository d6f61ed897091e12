package awssim

import (
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"junban/deploy/awssim/world"
)

// Limit is one token bucket. The zero Limit is the default of its bucket.
type Limit struct {
	Burst     int     // tokens; negative: no limit
	PerSecond float64 // refill
}

// Limits are the buckets of one account and region. ELB's Describe* calls
// share 40 tokens and 10 a second; AWS publishes no figures for the others.
type Limits struct {
	ELBReads, ELBWrites Limit // default 40 and 10/s; 20 and 5/s
	EC2Reads, EC2Writes Limit // default 50 and 10/s; 50 and 5/s
	SSMReads, SSMWrites Limit // default 40 and 10/s; 20 and 5/s
	// Auto Scaling: default 40 and 10/s; 20 and 5/s.
	ScalingReads, ScalingWrites Limit
	// CloudWatch: 9/s, as DescribeAlarms has; 3/s, as PutMetricAlarm has.
	AlarmReads, AlarmWrites Limit
}

// NoLimits never throttle.
func NoLimits() Limits {
	n := Limit{Burst: -1}
	return Limits{n, n, n, n, n, n, n, n, n, n}
}

type bucket struct {
	service service
	kind    kind
}

type gates map[bucket]*rate.Limiter

func newGates(l Limits) gates {
	g := gates{}
	add := func(svc service, k kind, l, def Limit) {
		if l == (Limit{}) {
			l = def
		}
		if l.Burst >= 0 {
			g[bucket{svc, k}] = rate.NewLimiter(rate.Limit(l.PerSecond), l.Burst)
		}
	}
	add(elb, reads, l.ELBReads, Limit{40, 10})
	add(elb, writes, l.ELBWrites, Limit{20, 5})
	add(ec2, reads, l.EC2Reads, Limit{50, 10})
	add(ec2, writes, l.EC2Writes, Limit{50, 5})
	add(ssm, reads, l.SSMReads, Limit{40, 10})
	add(ssm, writes, l.SSMWrites, Limit{20, 5})
	add(autoscaling, reads, l.ScalingReads, Limit{40, 10})
	add(autoscaling, writes, l.ScalingWrites, Limit{20, 5})
	add(cloudwatch, reads, l.AlarmReads, Limit{9, 9})
	add(cloudwatch, writes, l.AlarmWrites, Limit{3, 3})
	return g
}

func (g gates) allow(svc service, k kind, now time.Time) bool {
	l := g[bucket{svc, k}]
	return l == nil || l.AllowN(now, 1)
}

// throttled is how each service says that it was asked too often.
func throttled(svc service) *world.Error {
	if svc == ec2 {
		return &world.Error{Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Status: http.StatusServiceUnavailable}
	}
	if svc == autoscaling || svc == cloudwatch {
		return badRequest("Throttling", "Rate exceeded")
	}
	return badRequest("ThrottlingException", "Rate exceeded")
}
