package awssim

import (
	"strings"

	"junban/deploy/awssim/world"
)

// touched is one resource that a call is judged by.
type touched struct {
	arn  string
	tags map[string]string
	more []string // condition keys of a service's own that tell a tag, with %s for the tag's key
}

// keys are the condition keys that tell the resource's tags.
func (t touched) keys() map[string]string {
	out := map[string]string{}
	for k, v := range t.tags {
		out[strings.ToLower("aws:ResourceTag/"+k)] = v
		for _, own := range t.more {
			out[strings.ToLower(own+k)] = v
		}
	}
	return out
}

// touches lists what a call is judged by, as the Service Authorization
// Reference has it: actions without resource types there are judged by *.
func (s *Server) touches(r *request) ([]touched, error) {
	everything := []touched{{arn: "*"}}
	switch r.service {
	case elb:
		return s.touchesELB(r, everything), nil
	case ec2:
		return s.touchesEC2(r, everything), nil
	case ssm:
		if r.action == "SendCommand" {
			return s.touchesCommand(r)
		}
	case cloudwatch:
		if r.action == "DescribeAlarms" { // of all alarms, also when it names some
			return []touched{{arn: s.alarmARN("*")}}, nil
		}
		f, err := r.fields()
		if err != nil {
			return nil, err
		}
		return []touched{{arn: s.alarmARN(f.text("AlarmName"))}}, nil
	case autoscaling:
		return s.touchesScaling(r, everything), nil
	}
	return everything, nil
}

func (s *Server) touchesELB(r *request, everything []touched) []touched {
	if strings.HasPrefix(r.action, "Describe") {
		return everything
	}
	own := []string{"elasticloadbalancing:ResourceTag/"}
	if arn := r.form.Get("TargetGroupArn"); arn != "" {
		t := touched{arn: arn, more: own}
		if g, ok := s.world.Group(arn); ok {
			t.tags = g.Tags
		}
		return []touched{t}
	}
	if arn := r.form.Get("LoadBalancerArn"); arn != "" {
		t := touched{arn: arn, more: own}
		for _, b := range s.world.Balancers() {
			if b.ARN == arn {
				t.tags = b.Tags
			}
		}
		return []touched{t}
	}
	return everything
}

func (s *Server) ec2ARN(resource string) string {
	return "arn:aws:ec2:" + s.world.Region() + ":" + s.world.Account() + ":" + resource
}

func (s *Server) instanceTouched(id string, own ...string) touched {
	i, _ := s.world.Instance(id)
	return touched{arn: s.ec2ARN("instance/" + id), tags: i.Tags, more: own}
}

func (s *Server) touchesEC2(r *request, everything []touched) []touched {
	switch r.action {
	case "StartInstances", "StopInstances", "TerminateInstances":
		var out []touched
		for _, id := range r.list("InstanceId", "") {
			out = append(out, s.instanceTouched(id, "ec2:ResourceTag/"))
		}
		return out
	case "CreateTags":
		var out []touched
		for _, id := range r.list("ResourceId", "") {
			out = append(out, s.instanceTouched(id, "ec2:ResourceTag/"))
		}
		return out
	case "RunInstances":
		out := []touched{
			{arn: "arn:aws:ec2:" + s.world.Region() + "::image/" + r.form.Get("ImageId")},
			{arn: s.ec2ARN("instance/*")}, {arn: s.ec2ARN("volume/*")}, {arn: s.ec2ARN("network-interface/*")},
		}
		if id := r.form.Get("SubnetId"); id != "" {
			out = append(out, touched{arn: s.ec2ARN("subnet/" + id)})
		}
		for _, id := range r.list("SecurityGroupId", "") {
			out = append(out, touched{arn: s.ec2ARN("security-group/" + id)})
		}
		return out
	}
	return everything
}

// touchesCommand are the document and every instance: all must be allowed.
// AWS's own documents belong to no account.
func (s *Server) touchesCommand(r *request) ([]touched, error) {
	var in sendInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	document := in.DocumentName
	if !strings.HasPrefix(document, "arn:") {
		account := s.world.Account()
		if strings.HasPrefix(document, "AWS-") {
			account = ""
		}
		document = "arn:aws:ssm:" + s.world.Region() + ":" + account + ":document/" + document
	}
	out := []touched{{arn: document}}
	for _, id := range in.InstanceIDs {
		out = append(out, s.instanceTouched(id, "ssm:resourceTag/"))
	}
	for _, t := range in.Targets {
		key, byTag := strings.CutPrefix(t.Key, "tag:")
		if !byTag {
			for _, id := range t.Values {
				out = append(out, s.instanceTouched(id, "ssm:resourceTag/"))
			}
			continue
		}
		for _, v := range t.Values { // judged by the tag that is asked for
			out = append(out, touched{arn: s.ec2ARN("instance/*"), tags: map[string]string{key: v}, more: []string{"ssm:resourceTag/"}})
		}
	}
	return out, nil
}

func (s *Server) touchesScaling(r *request, everything []touched) []touched {
	name := r.form.Get("AutoScalingGroupName")
	if strings.HasPrefix(r.action, "Describe") || name == "" {
		return everything
	}
	t := touched{arn: s.scalingARN(name), more: []string{"autoscaling:ResourceTag/"}}
	for _, g := range s.world.ScalingGroups() {
		if g.Name == name {
			t.arn, t.tags = g.ARN, g.Tags
		}
	}
	return []touched{t}
}

// scalingARN is the ARN of a group that is not there.
func (s *Server) scalingARN(name string) string {
	return "arn:aws:autoscaling:" + s.world.Region() + ":" + s.world.Account() + ":autoScalingGroup:*:autoScalingGroupName/" + name
}

func (s *Server) alarmARN(name string) string {
	return world.AlarmARN(s.world.Region(), s.world.Account(), name)
}
