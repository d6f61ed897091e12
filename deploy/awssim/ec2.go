package awssim

import (
	"encoding/xml"
	"fmt"
	"hash/crc64"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"junban/deploy/awssim/world"
)

// ec2Codes are the numbers that EC2 gives its states.
func ec2State(name string) ec2StateXML {
	codes := map[string]int{
		world.Pending: 0, world.Running: 16, world.ShuttingDown: 32,
		world.Terminated: 48, world.Stopping: 64, world.Stopped: 80,
	}
	return ec2StateXML{codes[name], name}
}

type ec2StateXML struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

type ec2TagXML struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

type instanceXML struct {
	ID           string       `xml:"instanceId"`
	Image        string       `xml:"imageId"`
	State        ec2StateXML  `xml:"instanceState"`
	PrivateDNS   string       `xml:"privateDnsName"`
	Key          string       `xml:"keyName,omitempty"`
	Launch       int          `xml:"amiLaunchIndex"`
	Type         string       `xml:"instanceType"`
	Launched     string       `xml:"launchTime"`
	Zone         string       `xml:"placement>availabilityZone"`
	Tenancy      string       `xml:"placement>tenancy"`
	Monitoring   string       `xml:"monitoring>state"`
	Subnet       string       `xml:"subnetId"`
	VPC          string       `xml:"vpcId"`
	PrivateIP    string       `xml:"privateIpAddress"`
	Architecture string       `xml:"architecture"`
	RootType     string       `xml:"rootDeviceType"`
	RootName     string       `xml:"rootDeviceName"`
	Virtual      string       `xml:"virtualizationType"`
	Tags         []ec2TagXML  `xml:"tagSet>item"`
	Hypervisor   string       `xml:"hypervisor"`
	Groups       []groupIDXML `xml:"groupSet>item"`
	Profile      *profileXML  `xml:"iamInstanceProfile"`
	Metadata     metadataXML  `xml:"metadataOptions"`
}

type groupIDXML struct {
	ID   string `xml:"groupId"`
	Name string `xml:"groupName"`
}

type profileXML struct {
	ARN string `xml:"arn"`
	ID  string `xml:"id"`
}

type metadataXML struct {
	State    string `xml:"state"`
	Tokens   string `xml:"httpTokens"`
	HopLimit int    `xml:"httpPutResponseHopLimit"`
	Endpoint string `xml:"httpEndpoint"`
}

type reservationXML struct {
	ID        string        `xml:"reservationId"`
	Owner     string        `xml:"ownerId"`
	Instances []instanceXML `xml:"instancesSet>item"`
}

type ec2List[T any] struct {
	XMLName xml.Name
	Items   []T `xml:"item"`
}

// ec2Page is a list and where it goes on. EC2 has no element around both.
type ec2Page[T any] struct {
	set   string
	items []T
	next  string
}

// MarshalXML writes the list under its own name, then nextToken.
func (p ec2Page[T]) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	if err := e.Encode(ec2List[T]{XMLName: xml.Name{Local: p.set}, Items: p.items}); err != nil {
		return err
	}
	if p.next == "" {
		return nil
	}
	return e.EncodeElement(p.next, element("nextToken"))
}

func (s *Server) describeInstances(r *request) (any, error) {
	found, err := s.selectInstances(r)
	if err != nil {
		return nil, err
	}
	page, next, err := ec2PageOf(r, found, "instancesSet")
	if err != nil {
		return nil, err
	}
	out := ec2Page[reservationXML]{set: "reservationSet", next: next}
	for _, i := range page {
		out.items = append(out.items, reservationXML{
			ID: "r-" + strings.TrimPrefix(i.ID, "i-"), Owner: s.world.Account(), Instances: []instanceXML{describeInstance(i)},
		})
	}
	return out, nil
}

func describeInstance(i world.Instance) instanceXML {
	x := instanceXML{
		ID: i.ID, Image: i.Image, State: ec2State(i.State), Type: i.Type, Zone: i.Zone, Tenancy: "default", Monitoring: "disabled",
		PrivateDNS: "ip-" + strings.ReplaceAll(i.PrivateIP, ".", "-") + ".ec2.internal",
		Launched:   i.Launched.UTC().Format("2006-01-02T15:04:05.000Z"),
		Subnet:     i.Subnet, VPC: i.VPC, PrivateIP: i.PrivateIP, Architecture: "x86_64", RootType: "ebs", RootName: "/dev/xvda",
		Virtual: "hvm", Hypervisor: "xen", Key: i.Key, Tags: ec2Tags(i.Tags),
		Metadata: metadataXML{"applied", i.Tokens, i.HopLimit, "enabled"},
	}
	for _, g := range i.Security {
		x.Groups = append(x.Groups, groupIDXML(g))
	}
	if i.Profile != "" {
		x.Profile = &profileXML{i.Profile, "AIPA" + strings.ToUpper(fmt.Sprintf("%017x", crc(i.Profile)))}
	}
	return x
}

