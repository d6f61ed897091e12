package awssim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"junban/deploy/awssim/world"
)

// service is one AWS service, by the name it has in a credential scope.
type service string

const (
	elb service = "elasticloadbalancing"
	ec2 service = "ec2"
	ssm service = "ssm"
)

const (
	elbVersion = "2015-12-01"
	ec2Version = "2016-11-15"
	ssmTarget  = "AmazonSSM."
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
	form    url.Values // Query protocol
	body    []byte     // JSON
}

var scope = regexp.MustCompile(`Credential=[^/,]+/[0-9]{8}/[^/,]*/([^/,]+)/aws4_request`)

// parse finds out which service and action are asked for: X-Amz-Target names
// SSM's, Action the others', whose service is told by Version, or else by the
// signature's credential scope.
func (s *Server) parse(r *http.Request, body []byte) (*request, error) {
	req := &request{service: elb, form: url.Values{}, body: body}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		req.service = ssm
		name, ok := strings.CutPrefix(target, ssmTarget)
		req.action = name
		req.op, ok = s.table[string(ssm)+"."+name], ok && s.table[string(ssm)+"."+name].do != nil
		if !ok {
			return req, &world.Error{Code: "UnknownOperationException", Status: 400}
		}
		return req, nil
	}
	if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		req.service = service(m[1])
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
	switch req.form.Get("Version") {
	case elbVersion:
		req.service = elb
	case ec2Version:
		req.service = ec2
	}
	req.action = req.form.Get("Action")
	if req.action == "" {
		return req, badRequest("MissingAction", "The request must contain the parameter Action")
	}
	op, ok := s.table[string(req.service)+"."+req.action]
	if !ok {
		return req, badRequest("InvalidAction", "The action "+req.action+" is not valid for this web service.")
	}
	req.op = op
	return req, nil
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
	add(ssm, writes, "SendCommand", s.sendCommand)
	add(ssm, writes, "CancelCommand", s.cancelCommand)
	add(ssm, reads, "GetCommandInvocation", s.getCommandInvocation)
	add(ssm, reads, "ListCommands", s.listCommands)
	add(ssm, reads, "ListCommandInvocations", s.listCommandInvocations)
	add(ssm, reads, "DescribeInstanceInformation", s.describeInstanceInformation)
	return t
}

// encode makes the body of a success.
func (v service) encode(req *request, res any) (contentType string, body []byte, err error) {
	if v == ssm {
		body, err = json.Marshal(res)
		return "application/x-amz-json-1.1", body, err
	}
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	ns := "http://ec2.amazonaws.com/doc/" + ec2Version + "/"
	if v == elb {
		ns = "http://elasticloadbalancing.amazonaws.com/doc/" + elbVersion + "/"
	}
	root := xml.StartElement{Name: xml.Name{Local: req.action + "Response"}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: ns}}}
	parts := []func() error{func() error { return enc.EncodeToken(root) }}
	if v == elb {
		parts = append(parts,
			func() error { return enc.EncodeElement(res, element(req.action+"Result")) },
			func() error { return enc.EncodeElement(metadata{req.id}, element("ResponseMetadata")) })
	} else {
		parts = append(parts,
			func() error { return enc.EncodeElement(req.id, element("requestId")) },
			func() error { return enc.Encode(res) })
	}
	parts = append(parts, func() error { return enc.EncodeToken(root.End()) }, enc.Flush)
	for _, part := range parts {
		if err := part(); err != nil {
			return "", nil, err
		}
	}
	return "text/xml;charset=UTF-8", b.Bytes(), nil
}

func element(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }

type metadata struct {
	RequestID string `xml:"RequestId"`
}

// fail makes the body of an error in the service's own shape.
func (v service) fail(req *request, e *world.Error) (contentType string, body []byte) {
	switch v {
	case ssm:
		body, _ = json.Marshal(map[string]string{"__type": e.Code, "message": e.Message}) // strings always marshal
		return "application/x-amz-json-1.1", body
	case ec2:
		return "text/xml;charset=UTF-8", []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<Response><Errors><Error><Code>" +
			escape(e.Code) + "</Code><Message>" + escape(e.Message) + "</Message></Error></Errors><RequestID>" + req.id + "</RequestID></Response>")
	}
	who := "Sender"
	if e.Status >= 500 {
		who = "Receiver"
	}
	return "text/xml", []byte(`<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/` + elbVersion + `/"><Error><Type>` + who +
		"</Type><Code>" + escape(e.Code) + "</Code><Message>" + escape(e.Message) + "</Message></Error><RequestId>" + req.id + "</RequestId></ErrorResponse>")
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}
