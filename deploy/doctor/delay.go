package doctor

import (
	"time"

	"junban/deploy"
)

const (
	longDelay   = 300 * time.Second // AWS's default
	longRollout = 15 * time.Minute
	shortDelay  = "60" // seconds, as a proposal: enough for requests that end within a minute
)

// deregistrationZero: with no delay the load balancer closes the connections of requests that are being answered.
func deregistrationZero(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, g := range x.Groups {
		if g.Attributes && g.Delay == 0 {
			out = append(out, found(deploy.Warns, x.attribute(g, delayKey+shortDelay), "group", g.Name))
		}
	}
	return out
}

const delayKey = "Key=deregistration_delay.timeout_seconds,Value="

// deregistrationLong: a drained target shows draining for its whole delay, so AWS's default makes a rollout long.
func deregistrationLong(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, g := range x.Groups {
		n := len(x.registered(g))
		window := x.r.Rules.MaxUnavailable.AtMost(n)
		total := time.Duration((n+window-1)/window) * (g.Delay + g.Interval)
		if !g.Attributes || g.Delay < longDelay || x.r.Rules.Drain.Idle || total <= longRollout {
			continue
		}
		out = append(out, found(deploy.Notes, x.attribute(g, delayKey+shortDelay), "group", g.Name, "delay", g.Delay, "instances", n, "estimate", total))
	}
	return out
}
