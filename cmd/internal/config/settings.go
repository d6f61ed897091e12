package config

import (
	"fmt"
	"regexp"
	"time"
)

// Target holds every setting of one service in one environment: the built-in
// defaults, under `defaults`, under the service, under the environment.
type Target struct {
	Service      string
	Environment  string            // "" when the service has no environments
	Account      string            // a key of AWS.Accounts; "" for the bot's own
	Channel      string            // Slack channel id
	TargetGroups []string          // names or ARNs, in the file's order, at least one; nil with Tags
	Tags         map[string]string // instances behind no load balancer bear all of these; nil with TargetGroups
	Sessions     string            // "local", "shared", or "" when the file does not say
	Run          Run
	Ref          Ref
	Changes      Changes
	Rolling      Rolling
	Deploy       Deploy
	Approve      Approve
	Attention    Attention
	Windows      []Window          // operations start in one of them; none = at any time
	Freeze       []Freeze          // and in none of these
	Alarms       []string          // names of CloudWatch alarms that stop the rollout
	Accept       map[string]string // doctor's findings that the team lives with -> why; never nil
}

// Run is what happens on an instance that takes no traffic.
type Run struct {
	Via       string            // how the host is reached: "ssm", "ssh", or "local" for the bot's own host
	SSH       *SSH              // never nil with "ssh", else always
	User      string            // "" for the runner's own (root under SSM)
	Directory string            // absolute path on the host; "" for the runner's own
	Shell     string            // "sh", "bash" or an absolute path on the host
	Env       map[string]string // never nil; never one of the names that the bot sets itself
	Command   string            // shell text, kept byte for byte
	Verify    *Verify           // nil when nothing is verified
	Timeout   time.Duration     // whole seconds, 1s to 24h
	Once      Once              // once per rollout
	Rollback  string            // shell text; "" = Command, with the ref before
	Current   string            // shell text that prints what is on the host; "" = nobody asks
}

// SSH is how to log in to a host.
type SSH struct {
	User       string // never ""; Run.User unless the file says otherwise
	Port       int    // 1 to 65535
	Key        string // absolute path of a private key; "" = ssh-agent is asked
	KnownHosts string // absolute path of a file with the hosts' keys, never ""
}

// Verify is tried again and again until it exits 0.
type Verify struct {
	Command string        // shell text
	For     time.Duration // how long to keep trying, 1s to 1h, at least Every
	Every   time.Duration // from one try to the next, 100ms to 10m
}

// Once is shell text that runs once per rollout; "" = nothing.
type Once struct {
	Before string // on the bot's host, before anything leaves
	First  string // on the first instance that is drained, before any command
	After  string // on the bot's host, when all instances are done
}

// Ref says which refs may be asked for.
type Ref struct {
	Pattern *regexp.Regexp // anchored at both ends
	Resolve string         // shell text that prints the revision of $REF, on the bot's host; "" = refs are not resolved
}

// Rolling is how many instances may be out, and for how long.
type Rolling struct {
	MaxUnavailable Count         // at least 1
	MinHealthy     Count         // 0 is legal: the service may go down
	Canary         Canary        // who goes first
	PauseBetween   time.Duration // least time from one instance's end to the next one's leave, 0 to 24h
	Drain          Drain         // when an instance counts as drained
	HealthyTimeout time.Duration // for a registered instance to become healthy, 1s to 24h
	Timeout        time.Duration // for the whole rollout, 1m to 7 days; 0 = no limit
	OnFailure      string        // "ask", "stop" or "rollback"
	Tolerate       int           // failures that do not count, 0 or more; less than MaxUnavailable where that is a plain number
	Dynamic        bool          // `fleet: dynamic`: instances that appear later join
}

// Canary is how a rollout begins.
type Canary struct {
	Instances int           // go first, one at a time; 0 = there is no canary
	Bake      time.Duration // the wait after them, 0 to 24h
	Confirm   bool          // then somebody who may approve lets it go on
}

// Drain says when an instance that has left counts as drained.
type Drain struct {
	Idle        bool          // `until: idle`: when its connections are idle, at the latest after the deregistration delay
	Settle      time.Duration // with Idle: the wait before the first look, 0 to 1h
	IdleCommand string        // with Idle: shell text that exits 0 once it is idle; "" = the built-in probe
}

// Deploy says who may ask.
type Deploy struct {
	Allow []string // ids of Slack user groups (S…), users (U…, W…) and bots (B…), at least one
}

// Approve says who must agree before anything is touched.
type Approve struct {
	None         bool          // `approve: none`: nobody is asked, and nothing below is set
	Allow        []string      // ids of Slack user groups (S…) and users (U…, W…), at least one; with Parties, of all of them
	Required     int           // how many must approve, 1 to 20; 0 with Parties
	Parties      []Party       // `all_of` or `any_of`; nil with a plain list
	Any          bool          // `any_of`: one party is enough
	Self         bool          // the requester's own approval counts
	Expires      time.Duration // from request to the last approval, 1s to 7 days
	StartWithin  time.Duration // from approval to start, 1s to 7 days
	FreeRollback bool          // `rollback: none`: a rollback needs no approval
}

// Party is one side that must agree.
type Party struct {
	Allow    []string // ids of Slack user groups (S…) and users (U…, W…), at least one
	Required int      // how many of them must approve, 1 to 20
}

// Changes is where a request's changes are read: one of Command and GitHub, or neither.
type Changes struct {
	Command string // shell text for the bot's host
	GitHub  string // owner/name
	API     string // with GitHub: the address of its API, without a slash at the end
}

// Attention is who is called when an operation waits for a decision. Its zero
// value calls nobody.
type Attention struct {
	Mention []string        // ids of Slack user groups (S…) and users (U…, W…)
	After   []time.Duration // since the wait began, ascending, 0 to 7 days
	Then    string          // after the last, if nobody has decided: "wait", "stop" or "rollback"
}

// Window is a span of wall-clock time, in the file's zone.
type Window struct {
	Days []time.Weekday // on which it begins, from Monday on, at least one
	From Clock          // 00:00 to 23:59
	To   Clock          // 00:00 to 24:00, never From; before From: on the next day
}

// Clock is a wall-clock time, in minutes since midnight: 0 to 1440.
type Clock int

// String writes the time as deploy.yaml does: "09:30".
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// Freeze is a span of wall-clock time without starts, in the file's zone.
type Freeze struct {
	From string // 2006-01-02 or 2006-01-02T15:04, inclusive
	To   string // exclusive with a time; a date alone is inclusive; never before From
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
