package awssim

import (
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"

	"junban/deploy/awssim/world"
)

// healthsXML is written by hand: with a thousand targets the general encoder
// takes longer than all else.
type healthsXML struct {
	Rows string `xml:",innerxml"`
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
	var b strings.Builder
	b.Grow(512 * len(found))
	b.WriteString("<TargetHealthDescriptions>")
	for _, h := range found {
		writeHealth(&b, h, g.TargetType == "ip")
	}
	b.WriteString("</TargetHealthDescriptions>")
	return healthsXML{b.String()}, nil
}

// writeHealth writes one target; its zone is told for addresses only.
func writeHealth(b *strings.Builder, h world.TargetHealth, zone bool) {
	field := func(name, value string) {
		if value != "" {
			b.WriteString("<" + name + ">")
			_ = xml.EscapeText(b, []byte(value)) // a Builder does not fail
			b.WriteString("</" + name + ">")
		}
	}
	port := strconv.Itoa(h.Pair.Port)
	b.WriteString("<member><Target>")
	field("Id", h.Pair.ID)
	field("Port", port)
	if zone {
		field("AvailabilityZone", h.Zone)
	}
	b.WriteString("</Target>")
	field("HealthCheckPort", port)
	b.WriteString("<TargetHealth>")
	field("State", h.State)
	field("Reason", h.Reason)
	field("Description", h.Description)
	b.WriteString("</TargetHealth>")
	if h.Reason != world.ReasonNotRegister {
		b.WriteString("<AdministrativeOverride><State>no_override</State><Reason>AdministrativeOverride.NoOverride</Reason>" +
			"<Description>No override is currently active on target</Description></AdministrativeOverride>")
	}
	b.WriteString("</member>")
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
	if g, ok := s.world.Group(arn); ok {
		return g, nil
	}
	return world.Group{}, badRequest("TargetGroupNotFound", "One or more target groups not found")
}
