package awssim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"

	"junban/deploy/awssim/world"
)

// service is one AWS service, by the name it has in a credential scope.
type service string

const (
	elb         service = "elasticloadbalancing"
	ec2         service = "ec2"
	ssm         service = "ssm"
	sts         service = "sts"
	autoscaling service = "autoscaling"
	cloudwatch  service = "monitoring"
)

// prefix is what the service's actions begin with in a policy.
func (v service) prefix() string {
	if v == cloudwatch {
		return "cloudwatch"
	}
	return string(v)
}

const (
	elbVersion         = "2015-12-01"
	ec2Version         = "2016-11-15"
	stsVersion         = "2011-06-15"
	autoscalingVersion = "2011-01-01"
	cloudwatchVersion  = "2010-08-01"

	ssmTarget        = "AmazonSSM."
	cloudwatchTarget = "GraniteServiceVersion20100801."
	cborPath         = "/service/GraniteServiceVersion20100801/operation/"
)

var byVersion = map[string]service{
	elbVersion: elb, ec2Version: ec2, stsVersion: sts, autoscalingVersion: autoscaling, cloudwatchVersion: cloudwatch,
}

// namespaces are those of the Query protocol's answers.
var namespaces = map[service]string{
	elb:         "http://elasticloadbalancing.amazonaws.com/doc/" + elbVersion + "/",
	ec2:         "http://ec2.amazonaws.com/doc/" + ec2Version + "/",
	sts:         "https://sts.amazonaws.com/doc/" + stsVersion + "/",
	autoscaling: "http://autoscaling.amazonaws.com/doc/" + autoscalingVersion + "/",
	cloudwatch:  "http://monitoring.amazonaws.com/doc/" + cloudwatchVersion + "/",
}

// wire is how a call came, and so how it is answered.
type wire int

const (
	query wire = iota
	json10
	json11
	cborRPC
)

// mime is the content type of an answer.
func (p wire) mime() string {
	return [...]string{"text/xml;charset=UTF-8", "application/x-amz-json-1.0", "application/x-amz-json-1.1", "application/cbor"}[p]
}

// encode makes the body of a success.
func (r *request) encode(res any) ([]byte, error) {
	switch r.wire {
	case cborRPC:
		return encodeCBOR(res)
	case json10:
		return json.Marshal(plain(res))
	case json11:
		return json.Marshal(res)
	}
	return r.encodeXML(res)
}

// encodeXML is an answer of the Query protocol, or of EC2's kind of it, where
// nothing stands around the result.
func (r *request) encodeXML(res any) ([]byte, error) {
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	root := xml.StartElement{
		Name: xml.Name{Local: r.action + "Response"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespaces[r.service]}},
	}
	parts := []func() error{func() error { return enc.EncodeToken(root) }}
	if r.service == ec2 {
		parts = append(parts,
			func() error { return enc.EncodeElement(r.id, element("requestId")) },
			func() error { return enc.Encode(res) })
	} else {
		parts = append(parts,
			func() error { return enc.EncodeElement(res, element(r.action+"Result")) },
			func() error { return enc.EncodeElement(metadata{r.id}, element("ResponseMetadata")) })
	}
	parts = append(parts, func() error { return enc.EncodeToken(root.End()) }, enc.Flush)
	for _, part := range parts {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func element(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }

type metadata struct {
	RequestID string `xml:"RequestId"`
}

// fail makes the body of an error in the service's own shape, and may set
// headers that belong to it.
func (r *request) fail(e *world.Error, h http.Header) []byte {
	switch r.wire {
	case cborRPC:
		who := "Sender"
		if e.Status >= 500 {
			who = "Receiver"
		}
		h.Set("X-Amzn-Query-Error", e.Code+";"+who)
		body, _ := encodeCBOR(map[string]any{"__type": "com.amazonaws.cloudwatch#" + e.Code, "message": e.Message}) // strings always encode
		return body
	case json10, json11:
		body, _ := json.Marshal(map[string]string{"__type": e.Code, "message": e.Message}) // strings always marshal
		return body
	}
	if r.service == ec2 {
		return []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<Response><Errors><Error><Code>" +
			escape(e.Code) + "</Code><Message>" + escape(e.Message) + "</Message></Error></Errors><RequestID>" + r.id + "</RequestID></Response>")
	}
	who := "Sender"
	if e.Status >= 500 {
		who = "Receiver"
	}
	return []byte(`<ErrorResponse xmlns="` + namespaces[r.service] + `"><Error><Type>` + who +
		"</Type><Code>" + escape(e.Code) + "</Code><Message>" + escape(e.Message) + "</Message></Error><RequestId>" + r.id + "</RequestId></ErrorResponse>")
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}
