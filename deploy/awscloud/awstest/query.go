package awstest

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ScalingGroup is an Auto Scaling group.
type ScalingGroup struct {
	Name              string
	Min, Desired, Max int
	Suspended         []string
	Lives             map[string]string // lifecycle state by instance id
}

// AddScaling adds a group or replaces it.
func (a *Account) AddScaling(g ScalingGroup) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.groups[g.Name] = &g
}

// AddRole adds a role that whoever knows the external id may assume.
func (a *Account) AddRole(arn, externalID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roles[arn] = externalID
}

// members are the values of a Query protocol list.
func members(form url.Values, list string) []string {
	var out []string
	for n := 1; form.Has(list + ".member." + strconv.Itoa(n)); n++ {
		out = append(out, form.Get(list+".member."+strconv.Itoa(n)))
	}
	return out
}

type (
	scalingLine struct {
		Instance string `xml:"InstanceId"`
		Group    string `xml:"AutoScalingGroupName"`
		Life     string `xml:"LifecycleState"`
	}
	groupLine struct {
		Name      string `xml:"AutoScalingGroupName"`
		Min       int    `xml:"MinSize"`
		Desired   int    `xml:"DesiredCapacity"`
		Max       int    `xml:"MaxSize"`
		Suspended []struct {
			Name string `xml:"ProcessName"`
		} `xml:"SuspendedProcesses>member"`
		Instances []scalingLine `xml:"Instances>member"`
	}
	scalingAnswer struct {
		Instances []scalingLine `xml:"AutoScalingInstances>member"`
		Groups    []groupLine   `xml:"AutoScalingGroups>member"`
		Next      string        `xml:"NextToken,omitempty"`
	}
)

// serveScaling answers Auto Scaling. As AWS does, it describes everything if nothing is named.
func (a *Account) serveScaling(w http.ResponseWriter, c Call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked, _ := strconv.Atoi(c.Form.Get("MaxRecords"))
	var out scalingAnswer
	switch c.Action {
	case "DescribeAutoScalingInstances":
		ids := members(c.Form, "InstanceIds")
		if len(ids) > 50 {
			refuse(w, 400, "ValidationError", "The number of instance ids is larger than 50")
			return
		}
		out.Instances, out.Next = page(a.lives(ids), c.Form.Get("NextToken"), a.size(asked))
	case "DescribeAutoScalingGroups":
		out.Groups, out.Next = page(a.lines(members(c.Form, "AutoScalingGroupNames")), c.Form.Get("NextToken"), a.size(asked))
	default:
		if err := a.change(c); err != "" {
			refuse(w, 400, "ValidationError", err)
			return
		}
	}
	answer(w, c.Action, out)
}

func (a *Account) lives(ids []string) []scalingLine {
	var out []scalingLine
	for _, name := range slices.Sorted(maps.Keys(a.groups)) {
		for _, id := range slices.Sorted(maps.Keys(a.groups[name].Lives)) {
			if len(ids) == 0 || slices.Contains(ids, id) {
				out = append(out, scalingLine{id, name, a.groups[name].Lives[id]})
			}
		}
	}
	return out
}

func (a *Account) lines(names []string) []groupLine {
	var out []groupLine
	for _, name := range slices.Sorted(maps.Keys(a.groups)) {
		g := a.groups[name]
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		line := groupLine{Name: name, Min: g.Min, Desired: g.Desired, Max: g.Max}
		for _, p := range g.Suspended {
			line.Suspended = append(line.Suspended, struct {
				Name string `xml:"ProcessName"`
			}{p})
		}
		for id, life := range g.Lives {
			line.Instances = append(line.Instances, scalingLine{id, name, life})
		}
		out = append(out, line)
	}
	return out
}

// change does what a call orders, and answers what is wrong with it.
func (a *Account) change(c Call) string {
	g := a.groups[c.Form.Get("AutoScalingGroupName")]
	if g == nil {
		return "AutoScalingGroup name not found - AutoScalingGroup " + c.Form.Get("AutoScalingGroupName") + " not found"
	}
	ids, processes := members(c.Form, "InstanceIds"), members(c.Form, "ScalingProcesses")
	switch c.Action {
	case "EnterStandby":
		for _, id := range ids {
			switch {
			case g.Lives[id] != "InService":
				return fmt.Sprintf("The instance %s is not in InService or Pending state.", id)
			case c.Form.Get("ShouldDecrementDesiredCapacity") == "true" && g.Desired-1 < g.Min:
				return fmt.Sprintf("AutoScalingGroup %s has min-size=%d, max-size=%d, and desired-size=%d. To place into standby 1 instance, please update the AutoScalingGroup sizes appropriately.", g.Name, g.Min, g.Max, g.Desired)
			}
			g.Lives[id] = "EnteringStandby"
			g.Desired--
		}
	case "ExitStandby":
		for _, id := range ids {
			if g.Lives[id] != "Standby" {
				return fmt.Sprintf("The instance %s is not in Standby.", id)
			}
			g.Lives[id] = "Pending"
			g.Desired++
		}
	case "SuspendProcesses":
		g.Suspended = slices.Compact(slices.Sorted(slices.Values(append(processes, g.Suspended...))))
	case "ResumeProcesses":
		g.Suspended = slices.DeleteFunc(g.Suspended, func(p string) bool { return slices.Contains(processes, p) })
	case "UpdateAutoScalingGroup":
		g.Min, _ = strconv.Atoi(c.Form.Get("MinSize"))
	}
	return ""
}

// serveSTS hands out sessions of an hour's quarter, each with an access key of its own: ROLE1, ROLE2, ….
func (a *Account) serveSTS(w http.ResponseWriter, c Call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	role := c.Form.Get("RoleArn")
	if id, ok := a.roles[role]; !ok || id != c.Form.Get("ExternalId") {
		refuse(w, 403, "AccessDenied", "User: arn:aws:iam::111111111111:role/bot is not authorized to perform: sts:AssumeRole on resource: "+role)
		return
	}
	a.keys++
	var out struct {
		Key     string `xml:"Credentials>AccessKeyId"`
		Secret  string `xml:"Credentials>SecretAccessKey"`
		Token   string `xml:"Credentials>SessionToken"`
		Expires string `xml:"Credentials>Expiration"`
	}
	out.Key, out.Secret, out.Token = "ROLE"+strconv.Itoa(a.keys), "secret", "token"
	out.Expires = time.Now().Add(15 * time.Minute).UTC().Format(time.RFC3339)
	answer(w, c.Action, out)
}

// answer writes a success of the Query protocol.
func answer(w http.ResponseWriter, action string, result any) {
	var b strings.Builder
	enc := xml.NewEncoder(&b)
	root, inner := xml.StartElement{Name: xml.Name{Local: action + "Response"}}, xml.StartElement{Name: xml.Name{Local: action + "Result"}}
	for _, err := range []error{enc.EncodeToken(root), enc.EncodeElement(result, inner), enc.EncodeToken(root.End()), enc.Flush()} {
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = w.Write([]byte(b.String()))
}

// refuse writes an error of the Query protocol.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>", code, message)
}
