package doctor

import (
	"maps"
	"slices"
	"time"

	"junban/deploy"
)

// Survey is what was read of a service's fleet: facts without judgement. What could not be read is left at its zero
// value and named in Denied or Unread, and no rule takes it for a fact.
type Survey struct {
	Region    string              // as in ap-northeast-1
	Groups    []Group             // the service's target groups, as asked for
	Balancers []Balancer          // the load balancers that use them, by ARN
	Instances map[string]Instance // by instance id
	Tagged    []string            // instance ids of a service behind no load balancer
	Agents    map[string]string   // by instance id: how SSM's agent answers; Never where it has not registered. nil: not read
	Away      []string            // instances that an unfinished operation of this service may have out
	Shared    map[string][]string // by instance id: the other services that deploy to it
	Denied    []Denial
	Unread    []Unread
	Slack     Slack
}

// Group is one target group.
type Group struct {
	deploy.Group
	Balancers  []string      // ARNs of the load balancers that use it
	Attributes bool          // those below, and Delay, were read
	Sticky     bool          // stickiness.enabled
	CrossZone  string        // load_balancing.cross_zone.enabled: true, false, use_load_balancer_configuration; "" = not said
	SlowStart  time.Duration // slow_start.duration_seconds: 0, or 30 to 900 s
}

// Balancer is one load balancer.
type Balancer struct {
	ARN, Name string
	Type      string   // application | network | gateway
	Scheme    string   // internet-facing | internal
	Zones     []Zone   // those that it is enabled in
	Others    []string // names of the target groups behind it that are not the service's
	OthersOK  bool     // Others was read
}

// Zone is an Availability Zone that a load balancer is enabled in, and its subnet there.
type Zone struct{ Name, Subnet string }

// Instance is one EC2 instance.
type Instance struct {
	deploy.Instance
	Type, Image, Subnet string
	Profile             string   // ARN of its instance profile; "" = none
	SecurityGroups      []string // ids, sorted
	Tokens              string   // of its metadata service: optional | required
}

// How an SSM agent answers, beside ConnectionLost and Inactive.
const (
	Online = "Online"
	Never  = "never registered"
)

// Denial is an action that IAM has refused.
type Denial struct {
	Action    string // as IAM spells it: ec2:DescribeInstances
	Principal string // ARN of who was refused, from the answer; "" where it does not say
	Needed    bool   // a rollout makes this call; without Needed only this examination does
}

// Unread is a read that failed otherwise, so that its facts are not known.
type Unread struct{ Action, Why string }

// Slack is what Slack says of the bot. The zero value says nothing.
type Slack struct {
	Scopes   []string // that the app lacks
	Channel  string   // the service's channel, if the bot cannot post there, by id
	Why      string   // what is wrong with Channel, as a sentence
	Problems []string // anything else that is wrong with the set-up, as sentences
}

// With answers the survey with a newer reading of the fleet laid over it: targets and their health, Auto Scaling, what
// unfinished operations have out.
func (s Survey) With(f deploy.Fleet) Survey {
	s.Groups, s.Instances, s.Away = slices.Clone(s.Groups), maps.Clone(s.Instances), slices.Clone(s.Away)
	for i := range s.Groups {
		g := &s.Groups[i]
		for _, n := range f.Groups {
			if n.ARN == g.ARN {
				g.Targets, g.Owner = n.Targets, n.Owner
			}
		}
		for _, p := range f.Out {
			if p.Group == g.ARN {
				s.Away = append(s.Away, g.owner(p.Target))
			}
		}
	}
	for id, n := range f.Instances {
		if i, ok := s.Instances[id]; ok && n.Scaling != "" {
			i.Scaling, i.Suspended = n.Scaling, n.Suspended
			s.Instances[id] = i
		}
	}
	if len(f.Tagged) > 0 {
		s.Tagged = f.Tagged
	}
	return s
}

// owner is the instance behind a target; for an address that is no instance's, the address.
func (g Group) owner(target string) string {
	if id := g.Owner[target]; id != "" {
		return id
	}
	return target
}
