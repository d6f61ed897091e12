package awssim

import (
	"math"
	"slices"
	"time"

	"junban/deploy/awssim/world"
)

type matcherXML struct {
	HTTPCode string `xml:"HttpCode"`
}

type groupXML struct {
	TargetGroupArn             string
	TargetGroupName            string
	Protocol                   string
	Port                       int
	VpcID                      string `xml:"VpcId"`
	HealthCheckProtocol        string
	HealthCheckPort            string
	HealthCheckEnabled         bool
	HealthCheckIntervalSeconds int
	HealthCheckTimeoutSeconds  int
	HealthyThresholdCount      int
	UnhealthyThresholdCount    int
	HealthCheckPath            string
	Matcher                    matcherXML
	LoadBalancerArns           []string `xml:"LoadBalancerArns>member"`
	TargetType                 string
	ProtocolVersion            string
	IPAddressType              string `xml:"IpAddressType"`
}

type groupsXML struct {
	Groups     []groupXML `xml:"TargetGroups>member"`
	NextMarker string     `xml:",omitempty"`
}

func (s *Server) describeTargetGroups(r *request) (any, error) {
	names, arns, lb := r.members("Names"), r.members("TargetGroupArns"), r.form.Get("LoadBalancerArn")
	if len(names) > 0 && len(arns) > 0 {
		return nil, invalid("Target group names and target group ARNs cannot be specified at the same time")
	}
	if lb != "" && !slices.ContainsFunc(s.world.Balancers(), func(b world.Balancer) bool { return b.ARN == lb }) {
		return nil, badRequest("LoadBalancerNotFound", "One or more load balancers not found")
	}
	all := s.world.Groups()
	missing := "One or more target groups not found"
	all, err := pick(all, names, func(g world.Group) string { return g.Name }, badRequest("TargetGroupNotFound", missing))
	if err != nil {
		return nil, err
	}
	all, err = pick(all, arns, func(g world.Group) string { return g.ARN }, badRequest("TargetGroupNotFound", missing))
	if err != nil {
		return nil, err
	}
	if lb != "" {
		all = slices.DeleteFunc(all, func(g world.Group) bool { return !slices.Contains(g.Balancers, lb) })
	}
	page, next, err := elbPage(r, all)
	if err != nil {
		return nil, err
	}
	out := groupsXML{NextMarker: next}
	for _, g := range page {
		out.Groups = append(out.Groups, describeGroup(g))
	}
	return out, nil
}

func describeGroup(g world.Group) groupXML {
	return groupXML{
		TargetGroupArn: g.ARN, TargetGroupName: g.Name, Protocol: g.Protocol, Port: g.Port, VpcID: g.VPC,
		HealthCheckProtocol: g.Protocol, HealthCheckPort: "traffic-port", HealthCheckEnabled: true,
		HealthCheckIntervalSeconds: seconds(g.Interval), HealthCheckTimeoutSeconds: seconds(g.Timeout),
		HealthyThresholdCount: g.HealthyThreshold, UnhealthyThresholdCount: g.UnhealthyThreshold,
		HealthCheckPath: g.Path, Matcher: matcherXML{g.Matcher}, LoadBalancerArns: g.Balancers,
		TargetType: g.TargetType, ProtocolVersion: "HTTP1", IPAddressType: "ipv4",
	}
}

// seconds rounds up: the protocol knows whole seconds only.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

type tagsXML struct {
	Descriptions []tagXML `xml:"TagDescriptions>member"`
}

type tagXML struct {
	ResourceArn string
	Tags        []pairXML `xml:"Tags>member"`
}

func (s *Server) describeELBTags(r *request) (any, error) {
	arns := r.members("ResourceArns")
	if len(arns) == 0 {
		return nil, required("resourceArns")
	}
	if len(arns) > 20 {
		return nil, invalid("1 validation error detected: Value at 'resourceArns' failed to satisfy constraint: Member must have length less than or equal to 20")
	}
	tags := map[string]map[string]string{}
	for _, g := range s.world.Groups() {
		tags[g.ARN] = g.Tags
	}
	for _, b := range s.world.Balancers() {
		tags[b.ARN] = b.Tags
	}
	for _, l := range s.world.Listeners() {
		tags[l.ARN] = nil
	}
	var out tagsXML
	for _, arn := range arns {
		t, ok := tags[arn]
		if !ok {
			return nil, badRequest("TargetGroupNotFound", "One or more target groups not found")
		}
		out.Descriptions = append(out.Descriptions, tagXML{arn, pairsOf(t)})
	}
	return out, nil
}

// pick keeps what is asked for by key, in the order of all; nothing asked for
// means everything, and a key that is not there is an error.
func pick[T any](all []T, keys []string, key func(T) string, missing *world.Error) ([]T, error) {
	if len(keys) == 0 {
		return all, nil
	}
	var out []T
	for _, v := range all {
		if slices.Contains(keys, key(v)) {
			out = append(out, v)
		}
	}
	for _, k := range keys {
		if !slices.ContainsFunc(out, func(v T) bool { return key(v) == k }) {
			return nil, missing
		}
	}
	return out, nil
}
