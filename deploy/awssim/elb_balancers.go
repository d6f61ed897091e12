package awssim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"junban/deploy/awssim/world"
)

type zoneXML struct {
	ZoneName string
	SubnetID string `xml:"SubnetId"`
}

type codeXML struct{ Code string }

type balancerXML struct {
	LoadBalancerArn       string
	DNSName               string
	CanonicalHostedZoneID string `xml:"CanonicalHostedZoneId"`
	CreatedTime           string
	LoadBalancerName      string
	Scheme                string
	VpcID                 string `xml:"VpcId"`
	State                 codeXML
	Type                  string
	AvailabilityZones     []zoneXML `xml:"AvailabilityZones>member"`
	IPAddressType         string    `xml:"IpAddressType"`
}

type balancersXML struct {
	Balancers  []balancerXML `xml:"LoadBalancers>member"`
	NextMarker string        `xml:",omitempty"`
}

func (s *Server) describeLoadBalancers(r *request) (any, error) {
	arns, names := r.members("LoadBalancerArns"), r.members("Names")
	missing := badRequest("LoadBalancerNotFound", "Load balancers '["+strings.Join(append(slices.Clone(arns), names...), ", ")+"]' not found")
	all, err := pick(s.world.Balancers(), arns, func(b world.Balancer) string { return b.ARN }, missing)
	if err != nil {
		return nil, err
	}
	all, err = pick(all, names, func(b world.Balancer) string { return b.Name }, missing)
	if err != nil {
		return nil, err
	}
	page, next, err := elbPage(r, all)
	if err != nil {
		return nil, err
	}
	out := balancersXML{NextMarker: next}
	for _, b := range page {
		x := balancerXML{
			LoadBalancerArn: b.ARN, DNSName: b.DNSName, CanonicalHostedZoneID: "Z14GRHDCWA56QT",
			CreatedTime: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-01-02T15:04:05.000Z"), LoadBalancerName: b.Name,
			Scheme: b.Scheme, VpcID: b.VPC, State: codeXML{"active"}, Type: "application", IPAddressType: "ipv4",
		}
		for _, z := range b.Zones {
			x.AvailabilityZones = append(x.AvailabilityZones, zoneXML{z.Name, z.Subnet})
		}
		out.Balancers = append(out.Balancers, x)
	}
	return out, nil
}

type actionXML struct {
	Type           string
	TargetGroupArn string      `xml:",omitempty"`
	Order          int         `xml:",omitempty"`
	ForwardConfig  *forwardXML `xml:",omitempty"`
	FixedResponse  *fixedXML   `xml:"FixedResponseConfig,omitempty"`
}

type fixedXML struct{ StatusCode string }

type forwardXML struct {
	TargetGroups []weightedXML `xml:"TargetGroups>member"`
	Stickiness   stickyXML     `xml:"TargetGroupStickinessConfig"`
}

type weightedXML struct {
	TargetGroupArn string
	Weight         int
}

type stickyXML struct{ Enabled bool }

func forward(group string) []actionXML {
	if group == "" {
		return []actionXML{{Type: "fixed-response", FixedResponse: &fixedXML{"404"}}}
	}
	return []actionXML{{
		Type: "forward", TargetGroupArn: group,
		ForwardConfig: &forwardXML{TargetGroups: []weightedXML{{group, 1}}},
	}}
}

type listenerXML struct {
	ListenerArn     string
	LoadBalancerArn string
	Port            int
	Protocol        string
	DefaultActions  []actionXML `xml:"DefaultActions>member"`
}

type listenersXML struct {
	Listeners  []listenerXML `xml:"Listeners>member"`
	NextMarker string        `xml:",omitempty"`
}

func (s *Server) describeListeners(r *request) (any, error) {
	lb, arns := r.form.Get("LoadBalancerArn"), r.members("ListenerArns")
	if lb == "" && len(arns) == 0 {
		return nil, invalid("You must specify either listener ARNs or a load balancer ARN")
	}
	all, err := pick(s.world.Listeners(), arns, func(l world.Listener) string { return l.ARN },
		badRequest("ListenerNotFound", "One or more listeners not found"))
	if err != nil {
		return nil, err
	}
	if lb != "" {
		if !slices.ContainsFunc(s.world.Balancers(), func(b world.Balancer) bool { return b.ARN == lb }) {
			return nil, badRequest("LoadBalancerNotFound", "One or more load balancers not found")
		}
		all = slices.DeleteFunc(all, func(l world.Listener) bool { return l.Balancer != lb })
	}
	page, next, err := elbPage(r, all)
	if err != nil {
		return nil, err
	}
	out := listenersXML{NextMarker: next}
	for _, l := range page {
		out.Listeners = append(out.Listeners, listenerXML{l.ARN, l.Balancer, l.Port, l.Protocol, forward(l.Group)})
	}
	return out, nil
}

type conditionXML struct {
	Field  string
	Values []string `xml:"Values>member"`
	Config []string `xml:"PathPatternConfig>Values>member"`
}

type ruleXML struct {
	RuleArn    string
	Priority   string
	Conditions []conditionXML `xml:"Conditions>member"`
	Actions    []actionXML    `xml:"Actions>member"`
	IsDefault  bool
}

type rulesXML struct {
	Rules      []ruleXML `xml:"Rules>member"`
	NextMarker string    `xml:",omitempty"`
}

func (s *Server) describeRules(r *request) (any, error) {
	listener, arns := r.form.Get("ListenerArn"), r.members("RuleArns")
	if (listener == "") == (len(arns) == 0) {
		return nil, invalid("You must specify either listener rule ARNs or a listener ARN")
	}
	var all []ruleXML
	found := false
	for _, l := range s.world.Listeners() {
		if listener != "" && l.ARN != listener {
			continue
		}
		found = true
		all = append(all, rulesOf(l)...)
	}
	if !found && listener != "" {
		return nil, badRequest("ListenerNotFound", "One or more listeners not found")
	}
	all, err := pick(all, arns, func(x ruleXML) string { return x.RuleArn }, badRequest("RuleNotFound", "One or more rules not found"))
	if err != nil {
		return nil, err
	}
	page, next, err := elbPage(r, all)
	if err != nil {
		return nil, err
	}
	return rulesXML{page, next}, nil
}

// rulesOf are a listener's rules by priority, the default one last.
func rulesOf(l world.Listener) []ruleXML {
	var out []ruleXML
	rules := slices.SortedFunc(slices.Values(l.Rules), func(a, b world.Rule) int { return a.Priority - b.Priority })
	for _, r := range rules {
		out = append(out, ruleXML{
			RuleArn: r.ARN, Priority: strconv.Itoa(r.Priority), Actions: forward(r.Group),
			Conditions: []conditionXML{{Field: "path-pattern", Values: []string{r.Path}, Config: []string{r.Path}}},
		})
	}
	return append(out, ruleXML{
		RuleArn: defaultRule(l.ARN), Priority: "default", Actions: forward(l.Group), IsDefault: true,
	})
}

// defaultRule is the ARN of a listener's default rule, which the world does not keep.
func defaultRule(listener string) string {
	return strings.Replace(listener, ":listener/", ":listener-rule/", 1) + listener[strings.LastIndex(listener, "/"):]
}
