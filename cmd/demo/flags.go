package main

import (
	"errors"
	"fmt"
	"time"
)

// flags is the command line.
type flags struct {
	Unattended bool `help:"Play one rollout with a requester and an approver, print its thread, and end 0 only if it succeeded and no request failed."`
	JSON       bool `name:"json" help:"With --unattended: the last line is one JSON object."`

	Instances           int           `default:"4" placeholder:"N" help:"How many instances serve, 2 to 50 (${default})."`
	DeregistrationDelay time.Duration `default:"5s" placeholder:"D" help:"The target group's deregistration delay, whole seconds, up to an hour (${default}; AWS's own default is 300s)."`
	HealthInterval      time.Duration `default:"5s" placeholder:"D" help:"The time between health checks, 1s to 300s (${default})."`
	Language            string        `default:"en" enum:"en,ja" placeholder:"LANG" help:"The bot's language, en or ja (${default})."`

	HTTP    string `name:"http" default:"127.0.0.1:8700" placeholder:"ADDR" help:"Where the page is (${default})."`
	AWS     string `name:"aws" default:"127.0.0.1:8701" placeholder:"ADDR" help:"Where the simulated AWS is (${default}). Its SendCommand runs scripts on this machine."`
	Slack   string `name:"slack" default:"127.0.0.1:8702" placeholder:"ADDR" help:"Where the simulated Slack is (${default})."`
	Service string `name:"service" default:"127.0.0.1:8703" placeholder:"ADDR" help:"Where the service behind the load balancer is (${default})."`
}

// Validate is called by kong. AWS knows both times in whole seconds.
func (f *flags) Validate() error {
	var faults []error
	refuse := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if f.JSON && !f.Unattended {
		refuse("--json goes with --unattended")
	}
	if f.Unattended && f.Language != "en" {
		refuse("--unattended is played and judged in English: leave out --language %s", f.Language)
	}
	if f.Instances < 2 || f.Instances > 50 {
		refuse("--instances is %d, want 2 to 50: a single one cannot leave while the service stays up", f.Instances)
	}
	if d := f.DeregistrationDelay; d < 0 || d > time.Hour || d%time.Second != 0 {
		refuse("--deregistration-delay is %v, want whole seconds from 0s to 1h", d)
	}
	if d := f.HealthInterval; d < time.Second || d > 300*time.Second || d%time.Second != 0 {
		refuse("--health-interval is %v, want whole seconds from 1s to 300s", d)
	}
	return errors.Join(faults...)
}

// minHealthy is deploy.yaml's min_healthy: one instance may be out.
func (f *flags) minHealthy() int { return f.Instances - 1 }
