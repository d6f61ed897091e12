package awssim

import (
	"fmt"
	"strconv"
	"time"

	"junban/deploy/awssim/world"
)

func itoa(n int) string { return strconv.Itoa(n) }

// scalingName is the group that AutoScalingGroupName names.
func (r *request) scalingName() (string, error) {
	name := r.form.Get("AutoScalingGroupName")
	if name == "" {
		return "", required("autoScalingGroupName")
	}
	return name, nil
}

type activityXML struct {
	ID          string `xml:"ActivityId"`
	Group       string `xml:"AutoScalingGroupName"`
	Description string
	Cause       string
	StartTime   string
	StatusCode  string
	Progress    int
	Details     string
}

type activitiesXML struct {
	Activities []activityXML `xml:"Activities>member"`
}

func describeActivities(all []world.Activity, description, cause string) activitiesXML {
	var out activitiesXML
	for _, a := range all {
		out.Activities = append(out.Activities, activityXML{
			ID: a.ID, Group: a.Group, Description: description + ": " + a.Member.Instance,
			Cause:     fmt.Sprintf(cause, a.At.UTC().Format(time.RFC3339), a.Member.Instance, a.Before, a.After),
			StartTime: stamp(a.At), StatusCode: "InProgress", Progress: 50,
			Details: `{"Availability Zone":"` + a.Member.Zone + `"}`,
		})
	}
	return out
}

func (s *Server) enterStandby(r *request) (any, error) {
	name, err := r.scalingName()
	if err != nil {
		return nil, err
	}
	decrement, err := strconv.ParseBool(r.form.Get("ShouldDecrementDesiredCapacity"))
	if err != nil {
		return nil, required("shouldDecrementDesiredCapacity")
	}
	all, err := s.world.EnterStandby(name, r.members("InstanceIds"), decrement)
	if err != nil {
		return nil, err
	}
	cause := "At %s instance %s was moved to standby in response to a user request, shrinking the capacity from %d to %d."
	if !decrement {
		cause = "At %s instance %s was moved to standby in response to a user request.%.0[3]d%.0[4]d"
	}
	return describeActivities(all, "Moving EC2 instance to Standby", cause), nil
}

func (s *Server) exitStandby(r *request) (any, error) {
	name, err := r.scalingName()
	if err != nil {
		return nil, err
	}
	all, err := s.world.ExitStandby(name, r.members("InstanceIds"))
	if err != nil {
		return nil, err
	}
	return describeActivities(all, "Moving EC2 instance out of Standby",
		"At %s instance %s was moved out of standby in response to a user request, increasing the capacity from %d to %d."), nil
}

func (s *Server) attachInstances(r *request) (any, error) {
	name, err := r.scalingName()
	if err != nil {
		return nil, err
	}
	ids := r.members("InstanceIds")
	if len(ids) == 0 {
		return nil, required("instanceIds")
	}
	return struct{}{}, s.world.AttachInstances(name, ids)
}

// changeProcesses suspends or resumes.
func (s *Server) changeProcesses(change func(string, []string) error) func(*request) (any, error) {
	return func(r *request) (any, error) {
		name, err := r.scalingName()
		if err != nil {
			return nil, err
		}
		return struct{}{}, change(name, r.members("ScalingProcesses"))
	}
}

func (s *Server) updateScalingGroup(r *request) (any, error) {
	name, err := r.scalingName()
	if err != nil {
		return nil, err
	}
	var z world.Sizes
	for key, to := range map[string]**int{"MinSize": &z.Min, "MaxSize": &z.Max, "DesiredCapacity": &z.Desired} {
		if r.form.Get(key) == "" {
			continue
		}
		n, err := r.number(key, 0, 0, 1<<20)
		if err != nil {
			return nil, err
		}
		*to = &n
	}
	if kind := r.form.Get("HealthCheckType"); kind != "" {
		z.HealthCheck = &kind
	}
	if r.form.Get("HealthCheckGracePeriod") != "" {
		n, err := r.number("HealthCheckGracePeriod", 0, 0, 1<<20)
		if err != nil {
			return nil, err
		}
		grace := time.Duration(n) * time.Second
		z.Grace = &grace
	}
	return struct{}{}, s.world.UpdateScalingGroup(name, z)
}
