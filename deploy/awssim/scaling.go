package awssim

import (
	"slices"
	"strings"
	"time"

	"junban/deploy/awssim/world"
)

type memberXML struct {
	InstanceID   string `xml:"InstanceId"`
	InstanceType string
	Group        string `xml:"AutoScalingGroupName,omitempty"`
	Zone         string `xml:"AvailabilityZone"`
	Life         string `xml:"LifecycleState"`
	Health       string `xml:"HealthStatus"`
	Protected    bool   `xml:"ProtectedFromScaleIn"`
}

// describeMember is a member as DescribeAutoScalingGroups tells it.
func describeMember(m world.Member) memberXML {
	health := "Healthy"
	if m.Unhealthy {
		health = "Unhealthy"
	}
	return memberXML{InstanceID: m.Instance, InstanceType: m.Type, Zone: m.Zone, Life: m.Life, Health: health}
}

type processXML struct {
	Name   string `xml:"ProcessName"`
	Reason string `xml:"SuspensionReason"`
}

type scalingTagXML struct {
	ResourceID   string `xml:"ResourceId"`
	ResourceType string
	Key          string
	Value        string
	Propagate    bool `xml:"PropagateAtLaunch"`
}

type scalingGroupXML struct {
	ARN             string `xml:"AutoScalingGroupARN"`
	Name            string `xml:"AutoScalingGroupName"`
	MinSize         int
	MaxSize         int
	DesiredCapacity int
	DefaultCooldown int
	Zones           []string        `xml:"AvailabilityZones>member"`
	Subnets         string          `xml:"VPCZoneIdentifier,omitempty"`
	TargetGroupARNs []string        `xml:"TargetGroupARNs>member"`
	HealthCheckType string          `xml:"HealthCheckType"`
	Grace           int             `xml:"HealthCheckGracePeriod"`
	Created         string          `xml:"CreatedTime"`
	Instances       []memberXML     `xml:"Instances>member"`
	Suspended       []processXML    `xml:"SuspendedProcesses>member"`
	Tags            []scalingTagXML `xml:"Tags>member"`
	Policies        []string        `xml:"TerminationPolicies>member"`
	Protect         bool            `xml:"NewInstancesProtectedFromScaleIn"`
}

type scalingGroupsXML struct {
	Groups    []scalingGroupXML `xml:"AutoScalingGroups>member"`
	NextToken string            `xml:",omitempty"`
}

// describeScalingGroups leaves out names that are not there, as AWS does.
func (s *Server) describeScalingGroups(r *request) (any, error) {
	names := r.members("AutoScalingGroupNames")
	size, err := r.number("MaxRecords", 50, 1, 100)
	if err != nil {
		return nil, err
	}
	var all []world.ScalingGroup
	for _, g := range s.world.ScalingGroups() {
		ok, err := r.picks(g)
		if err != nil {
			return nil, err
		}
		if ok && (len(names) == 0 || slices.Contains(names, g.Name)) {
			all = append(all, g)
		}
	}
	page, next, err := pageOf(all, size, r.form.Get("NextToken"), "InvalidNextToken")
	if err != nil {
		return nil, err
	}
	members := s.world.Members()
	out := scalingGroupsXML{NextToken: next}
	for _, g := range page {
		x := describeScalingGroup(g, members)
		x.Subnets = s.subnetsIn(g.Zones)
		out.Groups = append(out.Groups, x)
	}
	return out, nil
}

// subnetsIn are the first subnets of zones, where a group launches.
func (s *Server) subnetsIn(zones []string) string {
	var ids []string
	all := s.world.Subnets()
	for _, z := range zones {
		if i := slices.IndexFunc(all, func(n world.Subnet) bool { return n.Zone == z }); i >= 0 {
			ids = append(ids, all[i].ID)
		}
	}
	return strings.Join(ids, ",")
}

// picks says whether a group fits Filters.member.N: by the key of a tag, its
// value, or both as tag:KEY.
func (r *request) picks(g world.ScalingGroup) (bool, error) {
	for n, name := range r.list("Filters.member", ".Name") {
		values := r.members("Filters.member." + itoa(n+1) + ".Values")
		fits := func(k, v string) bool {
			switch key, byKey := strings.CutPrefix(name, "tag:"); {
			case byKey:
				return k == key && slices.Contains(values, v)
			case name == "tag-key", name == "key":
				return slices.Contains(values, k)
			}
			return slices.Contains(values, v)
		}
		if !strings.HasPrefix(name, "tag:") && !slices.Contains([]string{"tag-key", "key", "tag-value", "value"}, name) {
			return false, invalid("Filter type " + name + " is not correct. Allowed Filter types are: tag:key-name tag-key tag-value key value")
		}
		found := false
		for k, v := range g.Tags {
			found = found || fits(k, v)
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}

func describeScalingGroup(g world.ScalingGroup, members []world.Member) scalingGroupXML {
	x := scalingGroupXML{
		ARN: g.ARN, Name: g.Name, MinSize: g.Min, MaxSize: g.Max, DesiredCapacity: g.Desired, DefaultCooldown: 300,
		Zones: g.Zones, TargetGroupARNs: g.TargetGroups, HealthCheckType: g.HealthCheck, Grace: seconds(g.Grace),
		Created: "2026-01-01T00:00:00.000Z", Policies: []string{"Default"},
	}
	for _, m := range members {
		if m.Group == g.Name {
			x.Instances = append(x.Instances, describeMember(m))
		}
	}
	for _, p := range g.Suspended {
		x.Suspended = append(x.Suspended, processXML{p, "User suspended"})
	}
	for _, t := range pairsOf(g.Tags) {
		x.Tags = append(x.Tags, scalingTagXML{g.Name, "auto-scaling-group", t.Key, t.Value, true})
	}
	return x
}

type scalingInstancesXML struct {
	Instances []memberXML `xml:"AutoScalingInstances>member"`
	NextToken string      `xml:",omitempty"`
}

// describeScalingInstances leaves out instances that are in no group. Here,
// unlike in DescribeAutoScalingGroups, the health is in capitals.
func (s *Server) describeScalingInstances(r *request) (any, error) {
	ids := r.members("InstanceIds")
	if len(ids) > 50 {
		return nil, invalid("The number of instance ids that may be passed in is limited to 50")
	}
	size, err := r.number("MaxRecords", 50, 1, 50)
	if err != nil {
		return nil, err
	}
	var all []memberXML
	for _, m := range s.world.Members() {
		if len(ids) > 0 && !slices.Contains(ids, m.Instance) {
			continue
		}
		x := describeMember(m)
		x.Group, x.Health = m.Group, strings.ToUpper(x.Health)
		all = append(all, x)
	}
	page, next, err := pageOf(all, size, r.form.Get("NextToken"), "InvalidNextToken")
	if err != nil {
		return nil, err
	}
	return scalingInstancesXML{page, next}, nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
