package awssim

import (
	"maps"
	"slices"

	"junban/deploy/awssim/world"
)

type pairXML struct{ Key, Value string }

type attributesXML struct {
	Attributes []pairXML `xml:"Attributes>member"`
}

func (s *Server) describeTargetGroupAttributes(r *request) (any, error) {
	g, err := s.groupOf(r)
	if err != nil {
		return nil, err
	}
	return attributesXML{pairsOf(g.Attributes)}, nil
}

func (s *Server) modifyTargetGroupAttributes(r *request) (any, error) {
	g, err := s.groupOf(r)
	if err != nil {
		return nil, err
	}
	attrs, err := r.attributes()
	if err != nil {
		return nil, err
	}
	if err := s.world.SetAttributes(g.ARN, attrs); err != nil {
		return nil, err
	}
	return attributesXML{pairsOf(attrs)}, nil
}

func pairsOf(m map[string]string) []pairXML {
	out := make([]pairXML, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, pairXML{k, m[k]})
	}
	return out
}

// attributes reads Attributes.member.N; at least one is needed.
func (r *request) attributes() (map[string]string, error) {
	keys, values := r.list("Attributes.member", ".Key"), r.list("Attributes.member", ".Value")
	if len(keys) == 0 || len(keys) != len(values) {
		return nil, required("attributes")
	}
	attrs := map[string]string{}
	for i, k := range keys {
		attrs[k] = values[i]
	}
	return attrs, nil
}

func (s *Server) describeLoadBalancerAttributes(r *request) (any, error) {
	b, err := s.balancerOf(r)
	if err != nil {
		return nil, err
	}
	return attributesXML{pairsOf(b.Attributes)}, nil
}

func (s *Server) modifyLoadBalancerAttributes(r *request) (any, error) {
	b, err := s.balancerOf(r)
	if err != nil {
		return nil, err
	}
	attrs, err := r.attributes()
	if err != nil {
		return nil, err
	}
	if err := s.world.SetBalancerAttributes(b.ARN, attrs); err != nil {
		return nil, err
	}
	return attributesXML{pairsOf(attrs)}, nil
}

// balancerOf is the load balancer that LoadBalancerArn names.
func (s *Server) balancerOf(r *request) (world.Balancer, error) {
	arn := r.form.Get("LoadBalancerArn")
	if arn == "" {
		return world.Balancer{}, required("loadBalancerArn")
	}
	for _, b := range s.world.Balancers() {
		if b.ARN == arn {
			return b, nil
		}
	}
	return world.Balancer{}, badRequest("LoadBalancerNotFound", "Load balancer '"+arn+"' not found")
}

type zonesXML struct {
	Zones []zoneXML `xml:"AvailabilityZones>member"`
}

// setSubnets replaces a load balancer's subnets, named by Subnets or by
// SubnetMappings.
func (s *Server) setSubnets(r *request) (any, error) {
	b, err := s.balancerOf(r)
	if err != nil {
		return nil, err
	}
	ids := r.members("Subnets")
	if mapped := r.list("SubnetMappings.member", ".SubnetId"); len(ids) == 0 {
		ids = mapped
	} else if len(mapped) > 0 {
		return nil, invalid("You must specify either subnets or subnet mappings, not both")
	}
	if len(ids) == 0 {
		return nil, invalid("You must specify either subnets or subnet mappings")
	}
	zones, err := s.world.SetSubnets(b.ARN, ids)
	if err != nil {
		return nil, err
	}
	var out zonesXML
	for _, z := range zones {
		out.Zones = append(out.Zones, zoneXML{z.Name, z.Subnet})
	}
	return out, nil
}
