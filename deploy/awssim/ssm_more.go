package awssim

import (
	"fmt"
	"slices"

	"junban/deploy/awssim/world"
)

// cancelCommand asks for the end of a command; what has ended stays as it is.
func (s *Server) cancelCommand(r *request) (any, error) {
	var in struct {
		CommandID   string
		InstanceIDs []string `json:"InstanceIds"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	s.ssm.mu.Lock()
	defer s.ssm.mu.Unlock()
	c := s.ssm.byID(in.CommandID)
	if c == nil {
		return nil, &world.Error{Code: "InvalidCommandId", Status: 400}
	}
	for _, i := range c.invocations {
		if i.over() || (len(in.InstanceIDs) > 0 && !slices.Contains(in.InstanceIDs, i.instance.ID)) {
			continue
		}
		i.status, i.details = cancelling, cancelling
		i.stop(errCancelled)
	}
	return struct{}{}, nil
}

type informationInput struct {
	Filters []struct {
		Key    string
		Values []string
	}
	InstanceInformationFilterList []struct {
		Key      string   `json:"key"`
		ValueSet []string `json:"valueSet"`
	}
	MaxResults *int
	NextToken  string
}

// describeInstanceInformation tells of the instances whose agent is known: it
// is Online, or the connection was lost because the instance does not run or
// its agent answers no more.
func (s *Server) describeInstanceInformation(r *request) (any, error) {
	var in informationInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	size := 50
	if in.MaxResults != nil {
		if size = *in.MaxResults; size < 5 || size > 50 {
			return nil, violates(fmt.Sprint(size), "maxResults", "Member must have value greater than or equal to 5")
		}
	}
	rows := []any{}
	for _, i := range s.world.Instances() {
		ok := i.AgentKnown && i.State != world.Terminated
		for _, f := range in.Filters {
			match, err := informationFits(i, f.Key, f.Values)
			if err != nil {
				return nil, err
			}
			ok = ok && match
		}
		for _, f := range in.InstanceInformationFilterList {
			match, err := informationFits(i, f.Key, f.ValueSet)
			if err != nil {
				return nil, err
			}
			ok = ok && match
		}
		if ok {
			rows = append(rows, s.information(i))
		}
	}
	page, next, err := pageOf(rows, size, in.NextToken, "InvalidNextToken")
	if err != nil {
		return nil, err
	}
	return paged("InstanceInformationList", page, next), nil
}

func ping(i world.Instance) string {
	if managed(i) {
		return "Online"
	}
	return "ConnectionLost"
}

func (s *Server) information(i world.Instance) map[string]any {
	seen := i.AgentSeen
	if seen.IsZero() {
		seen = s.world.Now()
	}
	return map[string]any{
		"InstanceId": i.ID, "PingStatus": ping(i), "LastPingDateTime": epoch(seen),
		"AgentVersion": "3.3.987.0", "IsLatestVersion": true, "PlatformType": "Linux", "PlatformName": "Amazon Linux",
		"PlatformVersion": "2023", "ResourceType": "EC2Instance", "IPAddress": i.PrivateIP, "ComputerName": i.Name,
	}
}

func informationFits(i world.Instance, key string, values []string) (bool, error) {
	switch key {
	case "InstanceIds":
		return slices.Contains(values, i.ID), nil
	case "PingStatus":
		return slices.Contains(values, ping(i)), nil
	case "PlatformTypes":
		return slices.Contains(values, "Linux"), nil
	case "ResourceType":
		return slices.Contains(values, "EC2Instance"), nil
	}
	return false, &world.Error{Code: "InvalidFilterKey", Message: "The specified filter key is not valid: " + key, Status: 400}
}
