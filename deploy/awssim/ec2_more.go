package awssim

import (
	"slices"
	"strings"

	"junban/deploy/awssim/world"
)

type checksXML struct {
	Status  string      `xml:"status"`
	Details []detailXML `xml:"details>item"`
}

type detailXML struct {
	Name   string `xml:"name"`
	Status string `xml:"status"`
}

type instanceStatusXML struct {
	ID       string      `xml:"instanceId"`
	Zone     string      `xml:"availabilityZone"`
	State    ec2StateXML `xml:"instanceState"`
	System   checksXML   `xml:"systemStatus"`
	Instance checksXML   `xml:"instanceStatus"`
}

// describeInstanceStatus tells of running instances only, unless
// IncludeAllInstances is true. All that run pass EC2's own checks.
func (s *Server) describeInstanceStatus(r *request) (any, error) {
	found, err := s.selectInstances(r)
	if err != nil {
		return nil, err
	}
	var rows []instanceStatusXML
	for _, i := range found {
		running := i.State == world.Running
		if !running && r.form.Get("IncludeAllInstances") != "true" {
			continue
		}
		c := checksXML{"ok", []detailXML{{"reachability", "passed"}}}
		if !running {
			c = checksXML{Status: "not-applicable"}
		}
		rows = append(rows, instanceStatusXML{i.ID, i.Zone, ec2State(i.State), c, c})
	}
	page, next, err := ec2PageOf(r, rows, "instancesSet")
	if err != nil {
		return nil, err
	}
	return ec2Page[instanceStatusXML]{"instanceStatusSet", page, next}, nil
}

type resourceTagXML struct {
	ID    string `xml:"resourceId"`
	Type  string `xml:"resourceType"`
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func (s *Server) describeEC2Tags(r *request) (any, error) {
	filters, err := r.filters()
	if err != nil {
		return nil, err
	}
	var rows []resourceTagXML
	for _, i := range s.world.Instances() {
		for _, t := range ec2Tags(i.Tags) {
			row := resourceTagXML{i.ID, "instance", t.Key, t.Value}
			ok, err := row.fits(filters)
			if err != nil {
				return nil, err
			}
			if ok {
				rows = append(rows, row)
			}
		}
	}
	page, next, err := ec2PageOf(r, rows, "tagSet")
	if err != nil {
		return nil, err
	}
	return ec2Page[resourceTagXML]{"tagSet", page, next}, nil
}

func (t resourceTagXML) fits(filters []filter) (bool, error) {
	for _, f := range filters {
		var v string
		key, byTag := strings.CutPrefix(f.name, "tag:")
		switch {
		case byTag && t.Key == key, f.name == "value":
			v = t.Value
		case byTag:
			return false, nil
		case f.name == "resource-id":
			v = t.ID
		case f.name == "resource-type":
			v = t.Type
		case f.name == "key":
			v = t.Key
		default:
			return false, badRequest("InvalidParameterValue", "The filter '"+f.name+"' is invalid")
		}
		if !f.matches([]string{v}) {
			return false, nil
		}
	}
	return true, nil
}

type movedXML struct {
	ID       string      `xml:"instanceId"`
	Current  ec2StateXML `xml:"currentState"`
	Previous ec2StateXML `xml:"previousState"`
}

// moveInstances starts, stops or terminates instances: all are looked up
// before the first is touched.
func (s *Server) moveInstances(move func(string) error) func(*request) (any, error) {
	return func(r *request) (any, error) {
		ids := r.list("InstanceId", "")
		if len(ids) == 0 {
			return nil, badRequest("MissingParameter", "The request must contain the parameter InstanceId")
		}
		if err := s.known(ids); err != nil {
			return nil, err
		}
		out := ec2Page[movedXML]{set: "instancesSet"}
		for _, id := range ids {
			before, _ := s.world.Instance(id)
			if err := move(id); err != nil {
				return nil, err
			}
			after, _ := s.world.Instance(id)
			out.items = append(out.items, movedXML{id, ec2State(after.State), ec2State(before.State)})
		}
		return out, nil
	}
}

type subnetXML struct {
	ID     string      `xml:"subnetId"`
	State  string      `xml:"state"`
	VPC    string      `xml:"vpcId"`
	CIDR   string      `xml:"cidrBlock"`
	Free   int         `xml:"availableIpAddressCount"`
	Zone   string      `xml:"availabilityZone"`
	Owner  string      `xml:"ownerId"`
	Public bool        `xml:"mapPublicIpOnLaunch"`
	Tags   []ec2TagXML `xml:"tagSet>item"`
}

func (s *Server) describeSubnets(r *request) (any, error) {
	ids := r.list("SubnetId", "")
	filters, err := r.filters()
	if err != nil {
		return nil, err
	}
	all := s.world.Subnets()
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(n world.Subnet) bool { return n.ID == id }) {
			return nil, badRequest("InvalidSubnetID.NotFound", "The subnet ID '"+id+"' does not exist")
		}
	}
	var rows []subnetXML
	for _, n := range all {
		ok := len(ids) == 0 || slices.Contains(ids, n.ID)
		for _, f := range filters {
			values, err := subnetValues(n, f.name)
			if err != nil {
				return nil, err
			}
			ok = ok && f.matches(values)
		}
		if ok {
			rows = append(rows, subnetXML{n.ID, "available", n.VPC, n.CIDR, 251, n.Zone, s.world.Account(), false, ec2Tags(n.Tags)})
		}
	}
	page, next, err := ec2PageOf(r, rows, "subnetSet")
	if err != nil {
		return nil, err
	}
	return ec2Page[subnetXML]{"subnetSet", page, next}, nil
}

// subnetValues are a subnet's values for a filter.
func subnetValues(n world.Subnet, name string) ([]string, error) {
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		if v, ok := n.Tags[key]; ok {
			return []string{v}, nil
		}
		return nil, nil
	}
	switch name {
	case "subnet-id":
		return []string{n.ID}, nil
	case "availability-zone", "availabilityZone":
		return []string{n.Zone}, nil
	case "vpc-id":
		return []string{n.VPC}, nil
	case "state":
		return []string{"available"}, nil
	}
	return nil, badRequest("InvalidParameterValue", "The filter '"+name+"' is invalid")
}
