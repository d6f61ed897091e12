package awssim

import (
	"regexp"
	"strconv"

	"junban/deploy/awssim/world"
)

type targetXML struct {
	ID   string `xml:"Id"`
	Port int
	Zone string `xml:"AvailabilityZone,omitempty"`
}

type stateXML struct {
	State       string
	Reason      string `xml:",omitempty"`
	Description string `xml:",omitempty"`
}

type healthXML struct {
	Target          targetXML
	HealthCheckPort string
	TargetHealth    stateXML
	Override        *stateXML `xml:"AdministrativeOverride"`
}

type healthsXML struct {
	Descriptions []healthXML `xml:"TargetHealthDescriptions>member"`
}

func (s *Server) describeTargetHealth(r *request) (any, error) {
	g, err := s.groupOf(r)
	if err != nil {
		return nil, err
	}
	pairs, err := r.targets()
	if err != nil {
		return nil, err
	}
	found, err := s.world.Health(g.ARN, pairs)
	if err != nil {
		return nil, err
	}
	var out healthsXML
	for _, h := range found {
		d := healthXML{
			Target:          targetXML{ID: h.Pair.ID, Port: h.Pair.Port},
			HealthCheckPort: strconv.Itoa(h.Pair.Port),
			TargetHealth:    stateXML{h.State, h.Reason, h.Description},
		}
		if g.TargetType == "ip" {
			d.Target.Zone = h.Zone
		}
		if h.Reason != world.ReasonNotRegister {
			d.Override = &stateXML{"no_override", "AdministrativeOverride.NoOverride", "No override is currently active on target"}
		}
		out.Descriptions = append(out.Descriptions, d)
	}
	return out, nil
}

func (s *Server) registerTargets(r *request) (any, error) {
	return s.changeTargets(r, s.world.Register)
}

func (s *Server) deregisterTargets(r *request) (any, error) {
	return s.changeTargets(r, s.world.Deregister)
}

func (s *Server) changeTargets(r *request, change func(string, []world.Pair) error) (any, error) {
	g, err := s.groupOf(r)
	if err != nil {
		return nil, err
	}
	pairs, err := r.targets()
	if err != nil {
		return nil, err
	}
	if len(pairs) == 0 {
		return nil, required("targets")
	}
	return struct{}{}, change(g.ARN, pairs)
}

// targets reads Targets.member.N; a pair without a port has port 0.
func (r *request) targets() ([]world.Pair, error) {
	var out []world.Pair
	for n, id := range r.list("Targets.member", ".Id") {
		p := world.Pair{ID: id}
		if id == "" {
			return nil, invalid("Target ID must be specified")
		}
		if v := r.form.Get("Targets.member." + strconv.Itoa(n+1) + ".Port"); v != "" {
			port, err := strconv.Atoi(v)
			if err != nil || port < 1 || port > 65535 {
				return nil, invalid("1 validation error detected: Value '" + v + "' at 'targets." + strconv.Itoa(n+1) +
					".member.port' failed to satisfy constraint: Member must have value less than or equal to 65535")
			}
			p.Port = port
		}
		out = append(out, p)
	}
	return out, nil
}

var groupARN = regexp.MustCompile(`^arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup/[A-Za-z0-9-]{1,32}/[0-9a-f]+$`)

// groupOf is the group that TargetGroupArn names.
func (s *Server) groupOf(r *request) (world.Group, error) {
	arn := r.form.Get("TargetGroupArn")
	if arn == "" {
		return world.Group{}, required("targetGroupArn")
	}
	if !groupARN.MatchString(arn) {
		return world.Group{}, invalid("'" + arn + "' is not a valid target group ARN")
	}
	for _, g := range s.world.Groups() {
		if g.ARN == arn {
			return g, nil
		}
	}
	return world.Group{}, badRequest("TargetGroupNotFound", "One or more target groups not found")
}
