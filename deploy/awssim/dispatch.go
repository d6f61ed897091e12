package awssim

import (
	"mime"
	"net/http"
	"net/url"
	"strings"

	"junban/deploy/awssim/world"
)

// kind is which token bucket an operation draws from.
type kind int

const (
	reads kind = iota
	writes
)

// operation is one row of the table of what the server can do.
type operation struct {
	kind kind
	do   func(*request) (any, error)
}

// request is one parsed call.
type request struct {
	id      string
	service service
	action  string
	op      operation
	wire    wire
	form    url.Values // Query protocol
	body    []byte     // JSON and CBOR
	who     principal
}

// parse finds out which service and action are asked for: the path names
// CloudWatch's in its CBOR protocol, X-Amz-Target SSM's and CloudWatch's in
// JSON, Action the others', whose service is told by Version, or else by the
// signature's credential scope.
func (s *Server) parse(r *http.Request, body []byte, signed scope) (*request, error) {
	req := &request{service: elb, form: url.Values{}, body: body}
	if name, ok := strings.CutPrefix(r.URL.Path, cborPath); ok {
		req.service, req.action, req.wire = cloudwatch, name, cborRPC
		return req, s.find(req, "UnknownOperationException", "")
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		req.service, req.wire = ssm, json11
		name, ok := strings.CutPrefix(target, ssmTarget)
		if watch, its := strings.CutPrefix(target, cloudwatchTarget); its {
			req.service, req.wire, name, ok = cloudwatch, json10, watch, true
		}
		if req.action = name; !ok {
			return req, &world.Error{Code: "UnknownOperationException", Status: 400}
		}
		return req, s.find(req, "UnknownOperationException", "")
	}
	req.wire = query
	if signed.service != "" {
		req.service = signed.service
	}
	req.form = r.URL.Query()
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return req, badRequest("MalformedQueryString", err.Error())
		}
		for k, v := range form {
			req.form[k] = v
		}
	}
	if svc, ok := byVersion[req.form.Get("Version")]; ok {
		req.service = svc
	}
	req.action = req.form.Get("Action")
	if req.action == "" {
		return req, badRequest("MissingAction", "The request must contain the parameter Action")
	}
	return req, s.find(req, "InvalidAction", "The action "+req.action+" is not valid for this web service.")
}

// find looks the operation up; one that is not there is an error of the given code.
func (s *Server) find(req *request, code, message string) error {
	op, ok := s.table[string(req.service)+"."+req.action]
	if !ok {
		return &world.Error{Code: code, Message: message, Status: 400}
	}
	req.op = op
	return nil
}

func badRequest(code, message string) *world.Error {
	return &world.Error{Code: code, Message: message, Status: http.StatusBadRequest}
}

func invalid(message string) *world.Error { return badRequest("ValidationError", message) }

// operations is everything that the server can do.
func (s *Server) operations() map[string]operation {
	t := map[string]operation{}
	add := func(svc service, k kind, name string, do func(*request) (any, error)) {
		t[string(svc)+"."+name] = operation{k, do}
	}
	add(elb, reads, "DescribeLoadBalancers", s.describeLoadBalancers)
	add(elb, reads, "DescribeLoadBalancerAttributes", s.describeLoadBalancerAttributes)
	add(elb, writes, "ModifyLoadBalancerAttributes", s.modifyLoadBalancerAttributes)
	add(elb, writes, "SetSubnets", s.setSubnets)
	add(elb, reads, "DescribeListeners", s.describeListeners)
	add(elb, reads, "DescribeRules", s.describeRules)
	add(elb, reads, "DescribeTags", s.describeELBTags)
	add(elb, reads, "DescribeTargetGroups", s.describeTargetGroups)
	add(elb, reads, "DescribeTargetGroupAttributes", s.describeTargetGroupAttributes)
	add(elb, writes, "ModifyTargetGroupAttributes", s.modifyTargetGroupAttributes)
	add(elb, reads, "DescribeTargetHealth", s.describeTargetHealth)
	add(elb, writes, "RegisterTargets", s.registerTargets)
	add(elb, writes, "DeregisterTargets", s.deregisterTargets)
	add(ec2, reads, "DescribeInstances", s.describeInstances)
	add(ec2, reads, "DescribeInstanceStatus", s.describeInstanceStatus)
	add(ec2, reads, "DescribeTags", s.describeEC2Tags)
	add(ec2, reads, "DescribeSubnets", s.describeSubnets)
	add(ec2, writes, "CreateTags", s.createTags)
	add(ec2, writes, "RunInstances", s.runInstances)
	add(ec2, writes, "StartInstances", s.moveInstances(s.world.Start))
	add(ec2, writes, "StopInstances", s.moveInstances(s.world.Stop))
	add(ec2, writes, "TerminateInstances", s.moveInstances(s.world.Terminate))
	add(autoscaling, reads, "DescribeAutoScalingGroups", s.describeScalingGroups)
	add(autoscaling, reads, "DescribeAutoScalingInstances", s.describeScalingInstances)
	add(autoscaling, writes, "AttachInstances", s.attachInstances)
	add(autoscaling, writes, "EnterStandby", s.enterStandby)
	add(autoscaling, writes, "ExitStandby", s.exitStandby)
	add(autoscaling, writes, "SuspendProcesses", s.changeProcesses(s.world.SuspendProcesses))
	add(autoscaling, writes, "ResumeProcesses", s.changeProcesses(s.world.ResumeProcesses))
	add(autoscaling, writes, "UpdateAutoScalingGroup", s.updateScalingGroup)
	add(cloudwatch, reads, "DescribeAlarms", s.describeAlarms)
	add(cloudwatch, writes, "PutMetricAlarm", s.putMetricAlarm)
	add(cloudwatch, writes, "SetAlarmState", s.setAlarmState)
	add(sts, reads, "GetCallerIdentity", s.getCallerIdentity)
	add(sts, writes, "AssumeRole", s.assumeRole)
	add(ssm, writes, "SendCommand", s.sendCommand)
	add(ssm, writes, "CancelCommand", s.cancelCommand)
	add(ssm, reads, "GetCommandInvocation", s.getCommandInvocation)
	add(ssm, reads, "ListCommands", s.listCommands)
	add(ssm, reads, "ListCommandInvocations", s.listCommandInvocations)
	add(ssm, reads, "DescribeInstanceInformation", s.describeInstanceInformation)
	return t
}