// crc makes an id of its own for a name.
func crc(s string) uint64 { return crc64.Checksum([]byte(s), crc64.MakeTable(crc64.ECMA)) }

func ec2Tags(m map[string]string) []ec2TagXML {
	var out []ec2TagXML
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, ec2TagXML{k, m[k]})
	}
	return out
}

func ec2PageOf[T any](r *request, all []T, set string) ([]T, string, error) {
	if r.form.Get("MaxResults") == "" {
		return pageOf(all, 1000, r.form.Get("NextToken"), "InvalidParameterValue")
	}
	if len(r.list("InstanceId", "")) > 0 {
		return nil, "", badRequest("InvalidParameterCombination", "The parameter "+set+" cannot be used with the parameter maxResults")
	}
	size, err := strconv.Atoi(r.form.Get("MaxResults"))
	if err != nil || size < 5 {
		return nil, "", badRequest("InvalidParameterValue", "Value ( "+r.form.Get("MaxResults")+" ) for parameter maxResults is invalid. Expecting a value greater than 5.")
	}
	return pageOf(all, min(size, 1000), r.form.Get("NextToken"), "InvalidParameterValue")
}

// selectInstances is what InstanceId.N and Filter.N ask for.
func (s *Server) selectInstances(r *request) ([]world.Instance, error) {
	ids := r.list("InstanceId", "")
	if err := s.known(ids); err != nil {
		return nil, err
	}
	filters, err := r.filters()
	if err != nil {
		return nil, err
	}
	var out []world.Instance
	for _, i := range s.world.Instances(ids...) {
		ok := true
		for _, f := range filters {
			values, err := valuesOf(i, f.name)
			if err != nil {
				return nil, err
			}
			ok = ok && f.matches(values)
		}
		if ok {
			out = append(out, i)
		}
	}
	return out, nil
}

// known refuses ids that no instance has.
func (s *Server) known(ids []string) error {
	var missing []string
	for _, id := range ids {
		if !strings.HasPrefix(id, "i-") {
			return badRequest("InvalidInstanceID.Malformed", `Invalid id: "`+id+`"`)
		}
		if _, ok := s.world.Instance(id); !ok {
			missing = append(missing, id)
		}
	}
	switch len(missing) {
	case 0:
		return nil
	case 1:
		return badRequest("InvalidInstanceID.NotFound", "The instance ID '"+missing[0]+"' does not exist")
	}
	return badRequest("InvalidInstanceID.NotFound", "The instance IDs '"+strings.Join(missing, ", ")+"' do not exist")
}

type filter struct {
	name   string
	values []string
}

func (r *request) filters() ([]filter, error) {
	var out []filter
	for n, name := range r.list("Filter", ".Name") {
		f := filter{name, r.list("Filter."+strconv.Itoa(n+1)+".Value", "")}
		if len(f.values) == 0 {
			return nil, badRequest("InvalidParameterValue", "The filter '"+name+"' has no values")
		}
		out = append(out, f)
	}
	return out, nil
}

// matches says whether one value fits one of the filter's, where * and ? are
// wildcards.
func (f filter) matches(values []string) bool {
	for _, want := range f.values {
		// path.Match's other specials are plain characters here, and its * does not cross a slash.
		want = strings.NewReplacer(`\`, `\\`, "[", `\[`, "/", "\x00").Replace(want)
		for _, v := range values {
			if ok, _ := path.Match(want, strings.ReplaceAll(v, "/", "\x00")); ok {
				return true
			}
		}
	}
	return false
}

// valuesOf are an instance's values for a filter.
func valuesOf(i world.Instance, name string) ([]string, error) {
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		if v, ok := i.Tags[key]; ok {
			return []string{v}, nil
		}
		return nil, nil
	}
	switch name {
	case "tag-key":
		return slices.Collect(maps.Keys(i.Tags)), nil
	case "instance-id":
		return []string{i.ID}, nil
	case "instance-state-name":
		return []string{i.State}, nil
	case "private-ip-address", "network-interface.addresses.private-ip-address":
		return []string{i.PrivateIP}, nil
	case "availability-zone":
		return []string{i.Zone}, nil
	case "vpc-id":
		return []string{i.VPC}, nil
	case "subnet-id":
		return []string{i.Subnet}, nil
	case "instance-type":
		return []string{i.Type}, nil
	case "image-id":
		return []string{i.Image}, nil
	case "iam-instance-profile.arn":
		return []string{i.Profile}, nil
	case "instance.group-id", "network-interface.group-id":
		ids := make([]string, 0, len(i.Security))
		for _, g := range i.Security {
			ids = append(ids, g.ID)
		}
		return ids, nil
	}
	return nil, badRequest("InvalidParameterValue", "The filter '"+name+"' is invalid")
}
