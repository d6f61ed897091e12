package awssim

import (
	"encoding/xml"
	"strconv"
	"strings"
	"sync"

	"junban/deploy/awssim/world"
)

// launches remember by ClientToken what was started, so that the same call
// again starts nothing.
type launches struct {
	mu      sync.Mutex
	byToken map[string][]string // instance ids
}

// runInstances starts instances that are like what was asked for. Where their
// stand-ins listen is the world's business (world.Options.Launch).
func (s *Server) runInstances(r *request) (any, error) {
	like, err := s.wanted(r)
	if err != nil {
		return nil, err
	}
	least, err := r.count("MinCount")
	if err != nil {
		return nil, err
	}
	most, err := r.count("MaxCount")
	if err != nil {
		return nil, err
	}
	if least > most {
		return nil, badRequest("InvalidParameterValue", "MinCount must not be greater than MaxCount")
	}
	l := &s.launches
	l.mu.Lock()
	defer l.mu.Unlock()
	token := r.form.Get("ClientToken")
	ids, again := l.byToken[token]
	if token == "" || !again {
		ids = nil
		for range most {
			ids = append(ids, s.world.Launch(like).ID)
		}
		l.byToken[token] = ids
	}
	out := reservationXML{ID: "r-" + strings.TrimPrefix(ids[0], "i-"), Owner: s.world.Account()}
	for _, id := range ids {
		i, _ := s.world.Instance(id)
		out.Instances = append(out.Instances, describeInstance(i))
	}
	return launchXML(out), nil
}

// launchXML is a reservation without an element around it.
type launchXML reservationXML

// MarshalXML writes the reservation's own elements: RunInstancesResponse is
// the reservation.
func (l launchXML) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	if err := e.EncodeElement(l.ID, element("reservationId")); err != nil {
		return err
	}
	if err := e.EncodeElement(l.Owner, element("ownerId")); err != nil {
		return err
	}
	return e.Encode(ec2List[instanceXML]{XMLName: xml.Name{Local: "instancesSet"}, Items: l.Instances})
}

// count is MinCount or MaxCount.
func (r *request) count(name string) (int, error) {
	n, err := strconv.Atoi(r.form.Get(name))
	if err != nil || n < 1 || n > 1000 {
		return 0, badRequest("MissingParameter", "The request must contain the parameter "+name+", at least 1")
	}
	return n, nil
}

// wanted is the instance that a RunInstances call describes.
func (s *Server) wanted(r *request) (world.Instance, error) {
	i := world.Instance{
		Image: r.form.Get("ImageId"), Type: r.form.Get("InstanceType"), Key: r.form.Get("KeyName"),
		Subnet: r.form.Get("SubnetId"), PrivateIP: r.form.Get("PrivateIpAddress"), Zone: r.form.Get("Placement.AvailabilityZone"),
		Tokens: r.form.Get("MetadataOptions.HttpTokens"), Profile: r.form.Get("IamInstanceProfile.Arn"),
		Tags: map[string]string{},
	}
	if i.Image == "" {
		return i, badRequest("MissingParameter", "The request must contain the parameter ImageId")
	}
	if name := r.form.Get("IamInstanceProfile.Name"); name != "" {
		i.Profile = "arn:aws:iam::" + s.world.Account() + ":instance-profile/" + name
	}
	if v := r.form.Get("MetadataOptions.HttpPutResponseHopLimit"); v != "" {
		i.HopLimit, _ = strconv.Atoi(v) // 0 is the default
	}
	if i.Subnet != "" {
		for _, n := range s.world.Subnets() {
			if n.ID == i.Subnet {
				i.Zone, i.VPC = n.Zone, n.VPC
			}
		}
		if i.Zone == "" {
			return i, badRequest("InvalidSubnetID.NotFound", "The subnet ID '"+i.Subnet+"' does not exist")
		}
	}
	for _, id := range r.list("SecurityGroupId", "") {
		i.Security = append(i.Security, world.SecurityGroup{ID: id, Name: id})
	}
	for n, kind := range r.list("TagSpecification", ".ResourceType") {
		if prefix := "TagSpecification." + strconv.Itoa(n+1) + ".Tag"; kind == "instance" {
			r.tags(prefix, i.Tags)
		}
	}
	i.Name = i.Tags["Name"]
	return i, nil
}

// tags reads prefix.N.Key and prefix.N.Value into a map.
func (r *request) tags(prefix string, into map[string]string) {
	for n, k := range r.list(prefix, ".Key") {
		into[k] = r.form.Get(prefix + "." + strconv.Itoa(n+1) + ".Value")
	}
}

// done is EC2's answer when there is nothing to tell.
type done struct{}

// MarshalXML writes return alone.
func (done) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return e.EncodeElement(true, element("return"))
}

// createTags tags instances; the simulator tags nothing else in EC2.
func (s *Server) createTags(r *request) (any, error) {
	ids, tags := r.list("ResourceId", ""), map[string]string{}
	r.tags("Tag", tags)
	if len(ids) == 0 || len(tags) == 0 {
		return nil, badRequest("MissingParameter", "The request must contain the parameters ResourceId and Tag")
	}
	if err := s.known(ids); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := s.world.SetTags(id, tags); err != nil {
			return nil, err
		}
	}
	return done{}, nil
}
