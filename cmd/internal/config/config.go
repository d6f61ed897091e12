// Package config reads deploy.yaml and answers what a rollout of one service
// to one environment is to do.
//
// A file goes through five stages, each in a file of its own: text (source.go),
// tree (node.go), known keys with typed values (walk.go, driven by the one
// table in table.go), layers laid over each other (layer.go), and the valid
// form (build.go). Every stage reports into one list, so that one run names
// every fault with its line and column.
//
// It must never talk to Slack or AWS, hold a secret, or accept a key that has
// no effect: what is not built yet is refused in those words.
package config

import (
	"fmt"
	"regexp"
	"time"
)

// Config is a deploy.yaml without a fault in it.
type Config struct {
	Path     string         // the file itself, absolute
	Slack    Slack          // where people ask
	Zone     *time.Location // times are shown in it; UTC unless the file names another
	AWS      AWS            // what no service changes
	Store    Store          // where the journal lives
	Services []Service      // sorted by name, at least one
}

// Slack is where people ask and read.
type Slack struct {
	Channel  string // id of the channel that requests are posted to, unless a service names its own
	Command  string // the slash command, with its slash; "/deploy" by default
	Language string // of what people read; "en"
}

// AWS is the account's side that no service changes.
type AWS struct {
	Region string // as in "ap-northeast-1"
}

// Store is where the journal lives.
type Store struct {
	Bolt string // absolute path of the bbolt file; a relative one is relative to deploy.yaml
}

// Service is one service and the environments that it can be deployed to.
// Its settings are asked for with [Config.Target].
type Service struct {
	Name         string
	Environments []string // sorted; empty when the service has none

	targets map[string]Target // by environment; "" when there are none
}

// Target holds every setting of one service in one environment: the built-in
// defaults, under `defaults`, under the service, under the environment.
type Target struct {
	Service      string
	Environment  string   // "" when the service has no environments
	Channel      string   // Slack channel id
	TargetGroups []string // names or ARNs, in the file's order, at least one
	Run          Run
	Ref          Ref
	Rolling      Rolling
	Deploy       Deploy
	Approve      Approve
}

// Run is what happens on an instance that takes no traffic.
type Run struct {
	Via       string            // how the host is reached; "ssm"
	User      string            // "" for the runner's own (root under SSM)
	Directory string            // absolute path on the host; "" for the runner's own
	Shell     string            // "sh", "bash" or an absolute path on the host
	Env       map[string]string // never nil; never one of the names that the bot sets itself
	Command   string            // shell text, kept byte for byte
	Verify    *Verify           // nil when nothing is verified
	Timeout   time.Duration     // whole seconds, 1s to 24h
}

// Verify is tried again and again until it exits 0.
type Verify struct {
	Command string        // shell text
	For     time.Duration // how long to keep trying, 1s to 1h, at least Every
	Every   time.Duration // from one try to the next, 100ms to 10m
}

// Ref says which refs may be asked for.
type Ref struct {
	Pattern *regexp.Regexp // anchored at both ends
}

// Rolling is how many instances may be out, and for how long.
type Rolling struct {
	MaxUnavailable Count         // at least 1
	MinHealthy     Count         // 0 is legal: the service may go down
	HealthyTimeout time.Duration // for a registered instance to become healthy, 1s to 24h
}

// Deploy says who may ask.
type Deploy struct {
	Allow []string // ids of Slack user groups (S…), users (U…, W…) and bots (B…), at least one
}

// Approve says who must agree before anything is touched.
type Approve struct {
	None        bool          // `approve: none`: nobody is asked, and nothing below is set
	Allow       []string      // ids of Slack user groups (S…) and users (U…, W…), at least one
	Required    int           // how many must approve; 1
	Self        bool          // the requester's own approval counts
	Expires     time.Duration // from request to the last approval, 1s to 7 days
	StartWithin time.Duration // from approval to start, 1s to 7 days
}

// Count is a number of instances, plain or as a share of the fleet.
type Count struct {
	N       int  // 0 or more; at most 100 when it is a percentage
	Percent bool // N is percent; which way it is rounded is the key's own rule
}

// String writes the count as deploy.yaml does: "1" or "25%".
func (c Count) String() string {
	if c.Percent {
		return fmt.Sprintf("%d%%", c.N)
	}
	return fmt.Sprint(c.N)
}
