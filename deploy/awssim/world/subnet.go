package world

import (
	"fmt"
	"slices"
	"strings"
)

// Subnet is one subnet of a VPC.
type Subnet struct {
	ID, Zone string
	VPC      string // default vpc-0a1b2c3d
	CIDR     string // default 10.0.N.0/24, N counting from 0
	Tags     map[string]string
}

// AddSubnet adds a subnet. Those that a load balancer or an instance names are
// there without it. It panics if the id exists.
func (w *World) AddSubnet(s Subnet) {
	w.enter()
	defer w.mu.Unlock()
	if w.subnet(s.ID) != nil {
		panic("world: subnet " + s.ID + " exists")
	}
	w.addSubnet(s)
	w.broadcast()
}

// Subnets returns all subnets in the order they were added.
func (w *World) Subnets() []Subnet {
	w.enter()
	defer w.mu.Unlock()
	return slices.Clone(w.subnets)
}

// SetSubnets replaces the zones that a load balancer (ARN or name) is enabled
// in, as SetSubnets does: the list is the whole list. Targets in a zone that
// is not on it read unused. Errors: LoadBalancerNotFound, SubnetNotFound,
// InvalidConfigurationRequest for two subnets in one zone, ValidationError for
// fewer than two zones, which an Application Load Balancer needs.
func (w *World) SetSubnets(lb string, ids []string) ([]Zone, error) {
	now := w.enter()
	defer w.mu.Unlock()
	b, err := w.balancer(lb)
	if err != nil {
		return nil, err
	}
	var zones []Zone
	var missing []string
	for _, id := range ids {
		s := w.subnet(id)
		if s == nil {
			missing = append(missing, id)
			continue
		}
		if slices.ContainsFunc(zones, func(z Zone) bool { return z.Name == s.Zone && z.Subnet != s.ID }) {
			return nil, failf("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		if z := (Zone{s.Zone, s.ID}); !slices.Contains(zones, z) {
			zones = append(zones, z)
		}
	}
	if len(missing) > 0 {
		return nil, failf("SubnetNotFound", "The subnet ID '%s' does not exist", strings.Join(missing, ", "))
	}
	if len(zones) < 2 {
		return nil, failf("ValidationError", "At least two subnets in two different Availability Zones must be specified")
	}
	b.Zones = zones
	w.reassess(now)
	return slices.Clone(zones), nil
}

func (w *World) subnet(id string) *Subnet {
	i := slices.IndexFunc(w.subnets, func(s Subnet) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return &w.subnets[i]
}

func (w *World) addSubnet(s Subnet) {
	if s.VPC == "" {
		s.VPC = defaultVPC
	}
	if s.CIDR == "" {
		s.CIDR = fmt.Sprintf("10.0.%d.0/24", len(w.subnets))
	}
	w.subnets = append(w.subnets, s)
}

// imply makes sure that a subnet that something names is there.
func (w *World) imply(z Zone, vpc string) {
	if z.Subnet != "" && w.subnet(z.Subnet) == nil {
		w.addSubnet(Subnet{ID: z.Subnet, Zone: z.Name, VPC: vpc})
	}
}

// subnetOf is the subnet of an instance that names a zone only: the zone's
// first, or a new one.
func (w *World) subnetOf(zone string) string {
	for _, s := range w.subnets {
		if s.Zone == zone {
			return s.ID
		}
	}
	return "subnet-0" + strings.TrimPrefix(zone, w.region)
}
